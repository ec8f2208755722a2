//! What survives a power loss depends on the order of a few system calls, so that order is looked at,
//! by strace: what the cursor names is on the disk before the cursor, the cursor is whole before it
//! has its name, and a folder is synced after every name that was made in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use libtest_mimic::Trial;

use super::spool::assert_same;
use super::{Spool, event, events, missing, test_if, through, wait_until};
use crate::support::run::{Run, Running};
use crate::support::service::{Odd, Service};

pub(super) fn trials() -> Vec<Trial> {
    let missing = missing("strace", &["-f", "-y", "-o", "/dev/null", "true"]);
    let test = |name, body: fn()| test_if(&missing, name, body);
    vec![
        test("order: synced before the cursor names it", one_file),
        test("order: over rotations, too", rotations),
        test("order: over a hang-up, too", hang_up),
        test("order: --sync none syncs nothing", none),
        test("order: --sync message syncs each line", each_message),
    ]
}

/// One system call that matters, by the names of the files in the spool.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Call {
    Created(String),
    Written(String),
    Cut(String),
    Synced(String),
    FolderSynced,
    Renamed(String, String),
}

use Call::{Created, Cut, FolderSynced, Renamed, Synced, Written};

const CURSOR: &str = "cursor";
const TEMPORARY: &str = "cursor.tmp";

/// What the cursor speaks of.
fn is_data(name: &str) -> bool {
    name.starts_with("events.") && !name.ends_with(".lock")
}

fn traced(spool: &Spool, run: Run) -> Running {
    let log = spool.join("strace.log");
    let calls = "trace=openat,open,creat,write,writev,pwrite64,pwritev,ftruncate,fsync,fdatasync,rename,renameat,renameat2,link,linkat";
    let words = ["strace", "-f", "-y", "-s", "0", "-o", log.to_str().unwrap(), "-e", calls];
    // Strace passes on what kills it; the signals of a test are for the program below it.
    through(run.verbosity(0), &words).spawn()
}

/// Ends the traced program: its tracer holds no signals of ours.
fn stop_traced(run: Running, spool: &Spool) {
    let text = fs::read_to_string(spool.join("events.ndjson.tail8x8.lock")).unwrap();
    let program = nix::unistd::Pid::from_raw(text.lines().next().unwrap().parse().unwrap());
    nix::sys::signal::kill(program, nix::sys::signal::Signal::SIGTERM).unwrap();
    run.finish().assert_code(0);
}

fn calls(spool: &Spool) -> Vec<Call> {
    let log = fs::read_to_string(spool.join("strace.log")).unwrap();
    let folder = fs::canonicalize(spool.output().parent().unwrap()).unwrap();
    let mut known = BTreeSet::new();
    log.lines().filter_map(|line| read(line, &folder, &mut known)).collect()
}

/// `2314  fdatasync(5</spool/events.ndjson>) = 0`, with the file by its descriptor thanks to `-y`.
fn read(line: &str, folder: &Path, known: &mut BTreeSet<String>) -> Option<Call> {
    let (_, call) = line.split_once(' ')?;
    let (name, rest) = call.trim_start().split_once('(')?;
    if line.contains(" = -1 ") {
        return None;
    }
    let inside = |path: &str| {
        let path = Path::new(path).strip_prefix(folder).ok()?.to_str().unwrap();
        // Each has a name of its own.
        let is_temporary = path.starts_with("cursor.") && path.ends_with(".tmp");
        Some(if is_temporary { TEMPORARY } else { path }.to_owned())
    };
    let of_descriptor = || {
        let (_, rest) = rest.split_once('<')?;
        // A file that was renamed meanwhile may be marked.
        inside(rest.split_once('>')?.0.trim_end_matches("(deleted)"))
    };
    let quoted: Vec<_> = rest.split('"').skip(1).step_by(2).collect();
    match name {
        "write" | "writev" | "pwrite64" | "pwritev" => of_descriptor().map(Written),
        "ftruncate" => of_descriptor().map(Cut),
        "fsync" | "fdatasync" => match of_descriptor()? {
            folder if folder.is_empty() => Some(FolderSynced),
            file => Some(Synced(file)),
        },
        "rename" | "renameat" | "renameat2" | "link" | "linkat" => {
            let (from, to) = (inside(quoted.first()?)?, inside(quoted.get(1)?)?);
            known.remove(&from);
            known.insert(to.clone());
            Some(Renamed(from, to))
        }
        "open" | "openat" | "creat" => {
            let file = inside(quoted.first()?)?;
            let created = rest.contains("O_CREAT") && known.insert(file.clone());
            created.then_some(Created(file))
        }
        _ => None,
    }
}

/// The rules, over the whole trace. Gives how often the cursor was saved.
#[track_caller]
fn assert_in_order(calls: &[Call]) -> usize {
    let mut unsynced: BTreeSet<&str> = BTreeSet::new();
    let mut unnamed: BTreeSet<&str> = BTreeSet::new();
    let mut saved = 0;
    for (at, call) in calls.iter().enumerate() {
        let around = || format!("call {at} of {:#?}", &calls[at.saturating_sub(12)..=at]);
        match call {
            Written(file) | Cut(file) => {
                unsynced.insert(file);
            }
            Synced(file) => {
                unsynced.remove(&**file);
            }
            Created(file) => {
                unnamed.insert(file);
            }
            FolderSynced => unnamed.clear(),
            Renamed(from, to) => {
                assert!(!unsynced.contains(&**from), "{from} is not synced: {}", around());
                if to == CURSOR {
                    assert_eq!(from, TEMPORARY);
                    unnamed.remove(TEMPORARY);
                    let data = |files: &BTreeSet<&str>| files.iter().any(|file| is_data(file));
                    assert!(!data(&unsynced), "data is not synced: {unsynced:?} {}", around());
                    assert!(!data(&unnamed), "its folder is not synced: {unnamed:?} {}", around());
                    saved += 1;
                }
                let next = calls[at + 1..].iter().find(|call| {
                    matches!(call, FolderSynced | Renamed(..))
                        || matches!(call, Written(file) if is_data(file))
                });
                assert_eq!(next, Some(&FolderSynced), "after a rename {}", around());
            }
        }
    }
    assert!(saved > 0, "the cursor was never saved: {calls:#?}");
    saved
}

