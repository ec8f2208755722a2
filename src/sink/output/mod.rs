//! The output of a run, and the order that makes a capture exact: write, sync, save the cursor,
//! and only then what cannot be taken back.
//!
//! A line may be in a file before the cursor names it, never the other way round. So whatever
//! ends the process, the next run finds at most lines that the service will send again, and
//! leaves those out ([`super::start`]).

mod commit;
mod open;
mod turn;
mod waiting;
mod write;

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::poll::PollFlags;

use super::Receipt;
use super::disk::Disk;
use super::held::Held;
use super::lock::Lock;
use super::pending::Pending;
use super::pipe::Pipe;
use super::rejects::{self, Rejects};
use super::series::Series;
use crate::cursor::{Cursor, CursorFile};
use crate::fault::Fault;
use crate::fault::{Failure, Step};
use crate::progress::Progress;
use crate::report::{Counters, Report};
use crate::values::choice::Durability;
use crate::wait::earlier;
use crate::words;
use turn::Turn;

/// The cursor is saved this long after something new was written.
const COMMIT_AFTER: Duration = Duration::from_secs(1);

/// Where lines go, with everything that remembers them.
#[derive(Debug)]
pub(crate) struct Output {
    pending: Pending,
    target: Destination,
    rejects: Option<Rejects>,
    cursor: Option<Saved>,
    durability: Durability,
    /// What of the topic is written.
    progress: Progress,
    /// Messages whose lines are out, still to be acknowledged.
    released: VecDeque<Receipt>,
    /// How many lines are out, and how many of them the cursor names.
    lines: u64,
    lines_named: u64,
    news: News,
    /// Of the message that is marked next.
    reject: Option<String>,
    /// Lines of an earlier run that are awaited again; the cursor stays where it was meanwhile.
    held: Option<Held>,
    /// A session is open, and its messages are taken.
    is_listening: bool,
    disk: Disk,
    /// A turn to the next file that is not done yet.
    turning: Option<Turn>,
    /// A sync failed: what the cursor does not name may be lost.
    doubtful: bool,
    /// Nothing reached the disk since then.
    unproven: bool,
    rolled_back: Option<Progress>,
    is_following: bool,
    report: Rc<Report>,
    counters: Rc<Counters>,
    _locks: Vec<Lock>,
}

#[derive(Debug)]
enum Destination {
    Pipe(Pipe),
    Files(Series),
}

/// The cursor as it is in its file.
#[derive(Debug)]
struct Saved {
    file: CursorFile,
    cursor: Cursor,
    /// What is in the file belongs to this run and this output file.
    is_announced: bool,
}

/// What the cursor does not name yet.
#[derive(Debug, Default)]
struct News {
    since: Option<Instant>,
    bytes: u64,
}

impl News {
    fn due(&self) -> Option<Instant> {
        self.since.map(|since| since + COMMIT_AFTER)
    }
}

