//! The result of writing a message: a line, none, or the reason why it cannot have one.

use std::fmt;

use serde_core::de::IgnoredAny;

/// The result of writing a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A line was appended.
    Written,
    /// The payload is empty (a legal tombstone), so there is nothing to write in payload format.
    Tombstone,
    /// The event is not one of those asked for; its own type, if it has one.
    Filtered(Option<String>),
    /// It cannot be decoded.
    Reject(RejectReason),
}

/// Why a message has no line, with the position of the mistake, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RejectReason {
    NotBase64(String),
    NotUtf8(String),
    NotJson(String),
    NoEnvelope,
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RejectReason::NotBase64(why) => write!(f, "payload is not base64: {why}"),
            RejectReason::NotUtf8(why) => write!(f, "payload is not UTF-8: {why}"),
            RejectReason::NotJson(why) => write!(f, "payload is not JSON: {why}"),
            RejectReason::NoEnvelope => f.write_str("not an envelope"),
        }
    }
}

/// Whether these bytes are one JSON value followed by a line break.
pub(crate) fn is_json_line(bytes: &[u8]) -> bool {
    let text = bytes.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok());
    text.is_some_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok())
}
