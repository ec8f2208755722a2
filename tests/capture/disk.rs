//! A disk that is full, or a file that may not grow: said once, nothing is acknowledged that was not
//! written, and when there is room again all goes on with nothing lost.

use std::fs;
use std::process::Command;

use libtest_mimic::Trial;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::small_disk::SmallDisk;
use super::spool::assert_same;
use super::{Spool, ended, failing, kill, missing, stop, test, test_if, through, wait_until};
use crate::support::run::{Run, Running, Stdout};
use crate::support::service::Service;

pub(super) fn trials() -> Vec<Trial> {
    let mount = SmallDisk::missing();
    let limit = missing("prlimit", &["--version"]);
    let strace = missing("strace", &["-f", "-o", "/dev/null", "true"]);
    vec![
        test("disk: /dev/full is said with 74", device),
        test_if(&mount, "disk: filled and freed while following", filled_and_freed),
        test_if(&mount, "disk: filled and freed, rotated", rotated),
        test_if(&mount, "disk: 74 when the retries are used up, and the next run goes on", used_up),
        test_if(&mount, "disk: told to stop while it is full is 74", stopped),
        test_if(&mount, "disk: a death while it is full", killed),
        test_if(&mount, "disk: the cursor's is full", cursors),
        test_if(&mount, "disk: the rejects' is full", rejects),
        test_if(&mount, "disk: full at the start", at_the_start),
        test_if(&mount, "disk: standard output's is full", standard_output),
        test_if(&limit, "disk: a limit on the file's size is no death", file_size),
        test_if(
            &strace,
            "disk: a sync that fails once is read again, also on a quiet topic",
            one_sync,
        ),
        test_if(&strace, "disk: a sync that fails for good ends with 74", every_sync),
        test_if(&strace, "disk: a sync that fails at the end is no end", last_sync),
    ]
}

/// Wide enough that a block holds few.
fn wide(n: usize) -> String {
    format!(r#"{{"n":{n},"text":"{}"}}"#, "x".repeat(190))
}

fn wides(count: usize) -> Vec<String> {
    (0..count).map(wide).collect()
}

const OUTPUT: &str = "events.ndjson";

fn device() {
    let service = Service::start();
    service.publish_many("all", 3, wide);
    let run = Run::against(&service).args(&["--message-id", "earliest", "-o", "/dev/full"]);
    let output = run.fails_with("output.disk", 74);
    output.assert_stderr_has("tail8x8: output /dev/full: no space left on device");
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
    assert_eq!(service.seen().acks(), 0, "acknowledged what was not written");
}

fn failing_syncs(spool: &Spool, service: &Service, when: &str) -> Run {
    // Only those of the output, not of the cursor.
    failing(spool.run(service), "fdatasync", &format!("EIO{when}"), Some(&spool.output()))
}

fn one_sync() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many("all", 3, wide);
    let mut run = failing_syncs(&spool, &service, ":when=1").spawn();
    run.wait_stderr("output.disk");
    wait_until("the cursor has a position", || spool.cursor_json().get("newest").is_some());
    spool.assert_lines(&wides(3));
    // The signal is for the program, not for strace.
    let children = format!("/proc/{0}/task/{0}/children", run.pid());
    let program = fs::read_to_string(children).unwrap();
    let program = Pid::from_raw(program.split_whitespace().next().unwrap().parse().unwrap());
    nix::sys::signal::kill(program, Signal::SIGTERM).unwrap();
    run.finish().assert_code(0);
    spool.catch_up(&service);
    spool.assert_lines(&wides(3));
}

fn every_sync() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many("all", 3, wide);
    let output = failing_syncs(&spool, &service, "").args(&["--retry", "2"]).run();
    output.assert_code(74).assert_stderr_has("[output.disk]");
    spool.catch_up(&service);
    spool.assert_lines(&wides(3));
}

fn last_sync() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many("all", 9, wide);
    for when in [":when=1", ":when=4"] {
        let run = failing_syncs(&spool, &service, when).args(&["--sync", "message", "-n", "4"]);
        run.run().assert_code(0).assert_stderr_has("output.disk");
    }
    spool.assert_lines(&wides(8));
}

