//! Warnings that any message may cause: a service may send millions of such messages.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Instant;

/// So many warnings of one kind are printed within [`PERIOD`].
const FEW: u64 = 10;

const PERIOD: Duration = Duration::from_secs(60);

/// The warnings of each kind.
#[derive(Debug, Default)]
pub(super) struct Unsaid(BTreeMap<&'static str, Kind>);

#[derive(Debug)]
struct Kind {
    /// When the period began.
    since: Instant,
    /// How many warnings there have been in it.
    count: u64,
}

impl Kind {
    fn unsaid(&self) -> u64 {
        self.count.saturating_sub(FEW)
    }
}

impl Unsaid {
    /// Counts one more warning. Returns whether it is printed, and how many were left out in the
    /// period before.
    pub(super) fn count(&mut self, kind: &'static str, now: Instant) -> (bool, u64) {
        let kind = self.0.entry(kind).or_insert(Kind { since: now, count: 0 });
        let mut before = 0;
        if now - kind.since >= PERIOD {
            before = kind.unsaid();
            *kind = Kind { since: now, count: 0 };
        }
        kind.count += 1;
        (kind.count <= FEW, before)
    }

    /// When it is time to tell how many were left out; `None` if none were.
    pub(super) fn due(&self) -> Option<Instant> {
        self.0.values().filter(|kind| kind.unsaid() > 0).map(|kind| kind.since + PERIOD).min()
    }

    /// How many were left out and not told, by kind. The periods begin again.
    pub(super) fn take(&mut self) -> Vec<(&'static str, u64)> {
        let kinds = std::mem::take(&mut self.0).into_iter();
        kinds.map(|(kind, it)| (kind, it.unsaid())).filter(|(_, count)| *count > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_few_of_each_kind_are_printed_and_the_others_counted() {
        let (mut unsaid, start) = (Unsaid::default(), Instant::now());
        let mut printed = |kind, after| unsaid.count(kind, start + Duration::from_secs(after));
        for _ in 0..FEW {
            assert_eq!(printed("payload", 0), (true, 0));
        }
        assert_eq!(printed("payload", 1), (false, 0));
        assert_eq!(printed("frame", 1), (true, 0), "of another kind");
        assert_eq!(printed("payload", 59), (false, 0));
        assert_eq!(printed("payload", 60), (true, 2), "a new period");
        for _ in 0..FEW {
            printed("payload", 61);
        }
        assert_eq!(unsaid.due(), Some(start + Duration::from_secs(120)));
        assert_eq!(unsaid.take(), [("payload", 1)]);
        assert_eq!((unsaid.due(), unsaid.take()), (None, Vec::new()));
    }
}
