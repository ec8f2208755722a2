//! The cursor's file. Each save replaces it as a whole, so it always holds either the old cursor
//! or the new one.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::{Cursor, Source};
use crate::fault::{Failure, Fault, Step};
use crate::files::{self, Replaced, system};
use crate::progress::Reached;
use crate::secret;
use crate::words;

/// Far longer than any cursor. A larger file given by mistake is not read to its end.
const LONGEST: u64 = 16 * 1024 * 1024;

/// The file that holds a cursor.
#[derive(Debug)]
pub(crate) struct CursorFile {
    file: Replaced,
}

impl CursorFile {
    /// With `durable`, each save is synced to the disk before it counts.
    pub(crate) fn new(path: &Path, durable: bool) -> CursorFile {
        CursorFile { file: Replaced::new(path, 0o600, durable) }
    }

    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// The cursor of an earlier run, and its progress; `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read, is damaged, or belongs to another topic.
    pub(crate) fn load(&self, source: &Source) -> Result<Option<(Cursor, Reached)>, Failure> {
        let subject = self.shown();
        let text = match files::read_text(self.path(), LONGEST) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) if e.kind() == ErrorKind::InvalidData => String::new(),
            Err(e) => {
                return Err(Failure::of_call(Step::Config, subject, Fault::UnreadableFile, &e));
            }
            Ok(text) if text.is_empty() => {
                let cause = "is empty, so it is not the cursor of an earlier run";
                return Err(Failure::new(Step::Config, subject, Fault::EmptyCursor, cause));
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
    pub(crate) fn save(&mut self, cursor: &Cursor, reached: &Reached) -> io::Result<()> {
        self.file.replace(cursor.to_json(reached).as_bytes())
    }

    /// Checks that a save can work: the cursor's folder exists, and the cursor is not a mount.
    ///
    /// # Errors
    /// If it cannot.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let parent = files::folder(self.path());
        let folder = fs::metadata(parent).and_then(|folder| match folder.is_dir() {
            true => Ok(()),
            false => Err(ErrorKind::NotADirectory.into()),
        });
        folder.map_err(|e| {
            let cause = format!("its folder {}: {}", parent.display(), words::reason(&e));
            Failure::new(Step::Output, self.shown(), Fault::CannotCreate, cause)
        })?;
        match self.path().is_file() && system::is_mount(self.path()) {
            true => {
                let cause = "is a mount, and a mount cannot be replaced by a new file";
                Err(Failure::new(Step::Output, self.shown(), Fault::MountedCursor, cause))
            }
            false => Ok(()),
        }
    }

    fn shown(&self) -> String {
        format!("cursor {}", self.path().display())
    }
}
