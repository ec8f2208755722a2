//! Whether to retry after a failure, and after how long: pure decisions.

use std::time::Duration;

use crate::clock::Instant;
use crate::fault::{self, Failure, RetryClass};

/// Once a session has been open, every failure is retried for this long: a gateway that is being
/// replaced may answer 401 and 404 too.
const GRACE: Duration = Duration::from_secs(5 * 60);

/// The number of attempts in the retry class [`RetryClass::Few`].
const FEW: u32 = 3;

/// The longest `Retry-After` of a server that is honoured.
const LONGEST: Duration = Duration::from_secs(3600);

/// How often and how fast a failed connection or a refused write is retried.
#[derive(Clone, Debug)]
pub(crate) struct Retry {
    /// The number of retries after the first failure in a row; `None` means unlimited.
    pub(crate) limit: Option<u32>,
    pub(crate) delay: Duration,
    pub(crate) max_delay: Duration,
    /// Also retry errors that need someone to fix them.
    pub(crate) all_errors: bool,
}

impl Retry {
    /// The wait before the next try after this many failures in a row; `None` means stop.
    pub(crate) fn wait(&self, failures: u32) -> Option<Duration> {
        let again = self.limit.is_none_or(|limit| failures <= limit);
        again.then(|| Backoff { first: self.delay, longest: self.max_delay }.after(failures))
    }
}

/// Waits that double with each failure in a row, up to a maximum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
}

impl Backoff {
    /// The wait after this many failures in a row (at least one).
    pub(crate) fn after(self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }
}

impl Default for Retry {
    fn default() -> Retry {
        Retry {
            limit: None,
            delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(60),
            all_errors: false,
        }
    }
}

/// Counts failures in a row: since a message was last written, or since a session lasted for longer
/// than any wait.
#[derive(Debug)]
pub(crate) struct Retries<'a> {
    policy: &'a Retry,
    in_row: u32,
    /// How many of them are of the class [`RetryClass::Few`].
    doubtful: u32,
    ever_open: bool,
    /// When the session that is open opened.
    opened: Option<Instant>,
    /// When the first failure after the last open session was counted.
    outage: Option<Instant>,
}

impl<'a> Retries<'a> {
    pub(crate) fn new(policy: &'a Retry) -> Retries<'a> {
        Retries { policy, in_row: 0, doubtful: 0, ever_open: false, opened: None, outage: None }
    }

    /// A session is open.
    pub(crate) fn opened(&mut self, now: Instant) {
        self.ever_open = true;
        self.opened = Some(now);
        self.outage = None;
    }

    /// The session has ended.
    pub(crate) fn closed(&mut self, now: Instant) {
        let lasted = self.opened.take().map(|opened| now.duration_since(opened));
        if lasted.is_some_and(|lasted| lasted >= self.policy.max_delay) {
            self.wrote();
        }
    }

    /// A message was written, so earlier failures no longer count.
    pub(crate) fn wrote(&mut self) {
        (self.in_row, self.doubtful) = (0, 0);
    }

    /// How many attempts have failed in a row.
    pub(crate) fn in_row(&self) -> u32 {
        self.in_row
    }

    /// Counts a failure and returns how long to wait before the next try; `None` means stop.
    ///
    /// `jitter` is a random number from 0 to 1: the wait is a random part of a limit that doubles,
    /// so that many clients cut off together do not reconnect together.
    pub(crate) fn next(
        &mut self,
        failure: &Failure,
        now: Instant,
        jitter: f64,
    ) -> Option<Duration> {
        self.in_row += 1;
        let longest = self.policy.wait(self.in_row)?;
        let in_grace =
            self.ever_open && now.duration_since(*self.outage.get_or_insert(now)) < GRACE;
        let class = fault::row(failure.fault).retry;
        self.doubtful += u32::from(class == RetryClass::Few);
        let again = match class {
            RetryClass::Never => false,
            RetryClass::Retry => true,
            _ if in_grace || self.policy.all_errors => true,
            RetryClass::Few => self.doubtful < FEW,
            RetryClass::Stop => false,
        };
        let wait = longest.mul_f64(jitter);
        let asked = failure.retry_after.unwrap_or_default().min(LONGEST);
        again.then(|| wait.max(asked))
    }
}

/// A random number from 0 to 1.
pub(crate) fn jitter() -> f64 {
    // Without a random number, use the middle.
    getrandom::u32().map_or(0.5, |n| f64::from(n) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault;
    use crate::fault::Step;

    const POLICY: Retry = Retry {
        limit: None,
        delay: Duration::from_secs(1),
        max_delay: Duration::from_secs(60),
        all_errors: false,
    };

    fn failure(fault: Fault) -> Failure {
        Failure::new(Step::Auth, "host:443", fault, "")
    }

    fn waits(policy: &Retry, fault: Fault, tries: usize) -> Vec<Option<u64>> {
        let mut retries = Retries::new(policy);
        let now = Instant::now();
        (0..tries)
            .map(|_| retries.next(&failure(fault), now, 1.0).map(|wait| wait.as_secs()))
            .collect()
    }

    #[test]
    fn waits_double_up_to_the_longest_however_many_failures_there_were() {
        let backoff = Backoff { first: Duration::from_millis(3), longest: Duration::from_secs(1) };
        let waits = [1, 2, 3, 8, 9, 10, u32::MAX].map(|n| backoff.after(n).as_millis());
        assert_eq!(waits, [3, 6, 12, 384, 768, 1000, 1000]);
        let limited = Retry { limit: Some(2), ..POLICY };
        assert_eq!([1, 2, 3].map(|n| limited.wait(n).is_some()), [true, true, false]);
    }

    #[test]
    fn the_wait_doubles_up_to_its_limit_and_is_jittered_in_full() {
        let seconds = waits(&POLICY, Fault::Refused, 9);
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60, 60].map(Some));
        let mut retries = Retries::new(&POLICY);
        let none = retries.next(&failure(Fault::Refused), Instant::now(), 0.0);
        assert_eq!(none, Some(Duration::ZERO));
    }

