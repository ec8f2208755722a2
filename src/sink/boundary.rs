//! When the UTC clock ends the open file. The clock may be set forward or back at any time.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::clock::{Instant, Now};

/// A change of the clock is noticed within this time.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The next multiple of an interval on the UTC clock.
#[derive(Debug)]
pub(super) struct Boundary {
    /// `None` if files do not end by the clock.
    every: Option<Duration>,
    at: Option<Timestamp>,
    /// When the clock was last read.
    looked: Instant,
}

impl Boundary {
    /// The first boundary after this moment.
    pub(super) fn next(every: Option<Duration>, now: Now) -> Boundary {
        let at = every.map(|every| after(now.utc, every));
        Boundary { every, at, looked: now.instant }
    }

    /// Reads the clock. If it was set back, the boundary moves back with it.
    pub(super) fn look(&mut self, now: Now) {
        let nearest = self.every.map(|every| after(now.utc, every));
        self.at = self.at.zip(nearest).map(|(at, nearest)| at.min(nearest));
        self.looked = now.instant;
    }

    /// The boundary, if it has passed.
    pub(super) fn passed(&self, now: Timestamp) -> Option<Timestamp> {
        self.at.filter(|at| *at <= now)
    }

    /// When the boundary comes or the clock must be read again, whichever is first.
    pub(super) fn due(&self, now: Now) -> Option<Instant> {
        let left = Duration::try_from(self.at?.duration_since(now.utc)).unwrap_or_default();
        Some((now.instant + left.min(LONGEST_WAIT)).min(self.looked + LONGEST_WAIT))
    }
}

/// The first multiple of `every` on the UTC clock after this time.
pub(super) fn after(time: Timestamp, every: Duration) -> Timestamp {
    let every = i128::try_from(every.as_nanos()).unwrap_or(i128::MAX).max(1);
    let since = time.as_nanosecond();
    let left = every - since.rem_euclid(every);
    let left = SignedDuration::try_from_nanos_i128(left).unwrap_or(SignedDuration::MAX);
    time.checked_add(left).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn boundaries_are_those_of_the_utc_clock() {
        for (time, every, next) in [
            ("2026-10-02T09:07:05.5Z", 3600, "2026-10-02T10:00:00Z"),
            ("2026-10-02T10:00:00Z", 3600, "2026-10-02T11:00:00Z"),
            ("2026-12-31T23:59:59Z", 86_400, "2027-01-01T00:00:00Z"),
            ("2026-10-02T09:07:05Z", 900, "2026-10-02T09:15:00Z"),
        ] {
            assert_eq!(after(utc(time), seconds(every)), utc(next), "{time}");
        }
    }

    #[test]
    fn it_is_due_at_its_time_and_the_clock_is_looked_at_meanwhile() {
        let start = Now { instant: Instant::now(), utc: utc("2026-10-02T09:58:50Z") };
        let at = |n| Now { instant: start.instant + seconds(n), utc: start.utc + seconds(n) };
        let mut boundary = Boundary::next(Some(seconds(3600)), start);
        assert_eq!(boundary.due(start), Some(at(30).instant));
        assert_eq!(boundary.due(at(20)), Some(at(30).instant), "asking is no look");
        boundary.look(at(30));
        boundary.look(at(60));
        assert_eq!(boundary.due(at(60)), Some(at(70).instant));
        assert_eq!(boundary.passed(at(69).utc), None);
        assert_eq!(boundary.passed(at(71).utc), Some(utc("2026-10-02T10:00:00Z")));
        let never = Boundary::next(None, start);
        assert!(never.due(start).is_none() && never.passed(at(9999).utc).is_none());
    }

    #[test]
    fn a_clock_that_is_set_back_brings_it_nearer_and_one_set_forward_ends_the_file() {
        let start = Now { instant: Instant::now(), utc: utc("2026-10-02T09:30:00Z") };
        let mut boundary = Boundary::next(Some(seconds(3600)), start);
        boundary.look(Now { utc: utc("2026-10-02T07:59:50Z"), ..start });
        let later = Now { instant: start.instant + seconds(10), utc: utc("2026-10-02T08:00:00Z") };
        assert_eq!(
            boundary.due(Now { utc: utc("2026-10-02T07:59:50Z"), ..start }),
            Some(later.instant)
        );
        boundary.look(later);
        assert_eq!(boundary.passed(later.utc), Some(later.utc), "it did not move on to the next");
        let forward = Now { utc: utc("2026-10-05T00:00:00Z"), ..start };
        boundary.look(forward);
        assert_eq!(boundary.due(forward), Some(start.instant), "at once");
    }
}
