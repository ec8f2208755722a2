//! The messages taken lately, for subscriptions in which order means nothing: whatever one consumer
//! leaves unacknowledged comes to another, or comes again, at any time. So the ids themselves are
//! remembered, as ranges of messages that follow each other.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::clock::Instant;
use crate::message::MessageId;

/// A message is remembered at least this long. A broker that is killed forgets the acknowledgements
/// of about its last second.
const TIME: Duration = Duration::from_secs(10);

/// And at least until so many receiver queues have been taken after it.
const QUEUES: u64 = 8;

/// Fewer ranges than this are not worth pruning.
const FEW: usize = 256;

/// No more ranges than this are remembered for the sake of time: they have to fit a cursor that is
/// saved several times a second.
const MOST: usize = 50_000;

/// A message's place in its ledger: entry and batch index, which is -1 outside batches.
type Place = (u64, i64);

/// The messages taken lately.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RecentIds {
    /// For each partition and ledger, the ranges by their first message.
    ledgers: BTreeMap<(i64, u64), BTreeMap<Place, Range>>,
    /// How many ranges there are in all.
    count: usize,
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
    messages: u64,
    /// When the last one was taken; `None` if that was in an earlier run.
    at: Option<Instant>,
}

impl Range {
    fn is_followed_by(&self, (entry, batch): Place) -> bool {
        match entry == self.last.0 {
            true => batch == self.last.1 + 1,
            false => self.ends_entry && entry.checked_sub(1) == Some(self.last.0) && batch <= 0,
        }
    }
}

impl RecentIds {
    /// The same messages, remembered as a consumer with this receiver queue must.
    pub(crate) fn keep_for_queue(self, receiver_queue_size: u16) -> RecentIds {
        let least = QUEUES * u64::from(receiver_queue_size);
        RecentIds { least, prune_at: FEW, ..self }
    }

    /// Everything of this message's ledger up to it was taken.
    pub(crate) fn add_all_up_to(&mut self, id: &MessageId) {
        self.add_range((id.partition, id.ledger), (0, -1), place(id));
    }

    /// Whether this message was taken.
    pub(crate) fn contains(&self, id: &MessageId) -> bool {
        let place = place(id);
        let ranges = self.ledgers.get(&(id.partition, id.ledger));
        let before = ranges.and_then(|ranges| ranges.range(..=place).next_back());
        before.is_some_and(|(_, range)| place <= range.last)
    }

    /// Takes one more message. One that was taken before is of another life of its partition,
    /// whose earlier messages mean nothing any more.
    pub(super) fn add(&mut self, id: &MessageId, now: Instant) {
        let place = place(id);
        if self.contains(id) {
            self.ledgers.retain(|(partition, _), _| *partition != id.partition);
            self.count = self.ledgers.values().map(BTreeMap::len).sum();
        }
        let ranges = self.ledgers.entry((id.partition, id.ledger)).or_default();
        let before = ranges.range_mut(..=place).next_back().map(|(_, range)| range);
        let range = Range { last: place, ends_entry: id.ends_entry, messages: 1, at: Some(now) };
        match before.filter(|range| range.is_followed_by(place)) {
            Some(before) => {
                *before = Range { messages: before.messages.saturating_add(1), ..range };
            }
            None => self.count += usize::from(ranges.insert(place, range).is_none()),
        }
        if self.count >= self.prune_at {
            self.prune(now);
        }
    }

    /// A range of an earlier run.
    fn add_range(&mut self, ledger: (i64, u64), first: Place, last: Place) {
        let messages = match first.0 == last.0 {
            true => u64::try_from(last.1 - first.1).unwrap_or(0),
            // At least one of each entry.
            false => last.0.saturating_sub(first.0),
        };
        let messages = messages.saturating_add(1);
        // Whether a batch goes on behind its last message is not known.
        let ends_entry = last.1 < 0;
        let range = Range { last, ends_entry, messages, at: None };
        let ranges = self.ledgers.entry(ledger).or_default();
        self.count += usize::from(ranges.insert(first, range).is_none());
    }

