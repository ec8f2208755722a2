//! The end of a run that catches up: `-e` and `--until`. Pure bookkeeping.
//!
//! The protocol has no "caught up" message. `-e` ends at a place: the first message that a second
//! reader, opened at `latest`, receives was published after the run began, so everything that is to
//! be read lies before it. `--until` ends at a publish time. Producers' clocks differ, so one
//! message that looks late ends nothing: there must be several, and none from before the end for a
//! while. Where nothing more is published, silence has to be proven (see [`super::proof`]).

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::Instant;
use crate::message::{MessageId, Place};
use crate::wait::earlier;

/// After the last message from before the end, how long until a message that looks late is believed.
const SHOW: Duration = Duration::from_secs(2);

/// How many messages in a row must look late.
const SEVERAL: u32 = 2;

/// A run's end.
#[derive(Debug)]
pub(super) struct End {
    /// By publish time.
    at: Timestamp,
    /// When the service's clock shows that time.
    due: Option<Instant>,
    rule: Rule,
    partitions: BTreeMap<i64, Partition>,
    /// After this long without a message from before the end, no more are expected.
    lull: Duration,
    began: Instant,
    /// Messages still arrive after such a time.
    is_long: bool,
    /// When the session opened, or last delivered a message from before the end.
    heard: Instant,
    /// When the last message arrived, if it looked late.
    late: Option<Instant>,
}

/// What ends the run.
#[derive(Debug)]
enum Rule {
    /// In each partition, the first message published after the run began, once it is known.
    Place(BTreeMap<i64, Place>),
    Time,
}

/// How far a partition has been read.
#[derive(Debug, Default)]
struct Partition {
    last: Option<Place>,
    /// How many messages in a row were published at the end time or later.
    late: u32,
}

impl End {
    /// The end at this publish time. `service_time` is the service's clock at `now`, `lull` the
    /// idle timeout.
    pub(super) fn at_time(
        at: Timestamp,
        service_time: Timestamp,
        lull: Duration,
        now: Instant,
    ) -> End {
        let ahead = Duration::try_from(at.duration_since(service_time)).unwrap_or_default();
        End {
            at,
            due: now.checked_add(ahead),
            rule: Rule::Time,
            partitions: BTreeMap::new(),
            lull,
            began: now,
            is_long: false,
            heard: now,
            late: None,
        }
    }

    /// The end of what the topic holds at `now`.
    pub(super) fn of_topic(service_time: Timestamp, lull: Duration, now: Instant) -> End {
        let by_time = End::at_time(service_time, service_time, lull, now);
        End { rule: Rule::Place(BTreeMap::new()), ..by_time }
    }

    /// When the end time comes; from then on, silence may mean that the end is reached.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether a second reader is to find out where the end is. It is not asked before the run
    /// seems to be at its end, or turns out to be long.
    pub(super) fn wants_place(&self) -> bool {
        let Rule::Place(places) = &self.rule else { return false };
        let is_whole = places.keys().any(|&partition| partition < 0);
        let seems_near = self.partitions.values().any(|partition| partition.late > 0);
        !is_whole && (seems_near || self.is_long)
    }

    /// This message was the first of its partition to be published after the run began.
    pub(super) fn is_before(&mut self, id: &MessageId) {
        if let Rule::Place(places) = &mut self.rule {
            places.entry(id.partition).or_insert(id.place());
        }
    }

    /// No second reader can be had, so publish times must do.
    pub(super) fn use_time(&mut self) {
        self.rule = Rule::Time;
    }

    /// A session is open, so the waits for its messages start again.
    pub(super) fn opened(&mut self, now: Instant) {
        self.heard = now;
        self.late = None;
    }

    /// Messages that were seen will be read again, so forget how far the partitions were read.
    pub(super) fn restart(&mut self, now: Instant) {
        self.partitions.clear();
        self.opened(now);
    }

