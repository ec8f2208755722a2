//! A descriptor that is dead for good, while the file's name is as good as ever: a stale handle of NFS,
//! a disk that was away. What fails is tried again with the file opened anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::Trial;
use nix::libc::{EIO, ESTALE};
use nix::sys::signal::Signal;

use super::{Spool, ended, event, events, missing, test_if, wait_until};
use crate::support::run::{Run, Running};
use crate::support::service::{Odd, Service};

pub(super) fn trials() -> Vec<Trial> {
    let missing = missing("cc", &["--version"]);
    let test = |name, body: fn()| test_if(&missing, name, body);
    vec![
        test("dead: the output's handle is stale", || output(ESTALE, &[])),
        test("dead: the output's disk was away", || output(EIO, &[])),
        test("dead: the output, rotated by size", || output(ESTALE, &["--rotate-size", "1M"])),
        test("dead: the output, each message synced", || output(EIO, &["--sync", "message"])),
        test("dead: the output, never synced", || output(ESTALE, &["--sync", "none"])),
        test("dead: the output, without a cursor", without_a_cursor),
        test("dead: the output, and a hang-up does not wait for the next try", hang_up),
        test("dead: the rejects", rejects),
    ]
}

/// Descriptors of one file that die on command.
struct Mortal {
    since: PathBuf,
}

impl Mortal {
    fn run(spool: &Spool, run: Run, file: &Path, errno: i32) -> (Mortal, Run) {
        let (source, library) = (spool.join("dead.c"), spool.join("dead.so"));
        fs::write(&source, include_str!("dead.c")).unwrap();
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-o"]).args([&library, &source]).arg("-ldl");
        assert!(cc.status().unwrap().success());
        let since = spool.join("dead.since");
        let run = run
            .env("LD_PRELOAD", &library)
            .env("DEAD_SINCE", &since)
            .env("DEAD_FILE", file)
            .env("DEAD_ERRNO", errno.to_string());
        (Mortal { since }, run)
    }

    fn die(&self) {
        fs::write(&self.since, "").unwrap();
    }
}

#[track_caller]
fn recovered(mut run: Running) {
    run.wait_stderr("written again after");
    let output = ended(run);
    assert_eq!(output.stderr.matches("[output.disk]").count(), 1, "{}", output.whole());
}

fn output(errno: i32, args: &[&str]) {
    let service = Service::start();
    let spool = Spool::new();
    let name = if args.contains(&"--rotate-size") { "events.ndjson.part" } else { "events.ndjson" };
    let run = spool.run(&service).args(args).verbosity(0);
    let (mortal, run) = Mortal::run(&spool, run, &spool.join(name), errno);
    let run = run.spawn();
    service.publish_many("all", 50, event);
    spool.wait_lines_of(name, 50);
    mortal.die();
    service.publish_many("all", 50, |n| event(50 + n));
    spool.wait_lines_of(name, 100);
    recovered(run);
    super::spool::assert_same(&events(0..100), &spool.lines_of(name));
    service.publish("all", event(100));
    spool.catching_up(&service).args(args).run().assert_code(0).assert_silent();
    super::spool::assert_same(&events(0..101), &spool.lines_of(name));
}

fn without_a_cursor() {
    let service = Service::start();
    let spool = Spool::new();
    let run = Run::against(&service).args(&["--message-id", "earliest", "-o"]).arg(spool.output());
    let run = run.args(&["--retry-delay", "20ms"]).verbosity(0);
    let (mortal, run) = Mortal::run(&spool, run, &spool.output(), EIO);
    let run = run.spawn();
    service.publish_many("all", 50, event);
    spool.wait_lines(50);
    mortal.die();
    service.publish_many("all", 50, |n| event(50 + n));
    spool.wait_lines(100);
    recovered(run);
    spool.assert_lines(&events(0..100));
}

fn hang_up() {
    let service = Service::start();
    let spool = Spool::new();
    let run = spool.run(&service).args(&["--retry-delay", "10m", "--retry-max-delay", "10m"]);
    let (mortal, run) = Mortal::run(&spool, run.verbosity(0), &spool.output(), ESTALE);
    let mut run = run.spawn();
    service.publish_many("all", 50, event);
    spool.wait_lines(50);
    mortal.die();
    service.publish_many("all", 50, |n| event(50 + n));
    run.wait_stderr("[output.disk]");
    run.signal(Signal::SIGHUP);
    spool.wait_lines(100);
    recovered(run);
    spool.assert_lines(&events(0..100));
}

fn rejects() {
    let service = Service::start();
    let spool = Spool::new();
    let name = "events.ndjson.rejects";
    let run = spool.run(&service).verbosity(0);
    let (mortal, run) = Mortal::run(&spool, run, &spool.join(name), ESTALE);
    let mut run = run.spawn();
    service.publish("all", event(0));
    service.publish_odd("all", Odd::NotBase64);
    spool.wait_lines_of(name, 1);
    mortal.die();
    service.publish_odd("all", Odd::NotBase64);
    service.publish("all", event(1));
    run.wait_stderr("[output.disk]");
    wait_until("both are kept", || spool.lines_of(name).len() >= 2);
    spool.wait_lines(2);
    recovered(run);
    spool.assert_lines(&events(0..2));
    assert_eq!(spool.lines_of(name).len(), 2);
}