    /// Forgets the oldest ranges, except as many as must be remembered.
    fn prune(&mut self, now: Instant) {
        let mut newest_first: Vec<(Instant, (i64, u64), Place, u64)> = Vec::new();
        for (ledger, ranges) in &mut self.ledgers {
            for (first, range) in ranges {
                let at = *range.at.get_or_insert(now);
                newest_first.push((at, *ledger, *first, range.messages));
            }
        }
        newest_first.sort_unstable_by(|a, b| b.cmp(a));
        let mut newer = 0_u64;
        for (rank, (at, ledger, first, messages)) in newest_first.into_iter().enumerate() {
            let is_old = now.duration_since(at) >= TIME || rank >= MOST;
            if newer >= self.least
                && is_old
                && let Some(ranges) = self.ledgers.get_mut(&ledger)
            {
                self.count -= usize::from(ranges.remove(&first).is_some());
            }
            newer = newer.saturating_add(messages);
        }
        self.ledgers.retain(|_, ranges| !ranges.is_empty());
        self.prune_at = FEW.max(2 * self.count);
    }

    /// The ranges as text, for the cursor: for each `PARTITION:LEDGER` a list such as
    /// `5-7,9,12.0-12.4` of entries and, behind a dot, batch indexes.
    pub(crate) fn to_texts(&self) -> BTreeMap<String, String> {
        let text = |ranges: &BTreeMap<Place, Range>| {
            let mut text = String::new();
            for (first, range) in ranges {
                let comma = if text.is_empty() { "" } else { "," };
                let (first, last) = (shown(*first), shown(range.last));
                let _ = match first == last {
                    true => write!(text, "{comma}{first}"),
                    false => write!(text, "{comma}{first}-{last}"),
                };
            }
            text
        };
        let ledgers = self.ledgers.iter();
        ledgers
            .map(|((partition, id), ranges)| (format!("{partition}:{id}"), text(ranges)))
            .collect()
    }

    /// Reads what [`RecentIds::to_texts`] wrote; `None` if it cannot be read.
    pub(crate) fn from_texts<'t>(
        texts: impl Iterator<Item = (&'t str, &'t str)>,
    ) -> Option<RecentIds> {
        let mut recent = RecentIds::default();
        for (ledger, ranges) in texts {
            let (partition, id) = ledger.split_once(':')?;
            let ledger = (partition.parse().ok()?, id.parse().ok()?);
            for range in ranges.split(',') {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                recent.add_range(ledger, read_place(first)?, read_place(last)?);
            }
        }
        Some(recent)
    }
}

fn place(id: &MessageId) -> Place {
    (id.entry, id.batch_index)
}

fn shown((entry, batch): Place) -> String {
    match batch {
        ..0 => format!("{entry}"),
        _ => format!("{entry}.{batch}"),
    }
}

