//! The end of a run that catches up: `-e` and `--until`. Pure bookkeeping.
//!
//! The protocol has no "caught up" message, so the end is pinned to a time, and is reached when
//! every partition has delivered a message published at that time or later. If nothing more is
//! published, the idle timeout ends the run instead; it also covers a partition that stays idle
//! while others are busy.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::wait::earlier;

/// How long a partitioned topic may take, after its last message from before the end, until every
/// partition has delivered one.
const PARTITIONS_SHOW: Duration = Duration::from_secs(2);

/// A run's end, by publish time.
#[derive(Debug)]
pub(crate) struct End {
    at: Timestamp,
    /// When the service's clock shows that time.
    due: Option<Instant>,
    /// For each partition seen, whether it has passed the end.
    passed: BTreeMap<i64, bool>,
    /// After this long without a message from before the end, no more are expected.
    lull: Duration,
    /// When the session opened, or last delivered a message from before the end.
    heard: Instant,
}

impl End {
    /// `service_time` is the service's clock at `now`, `lull` the idle timeout.
    pub(crate) fn new(at: Timestamp, service_time: Timestamp, lull: Duration, now: Instant) -> End {
        let ahead = Duration::try_from(at.duration_since(service_time)).unwrap_or_default();
        End { at, due: now.checked_add(ahead), passed: BTreeMap::new(), lull, heard: now }
    }

    /// When the end time comes; from then on, silence means the end is reached.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// A session is open, so the waits for its messages start again.
    pub(crate) fn opened(&mut self, now: Instant) {
        self.heard = now;
    }

    /// Messages that were seen will be read again, so forget which partitions passed the end.
    pub(crate) fn restart(&mut self, now: Instant) {
        self.passed.clear();
        self.opened(now);
    }

    /// A message of this partition arrived, published at this time.
    pub(crate) fn saw(&mut self, partition: i64, published: Option<Timestamp>, now: Instant) {
        let passed = published.is_some_and(|published| published >= self.at);
        if !passed {
            self.heard = now;
        }
        *self.passed.entry(partition).or_default() |= passed;
    }

    /// Whether every partition seen has passed the end, or has nothing more from before it.
    pub(crate) fn is_reached(&self, now: Instant) -> bool {
        let all = !self.passed.is_empty() && self.passed.values().all(|&passed| passed);
        let is_silent = self.silent().is_some_and(|at| now >= at);
        is_silent || all && self.shown().is_none_or(|at| now >= at)
    }

    /// When to check again if no message arrives.
    pub(crate) fn next_look(&self, now: Instant) -> Option<Instant> {
        earlier(self.shown().filter(|&at| at > now), self.silent().filter(|&at| at > now))
    }

    /// When nothing more from before the end is expected of the partitions that are behind,
    /// given that at least one has passed it.
    fn silent(&self) -> Option<Instant> {
        self.passed.values().any(|&passed| passed).then(|| self.heard + self.lull)
    }

    /// When every partition of a partitioned topic has had time to deliver a message.
    fn shown(&self) -> Option<Instant> {
        let is_partitioned = self.passed.keys().any(|&partition| partition >= 0);
        is_partitioned.then(|| self.heard + PARTITIONS_SHOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_reached_when_every_partition_has_passed_it() {
        let at = |second| Timestamp::from_second(second).ok();
        let now = Instant::now();
        let (pin, start) = (at(100).expect("in range"), at(0).expect("in range"));
        let lull = Duration::from_secs(10);
        let mut end = End::new(pin, start, lull, now);
        assert!(!end.is_reached(now));
        end.saw(-1, at(99), now);
        end.saw(-1, None, now);
        assert!(!end.is_reached(now));
        end.saw(-1, at(100), now);
        assert!(end.is_reached(now));

        let mut end = End::new(pin, start, lull, now);
        end.saw(0, at(101), now);
        assert!(!end.is_reached(now), "other partitions may still show");
        let later = now + PARTITIONS_SHOW;
        assert!(end.is_reached(later));
        end.saw(1, at(50), now);
        assert!(!end.is_reached(later));
        assert!(end.is_reached(later + lull), "what is idle has nothing more to show");
        end.saw(1, at(101), now);
        assert!(end.is_reached(later));
    }
}
