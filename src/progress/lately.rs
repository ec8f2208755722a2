//! The messages taken lately, for subscriptions in which order means nothing: whatever one consumer
//! leaves unacknowledged comes to another, or comes again, at any time. So the ids themselves are
//! remembered, as ranges of messages that follow each other.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::message::MessageId;

/// A message is remembered at least this long. A broker that is killed forgets the acknowledgements
/// of about its last second.
const TIME: Duration = Duration::from_secs(10);

/// And at least until so many receiver queues have been taken after it.
const QUEUES: u64 = 8;

/// Fewer ranges than this are not worth pruning.
const FEW: usize = 256;

/// Where a message stands: partition, ledger, entry and batch index.
pub(crate) type Place = (i64, u64, u64, i64);

/// The messages taken lately.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lately {
    /// By the first message of each.
    ranges: BTreeMap<Place, Range>,
    /// How many messages are remembered, however old they are.
    least: u64,
    /// With this many ranges, old ones are forgotten.
    prune_at: usize,
}

/// Messages that follow each other, without one missing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Range {
    last: Place,
    /// Nothing of the last message's entry is left, so the next entry follows.
    ends_entry: bool,
    count: u64,
    /// When the last one was taken; `None` if that was in an earlier run.
    at: Option<Instant>,
}

impl Range {
    fn is_followed_by(&self, (partition, ledger, entry, batch): Place) -> bool {
        let last = self.last;
        (partition, ledger) == (last.0, last.1)
            && match entry == last.2 {
                true => batch == last.3 + 1,
                false => self.ends_entry && entry == last.2 + 1 && batch <= 0,
            }
    }
}

impl Lately {
    /// The same messages, remembered as a consumer with this receiver queue must.
    pub(crate) fn for_queue(self, receiver_queue_size: u16) -> Lately {
        let least = QUEUES * u64::from(receiver_queue_size);
        Lately { least, prune_at: FEW, ..self }
    }

    /// Everything up to this message of its partition was taken.
    pub(crate) fn add_all_up_to(&mut self, id: &MessageId) {
        let last = place(id);
        self.add_range((last.0, 0, 0, -1), last, 1);
    }

    /// What an earlier run took: the first and last place and the number of messages of each range.
    pub(crate) fn add_range(&mut self, first: Place, last: Place, count: u64) {
        // Whether a batch goes on behind its last message is not known.
        let range = Range { last, ends_entry: last.3 < 0, count, at: None };
        self.ranges.insert(first, range);
    }

    /// The ranges, as [`Lately::add_range`] takes them.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = (Place, Place, u64)> {
        self.ranges.iter().map(|(first, range)| (*first, range.last, range.count))
    }

    /// Whether this message was taken.
    pub(crate) fn contains(&self, id: &MessageId) -> bool {
        let place = place(id);
        self.ranges.range(..=place).next_back().is_some_and(|(_, range)| place <= range.last)
    }

    /// Takes one more message.
    pub(super) fn add(&mut self, id: &MessageId, now: Instant) {
        let place = place(id);
        let ends_entry = id.ends_entry;
        let before = self.ranges.range_mut(..=place).next_back().map(|(_, range)| range);
        match before.filter(|range| range.is_followed_by(place)) {
            Some(range) => {
                let count = range.count + 1;
                *range = Range { last: place, ends_entry, count, at: Some(now) };
            }
            None => {
                let range = Range { last: place, ends_entry, count: 1, at: Some(now) };
                self.ranges.insert(place, range);
            }
        }
        if self.ranges.len() >= self.prune_at {
            self.prune(now);
        }
    }

    /// Forgets the oldest ranges, except as many as must be remembered.
    fn prune(&mut self, now: Instant) {
        let mut newest_first: Vec<(Instant, Place, u64)> = Vec::new();
        for (first, range) in &mut self.ranges {
            newest_first.push((*range.at.get_or_insert(now), *first, range.count));
        }
        newest_first.sort_unstable_by(|a, b| b.cmp(a));
        let mut newer = 0_u64;
        for (at, first, count) in newest_first {
            if newer >= self.least && now.saturating_duration_since(at) >= TIME {
                self.ranges.remove(&first);
            }
            newer = newer.saturating_add(count);
        }
        self.prune_at = FEW.max(2 * self.ranges.len());
    }
}

fn place(id: &MessageId) -> Place {
    (id.partition, id.ledger, id.entry, id.batch_index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    /// A message by itself, or one of a batch: its index and the size of the batch.
    fn id(entry: u8, batch: Option<(u8, u8)>) -> MessageId {
        let mut bytes = vec![8, 1, 16, entry | 0x80, entry >> 7];
        if let Some((index, size)) = batch {
            bytes.extend([32, index, 48, size]);
        }
        MessageId::parse(&STANDARD.encode(bytes)).expect("an id")
    }

    #[test]
    fn messages_that_follow_each_other_are_one_range() {
        let (mut lately, now) = (Lately::default().for_queue(1), Instant::now());
        for entry in [5, 6, 7, 9, 3] {
            assert!(!lately.contains(&id(entry, None)));
            lately.add(&id(entry, None), now);
        }
        let entries: Vec<_> = lately.ranges().map(|(a, b, count)| (a.2, b.2, count)).collect();
        assert_eq!(entries, [(3, 3, 1), (5, 7, 3), (9, 9, 1)]);
        for (entry, known) in [(2, false), (3, true), (4, false), (6, true), (8, false)] {
            assert_eq!(lately.contains(&id(entry, None)), known, "{entry}");
        }
    }

    #[test]
    fn what_may_be_left_of_a_batch_is_not_taken_for_known() {
        let (mut lately, now) = (Lately::default().for_queue(1), Instant::now());
        for one in [id(1, Some((0, 2))), id(1, Some((1, 2))), id(2, Some((0, 3))), id(3, None)] {
            lately.add(&one, now);
        }
        assert!(!lately.contains(&id(2, Some((1, 3)))) && !lately.contains(&id(2, Some((2, 3)))));
        assert!(lately.contains(&id(1, Some((1, 2)))) && lately.contains(&id(3, None)));
        assert_eq!(lately.ranges().count(), 2, "the first batch is whole");
    }

    #[test]
    fn the_old_is_forgotten_but_never_the_last_eight_queues() {
        let (mut lately, start) = (Lately::default().for_queue(10), Instant::now());
        // Every other one, so that each is a range.
        let entries = (0..125).map(|n| 2 * n).collect::<Vec<u8>>();
        for &entry in &entries {
            lately.add(&id(entry, None), start);
        }
        lately.prune(start + TIME / 2);
        assert_eq!(lately.ranges().count(), 125, "none is old");
        lately.prune(start + TIME);
        assert_eq!(lately.ranges().count(), 80);
        assert!(lately.contains(&id(248, None)) && !lately.contains(&id(0, None)));
    }

    #[test]
    fn what_an_earlier_run_took_grows_old_from_now_on() {
        let (mut lately, start) = (Lately::default().for_queue(1), Instant::now());
        lately.add_range((-1, 1, 0, -1), (-1, 1, 99, -1), 100);
        lately.prune(start + TIME);
        lately.add(&id(200, None), start + TIME);
        lately.prune(start + TIME);
        assert!(lately.contains(&id(50, None)));
        for entry in 0..8 {
            lately.add(&id(202 + 2 * entry, None), start + TIME);
        }
        lately.prune(start + TIME + TIME);
        assert!(!lately.contains(&id(50, None)));
    }
}
