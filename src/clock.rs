//! One moment on both clocks. Code that decides by time gets it as an argument, and never reads a
//! clock itself.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::words::duration;

/// A moment. One reading of the clocks is used for everything that is decided at that moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// For limits and waits: never set back.
    pub(crate) instant: Instant,
    /// For boundaries and publish times: may be set by anyone.
    pub(crate) utc: Timestamp,
}

impl Now {
    /// The current moment.
    pub(crate) fn read() -> Now {
        Now { instant: Instant::now(), utc: Timestamp::now() }
    }
}

/// A clock further off than this is worth a warning: TLS and `--until` depend on it.
const MOST_SKEW: SignedDuration = SignedDuration::from_mins(1);

/// How far this machine's clock is off, if that is worth a warning: `2h ahead of`, `3m behind`.
pub(crate) fn skew(here: Timestamp, server: Timestamp) -> Option<String> {
    let ahead = here.duration_since(server);
    let side = if ahead.is_positive() { "ahead of" } else { "behind" };
    let off = Duration::from_secs(ahead.as_secs().unsigned_abs());
    (ahead.abs() > MOST_SKEW).then(|| format!("{} {side}", duration(off)))
}