fn one_file() {
    let service = Service::start();
    let spool = Spool::new();
    let run = traced(&spool, spool.run(&service));
    for round in 0..3 {
        service.publish_many("all", 50, |n| event(round * 50 + n));
        spool.wait_lines(round * 50 + 50);
        spool.wait_committed();
    }
    service.publish_odd("all", Odd::NotBase64);
    spool.wait_lines_of("events.ndjson.rejects", 1);
    stop_traced(run, &spool);
    let calls = calls(&spool);
    assert!(assert_in_order(&calls) >= 4, "{calls:#?}");
    for data in ["events.ndjson", "events.ndjson.rejects"] {
        assert!(calls.contains(&Created(data.into())), "{data}: {calls:#?}");
        assert!(calls.contains(&Written(data.into())), "{data}: {calls:#?}");
    }
    spool.assert_lines(&events(0..150));
}

fn rotations() {
    let service = Service::start();
    let spool = Spool::new();
    let run = traced(&spool, spool.run(&service).args(&["--rotate-size", "1k"]));
    for round in 0..4 {
        service.publish_many("all", 60, |n| event(round * 60 + n));
        wait_until("all is written", || spool.rotated_lines().len() >= round * 60 + 60);
    }
    stop_traced(run, &spool);
    let calls = calls(&spool);
    assert_in_order(&calls);
    let mut rotations = 0;
    for (at, call) in calls.iter().enumerate() {
        let Renamed(from, _) = call else { continue };
        if from != "events.ndjson.part" {
            continue;
        }
        rotations += 1;
        let before = calls[..at].iter().rev();
        let last = before
            .into_iter()
            .find(|call| matches!(call, Written(file) if is_data(file) || file == TEMPORARY));
        assert_eq!(last, Some(&Written(TEMPORARY.into())), "the rotation is in the cursor first");
    }
    assert_eq!(rotations, spool.finished().len());
    assert!(rotations > 0);
    assert_same(&events(0..240), &spool.rotated_lines());
}

fn hang_up() {
    let service = Service::start();
    let spool = Spool::new();
    let run = traced(&spool, spool.run(&service));
    service.publish_many("all", 5, event);
    spool.wait_lines(5);
    fs::rename(spool.output(), spool.join("events.1")).unwrap();
    let text = fs::read_to_string(spool.join("events.ndjson.tail8x8.lock")).unwrap();
    let program = nix::unistd::Pid::from_raw(text.trim().parse().unwrap());
    nix::sys::signal::kill(program, nix::sys::signal::Signal::SIGHUP).unwrap();
    wait_until("it is there again", || spool.output().exists());
    service.publish_many("all", 5, |n| event(5 + n));
    spool.wait_lines(5);
    spool.wait_committed();
    stop_traced(run, &spool);
    // Renamed by hand, which is not in the trace: the file is still the same one.
    let renamed = |call| match call {
        Synced(file) if file == "events.1" => Synced("events.ndjson".into()),
        call => call,
    };
    let calls: Vec<_> = calls(&spool).into_iter().map(renamed).collect();
    assert!(assert_in_order(&calls) >= 2, "{calls:#?}");
    assert_same(&events(0..10), &[spool.lines_of("events.1"), spool.lines()].concat());
}

fn none() {
    let service = Service::start();
    let spool = Spool::new();
    let args = ["--sync", "none", "--rotate-size", "1k"];
    let run = traced(&spool, spool.run(&service).args(&args));
    service.publish_many("all", 200, event);
    wait_until("all is written", || spool.rotated_lines().len() >= 200);
    stop_traced(run, &spool);
    let calls = calls(&spool);
    let synced = calls.iter().filter(|call| matches!(call, Synced(_) | FolderSynced)).count();
    assert_eq!(synced, 0, "{calls:#?}");
    assert!(calls.contains(&Renamed(TEMPORARY.into(), CURSOR.into())), "{calls:#?}");
}

fn each_message() {
    let service = Service::start();
    let spool = Spool::new();
    let run = traced(&spool, spool.run(&service).args(&["--sync", "message"]));
    service.publish_many("all", 20, event);
    spool.wait_lines(20);
    stop_traced(run, &spool);
    let calls = calls(&spool);
    assert_in_order(&calls);
    let output = "events.ndjson".to_owned();
    let of_output = calls
        .iter()
        .filter(|call| **call == Written(output.clone()) || **call == Synced(output.clone()));
    let mut written = 0;
    let mut pending = 0;
    for call in of_output {
        match call {
            Written(_) => (written, pending) = (written + 1, pending + 1),
            _ => pending = 0,
        }
        assert!(pending <= 1, "two lines with one sync: {calls:#?}");
    }
    assert!(written >= 20, "{written} writes");
}
