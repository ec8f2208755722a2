//! One moment on both clocks. Code that decides by time gets it as an argument, and never reads a
//! clock itself.

use std::time::Instant;

use jiff::Timestamp;

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
