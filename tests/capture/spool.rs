//! The folder of one capture, and what a test does with it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use serde_json::Value;

use super::wait_until;
use crate::support::canary;
use crate::support::run::Run;
use crate::support::scratch::Scratch;
use crate::support::service::Service;

/// The folder of one capture: output, cursor and what comes beside them. Searched for the key when
/// it goes.
pub(crate) struct Spool {
    folder: Scratch,
}

impl Spool {
    #[track_caller]
    pub(crate) fn new() -> Spool {
        Spool { folder: Scratch::new("spool") }
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn output(&self) -> PathBuf {
        self.join("events.ndjson")
    }

    pub(crate) fn cursor(&self) -> PathBuf {
        self.join("cursor")
    }

    /// A follower into the folder's output with its cursor.
    pub(crate) fn run(&self, service: &Service) -> Run {
        self.run_with_cursor(service).arg("-o").arg(self.output())
    }

    /// The same without `-o`.
    pub(crate) fn run_with_cursor(&self, service: &Service) -> Run {
        let run = Run::against(service).few_roots().args(&["--retry-delay", "20ms"]);
        run.arg("--cursor-file").arg(self.cursor())
    }

    /// One run that ends when nothing more comes, as cron would start it.
    pub(crate) fn catching_up(&self, service: &Service) -> Run {
        self.run(service).args(&["-e", "--idle-timeout", "500ms"]).verbosity(0)
    }

    /// The same, which must go well and silently.
    #[track_caller]
    pub(crate) fn catch_up(&self, service: &Service) {
        let output = self.catching_up(service).run();
        output.assert_code(0).assert_silent();
    }

    /// Runs until `count` more lines were written, with a clean end.
    #[track_caller]
    pub(crate) fn take(&self, service: &Service, count: usize) {
        let output = self.run(service).args(&["-n", &count.to_string()]).verbosity(0).run();
        output.assert_code(0).assert_silent();
    }

    /// Publishes, and leaves all as a death does: the cursor knows of `known` lines, and the output
    /// has all of them.
    #[track_caller]
    pub(crate) fn die(&self, service: &Service, known: usize, payloads: &[String]) {
        for payload in payloads {
            service.publish("all", payload.as_str());
        }
        self.take(service, known);
        let cursor = fs::read(self.cursor()).unwrap();
        self.take(service, payloads.len() - known);
        self.assert_lines(payloads);
        fs::write(self.cursor(), cursor).unwrap();
        self.edit_cursor(|cursor| cursor["clean"] = false.into());
    }

    /// Whole lines of a file of the folder: none when there is no such file.
    #[track_caller]
    pub(crate) fn lines_of(&self, name: &str) -> Vec<String> {
        let bytes = fs::read(self.join(name)).unwrap_or_default();
        lines(&bytes)
    }

    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines_of("events.ndjson")
    }

    #[track_caller]
    pub(crate) fn assert_lines(&self, expected: &[String]) {
        let bytes = fs::read(self.output()).unwrap_or_default();
        assert!(bytes.is_empty() || bytes.ends_with(b"\n"), "a torn line at the end");
        assert_same(expected, &self.lines());
    }

    /// Waits until so many whole lines are in the file.
    #[track_caller]
    pub(crate) fn wait_lines_of(&self, name: &str, count: usize) {
        wait_until(&format!("{name} has {count} lines: {:?}", self.names()), || {
            self.lines_of(name).len() >= count
        });
    }

