//! The files of one output, one after the other: rotation by size and by the UTC clock, names
//! that hold the time, and files that others rename.
//!
//! With rotation the open file is `NAME.part`, and a finished one appears whole under its own
//! name, which nothing is ever overwritten for.

use std::cell::Cell;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use jiff::{SignedDuration, Timestamp};

use super::appender::Appender;
use crate::files;
use crate::settings::Rotation;
use crate::values::file_name::FileName;

const PART: &str = ".part";

/// A clock that was set is noticed after this long.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The open file and how the next one is named.
#[derive(Debug)]
pub(super) struct Series {
    name: FileName,
    rotation: Rotation,
    mode: u32,
    durable: bool,
    pub(super) open: Appender,
    /// When the clock ends the open file.
    ends: Cell<Option<Timestamp>>,
    /// The open file has its last name already.
    is_finished: bool,
}

impl Series {
    /// Opens the file that is written now, and finishes what an earlier run left overdue.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn start(
        name: FileName,
        rotation: Rotation,
        mode: u32,
        durable: bool,
    ) -> io::Result<Series> {
        let now = Timestamp::now();
        let mut path = open_name(&name, rotation, now)?;
        if rotation.is_on() {
            for (part, written) in parts(&path, &name)? {
                match rotation.interval.map(|interval| boundary_after(written, interval)) {
                    Some(end) if end <= now => {
                        give_last_name(&name, &part, end, durable)?;
                    }
                    _ => path = part,
                }
            }
            delete_oldest(&name.finished(), &path, rotation.keep);
        }
        let open = Appender::open(&path, mode, durable)?;
        let series = Series {
            name,
            rotation,
            mode,
            durable,
            open,
            ends: Cell::new(None),
            is_finished: false,
        };
        series.ends.set(series.next_end(now));
        Ok(series)
    }

    /// The open file, for people.
    pub(super) fn shown(&self) -> String {
        self.open.path.display().to_string()
    }

    /// A name beside the open file's own, without what marks it as open.
    pub(super) fn beside(&self, suffix: &str) -> PathBuf {
        let whole = without_part(&self.open.path).filter(|_| self.rotation.is_on());
        let mut name = whole.unwrap_or_else(|| self.open.path.clone()).into_os_string();
        name.push(suffix);
        name.into()
    }

    /// When the clock asks for the next file, or to be looked at again.
    pub(super) fn due(&self) -> Option<Instant> {
        let left = self.end()?.duration_since(Timestamp::now());
        let left = Duration::try_from(left).unwrap_or_default();
        Some(Instant::now() + left.min(LONGEST_WAIT))
    }

    /// Whether the clock asks for the next file.
    pub(super) fn is_over(&self) -> bool {
        self.end().is_some_and(|end| Timestamp::now() >= end)
    }

    /// When the clock ends the open file. A clock that was set back brings it nearer.
    fn end(&self) -> Option<Timestamp> {
        let nearest = self.next_end(Timestamp::now());
        self.ends.set(self.ends.get().zip(nearest).map(|(end, nearest)| end.min(nearest)));
        self.ends.get()
    }

    /// How much of these lines the open file takes; 0 asks for the next file.
    ///
    /// # Errors
    /// Those of fstat(2).
    pub(super) fn takes(&self, lines: &[u8]) -> io::Result<usize> {
        let Some(size) = self.rotation.size else { return Ok(lines.len()) };
        let len = self.open.len()?;
        let room = usize::try_from(size.saturating_sub(len)).unwrap_or(usize::MAX);
        if lines.len() <= room {
            return Ok(lines.len());
        }
        let whole = memchr::memrchr(b'\n', &lines[..room]).map_or(0, |at| at + 1);
        if whole == 0 && (len == 0 || self.open.is_torn()) {
            // A single line may be longer than a file should be.
            return Ok(memchr::memchr(b'\n', lines).map_or(lines.len(), |at| at + 1));
        }
        Ok(whole)
    }

    /// Leaves the open file, finished if it is over, and says where to go on.
    ///
    /// # Errors
    /// Those of the file system; it can be called again then.
    pub(super) fn leave(&mut self, is_over: bool) -> io::Result<PathBuf> {
        if self.rotation.is_on() && !is_over {
            return Ok(self.open.path.clone());
        }
        self.finish()?;
        open_name(&self.name, self.rotation, Timestamp::now())
    }

    /// Gives the open file its last name, where it has another while it is written.
    fn finish(&mut self) -> io::Result<()> {
        if self.rotation.is_on() && !self.is_finished && self.open.len()? > 0 {
            let now = Timestamp::now();
            let done = self.ends.get().filter(|end| *end <= now).unwrap_or(now);
            // Renamed or removed by someone else: nothing of ours to finish.
            if self.open.is_at(&self.open.path)? {
                self.open.path = give_last_name(&self.name, &self.open.path, done, self.durable)?;
            }
            self.is_finished = true;
            delete_oldest(&self.name.finished(), &self.open.path, self.rotation.keep);
        }
        Ok(())
    }

    /// Goes on with the file of that path.
    ///
    /// # Errors
    /// Those of the file system; the old one stays open then.
    pub(super) fn open_next(&mut self, path: &Path) -> io::Result<()> {
        if !self.open.is_at(path)? {
            let left_empty = self.rotation.is_on() && !self.is_finished && path != self.open.path;
            let old =
                std::mem::replace(&mut self.open, Appender::open(path, self.mode, self.durable)?);
            if left_empty && old.len()? == 0 && old.is_at(&old.path)? {
                fs::remove_file(&old.path)?;
            }
        }
        self.is_finished = false;
        self.ends.set(self.next_end(Timestamp::now()));
        Ok(())
    }

    fn next_end(&self, now: Timestamp) -> Option<Timestamp> {
        let every = match self.rotation.is_on() {
            true => self.rotation.interval?,
            // The date in a name changes at a day's end, whatever the month.
            false => self.name.changes_every()?.min(Duration::from_secs(86_400)),
        };
        Some(boundary_after(now, every))
    }
}

