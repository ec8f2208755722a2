//! The output of a run, as the rest of the program sees it: lines go in, with a receipt for each
//! message, and what may be acknowledged comes out.

use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;
use nix::poll::PollFlags;

use super::files::Switch;
use super::lock::Lock;
use super::open;
use super::rejects;
use super::saved::SavedCursor;
use super::spool::{Refusal, Spool};
use super::unconfirmed::Unconfirmed;
use super::{Receipt, Written};
use crate::clock::Now;
use crate::cursor::Cursor;
use crate::fault::Failure;
use crate::progress::Progress;
use crate::report::Log;
use crate::retry::Retry;
use crate::settings::Settings;
use crate::values::choice::Durability;
use crate::wait::{Wait, earlier};
use crate::words::duration;

/// Where lines go, with everything that remembers them.
#[derive(Debug)]
pub(crate) struct Output {
    spool: Spool,
    /// How often the storage is tried again.
    retry: Retry,
    /// The run has no end of its own, so that trouble that passes is worth a line.
    is_following: bool,
    /// A session is open, so what is unconfirmed can come.
    has_session: bool,
    /// Lines were taken back since [`Output::take_rolled_back`] was last asked.
    was_rolled_back: bool,
    _locks: Vec<Lock>,
}

impl Output {
    /// Opens the output, after whatever an earlier run left behind was made whole. `None` if a
    /// signal came while another run was waited for.
    ///
    /// # Errors
    /// Whatever makes the output or the cursor unusable; nothing has been changed then.
    pub(crate) fn open(
        settings: &Settings,
        log: &mut Log,
        wait: &mut dyn Wait,
        now: Now,
    ) -> Result<Option<Output>, Failure> {
        let opened = open::open(settings, log, wait, now)?;
        Ok(opened.map(|(spool, locks)| Output {
            spool,
            retry: settings.retry.clone(),
            is_following: settings.is_following(),
            has_session: false,
            was_rolled_back: false,
            _locks: locks,
        }))
    }

    /// The cursor of an earlier run, or a new one.
    pub(crate) fn cursor(&self) -> Option<&Cursor> {
        self.spool.cursor.as_ref().map(SavedCursor::cursor)
    }

    /// Where the cursor is kept.
    pub(crate) fn cursor_path(&self) -> Option<&Path> {
        self.spool.cursor.as_ref().map(SavedCursor::path)
    }

    /// How far the run is.
    pub(crate) fn progress(&self) -> &Progress {
        &self.spool.progress
    }

