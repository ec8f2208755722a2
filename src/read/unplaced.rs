//! Messages whose id cannot be read. They have no place in the topic, so each session that resumes
//! before them delivers them again, and only their content tells that they were rejected before.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::message::Place;

/// How many are remembered at most. Beyond that, some are reported again.
const MOST: usize = 1000;

/// Those received in this run.
#[derive(Debug, Default)]
pub(super) struct Unplaced {
    /// Their contents' hashes, each with the place of the last message taken before it.
    known: VecDeque<(Option<Place>, u64)>,
    /// Those that this session has still to deliver again.
    due: Vec<u64>,
}

impl Unplaced {
    /// A session is open. It delivers again those that came after this place, or all of them.
    pub(super) fn session_opened(&mut self, from: Option<Place>) {
        let is_due = |after: Option<Place>| from.is_none() || after >= from;
        let due = self.known.iter().filter(|(after, _)| is_due(*after));
        self.due = due.map(|&(_, hash)| hash).collect();
    }

    /// Whether an earlier session has delivered this one. `after` is the place of the last message
    /// taken before it.
    pub(super) fn is_repeat(&mut self, content: &[u8], after: Option<Place>) -> bool {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        let hash = hasher.finish();
        if let Some(found) = self.due.iter().position(|&due| due == hash) {
            self.due.swap_remove(found);
            return true;
        }
        if self.known.len() >= MOST {
            self.known.pop_front();
        }
        self.known.push_back((after, hash));
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_session_repeats() {
        let at = |entry| Some((1, entry, -1));
        let mut unplaced = Unplaced::default();
        for content in [b"a", b"a", b"b"] {
            assert!(!unplaced.is_repeat(content, at(4)));
        }
        for from in [None, at(3), at(4)] {
            unplaced.session_opened(from);
            for content in [b"a", b"b", b"a"] {
                assert!(unplaced.is_repeat(content, at(4)), "{from:?}");
            }
        }
        assert!(!unplaced.is_repeat(b"a", at(4)), "a third one is new");
        unplaced.session_opened(at(5));
        assert!(!unplaced.is_repeat(b"a", at(5)), "sessions resume after the others");
        unplaced.session_opened(at(4));
        assert!(unplaced.is_repeat(b"b", at(4)), "what was written had to be taken back");
    }
}
