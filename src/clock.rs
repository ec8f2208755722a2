//! The clocks. Code that decides by time gets a moment as an argument, and seldom reads a clock itself.

use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use nix::time::{ClockId, clock_gettime};

use crate::words::duration;

/// A moment. One reading of the clocks is used for everything that is decided at that moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// For limits and waits: never set back.
    pub(crate) instant: Instant,
    /// For boundaries and publish times: may be set by anyone.
    pub(crate) utc: Timestamp,
}

impl Now {
    /// The current moment.
    pub(crate) fn read() -> Now {
        Now { instant: Instant::now(), utc: Timestamp::now() }
    }
}

/// A moment on a clock that is never set back, and that runs on while the machine is suspended, unlike
/// that of `std::time::Instant`: a limit that was over during a sleep is over at the wake-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(Duration);

impl Instant {
    /// The current moment.
    pub(crate) fn now() -> Instant {
        // Both clocks are as old as Linux 2.6.39, and reading one that exists does not fail.
        let read = clock_gettime(ClockId::CLOCK_BOOTTIME);
        let read = read.or_else(|_| clock_gettime(ClockId::CLOCK_MONOTONIC));
        Instant(read.map(Duration::from).unwrap_or_default())
    }

    /// The time from an earlier moment to this one; none if that one is later.
    pub(crate) fn duration_since(self, earlier: Instant) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The time from this moment until now.
    pub(crate) fn elapsed(self) -> Duration {
        Instant::now().duration_since(self)
    }

    /// This much later; `None` if no clock will ever show that.
    pub(crate) fn checked_add(self, time: Duration) -> Option<Instant> {
        self.0.checked_add(time).map(Instant)
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    /// This much later, but at most as late as can be told.
    fn add(self, time: Duration) -> Instant {
        Instant(self.0.saturating_add(time))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, time: Duration) {
        *self = *self + time;
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Instant) -> Duration {
        self.duration_since(earlier)
    }
}

/// A clock further off than this is worth a warning: TLS and `--until` depend on it.
const MOST_SKEW: SignedDuration = SignedDuration::from_mins(1);

/// How far this machine's clock is off, if that is worth a warning: `2h ahead of`, `3m behind`.
pub(crate) fn skew(here: Timestamp, server: Timestamp) -> Option<String> {
    let ahead = here.duration_since(server);
    let side = if ahead.is_positive() { "ahead of" } else { "behind" };
    let off = Duration::from_secs(ahead.as_secs().unsigned_abs());
    (ahead.abs() > MOST_SKEW).then(|| format!("{} {side}", duration(off)))
}
