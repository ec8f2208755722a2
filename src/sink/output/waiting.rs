//! While lines of an earlier run are awaited: when they count as come, and when as lost.

use std::time::Instant;

use super::Output;

impl Output {
    /// The session sends what is known: what an earlier run has written may be yet to come.
    pub(crate) fn repeats(&mut self) {
        if let Some(held) = &mut self.held {
            held.wait();
        }
    }

    /// None of the lines that are still awaited will come.
    pub(crate) fn no_more_repeats(&mut self) {
        if let Some(held) = &mut self.held {
            held.give_up();
        }
    }

    /// The cursor goes on once every awaited line came, or was given up, and its message counts.
    pub(super) fn end_waiting(&mut self, now: Instant) {
        let Some(held) = &mut self.held else { return };
        if held.deadline().is_some_and(|at| now >= at) {
            held.give_up();
        }
        if held.is_empty() && self.pending.is_empty() {
            self.held = None;
            self.news.since.get_or_insert(now);
        }
    }

    /// Whether lines can come: time counts only then.
    pub(super) fn listen(&mut self, is_listening: bool) {
        self.is_listening = is_listening;
        if let Some(held) = &mut self.held {
            match is_listening {
                true => held.wait(),
                false => held.pause(),
            }
        }
    }
}
