//! The exactly-once core: the order in which lines, rejects and the cursor are written. Write,
//! sync, save the cursor, and only then do what cannot be taken back.
//!
//! A line may be in a file before the cursor covers it, never the other way round. So whatever
//! ends the process, all that the next run can find beyond the cursor are lines that the service
//! will send again, and it skips those repeats, or, with a subscription, cuts the lines
//! ([`super::recover`]).

#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;

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
use crate::fault::{Failure, Fault, Step};
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
    pub(super) cursor: SavedCursor,
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
    pub(super) lost: Lost,
}

/// What else than time a refusal has cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lost {
    Nothing,
    /// Lines beyond the cursor may be lost.
    Lines,
    /// A file has no name any more: lines beyond the cursor are in no file that anyone finds.
    Name,
}

/// What a rollback took back.
#[derive(Debug, Default)]
pub(super) struct RolledBack {
    /// Lines that will be counted again.
    pub(super) lines: u64,
    /// For people: files whose lines are no longer known.
    pub(super) lost: Vec<String>,
}

impl Refusal {
    pub(super) fn lost(failure: Failure, lost: Lost) -> Refusal {
        Refusal { failure: Box::new(failure), lost }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Refusal {
        Refusal::lost(failure, Lost::Nothing)
    }
}

impl Spool {
    /// Switches to the next file if it is time, writes pending lines without blocking, and commits
    /// if that is due.
    ///
    /// # Errors
    /// What was refused. The next pass continues from there.
    pub(super) fn pass(&mut self, now: Now) -> Result<Written, Refusal> {
        let result = self.steps(now);
        result.map_err(|refusal| self.judge(refusal))
    }

    fn steps(&mut self, now: Now) -> Result<Written, Refusal> {
        if self.storage.is_refusing() {
            self.destination.renew();
            // It may have been removed to make room.
            self.look_for_names()?;
        }
        if let Destination::Files(files) = &mut self.destination {
            files.look(now);
            if let Some(switch) = files.due_switch() {
                self.switch(switch, now)?;
            }
        }
        self.announce()?;
        let written = self.write_lines(now);
        // Even if the lines failed, the rejects before them are due.
        self.write_rejects()?;
        let written = written?;
        self.end_waiting(now);
        let is_due = self.durability == Durability::Message || self.uncommitted.is_due(now.instant);
        if self.uncommitted.is_any() && is_due {
            self.commit(false)?;
        }
        Ok(written)
    }

    /// Finds out whether lines may be lost with what was refused. Only lines in files can be taken
    /// back.
    fn judge(&mut self, refusal: Refusal) -> Refusal {
        let is_rejects = self.rejects.as_ref().is_some_and(Rejects::is_suspect);
        match self.destination.files() {
            Some(files) if is_rejects || files.open.is_suspect() => {
                return Refusal { lost: refusal.lost.max(Lost::Lines), ..refusal };
            }
            None if is_rejects && self.progress.ack_after() == AckAfter::Commit => {
                // Another sync would succeed without them, and they would be acknowledged.
                self.storage.give_up(*refusal.failure.clone());
            }
            None if is_rejects => self.rejects.iter_mut().for_each(Rejects::renew),
            _ => {}
        }
        refusal
    }

    /// Makes sure that everything written is in files that have a name.
    fn look_for_names(&self) -> Result<(), Refusal> {
        let gone = |subject: String, is_gone: io::Result<bool>| match is_gone {
            Ok(false) => Ok(()),
            Ok(true) => {
                let cause = "was removed while it was written";
                let failure = Failure::new(Step::Output, subject, Fault::OutputGone, cause);
                Err(Refusal::lost(failure, Lost::Name))
            }
            Err(e) => Err(refused(subject, &e).into()),
        };
        if let Some(files) = self.destination.files() {
            gone(files.shown(), files.open.is_gone())?;
        }
        self.rejects.as_ref().map_or(Ok(()), |rejects| gone(rejects.shown(), rejects.is_gone()))
    }

