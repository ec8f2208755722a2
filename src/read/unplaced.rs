//! Messages whose id cannot be read. They have no place in the topic, so each session that resumes
//! before them delivers them again, and only their content tells that they were rejected before.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// How many are remembered at most. Beyond that, some are reported again.
const MOST: usize = 1000;

/// Those received since the last message that has a place.
#[derive(Debug, Default)]
pub(super) struct Unplaced {
    by_hash: HashMap<u64, Times>,
}

#[derive(Debug, Default)]
struct Times {
    /// In the session that delivered the most.
    ever: u32,
    in_session: u32,
}

impl Unplaced {
    /// A session is open, and delivers them again.
    pub(super) fn session_opened(&mut self) {
        self.by_hash.values_mut().for_each(|times| times.in_session = 0);
    }

    /// A message with a place came: sessions resume after it.
    pub(super) fn passed(&mut self) {
        self.by_hash.clear();
    }

    /// Whether an earlier session has delivered this one.
    pub(super) fn is_repeat(&mut self, content: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        if self.by_hash.len() >= MOST {
            self.by_hash.clear();
        }
        let times = self.by_hash.entry(hasher.finish()).or_default();
        times.in_session += 1;
        let is_repeat = times.in_session <= times.ever;
        times.ever = times.ever.max(times.in_session);
        is_repeat
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_session_repeats() {
        let mut unplaced = Unplaced::default();
        assert!(
            !unplaced.is_repeat(b"a") && !unplaced.is_repeat(b"a") && !unplaced.is_repeat(b"b")
        );
        unplaced.session_opened();
        assert!(unplaced.is_repeat(b"a") && unplaced.is_repeat(b"a") && unplaced.is_repeat(b"b"));
        assert!(!unplaced.is_repeat(b"a"), "a third one is new");
        unplaced.passed();
        unplaced.session_opened();
        assert!(!unplaced.is_repeat(b"a"));
    }
}