/// A run that has met the full disk, with 500 messages published of which some are written.
fn full(service: &Service, run: Run, fill: impl FnOnce()) -> Running {
    let mut run = run.spawn();
    service.wait_for_connections(1);
    service.publish("all", wide(0));
    service.wait_for_acks(1);
    fill();
    service.publish_many("all", 499, |n| wide(1 + n));
    run.wait_stderr("trying again in");
    run
}

fn filled_and_freed() {
    let service = Service::start();
    let (spool, disk) = (Spool::new(), SmallDisk::new("256k"));
    let run = disk.output_here(&spool, &service);
    let run = full(&service, run, || disk.fill_but(2));
    let bytes = fs::read(disk.outside(OUTPUT)).unwrap();
    assert!(bytes.ends_with(b"\n"), "the torn line is cut");
    let written = disk.lines_of(OUTPUT);
    assert!((1..100).contains(&written.len()), "{} lines", written.len());
    service.assert_acks_within(&written);
    disk.free();
    wait_until("all is written", || disk.lines_of(OUTPUT).len() >= 500);
    let output = ended(run);
    assert_same(&wides(500), &disk.lines_of(OUTPUT));
    assert_eq!(output.stderr.matches("[output.disk]").count(), 1, "{}", output.stderr);
    assert_eq!(output.stderr.matches("written again after").count(), 1, "{}", output.stderr);
    output.assert_stderr_has("no space left on device").assert_stderr_has("trying again in");
    assert_eq!(output.stderr.lines().count(), 2, "{}", output.whole());
    service.assert_acked_once();
}

