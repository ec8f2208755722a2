//! The cursor's file. Each save replaces it as a whole, so it always holds either the old cursor
//! or the new one.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::{Cursor, Source};
use crate::fault::{Failure, Fault, Step};
use crate::files;
use crate::progress::Reached;
use crate::secret;
use crate::words;

/// Far longer than any cursor. A larger file given by mistake is not read to its end.
const LONGEST: u64 = 16 * 1024 * 1024;

/// The file that holds a cursor.
#[derive(Debug)]
pub(crate) struct CursorFile {
    path: PathBuf,
    /// Each save is synced to the disk before it counts.
    durable: bool,
}

impl CursorFile {
    pub(crate) fn new(path: &Path, durable: bool) -> io::Result<CursorFile> {
        // A symbolic link stays in place, and the file it points to is replaced.
        let path = fs::canonicalize(path).or_else(|_| std::path::absolute(path))?;
        Ok(CursorFile { path, durable })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The cursor of an earlier run, and its progress; `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read, is damaged, or belongs to another topic.
    pub(crate) fn load(&self, source: &Source) -> Result<Option<(Cursor, Reached)>, Failure> {
        let subject = format!("cursor {}", self.path.display());
        let text = match files::read_text(&self.path, LONGEST) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) if e.kind() == ErrorKind::InvalidData => String::new(),
            Err(e) => {
                return Err(Failure::of_call(Step::Config, subject, Fault::UnreadableFile, &e));
            }
            Ok(text) => text,
        };
        let fault = match source.subscription.is_empty() {
            true => Fault::BadCursor,
            false => Fault::BadConsumerCursor,
        };
        let bad = |cause: String| Failure::new(Step::Config, &subject, fault, cause);
        let found = Cursor::from_json(&text).map_err(bad)?;
        match found.0.belongs_to.difference(source) {
            Some((what, theirs, ours)) => {
                let theirs = match theirs {
                    "" => "a reader".to_owned(),
                    name => format!("{what} {}", secret::one_line(name, 100)),
                };
                let ours = match ours {
                    "" => "is a reader".to_owned(),
                    name => format!("reads {what} {}", secret::one_line(name, 100)),
                };
                Err(bad(format!("belongs to {theirs}, but this run {ours}")))
            }
            None => Ok(Some(found)),
        }
    }

    /// Replaces the saved cursor with this one and its progress.
    ///
    /// # Errors
    /// Those of the file system; the old cursor then remains.
    pub(crate) fn save(&self, cursor: &Cursor, reached: &Reached) -> io::Result<()> {
        files::replace(&self.path, cursor.to_json(reached).as_bytes(), 0o600, self.durable)
    }

    /// Checks that the cursor's folder exists, so that a save can work.
    ///
    /// # Errors
    /// If there is no such folder.
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
