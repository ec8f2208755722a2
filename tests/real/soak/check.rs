//! What an output has to hold: every message of the topic by its id, once and in the order of the
//! topic, and with them every number that a producer knows to be stored.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;

use crate::support::pulsar::id::Id;

/// Looks at the lines of one output as they come, in the format `envelope`.
#[derive(Default)]
pub(super) struct Check {
    pub(super) lines: u64,
    /// Lines whose id had come before.
    pub(super) doubled: u64,
    last: Option<Id>,
    /// How many entries of each ledger have come.
    entries: BTreeMap<u64, u64>,
    /// The numbers that have come, by producer.
    numbers: BTreeMap<u64, Numbers>,
    /// What was wrong, the first of it.
    oddities: Vec<String>,
    /// The beginning of a line whose end is not there yet.
    torn: Vec<u8>,
}

impl Check {
    /// Takes what was read next.
    pub(super) fn take(&mut self, mut bytes: &[u8]) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let mut line = std::mem::take(&mut self.torn);
            line.extend_from_slice(&bytes[..end]);
            self.line(&line);
            bytes = &bytes[end + 1..];
        }
        self.torn.extend_from_slice(bytes);
    }

    /// Whether the whole of this entry of this ledger has come, and so all before it.
    pub(super) fn has_come_to(&self, entry: (u64, u64)) -> bool {
        self.last.is_some_and(|last| {
            let at = (last.ledger, last.entry);
            at > entry || (at == entry && last.ends_its_entry())
        })
    }

    /// How many of the numbers below those of `stored`, by producer, have not come.
    pub(super) fn lost(&self, stored: &[u64]) -> u64 {
        let lost = |(producer, &stored): (usize, &u64)| match self.numbers.get(&(producer as u64)) {
            Some(numbers) => stored - numbers.count_below(stored),
            None => stored,
        };
        stored.iter().enumerate().map(lost).sum()
    }

    /// How many lines have a number that had come before.
    pub(super) fn republished(&self) -> u64 {
        let distinct: u64 =
            self.numbers.values().map(|numbers| numbers.count_below(u64::MAX)).sum();
        self.lines - distinct
    }

    /// What is not as it should be when the topic has so many entries in each ledger.
    pub(super) fn oddities(&self, entries: &BTreeMap<u64, u64>) -> Vec<String> {
        let mut oddities = self.oddities.clone();
        if self.entries != *entries {
            oddities.push(format!("entries by ledger: {:?} of {entries:?}", self.entries));
        }
        if !self.torn.is_empty() {
            oddities.push(format!("a torn line: {}", String::from_utf8_lossy(&self.torn)));
        }
        oddities
    }

    fn line(&mut self, line: &[u8]) {
        self.lines += 1;
        let Some((id, producer, number)) = parse(line) else {
            return self.odd(format!("no event: {}", String::from_utf8_lossy(line)));
        };
        self.numbers.entry(producer).or_default().insert(number);
        if self.last.is_some_and(|last| id <= last) {
            self.doubled += 1;
            return self.odd(format!("{id:?} after {:?}", self.last));
        }
        if !follows(id, self.last) {
            self.odd(format!("{id:?} right after {:?}", self.last));
        }
        if id.ends_its_entry() {
            *self.entries.entry(id.ledger).or_default() += 1;
        }
        self.last = Some(id);
    }

    fn odd(&mut self, oddity: String) {
        const ENOUGH: usize = 10;
        if self.oddities.len() < ENOUGH {
            self.oddities.push(format!("line {}: {oddity}", self.lines));
        }
    }
}

/// Whether no message can lie between them.
fn follows(id: Id, last: Option<Id>) -> bool {
    let is_first = id.batch_index.unwrap_or(0) == 0;
    match last {
        Some(last) if (last.ledger, last.entry) == (id.ledger, id.entry) => {
            id.batch_index == last.batch_index.map(|index| index + 1)
        }
        Some(last) if last.ledger == id.ledger => {
            last.ends_its_entry() && is_first && id.entry == last.entry + 1
        }
        Some(last) => last.ends_its_entry() && is_first && id.entry == 0,
        None => is_first && id.entry == 0,
    }
}

