//! The result for one region.

use super::heard::Heard;
use crate::fault::Failure;

/// How many messages are read: as many as may be in flight.
pub(super) const MESSAGES: u64 = 25;

/// The result for one region.
#[derive(Clone, Debug)]
pub(crate) enum RegionFinding {
    /// The key was accepted; the failure is how the session ended, if it did.
    Open(Heard, Option<Failure>),
    /// The key, or what was asked for, was refused with this status.
    Refused(u16),
    /// The region did not answer.
    Away(Failure),
}

impl RegionFinding {
    pub(super) fn messages(&self) -> u64 {
        match self {
            RegionFinding::Open(heard, _) => heard.messages,
            RegionFinding::Refused(_) | RegionFinding::Away(_) => 0,
        }
    }

    /// `auth ok, 3 messages, newest 2m5s old`.
    pub(super) fn words(&self) -> String {
        let (heard, failure) = match self {
            RegionFinding::Open(heard, failure) => (heard, failure),
            RegionFinding::Refused(status) => return format!("HTTP {status}"),
            RegionFinding::Away(failure) => return format!("{}: {}", failure.step, failure.cause),
        };
        let words = match heard.messages {
            // The newest of the oldest 25 says nothing about the newest of all.
            MESSAGES.. => format!("auth ok, {MESSAGES}+ messages"),
            _ => format!("auth ok, {}", heard.describe()),
        };
        match failure {
            Some(failure) => format!("{words}, then {}", failure.cause),
            None => words,
        }
    }
}
