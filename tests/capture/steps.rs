//! A death at every step, and an error at every step: by strace, which counts the system calls and
//! strikes at the one that was asked for. One capture goes through all of it, each run with the state
//! that the one before left; in the end the files hold the topic, every line once and in order.
//! At some of them by default, at most in full, and with `TAIL8X8_STEPS=all` really at every one.

use std::collections::BTreeMap;

use libtest_mimic::Trial;

use super::spool::assert_same;
use super::{Spool, ToldOnFailure, missing, test_if, through};
use crate::support::counts::count;
use crate::support::run::Run;
use crate::support::service::{New, Odd, Service};

pub(super) fn trials() -> Vec<Trial> {
    let missing = missing("strace", &["-f", "-o", "/dev/null", "true"]);
    let test = |name: &str, partitions, rejects, strike: fn(&str, usize) -> String| {
        test_if(&missing, name, move || steps(partitions, rejects, strike))
    };
    vec![
        test("a death at every step", None, false, death),
        test("a death at every step of a partitioned topic", Some(2), false, death),
        test("a death at every step, with rejects", None, true, death),
        test_if(&missing, "a death at every step of a first run", || first_runs(death)),
        test("a hang-up at every step", None, false, hang_up),
        test("a signal to stop at every step", None, false, stop),
        test("an error at every step", None, false, error),
        test("an error at every step of a partitioned topic", Some(2), false, error),
        test("an error at every step, with rejects", None, true, error),
        test_if(&missing, "an error at every step of a first run", || first_runs(error)),
    ]
}

/// What changes files. Opening and writing are also done to other things than files: the first of
/// them are those of the start.
const CALLS: &[&str] =
    &["fdatasync", "fsync", "rename", "renameat2", "ftruncate", "unlink", "write", "openat"];

/// Every how-manieth, as many as there is time for. Those that are also done to other things than
/// files are many.
fn numbers(call: &str) -> impl Iterator<Item = usize> {
    let all = std::env::var_os("TAIL8X8_STEPS").is_some();
    let many = matches!(call, "write" | "openat");
    let step = match (all, many) {
        (true, _) => 1,
        (false, true) => count(12, 4),
        (false, false) => count(3, 1),
    };
    (1..60).step_by(step)
}

fn death(call: &str, number: usize) -> String {
    format!("inject={call}:signal=SIGKILL:when={number}")
}

fn hang_up(call: &str, number: usize) -> String {
    format!("inject={call}:signal=SIGHUP:when={number}")
}

fn stop(call: &str, number: usize) -> String {
    format!("inject={call}:signal=SIGTERM:when={number}")
}

fn error(call: &str, number: usize) -> String {
    let error = if number.is_multiple_of(2) { "EIO" } else { "ENOSPC" };
    format!("inject={call}:error={error}:when={number}")
}

fn steps(partitions: Option<usize>, rejects: bool, strike: fn(&str, usize) -> String) {
    let service = match partitions {
        Some(count) => Service::builder().partitioned("all", count).start(),
        None => Service::start(),
    };
    let spool = Spool::new();
    let partitions = partitions.unwrap_or(1);
    let mut topic = Topic { partitions, has_rejects: rejects, ..Topic::default() };
    let mut strikes = 0;
    for call in CALLS {
        // Until no call is left to strike at. Rotations make that some more with each file.
        for number in numbers(call) {
            let _told =
                ToldOnFailure(format!("after {} in\n{}", strike(call, number), spool.shown()));
            topic.grow(&service);
            let output = traced(&spool, &service, &strike(call, number)).run();
            let known = [Some(0), Some(69), Some(73), Some(74), None, Some(66), Some(127)];
            assert!(known.contains(&output.code), "{call} {number}: {}", output.whole());
            compare(&spool, &topic, true);
            if !was_struck(&spool, call, number) {
                break;
            }
            strikes += 1;
        }
    }
    assert!(strikes > count(1, 3) * CALLS.len(), "{strikes}");
    finish(&spool, &service);
    compare(&spool, &topic, false);
}

