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
    pub(crate) fn new(limit: Option<Duration>) -> Idle {
        Idle {
            limit,
            before: Duration::ZERO,
            heard: Instant::now(),
            has_message: false,
            is_proof: false,
        }
    }

    /// A session is open.
    pub(crate) fn opened(&mut self) {
        self.heard = Instant::now();
    }

    /// The session is over.
    pub(crate) fn closed(&mut self) {
        self.settle();
        self.before += self.heard.elapsed();
    }

    /// A message came.
    pub(crate) fn message(&mut self) {
        self.has_message = true;
    }

    /// Nothing more is ready: from here on time counts. One look at the clock for a burst.
    pub(crate) fn settle(&mut self) {
        if std::mem::take(&mut self.has_message) {
            self.heard = Instant::now();
            self.before = Duration::ZERO;
        }
    }

    /// There is nothing more to wait for than what is on its way.
    pub(crate) fn bound(&mut self, limit: Duration) {
        if self.limit.is_none() {
            self.limit = Some(limit);
            self.heard = Instant::now();
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
    pub(crate) fn look_again(&mut self) -> bool {
        self.limit = self.limit.map(|limit| limit.min(PROOF));
        self.before = Duration::ZERO;
        self.heard = Instant::now();
        !std::mem::replace(&mut self.is_proof, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_adds_up_over_sessions_and_a_second_look_starts_anew() {
        let mut idle = Idle::new(Some(Duration::from_secs(10)));
        idle.opened();
        idle.before = Duration::from_secs(9);
        idle.closed();
        idle.opened();
        let left = idle.deadline().expect("a limit") - Instant::now();
        assert!(left <= Duration::from_secs(1), "{left:?}");
        assert!(idle.look_again());
        idle.closed();
        idle.opened();
        let left = idle.deadline().expect("a limit") - Instant::now();
        assert!(left > Duration::from_millis(500), "{left:?}");
        assert!(!idle.look_again(), "only once");
    }
}
