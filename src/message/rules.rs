//! Which messages get a line, and of which format.

use super::format::Format;
use crate::values::choice::choice;

/// What a line holds, and which messages get one.
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
    /// The options that decide what a line looks like and which messages have one, as a cursor
    /// keeps them: two runs with the same text write the same lines.
    pub(crate) fn shape(&self) -> String {
        let mut events = self.events.clone();
        events.sort();
        format!("{} {}", self.format.name(), events.join(",")).trim_end().to_owned()
    }

    /// The format that a [`LineRules::shape`] names; `None` if this program does not know it.
    pub(crate) fn format_of(shape: &str) -> Option<Format> {
        Format::named(shape.split(' ').next()?).ok()
    }
}

choice! {
    /// What happens to a message that cannot be decoded.
    OnReject {
        /// Warn, acknowledge, count, go on.
        Warn = "warn",
        /// End with exit code 65, the message unacknowledged.
        Stop = "stop",
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
