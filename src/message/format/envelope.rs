//! The envelope format: every member as received, except that the payload is decoded.

use crate::message::members::Members;
use crate::message::payload::{self, decode};
use crate::message::{Envelope, Line, RejectReason};

pub(super) fn write(
    envelope: &Envelope<'_>,
    frame: &str,
    events: &[String],
    out: &mut Vec<u8>,
) -> Line {
    let mut decoded = Vec::new();
    if let Err(reason) = decode(&envelope.payload, &mut decoded) {
        return Line::Reject(reason);
    }
    let embedded = payload::json(&decoded).ok();
    // A payload that is not JSON has no event type.
    let chosen = payload::choose(embedded.unwrap_or_default(), events);
    if chosen != Line::Written {
        return chosen;
    }
    let Ok(Members(members)) = serde_json::from_str(frame) else {
        return Line::Reject(RejectReason::NoEnvelope);
    };
    // Of several payloads the last one is decoded, so it alone is written.
    let payload = members.iter().rposition(|(name, _)| name == "payload");
    let mut separator = b'{';
    for (at, (name, value)) in members.iter().enumerate() {
        if name == "payload" && Some(at) != payload {
            continue;
        }
        out.push(separator);
        separator = b',';
        let (name, value) = match (name.as_ref(), embedded) {
            ("payload", _) if decoded.is_empty() => ("payload", "null"),
            ("payload", Some(embedded)) => ("payload", embedded),
            ("payload", None) => ("payloadBase64", value.get()),
            (name, _) => (name, value.get()),
        };
        serde_json::to_writer(&mut *out, name).expect("a string into memory");
        out.push(b':');
        out.extend_from_slice(value.as_bytes());
    }
    out.push(b'}');
    Line::Written
}
