//! When a run ends by itself.

use std::time::Duration;

use jiff::Timestamp;

/// When the run ends by itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop {
    /// After so many lines.
    pub(crate) num_messages: Option<u64>,
    /// `-e`: when everything published before the run began has been read.
    pub(crate) at_end: bool,
    /// `--until`: when everything published before this time has been read.
    pub(crate) until: Option<Timestamp>,
    /// After so long without a message.
    pub(crate) idle_timeout: Option<Duration>,
    /// The same, once the time of an `--until` that lay ahead has come.
    pub(crate) idle_after_until: Option<Duration>,
    /// After so long in all.
    pub(crate) max_time: Option<Duration>,
    /// A run without a line exits 10.
    pub(crate) fail_if_empty: bool,
}
