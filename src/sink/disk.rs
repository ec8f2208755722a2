//! An output that refuses: a full disk, a quota, a file system that became read-only. It is said
//! once, tried again with growing waits, and said once more when it is over.

use std::time::{Duration, Instant};

use crate::fault::Failure;
use crate::retry::Retry;

/// The state of the output's storage.
#[derive(Debug)]
pub(super) struct Disk {
    policy: Retry,
    trouble: Option<Trouble>,
    /// Nothing is written before the next try.
    is_refusing: bool,
}

/// Why nothing is written just now.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) failure: Failure,
    pub(super) since: Instant,
    tries: u32,
    /// When it is tried again; `None` is never.
    next: Option<Instant>,
}

impl Disk {
    pub(super) fn new(policy: Retry) -> Disk {
        Disk { policy, trouble: None, is_refusing: false }
    }

    pub(super) fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// Whether nothing is written before the next try.
    pub(super) fn is_refusing(&self) -> bool {
        self.is_refusing
    }

    /// When it is tried again.
    pub(super) fn next_try(&self) -> Option<Instant> {
        self.trouble.as_ref().and_then(|trouble| trouble.next)
    }

    /// The failure that is not tried again any more.
    pub(super) fn given_up(&self) -> Option<&Failure> {
        self.trouble.as_ref().filter(|t| t.next.is_none()).map(|t| &t.failure)
    }

    /// It refused. How long to wait is told when this is the first time and not the last.
    pub(super) fn refused(&mut self, failure: Failure) -> Option<Duration> {
        let now = Instant::now();
        let (tries, since) = self.trouble.take().map_or((0, now), |t| (t.tries + 1, t.since));
        let wait = self.policy.delay.saturating_mul(1 << tries.min(20)).min(self.policy.max_delay);
        let again = self.policy.limit.is_none_or(|limit| tries < limit);
        let next = again.then(|| now + wait.max(Duration::from_millis(10)));
        self.trouble = Some(Trouble { failure, since, tries, next });
        self.is_refusing = true;
        (tries == 0 && again).then_some(wait)
    }

    /// It seems to work again; the tries still count.
    pub(super) fn try_on(&mut self) {
        self.is_refusing = false;
    }

    /// It works again: what had refused, and for how long.
    pub(super) fn recovered(&mut self) -> Option<(String, Duration)> {
        self.is_refusing = false;
        self.trouble.take().map(|trouble| (trouble.failure.subject, trouble.since.elapsed()))
    }
}
