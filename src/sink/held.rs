//! Lines that a run before this one wrote and its cursor does not name: what the service sends
//! again is left out as long as the same line is among them. Until all came, or the rest was given
//! up, the cursor stays where it was, so that a death meanwhile changes nothing.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::files::FilePlace;

/// What was not sent again so long after other repeats was never going to be.
const LIMIT: Duration = Duration::from_secs(60);

/// Lines by their bytes, counted.
#[derive(Debug, Default)]
pub(super) struct Lines(HashMap<Box<[u8]>, u64>);

impl Lines {
    /// One more line, with its newline.
    pub(super) fn add(&mut self, line: &[u8]) {
        *self.0.entry(line.into()).or_default() += 1;
    }

    /// Whether this line is there already; it counts once.
    fn meets(&mut self, line: &[u8]) -> bool {
        let Some(count) = self.0.get_mut(line) else { return false };
        *count -= 1;
        if *count == 0 {
            self.0.remove(line);
        }
        true
    }
}

/// The lines that are awaited, and what the cursor says meanwhile.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) lines: Lines,
    pub(super) rejects: Lines,
    /// The files that the lines are in, with the lengths they had for the cursor, and those that
    /// came since. The open one is the last.
    pub(super) output: Vec<FilePlace>,
    pub(super) rejects_files: Vec<FilePlace>,
    /// When the rest is given up; `None` while nothing can come.
    deadline: Option<Instant>,
}

impl Held {
    /// Whether every line came.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.0.is_empty() && self.rejects.0.is_empty()
    }

    /// Whether an output line is there already.
    pub(super) fn meets_line(&mut self, line: &[u8]) -> bool {
        self.lines.meets(line)
    }

    /// Whether a reject is there already.
    pub(super) fn meets_reject(&mut self, line: &[u8]) -> bool {
        self.rejects.meets(line)
    }

    /// They are being sent again, or soon will be.
    pub(super) fn wait(&mut self) {
        self.deadline = Some(Instant::now() + LIMIT);
    }

    /// Nothing can come now.
    pub(super) fn pause(&mut self) {
        self.deadline = None;
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline.filter(|_| !self.is_empty())
    }

    /// None of the rest will come.
    pub(super) fn give_up(&mut self) {
        self.lines.0.clear();
        self.rejects.0.clear();
    }

    /// This file is the open one from now on.
    pub(super) fn hold(&mut self, open: FilePlace) {
        hold(&mut self.output, open);
    }

    /// This file takes rejects from now on.
    pub(super) fn hold_rejects(&mut self, open: FilePlace) {
        hold(&mut self.rejects_files, open);
    }
}

/// A file that is held already keeps its length, also one that has been made since; one that was
/// about to be made, and was not, gives way.
fn hold(files: &mut Vec<FilePlace>, open: FilePlace) {
    let same = |held: &FilePlace| match held.identity.zip(open.identity) {
        Some((held, open)) => held.is(&open),
        None => held.identity.is_none() && held.name == open.name,
    };
    let offset = files.iter().position(same).map(|at| files.remove(at).offset);
    files.retain(|held| held.identity.is_some());
    files.push(FilePlace { offset: offset.unwrap_or(open.offset), ..open });
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
        let mut held = Held::default();
        held.lines.add(b"a\n");
        held.lines.add(b"a\n");
        held.rejects.add(b"a\n");
        assert!(held.meets_line(b"a\n") && held.meets_line(b"a\n") && !held.meets_line(b"a\n"));
        assert!(!held.is_empty() && held.meets_reject(b"a\n") && held.is_empty());
    }

    #[test]
    fn time_counts_only_while_something_can_come() {
        let mut held = Held::default();
        held.lines.add(b"a\n");
        assert_eq!(held.deadline(), None);
        held.wait();
        let first = held.deadline().expect("a session is open");
        held.pause();
        assert_eq!(held.deadline(), None);
        held.wait();
        assert!(held.deadline().is_some_and(|again| again >= first), "it starts anew");
        held.give_up();
        assert!(held.is_empty() && held.deadline().is_none());
    }

    #[test]
    fn the_open_file_is_the_last_and_keeps_its_length() {
        let output = vec![place("a", Some(1), 10), place("b", Some(2), 20)];
        let mut held = Held { output, ..Held::default() };
        held.hold(place("a", Some(1), 99));
        assert_eq!(held.output, [place("b", Some(2), 20), place("a", Some(1), 10)]);
        held.hold(place("c", None, 0));
        held.hold(place("c", Some(3), 0));
        let names: Vec<_> = held.output.iter().map(|held| held.name.to_str()).collect();
        assert_eq!(names, [Some("b"), Some("a"), Some("c")], "one about to be made gives way");
    }
}
