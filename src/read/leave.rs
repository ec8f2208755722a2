//! When a session is left without a failure: the run's own ends, and the limits on silence.

use std::time::Instant;

use super::{End, Ended, Leave, Run};
use crate::wait::earlier;
use crate::words::duration;

impl Run<'_> {
    /// The output was blocked, so the service may have been waiting for acknowledgements: none of
    /// that time counts as its silence.
    pub(super) fn restart_silence(&mut self) {
        self.idle.message();
        self.idle.settle();
        if let Some(end) = &mut self.end {
            end.opened();
        }
    }

    /// Whether one of the run's times is over.
    pub(super) fn is_time_to_leave(&mut self) -> Option<Leave> {
        let now = Instant::now();
        let is_past = |at: Option<Instant>| at.is_some_and(|at| now >= at);
        if is_past(self.over) {
            return Some(Leave::End(Ended::Done));
        }
        if self.end.as_ref().is_some_and(|end| end.is_reached(now)) {
            // Every partition has shown what is newer than all that an earlier run wrote.
            self.out().no_more_repeats();
            return Some(Leave::End(Ended::Done));
        }
        if let Some(limit) = self.settings.stop.idle_after_until
            && is_past(self.end.as_ref().and_then(End::due))
        {
            self.idle.bound(limit);
        }
        if is_past(self.idle.deadline()) {
            // An empty topic and a dead broker look the same; a fresh upgrade tells them apart.
            if self.end.is_some() && !self.has_received && self.idle.look_again() {
                self.report.debug("nothing received: opening the stream anew to be sure");
                return Some(Leave::Reopen);
            }
            // That nothing more came is no proof that nothing will: what is awaited stays so.
            return Some(Leave::End(Ended::Done));
        }
        let limit = self.settings.limits.max_silence?;
        if now < self.idle.silent_for(limit) {
            return None;
        }
        if !std::mem::replace(&mut self.is_silent, true) {
            self.report.event(format!(
                "no message for {} (--max-silence): opening the stream anew, which proves the way to the broker",
                duration(limit)
            ));
        }
        Some(Leave::Reopen)
    }

    /// When [`Run::is_time_to_leave`] may have another answer.
    pub(super) fn next_look(&self) -> Option<Instant> {
        [
            self.idle.deadline(),
            self.settings.limits.max_silence.map(|limit| self.idle.silent_for(limit)),
            self.end.as_ref().and_then(End::next_look),
            self.end.as_ref().and_then(End::due).filter(|&due| due > Instant::now()),
            self.report.next_live(),
            // What the chores do then may have acknowledgements to send, or an end.
            self.out().due(),
        ]
        .into_iter()
        .fold(self.over, earlier)
    }
}