/// The file of this name that is written at a time.
fn open_name(name: &FileName, rotation: Rotation, now: Timestamp) -> io::Result<PathBuf> {
    let mut path = std::path::absolute(name.at(now))?.into_os_string();
    if rotation.is_on() {
        path.push(PART);
    }
    Ok(path.into())
}

/// The files that earlier runs left open, oldest first, with the time of their last write. An
/// empty one was never written.
fn parts(open: &Path, name: &FileName) -> io::Result<Vec<(PathBuf, Timestamp)>> {
    let folder = open.parent().unwrap_or(Path::new("/"));
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let whole = without_part(&path).filter(|whole| name.is_at_some_time(whole));
        let meta =
            whole.and_then(|_| fs::metadata(&path).ok()).filter(|m| m.is_file() && m.len() > 0);
        if let Some(modified) = meta.and_then(|meta| meta.modified().ok()) {
            found.push((path, Timestamp::try_from(modified).unwrap_or_default()));
        }
    }
    found.sort_by_key(|(_, written)| *written);
    Ok(found)
}

fn without_part(path: &Path) -> Option<PathBuf> {
    path.to_str()?.strip_suffix(PART).map(PathBuf::from)
}

/// Gives a file its last name: that of its own time, or the time it was finished. A number
/// follows where that is taken, above all there are, so that names stay in order.
fn give_last_name(
    name: &FileName,
    part: &Path,
    done: Timestamp,
    durable: bool,
) -> io::Result<PathBuf> {
    let name = name.finished();
    let whole = match without_part(part).filter(|whole| name.is_at_some_time(whole)) {
        Some(whole) => whole,
        None => std::path::absolute(name.at(done))?,
    };
    let folder = whole.parent().unwrap_or(Path::new("/"));
    let taken = fs::read_dir(folder)?.filter_map(|entry| name.number(&entry.ok()?.path(), &whole));
    let mut number = taken.max().map(|most| most + 1);
    loop {
        let path = number.map_or_else(|| whole.clone(), |number| name.numbered(&whole, number));
        match files::rename_new(part, &path) {
            // Someone else was faster.
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                number = Some(number.map_or(1, |number| number + 1));
            }
            result => {
                result?;
                if durable {
                    files::sync_folder(&path)?;
                }
                return Ok(path);
            }
        }
    }
}

/// Deletes what is more than is to be kept. Files that cannot be deleted are no reason to lose new
/// events.
fn delete_oldest(finished: &FileName, open: &Path, keep: Option<usize>) {
    let folder = open.parent().unwrap_or(Path::new("/"));
    let (Some(keep), Ok(entries)) = (keep, fs::read_dir(folder)) else { return };
    let finished_at = |path: &Path| -> Option<SystemTime> {
        let meta = fs::symlink_metadata(path).ok()?;
        meta.modified().ok().filter(|_| meta.is_file() && finished.fits(path))
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut found: Vec<_> = paths.filter_map(|path| Some((finished_at(&path)?, path))).collect();
    found.sort();
    let excess = found.len().saturating_sub(keep);
    for (_, path) in &found[..excess] {
        let _ = fs::remove_file(path);
    }
}

/// The first multiple of `every` on the UTC clock after this time.
fn boundary_after(time: Timestamp, every: Duration) -> Timestamp {
    let every = i128::try_from(every.as_nanos()).unwrap_or(i128::MAX).max(1);
    let since = time.as_nanosecond();
    let left = every - since.rem_euclid(every);
    let left = SignedDuration::try_from_nanos_i128(left).unwrap_or(SignedDuration::MAX);
    time.checked_add(left).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries_are_those_of_the_utc_clock() {
        for (time, every, next) in [
            ("2026-10-02T09:07:05.5Z", 3600, "2026-10-02T10:00:00Z"),
            ("2026-10-02T10:00:00Z", 3600, "2026-10-02T11:00:00Z"),
            ("2026-12-31T23:59:59Z", 86_400, "2027-01-01T00:00:00Z"),
            ("2026-10-02T09:07:05Z", 900, "2026-10-02T09:15:00Z"),
        ] {
            let at = |text: &str| text.parse::<Timestamp>().expect("a time");
            assert_eq!(boundary_after(at(time), Duration::from_secs(every)), at(next), "{time}");
        }
    }
}