fn rotated() {
    let service = Service::start();
    let (spool, disk) = (Spool::new(), SmallDisk::new("256k"));
    let run = disk.output_here(&spool, &service).args(&["--rotate-size", "5k"]);
    let run = full(&service, run, || disk.fill_but(6));
    disk.free();
    let all = || {
        let mut names: Vec<_> = fs::read_dir(disk.outside("")).unwrap().collect();
        names.sort_by_key(|name| name.as_ref().unwrap().metadata().map_or(0, |it| it.len()));
        let names = names.into_iter().map(|name| name.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        let part = names.iter().any(|name| name == "events.ndjson.part");
        names.retain(|name| super::spool::finished_at(name).is_some());
        names.sort_by_key(|name| super::spool::finished_at(name));
        names.extend(part.then(|| "events.ndjson.part".to_owned()));
        names.iter().flat_map(|name| disk.lines_of(name)).collect::<Vec<_>>()
    };
    wait_until("all is written", || all().len() >= 500);
    ended(run).assert_stderr_has("written again after");
    assert_same(&wides(500), &all());
}

fn used_up() {
    let service = Service::start();
    let (spool, disk) = (Spool::new(), SmallDisk::new("256k"));
    let run = disk.output_here(&spool, &service).args(&["--retry", "2"]);
    let output = full(&service, run, || disk.fill_but(2)).finish();
    assert_eq!(output.stderr.matches("[output.disk]").count(), 2, "{}", output.whole());
    output.assert_code(74).assert_stderr_has("no space left on device");
    let written = disk.lines_of(OUTPUT);
    assert!(fs::read(disk.outside(OUTPUT)).unwrap().ends_with(b"\n"), "the torn line is cut");
    service.assert_acks_within(&written);
    disk.free();
    goes_on(&service, &spool, &disk);
}

fn goes_on(service: &Service, spool: &Spool, disk: &SmallDisk) {
    let args = ["-e", "--idle-timeout", "500ms"];
    let output = disk.output_here(spool, service).args(&args).verbosity(0).run();
    output.assert_code(0).assert_silent();
    assert_same(&wides(500), &disk.lines_of(OUTPUT));
}

fn stopped() {
    let service = Service::start();
    let (spool, disk) = (Spool::new(), SmallDisk::new("256k"));
    let run = disk.output_here(&spool, &service);
    let mut run = full(&service, run, || disk.fill_but(2));
    run.signal(Signal::SIGTERM);
    run.finish().assert_code(74);
    service.assert_acks_within(&disk.lines_of(OUTPUT));
    disk.free();
    goes_on(&service, &spool, &disk);
}

fn killed() {
    let service = Service::start();
    let (spool, disk) = (Spool::new(), SmallDisk::new("256k"));
    let run = disk.output_here(&spool, &service);
    let run = full(&service, run, || disk.fill_but(2));
    kill(run);
    disk.free();
    goes_on(&service, &spool, &disk);
}

fn cursors() {
    let service = Service::start();
    let (spool, disk) = (Spool::new(), SmallDisk::new("256k"));
    let capture = || {
        let run = Run::against(&service).args(&["--retry-delay", "20ms", "-o"]).arg(spool.output());
        disk.run(run.arg("--cursor-file").arg(disk.inside("cursor")))
    };
    let run = full(&service, capture(), || disk.fill());
    let output = run.stderr_so_far();
    assert!(output.contains("no space left on device"), "{output}");
    disk.free();
    service.wait_for_acks(500);
    ended(run).assert_stderr_has("written again after");
    assert_same(&wides(500), &spool.lines());

    // With the old cursor kept, a death is like any other.
    service.publish("all", wide(500));
    let run = capture().spawn();
    spool.wait_lines(501);
    disk.fill();
    service.publish_many("all", 20, |n| wide(501 + n));
    spool.wait_lines(510);
    kill(run);
    disk.free();
    let args = ["-e", "--idle-timeout", "500ms"];
    capture().args(&args).verbosity(0).run().assert_code(0).assert_silent();
    assert_same(&wides(521), &spool.lines());
}

fn rejects() {
    use crate::support::service::Odd;
    let service = Service::start();
    let (spool, disk) = (Spool::new(), SmallDisk::new("64k"));
    let run = spool.run(&service).arg("--rejects").arg(disk.inside("bad"));
    let mut run = disk.run(run).spawn();
    service.publish_odd("all", Odd::NotBase64);
    wait_until("the first is kept", || disk.lines_of("bad").len() == 1);
    disk.fill();
    for _ in 0..40 {
        service.publish_odd("all", Odd::NotBase64);
    }
    run.wait_stderr("[output.disk]");
    assert!(fs::read(disk.outside("bad")).unwrap().ends_with(b"\n"), "the torn line is cut");
    disk.free();
    wait_until("all are kept", || disk.lines_of("bad").len() >= 41);
    service.wait_for_acks(41);
    stop(run);
    assert_eq!(disk.lines_of("bad").len(), 41);
}

fn at_the_start() {
    let service = Service::start();
    let (spool, disk) = (Spool::new(), SmallDisk::new("64k"));
    disk.fill();
    service.publish_many("all", 20, wide);
    let run = disk.output_here(&spool, &service).args(&["--retry", "2"]).verbosity(0);
    let output = run.run();
    output.assert_code(74).assert_stderr_has("no space left on device");
    disk.free();
    let args = ["-e", "--idle-timeout", "500ms"];
    disk.output_here(&spool, &service).args(&args).verbosity(0).run().assert_code(0);
    assert_same(&wides(20), &disk.lines_of(OUTPUT));
}

/// Nothing is ever cut there: the rest of a torn line follows when there is room.
fn standard_output() {
    let service = Service::start();
    let (spool, disk) = (Spool::new(), SmallDisk::new("256k"));
    let run = spool.run_with_cursor(&service);
    let run = disk.run(run.stdout(Stdout::File(disk.outside(OUTPUT))));
    let run = full(&service, run, || disk.fill_but(2));
    disk.free();
    wait_until("all is written", || disk.lines_of(OUTPUT).len() >= 500);
    ended(run).assert_stderr_has("written again after");
    assert_same(&wides(500), &disk.lines_of(OUTPUT));
}

fn file_size() {
    let service = Service::start();
    let spool = Spool::new();
    let run = through(spool.run(&service), &["prlimit", "--fsize=20000:unlimited"]);
    let run = full(&service, run, || {});
    assert!(fs::metadata(spool.output()).unwrap().len() <= 20_000);
    assert!(fs::read(spool.output()).unwrap().ends_with(b"\n"), "the torn line is cut");
    service.assert_acks_within(&spool.lines());
    let pid = format!("--pid={}", run.pid());
    let lifted = Command::new("prlimit").args([&pid, "--fsize=unlimited:unlimited"]).status();
    assert!(lifted.unwrap().success());
    spool.wait_lines(500);
    let output = ended(run);
    output.assert_stderr_has("file too large").assert_stderr_has("written again after");
    spool.assert_lines(&wides(500));
}
