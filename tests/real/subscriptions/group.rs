//! Programs that read through one subscription, each into a file of its own, and what is compared
//! once they are through.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;

use super::super::capture::lines;
use crate::support::pulsar::process::wait_until;
use crate::support::pulsar::topic::Topic;
use crate::support::run::{Output, Run, Running};
use crate::support::scratch::Scratch;

/// A subscription, and the folder with the files of its consumers.
pub(super) struct Group {
    pub(super) topic: Topic,
    /// The subscription, and its type.
    pub(super) name: &'static str,
    kind: &'static str,
    gateway: u16,
    scratch: Scratch,
}

impl Group {
    /// The subscription has the name of its type.
    #[track_caller]
    pub(super) fn of(topic: &Topic, gateway: u16, kind: &'static str) -> Group {
        Group::named(kind, topic, gateway, kind)
    }

    #[track_caller]
    pub(super) fn named(
        name: &'static str,
        topic: &Topic,
        gateway: u16,
        kind: &'static str,
    ) -> Group {
        Group { topic: topic.clone(), name, kind, gateway, scratch: Scratch::new("group") }
    }

    /// What leads to the subscription, and no output yet.
    #[track_caller]
    pub(super) fn run(&self) -> Run {
        Run::new(&self.topic.args(self.gateway))
            .few_roots()
            .args(&["--subscription", self.name, "--subscription-type", self.kind])
            .args(&["--retry-delay", "100ms", "--retry-max-delay", "500ms"])
            .limit(Duration::from_secs(120))
            .verbosity(1)
    }

    /// A run of the consumer that writes the file `name`.
    #[track_caller]
    pub(super) fn consumer(&self, name: &str) -> Run {
        self.run()
            .args(&["-o".as_ref(), self.output(name).as_os_str()])
            .args(&["--cursor-file".as_ref(), self.cursor(name).as_os_str()])
            .args(&["--consumer-name", name])
    }

    #[track_caller]
    pub(super) fn start(&self, name: &str) -> Consumer<'_> {
        self.start_with(name, &[])
    }

    #[track_caller]
    pub(super) fn start_with(&self, name: &str, args: &'static [&'static str]) -> Consumer<'_> {
        let running = self.consumer(name).args(args).spawn();
        Consumer { group: self, name: name.to_owned(), args, running }
    }

    /// Without the traces that most trials search.
    #[track_caller]
    pub(super) fn start_plainly(&self, name: &str) -> Consumer<'_> {
        let running = self.consumer(name).verbosity(0).spawn();
        Consumer { group: self, name: name.to_owned(), args: &[], running }
    }

    pub(super) fn output(&self, name: &str) -> PathBuf {
        self.scratch.join(&format!("{name}.jsonl"))
    }

    pub(super) fn cursor(&self, name: &str) -> PathBuf {
        self.scratch.join(&format!("{name}.cursor"))
    }

    /// How many bytes a consumer has written; none before it has a file.
    pub(super) fn length(&self, name: &str) -> u64 {
        fs::metadata(self.output(name)).map_or(0, |file| file.len())
    }

    /// Waits until a consumer has written more than now.
    #[track_caller]
    pub(super) fn wait_for_more(&self, name: &str) {
        let before = self.length(name);
        wait_until(&format!("{name} writes"), || self.length(name) > before);
    }

    #[track_caller]
    pub(super) fn lines(&self, name: &str) -> Vec<Vec<u8>> {
        lines(&fs::read(self.output(name)).unwrap_or_default())
    }

    /// Waits until every message is acknowledged, and so safely written by somebody.
    #[track_caller]
    pub(super) fn wait_until_acknowledged(&self, consumers: &mut [Consumer<'_>]) {
        wait_until(&format!("all of {} is acknowledged", self.topic.path()), || {
            consumers.iter_mut().for_each(Consumer::tend);
            std::thread::sleep(Duration::from_millis(100));
            self.topic.backlog(self.name) == 0
        });
    }

    /// The numbers a consumer has written, in its order.
    #[track_caller]
    pub(super) fn numbers(&self, name: &str) -> Vec<u64> {
        numbers(&self.lines(name))
    }

    /// These numbers are in the files, all of them and no others, and none twice in one file. Gives
    /// how many are in more than one file.
    #[track_caller]
    pub(super) fn assert_union(
        &self,
        names: &[&str],
        expected: impl Iterator<Item = u64>,
    ) -> usize {
        assert_union(names.iter().map(|name| (*name, self.numbers(name))), expected)
    }
}

