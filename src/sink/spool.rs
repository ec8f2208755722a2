//! The exactly-once core: the order in which lines, rejects and the cursor are written. Write,
//! sync, save the cursor, and only then do what cannot be taken back.
//!
//! A line may be in a file before the cursor covers it, never the other way round. So whatever
//! ends the process, all that the next run can find beyond the cursor are lines that the service
//! will send again, and it skips those repeats, or, with a subscription, cuts the lines
//! ([`super::recover`]).

#[cfg(test)]
mod tests;

use super::Written;
use super::destination::{Destination, Wrote};
use super::files::Switch;
use super::lock::Lock;
use super::pending::Pending;
use super::recover::{self, Recovered};
use super::refused;
use super::rejects::Rejects;
use super::saved::{Places, SavedCursor};
use super::storage::Storage;
use super::uncommitted::Uncommitted;
use super::unconfirmed::Unconfirmed;
use crate::clock::Now;
use crate::fault::Failure;
use crate::files::FilePlace;
use crate::progress::{AckAfter, Progress};
use crate::values::choice::Durability;

/// Everything that has to change in that order.
#[derive(Debug)]
pub(super) struct Spool {
    pub(super) pending: Pending,
    pub(super) progress: Progress,
    pub(super) destination: Destination,
    pub(super) rejects: Option<Rejects>,
    pub(super) cursor: Option<SavedCursor>,
    /// While there are unconfirmed lines, the cursor does not advance.
    pub(super) unconfirmed: Option<Unconfirmed>,
    pub(super) uncommitted: Uncommitted,
    pub(super) storage: Storage,
    pub(super) durability: Durability,
    pub(super) locks: Vec<Lock>,
}

/// Why a pass ended early.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) failure: Box<Failure>,
    /// A sync failed: lines beyond the cursor may be lost.
    pub(super) is_lost: bool,
}

/// What a rollback took back.
#[derive(Debug, Default)]
pub(super) struct RolledBack {
    /// Lines that will be counted again.
    pub(super) lines: u64,
    /// For people: files whose lines are no longer known.
    pub(super) lost: Vec<String>,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Refusal {
        Refusal { failure: Box::new(failure), is_lost: false }
    }
}

impl Spool {
    /// Switches to the next file if it is time, writes pending lines without blocking, and commits
    /// if that is due.
    ///
    /// # Errors
    /// What was refused. The next pass continues from there.
    pub(super) fn pass(&mut self, now: Now) -> Result<Written, Refusal> {
        if let Destination::Files(files) = &mut self.destination {
            files.look(now);
            if let Some(switch) = files.due_switch() {
                self.switch(switch, now)?;
            }
        }
        self.announce()?;
        let written = self.write_lines(now);
        // Even if the lines failed, the rejects before them are due.
        if let Err(failure) = self.write_rejects() {
            let is_lost = written.is_err_and(|refusal| refusal.is_lost);
            return Err(Refusal { failure: Box::new(failure), is_lost });
        }
        let written = written?;
        self.end_waiting(now);
        let is_due = self.durability == Durability::Message || self.uncommitted.is_due(now.instant);
        if self.uncommitted.is_any() && is_due {
            self.commit(false)?;
        }
        Ok(written)
    }

    /// Saves which file will hold lines before any is written to it.
    fn announce(&mut self) -> Result<(), Refusal> {
        if !self.cursor.as_ref().is_some_and(SavedCursor::wants_announcing) {
            return Ok(());
        }
        // File lengths and messages in the cursor must match, so new lengths need a commit.
        match self.uncommitted.is_any() && self.unconfirmed.is_none() {
            true => self.commit(false),
            false => {
                let places = self.places()?;
                Ok(self.save(places, false)?)
            }
        }
    }

    fn write_lines(&mut self, now: Now) -> Result<Written, Refusal> {
        loop {
            let before = self.pending.left();
            let wrote = self.destination.write(&mut self.pending);
            let left = self.pending.left();
            self.uncommitted.add_bytes(left - before);
            let completed = self.progress.wrote(left);
            if completed > 0 {
                self.uncommitted.add_messages(completed, now.instant);
            }
            if let Some(rejects) = &mut self.rejects {
                rejects.wrote(left);
            }
            match wrote? {
                Wrote::Lines(written) => return Ok(written),
                Wrote::FullFile => {
                    self.switch(Switch::Rotate, now)?;
                    self.announce()?;
                }
            }
        }
    }

    fn write_rejects(&mut self) -> Result<(), Failure> {
        self.rejects.as_mut().map_or(Ok(()), Rejects::write)
    }

    /// Lets the cursor advance again once every unconfirmed line is confirmed or given up, and
    /// every message taken is written.
    fn end_waiting(&mut self, now: Now) {
        if let Some(unconfirmed) = &mut self.unconfirmed
            && unconfirmed.is_over(now.instant)
            && self.pending.rest().is_empty()
            && self.progress.is_all_written()
        {
            self.unconfirmed = None;
            self.uncommitted.add_messages(0, now.instant);
        }
    }

    /// Commits everything written so far: syncs, then saves the cursor. A commit holds completely
    /// or not at all.
    ///
    /// # Errors
    /// What was refused.
    pub(super) fn commit(&mut self, clean: bool) -> Result<(), Refusal> {
        self.write_rejects()?;
        if self.unconfirmed.is_some() {
            self.uncommitted.postpone();
            return Ok(());
        }
        let is_synced = match self.durability {
            Durability::None => false,
            Durability::Cursor => {
                self.cursor.is_some() || self.progress.ack_after() == AckAfter::Commit
            }
            Durability::Message => true,
        };
        if is_synced {
            self.sync()?;
        }
        let places = self.places()?;
        self.progress.save();
        if let Some(cursor) = &mut self.cursor
            && self.progress.ack_after() == AckAfter::Commit
        {
            cursor.count_commit();
        }
        self.save(places, clean)?;
        self.sign_locks();
        self.progress.committed();
        self.uncommitted.clear();
        Ok(())
    }

