//! Failures and outages: how long there has been no session, what ended the last one, and whether
//! to retry.

use std::time::Duration;

use crate::clock::Instant;
use crate::fault::{Failure, row};
use crate::retry::{Retries, Retry};

/// The failures of one run.
#[derive(Debug)]
pub(super) struct Outage<'a> {
    retries: Retries<'a>,
    /// When the current outage began.
    since: Option<Instant>,
    /// The code of what ended the last session.
    ended_by: Option<&'static str>,
    /// This run has had a session.
    has_opened: bool,
}

/// Which of the run's sessions has just opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opened {
    First,
    /// A later one, with the code of what ended the one before.
    Again(&'static str),
}

impl<'a> Outage<'a> {
    pub(super) fn new(policy: &'a Retry) -> Outage<'a> {
        Outage { retries: Retries::new(policy), since: None, ended_by: None, has_opened: false }
    }

    /// Whether this run has had a session.
    pub(super) fn has_opened(&self) -> bool {
        self.has_opened
    }

    /// Whether an outage is in progress.
    pub(super) fn is_on(&self) -> bool {
        self.since.is_some()
    }

    /// A session is open. Returns which one, and how long the outage before it lasted, if any.
    pub(super) fn opened(&mut self, now: Instant) -> (Opened, Option<Duration>) {
        self.retries.opened(now);
        let is_first = !std::mem::replace(&mut self.has_opened, true);
        let lasted = self.since.take().map(|since| now.duration_since(since));
        match is_first {
            true => (Opened::First, lasted),
            false => (Opened::Again(self.ended_by.unwrap_or("connect")), lasted),
        }
    }

    /// The session ended: by this failure, or to be reopened.
    pub(super) fn ended(&mut self, failure: Option<&Failure>, now: Instant) {
        self.retries.closed(now);
        self.ended_by = Some(failure.map_or("reopened", |failure| row(failure.fault).code));
    }

    /// An event was written, so the count of consecutive failures starts again.
    pub(super) fn wrote(&mut self) {
        self.retries.wrote();
    }

    /// Counts a failure and says how long to wait before the next try. `jitter` is a random number
    /// from 0 to 1.
    ///
    /// # Errors
    /// The failure itself, with the number of its attempt, if there is no next try.
    pub(super) fn next(
        &mut self,
        mut failure: Failure,
        now: Instant,
        jitter: f64,
    ) -> Result<(Failure, Duration), Failure> {
        match self.retries.next(&failure, now, jitter) {
            Some(wait) => Ok((failure, wait)),
            None => {
                let attempts = self.retries.in_row();
                if attempts > 1 {
                    failure.cause = format!("{} (attempt {attempts})", failure.cause);
                }
                Err(failure)
            }
        }
    }

    /// Begins an outage, unless one is in progress.
    pub(super) fn begin(&mut self, now: Instant) {
        self.since.get_or_insert(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Fault, Step};

    fn policy(limit: Option<u32>) -> Retry {
        let (delay, max_delay) = (Duration::from_secs(1), Duration::from_secs(60));
        Retry { limit, delay, max_delay, all_errors: false }
    }

    fn refused() -> Failure {
        Failure::new(Step::Tcp, "host:443", Fault::Refused, "connection refused")
    }

    #[test]
    fn an_outage_lasts_from_its_first_failure_to_the_next_session() {
        let (policy, start) = (policy(None), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut outage = Outage::new(&policy);
        assert_eq!(outage.opened(start), (Opened::First, None));
        outage.ended(Some(&refused()), at(1));
        outage.begin(at(1));
        outage.begin(at(5));
        assert!(outage.is_on() && outage.has_opened());
        let lasted = Some(Duration::from_secs(8));
        assert_eq!(outage.opened(at(9)), (Opened::Again("tcp.refused"), lasted));
        outage.ended(None, at(9));
        assert_eq!(outage.opened(at(9)), (Opened::Again("reopened"), None));
    }

    #[test]
    fn the_last_failure_tells_how_many_attempts_there_were() {
        let policy = policy(Some(1));
        let mut outage = Outage::new(&policy);
        let (failure, wait) = outage.next(refused(), Instant::now(), 1.0).expect("another try");
        assert_eq!((failure, wait), (refused(), Duration::from_secs(1)));
        let last = outage.next(refused(), Instant::now(), 1.0).expect_err("no other");
        assert_eq!(last.cause, "connection refused (attempt 2)");
    }
}
