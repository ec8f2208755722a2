//! The output of a run, as the rest of the program sees it: lines go in, with a receipt for each
//! message, and receipts that may be acknowledged come out.

use std::os::fd::BorrowedFd;
use std::path::Path;

use jiff::Timestamp;
use nix::poll::PollFlags;

use super::files::Switch;
use super::open::{self, Opened};
use super::rejects::{self, Rejects};
use super::spool::{Lost, Refusal, RolledBack, Spool};
use super::unconfirmed::Unconfirmed;
use super::{Receipt, Written};
use crate::clock::{Instant, Now};
use crate::cursor::Cursor;
use crate::fault::Failure;
use crate::progress::{AckAfter, Progress};
use crate::report::Log;
use crate::retry::Retry;
use crate::secret;
use crate::settings::Settings;
use crate::values::choice::Durability;
use crate::wait::{Wait, earlier};
use crate::words::duration;

/// Where lines go, and the state that keeps track of them.
#[derive(Debug)]
pub(crate) struct Output {
    spool: Spool,
    /// How often the storage is tried again.
    retry: Retry,
    /// The run follows the stream, so temporary trouble is reported.
    is_following: bool,
    /// A session is open, so repeats of unconfirmed lines can arrive.
    has_session: bool,
    /// Lines were taken back since [`Output::take_rolled_back`] was last called.
    was_rolled_back: bool,
    /// The lines are others than those of an earlier run with this cursor.
    has_new_lines: bool,
}

impl Output {
    /// Opens the output, after repairing what an earlier run left behind. `None` if a signal came
    /// while waiting for another run.
    ///
    /// # Errors
    /// If the output or the cursor cannot be used; nothing has then been changed.
    pub(crate) fn open(
        settings: &Settings,
        log: &mut Log,
        wait: &mut dyn Wait,
        now: Now,
    ) -> Result<Option<Output>, Failure> {
        let opened = open::open(settings, log, wait, now)?;
        Ok(opened.map(|Opened { spool, has_new_lines }| Output {
            spool,
            has_new_lines,
            retry: settings.retry.clone(),
            is_following: settings.is_following(),
            has_session: false,
            was_rolled_back: false,
        }))
    }

    /// The cursor of an earlier run, or a new one.
    pub(crate) fn cursor(&self) -> Option<&Cursor> {
        self.cursor_path().map(|_| self.spool.cursor.cursor())
    }

    /// The path of the cursor's file.
    pub(crate) fn cursor_path(&self) -> Option<&Path> {
        self.spool.cursor.path()
    }

    /// Whether there is a cursor, and no earlier run with it that wrote the same kind of lines.
    pub(crate) fn has_new_lines(&self) -> bool {
        self.has_new_lines
    }

    /// How far the run has got.
    pub(crate) fn progress(&self) -> &Progress {
        &self.spool.progress
    }

