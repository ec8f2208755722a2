//! What the messages that arrived, or did not, show about the stream. Pure.

use std::time::Duration;

use super::case::Case;
use super::check::Check;
use super::heard::Heard;
use crate::fault::Fault;

/// How many of the retained messages are read.
pub(super) const PROBE_MESSAGES: u64 = 25;

/// Smaller than [`PROBE_MESSAGES`]: that many arrive only if acknowledgements are accepted.
pub(super) const PROBE_WINDOW: u16 = 5;

/// Retained messages older than this do not show that the stream works today.
const STALE: Duration = Duration::from_secs(24 * 3600);

/// The topic holds more than arrived: the service waits for acknowledgements.
pub(super) fn stalled(check: Check) -> Check {
    let case = Case::from(Fault::NoAcks);
    check
        .note("acks", "not accepted: a reader with a larger window got more messages")
        .note("why", case.means())
        .fail(case)
}

/// No new message arrived, but a fresh reader got retained ones.
pub(super) fn judge_retained(mut check: Check, retained: &Heard) -> Check {
    check = check.note("flow", "a fresh reader got retained events, so events can flow");
    if retained.messages > u64::from(PROBE_WINDOW) {
        check = check
            .note("acks", "acknowledgements work: more messages arrived than the window holds");
    }
    if retained.messages < PROBE_MESSAGES {
        check = stale(check, retained);
    }
    judge_messages(check, retained)
}

/// Warns if there are only old messages: nothing shows that events are published today.
pub(super) fn stale(check: Check, heard: &Heard) -> Check {
    match heard.age() {
        Some(age) if age > STALE => check.warn(Fault::Stale),
        _ => check,
    }
}

/// Judges whether the messages that arrived can be decoded.
pub(super) fn judge_messages(mut check: Check, heard: &Heard) -> Check {
    let Some(first) = &heard.bad else {
        return check.note("payload", "valid base64 and JSON");
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
