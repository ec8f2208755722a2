//! What is said before the first connection.

/// Something that works and that its user should still know.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Warning {
    pub(crate) text: String,
    /// Is of no use to a log file.
    pub(crate) only_on_terminal: bool,
}

impl Warning {
    pub(super) fn always(text: impl Into<String>) -> Warning {
        Warning { text: text.into(), only_on_terminal: false }
    }

    pub(super) fn on_terminal(text: impl Into<String>) -> Warning {
        Warning { text: text.into(), only_on_terminal: true }
    }
}
