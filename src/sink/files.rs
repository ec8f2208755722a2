//! The files of one output: the open one, and the switch to the next one, because of its size, the
//! UTC clock, or SIGHUP.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::appender::Appender;
use super::boundary::{self, Boundary};
use super::names::Names;
use super::pending::Pending;
use crate::clock::{Instant, Now};
use crate::files::{self, FilePlace};

/// Why the open file is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Switch {
    /// Because of the clock or its size: it is finished.
    Rotate,
    /// Because of SIGHUP: it may have been renamed.
    Reopen,
}

/// The open file and how the next one is named.
#[derive(Debug)]
pub(super) struct Files {
    names: Names,
    /// Permissions of new files.
    mode: u32,
    pub(super) open: Appender,
    boundary: Boundary,
    /// The open file already has the name of a finished one.
    is_finished: bool,
    /// The switch to the next file, until it is done.
    pub(super) switch: Option<Switch>,
}

impl Files {
    /// Opens the current file, and finishes files that an earlier run should have finished.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn start(names: Names, mode: u32, now: Now) -> io::Result<Files> {
        let mut path = names.open_at(now.utc)?;
        if names.rotation.is_on() {
            for (written, part) in names.parts(&path)? {
                let written = Timestamp::try_from(written).unwrap_or_default();
                let end = names.rotation.interval.map(|every| boundary::after(written, every));
                match end.filter(|end| *end <= now.utc) {
                    Some(end) => drop(names.finish(&part, end)?),
                    None => path = part,
                }
            }
            names.delete_oldest(&std::path::absolute(names.name.finished().at(now.utc))?);
        }
        let mut open = Appender::open(&path, mode, names.durable)?;
        open.lock()?;
        let boundary = Boundary::next(names.interval(), now);
        Ok(Files { names, mode, open, boundary, is_finished: false, switch: None })
    }

    /// The open file, for people.
    pub(super) fn shown(&self) -> String {
        self.open.path.display().to_string()
    }

    /// The rejects file beside the open file.
    pub(super) fn rejects_beside(&self) -> PathBuf {
        self.names.rejects_beside(&self.open.path)
    }

    /// Opens the file anew by its name, since it may be gone or its descriptor dead. Returns the one
    /// before; `None` if it stays the open one, because its name cannot be opened.
    ///
    /// # Errors
    /// Those of the file system, if there is nothing to stay with.
    pub(super) fn renew(&mut self) -> io::Result<Option<Appender>> {
        match Appender::open(&self.open.path, self.mode, self.names.durable) {
            Ok(next) => Ok(Some(std::mem::replace(&mut self.open, next))),
            Err(e) if self.open.is_gone().unwrap_or(true) => Err(e),
            Err(_) => Ok(None),
        }
    }

    /// If the open file was renamed and another has its name, that one is gone on with. One that was
    /// only renamed stays open until SIGHUP: whoever renamed it may be about to make the other.
    pub(super) fn follow_name(&mut self) {
        if self.open.is_replaced() && !self.open.is_gone().unwrap_or(true) {
            self.switch.get_or_insert(Switch::Reopen);
        }
    }

    /// Reads the clock, and asks for a rotation if the boundary has passed.
    pub(super) fn look(&mut self, now: Now) {
        self.boundary.look(now);
        if self.boundary.passed(now.utc).is_some() {
            self.switch = Some(Switch::Rotate);
        }
    }

    /// The switch that is due. A torn line that could not be cut off is completed first.
    pub(super) fn due_switch(&self) -> Option<Switch> {
        self.switch.filter(|_| !self.open.is_torn())
    }

    /// Writes as many pending lines as the open file takes. Returns whether that was all; if not,
    /// a rotation is next.
    ///
    /// # Errors
    /// Those of the file system. Lines that are not in the file stay pending.
    pub(super) fn write(&mut self, pending: &mut Pending) -> io::Result<bool> {
        while !pending.rest().is_empty() {
            let lines = pending.rest();
            let takes = self.takes(lines)?;
            if takes == 0 {
                return Ok(false);
            }
            let (written, result) = self.open.append(&lines[..takes]);
            pending.advance(written);
            result?;
        }
        Ok(true)
    }

    /// How many bytes of these lines the open file takes.
    fn takes(&self, lines: &[u8]) -> io::Result<usize> {
        let Some(size) = self.names.rotation.size else { return Ok(lines.len()) };
        let len = self.open.len()?;
        let room = usize::try_from(size.saturating_sub(len)).unwrap_or(usize::MAX);
        if lines.len() <= room {
            return Ok(lines.len());
        }
        let whole = memchr::memrchr(b'\n', &lines[..room]).map_or(0, |at| at + 1);
        if whole == 0 && (len == 0 || self.open.is_torn()) {
            // A single line may be longer than the size limit.
            return Ok(memchr::memchr(b'\n', lines).map_or(lines.len(), |at| at + 1));
        }
        Ok(whole)
    }

    /// Prepares the switch to the next file; a rotation finishes the open one. Returns the path of
    /// the next file, and its place unless it is the open file.
    ///
    /// # Errors
    /// Those of the file system; the call can be repeated.
    pub(super) fn leave(
        &mut self,
        switch: Switch,
        now: Now,
    ) -> io::Result<(PathBuf, Option<FilePlace>)> {
        let path = if self.names.rotation.is_on() && switch == Switch::Reopen {
            self.open.path.clone()
        } else {
            self.finish(now)?;
            self.names.open_at(now.utc)?
        };
        let is_open = self.open.is_at(&path)?;
        let place = if is_open { None } else { Some(files::place(&path)?) };
        Ok((path, place))
    }

    /// Renames the open file to its finished name, if it has another name while it is written.
    fn finish(&mut self, now: Now) -> io::Result<()> {
        if self.names.rotation.is_on() && !self.is_finished && self.open.len()? > 0 {
            let done = self.boundary.passed(now.utc).unwrap_or(now.utc);
            // If someone else renamed or removed it, there is nothing to rename.
            if self.open.is_at(&self.open.path)? {
                self.open.path = self.names.finish(&self.open.path, done)?;
            }
            self.is_finished = true;
            self.names.delete_oldest(&self.open.path);
        }
        Ok(())
    }

    /// Opens the file at this path and continues with it. Even the same one is opened anew: its
    /// descriptor may be dead.
    ///
    /// # Errors
    /// Those of the file system; the old file then stays open.
    pub(super) fn open_next(&mut self, path: &Path, now: Now) -> io::Result<()> {
        let left_empty = self.names.rotation.is_on() && !self.is_finished && path != self.open.path;
        let next = Appender::open(path, self.mode, self.names.durable)?;
        let old = std::mem::replace(&mut self.open, next);
        if left_empty && old.len()? == 0 && old.is_at(&old.path)? {
            fs::remove_file(&old.path)?;
        }
        // It may have the lock on the same file.
        drop(old);
        self.open.lock()?;
        self.is_finished = false;
        self.boundary = Boundary::next(self.names.interval(), now);
        Ok(())
    }

    /// When the clock asks for the next file, or must be read again.
    pub(super) fn due(&self, now: Now) -> Option<Instant> {
        self.boundary.due(now)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::testing::scratch::Scratch;
    use crate::values::capture::Rotation;
    use crate::values::file_name::FileName;
    use std::fs::File;
    use std::time::{Duration, SystemTime};

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(text: &str) -> Now {
        Now { instant: Instant::now(), utc: text.parse().expect("a time") }
    }

    fn names(folder: &Scratch, name: &str, size: Option<u64>, interval: Option<Duration>) -> Names {
        let path = folder.join(name);
        let name = FileName::parse(path.as_os_str()).expect("a name");
        Names { name, rotation: Rotation { size, interval, keep: None }, durable: false }
    }

    fn there(folder: &Scratch) -> Vec<String> {
        let entries = fs::read_dir(folder.path()).expect("a folder").map(Result::unwrap);
        let mut names: Vec<_> = entries.map(|it| it.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn pending(lines: &str) -> Pending {
        let mut pending = Pending::default();
        pending.buffer().extend_from_slice(lines.as_bytes());
        pending
    }

    /// Writes all of the lines, with as many switches as that takes.
    fn write(files: &mut Files, lines: &str, now: Now) {
        let mut pending = pending(lines);
        files.look(now);
        loop {
            if let Some(switch) = files.due_switch() {
                go_on(files, switch, now);
            }
            match files.write(&mut pending).expect("room") {
                true => return,
                false => files.switch = Some(Switch::Rotate),
            }
        }
    }

    fn go_on(files: &mut Files, switch: Switch, now: Now) {
        let (path, _) = files.leave(switch, now).expect("a next file");
        files.open_next(&path, now).expect("it opens");
        files.switch = None;
    }

    #[test]
    fn the_clock_finishes_a_file_under_the_time_of_its_boundary() {
        let folder = Scratch::new("files");
        let start = at("2026-10-02T09:30:00Z");
        let names = names(&folder, "ev.log", None, Some(HOUR));
        let mut files = Files::start(names, 0o600, start).unwrap();
        write(&mut files, "1\n", start);
        write(&mut files, "2\n", at("2026-10-02T09:59:59Z"));
        write(&mut files, "3\n", at("2026-10-02T10:00:07Z"));
        assert_eq!(there(&folder), ["ev.20261002T100000.log", "ev.log.part"]);
        assert_eq!(fs::read(folder.join("ev.20261002T100000.log")).unwrap(), b"1\n2\n");
        files.look(at("2026-10-02T11:00:00Z"));
        assert_eq!(files.due_switch(), Some(Switch::Rotate), "also without a line");
    }

    #[test]
    fn a_clock_that_was_set_back_ends_a_file_at_the_boundary_it_comes_to_next() {
        let folder = Scratch::new("files");
        let names = names(&folder, "ev.log", None, Some(HOUR));
        let mut files = Files::start(names, 0o600, at("2026-10-02T09:30:00Z")).unwrap();
        write(&mut files, "1\n", at("2026-10-02T07:10:00Z"));
        write(&mut files, "2\n", at("2026-10-02T08:00:00Z"));
        assert_eq!(there(&folder), ["ev.20261002T080000.log", "ev.log.part"]);
    }

    #[test]
    fn what_is_overdue_at_the_start_is_finished_and_what_is_not_goes_on() {
        let folder = Scratch::new("files");
        let part = folder.join("ev.log.part");
        let start = |now: Now| {
            Files::start(names(&folder, "ev.log", None, Some(HOUR)), 0o600, now).unwrap()
        };
        let write_at = |text: &str| {
            fs::write(&part, "1\n").unwrap();
            let seconds = at(text).utc.as_second().unsigned_abs();
            let written = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            File::options().append(true).open(&part).unwrap().set_modified(written).unwrap();
        };
        write_at("2026-10-02T07:10:00Z");
        assert_eq!(start(at("2026-10-02T07:59:59Z")).open.len().unwrap(), 2);
        assert_eq!(there(&folder), ["ev.log.part"]);
        assert_eq!(start(at("2026-10-02T08:00:00Z")).open.len().unwrap(), 0);
        assert_eq!(there(&folder), ["ev.20261002T080000.log", "ev.log.part"]);
        write_at("2026-10-02T07:20:00Z");
        start(at("2026-10-03T08:00:00Z"));
        let names = there(&folder);
        assert_eq!(names[..2], ["ev.20261002T080000-1.log", "ev.20261002T080000.log"]);
    }

    #[test]
    fn size_ends_a_file_between_lines_and_a_long_line_has_its_own() {
        let folder = Scratch::new("files");
        let now = at("2026-10-02T09:30:00Z");
        let mut files = Files::start(names(&folder, "ev.log", Some(10), None), 0o600, now).unwrap();
        write(&mut files, "1234\n1234\n1\n123456789012\n2\n", now);
        let whole = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(whole("ev.20261002T093000.log"), "1234\n1234\n");
        assert_eq!(whole("ev.20261002T093000-1.log"), "1\n");
        assert_eq!(whole("ev.20261002T093000-2.log"), "123456789012\n");
        assert_eq!(whole("ev.log.part"), "2\n");
    }

    #[test]
    fn a_name_of_the_time_changes_with_it_and_a_renamed_file_is_reopened() {
        let folder = Scratch::new("files");
        let start = at("2026-10-02T09:30:00Z");
        let mut files = Files::start(names(&folder, "%H.log", None, None), 0o600, start).unwrap();
        write(&mut files, "1\n", start);
        write(&mut files, "2\n", at("2026-10-02T10:00:00Z"));
        fs::rename(folder.join("10.log"), folder.join("moved")).unwrap();
        write(&mut files, "3\n", at("2026-10-02T10:00:01Z"));
        go_on(&mut files, Switch::Reopen, at("2026-10-02T10:00:02Z"));
        write(&mut files, "4\n", at("2026-10-02T10:00:03Z"));
        let whole = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(["09.log", "moved", "10.log"].map(whole), ["1\n", "2\n3\n", "4\n"]);
    }
}
