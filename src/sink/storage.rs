//! The state of the output's storage. A full disk, a quota or a file system that became read-only
//! is reported once, retried with growing waits, and reported once more when it works again. After
//! a failed sync, or whatever else may have lost lines, those beyond the cursor are taken back
//! first, and the trouble is over only once a sync has worked.

use std::time::Duration;

use crate::clock::Instant;
use crate::fault::Failure;
use crate::retry::Retry;

/// The shortest pause before another try.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);

/// The state of the output's storage.
#[derive(Debug, Default)]
pub(super) enum Storage {
    #[default]
    Fine,
    /// It refused something. Nothing is written before the next try.
    Refused {
        trouble: Trouble,
        /// No sync has worked since a rollback, so the trouble is not over before one does.
        is_unproven: bool,
    },
    /// A sync failed. Lines beyond the cursor may be lost, and are taken back at the next try,
    /// before anything is written.
    RollBack { trouble: Trouble },
    /// It was rolled back and is written to again, but no sync has worked yet.
    Unproven { trouble: Trouble },
}

/// The trouble since the storage was last fine.
#[derive(Debug)]
pub(super) struct Trouble {
    /// The latest failure.
    failure: Failure,
    since: Instant,
    failures: u32,
    /// The next try; `None` after the last one.
    next: Option<Instant>,
}

impl Storage {
    fn trouble(&self) -> Option<&Trouble> {
        match self {
            Storage::Fine => None,
            Storage::Refused { trouble, .. }
            | Storage::RollBack { trouble }
            | Storage::Unproven { trouble } => Some(trouble),
        }
    }

    /// The latest failure, while the trouble lasts.
    pub(super) fn failure(&self) -> Option<&Failure> {
        self.trouble().map(|trouble| &trouble.failure)
    }

    /// The failure after which there is no further try.
    pub(super) fn given_up(&self) -> Option<&Failure> {
        self.trouble().filter(|trouble| trouble.next.is_none()).map(|trouble| &trouble.failure)
    }

    /// Whether nothing is written before the next try.
    pub(super) fn is_refusing(&self) -> bool {
        matches!(self, Storage::Refused { .. } | Storage::RollBack { .. })
    }

    /// When the next try is due.
    pub(super) fn next_try(&self) -> Option<Instant> {
        self.trouble().filter(|_| self.is_refusing())?.next
    }

    /// The next try is due now.
    pub(super) fn hurry(&mut self, now: Instant) {
        if let Storage::Refused { trouble, .. } | Storage::RollBack { trouble } = self {
            trouble.next = trouble.next.map(|next| next.min(now));
        }
    }

    /// Whether the next try is still to come.
    pub(super) fn is_waiting(&self, now: Instant) -> bool {
        self.is_refusing() && self.next_try().is_none_or(|next| now < next)
    }

    /// Whether the next try begins with a rollback.
    pub(super) fn needs_roll_back(&self) -> bool {
        matches!(self, Storage::RollBack { .. })
    }

    /// Something was refused, but nothing is lost. Returns the wait before the next try if it
    /// should be reported, which is at the first failure, unless it is also the last.
    pub(super) fn refused(
        &mut self,
        failure: Failure,
        policy: &Retry,
        now: Instant,
    ) -> Option<Duration> {
        let is_unproven = match self {
            Storage::Refused { is_unproven, .. } => *is_unproven,
            Storage::Unproven { .. } => true,
            Storage::Fine | Storage::RollBack { .. } => false,
        };
        let is_to_roll_back = self.needs_roll_back();
        let (trouble, reported) = self.failed(failure, policy, now);
        *self = match is_to_roll_back {
            true => Storage::RollBack { trouble },
            false => Storage::Refused { trouble, is_unproven },
        };
        reported
    }

    /// Something may be lost that cannot be taken back: there is no further try.
    pub(super) fn give_up(&mut self, failure: Failure) {
        let trouble = Trouble { failure, since: Instant::now(), failures: 1, next: None };
        *self = Storage::Refused { trouble, is_unproven: true };
    }

    /// A sync failed, and lines beyond the cursor may be lost. Returns the wait as
    /// [`Storage::refused`] does.
    pub(super) fn sync_failed(
        &mut self,
        failure: Failure,
        policy: &Retry,
        now: Instant,
    ) -> Option<Duration> {
        let (trouble, reported) = self.failed(failure, policy, now);
        *self = Storage::RollBack { trouble };
        reported
    }

    fn failed(
        &mut self,
        failure: Failure,
        policy: &Retry,
        now: Instant,
    ) -> (Trouble, Option<Duration>) {
        let before = self.trouble().map(|trouble| (trouble.failures, trouble.since));
        let (failures, since) = before.map_or((1, now), |(failures, since)| (failures + 1, since));
        let wait = policy.wait(failures);
        let next = wait.map(|wait| now + wait.max(SHORTEST_PAUSE));
        (Trouble { failure, since, failures, next }, wait.filter(|_| failures == 1))
    }

    /// Lines that may be lost were taken back.
    pub(super) fn rolled_back(&mut self) {
        *self = match std::mem::take(self) {
            Storage::RollBack { trouble } => Storage::Unproven { trouble },
            other => other,
        };
    }