/// The id of a line, and the producer and the number of its event.
fn parse(line: &[u8]) -> Option<(Id, u64, u64)> {
    let behind =
        |name: &str| memmem::find(line, name.as_bytes()).map(|at| &line[at + name.len()..]);
    let number = |name| {
        let text = behind(name)?;
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        str::from_utf8(&text[..digits]).ok()?.parse().ok()
    };
    let id = behind("\"messageId\":\"")?;
    let id = str::from_utf8(&id[..memchr::memchr(b'"', id)?]).ok()?;
    Some((Id::parse(id), number("\"producer\":")?, number("\"number\":")?))
}

/// A set of numbers, most of those below its greatest.
#[derive(Default)]
struct Numbers {
    bits: Vec<u64>,
}

impl Numbers {
    fn insert(&mut self, number: u64) {
        let word = (number / 64) as usize;
        if word >= self.bits.len() {
            self.bits.resize(word + 1, 0);
        }
        self.bits[word] |= 1 << (number % 64);
    }

    fn count_below(&self, limit: u64) -> u64 {
        let whole = usize::try_from(limit / 64).unwrap().min(self.bits.len());
        let rest = self.bits.get(whole).map_or(0, |word| word & ((1 << (limit % 64)) - 1));
        let ones: u32 = self.bits[..whole].iter().map(|word| word.count_ones()).sum();
        u64::from(ones + rest.count_ones())
    }
}

/// A check that cannot fail proves nothing.
pub(super) fn selftest() {
    const WHOLE: &[&str] = &["0 0 0/2", "0 0 1/2", "0 1", "7 0 0/1"];
    let entries = BTreeMap::from([(0, 2), (7, 1)]);
    let check = |lines: &[&str]| {
        let mut check = Check::default();
        for (number, line) in lines.iter().enumerate() {
            // In two parts, as a read may tear it.
            let line = line_of(line, number);
            let (head, tail) = line.split_at(number);
            check.take(head.as_bytes());
            check.take(tail.as_bytes());
        }
        check
    };
    let good = check(WHOLE);
    assert_eq!(good.oddities(&entries), [""; 0]);
    assert_eq!((good.lines, good.doubled, good.republished()), (4, 0, 0));
    assert_eq!((good.lost(&[4]), good.lost(&[6]), good.lost(&[4, 3])), (0, 2, 3));
    assert!(good.has_come_to((7, 0)) && !good.has_come_to((7, 1)));
    assert!(!check(&WHOLE[..1]).has_come_to((0, 0)));
    for missing in 0..WHOLE.len() {
        let without = [&WHOLE[..missing], &WHOLE[missing + 1..]].concat();
        assert!(!check(&without).oddities(&entries).is_empty(), "{without:?}");
        let twice = [&WHOLE[..=missing], &WHOLE[missing..]].concat();
        assert_eq!(check(&twice).doubled, 1, "{twice:?}");
        assert_eq!(check(&twice).oddities(&entries).len(), 1, "{twice:?}");
    }
    let mut torn = check(WHOLE);
    torn.take(b"{");
    assert_eq!(torn.oddities(&entries), ["a torn line: {"]);
}

/// A line whose id is `ledger entry`, or `ledger entry index/size` in a batch.
fn line_of(id: &str, number: usize) -> String {
    let numbers: Vec<u8> = id.split([' ', '/']).map(|it| it.parse().unwrap()).collect();
    let fields = [1, 2, 4, 6].iter().zip(numbers);
    let id: Vec<u8> = fields.flat_map(|(field, value)| [field << 3, value]).collect();
    let id = STANDARD.encode(id);
    format!("{{\"messageId\":\"{id}\",\"payload\":{{\"producer\":0,\"number\":{number}}}}}\n")
}
