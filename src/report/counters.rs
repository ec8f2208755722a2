//! Counters of what a run has done so far.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::time::Duration;

use jiff::Timestamp;

use super::left_out::LeftOut;
use crate::clock::Instant;
use crate::words::duration;

/// Counts what a run has done so far.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Lines handed to the output.
    pub(crate) events: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// By the part that could not be read.
    pub(crate) rejects: Labelled,
    pub(crate) tombstones: u64,
    /// Left out by `--event`, `--since` or `--until`.
    pub(crate) filtered: u64,
    /// What `--event` left out before the first line.
    pub(crate) left_out: LeftOut,
    /// Received again after a reconnect and skipped.
    pub(crate) repeats: u64,
    /// By the code of what ended the session before.
    pub(crate) reconnects: Labelled,
    /// Writes, syncs and saves that the file system refused.
    pub(crate) disk_errors: u64,
    /// When the current session opened.
    pub(crate) connected: Option<Instant>,
    /// The latest publish time of any message.
    pub(crate) newest: Option<Timestamp>,
}

/// A counter for each of a few labels.
#[derive(Debug, Default)]
pub(crate) struct Labelled(BTreeMap<&'static str, u64>);

impl Labelled {
    pub(crate) fn add(&mut self, label: &'static str) {
        *self.0.entry(label).or_default() += 1;
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Each label with its count.
    pub(crate) fn each(&self) -> Vec<(&'static str, u64)> {
        self.0.iter().map(|(label, n)| (*label, *n)).collect()
    }
}

impl Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events, {} bytes", self.events, self.bytes)?;
        for (n, what) in [
            (self.rejects.total(), "rejects"),
            (self.tombstones, "tombstones"),
            (self.filtered, "filtered"),
            (self.repeats, "repeats left out"),
            (self.reconnects.total(), "reconnects"),
            (self.disk_errors, "disk errors"),
        ] {
            if n > 0 {
                write!(f, ", {n} {what}")?;
            }
        }
        match self.connected {
            Some(since) => write!(f, "; connected for {}", duration(since.elapsed()))?,
            None => f.write_str("; not connected")?,
        }
        if let Some(newest) = self.newest {
            let age = Duration::try_from(Timestamp::now().duration_since(newest));
            write!(f, "; newest event {} old", duration(age.unwrap_or_default()))?;
        }
        Ok(())
    }
}