    #[test]
    fn before_any_session_what_stays_stops_at_once_and_what_may_stay_soon() {
        assert_eq!(waits(&POLICY, Fault::Unauthorized, 1), [None]);
        assert_eq!(waits(&POLICY, Fault::ServerError, 3), [Some(1), Some(2), None]);
        let all = Retry { all_errors: true, ..POLICY };
        assert_eq!(waits(&all, Fault::Unauthorized, 2), [Some(1), Some(2)]);
        assert_eq!(waits(&all, Fault::TooLarge, 1), [None]);
        let limited = Retry { limit: Some(1), ..POLICY };
        assert_eq!(waits(&limited, Fault::Refused, 2), [Some(1), None]);
    }

    #[test]
    fn after_a_session_everything_is_tried_for_five_minutes() {
        let mut retries = Retries::new(&POLICY);
        let now = Instant::now();
        retries.opened(now);
        let mut at = |seconds| {
            let now = now + Duration::from_secs(seconds);
            retries.next(&failure(Fault::Unauthorized), now, 1.0).is_some()
        };
        assert!(at(0) && at(299));
        assert!(!at(300));
        retries.opened(now);
        assert!(retries.next(&failure(Fault::Unauthorized), now, 1.0).is_some());
        assert!(retries.next(&failure(Fault::TooLarge), now, 1.0).is_none());
    }

    #[test]
    fn a_session_that_outlasts_every_wait_restarts_the_count() {
        let (mut retries, start) = (Retries::new(&POLICY), Instant::now());
        let wait_after = |lasted| {
            retries.opened(start);
            let now = start + Duration::from_secs(lasted);
            retries.closed(now);
            retries.next(&failure(Fault::StreamClosed), now, 1.0).map(|wait| wait.as_secs())
        };
        let waits = [59, 0, 59, 60, 3600, 59].map(wait_after);
        assert_eq!(waits, [1, 2, 4, 1, 1, 2].map(Some));
    }

    #[test]
    fn retry_after_is_honoured_and_a_written_message_restarts_the_count() {
        let mut retries = Retries::new(&POLICY);
        let mut busy = failure(Fault::RateLimited);
        busy.retry_after = Some(Duration::from_secs(7));
        let now = Instant::now();
        assert_eq!(retries.next(&busy, now, 0.1), Some(Duration::from_secs(7)));
        assert_eq!(retries.next(&failure(Fault::Refused), now, 1.0), Some(Duration::from_secs(2)));
        retries.wrote();
        assert_eq!(retries.next(&failure(Fault::Refused), now, 1.0), Some(Duration::from_secs(1)));
    }
}
