//! When a run ends by itself, and when a session is reopened: the limits on run time, on silence
//! and on publish time. Pure: the clock is an argument.

use std::time::{Duration, Instant};

use jiff::{Timestamp, ToSpan as _};

use super::end::End;
use super::idle::Idle;
use crate::values::stop::Stop;
use crate::wait::earlier;

/// How long a run without an idle timeout waits for a partition that is behind.
const LULL: Duration = Duration::from_secs(10);

/// Every way in which one run can end by itself.
#[derive(Debug)]
pub(super) struct Ending<'a> {
    stop: &'a Stop,
    max_silence: Option<Duration>,
    /// When `--max-time` is over.
    over: Option<Instant>,
    /// Where `-e` and `--until` end; known once a session has shown the service's clock.
    end: Option<End>,
    idle: Idle,
    /// This run has received a message.
    has_received: bool,
    /// The current silence has been reported.
    is_silent: bool,
}

/// A time that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// `--max-time` is over.
    MaxTime,
    /// Everything that was to be read has been read.
    CaughtUp,
    /// `--idle-timeout` is over.
    Idle,
    /// `--idle-timeout` is over and the run has received nothing: an empty topic looks the same as
    /// a dead broker, and only a fresh upgrade tells them apart.
    Proof,
    /// `--max-silence` is over. `is_news`: this silence has not been reported yet.
    Silence { is_news: bool },
}

impl<'a> Ending<'a> {
    pub(super) fn new(stop: &'a Stop, max_silence: Option<Duration>, now: Instant) -> Ending<'a> {
        Ending {
            stop,
            max_silence,
            over: stop.max_time.map(|limit| now + limit),
            end: None,
            idle: Idle::new(stop.idle_timeout, now),
            has_received: false,
            is_silent: false,
        }
    }

    /// When `--max-time` is over.
    pub(super) fn over(&self) -> Option<Instant> {
        self.over
    }

    /// `--max-silence`.
    pub(super) fn max_silence(&self) -> Option<Duration> {
        self.max_silence
    }

    /// Whether `--max-time` is over.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.over.is_some_and(|over| now >= over)
    }

    /// A session is open. The first one fixes the end, by the service's clock.
    pub(super) fn opened(&mut self, is_first: bool, service_time: Timestamp, now: Instant) {
        self.idle.opened(now);
        if is_first {
            // `Date` has whole seconds, and messages published earlier in this second count.
            let at_end = self.stop.at_end.then(|| service_time + 1.second());
            let at = [at_end, self.stop.until].into_iter().flatten().min();
            let lull = self.stop.idle_timeout.unwrap_or(LULL);
            self.end = at.map(|at| End::new(at, service_time, lull, now));
        }
        if let Some(end) = &mut self.end {
            end.opened(now);
        }
    }

    /// The session has ended.
    pub(super) fn closed(&mut self, now: Instant) {
        self.idle.closed(now);
    }

    /// A frame of any kind arrived.
    pub(super) fn heard(&mut self) {
        self.idle.message();
    }

    /// A message that is new to this run arrived.
    pub(super) fn received(&mut self) {
        self.has_received = true;
        self.is_silent = false;
    }

    /// A new message of this partition arrived, published at this time.
    pub(super) fn saw(&mut self, partition: i64, published: Option<Timestamp>, now: Instant) {
        if let Some(end) = &mut self.end {
            end.saw(partition, published, now);
        }
    }

    /// A message of this partition is read again on the way to new ones, or is about to be: until a
    /// new one comes, the partition is behind.
    pub(super) fn skipped(&mut self, partition: i64, now: Instant) {
        self.saw(partition, None, now);
    }

    /// Nothing more is ready to be read: silence counts from now on.
    pub(super) fn settle(&mut self, now: Instant) {
        self.idle.settle(now);
    }

    /// The output was blocked, so the service may have been waiting for acknowledgements: that
    /// time does not count as silence.
    pub(super) fn forgive_silence(&mut self, now: Instant) {
        self.idle.message();
        self.idle.settle(now);
        if let Some(end) = &mut self.end {
            end.opened(now);
        }
    }

    /// Messages that were read will be read again.
    pub(super) fn restart(&mut self, now: Instant) {
        self.idle.message();
        self.idle.settle(now);
        if let Some(end) = &mut self.end {
            end.restart(now);
        }
    }

    /// Which of the limits has been reached, if any.
    pub(super) fn due(&mut self, now: Instant) -> Option<Due> {
        let is_past = |at: Option<Instant>| at.is_some_and(|at| now >= at);
        if is_past(self.over) {
            return Some(Due::MaxTime);
        }
        if self.end.as_ref().is_some_and(|end| end.is_reached(now)) {
            return Some(Due::CaughtUp);
        }
        if let Some(limit) = self.stop.idle_after_until
            && is_past(self.end.as_ref().and_then(End::due))
        {
            self.idle.bound(limit, now);
        }
        if is_past(self.idle.deadline()) {
            let is_doubtful = self.end.is_some() && !self.has_received;
            return Some(match is_doubtful && self.idle.look_again(now) {
                true => Due::Proof,
                false => Due::Idle,
            });
        }
        if now < self.idle.silent_for(self.max_silence?) {
            return None;
        }
        Some(Due::Silence { is_news: !std::mem::replace(&mut self.is_silent, true) })
    }