    /// A new message arrived, published at this time. Returns whether it may be from before the end.
    pub(super) fn saw(
        &mut self,
        id: &MessageId,
        published: Option<Timestamp>,
        now: Instant,
    ) -> bool {
        self.is_long = now >= self.began + self.lull;
        self.note(id, published, now)
    }

    /// A new message arrived that cannot be used, nor its publish time.
    pub(super) fn rejected(&mut self, id: &MessageId, now: Instant) -> bool {
        matches!(self.rule, Rule::Time) || self.saw(id, None, now)
    }

    /// A message that was read before arrived again, or is to: its partition is behind.
    pub(super) fn skipped(&mut self, id: &MessageId, now: Instant) {
        self.note(id, None, now);
    }

    fn note(&mut self, id: &MessageId, published: Option<Timestamp>, now: Instant) -> bool {
        let partition = self.partitions.entry(id.partition).or_default();
        partition.last = partition.last.max(Some(id.place()));
        let is_late = published.is_some_and(|published| published >= self.at);
        partition.late = if is_late { partition.late.saturating_add(1) } else { 0 };
        self.late = is_late.then_some(now);
        let is_behind = match &self.rule {
            Rule::Place(places) => places.get(&id.partition).is_none_or(|&end| id.place() < end),
            Rule::Time => !is_late,
        };
        if is_behind {
            self.heard = now;
        }
        is_behind
    }

    /// Whether every partition seen has passed the end.
    pub(super) fn is_reached(&self, now: Instant) -> bool {
        let mut partitions = self.partitions.iter();
        let has_all = !self.partitions.is_empty()
            && !self.is_behind()
            && partitions.all(|(&number, partition)| self.has_passed(number, partition));
        has_all && self.shown().is_none_or(|at| now >= at)
    }

    /// Whether the second reader has received a message that this run has not reached.
    pub(super) fn is_behind(&self) -> bool {
        let Rule::Place(places) = &self.rule else { return false };
        let last = |number| self.partitions.get(number).and_then(|partition| partition.last);
        places.iter().any(|(number, &end)| last(number) < Some(end))
    }

    /// Whether nothing more seems to come from before the end: a message looked late and none
    /// followed, or no message came from the partitions that are behind.
    pub(super) fn is_silent(&self, now: Instant) -> bool {
        self.silent().is_some_and(|at| now >= at)
    }

    /// When to check again if no message arrives.
    pub(super) fn next_look(&self, now: Instant) -> Option<Instant> {
        let is_ahead = |at: &Instant| *at > now;
        earlier(self.shown().filter(is_ahead), self.silent().filter(is_ahead))
    }

    fn has_passed(&self, number: i64, partition: &Partition) -> bool {
        match &self.rule {
            Rule::Place(places) => {
                places.get(&number).is_some_and(|&end| partition.last >= Some(end))
            }
            Rule::Time => partition.late >= SEVERAL,
        }
    }

    fn silent(&self) -> Option<Instant> {
        let mut partitions = self.partitions.iter();
        let some_passed = partitions.any(|(&number, partition)| self.has_passed(number, partition));
        let silent =
            earlier(self.late.map(|late| late + SHOW), some_passed.then(|| self.heard + self.lull));
        silent.max(self.due_by_time().filter(|_| silent.is_some()))
    }

    /// Before this, no message ends the run, whatever its producer's clock says.
    fn due_by_time(&self) -> Option<Instant> {
        self.due.filter(|_| matches!(self.rule, Rule::Time))
    }

