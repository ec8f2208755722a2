//! How long an open session has had no message: the clock of `--idle-timeout` and
//! `--max-silence`.
//!
//! Time without a session does not count: a run that could not hear has not heard nothing.

use std::time::{Duration, Instant};

/// How long the second look at an empty topic takes: its messages would come at once.
const PROOF: Duration = Duration::from_secs(1);

/// The clock of one run.
#[derive(Debug)]
pub(crate) struct Idle {
    /// `--idle-timeout`.
    limit: Option<Duration>,
    /// Idle time of earlier sessions since the last message.
    before: Duration,
    /// When this session opened, or last had a message.
    heard: Instant,
    has_message: bool,
    is_proof: bool,
}

impl Idle {
    pub(crate) fn new(limit: Option<Duration>, now: Instant) -> Idle {
        Idle { limit, before: Duration::ZERO, heard: now, has_message: false, is_proof: false }
    }

    /// A session is open.
    pub(crate) fn opened(&mut self, now: Instant) {
        self.heard = now;
    }

    /// The session is over.
    pub(crate) fn closed(&mut self, now: Instant) {
        self.settle(now);
        self.before += now.duration_since(self.heard);
    }

    /// A message came.
    pub(crate) fn message(&mut self) {
        self.has_message = true;
    }

    /// Nothing more is ready: from here on time counts. One look at the clock for a burst.
    pub(crate) fn settle(&mut self, now: Instant) {
        if std::mem::take(&mut self.has_message) {
            self.heard = now;
            self.before = Duration::ZERO;
        }
    }

    /// From now on silence has this limit, where it had none.
    pub(crate) fn bound(&mut self, limit: Duration, now: Instant) {
        if self.limit.is_none() {
            self.limit = Some(limit);
            self.heard = now;
        }
    }

    /// When `--idle-timeout` is over, unless a message comes before.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.limit.map(|limit| self.heard + limit.saturating_sub(self.before))
    }

    /// When a silence of this session has lasted for `limit`.
    pub(crate) fn silent_for(&self, limit: Duration) -> Instant {
        self.heard + limit
    }

    /// The next session is only a second look, and a short one. `false` if it was already.
    pub(crate) fn look_again(&mut self, now: Instant) -> bool {
        self.limit = self.limit.map(|limit| limit.min(PROOF));
        self.before = Duration::ZERO;
        self.heard = now;
        !std::mem::replace(&mut self.is_proof, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_adds_up_over_sessions_and_a_second_look_starts_anew() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut idle = Idle::new(Some(Duration::from_secs(10)), start);
        idle.opened(start);
        idle.closed(at(9));
        idle.opened(at(20));
        assert_eq!(idle.deadline(), Some(at(21)), "nine of ten seconds are over");
        assert!(idle.look_again(at(21)));
        idle.closed(at(21));
        idle.opened(at(30));
        assert_eq!(idle.deadline(), Some(at(30) + PROOF));
        assert!(!idle.look_again(at(31)), "only once");
    }

    #[test]
    fn a_message_starts_the_clock_anew() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut idle = Idle::new(None, start);
        assert_eq!(idle.deadline(), None);
        idle.bound(Duration::from_secs(10), at(1));
        idle.bound(Duration::from_secs(99), at(2));
        assert_eq!(idle.deadline(), Some(at(11)));
        idle.message();
        idle.settle(at(5));
        idle.settle(at(8));
        assert_eq!(idle.deadline(), Some(at(15)), "one look at the clock for a burst");
        assert_eq!(idle.silent_for(Duration::from_secs(3)), at(8));
    }
}
