//! The files of a run: where lines go, and the files that keep track of them.

use std::path::PathBuf;
use std::time::Duration;

use super::choice::Durability;
use super::file_name::FileName;

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
