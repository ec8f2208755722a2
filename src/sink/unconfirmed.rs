//! Lines that are in the files but beyond the cursor, left by a run that crashed or by a rollback.
//! The service sends their messages again. A repeated line confirms the one in the file, and is
//! not written a second time.
//!
//! Until all are confirmed, or the rest is given up, the cursor does not advance, so a crash
//! meanwhile changes nothing.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::clock::Instant;
use crate::files::FilePlace;

/// Lines that are still unconfirmed this long after the last repeat are given up.
const LIMIT: Duration = Duration::from_secs(60);

/// How often each line occurs, by its bytes.
#[derive(Debug, Default)]
pub(super) struct CountedLines(HashMap<Box<[u8]>, u64>);

impl CountedLines {
    /// Adds a line, with its newline.
    pub(super) fn add(&mut self, line: &[u8]) {
        *self.0.entry(line.into()).or_default() += 1;
    }

    /// How many lines there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> u64 {
        self.0.values().sum()
    }

    /// Removes one such line. Returns whether there was one.
    fn remove(&mut self, line: &[u8]) -> bool {
        let Some(count) = self.0.get_mut(line) else { return false };
        *count -= 1;
        if *count == 0 {
            self.0.remove(line);
        }
        true
    }
}

/// The unconfirmed lines of one kind, and the files they are in.
#[derive(Debug, Default)]
pub(super) struct Tail {
    pub(super) lines: CountedLines,
    /// The files the cursor names, with the lengths saved there, and those opened since. The open
    /// one is last.
    pub(super) files: Vec<FilePlace>,
}

impl Tail {
    /// Confirms this line if it is already in the files. Returns whether it is.
    pub(super) fn confirms(&mut self, line: &[u8]) -> bool {
        self.lines.remove(line)
    }

    /// No more repeats will arrive: gives the rest up.
    pub(super) fn give_up(&mut self) {
        self.lines.0.clear();
    }

    /// Makes this file the open one. A known file keeps its saved length, even if it was created
    /// only after it was announced. A file that was announced but never created is dropped.
    pub(super) fn open(&mut self, open: FilePlace) {
        let same = |known: &FilePlace| match known.identity.zip(open.identity) {
            Some((known, open)) => known.is(&open),
            None => known.identity.is_none() && known.name == open.name,
        };
        let offset = self.files.iter().position(same).map(|at| self.files.remove(at).offset);
        self.files.retain(|known| known.identity.is_some());
        self.files.push(FilePlace { offset: offset.unwrap_or(open.offset), ..open });
    }

    /// Renames the open file.
    pub(super) fn rename_open(&mut self, name: PathBuf) {
        if let Some(open) = self.files.last_mut().filter(|open| open.identity.is_some()) {
            open.name = name;
        }
    }
}

/// All lines that are unconfirmed.
#[derive(Debug, Default)]
pub(super) struct Unconfirmed {
    pub(super) output: Tail,
    pub(super) rejects: Tail,
    /// When the rest is given up; `None` while no repeats can arrive.
    deadline: Option<Instant>,
}

impl Unconfirmed {
    /// Whether every line is confirmed or given up.
    pub(super) fn is_empty(&self) -> bool {
        self.output.lines.0.is_empty() && self.rejects.lines.0.is_empty()
    }

    /// Repeats are arriving or will soon: the time limit starts again.
    pub(super) fn wait(&mut self, now: Instant) {
        self.deadline = Some(now + LIMIT);
    }

    /// The time limit starts again after a pause.
    pub(super) fn resume(&mut self, now: Instant) {
        self.deadline.get_or_insert(now + LIMIT);
    }

    /// No repeats can arrive now: no time counts.
    pub(super) fn pause(&mut self) {
        self.deadline = None;
    }

    /// When the rest is given up.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline.filter(|_| !self.is_empty())
    }

    /// No more repeats will arrive: gives the rest up.
    pub(super) fn give_up(&mut self) {
        self.output.give_up();
        self.rejects.give_up();
    }

    /// Gives the rest up if its time is over. Returns whether nothing is unconfirmed any more.
    pub(super) fn is_over(&mut self, now: Instant) -> bool {
        if self.deadline().is_some_and(|at| now >= at) {
            self.give_up();
        }
        self.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Identity;

    fn place(name: &str, inode: Option<u64>, offset: u64) -> FilePlace {
        let identity = inode.map(|inode| Identity { device: 1, inode, born: None });
        FilePlace { name: name.into(), identity, offset }
    }

    #[test]
    fn equal_lines_are_counted() {
        let mut unconfirmed = Unconfirmed::default();
        let Unconfirmed { output, rejects, .. } = &mut unconfirmed;
        output.lines.add(b"a\n");
        output.lines.add(b"a\n");
        rejects.lines.add(b"a\n");
        assert!(output.confirms(b"a\n") && output.confirms(b"a\n") && !output.confirms(b"a\n"));
        assert!(!output.confirms(b"b\n") && rejects.confirms(b"a\n"));
        assert!(unconfirmed.is_empty());
    }

    #[test]
    fn the_rest_is_given_up_a_minute_after_the_last_repeat() {
        let (mut unconfirmed, now) = (Unconfirmed::default(), Instant::now());
        unconfirmed.output.lines.add(b"a\n");
        unconfirmed.wait(now);
        assert!(!unconfirmed.is_over(now + LIMIT / 2));
        unconfirmed.wait(now + LIMIT / 2);
        assert!(!unconfirmed.is_over(now + LIMIT), "a repeat came meanwhile");
        unconfirmed.resume(now + LIMIT);
        assert_eq!(unconfirmed.deadline(), Some(now + LIMIT / 2 + LIMIT), "there was no pause");
        assert!(unconfirmed.is_over(now + LIMIT * 2));
        assert_eq!(unconfirmed.deadline(), None);
    }

    #[test]
    fn time_counts_only_while_something_can_come() {
        let (mut unconfirmed, now) = (Unconfirmed::default(), Instant::now());
        unconfirmed.rejects.lines.add(b"a\n");
        assert!(!unconfirmed.is_over(now + LIMIT * 9), "no session is open");
        unconfirmed.wait(now);
        unconfirmed.pause();
        assert!(unconfirmed.deadline().is_none() && !unconfirmed.is_over(now + LIMIT));
        unconfirmed.resume(now + LIMIT);
        assert_eq!(unconfirmed.deadline(), Some(now + LIMIT * 2), "the time limit starts again");
    }

    #[test]
    fn the_open_file_is_the_last_and_keeps_its_length() {
        let files = vec![place("a", Some(1), 10), place("b", Some(2), 20)];
        let mut tail = Tail { files, ..Tail::default() };
        tail.open(place("a", Some(1), 99));
        assert_eq!(tail.files, [place("b", Some(2), 20), place("a", Some(1), 10)]);
        tail.rename_open("z".into());
        tail.open(place("c", None, 0));
        tail.rename_open("never".into());
        tail.open(place("c", Some(3), 0));
        let names: Vec<_> = tail.files.iter().map(|file| file.name.to_str()).collect();
        assert_eq!(names, [Some("b"), Some("z"), Some("c")], "one about to be made gives way");
    }
}
