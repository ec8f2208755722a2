//! What is written but not committed yet, and when a commit is due.

use std::time::Duration;

use crate::clock::Instant;

/// The first commit of a run is due this long after its first message, and each one after twice the
/// time, up to [`LONGEST`]. A run that dies soon has then got further all the same.
const SHORTEST: Duration = Duration::from_millis(100);

/// A commit is due this long after the first uncommitted message.
const LONGEST: Duration = Duration::from_secs(1);

/// A commit is also due after this many bytes.
const MOST: u64 = 8 * 1024 * 1024;

/// What is written but not committed.
#[derive(Debug, Default)]
pub(super) struct Uncommitted {
    /// So many messages are enough for a commit, however young they are.
    most: Option<u64>,
    /// When the first uncommitted message was completely written; `bytes` also counts parts of
    /// lines.
    since: Option<Instant>,
    bytes: u64,
    messages: u64,
    /// The messages so far need not get older.
    is_urgent: bool,
    commits: u32,
}

impl Uncommitted {
    /// Nothing yet; with `most` messages a commit is due.
    pub(super) fn new(most: Option<u64>) -> Uncommitted {
        Uncommitted { most, ..Uncommitted::default() }
    }

    /// Everything is committed, or taken back.
    pub(super) fn clear(&mut self) {
        *self =
            Uncommitted { commits: self.commits.saturating_add(1), ..Uncommitted::new(self.most) };
    }

    /// A commit of all messages so far is due now.
    pub(super) fn hurry(&mut self) {
        self.is_urgent = true;
    }

    /// `n` more bytes are written.
    pub(super) fn add_bytes(&mut self, n: u64) {
        self.bytes += n;
    }

    /// `n` more messages are written.
    pub(super) fn add_messages(&mut self, n: u64, now: Instant) {
        self.messages += n;
        self.since.get_or_insert(now);
    }

    /// Whether any message is written but not committed.
    pub(super) fn is_any(&self) -> bool {
        self.since.is_some()
    }

    /// When a commit is due by its time.
    pub(super) fn due(&self) -> Option<Instant> {
        let pause = SHORTEST.saturating_mul(1 << self.commits.min(10)).min(LONGEST);
        self.since.map(|since| since + pause)
    }

    /// Whether a commit is due, by its time or by its size.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        let is_much = self.bytes >= MOST || self.most.is_some_and(|most| self.messages >= most);
        self.due().is_some_and(|due| now >= due || is_much || self.is_urgent)
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
        let mut uncommitted = Uncommitted { commits: 4, ..Uncommitted::default() };
        let now = Instant::now();
        uncommitted.add_bytes(MOST);
        assert!(!uncommitted.is_due(now), "no message is whole");
        uncommitted.add_messages(1, now);
        assert!(uncommitted.is_due(now));
        uncommitted.postpone();
        assert!(!uncommitted.is_due(now));
        uncommitted.add_messages(1, now + LONGEST / 2);
        assert_eq!(uncommitted.due(), Some(now + LONGEST), "the first one counts");
        assert!(uncommitted.is_due(now + LONGEST));
    }

    #[test]
    fn the_first_commits_of_a_run_come_sooner() {
        let (mut uncommitted, now) = (Uncommitted::default(), Instant::now());
        for millis in [100, 200, 400, 800, 1000, 1000] {
            uncommitted.add_messages(1, now);
            assert_eq!(uncommitted.due(), Some(now + Duration::from_millis(millis)));
            uncommitted.clear();
        }
        uncommitted.commits = u32::MAX;
        uncommitted.add_messages(1, now);
        assert_eq!(uncommitted.due(), Some(now + LONGEST));
    }

    #[test]
    fn a_consumer_commits_after_so_many_messages_and_before_it_leaves() {
        let (mut uncommitted, now) = (Uncommitted::new(Some(3)), Instant::now());
        uncommitted.add_messages(2, now);
        assert!(!uncommitted.is_due(now));
        uncommitted.add_messages(1, now);
        assert!(uncommitted.is_due(now));
        uncommitted.clear();
        uncommitted.hurry();
        assert!(!uncommitted.is_due(now), "there is nothing to commit");
        uncommitted.add_messages(1, now);
        assert!(uncommitted.is_due(now));
    }
}