    /// When everything from before the end would have arrived, unless its place is certain: a
    /// partition may not have delivered its first message, and publish times may be wrong.
    fn shown(&self) -> Option<Instant> {
        let is_partitioned = self.partitions.keys().any(|&partition| partition >= 0);
        match (&self.rule, is_partitioned) {
            (_, true) => Some(self.heard + self.lull.max(SHOW)).max(self.due_by_time()),
            (Rule::Place(_), false) => None,
            (Rule::Time, false) => Some(self.heard + SHOW).max(self.due_by_time()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::testing::id;

    const LULL: Duration = Duration::from_secs(10);

    fn at(second: i64) -> Option<Timestamp> {
        Timestamp::from_second(1_800_000_000 + second).ok()
    }

    fn start() -> (Timestamp, Instant) {
        (at(0).expect("in range"), Instant::now())
    }

    #[test]
    fn a_place_ends_a_run_whatever_the_clocks_say() {
        let (service_time, now) = start();
        let mut end = End::of_topic(service_time, LULL, now);
        end.saw(&id(-1, 1), at(-50), now);
        assert!(!end.wants_place());
        end.saw(&id(-1, 1), at(-50), now + LULL);
        assert!(end.wants_place(), "a long run asks");
        end.saw(&id(-1, 1), at(-50), now);
        end.saw(&id(-1, 2), at(3600), now);
        assert!(end.wants_place(), "a message that looks late, too");
        for entry in 3..100 {
            end.saw(&id(-1, entry), at(3600), now + LULL);
        }
        assert!(!end.is_reached(now + LULL));
        end.is_before(&id(-1, 101));
        end.is_before(&id(-1, 102));
        assert!(!end.wants_place());
        end.saw(&id(-1, 100), at(3600), now);
        assert!(!end.is_reached(now));
        assert!(!end.saw(&id(-1, 101), at(-3600), now), "it is behind the end");
        assert!(end.is_reached(now));
    }

    #[test]
    fn every_partition_has_its_place() {
        let (service_time, now) = start();
        let mut end = End::of_topic(service_time, LULL, now);
        end.is_before(&id(0, 5));
        end.saw(&id(0, 5), at(1), now);
        assert!(end.wants_place(), "other partitions may have others");
        assert!(!end.is_reached(now + SHOW), "and may not have shown yet");
        assert!(end.is_reached(now + LULL));
        end.saw(&id(1, 2), at(-1), now);
        assert!(!end.is_reached(now + SHOW) && !end.is_silent(now + SHOW));
        assert!(end.is_silent(now + LULL), "but nothing more comes");
        end.is_before(&id(1, 2));
        assert!(end.is_reached(now + LULL), "its place was passed before it was known");
        end.is_before(&id(2, 7));
        assert!(!end.is_reached(now + LULL), "one that has delivered nothing is behind, too");
    }

    #[test]
    fn by_time_it_takes_several_and_none_from_before() {
        let (service_time, now) = start();
        let later = now + SHOW;
        let at_100 = at(100).expect("in range");
        let mut early = End::at_time(at_100, service_time, LULL, now);
        (1..9).for_each(|entry| _ = early.saw(&id(-1, entry), at(100), now));
        let (before, due) = (now + Duration::from_secs(99), now + Duration::from_secs(100));
        assert!(!early.is_reached(before) && !early.is_silent(before), "it is to come");
        assert_eq!(early.next_look(now), Some(due));
        assert!(early.is_reached(due));
        let mut end = End::at_time(at_100, at_100, LULL, now);
        end.saw(&id(-1, 1), at(99), now + LULL);
        assert!(!end.wants_place());
        end.saw(&id(-1, 1), at(99), now);
        end.saw(&id(-1, 2), at(100), now);
        assert!(!end.is_reached(later), "one alone");
        assert!(end.is_silent(later), "if none follows, that is to be proven");
        end.saw(&id(-1, 3), at(101), now);
        assert!(!end.is_reached(now), "others may follow");
        assert!(end.is_reached(later));
        end.saw(&id(-1, 4), None, later);
        assert!(!end.is_reached(later + SHOW), "there it is");
    }

    #[test]
    fn every_hundredth_with_a_clock_ahead_ends_nothing() {
        let (service_time, now) = start();
        let mut end = End::at_time(at(0).expect("in range"), service_time, LULL, now);
        let mut moment = now;
        for entry in 0..2000 {
            moment += Duration::from_millis(10);
            end.saw(&id(-1, entry), at(if entry % 100 < 3 { 3600 } else { -60 }), moment);
            assert!(!end.is_reached(moment) && !end.is_silent(moment), "{entry}");
        }
    }
}
