//! Warnings that are printed before the first connection.

/// Something that works, but that the user should know about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Warning {
    pub(crate) text: String,
    /// The warning is of no use in a log file.
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
