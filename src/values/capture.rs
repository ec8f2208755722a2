//! The files of a run: where lines go, and the files that keep track of them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::choice::Durability;
use super::file_name::{self, FileName};
use crate::files;

/// Behind the name of a file with rotation, until it is finished.
pub(crate) const PART: &str = ".part";

/// Behind the name of an output, the file for rejects.
pub(crate) const REJECTS: &str = ".rejects";

/// Behind the name of a file that is written, its lock.
pub(crate) const LOCK: &str = ".tail8x8.lock";

/// Where lines go, and the files that keep track of them.
#[derive(Clone, Debug)]
pub(crate) struct Capture {
    /// `None` is standard output.
    pub(crate) output: Option<FileName>,
    /// Permissions of new files.
    pub(crate) mode: u32,
    pub(crate) rotation: Rotation,
    pub(crate) rejects: Option<PathBuf>,
    pub(crate) cursor: Option<PathBuf>,
    pub(crate) durability: Durability,
    pub(crate) lock_wait: Duration,
    pub(crate) metrics: Option<PathBuf>,
}

impl Capture {
    /// Whether this is a path that a file of the output has, at some time and with some rotation.
    pub(crate) fn is_output(&self, path: &Path) -> bool {
        let whole = without(path, PART).unwrap_or_else(|| path.to_owned());
        self.has_output(path, |name| {
            name.is_at_some_time(&whole) || name.finished().stamp(&whole).is_some()
        })
    }

    /// Whether this is the path of the rejects file beside a file of the output.
    pub(crate) fn is_beside_output(&self, path: &Path) -> bool {
        without(path, REJECTS).is_some_and(|path| self.is_output(&path))
    }

    /// Whether this may be a file of the output, or one beside it, perhaps renamed by somebody who
    /// rotates files.
    pub(crate) fn may_be_output(&self, path: &Path) -> bool {
        self.has_output(path, |name| name.begins(path))
    }

    /// Whether this may be a file for rejects, as in [`Capture::may_be_output`].
    pub(crate) fn may_be_rejects(&self, path: &Path) -> bool {
        match &self.rejects {
            Some(rejects) => is_beside(path, rejects) && file_name::begins(path, rejects),
            None => self.may_be_output(path),
        }
    }

    fn has_output(&self, path: &Path, fits: impl Fn(&FileName) -> bool) -> bool {
        // The folder never changes with the time.
        let folder = |name: &FileName| is_beside(path, &name.at(Timestamp::UNIX_EPOCH));
        self.output.as_ref().is_some_and(|name| fits(name) && folder(name))
    }
}

fn is_beside(path: &Path, other: &Path) -> bool {
    files::is_same(files::folder(path), files::folder(other))
}

/// The path without this behind its name.
pub(crate) fn without(path: &Path, suffix: &str) -> Option<PathBuf> {
    let whole = path.as_os_str().as_bytes().strip_suffix(suffix.as_bytes())?;
    Some(OsStr::from_bytes(whole).into())
}

/// When a file of the output is finished, and how many finished ones are kept.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rotation {
    pub(crate) size: Option<u64>,
    pub(crate) interval: Option<Duration>,
    pub(crate) keep: Option<usize>,
}

impl Rotation {
    /// Whether files are rotated at all.
    pub(crate) fn is_on(self) -> bool {
        self.size.is_some() || self.interval.is_some()
    }
}

impl Default for Capture {
    fn default() -> Capture {
        Capture {
            output: None,
            mode: 0o600,
            rotation: Rotation::default(),
            rejects: None,
            cursor: None,
            durability: Durability::Cursor,
            lock_wait: Duration::ZERO,
            metrics: None,
        }
    }
}