    /// The buffer a line is appended to; [`Output::end_line`] follows.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        self.spool.pending.buffer()
    }

    /// The line that begins at this length of the buffer is complete. Whether it is new: one that
    /// is in the files already is taken out again.
    pub(crate) fn end_line(&mut self, start: usize) -> bool {
        let Some(unconfirmed) = &mut self.spool.unconfirmed else { return true };
        let buffer = self.spool.pending.buffer();
        let is_there = unconfirmed.output.confirms(&buffer[start..]);
        if is_there {
            buffer.truncate(start);
        }
        !is_there
    }

    /// The message cannot be decoded, and has a line in the rejects file instead. Whether there is
    /// such a file. [`Output::take`] follows.
    pub(crate) fn reject(&mut self, id: Option<&str>, reason: &str, frame: Option<&[u8]>) -> bool {
        let Some(rejects) = &mut self.spool.rejects else { return false };
        let line = rejects::line(id, reason, frame);
        let unconfirmed = self.spool.unconfirmed.as_mut();
        if !unconfirmed.is_some_and(|it| it.rejects.confirms(line.as_bytes())) {
            rejects.add(self.spool.pending.end(), line);
        }
        true
    }

    /// A message is taken. Its line, if it has one, is the last in the buffer.
    pub(crate) fn take(&mut self, receipt: Receipt) {
        debug_assert!(!self.was_rolled_back, "its session is behind the rollback");
        self.spool.progress.take(receipt, self.spool.pending.end());
    }

    /// The next message that may be acknowledged, also one without an id to do so.
    pub(crate) fn next_ack(&mut self) -> Option<Receipt> {
        self.spool.progress.next_ack()
    }

    /// The session sends what is known, so lines that are unconfirmed may be yet to come.
    pub(crate) fn repeats(&mut self, now: Instant) {
        self.with_unconfirmed(|unconfirmed| unconfirmed.wait(now));
    }

    /// A new line came in its order, so no line of the output that is still unconfirmed will come.
    /// Rejects may: a power loss can take lines of one file and leave those of the other.
    pub(crate) fn no_more_repeated_lines(&mut self) {
        self.with_unconfirmed(|unconfirmed| unconfirmed.output.give_up());
    }

    /// None of the lines that are still unconfirmed will come.
    pub(crate) fn no_more_repeats(&mut self) {
        self.with_unconfirmed(Unconfirmed::give_up);
    }

    fn with_unconfirmed(&mut self, act: impl FnOnce(&mut Unconfirmed)) {
        if let Some(unconfirmed) = &mut self.spool.unconfirmed {
            act(unconfirmed);
        }
    }

    /// A session is open, by the service's clock. The cursor is saved before any line.
    pub(crate) fn session_opened(&mut self, service_time: Timestamp, now: Now, log: &mut Log) {
        self.has_session = true;
        self.repeats(now.instant);
        if let Some(cursor) = &mut self.spool.cursor {
            cursor.session_opened(service_time);
        }
        self.write(now, log);
    }

    /// The session is gone, and its acknowledgements with it.
    pub(crate) fn session_closed(&mut self) {
        self.has_session = false;
        self.spool.progress.session_closed();
        self.with_unconfirmed(Unconfirmed::pause);
    }

    /// The topic refuses to go on after an id. Whether this is news to the cursor.
    pub(crate) fn note_partitioned(&mut self) -> bool {
        self.spool.cursor.as_mut().is_none_or(SavedCursor::note_partitioned)
    }

    /// Whether enough has gathered for a write to be worth its system call.
    pub(crate) fn has_chunk(&self) -> bool {
        let Spool { pending, durability, .. } = &self.spool;
        pending.has_chunk() || *durability == Durability::Message && !pending.rest().is_empty()
    }

    /// Whether no more messages should be taken for now.
    pub(crate) fn is_full(&self) -> bool {
        self.spool.pending.is_full() || self.spool.storage.is_refusing()
    }

    /// What to wait for beside the service: room while a stream is behind, else only whether
    /// its reader went away.
    pub(crate) fn interest(&self) -> Option<(BorrowedFd<'_>, PollFlags)> {
        let Spool { pending, storage, destination, .. } = &self.spool;
        let is_behind = !pending.rest().is_empty() && !storage.is_refusing();
        let flags = if is_behind { PollFlags::POLLOUT } else { PollFlags::empty() };
        destination.fd().map(|fd| (fd, flags))
    }

    /// Whether nobody reads the output any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.spool.destination.is_closed()
    }

    /// What the output waits for before it is tried again.
    pub(crate) fn trouble(&self) -> Option<&Failure> {
        self.spool.storage.failure()
    }

    /// What made the output fail for good.
    pub(crate) fn failed(&self) -> Option<&Failure> {
        self.spool.storage.given_up()
    }

    /// When [`Output::write`] has something to do without a new line.
    pub(crate) fn due(&self, now: Now) -> Option<Instant> {
        let Spool { storage, destination, unconfirmed, uncommitted, .. } = &self.spool;
        if storage.is_refusing() {
            return storage.next_try();
        }
        let switch = destination.files().and_then(|files| files.due(now));
        let waited = match unconfirmed {
            Some(unconfirmed) => unconfirmed.deadline(),
            None => uncommitted.due(),
        };
        earlier(switch, waited)
    }

    /// Writes what is pending, as far as it goes, and does what is due. What cannot be written
    /// stays, and is tried again.
    pub(crate) fn write(&mut self, now: Now, log: &mut Log) -> Written {
        if self.spool.storage.is_waiting(now.instant) {
            return Written::Blocked;
        }
        match self.pass(now, log) {
            Ok(written) => {
                self.worked(now, log);
                written
            }
            Err(refusal) => {
                self.refused(refusal, now, log);
                Written::Blocked
            }
        }
    }

    fn pass(&mut self, now: Now, log: &mut Log) -> Result<Written, Refusal> {
        if self.spool.storage.needs_roll_back() {
            let rolled_back = self.spool.roll_back()?;
            rolled_back.lost.iter().for_each(|reason| log.report.warning(reason));
            let events = &mut log.counters.events;
            *events = events.saturating_sub(rolled_back.lines);
            self.was_rolled_back = true;
        }
        self.spool.pass(now)
    }

    fn worked(&mut self, now: Now, log: &mut Log) {
        if let Some((subject, after)) = self.spool.storage.worked(now.instant) {
            let text = format!("output {subject}: written again after {}", duration(after));
            match self.is_told(log) {
                true => log.report.event(text),
                false => log.report.debug(text),
            }
        }
        if self.has_session {
            self.with_unconfirmed(|unconfirmed| unconfirmed.resume(now.instant));
        }
    }

    fn refused(&mut self, refusal: Refusal, now: Now, log: &mut Log) {
        self.with_unconfirmed(Unconfirmed::pause);
        log.counters.disk_errors += 1;
        let Refusal { failure, is_lost } = refusal;
        let storage = &mut self.spool.storage;
        let wait = match is_lost {
            true => storage.sync_failed(*failure.clone(), &self.retry, now.instant),
            false => storage.refused(*failure.clone(), &self.retry, now.instant),
        };
        let Some(wait) = wait else { return };
        let next = format!("trying again in {}", duration(wait));
        match self.is_told(log) {
            true => log.report.trouble(&failure, &next),
            false => log.report.debug(format!("{failure}; {next}")),
        }
    }

    /// Whether trouble that passes is worth a line: a run that ends tells only of what ended it.
    fn is_told(&self, log: &Log) -> bool {
        self.is_following || log.report.is_terminal()
    }

    /// The next write goes to a file that is opened anew. `false` if there is none.
    pub(crate) fn reopen(&mut self, now: Now, log: &mut Log) -> bool {
        if self.spool.destination.files().is_none() {
            return false;
        }
        self.write(now, log);
        if let Some(files) = self.spool.destination.files_mut() {
            files.switch.get_or_insert(Switch::Reopen);
        }
        self.write(now, log);
        true
    }

    /// Whether a failed sync took lines back since this was last asked. They are to be read again,
    /// from what [`Output::progress`] says is taken.
    pub(crate) fn take_rolled_back(&mut self) -> bool {
        std::mem::take(&mut self.was_rolled_back)
    }

    /// Ends the output: everything written counts, and the cursor says that the end was good.
    ///
    /// # Errors
    /// What could not be written, or the trouble that was being waited for.
    pub(crate) fn finish(&mut self, now: Now, log: &mut Log) -> Result<(), Failure> {
        if let Some(failure) = self.failed() {
            return Err(failure.clone());
        }
        self.pass(now, log).map_err(|refusal| *refusal.failure)?;
        // Without a session ever there is nothing to go on after.
        if self.spool.cursor.as_ref().is_some_and(SavedCursor::has_begun) {
            self.spool.commit(true).map_err(|refusal| *refusal.failure)?;
        }
        // Should the run go on all the same, it says so first.
        if let Some(cursor) = &mut self.spool.cursor {
            cursor.changed();
        }
        Ok(())
    }
}
