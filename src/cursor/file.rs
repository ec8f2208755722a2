//! The cursor's file: read once, and replaced as a whole at each save, so that it is always
//! either the old one or the new one.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::{Cursor, Source};
use crate::fault::{Failure, Fault, Step};
use crate::files;
use crate::progress::Reached;
use crate::words;

/// Far more than any cursor of ours is long, and no reason to read a film to its end.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Where a cursor is kept.
#[derive(Debug)]
pub(crate) struct CursorFile {
    path: PathBuf,
    /// Each save reaches the disk before it counts.
    durable: bool,
}

impl CursorFile {
    pub(crate) fn new(path: &Path, durable: bool) -> io::Result<CursorFile> {
        // A link stays one, and what it leads to is replaced.
        let path = fs::canonicalize(path).or_else(|_| std::path::absolute(path))?;
        Ok(CursorFile { path, durable })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The cursor of an earlier run, and how far it is; `None` if there was none.
    ///
    /// # Errors
    /// When it cannot be read, cannot be used, or belongs to something else.
    pub(crate) fn load(&self, source: &Source) -> Result<Option<(Cursor, Reached)>, Failure> {
        let subject = format!("cursor {}", self.path.display());
        let unreadable =
            |cause: String| Failure::new(Step::Config, &subject, Fault::UnreadableFile, cause);
        let text = match files::read_text(&self.path, LONGEST) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) if e.kind() == ErrorKind::InvalidData => String::new(),
            Err(e) => return Err(unreadable(words::reason(&e))),
            Ok(text) => text,
        };
        let bad = |cause: String| Failure::new(Step::Config, &subject, Fault::BadCursor, cause);
        let found = Cursor::from_json(&text).map_err(bad)?;
        match found.0.belongs_to.difference(source) {
            Some((what, theirs, ours)) => Err(bad(format!(
                "belongs to {what} {}, and this run reads {}",
                words::one_line(theirs, 100),
                words::one_line(ours, 100)
            ))),
            None => Ok(Some(found)),
        }
    }

    /// Replaces the cursor by one that is so far.
    ///
    /// # Errors
    /// Those of the file system; the old cursor is still there then.
    pub(crate) fn save(&self, cursor: &Cursor, reached: &Reached) -> io::Result<()> {
        files::replace(&self.path, cursor.to_json(reached).as_bytes(), 0o600, self.durable)
    }

    /// Whether a save could work: the folder is there and takes files.
    ///
    /// # Errors
    /// Why it could not.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let parent = self.path.parent().unwrap_or(Path::new("/"));
        let folder = fs::metadata(parent).and_then(|folder| match folder.is_dir() {
            true => Ok(()),
            false => Err(ErrorKind::NotADirectory.into()),
        });
        folder.map_err(|e| {
            let subject = format!("cursor {}", self.path.display());
            let cause = format!("its folder {}: {}", parent.display(), words::reason(&e));
            Failure::new(Step::Output, subject, Fault::CannotCreate, cause)
        })
    }
}
