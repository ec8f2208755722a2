//! The payload format: the event as it was published.

use crate::message::payload::{self, decode};
use crate::message::{Envelope, Line};

pub(super) fn write(envelope: &Envelope<'_>, events: &[String], out: &mut Vec<u8>) -> Line {
    if envelope.payload.is_empty() {
        return Line::Tombstone;
    }
    let start = out.len();
    if let Err(reason) = decode(&envelope.payload, out) {
        return Line::Reject(reason);
    }
    match payload::json(&out[start..]) {
        Err(reason) => Line::Reject(reason),
        Ok(payload) => payload::choose(payload, events),
    }
}
