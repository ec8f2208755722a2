//! Message ids, the positions they name, and the memory of those taken.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{assert_printable, choice};
use crate::clock::Instant;
use crate::message::{MessageId, Position};
use crate::progress::{AckAfter, Progress, Reached, Receipt, RecentIds};

/// Text, the bytes within an id, the ranges of a cursor, or a series of messages.
pub(super) fn check(data: &[u8]) {
    let (choice, data) = choice(data);
    match choice % 4 {
        0 => text(&String::from_utf8_lossy(data)),
        1 => text(&STANDARD.encode(data)),
        2 => ranges(&String::from_utf8_lossy(data)),
        _ => series(data),
    }
}

fn text(text: &str) {
    match Position::parse(text) {
        Ok(position) => {
            assert_eq!(position.as_str(), text);
            assert_eq!(Position::parse(position.as_str()), Ok(position.clone()));
            if let Position::After(id) = position {
                assert_printable(&id.to_string());
                let (ledger, entry, batch) = id.place();
                let again = made(id.partition, ledger, entry, batch, 0);
                assert_eq!(again, Ok(id.clone()), "what identifies a message is all there");
                let before = id.before();
                assert_eq!(before.entry, entry.wrapping_sub(1));
                assert_eq!(MessageId::parse(before.as_str()), Ok(before));
            }
        }
        Err(reason) => {
            assert_printable(&reason);
            assert!(reason.len() < 200, "{reason}");
        }
    }
}

/// An id with these fields, as Pulsar makes it.
fn made(
    partition: i64,
    ledger: u64,
    entry: u64,
    batch: i64,
    batch_size: u64,
) -> Result<MessageId, String> {
    let mut bytes = Vec::new();
    let fields = [
        (1, ledger),
        (2, entry),
        (3, partition.cast_unsigned()),
        (4, batch.cast_unsigned()),
        (6, batch_size),
    ];
    for (field, mut value) in fields {
        bytes.push(field << 3);
        while value >= 0x80 {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
    }
    MessageId::parse(&STANDARD.encode(bytes))
}

/// `LEDGER=RANGES` on each line.
fn ranges(text: &str) {
    let pairs: BTreeMap<&str, &str> = text.lines().filter_map(|l| l.split_once('=')).collect();
    let pairs = pairs.iter().map(|(ledger, ranges)| (*ledger, *ranges));
    let Some(recent) = RecentIds::from_texts(pairs) else { return };
    let texts = recent.to_texts();
    assert_eq!(read(&texts).to_texts(), texts);
    // One more message of each ledger, behind whatever a cursor claims.
    for (ledger, ranges) in &texts {
        let (partition, ledger) = ledger.split_once(':').expect("written so");
        let last = ranges.rsplit([',', '-']).next().unwrap_or_default();
        let (entry, batch) = last.split_once('.').unwrap_or((last, "-1"));
        let place = (partition.parse(), ledger.parse(), entry.parse::<u64>(), batch.parse::<i64>());
        let (Ok(partition), Ok(ledger), Ok(entry), Ok(batch)) = place else { continue };
        let next = [
            made(partition, ledger, entry, batch, 0),
            made(partition, ledger, entry, batch.wrapping_add(1), 0),
            made(partition, ledger, entry.wrapping_add(1), -1, 0),
        ];
        for id in next.into_iter().flatten() {
            assert!(taken(std::slice::from_ref(&id), read(&texts)).contains(&id));
        }
    }
}

fn read(texts: &BTreeMap<String, String>) -> RecentIds {
    let pairs = texts.iter().map(|(ledger, ranges)| (&**ledger, &**ranges));
    RecentIds::from_texts(pairs).expect("its own text")
}

/// Two bytes choose each message of a small topic. What was taken is known, what was not is not: the
/// first would be printed twice, the second never.
fn series(data: &[u8]) {
    let topic = |[place, batch]: [u8; 2]| {
        let (ledger, entry) = (u64::from(place >> 6), u64::from(place & 15));
        let id = match (ledger + entry) % 3 {
            0 => made(-1, ledger, entry, -1, 0),
            size => {
                let size = size + 1;
                made(-1, ledger, entry, i64::from(batch) % size.cast_signed(), size)
            }
        };
        id.expect("an id")
    };
    // Few enough that none is forgotten.
    let (pairs, _) = data.as_chunks::<2>();
    let ids: Vec<MessageId> = pairs.iter().take(100).map(|pair| topic(*pair)).collect();
    let recent = taken(&ids, RecentIds::default().keep_for_queue(1000));
    let mut known = BTreeSet::new();
    for id in &ids {
        // A second life of the topic.
        if !known.insert(id.place()) {
            known = BTreeSet::from([id.place()]);
        }
    }
    let again = read(&recent.to_texts());
    for place in (0..=255).filter(|place| place & 0x30 == 0) {
        for batch in 0..3 {
            let id = topic([place, batch]);
            assert_eq!(recent.contains(&id), known.contains(&id.place()), "{id}");
            assert_eq!(again.contains(&id), known.contains(&id.place()), "{id} in the next run");
        }
    }
}

/// What is remembered after these messages, too.
fn taken(ids: &[MessageId], before: RecentIds) -> RecentIds {
    let mut reached = Reached::default();
    reached.recent = Some(before);
    let mut progress = Progress::new(reached, AckAfter::Write);
    for id in ids {
        let place = Some((id.clone(), None));
        let receipt = Receipt { place, reply: None, is_event: true, at: Instant::now() };
        progress.take(receipt, 0);
    }
    progress.wrote(0);
    progress.save();
    assert_eq!(progress.saved().recent, progress.taken().recent);
    progress.taken().recent.clone().expect("it remembers")
}
