//! What the messages that came, or did not, say of the stream. Pure.

use std::time::Duration;

use super::case::Case;
use super::check::Check;
use super::heard::Heard;
use crate::fault::Fault;

/// How many of the retained messages are looked at.
pub(super) const PROBE_MESSAGES: u64 = 25;

/// Smaller than [`PROBE_MESSAGES`]: that many arrive only if acknowledgements are accepted.
pub(super) const PROBE_WINDOW: u16 = 5;

/// Retained messages older than this are no sign of a stream that works today.
const STALE: Duration = Duration::from_secs(24 * 3600);

/// More is there than came: nothing follows until what came is acknowledged.
pub(super) fn stalled(check: Check) -> Check {
    let case = Case::from(Fault::NoAcks);
    check
        .note("acks", "not accepted: a reader with room for one more got one more")
        .note("why", case.means())
        .fail(case)
}

/// Nothing came, but a fresh reader got what is retained.
pub(super) fn judge_retained(mut check: Check, retained: &Heard) -> Check {
    check = check.note("flow", "a fresh reader got retained events, so events can flow");
    if retained.messages > u64::from(PROBE_WINDOW) {
        check = check.note("acks", "accepted: more came than the window holds");
    }
    if retained.messages < PROBE_MESSAGES {
        check = stale(check, retained);
    }
    judge_messages(check, retained)
}

/// Only old messages: nothing says that events are published today.
pub(super) fn stale(check: Check, heard: &Heard) -> Check {
    match heard.age() {
        Some(age) if age > STALE => check.warn(Fault::Stale),
        _ => check,
    }
}

/// Whether what came can be decoded.
pub(super) fn judge_messages(mut check: Check, heard: &Heard) -> Check {
    let Some(first) = &heard.bad else {
        return check.note("payload", "base64 and JSON, as it should be");
    };
    let (all, bad, reason) = (heard.messages, heard.bad_messages, &first.reason);
    let case =
        Case::from(first.fault).with("bad", bad.to_string()).with("messages", all.to_string());
    if bad < all {
        let which = format!("{bad} of {all} cannot be decoded; the first: {reason}");
        return check.note("got", which).warn(case);
    }
    check.summary = format!("no message can be decoded: {reason}");
    check.note("got", format!("{bad} of {all} cannot be decoded")).fail(case)
}
