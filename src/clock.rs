//! One moment, on both clocks: what decides by time is handed it, and never asks for it.

use std::time::Instant;

use jiff::Timestamp;

/// A moment. One read serves all that is decided at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// For limits and waits: never set back.
    pub(crate) instant: Instant,
    /// For boundaries and publish times: may be set by anyone.
    pub(crate) utc: Timestamp,
}

impl Now {
    /// The moment it is.
    pub(crate) fn read() -> Now {
        Now { instant: Instant::now(), utc: Timestamp::now() }
    }
}