impl Output {
    /// The cursor of an earlier run, with what it says about where to go on.
    pub(crate) fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref().map(|saved| &saved.cursor)
    }

    /// Where the cursor is kept.
    pub(crate) fn cursor_path(&self) -> Option<&Path> {
        self.cursor.as_ref().map(|saved| saved.file.path())
    }

    /// The buffer a line is appended to; [`Output::end_line`] follows.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        self.pending.buffer()
    }

    /// The line that begins at this length of the buffer is complete. Whether it is new: one that
    /// an earlier run has written is taken out again.
    pub(crate) fn end_line(&mut self, start: usize) -> bool {
        let Some(held) = &mut self.held else { return true };
        let buffer = self.pending.buffer();
        let is_there = held.meets_line(&buffer[start..]);
        if is_there {
            buffer.truncate(start);
        }
        !is_there
    }

    /// The message cannot be decoded, and has a line in the rejects file instead. Whether there is
    /// one. [`Output::mark`] follows.
    pub(crate) fn reject(&mut self, id: Option<&str>, reason: &str, frame: Option<&[u8]>) -> bool {
        if self.rejects.is_none() {
            return false;
        }
        let line = rejects::line(id, reason, frame);
        let held = self.held.as_mut();
        if !held.is_some_and(|held| held.meets_reject(line.as_bytes())) {
            self.reject = Some(line);
        }
        true
    }

    /// Everything appended so far belongs to this message or to those before.
    pub(crate) fn mark(&mut self, receipt: Receipt) {
        self.pending.mark(Receipt { reject: self.reject.take(), ..receipt });
    }

    /// The next message whose line is out.
    pub(crate) fn next_written(&mut self) -> Option<Receipt> {
        self.released.pop_front()
    }

    /// The session is gone, and its acknowledgements with it.
    pub(crate) fn forget_acks(&mut self) {
        self.pending.forget_acks();
        self.released.clear();
        self.listen(false);
    }

    /// Whether enough has gathered for a write to be worth its system call.
    pub(crate) fn has_chunk(&self) -> bool {
        let each = self.durability == Durability::Message && !self.pending.rest().is_empty();
        each || self.pending.has_chunk()
    }

    /// Whether no more messages should be taken for now.
    pub(crate) fn is_full(&self) -> bool {
        self.pending.is_full() || self.disk.is_refusing()
    }

    /// What to wait for beside the service: room while a stream is behind, else only whether
    /// its reader went away.
    pub(crate) fn interest(&self) -> Option<(Rc<File>, PollFlags)> {
        let Destination::Pipe(stream) = &self.target else { return None };
        let is_behind = !self.pending.rest().is_empty() && !self.disk.is_refusing();
        let flags = if is_behind { PollFlags::POLLOUT } else { PollFlags::empty() };
        Some((Rc::clone(stream.file()), flags))
    }

    /// Whether nobody reads the output any more.
    pub(crate) fn is_closed(&self) -> bool {
        matches!(&self.target, Destination::Pipe(stream) if stream.is_closed())
    }

    /// What the output waits for before it is tried again.
    pub(crate) fn trouble(&self) -> Option<&Failure> {
        self.disk.trouble().map(|trouble| &trouble.failure)
    }

    /// What made the output fail for good.
    pub(crate) fn failed(&self) -> Option<&Failure> {
        self.disk.given_up()
    }

    /// When [`Output::write`] has something to do without a new line.
    pub(crate) fn due(&self) -> Option<Instant> {
        if self.disk.is_refusing() {
            return self.disk.next_try();
        }
        let turn = match &self.target {
            Destination::Files(series) => series.due(),
            Destination::Pipe(_) => None,
        };
        let given_up = self.held.as_ref().and_then(Held::deadline);
        let commit = self.news.due().filter(|_| self.held.is_none());
        [turn, given_up].into_iter().fold(commit, earlier)
    }

    /// The next write goes to a file that is opened anew. `false` if there is none.
    pub(crate) fn reopen(&mut self) -> bool {
        let has_files = matches!(self.target, Destination::Files(_));
        if has_files {
            self.write();
            self.turning.get_or_insert(Turn::Reopen);
            self.write();
        }
        has_files
    }

    /// Ends the output: everything written counts, and the cursor says that the end was good.
    ///
    /// # Errors
    /// What could not be written, or the trouble that was being waited for.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        if let Some(failure) = self.disk.given_up() {
            return Err(failure.clone());
        }
        self.advance(Instant::now())?;
        // Without a session ever there is nothing to go on after.
        if self.cursor().is_none_or(|cursor| cursor.began.is_none()) {
            return Ok(());
        }
        self.commit(true)?;
        // Should the run go on all the same, it says so first.
        if let Some(saved) = &mut self.cursor {
            saved.is_announced = false;
        }
        Ok(())
    }

    fn failure(&self, e: &io::Error) -> Failure {
        match &self.target {
            Destination::Pipe(stream) if stream.is_stdout => standard_output(e),
            Destination::Pipe(stream) => disk_failure(stream.name.clone(), e),
            Destination::Files(series) => disk_failure(series.shown(), e),
        }
    }
}

fn cannot_create(subject: String, e: &io::Error) -> Failure {
    Failure::new(Step::Output, subject, Fault::CannotCreate, words::reason(e))
}

fn disk_failure(subject: String, e: &io::Error) -> Failure {
    Failure::new(Step::Output, subject, Fault::DiskRefused, words::reason(e))
}

/// Standard output cannot be written.
pub(crate) fn standard_output(e: &io::Error) -> Failure {
    Failure::new(Step::Output, "stdout", Fault::OutputFailed, words::reason(e))
}