    /// The buffer to append a line to; call [`Output::end_line`] next.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        self.spool.pending.buffer()
    }

    /// The line that begins at this offset of the buffer is complete. Returns whether it is new: a
    /// line that is already in the files is removed from the buffer.
    pub(crate) fn end_line(&mut self, start: usize) -> bool {
        if self.spool.destination.is_terminal() {
            let line = self.spool.pending.buffer().split_off(start);
            let line = secret::plain_json(&String::from_utf8_lossy(&line));
            self.spool.pending.buffer().extend_from_slice(line.as_bytes());
        }
        let Some(unconfirmed) = &mut self.spool.unconfirmed else { return true };
        let buffer = self.spool.pending.buffer();
        let is_repeat = unconfirmed.output.confirms(&buffer[start..]);
        if is_repeat {
            buffer.truncate(start);
        }
        !is_repeat
    }

    /// Adds a line to the rejects file for a message that cannot be decoded. Returns whether there
    /// is such a file. Call [`Output::take`] next.
    pub(crate) fn reject(&mut self, id: Option<&str>, reason: &str, frame: Option<&[u8]>) -> bool {
        let Some(rejects) = &mut self.spool.rejects else { return false };
        let line = rejects::line(id, reason, frame);
        let unconfirmed = self.spool.unconfirmed.as_mut();
        if !unconfirmed.is_some_and(|it| it.rejects.confirms(line.as_bytes())) {
            rejects.add(self.spool.pending.end(), line);
        }
        true
    }

    /// Takes a message. Its line, if it has one, is the last in the buffer.
    pub(crate) fn take(&mut self, receipt: Receipt) {
        debug_assert!(!self.was_rolled_back, "its session ended with the rollback");
        self.spool.progress.take(receipt, self.spool.pending.end());
    }

    /// The receipt of the next message that may be acknowledged, even if there is no id to
    /// acknowledge it by.
    pub(crate) fn next_ack(&mut self) -> Option<Receipt> {
        self.spool.progress.next_ack()
    }

    /// Commits with the next write, if acknowledgements wait for it.
    pub(crate) fn hurry(&mut self) {
        if self.spool.progress.ack_after() == AckAfter::Commit {
            self.spool.uncommitted.hurry();
        }
    }

    /// The session is sending repeats, so unconfirmed lines may still arrive.
    pub(crate) fn repeats(&mut self, now: Instant) {
        self.with_unconfirmed(|unconfirmed| unconfirmed.wait(now));
    }

    /// A new line arrived in order, so no repeats of the output's unconfirmed lines will arrive.
    /// Rejects may: a power loss can take lines of one file and leave those of the other.
    pub(crate) fn no_more_repeated_lines(&mut self) {
        self.with_unconfirmed(|unconfirmed| unconfirmed.output.give_up());
    }

    /// No repeats of the lines that are still unconfirmed will arrive.
    pub(crate) fn no_more_repeats(&mut self) {
        self.with_unconfirmed(Unconfirmed::give_up);
    }

    fn with_unconfirmed(&mut self, act: impl FnOnce(&mut Unconfirmed)) {
        if let Some(unconfirmed) = &mut self.spool.unconfirmed {
            act(unconfirmed);
        }
    }

    /// A session is open; `service_time` is the service's clock, and `since` the time before which
    /// a first run leaves out events. The cursor is saved before any line is written.
    pub(crate) fn session_opened(
        &mut self,
        service_time: Timestamp,
        since: Option<Timestamp>,
        now: Now,
        log: &mut Log,
    ) {
        self.has_session = true;
        self.repeats(now.instant);
        self.spool.cursor.session_opened(service_time, since);
        self.write(now, log);
    }

    /// The session has ended, and with it its pending acknowledgements.
    pub(crate) fn session_closed(&mut self) {
        self.has_session = false;
        self.spool.progress.session_closed();
        self.with_unconfirmed(Unconfirmed::pause);
    }

    /// Records that the topic cannot be resumed by message id. Returns whether the cursor did not
    /// know this yet.
    pub(crate) fn note_partitioned(&mut self) -> bool {
        self.spool.cursor.note_partitioned()
    }

    /// Whether enough has gathered for a write to be worth its system call.
    pub(crate) fn has_chunk(&self) -> bool {
        let Spool { pending, durability, .. } = &self.spool;
        pending.has_chunk() || *durability == Durability::Message && !pending.rest().is_empty()
    }

    /// Whether no more messages should be taken for now.
    pub(crate) fn is_full(&self) -> bool {
        let Spool { pending, progress, rejects, storage, .. } = &self.spool;
        let is_full = pending.is_full() || progress.is_full() || storage.is_refusing();
        is_full || rejects.as_ref().is_some_and(Rejects::is_full)
    }

    /// What else to poll while waiting for the service: room for pending lines in a stream, or
    /// else only whether its reader went away.
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

    /// The failure after which the output waits for another try.
    pub(crate) fn trouble(&self) -> Option<&Failure> {
        self.spool.storage.failure()
    }

    /// The failure that ended the output for good.
    pub(crate) fn failed(&self) -> Option<&Failure> {
        self.spool.storage.given_up()
    }

    /// When to call [`Output::write`] even if there is no new line.
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

    /// Writes pending lines without blocking, and does everything else that is due. Lines that
    /// cannot be written stay pending and are tried again.
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
            self.rolled_back(&rolled_back, log);
        }
        self.in_named_files(log, |spool| spool.pass(now))
    }

    fn rolled_back(&mut self, rolled_back: &RolledBack, log: &mut Log) {
        rolled_back.lost.iter().for_each(|reason| log.report.warning(reason));
        let events = &mut log.counters.events;
        *events = events.saturating_sub(rolled_back.lines);
        self.was_rolled_back = true;
    }

    /// Does this work, and once more if a file had to be begun anew.
    fn in_named_files<T>(
        &mut self,
        log: &mut Log,
        work: impl Fn(&mut Spool) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        match work(&mut self.spool) {
            Err(refusal) if refusal.lost == Lost::Name => {
                let begun = self.spool.begin_anew();
                let next = match &begun {
                    Ok(None) => "a new one is begun; all that was in it went with it",
                    _ => {
                        "a new one is begun with the events since the last commit; those before went with it"
                    }
                };
                log.report.trouble(&refusal.failure, next);
                if let Some(rolled_back) = begun.map_err(|e| Refusal::lost(e, Lost::Lines))? {
                    self.rolled_back(&rolled_back, log);
                }
                work(&mut self.spool)
            }
            result => result,
        }
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
        if self.failed().is_some() {
            return;
        }
        let Refusal { failure, lost } = refusal;
        let storage = &mut self.spool.storage;
        let wait = match lost {
            Lost::Nothing => storage.refused(*failure.clone(), &self.retry, now.instant),
            Lost::Lines | Lost::Name => {
                storage.sync_failed(*failure.clone(), &self.retry, now.instant)
            }
        };
        let Some(wait) = wait else { return };
        let next = format!("trying again in {}", duration(wait));
        match self.is_told(log) {
            true => log.report.trouble(&failure, &next),
            false => log.report.debug(format!("{failure}; {next}")),
        }
    }

    /// Whether temporary trouble is reported. A run with an end reports only what ended it.
    fn is_told(&self, log: &Log) -> bool {
        self.is_following || log.report.is_terminal()
    }

    /// Reopens the file with the next write, which is due now. `false` if the output is not a file.
    pub(crate) fn reopen(&mut self, now: Now, log: &mut Log) -> bool {
        if self.spool.destination.files().is_none() {
            return false;
        }
        self.write(now, log);
        self.spool.storage.hurry(now.instant);
        if let Some(files) = self.spool.destination.files_mut() {
            files.switch.get_or_insert(Switch::Reopen);
        }
        true
    }

    /// Whether lines were taken back since the last call. They must be read again, after
    /// what [`Output::progress`] says is taken.
    pub(crate) fn take_rolled_back(&mut self) -> bool {
        std::mem::take(&mut self.was_rolled_back)
    }

    /// Ends the output: commits everything written, and marks the cursor as cleanly ended.
    ///
    /// # Errors
    /// The write that failed, or the failure that the output was waiting to retry.
    pub(crate) fn finish(&mut self, now: Now, log: &mut Log) -> Result<(), Failure> {
        if let Some(failure) = self.failed() {
            return Err(failure.clone());
        }
        self.pass(now, log).map_err(|refusal| *refusal.failure)?;
        // If no session was ever open, there is nothing to resume from.
        if self.spool.cursor.has_begun() {
            let committed = self.in_named_files(log, |spool| spool.commit(true));
            committed.map_err(|refusal| *refusal.failure)?;
        }
        // If the run continues after all, the cursor must first lose its clean mark.
        self.spool.cursor.changed();
        Ok(())
    }
}
