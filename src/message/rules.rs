//! Which messages get a line, and of which shape.

use super::Format;

/// What a line holds, and which messages get one.
#[derive(Debug)]
pub(crate) struct LineRules {
    pub(crate) format: Format,
    /// Empty: every event type.
    pub(crate) events: Vec<String>,
    pub(crate) on_reject: OnReject,
}

/// What happens to a message that cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnReject {
    /// Warn, acknowledge, count, go on.
    Warn,
    /// End with exit code 65, the message unacknowledged.
    Stop,
}
