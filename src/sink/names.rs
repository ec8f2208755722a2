//! The names of an output's files. With rotation the open file is `NAME.part`, and a finished file
//! appears complete under its own name. No existing file is ever overwritten.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::files::{self, owner};
use crate::values::capture::{PART, REJECTS, Rotation, without};
use crate::values::file_name::{FileName, Stamp};

const COMPRESSED: [&str; 4] = ["gz", "zst", "xz", "bz2"];

/// A date in a name changes at the end of a day, even if it only shows the month or the year.
const DAY: Duration = Duration::from_secs(86_400);

/// How the files of one output are named.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) name: FileName,
    pub(super) rotation: Rotation,
    /// A rename is synced to the disk before it counts.
    pub(super) durable: bool,
}

impl Names {
    /// How often the clock asks for a new file.
    pub(super) fn interval(&self) -> Option<Duration> {
        match self.rotation.is_on() {
            true => self.rotation.interval,
            false => self.name.changes_every().map(|every| every.min(DAY)),
        }
    }

    /// The path of the file that is open at this time.
    ///
    /// # Errors
    /// If the current folder cannot be found out.
    pub(super) fn open_at(&self, time: Timestamp) -> io::Result<PathBuf> {
        let path = std::path::absolute(self.name.at(time))?;
        Ok(if self.rotation.is_on() { files::beside(&path, PART) } else { path })
    }

    /// The rejects file beside an open file; `.part` is not a part of its name.
    pub(super) fn rejects_beside(&self, open: &Path) -> PathBuf {
        let whole = without(open, PART).filter(|_| self.rotation.is_on());
        files::beside(whole.as_deref().unwrap_or(open), REJECTS)
    }

    /// The files that earlier runs left open beside this one, oldest first, with the time of their
    /// last write. An empty one was never written.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn parts(&self, open: &Path) -> io::Result<Vec<(SystemTime, PathBuf)>> {
        by_age(open, &|path| {
            without(path, PART).filter(|whole| self.name.is_at_some_time(whole))?;
            let meta = fs::metadata(path).ok().filter(|meta| meta.is_file() && meta.len() > 0)?;
            if owner::distrust(path).is_some() {
                return None;
            }
            meta.modified().ok()
        })
    }

    /// Renames a file to its finished name, which has the file's own time or else the time it was
    /// finished. If that name is taken, a number follows, above all existing ones, so that names
    /// stay in order.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn finish(&self, part: &Path, done: Timestamp) -> io::Result<PathBuf> {
        let name = self.name.finished();
        let whole = match without(part, PART).filter(|whole| name.is_at_some_time(whole)) {
            Some(whole) => whole,
            None => std::path::absolute(name.at(done))?,
        };
        let time = name.stamp(&whole).map(|(time, _)| time);
        let taken = self.stamps(&whole)?.into_iter().filter(|((taken, _), _)| Some(*taken) == time);
        let mut number = taken.map(|((_, number), _)| number).max().map(|most| most + 1);
        loop {
            let path = number.map_or_else(|| whole.clone(), |number| name.numbered(&whole, number));
            match files::rename_new(part, &path) {
                // Someone else was faster.
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                    number = Some(number.map_or(1, |number| number + 1));
                }
                result => {
                    result?;
                    if self.durable {
                        files::sync_folder(&path)?;
                    }
                    return Ok(path);
                }
            }
        }
    }

    /// Deletes the oldest finished files beside this one, if there are more than `--rotate-keep`
    /// allows. `newest` is the one just finished, or was the name of one finished now. Files that
    /// cannot be deleted are ignored, since new events matter more.
    pub(super) fn delete_oldest(&self, newest: &Path) {
        let (Some(keep), Ok(found)) = (self.rotation.keep, self.stamps(newest)) else { return };
        let mut stamps: Vec<Stamp> = found.iter().map(|(stamp, _)| *stamp).collect();
        // What seems to be newer is of a clock that was ahead, or of a time that came round again.
        let newest = self.name.finished().stamp(newest);
        stamps.sort_by_key(|stamp| (Some(*stamp) <= newest, *stamp));
        // One that is being compressed is there twice.
        stamps.dedup();
        stamps.truncate(stamps.len().saturating_sub(keep));
        for (_, path) in found.iter().filter(|(stamp, _)| stamps.contains(stamp)) {
            let _ = fs::remove_file(path);
        }
    }

    /// The finished files beside this one, also those that somebody compressed.
    fn stamps(&self, beside: &Path) -> io::Result<Vec<(Stamp, PathBuf)>> {
        let finished = self.name.finished();
        let mut found = Vec::new();
        for entry in fs::read_dir(files::folder(beside))? {
            let path = entry?.path();
            let stamp = finished.stamp(&path).or_else(|| finished.stamp(&uncompressed(&path)?));
            let Some(stamp) = stamp else { continue };
            if fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_file()) {
                found.push((stamp, path));
            }
        }
        Ok(found)
    }
}

/// The files beside this one for which `written` gives the time of the last write, oldest first.
fn by_age(
    beside: &Path,
    written: &dyn Fn(&Path) -> Option<SystemTime>,
) -> io::Result<Vec<(SystemTime, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(files::folder(beside))? {
        let path = entry?.path();
        found.extend(written(&path).map(|written| (written, path)));
    }
    found.sort();
    Ok(found)
}
/// The path without the extension of a program that compresses.
fn uncompressed(path: &Path) -> Option<PathBuf> {
    let extension = path.extension()?.to_str()?;
    COMPRESSED.contains(&extension).then(|| path.with_extension(""))
}