/// What the lines of a file are numbered with.
#[track_caller]
pub(super) fn numbers(lines: &[Vec<u8>]) -> Vec<u64> {
    let number = |line: &Vec<u8>| {
        let line: Value = serde_json::from_slice(line).expect("a line is JSON");
        line["number"].as_u64().expect("an event has a number")
    };
    lines.iter().map(number).collect()
}

/// What the files hold is what was published, and nothing is in one file twice. Gives how much is in
/// more than one file.
#[track_caller]
pub(super) fn assert_union<'a, T: Ord + Debug>(
    files: impl Iterator<Item = (&'a str, Vec<T>)>,
    published: impl Iterator<Item = T>,
) -> usize {
    let mut places: BTreeMap<T, Vec<(usize, &str)>> = BTreeMap::new();
    for (file, (name, written)) in files.enumerate() {
        for item in written {
            places.entry(item).or_default().push((file, name));
        }
    }
    let published: BTreeSet<T> = published.collect();
    let none = |what: &str, items: Vec<String>| {
        let some = &items[..items.len().min(20)];
        assert!(items.is_empty(), "{} {what}, such as {some:?}", items.len());
    };
    let shown = |item: &T| format!("{item:?}");
    let lost = published.iter().filter(|item| !places.contains_key(item));
    none("are lost", lost.map(shown).collect());
    let odd = places.keys().filter(|item| !published.contains(item));
    none("were never published", odd.map(shown).collect());
    let twice =
        |places: &[(usize, &str)]| places.iter().collect::<BTreeSet<_>>().len() < places.len();
    let again = places.iter().filter(|(_, places)| twice(places));
    none("are in one file twice", again.map(|it| format!("{it:?}")).collect());
    places.values().map(|places| places.len() - 1).sum()
}

/// A consumer under way, which is started again when it has to give way, as systemd would do it.
pub(super) struct Consumer<'a> {
    group: &'a Group,
    pub(super) name: String,
    args: &'static [&'static str],
    pub(super) running: Running,
}

impl Consumer<'_> {
    /// Starts it again where the service has refused it since its old link seems alive.
    #[track_caller]
    pub(super) fn tend(&mut self) {
        if !self.running.is_running() {
            self.start_again().assert_code(75);
        }
    }

    /// `kill -9`, and once more from the beginning. It may have given way at this moment.
    #[track_caller]
    pub(super) fn kill_and_restart(&mut self) {
        if self.running.is_running() {
            self.running.signal(Signal::SIGKILL);
            self.running.wait_exit();
        }
        let output = self.start_again();
        assert!(output.signal == Some(9) || output.code == Some(75), "{}", output.whole());
    }

    /// The same in good order.
    #[track_caller]
    pub(super) fn stop_and_restart(&mut self) {
        if self.running.is_running() {
            self.running.signal(Signal::SIGTERM);
            self.running.wait_exit();
        }
        let output = self.start_again();
        // The signal may come before it is heeded.
        let is_well = matches!(output.code, Some(0 | 75)) || output.signal == Some(15);
        assert!(is_well, "{}", output.whole());
    }

    #[track_caller]
    pub(super) fn kill(mut self) {
        self.running.signal(Signal::SIGKILL);
        self.running.finish().assert_signal(Signal::SIGKILL);
    }

    /// Ends it in good order.
    #[track_caller]
    pub(super) fn stop(mut self) -> Output {
        self.running.signal(Signal::SIGTERM);
        let output = self.running.finish();
        output.assert_code(0);
        output
    }

    #[track_caller]
    fn start_again(&mut self) -> Output {
        let next = self.group.consumer(&self.name).args(self.args).spawn();
        std::mem::replace(&mut self.running, next).finish()
    }
}