fn read_place(text: &str) -> Option<Place> {
    match text.split_once('.') {
        Some((entry, batch)) => Some((entry.parse().ok()?, batch.parse::<i32>().ok()?.into())),
        None => Some((text.parse().ok()?, -1)),
    }
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

    fn text(recent: &RecentIds) -> String {
        recent.to_texts().remove("-1:1").expect("the ledger")
    }

    #[test]
    fn what_is_written_is_read_again() {
        let (mut recent, now) = (RecentIds::default().keep_for_queue(1), Instant::now());
        for one in [id(5, None), id(6, None), id(9, Some((0, 9))), id(9, Some((1, 9)))] {
            recent.add(&one, now);
        }
        let texts = recent.to_texts();
        assert_eq!(text(&recent), "5-6,9.0-9.1");
        let read = |texts: &BTreeMap<String, String>| {
            RecentIds::from_texts(texts.iter().map(|(ledger, ranges)| (&**ledger, &**ranges)))
        };
        let again = read(&texts).expect("its own text");
        assert_eq!((again.to_texts(), again.count), (texts, 2));
        assert!(again.contains(&id(9, Some((1, 9)))) && !again.contains(&id(9, Some((2, 9)))));
        for (ledger, ranges) in
            [("1", "5"), ("x:1", "5"), ("-1:1", ""), ("-1:1", "5-"), ("-1:1", "5.x")]
        {
            let damaged = BTreeMap::from([(ledger.to_owned(), ranges.to_owned())]);
            assert_eq!(read(&damaged), None, "{ledger} {ranges}");
        }
    }

    #[test]
    fn messages_that_follow_each_other_are_one_range() {
        let (mut recent, now) = (RecentIds::default().keep_for_queue(1), Instant::now());
        for entry in [5, 6, 7, 9, 3] {
            assert!(!recent.contains(&id(entry, None)));
            recent.add(&id(entry, None), now);
        }
        assert_eq!(text(&recent), "3,5-7,9");
        for (entry, known) in [(2, false), (3, true), (4, false), (6, true), (8, false)] {
            assert_eq!(recent.contains(&id(entry, None)), known, "{entry}");
        }
    }

    #[test]
    fn what_may_be_left_of_a_batch_is_not_taken_for_known() {
        let (mut recent, now) = (RecentIds::default().keep_for_queue(1), Instant::now());
        for one in [id(1, Some((0, 2))), id(1, Some((1, 2))), id(2, Some((0, 3))), id(3, None)] {
            recent.add(&one, now);
        }
        assert!(!recent.contains(&id(2, Some((1, 3)))) && !recent.contains(&id(2, Some((2, 3)))));
        assert!(recent.contains(&id(1, Some((1, 2)))) && recent.contains(&id(3, None)));
        assert_eq!(text(&recent), "1.0-2.0,3", "the first batch is whole");
    }

    #[test]
    fn the_largest_numbers_are_as_good_as_any() {
        let last = u64::MAX;
        let text = format!("0-{},{last},{last}.0-{last}.{}", i64::MAX, i32::MAX);
        let texts = [("-1:1", &*text), ("-1:2", &*format!("0-{last}"))];
        let mut recent = RecentIds::from_texts(texts.into_iter()).expect("ranges");
        let id = |bytes: [u8; 2]| {
            let most = [255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
            let bytes = [&[8, bytes[0], 16][..], &most, &[32, bytes[1]]].concat();
            MessageId::parse(&STANDARD.encode(bytes)).expect("an id")
        };
        for one in [id([1, 0]), id([2, 0]), id([2, 1])] {
            recent.add(&one, Instant::now());
            assert!(recent.contains(&one));
        }
        let beyond = format!("0.0-0.{}", i64::from(i32::MAX) + 1);
        assert_eq!(RecentIds::from_texts([("-1:1", &*beyond)].into_iter()), None);
    }

    #[test]
    fn another_life_of_the_topic_begins_anew() {
        let (mut recent, now) = (RecentIds::default().keep_for_queue(1), Instant::now());
        for entry in [1, 3, 5, 3] {
            recent.add(&id(entry, None), now);
        }
        assert_eq!((text(&recent).as_str(), recent.count), ("3", 1));
    }

    #[test]
    fn the_old_is_forgotten_but_never_the_last_eight_queues() {
        let (mut recent, start) = (RecentIds::default().keep_for_queue(10), Instant::now());
        // Every other one, so that each is a range.
        let entries = (0..125).map(|n| 2 * n).collect::<Vec<u8>>();
        for &entry in &entries {
            recent.add(&id(entry, None), start);
        }
        recent.prune(start + TIME / 2);
        assert_eq!(recent.count, 125, "none is old");
        recent.prune(start + TIME);
        assert_eq!(recent.count, 80);
        assert!(recent.contains(&id(248, None)) && !recent.contains(&id(0, None)));
    }

    #[test]
    fn what_an_earlier_run_took_grows_old_from_now_on() {
        let (mut recent, start) = (RecentIds::default().keep_for_queue(1), Instant::now());
        recent.add_all_up_to(&id(99, None));
        recent.prune(start + TIME);
        recent.add(&id(200, None), start + TIME);
        recent.prune(start + TIME);
        assert!(recent.contains(&id(50, None)));
        for entry in 0..8 {
            recent.add(&id(202 + 2 * entry, None), start + TIME);
        }
        recent.prune(start + TIME + TIME);
        assert!(!recent.contains(&id(50, None)));
    }
}
