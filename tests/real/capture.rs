//! Capture to files from a real Pulsar: through deaths, through gaps, over partitions, and in cron.
//! What the files hold is compared with an independent read of the topic.

mod anew;
mod catch_up;
mod gaps;
mod kills;
mod partitions;
mod publisher;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::Trial;

use self::publisher::BEAT;
use super::{assert_same, stored};
use crate::support::pulsar::reading::Stored;
use crate::support::pulsar::topic::Topic;
use crate::support::run::Run;
use crate::support::scratch::Scratch;

pub(super) fn trials() -> Vec<Trial> {
    [kills::trials(), gaps::trials(), anew::trials(), partitions::trials(), catch_up::trials()]
        .into_iter()
        .flatten()
        .collect()
}

/// The files of one capture, and the runs that write them.
struct Capture {
    topic: Topic,
    gateway: u16,
    scratch: Scratch,
}

impl Capture {
    #[track_caller]
    fn of(topic: &Topic, gateway: u16) -> Capture {
        Capture { topic: topic.clone(), gateway, scratch: Scratch::new("capture") }
    }

    /// A run that follows the topic.
    #[track_caller]
    fn follow(&self) -> Run {
        Run::new(&self.topic.args(self.gateway))
            .few_roots()
            .args(&["-o".as_ref(), self.output().as_os_str()])
            .args(&["--cursor-file".as_ref(), self.cursor_file().as_os_str()])
            .args(&["--retry-delay", "100ms", "--retry-max-delay", "500ms"])
            .limit(std::time::Duration::from_secs(120))
            .verbosity(1)
    }

    /// A run as cron starts one.
    #[track_caller]
    fn catch_up(&self) -> Run {
        self.follow().arg("-e")
    }

    fn output(&self) -> PathBuf {
        self.scratch.join("events.jsonl")
    }

    fn cursor_file(&self) -> PathBuf {
        self.scratch.join("cursor")
    }

    #[track_caller]
    fn cursor(&self) -> serde_json::Value {
        serde_json::from_slice(&fs::read(self.cursor_file()).unwrap()).unwrap()
    }

    /// What all files hold, in the order they were written.
    #[track_caller]
    fn bytes(&self) -> Vec<u8> {
        files(self.scratch.path()).iter().flat_map(|file| fs::read(file).unwrap()).collect()
    }

    #[track_caller]
    fn lines(&self) -> Vec<Vec<u8>> {
        lines(&self.bytes())
    }

    /// Every message of the topic is in the files: once, byte for byte, in the order of its
    /// partition.
    #[track_caller]
    fn assert_holds_the_topic(&self) {
        self.assert_holds(&stored(&self.topic));
    }

    /// The same with these messages, by partition.
    #[track_caller]
    fn assert_holds(&self, stored: &[Vec<Stored>]) {
        assert_holds(&self.topic.name, &self.lines(), stored);
    }
}

/// These lines are the messages of a topic, by partition: each once, in the order of its partition.
#[track_caller]
pub(super) fn assert_holds(topic: &str, lines: &[Vec<u8>], stored: &[Vec<Stored>]) {
    let _shown = Shown(topic);
    let place: HashMap<&[u8], usize> = stored
        .iter()
        .enumerate()
        .flat_map(|(number, stored)| {
            stored.iter().map(move |message| (&message.payload[..], number))
        })
        .collect();
    for line in lines {
        let known = place.contains_key(&line[..]);
        assert!(known, "the topic has no {}", String::from_utf8_lossy(line));
    }
    for (number, stored) in stored.iter().enumerate() {
        // Beats of different partitions look alike, and so have no place in this comparison.
        let written = lines.iter().filter(|line| *line != BEAT && place[&line[..]] == number);
        let stored = stored.iter().map(|message| &message.payload).filter(|it| *it != BEAT);
        assert_same(written.map(text), stored.map(text), Some(number as u64));
    }
    if let [stored] = stored {
        let stored = stored.iter().map(|message| &message.payload);
        assert_same(lines.iter().map(text), stored.map(text), None);
    }
    assert_eq!(lines.len(), stored.iter().map(Vec::len).sum::<usize>());
}

/// Tells which topic it was when the test fails.
struct Shown<'a>(&'a str);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the files of topic {} are not as they should be", self.0);
        }
    }
}

/// The finished files in the order they were finished, and the open one last.
#[track_caller]
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut files: Vec<_> = names
        .filter_map(|name| {
            let name = name.into_string().unwrap();
            let middle = name.strip_prefix("events.")?;
            let order = match middle.strip_suffix(".jsonl") {
                Some(time) => match time.split_once('-') {
                    Some((time, number)) => (time.to_owned(), number.parse().unwrap()),
                    None => (time.to_owned(), 0_u32),
                },
                None if ["jsonl", "jsonl.part"].contains(&middle) => ("open".to_owned(), 0),
                None => return None,
            };
            Some((order, folder.join(name)))
        })
        .collect();
    files.sort();
    files.into_iter().map(|(_, file)| file).collect()
}

#[track_caller]
pub(super) fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    let Some(whole) = bytes.strip_suffix(b"\n") else {
        assert!(bytes.is_empty(), "the last line is torn");
        return Vec::new();
    };
    whole.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn text(bytes: impl AsRef<[u8]>) -> String {
    String::from_utf8_lossy(bytes.as_ref()).into_owned()
}
