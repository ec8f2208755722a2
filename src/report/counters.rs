//! What a run has done so far, in numbers.

use std::cell::Cell;
use std::fmt::{self, Display};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::words::duration;

/// What has been done so far.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Lines handed to the output.
    pub(crate) events: Cell<u64>,
    /// Their bytes.
    pub(crate) bytes: Cell<u64>,
    pub(crate) rejects: Cell<u64>,
    pub(crate) tombstones: Cell<u64>,
    /// Left out by `--event`, `--since` or `--until`.
    pub(crate) filtered: Cell<u64>,
    /// Received again after a reconnect and left out.
    pub(crate) repeats: Cell<u64>,
    pub(crate) reconnects: Cell<u64>,
    /// When the session that is open now began.
    pub(crate) connected: Cell<Option<Instant>>,
    /// The latest publish time of any message.
    pub(crate) newest: Cell<Option<Timestamp>>,
}

/// Adds to one counter.
pub(crate) fn add(counter: &Cell<u64>, n: u64) {
    counter.set(counter.get() + n);
}

impl Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events, {} bytes", self.events.get(), self.bytes.get())?;
        for (n, what) in [
            (&self.rejects, "rejects"),
            (&self.tombstones, "tombstones"),
            (&self.filtered, "filtered"),
            (&self.repeats, "repeats left out"),
            (&self.reconnects, "reconnects"),
        ] {
            if n.get() > 0 {
                write!(f, ", {} {what}", n.get())?;
            }
        }
        match self.connected.get() {
            Some(since) => write!(f, "; connected for {}", duration(since.elapsed()))?,
            None => f.write_str("; not connected")?,
        }
        if let Some(newest) = self.newest.get() {
            let age = Duration::try_from(Timestamp::now().duration_since(newest));
            write!(f, "; newest event {} old", duration(age.unwrap_or_default()))?;
        }
        Ok(())
    }
}