/// The same with nothing there yet, each time.
fn first_runs(strike: fn(&str, usize) -> String) {
    for call in CALLS {
        for number in numbers(call) {
            let _told = ToldOnFailure(format!("after {}", strike(call, number)));
            let service = Service::builder().may_be_unreached().start();
            let spool = Spool::new();
            let mut topic = Topic { partitions: 1, ..Topic::default() };
            topic.grow(&service);
            let _ = traced(&spool, &service, &strike(call, number)).run();
            topic.grow(&service);
            finish(&spool, &service);
            compare(&spool, &topic, false);
            if !was_struck(&spool, call, number) {
                break;
            }
        }
    }
}

/// Whether there was such a call.
fn was_struck(spool: &Spool, call: &str, number: usize) -> bool {
    let log = std::fs::read_to_string(spool.join("strace.log")).unwrap();
    log.lines().filter(|line| line.contains(&format!(" {call}("))).count() >= number
}

fn run(spool: &Spool, service: &Service) -> Run {
    let args = ["-e", "--rotate-size", "1k", "--retry-delay", "10ms"];
    let run = Run::against(service).few_roots().arg("-o").arg(spool.output());
    run.arg("--cursor-file").arg(spool.cursor()).args(&args).verbosity(0)
}

/// With patience.
fn finish(spool: &Spool, service: &Service) {
    run(spool, service).args(&["--idle-timeout", "500ms"]).run().assert_code(0);
}

fn traced(spool: &Spool, service: &Service, strike: &str) -> Run {
    let log = spool.join("strace.log");
    let trace = format!("trace={}", CALLS.join(","));
    let log = log.to_str().unwrap();
    let words = ["strace", "-f", "-o", log, "-e", &trace, "-e", strike];
    through(run(spool, service).args(&["--idle-timeout", "100ms"]), &words)
}

/// What was published, by what its lines begin with.
#[derive(Default)]
struct Topic {
    partitions: usize,
    has_rejects: bool,
    count: usize,
    lines: BTreeMap<String, Vec<String>>,
    rejects: Vec<String>,
}

impl Topic {
    /// By enough for a rotation, with equal lines and one that is none.
    fn grow(&mut self, service: &Service) {
        for _ in 0..16 {
            self.count += 1;
            let partition = self.count % self.partitions;
            let head = format!(r#"{{"partition":{partition}"#);
            let line = match self.count % 4 {
                0 => format!(r#"{head},"beat":"{}"}}"#, "-".repeat(60)),
                _ => format!(r#"{head},"n":{},"text":"{}"}}"#, self.count, "x".repeat(50)),
            };
            let message = New::payload(line.as_str()).partition(partition);
            service.publish_message("all", message);
            self.lines.entry(head).or_default().push(line);
        }
        if self.has_rejects {
            self.rejects.push(service.publish_odd("all", Odd::NotBase64).encode());
        }
    }
}

/// Everything is there, once, in the order of its partition; or all up to some line, where the run
/// died, failed, or took a slow machine for the end.
#[track_caller]
fn compare(spool: &Spool, topic: &Topic, may_end: bool) {
    let mut got: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in spool.rotated_lines() {
        let head = line.split(',').next().unwrap().to_owned();
        got.entry(head).or_default().push(line);
    }
    for (head, lines) in &topic.lines {
        let of_this = got.remove(head).unwrap_or_default();
        let end = if may_end { of_this.len().min(lines.len()) } else { lines.len() };
        assert_same(&lines[..end], &of_this);
    }
    assert!(got.is_empty(), "{got:?}");
    let rejects = spool.lines_of("events.ndjson.rejects");
    let mut got: Vec<String> =
        rejects.iter().map(|line| super::rejects::message_id(line)).collect();
    let mut expected = topic.rejects.clone();
    got.sort();
    expected.sort();
    if may_end {
        expected.retain(|id| got.binary_search(id).is_ok());
    }
    assert_same(&expected, &got);
}
