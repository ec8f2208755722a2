//! What is written but not committed yet, and when a commit is due.

use std::time::{Duration, Instant};

/// A commit is due this long after the first uncommitted message.
const LONGEST: Duration = Duration::from_secs(1);

/// A commit is also due after this many bytes.
const MOST: u64 = 8 * 1024 * 1024;

/// What is written but not committed.
#[derive(Debug, Default)]
pub(super) struct Uncommitted {
    /// When the first uncommitted message was completely written; `bytes` also counts parts of
    /// lines.
    since: Option<Instant>,
    bytes: u64,
}

impl Uncommitted {
    /// `n` more bytes are written.
    pub(super) fn add_bytes(&mut self, n: u64) {
        self.bytes += n;
    }

    /// At least one message is written.
    pub(super) fn add_messages(&mut self, now: Instant) {
        self.since.get_or_insert(now);
    }

    /// Whether any message is written but not committed.
    pub(super) fn is_any(&self) -> bool {
        self.since.is_some()
    }

    /// When a commit is due by its time.
    pub(super) fn due(&self) -> Option<Instant> {
        self.since.map(|since| since + LONGEST)
    }

    /// Whether a commit is due, by its time or by its size.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due().is_some_and(|due| now >= due || self.bytes >= MOST)
    }

    /// A commit is not possible yet. The bytes so far will not ask for one again.
    pub(super) fn postpone(&mut self) {
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_due_a_second_after_the_first_message_or_after_eight_mebibytes() {
        let (mut uncommitted, now) = (Uncommitted::default(), Instant::now());
        uncommitted.add_bytes(MOST);
        assert!(!uncommitted.is_due(now), "no message is whole");
        uncommitted.add_messages(now);
        assert!(uncommitted.is_due(now));
        uncommitted.postpone();
        assert!(!uncommitted.is_due(now));
        uncommitted.add_messages(now + LONGEST / 2);
        assert_eq!(uncommitted.due(), Some(now + LONGEST), "the first one counts");
        assert!(uncommitted.is_due(now + LONGEST));
    }
}