    /// When to call [`Ending::due`] again if nothing arrives before.
    pub(super) fn next_look(&self, now: Instant) -> Option<Instant> {
        [
            self.idle.deadline(),
            self.max_silence.map(|limit| self.idle.silent_for(limit)),
            self.end.as_ref().and_then(|end| end.next_look(now)),
            self.end.as_ref().and_then(End::due).filter(|&due| due > now),
        ]
        .into_iter()
        .fold(self.over, earlier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn service_time() -> Timestamp {
        Timestamp::from_second(1_800_000_000).expect("in range")
    }

    #[test]
    fn an_empty_topic_ends_after_a_second_look() {
        let (stop, now) = (
            Stop { at_end: true, idle_timeout: Some(seconds(10)), ..Stop::default() },
            Instant::now(),
        );
        let mut ending = Ending::new(&stop, None, now);
        ending.opened(true, service_time(), now);
        assert_eq!(ending.due(now + seconds(9)), None);
        assert_eq!(ending.next_look(now), Some(now + seconds(1)), "the pin itself");
        assert_eq!(ending.due(now + seconds(10)), Some(Due::Proof));
        ending.closed(now + seconds(10));
        ending.opened(false, service_time(), now + seconds(10));
        assert_eq!(ending.due(now + seconds(12)), Some(Due::Idle));
    }

    #[test]
    fn a_message_from_after_the_start_ends_a_run_that_catches_up() {
        let stop = Stop { at_end: true, ..Stop::default() };
        let now = Instant::now();
        let mut ending = Ending::new(&stop, None, now);
        ending.opened(true, service_time(), now);
        ending.saw(-1, Some(service_time()), now);
        assert_eq!(ending.due(now), None);
        ending.saw(-1, Some(service_time() + 2.seconds()), now);
        assert_eq!(ending.due(now), Some(Due::CaughtUp));
        ending.restart(now);
        assert_eq!(ending.due(now), None, "what was read is to be read again");
    }

    #[test]
    fn a_partition_that_is_only_read_again_is_behind() {
        let stop = Stop { at_end: true, idle_timeout: Some(seconds(10)), ..Stop::default() };
        let now = Instant::now();
        let mut ending = Ending::new(&stop, None, now);
        ending.opened(true, service_time(), now);
        let later = Some(service_time() + 2.seconds());
        ending.skipped(0, now);
        ending.saw(1, later, now);
        ending.heard();
        ending.settle(now + seconds(9));
        assert_eq!(ending.due(now + seconds(9)), None);
        ending.skipped(0, now + seconds(9));
        assert_eq!(ending.due(now + seconds(18)), None, "it is still on its way");
        ending.saw(0, later, now + seconds(18));
        assert_eq!(ending.due(now + seconds(18)), Some(Due::CaughtUp));
    }

    #[test]
    fn a_restart_also_restarts_the_idle_time() {
        let stop = Stop { idle_timeout: Some(seconds(10)), ..Stop::default() };
        let now = Instant::now();
        let mut ending = Ending::new(&stop, None, now);
        ending.opened(true, service_time(), now);
        assert_eq!(ending.due(now + seconds(10)), Some(Due::Idle));
        ending.closed(now + seconds(10));
        ending.restart(now + seconds(10));
        ending.opened(false, service_time(), now + seconds(11));
        assert_eq!(ending.due(now + seconds(12)), None);
    }

    #[test]
    fn a_silence_is_news_once_and_max_time_goes_first() {
        let stop = Stop { max_time: Some(seconds(60)), ..Stop::default() };
        let now = Instant::now();
        let mut ending = Ending::new(&stop, Some(seconds(5)), now);
        ending.opened(true, service_time(), now);
        assert_eq!(ending.due(now + seconds(4)), None);
        assert_eq!(ending.due(now + seconds(5)), Some(Due::Silence { is_news: true }));
        ending.opened(false, service_time(), now + seconds(5));
        assert_eq!(ending.due(now + seconds(10)), Some(Due::Silence { is_news: false }));
        ending.received();
        ending.heard();
        ending.settle(now + seconds(11));
        assert_eq!(ending.due(now + seconds(16)), Some(Due::Silence { is_news: true }));
        assert_eq!(ending.due(now + seconds(60)), Some(Due::MaxTime));
        assert!(ending.is_over(now + seconds(60)));
    }

    #[test]
    fn time_behind_a_blocked_output_is_no_silence() {
        let stop = Stop { idle_timeout: Some(seconds(10)), ..Stop::default() };
        let now = Instant::now();
        let mut ending = Ending::new(&stop, None, now);
        ending.opened(true, service_time(), now);
        ending.forgive_silence(now + seconds(9));
        assert_eq!(ending.due(now + seconds(18)), None);
        assert_eq!(ending.due(now + seconds(19)), Some(Due::Idle));
    }
}
