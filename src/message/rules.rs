//! Which messages get a line, and in which format.

use super::format::Format;
use crate::values::choice::choice;

/// What a line contains, and which messages get one.
#[derive(Clone, Debug)]
pub(crate) struct LineRules {
    pub(crate) format: Format,
    /// Empty: every event type.
    pub(crate) events: Vec<String>,
    pub(crate) on_reject: OnReject,
}

impl Default for LineRules {
    fn default() -> LineRules {
        LineRules { format: Format::Payload, events: Vec::new(), on_reject: OnReject::Warn }
    }
}

impl LineRules {
    /// The options that decide how a line looks and which messages have one, as text for the
    /// cursor: two runs with the same text write the same lines.
    pub(crate) fn shape(&self) -> String {
        let mut events = self.events.clone();
        events.sort();
        format!("{} {}", self.format.name(), events.join(",")).trim_end().to_owned()
    }

    /// The format named in a [`LineRules::shape`]; `None` if this program does not know it.
    pub(crate) fn format_of(shape: &str) -> Option<Format> {
        Format::named(shape.split(' ').next()?).ok()
    }
}

choice! {
    /// What happens to a message that cannot be decoded.
    OnReject {
        /// Warn, acknowledge it, count it, and continue.
        Warn = "warn",
        /// End with exit code 65, and leave it unacknowledged.
        Stop = "stop",
        /// Send it back to the service, and continue. Only on a subscription.
        Nack = "nack",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_names_format_and_events_and_can_be_read_again() {
        let rules = |format, events: &[&str]| LineRules {
            format,
            events: events.iter().map(|&event| event.to_owned()).collect(),
            on_reject: OnReject::Warn,
        };
        let events = rules(Format::Envelope, &["B", "A"]);
        assert_eq!(events.shape(), "envelope A,B");
        assert_eq!(rules(Format::Payload, &[]).shape(), "payload");
        assert_eq!(LineRules::format_of("envelope A,B"), Some(Format::Envelope));
        assert_eq!(LineRules::format_of("payload"), Some(Format::Payload));
        assert_eq!(LineRules::format_of("csv A"), None);
    }
}
