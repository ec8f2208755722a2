//! Streams that nobody reads, and a machine that lets nobody wait.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use libtest_mimic::Trial;
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;

use super::{ended_by, test};
use crate::capture::{ignored_if, missing};
use crate::support::run::Run;
use crate::support::scratch::Scratch;
use crate::support::service::Service;

pub(super) fn trials() -> Vec<Trial> {
    let prlimit = missing("prlimit", &["--version"]);
    vec![
        test("TERM with a line that is longer than what standard error takes", long_line),
        test("TERM while nobody reads a diagnosis", unread_diagnosis),
        ignored_if(&prlimit, test("a machine that lets nobody wait is an error", cannot_wait)),
        ignored_if(&prlimit, test("a diagnosis on a machine that lets nobody wait", cannot_look)),
    ]
}

/// What a pipe holds, and a page of it.
const PIPE: usize = 64 * 1024;
const PAGE: usize = 4096;

/// A pipe whose reader does not read, in which this much room is left.
struct Unread {
    folder: Scratch,
    _ends: File,
}

impl Unread {
    fn with_room(room: usize) -> Unread {
        let folder = Scratch::new("unread");
        let pipe = folder.join("pipe");
        nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        let mut ends = OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
        ends.write_all(&vec![b'.'; PIPE - room]).unwrap();
        Unread { folder, _ends: ends }
    }

    /// The run with this pipe as its descriptor 1 or 2.
    fn as_descriptor(&self, number: u8, run: Run) -> Run {
        let (script, pipe) = (self.folder.join("run"), self.folder.join("pipe"));
        let text = format!("#!/bin/sh\nexec \"$@\" {number}>'{}'\n", pipe.display());
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, PermissionsExt::from_mode(0o700)).unwrap();
        run.through(script.to_str().unwrap())
    }
}

/// A folder whose path alone is nearly a page long.
fn deep(start: &Path) -> std::path::PathBuf {
    let mut folder = start.to_owned();
    while folder.as_os_str().len() < PAGE - 110 {
        let length = (PAGE - 105 - folder.as_os_str().len()).min(201);
        folder.push("d".repeat(length - 1));
        fs::create_dir(&folder).unwrap();
    }
    folder
}

/// There is room for the line's beginning, and for no more.
fn long_line() {
    let service = Service::start();
    let unread = Unread::with_room(PAGE);
    let folder = Scratch::new("deep");
    let metrics = deep(folder.path()).join("metrics");
    let run = Run::against(&service).args(&["--log-format", "json", "--metrics-file"]);
    let run = unread.as_descriptor(2, run.arg(&metrics).verbosity(0)).spawn();
    service.wait_for_connections(1);
    fs::remove_dir_all(metrics.parent().unwrap()).unwrap();
    // At the latest at its end it says that the file cannot be written.
    ended_by(run, Signal::SIGTERM).assert_code(0);
}

fn unread_diagnosis() {
    for format in [&["--json"][..], &[]] {
        let service = Service::builder().may_be_unreached().start();
        let unread = Unread::with_room(0);
        let run = Run::against(&service).args(&["diagnose", "--listen", "10m"]).args(format);
        let mut run = unread.as_descriptor(1, run).spawn();
        if format.is_empty() {
            // It waits for its reader before it connects.
            run.wait_until_blocked(Signal::SIGTERM);
        } else {
            service.wait_for("a ping", |seen| seen.connections.iter().any(|it| it.pings > 0));
        }
        ended_by(run, Signal::SIGTERM).assert_signal(Signal::SIGTERM);
    }
}

/// poll(2) refuses more descriptors than a process may have.
fn lower_the_limit(pid: u32) {
    let status = Command::new("prlimit").args(["--pid", &pid.to_string(), "--nofile=1:"]).status();
    assert!(status.unwrap().success());
}

fn cannot_wait() {
    let service = Service::start();
    let mut run = Run::against(&service).spawn();
    service.wait_for_connections(1);
    service.publish("all", "{}");
    run.wait_stdout_lines(1);
    lower_the_limit(run.pid());
    service.publish("all", "{}");
    let output = run.finish();
    output.assert_code(69).assert_stderr_has("[config.resources]");
    output.assert_stderr_has("config poll: invalid argument");
}

fn cannot_look() {
    let service = Service::start();
    let run = Run::against(&service).args(&["diagnose", "--json", "--listen", "10m"]).spawn();
    service.wait_for("a ping", |seen| seen.connections.iter().any(|it| it.pings > 0));
    lower_the_limit(run.pid());
    service.publish("all", "{}");
    let output = run.finish();
    output.assert_code(69).assert_stderr_has("[config.resources]");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["exit_code"], 69, "{document:#}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("SIGTERM"), "{document:#}");
}