    fn sync(&mut self) -> Result<(), Refusal> {
        let rejects = self.rejects.as_mut();
        let result = self.destination.sync().and_then(|()| rejects.map_or(Ok(()), Rejects::sync));
        // Lines can be taken back only from files, and only if there is a cursor to go back to.
        let is_lost = self.cursor.is_some() && self.destination.files().is_some();
        if let Err(failure) = result {
            if !is_lost && self.progress.ack_after() == AckAfter::Commit {
                // Another sync would succeed without them, and they would be acknowledged.
                self.storage.give_up(failure.clone());
            }
            return Err(Refusal { failure: Box::new(failure), is_lost });
        }
        self.storage.synced();
        Ok(())
    }

    /// The files that may hold lines of messages beyond the cursor; none without a cursor.
    fn places(&self) -> Result<Places, Failure> {
        if self.cursor.is_none() {
            return Ok(Places::default());
        }
        if let Some(Unconfirmed { output, rejects, .. }) = &self.unconfirmed {
            return Ok(Places { output: output.files.clone(), rejects: rejects.files.clone() });
        }
        let rejects = self.rejects.as_ref().map(Rejects::place).transpose();
        let places = self.destination.place().and_then(|output| Ok((output, rejects?)));
        let (output, rejects) = places.map_err(|e| self.destination.failure(&e))?;
        Ok(Places { output: Vec::from_iter(output), rejects: Vec::from_iter(rejects) })
    }

    /// Saves the cursor without advancing it.
    fn save(&mut self, places: Places, clean: bool) -> Result<(), Failure> {
        match &mut self.cursor {
            Some(cursor) => cursor.save(self.progress.saved(), places, clean),
            None => Ok(()),
        }
    }

    /// Counts a commit where the next run looks for what is our own, before acknowledgements leave:
    /// what an older cursor does not cover may have been acknowledged.
    fn sign_locks(&self) {
        let Some(cursor) = &self.cursor else { return };
        if self.progress.ack_after() == AckAfter::Commit {
            for lock in &self.locks {
                // If it fails, an older cursor is not told from the last one.
                let _ = lock.sign(&cursor.cursor().run, cursor.cursor().commits);
            }
        }
    }

    /// Switches to the next file, in an order that lets the cursor find all files after a crash at
    /// any point: the old file is committed first, and the cursor names the new one before it is
    /// created.
    fn switch(&mut self, switch: Switch, now: Now) -> Result<(), Refusal> {
        let Destination::Files(files) = &mut self.destination else { return Ok(()) };
        files.switch = Some(switch);
        if self.cursor.is_some() && self.uncommitted.is_any() {
            self.commit(false)?;
        }
        if self.unconfirmed.is_some() && self.durability != Durability::None {
            // Its lines are committed only later, when this file is no longer open to be synced.
            self.sync()?;
        }
        let Some(files) = self.destination.files_mut() else { return Ok(()) };
        let next = files.leave(switch, now);
        let (path, place) = next.map_err(|e| refused(files.shown(), &e))?;
        if let Some(unconfirmed) = &mut self.unconfirmed {
            unconfirmed.output.rename_open(files.open.path.clone());
        }
        if let Some(place) = place {
            self.save_next(place)?;
        }
        let Some(files) = self.destination.files_mut() else { return Ok(()) };
        let opened = files.open_next(&path, now).and_then(|()| files.open.place());
        let place = opened.map_err(|e| refused(files.shown(), &e))?;
        if let Some(unconfirmed) = &mut self.unconfirmed {
            unconfirmed.output.open(place);
        }
        if let Some(rejects) = &mut self.rejects {
            rejects.reopen(files.rejects_beside());
            let place = rejects.place().map_err(|e| refused(rejects.shown(), &e))?;
            if let Some(unconfirmed) = &mut self.unconfirmed {
                unconfirmed.rejects.open(place);
            }
        }
        files.switch = None;
        if let Some(cursor) = &mut self.cursor {
            cursor.changed();
        }
        Ok(())
    }

    /// Saves in the cursor which file is about to be created, or appended to.
    fn save_next(&mut self, place: FilePlace) -> Result<(), Failure> {
        let output = match &mut self.unconfirmed {
            Some(unconfirmed) => {
                unconfirmed.output.open(place);
                unconfirmed.output.files.clone()
            }
            None => vec![place],
        };
        match self.cursor.as_mut().filter(|cursor| cursor.has_begun()) {
            Some(cursor) => cursor.save_next(self.progress.saved(), output),
            None => Ok(()),
        }
    }

    /// Takes back lines that a failed sync may have lost: they are cut, and will be read again.
    ///
    /// # Errors
    /// What was refused. Nothing then counts as taken back.
    pub(super) fn roll_back(&mut self) -> Result<RolledBack, Failure> {
        let Some(cursor) = &self.cursor else { return Ok(RolledBack::default()) };
        let recovered = recover::after_failed_sync(cursor.cursor(), &mut self.destination);
        let Recovered { unconfirmed, lost } =
            recovered.map_err(|(path, e)| refused(path.display().to_string(), &e))?;
        self.unconfirmed = Some(unconfirmed).filter(|unconfirmed| !unconfirmed.is_empty());
        self.uncommitted.clear();
        self.pending.clear();
        if let Some(rejects) = &mut self.rejects {
            rejects.forget();
        }
        let lines = self.progress.roll_back();
        self.storage.rolled_back();
        Ok(RolledBack { lines, lost })
    }
}
