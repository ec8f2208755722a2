//! When a run ends by itself.

use std::time::Duration;

use super::moment::Moment;

/// When the run ends by itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop {
    /// After this many lines.
    pub(crate) num_messages: Option<u64>,
    /// `-e`: when everything published before the run began has been read.
    pub(crate) at_end: bool,
    /// `--until`: when everything published before this time has been read.
    pub(crate) until: Option<Moment>,
    /// After this long without a message.
    pub(crate) idle_timeout: Option<Duration>,
    /// The same, from the time of `--until` on, if that was in the future.
    pub(crate) idle_after_until: Option<Duration>,
    /// After this long in total.
    pub(crate) max_time: Option<Duration>,
    /// A run that writes no line exits with 10.
    pub(crate) fail_if_empty: bool,
}