    #[track_caller]
    pub(crate) fn wait_lines(&self, count: usize) {
        self.wait_lines_of("events.ndjson", count);
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Finished files in the order in which they were finished.
    pub(crate) fn finished(&self) -> Vec<String> {
        let mut names = self.names();
        names.retain(|name| finished_at(name).is_some());
        names.sort_by_key(|name| finished_at(name));
        names
    }

    /// The lines of all files of a rotated capture, in order. Each must be whole, save the last
    /// while the program runs.
    #[track_caller]
    pub(crate) fn rotated_lines(&self) -> Vec<String> {
        let mut all = Vec::new();
        for name in self.finished() {
            let bytes = fs::read(self.join(&name)).unwrap();
            assert!(bytes.ends_with(b"\n"), "{name} was finished without a whole line");
            all.extend(lines(&bytes));
        }
        all.extend(self.lines_of("events.ndjson.part"));
        all
    }

    #[track_caller]
    pub(crate) fn cursor_json(&self) -> Value {
        serde_json::from_slice(&fs::read(self.cursor()).unwrap()).expect("a cursor is JSON")
    }

    #[track_caller]
    pub(crate) fn edit_cursor(&self, edit: impl FnOnce(&mut Value)) {
        let mut cursor = self.cursor_json();
        edit(&mut cursor);
        fs::write(self.cursor(), cursor.to_string()).unwrap();
    }

    /// Waits until the cursor knows of everything that is written.
    #[track_caller]
    pub(crate) fn wait_committed(&self) {
        wait_until("the cursor has the end of the output", || {
            let length = fs::metadata(self.output()).map_or(0, |it| it.len());
            let cursor = self.cursor_json();
            let open = cursor["output"].as_array().and_then(|files| files.last());
            open.is_some_and(|file| file["offset"].as_u64() == Some(length))
        });
    }
}

impl Spool {
    /// For the message of a failure: the files and the cursor.
    pub(crate) fn shown(&self) -> String {
        let mut text = fs::read_to_string(self.cursor()).unwrap_or_else(|e| e.to_string());
        for name in self.names() {
            if let Ok(meta) = fs::metadata(self.join(&name)) {
                text += &format!("\n{:9} bytes, inode {}: {name}", meta.len(), meta.ino());
            }
        }
        text
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("what is left:\n{}", self.shown());
            return;
        }
        for name in self.names() {
            // Folders and pipes of a test are not the program's.
            if fs::symlink_metadata(self.join(&name)).unwrap().is_file() {
                canary::assert_absent(&name, &fs::read(self.join(&name)).unwrap());
            }
        }
    }
}

/// `events.20261002T090000-1.ndjson` is the second of that second.
pub(crate) fn finished_at(name: &str) -> Option<(String, u32)> {
    let stamp = name.strip_prefix("events.")?.strip_suffix(".ndjson")?;
    let (stamp, number) = match stamp.split_once('-') {
        Some((stamp, number)) => (stamp, number.parse().ok()?),
        None => (stamp, 0),
    };
    is_stamp(stamp).then(|| (stamp.to_owned(), number))
}

pub(crate) fn is_stamp(stamp: &str) -> bool {
    stamp.len() == 15
        && stamp.bytes().enumerate().all(|(at, byte)| match at {
            8 => byte == b'T',
            _ => byte.is_ascii_digit(),
        })
}

/// Complete ones.
pub(crate) fn lines(bytes: &[u8]) -> Vec<String> {
    let end = memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1);
    let text = String::from_utf8_lossy(&bytes[..end]);
    text.split_terminator('\n').map(str::to_owned).collect()
}

/// With the first difference, and what is missing or doubled.
#[track_caller]
pub(crate) fn assert_same(expected: &[String], got: &[String]) {
    if expected == got {
        return;
    }
    let alike = expected.iter().zip(got).take_while(|(a, b)| a == b).count();
    let around = |lines: &[String]| {
        let end = lines.len().min(alike + 3);
        lines[alike.saturating_sub(2).min(end)..end].join("\n    ")
    };
    let mut counts = BTreeMap::<&str, i64>::new();
    expected.iter().for_each(|line| *counts.entry(line).or_default() += 1);
    got.iter().for_each(|line| *counts.entry(line).or_default() -= 1);
    let few = |sign: i64| -> Vec<_> {
        counts.iter().filter(|(_, count)| **count * sign > 0).take(8).collect()
    };
    panic!(
        "{} lines instead of {}; line {} differs: expected\n    {}\ngot\n    {}\nmissing {:?}\ntoo many {:?}",
        got.len(),
        expected.len(),
        alike + 1,
        around(expected),
        around(got),
        few(1),
        few(-1)
    );
}