    /// A sync worked. The trouble is over if the rest of the pass works too.
    pub(super) fn synced(&mut self) {
        *self = match std::mem::take(self) {
            Storage::Unproven { trouble } | Storage::Refused { trouble, .. } => {
                Storage::Refused { trouble, is_unproven: false }
            }
            other => other,
        };
    }

    /// A whole pass worked. If that ends the trouble, returns its subject and how long it lasted.
    pub(super) fn worked(&mut self, now: Instant) -> Option<(String, Duration)> {
        match std::mem::take(self) {
            Storage::Fine => None,
            Storage::Refused { trouble, is_unproven: false } => {
                Some((trouble.failure.subject, now.duration_since(trouble.since)))
            }
            Storage::Refused { trouble, is_unproven: true } | Storage::Unproven { trouble } => {
                *self = Storage::Unproven { trouble };
                None
            }
            storage @ Storage::RollBack { .. } => {
                *self = storage;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Fault, Step};

    const POLICY: Retry = Retry {
        limit: Some(4),
        delay: Duration::from_millis(4),
        max_delay: Duration::from_millis(20),
        all_errors: false,
    };

    fn full() -> Failure {
        Failure::new(Step::Output, "disk", Fault::DiskRefused, "full")
    }

    fn millis(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn it_is_told_once_tried_with_growing_waits_and_given_up() {
        let (mut storage, mut now) = (Storage::default(), Instant::now());
        for (reported, wait) in [(Some(4), 10), (None, 10), (None, 16), (None, 20)] {
            assert!(!storage.is_waiting(now) && storage.given_up().is_none());
            assert_eq!(storage.refused(full(), &POLICY, now), reported.map(millis));
            assert_eq!(storage.next_try(), Some(now + millis(wait)));
            assert!(storage.is_waiting(now) && storage.is_refusing());
            now += millis(wait);
        }
        assert_eq!(storage.refused(full(), &POLICY, now), None);
        assert_eq!((storage.given_up(), storage.next_try()), (Some(&full()), None));
        assert!(storage.is_waiting(now + Duration::from_secs(1_000_000)), "for ever");
        let once = Retry { limit: Some(0), ..POLICY };
        assert_eq!(Storage::default().refused(full(), &once, now), None, "the first is the last");
    }

    #[test]
    fn its_end_is_told_once_with_the_time_since_the_first_failure() {
        let (mut storage, now) = (Storage::default(), Instant::now());
        storage.refused(full(), &POLICY, now);
        storage.refused(full(), &POLICY, now + millis(10));
        assert_eq!(storage.worked(now + millis(25)), Some(("disk".to_owned(), millis(25))));
        assert!(matches!(storage, Storage::Fine));
        assert_eq!(storage.worked(now + millis(30)), None);
        let reported = storage.refused(full(), &POLICY, now + millis(40));
        assert_eq!(reported, Some(millis(4)), "what comes later is new trouble");
    }

    #[test]
    fn a_failed_sync_is_rolled_back_and_then_unproven_until_a_sync_works() {
        let (mut storage, now) = (Storage::default(), Instant::now());
        assert_eq!(storage.sync_failed(full(), &POLICY, now), Some(millis(4)));
        assert!(storage.needs_roll_back() && storage.is_waiting(now));
        storage.refused(full(), &POLICY, now + millis(10));
        assert!(storage.needs_roll_back(), "the rollback itself was refused");
        storage.rolled_back();
        assert_eq!(storage.worked(now + millis(20)), None, "nothing is proven");
        assert!(matches!(storage, Storage::Unproven { .. }) && !storage.is_refusing());
        assert_eq!(storage.failure(), Some(&full()));
        storage.synced();
        assert_eq!(storage.worked(now + millis(30)), Some(("disk".to_owned(), millis(30))));
    }

    #[test]
    fn a_refusal_while_unproven_comes_back_to_unproven_and_the_tries_go_on() {
        let (mut storage, now) = (Storage::default(), Instant::now());
        storage.sync_failed(full(), &POLICY, now);
        storage.rolled_back();
        storage.worked(now);
        assert_eq!(storage.refused(full(), &POLICY, now), None, "it was told");
        assert!(storage.is_waiting(now) && !storage.needs_roll_back());
        assert_eq!(storage.worked(now + millis(10)), None);
        assert!(matches!(storage, Storage::Unproven { .. }));
        storage.sync_failed(full(), &POLICY, now);
        storage.rolled_back();
        storage.refused(full(), &POLICY, now);
        assert!(storage.given_up().is_none(), "four failures, four tries");
        storage.refused(full(), &POLICY, now);
        assert_eq!(storage.given_up(), Some(&full()));
    }

    #[test]
    fn a_sync_that_works_in_a_pass_that_is_refused_proves_it_all_the_same() {
        let (mut storage, now) = (Storage::default(), Instant::now());
        storage.sync_failed(full(), &POLICY, now);
        storage.rolled_back();
        storage.synced();
        storage.refused(full(), &POLICY, now + millis(10));
        assert!(storage.worked(now + millis(20)).is_some());
    }
}
