//! One pass of the output: turn to the next file when it is time, write, count, commit; and what
//! happens when any of it is refused.

use std::time::Instant;

use super::{Destination, Output, Turn, disk_failure};
use crate::fault::Failure;
use crate::report::add;
use crate::sink::Written;
use crate::values::choice::Durability;
use crate::words::duration;

/// The cursor is also saved after so many bytes.
const COMMIT_BYTES: u64 = 8 * 1024 * 1024;

impl Output {
    /// Writes what is pending, as far as it goes, and does what is due. What cannot be written
    /// stays, and is tried again.
    pub(crate) fn write(&mut self) -> Written {
        let now = Instant::now();
        if self.disk.is_refusing() && self.disk.next_try().is_none_or(|next| now < next) {
            return Written::Blocked;
        }
        match self.advance(now) {
            Ok(written) => {
                self.went_well();
                written
            }
            Err(failure) => {
                self.refused(failure);
                Written::Blocked
            }
        }
    }

    fn went_well(&mut self) {
        if self.disk.trouble().is_none() {
            return;
        }
        let was_refusing = self.disk.is_refusing();
        // After a failed sync nothing is well before one has worked.
        if self.unproven {
            self.disk.try_on();
        } else if let Some((subject, after)) = self.disk.recovered() {
            self.tell(format!("output {subject}: written again after {}", duration(after)));
        }
        if was_refusing && self.is_listening {
            self.repeats();
        }
    }

    fn refused(&mut self, failure: Failure) {
        if let Some(held) = &mut self.held {
            held.pause();
        }
        add(&self.counters.disk_errors, 1);
        let Some(wait) = self.disk.refused(failure.clone()) else { return };
        let next = format!("trying again in {}", duration(wait));
        match self.is_told() {
            true => self.report.trouble(&failure, &next),
            false => self.report.debug(format!("{failure}; {next}")),
        }
    }

    fn tell(&self, text: String) {
        match self.is_told() {
            true => self.report.event(text),
            false => self.report.debug(text),
        }
    }

    /// Whether trouble that passes is worth a line: a run that ends tells only of what ended it.
    fn is_told(&self) -> bool {
        self.is_following || self.report.is_terminal()
    }

    pub(super) fn advance(&mut self, now: Instant) -> Result<Written, Failure> {
        if self.doubtful {
            self.roll_back()?;
        }
        if matches!(&self.target, Destination::Files(series) if series.is_over()) {
            self.turning = Some(Turn::Over);
        }
        // A line that could not be cut is finished first.
        if let Some(turn) = self.turning.filter(|_| !self.is_torn()) {
            self.turn(turn)?;
        }
        self.announce()?;
        let written = self.write_lines();
        self.release();
        self.write_rejects()?;
        let written = written?;
        self.end_waiting(now);
        let is_due = self.durability == Durability::Message
            || self.news.bytes >= COMMIT_BYTES
            || self.news.due().is_some_and(|due| now >= due);
        if self.news.since.is_some() && is_due {
            self.commit(false)?;
        }
        Ok(written)
    }

    fn write_lines(&mut self) -> Result<Written, Failure> {
        while !self.pending.rest().is_empty() {
            let series = match &mut self.target {
                Destination::Files(series) => series,
                Destination::Pipe(stream) => {
                    let before = self.pending.rest().len();
                    let written = stream.write(&mut self.pending);
                    self.news.bytes += (before - self.pending.rest().len()) as u64;
                    return written.map_err(|e| self.failure(&e));
                }
            };
            let lines = self.pending.rest();
            let takes = series.takes(lines);
            let takes = takes.map_err(|e| disk_failure(series.shown(), &e))?;
            if takes == 0 {
                self.release();
                self.turn(Turn::Over)?;
                self.announce()?;
                continue;
            }
            let (written, result) = series.open.append(&lines[..takes]);
            self.pending.advance(written);
            self.news.bytes += written as u64;
            result.map_err(|e| self.failure(&e))?;
        }
        Ok(Written::All)
    }

    fn is_torn(&self) -> bool {
        matches!(&self.target, Destination::Files(series) if series.open.is_torn())
    }
}
