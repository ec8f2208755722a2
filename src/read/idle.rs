//! How long an open session has been without a message: the clock of `--idle-timeout` and
//! `--max-silence`.
//!
//! Time without a session does not count, because nothing could arrive then.

use std::time::Duration;

use crate::clock::Instant;

/// The clock of one run.
#[derive(Debug)]
pub(crate) struct Idle {
    /// `--idle-timeout`.
    limit: Option<Duration>,
    /// Idle time of earlier sessions since the last message.
    before: Duration,
    /// When this session opened, or last received a message.
    heard: Instant,
    /// A message arrived since the clock was last read.
    has_message: bool,
}

impl Idle {
    pub(crate) fn new(limit: Option<Duration>, now: Instant) -> Idle {
        Idle { limit, before: Duration::ZERO, heard: now, has_message: false }
    }

    /// A session is open.
    pub(crate) fn opened(&mut self, now: Instant) {
        self.heard = now;
    }

    /// The session has ended.
    pub(crate) fn closed(&mut self, now: Instant) {
        self.settle(now);
        self.before += now.duration_since(self.heard);
    }

    /// A message arrived.
    pub(crate) fn message(&mut self) {
        self.has_message = true;
    }

    /// Nothing more is ready to be read: idle time counts from now on. A burst of messages needs
    /// only this one reading of the clock.
    pub(crate) fn settle(&mut self, now: Instant) {
        if std::mem::take(&mut self.has_message) {
            self.heard = now;
            self.before = Duration::ZERO;
        }
    }

    /// Sets a limit from now on, if there is none yet.
    pub(crate) fn bound(&mut self, limit: Duration, now: Instant) {
        if self.limit.is_none() {
            self.limit = Some(limit);
            self.heard = now;
        }
    }

    /// When `--idle-timeout` is over, unless a message arrives before.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.limit.map(|limit| self.heard + limit.saturating_sub(self.before))
    }

    /// When this session will have been silent for `limit`.
    pub(crate) fn silent_for(&self, limit: Duration) -> Instant {
        self.heard + limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_adds_up_over_sessions() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut idle = Idle::new(Some(Duration::from_secs(10)), start);
        idle.opened(start);
        idle.closed(at(9));
        idle.opened(at(20));
        assert_eq!(idle.deadline(), Some(at(21)), "nine of ten seconds are over");
    }

    #[test]
    fn a_message_restarts_the_clock() {
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
