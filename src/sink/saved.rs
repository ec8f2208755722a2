//! The cursor of a run, and its file. A run without such a file goes back to its own cursor, too.

use std::path::Path;

use jiff::Timestamp;

use super::refused;
use crate::cursor::{Cursor, CursorFile};
use crate::fault::Failure;
use crate::files::FilePlace;
use crate::progress::Reached;

/// The files that may hold lines of messages beyond the cursor, the open one last.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) output: Vec<FilePlace>,
    pub(super) rejects: Vec<FilePlace>,
}

/// The cursor and its file.
#[derive(Debug)]
pub(super) struct SavedCursor {
    file: Option<CursorFile>,
    cursor: Cursor,
    /// The saved cursor is this run's, and names the open files.
    is_announced: bool,
}

impl SavedCursor {
    pub(super) fn new(file: Option<CursorFile>, cursor: Cursor) -> SavedCursor {
        SavedCursor { file, cursor, is_announced: false }
    }

    pub(super) fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// The next save is that of a commit.
    pub(super) fn count_commit(&mut self) {
        self.cursor.commits += 1;
    }

    /// The path of its file.
    pub(super) fn path(&self) -> Option<&Path> {
        self.file.as_ref().map(CursorFile::path)
    }

    /// A session is open; `service_time` is the service's clock, and `since` the time before which
    /// a first run leaves out events. Before the very first session there is nothing to resume
    /// from, and nothing is saved.
    pub(super) fn session_opened(&mut self, service_time: Timestamp, since: Option<Timestamp>) {
        if self.cursor.began.is_none() {
            self.cursor.began = Some(service_time);
            self.cursor.since = since;
            self.is_announced = false;
        }
    }

    /// Whether any session has been open, in this run or an earlier one.
    pub(super) fn has_begun(&self) -> bool {
        self.cursor.began.is_some()
    }

    /// Records that the topic cannot be resumed by message id. Returns whether this is new.
    pub(super) fn note_partitioned(&mut self) -> bool {
        self.is_announced = false;
        !std::mem::replace(&mut self.cursor.partitioned, true)
    }

    /// The cursor changed, for instance because another file is open than the saved one names: it
    /// must be saved before the next line is written.
    pub(super) fn changed(&mut self) {
        self.is_announced = false;
    }

    /// Whether the cursor must be saved before the next line is written.
    pub(super) fn wants_announcing(&self) -> bool {
        !self.is_announced && self.has_begun()
    }

    /// Saves the cursor at this progress.
    ///
    /// # Errors
    /// Those of the file system. The file may then hold the old cursor or the new one.
    pub(super) fn save(
        &mut self,
        reached: &Reached,
        places: Places,
        clean: bool,
    ) -> Result<(), Failure> {
        self.cursor.output = places.output;
        self.cursor.rejects = places.rejects;
        self.cursor.clean = clean;
        self.write(reached)?;
        self.is_announced = true;
        Ok(())
    }

    /// Saves the names of files that will hold lines, before they are created or written.
    ///
    /// # Errors
    /// As in [`SavedCursor::save`].
    pub(super) fn save_next(
        &mut self,
        reached: &Reached,
        output: Vec<FilePlace>,
    ) -> Result<(), Failure> {
        self.cursor.output = output;
        self.cursor.clean = false;
        self.is_announced = false;
        self.write(reached)
    }

    fn write(&mut self, reached: &Reached) -> Result<(), Failure> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let result = file.save(&self.cursor, reached);
        result.map_err(|e| refused(format!("cursor {}", file.path().display()), &e))
    }
}
