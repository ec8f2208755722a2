//! When a run ends by itself, and when a session is reopened: the limits on run time, on silence
//! and on publish time. Pure: the clock is an argument.

use std::time::Duration;

use jiff::{Timestamp, ToSpan as _};

use super::end::End;
use super::idle::Idle;
use super::proof::{Proof, Shown};
use crate::clock::Instant;
use crate::message::MessageId;
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
    /// The second look at a silence that may be the end.
    proof: Option<Proof>,
    /// The current silence has been reported.
    is_silent: bool,
    /// Other consumers may receive some of the messages.
    is_shared: bool,
}

/// A time that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// `--max-time` is over.
    MaxTime,
    /// Everything that was to be read has been read.
    CaughtUp,
    /// `--idle-timeout` is over, or a second look has shown that nothing more comes.
    Idle,
    /// Nothing more seems to come before the end: a fresh session is to prove it.
    Proof,
    /// The fresh session was silent, too: if not even a ping was answered, nothing is proven.
    SilentProof(Duration),
    /// The fresh session delivered nothing more, though a second reader has received newer messages.
    Behind(Duration),
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
            proof: None,
            is_silent: false,
            is_shared: false,
        }
    }

    /// Says whether other consumers may receive some of the messages.
    pub(super) fn shared(self, is_shared: bool) -> Ending<'a> {
        Ending { is_shared, ..self }
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

    /// Whether the run is to end when it has caught up.
    pub(super) fn has_end(&self) -> bool {
        self.stop.at_end || self.stop.until.is_some()
    }

    /// Whether a fresh session is to prove that a silence is the end. It is then asked for the last
    /// message again.
    pub(super) fn is_proving(&self) -> bool {
        self.proof.is_some()
    }

    /// A session is open. The first one fixes the end, by the service's clock.
    pub(super) fn opened(&mut self, is_first: bool, service_time: Timestamp, now: Instant) {
        self.idle.opened(now);
        if let Some(proof) = &mut self.proof {
            proof.opened(now);
        }
        if is_first {
            self.end = self.pinned(service_time, now);
        }
        if let Some(end) = &mut self.end {
            end.opened(now);
        }
    }

    fn pinned(&self, service_time: Timestamp, now: Instant) -> Option<End> {
        let lull = self.lull();
        let until = self.stop.until.map(|until| until.at(service_time));
        // `Date` has whole seconds, and messages published earlier in this second count.
        let second_over = service_time + 1.second();
        match (self.stop.at_end, until) {
            (true, until) if until.is_none_or(|until| until > second_over) => {
                Some(End::of_topic(second_over, lull, now))
            }
            (_, until) => until.map(|until| End::at_time(until, service_time, lull, now)),
        }
    }

    /// How long a silence must last before it may be the end.
    fn lull(&self) -> Duration {
        self.stop.idle_timeout.unwrap_or(LULL)
    }

    /// The session has ended.
    pub(super) fn closed(&mut self, now: Instant) {
        self.idle.closed(now);
        if let Some(proof) = &mut self.proof {
            proof.closed();
        }
    }

    /// A frame of any kind arrived.
    pub(super) fn heard(&mut self) {
        self.idle.message();
    }

    /// A message that is new to this run arrived.
    pub(super) fn received(&mut self) {
        self.is_silent = false;
    }

    /// A new message arrived, published at this time.
    pub(super) fn saw(&mut self, id: &MessageId, published: Option<Timestamp>, now: Instant) {
        if self.end.as_mut().is_some_and(|end| end.saw(id, published, now)) {
            // It may be followed by others, so the silence was not the end.
            self.proof = None;
        }
    }

    /// A new message arrived that cannot be used.
    pub(super) fn rejected(&mut self, id: &MessageId, now: Instant) {
        if self.end.as_mut().is_some_and(|end| end.rejected(id, now)) {
            self.proof = None;
        }
    }

    /// This message, the last of its partition, is about to be read again: until a new one comes,
    /// the partition is behind.
    pub(super) fn awaits(&mut self, id: &MessageId, now: Instant) {
        if let Some(end) = &mut self.end {
            end.skipped(id, now);
        }
        if let Some(proof) = &mut self.proof {
            proof.awaits(id);
        }
    }

    /// This message is read again on the way to new ones.
    pub(super) fn skipped(&mut self, id: &MessageId, now: Instant) {
        if let Some(end) = &mut self.end {
            end.skipped(id, now);
        }
        if let Some(proof) = &mut self.proof {
            proof.repeat(id, now);
        }
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
        if let Some(proof) = &mut self.proof {
            proof.wait_again(now);
        }
    }

    /// Messages that were read will be read again.
    pub(super) fn restart(&mut self, now: Instant) {
        self.idle.message();
        self.idle.settle(now);
        self.proof = None;
        if let Some(end) = &mut self.end {
            end.restart(now);
        }
    }

    /// Whether a second reader is to find out where `-e` ends.
    pub(super) fn wants_place(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.wants_place())
    }

    /// The second reader received this message first.
    pub(super) fn ends_before(&mut self, id: &MessageId) {
        if let Some(end) = &mut self.end {
            end.is_before(id);
        }
    }

    /// The service refuses a second reader.
    pub(super) fn has_no_place(&mut self) {
        if let Some(end) = &mut self.end {
            end.use_time();
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
        if let Some(proof) = &self.proof {
            let is_behind = self.is_behind();
            return proof.shown(now, is_behind).map(|shown| match shown {
                _ if is_behind => Due::Behind(proof.limit()),
                Shown::NoMore => Due::Idle,
                Shown::Nothing => Due::SilentProof(proof.limit()),
            });
        }
        if let Some(limit) = self.stop.idle_after_until
            && is_past(self.end.as_ref().and_then(End::due))
        {
            self.idle.bound(limit, now);
        }
        let is_idle = is_past(self.idle.deadline());
        match &self.end {
            None if is_idle => return Some(Due::Idle),
            Some(end) if is_idle || end.is_silent(now) => {
                self.proof = Some(Proof::new(self.lull()));
                return Some(Due::Proof);
            }
            _ => {}
        }
        if now < self.idle.silent_for(self.max_silence?) {
            return None;
        }
        Some(Due::Silence { is_news: !std::mem::replace(&mut self.is_silent, true) })
    }

    fn is_behind(&self) -> bool {
        !self.is_shared && self.end.as_ref().is_some_and(End::is_behind)
    }

    /// When to call [`Ending::due`] again if nothing arrives before.
    pub(super) fn next_look(&self, now: Instant) -> Option<Instant> {
        if let Some(proof) = &self.proof {
            let end = self.end.as_ref().and_then(|end| end.next_look(now));
            return [proof.due(self.is_behind()), end].into_iter().fold(self.over, earlier);
        }
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
    use crate::message::testing::id;

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
        assert_eq!(ending.next_look(now), Some(now + seconds(10)));
        assert_eq!(ending.due(now + seconds(10)), Some(Due::Proof));
        ending.closed(now + seconds(10));
        assert_eq!(ending.due(now + seconds(99)), None, "nothing is shown without a session");
        ending.opened(false, service_time(), now + seconds(100));
        assert_eq!(ending.due(now + seconds(119)), None);
        assert_eq!(ending.due(now + seconds(120)), Some(Due::SilentProof(seconds(20))));
    }

    #[test]
    fn a_silence_is_the_end_if_the_last_message_comes_again_and_no_other() {
        let (stop, now) = (
            Stop { at_end: true, idle_timeout: Some(seconds(10)), ..Stop::default() },
            Instant::now(),
        );
        let mut ending = Ending::new(&stop, None, now);
        ending.opened(true, service_time(), now);
        ending.saw(&id(-1, 4), None, now);
        assert_eq!(ending.due(now + seconds(10)), Some(Due::Proof));
        for round in [20, 40] {
            let now = now + seconds(round);
            ending.closed(now);
            ending.opened(false, service_time(), now);
            ending.awaits(&id(-1, 4), now);
            ending.skipped(&id(-1, 4), now);
            assert_eq!(ending.due(now + seconds(1)), Some(Due::Idle));
        }
        ending.saw(&id(-1, 5), None, now + seconds(42));
        assert!(!ending.is_proving(), "it was not the end");
    }

    #[test]
    fn a_message_from_after_the_start_ends_a_run_that_catches_up() {
        let stop = Stop { at_end: true, ..Stop::default() };
        let now = Instant::now();
        let mut ending = Ending::new(&stop, None, now);
        ending.opened(true, service_time(), now);
        ending.saw(&id(-1, 1), Some(service_time()), now);
        assert!(!ending.wants_place());
        ending.saw(&id(-1, 2), Some(service_time() + 2.seconds()), now);
        assert!(ending.wants_place());
        assert_eq!(ending.due(now), None, "its clock may be ahead");
        ending.ends_before(&id(-1, 2));
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
        ending.awaits(&id(0, 9), now);
        ending.ends_before(&id(1, 1));
        ending.saw(&id(1, 1), later, now);
        ending.heard();
        ending.settle(now + seconds(9));
        ending.skipped(&id(0, 1), now + seconds(9));
        assert_eq!(ending.due(now + seconds(9)), None);
        ending.heard();
        ending.settle(now + seconds(18));
        ending.skipped(&id(0, 9), now + seconds(18));
        assert_eq!(ending.due(now + seconds(18)), None, "it is still on its way");
        ending.ends_before(&id(0, 10));
        ending.saw(&id(0, 10), later, now + seconds(19));
        ending.saw(&id(0, 11), later, now + seconds(27));
        assert_eq!(ending.due(now + seconds(27)), None, "others may not have shown yet");
        assert_eq!(ending.due(now + seconds(28)), Some(Due::CaughtUp));
    }

    #[test]
    fn what_another_reader_has_received_must_come() {
        let stop = Stop { at_end: true, idle_timeout: Some(seconds(10)), ..Stop::default() };
        let now = Instant::now();
        for (is_shared, expected) in
            [(false, Due::Behind(seconds(20))), (true, Due::SilentProof(seconds(20)))]
        {
            let mut ending = Ending::new(&stop, None, now).shared(is_shared);
            ending.opened(true, service_time(), now);
            ending.ends_before(&id(1, 1));
            assert_eq!(ending.due(now + seconds(10)), Some(Due::Proof));
            ending.opened(false, service_time(), now);
            assert_eq!(ending.due(now + seconds(19)), None);
            assert_eq!(ending.due(now + seconds(20)), Some(expected));
        }
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
