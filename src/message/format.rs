//! The shape of a line.

/// The shape of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// The event as published.
    Payload,
    /// The event with its message id, times and properties around it.
    Envelope,
}