    /// Saves which file will hold lines before any is written to it.
    fn announce(&mut self) -> Result<(), Refusal> {
        if !self.cursor.wants_announcing() {
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
            // A run that is killed before its first commit is one more whose lines must come again.
            self.uncommitted.hurry();
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
                self.cursor.path().is_some() || self.progress.ack_after() == AckAfter::Commit
            }
            Durability::Message => true,
        };
        if is_synced {
            self.sync()?;
        }
        self.look_for_names()?;
        // What is never synced has proven itself by now.
        self.storage.synced();
        let places = self.places()?;
        self.progress.save();
        if self.progress.ack_after() == AckAfter::Commit {
            self.cursor.count_commit();
        }
        self.save(places, clean)?;
        self.sign_locks();
        self.progress.committed();
        self.uncommitted.clear();
        if let Some(files) = self.destination.files_mut() {
            files.follow_name();
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), Failure> {
        self.destination.sync()?;
        self.rejects.as_mut().map_or(Ok(()), Rejects::sync)?;
        self.storage.synced();
        Ok(())
    }

    /// The files that may hold lines of messages beyond the cursor.
    fn places(&self) -> Result<Places, Failure> {
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
        self.cursor.save(self.progress.saved(), places, clean)
    }

    /// Counts a commit where the next run looks for what is our own, before acknowledgements leave:
    /// what an older cursor does not cover may have been acknowledged.
    fn sign_locks(&self) {
        if self.progress.ack_after() == AckAfter::Commit {
            let cursor = self.cursor.cursor();
            for lock in &self.locks {
                // If it fails, an older cursor is not told from the last one.
                let _ = lock.sign(&cursor.run, cursor.commits);
            }
        }
    }

    /// Switches to the next file, in an order that lets the cursor find all files after a crash at
    /// any point: the old file is committed first, and the cursor names the new one before it is
    /// created.
    fn switch(&mut self, switch: Switch, now: Now) -> Result<(), Refusal> {
        let Destination::Files(files) = &mut self.destination else { return Ok(()) };
        files.switch = Some(switch);
        if self.uncommitted.is_any() {
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
        self.cursor.changed();
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
        match self.cursor.has_begun() {
            true => self.cursor.save_next(self.progress.saved(), output),
            false => Ok(()),
        }
    }

    /// Takes back lines that may be lost: they are cut, and will be read again.
    ///
    /// # Errors
    /// What was refused. Nothing then counts as taken back.
    pub(super) fn roll_back(&mut self) -> Result<RolledBack, Failure> {
        let Some(files) = self.destination.files_mut() else { return Ok(RolledBack::default()) };
        let recovered = recover::after_failed_sync(self.cursor.cursor(), files);
        let rolled_back = self.take_back(recovered)?;
        self.storage.rolled_back();
        Ok(rolled_back)
    }

    /// Begins files that have no name any more anew. What only they had is taken back, to be read
    /// again; `None` if that cannot be, because the lines went to a stream.
    ///
    /// # Errors
    /// As in [`Spool::roll_back`].
    pub(super) fn begin_anew(&mut self) -> Result<Option<RolledBack>, Failure> {
        let mut cursor = self.cursor.cursor().clone();
        if let Some(rejects) = &mut self.rejects
            && rejects.is_gone().unwrap_or(true)
        {
            cursor.rejects.retain(|place| !rejects.is(place));
            rejects.renew();
        }
        let Some(files) = self.destination.files_mut() else { return Ok(None) };
        if files.open.is_gone().unwrap_or(true) {
            cursor.output.retain(|place| !files.open.is(place));
            files.renew().map_err(|e| refused(files.shown(), &e))?;
        }
        self.take_back(recover::after_death(&cursor, true, true)).map(Some)
    }

    fn take_back(
        &mut self,
        recovered: Result<Recovered, (PathBuf, io::Error)>,
    ) -> Result<RolledBack, Failure> {
        let refused = |(path, e): (PathBuf, io::Error)| refused(path.display().to_string(), &e);
        let Recovered { mut unconfirmed, lost } = recovered.map_err(refused)?;
        self.rejects.iter_mut().for_each(Rejects::renew);
        let added =
            recover::add_open_files(&mut unconfirmed, &self.destination, self.rejects.as_ref());
        added.map_err(refused)?;
        self.unconfirmed = Some(unconfirmed).filter(|unconfirmed| !unconfirmed.is_empty());
        self.uncommitted.clear();
        self.pending.clear();
        self.rejects.iter_mut().for_each(Rejects::forget);
        self.cursor.changed();
        Ok(RolledBack { lines: self.progress.roll_back(), lost })
    }
}
