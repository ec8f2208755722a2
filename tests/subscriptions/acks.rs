//! When a message is acknowledged: once its line is safe, and not before.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::time::Duration;

use libtest_mimic::Trial;
use nix::sys::stat::Mode;

use super::{NAME, TOPIC, acked, backlog, capture, consumer, test};
use crate::capture::small_disk::SmallDisk;
use crate::capture::spool::{Spool, assert_same};
use crate::capture::{ended, event, events, failing, ignored_if, missing, stop, wait_until};
use crate::support::run::{Run, Stdout};
use crate::support::service::{Odd, Service};

pub(super) fn trials() -> Vec<Trial> {
    let mount = SmallDisk::missing();
    let strace = missing("strace", &["-f", "-o", "/dev/null", "true"]);
    vec![
        test("a file's lines are acknowledged, all of them, once", file),
        test("standard output's lines are acknowledged once they are written", standard_output),
        test("a blocked standard output acknowledges only what it took", blocked),
        test("so does one with a name, which needs no cursor", fifo),
        test("half a queue is enough for a commit", small_queues),
        test("--at-most-once acknowledges without a sync", at_most_once),
        test("a removed output acknowledges only what is in a file", removed),
        ignored_if(&mount, test("a full disk acknowledges nothing until there is room", full_disk)),
        ignored_if(&strace, test("a sync that fails acknowledges nothing", failing_sync)),
        ignored_if(&strace, test("nor does one of the rejects file alone", failing_rejects)),
    ]
}

fn file() {
    let service = Service::builder().partitioned(TOPIC, 3).start();
    let spool = Spool::new();
    let run = capture(&spool, &service).args(&["--receiver-queue-size", "100"]).spawn();
    let ids = service.publish_many(TOPIC, 1000, event);
    let batch = service.publish_batch(TOPIC, &events(1000..1010));
    service.wait_for_all_acked(TOPIC, NAME, 1010);
    stop(run);
    service.assert_acked_once();
    assert!(service.seen().last().most_unacked <= 100);
    let (mut expected, mut got) = ([ids, batch].concat(), acked(&service));
    expected.sort();
    got.sort();
    assert_eq!(got, expected);
    let (mut lines, mut all) = (spool.lines(), events(0..1010));
    lines.sort();
    all.sort();
    assert_same(&all, &lines);
}

fn standard_output() {
    let service = Service::start();
    let mut run = consumer(&service).spawn();
    service.wait_for_connections(1);
    service.publish_many(TOPIC, 50, event);
    assert_eq!(run.wait_stdout_lines(50), events(0..50));
    service.wait_for_all_acked(TOPIC, NAME, 50);
    stop(run);
    service.assert_acked_once();
}

/// What a pipe takes by default on Linux.
const PIPE: usize = 64 * 1024;

/// Wide enough that a pipe holds few.
fn long(n: usize) -> String {
    format!(r#"{{"n":{n},"text":"{}"}}"#, "x".repeat(1000))
}

fn blocked() {
    let service = Service::start();
    service.publish_many(TOPIC, 1000, long);
    let args = ["--initial-position", "earliest"];
    let run = consumer(&service).args(&args).stdout(Stdout::Blocked).spawn();
    assert_few_acked(&service);
    run.resume_reading();
    service.wait_for_all_acked(TOPIC, NAME, 1000);
    ended(run).assert_lines(&(0..1000).map(long).collect::<Vec<_>>());
}

/// Of a thousand long ones, only what a pipe holds that nobody reads.
#[track_caller]
fn assert_few_acked(service: &Service) {
    service.wait_for("all are sent", |seen| seen.sent() == 1000);
    service.wait_for_acks(1);
    // Time to do it wrong.
    std::thread::sleep(Duration::from_millis(500));
    let most = PIPE / 1000 + 1;
    assert!(service.seen().acks() <= most, "{} acknowledged", service.seen().acks());
    assert_eq!(backlog(service), 1000 - acked(service).len());
}

fn fifo() {
    let service = Service::start();
    let spool = Spool::new();
    let path = spool.join("fifo");
    nix::unistd::mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    // Also for writing, so that neither end waits for the other to be opened.
    let ours = File::options().read(true).write(true).open(&path).unwrap();
    service.publish_many(TOPIC, 1000, long);
    let args = ["--initial-position", "earliest", "-o"];
    let run = consumer(&service).args(&args).arg(&path).spawn();
    assert_few_acked(&service);
    let mut ours = BufReader::new(ours);
    let lines: Vec<_> = ours.by_ref().lines().take(1000).map(Result::unwrap).collect();
    assert_same(&(0..1000).map(long).collect::<Vec<_>>(), &lines);
    service.wait_for_all_acked(TOPIC, NAME, 1000);
    stop(run);
    service.assert_acked_once();
}

/// With a commit a second, this would take longer than a run may.
fn small_queues() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many(TOPIC, 500, event);
    let run = capture(&spool, &service).args(&["--receiver-queue-size", "4", "-n", "500"]);
    run.run().assert_code(0);
    spool.assert_lines(&events(0..500));
    service.wait_for_all_acked(TOPIC, NAME, 500);
}

fn at_most_once() {
    let service = Service::start();
    let spool = Spool::new();
    let args = ["--sync", "none", "--at-most-once"];
    let run = capture(&spool, &service).args(&args).spawn();
    service.publish_many(TOPIC, 20, event);
    service.wait_for_all_acked(TOPIC, NAME, 20);
    spool.assert_lines(&events(0..20));
    stop(run);
}

/// Wide enough that a block holds few.
fn wide(n: usize) -> String {
    format!(r#"{{"n":{n},"text":"{}"}}"#, "x".repeat(190))
}

fn wides(count: usize) -> Vec<String> {
    (0..count).map(wide).collect()
}

fn full_disk() {
    let service = Service::start();
    let (spool, disk) = (Spool::new(), SmallDisk::new("256k"));
    let run = disk.output_here(&spool, &service).args(&["--subscription", NAME]);
    let mut run = run.spawn();
    service.wait_for_connections(1);
    service.publish(TOPIC, wide(0));
    service.wait_for_acks(1);
    disk.fill_but(2);
    service.publish_many(TOPIC, 499, |n| wide(1 + n));
    run.wait_stderr("trying again in");
    std::thread::sleep(Duration::from_millis(300));
    let written = disk.lines_of("events.ndjson");
    assert!((1..100).contains(&written.len()), "{} lines", written.len());
    service.assert_acks_within(&written);
    assert!(backlog(&service) >= 400, "{} left", backlog(&service));
    disk.free();
    wait_until("all is written", || disk.lines_of("events.ndjson").len() >= 500);
    service.wait_for_all_acked(TOPIC, NAME, 500);
    ended(run).assert_stderr_has("written again after");
    assert_same(&wides(500), &disk.lines_of("events.ndjson"));
}

fn removed() {
    let service = Service::start();
    let spool = Spool::new();
    let mut run = capture(&spool, &service).verbosity(0).spawn();
    service.publish_many(TOPIC, 5, event);
    service.wait_for_all_acked(TOPIC, NAME, 5);
    fs::remove_file(spool.output()).unwrap();
    service.publish_many(TOPIC, 5, |n| event(5 + n));
    run.wait_stderr("[output.gone]");
    service.wait_for_all_acked(TOPIC, NAME, 10);
    stop(run);
    spool.assert_lines(&events(5..10));
}

fn failing_sync() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many(TOPIC, 3, event);
    let run = capture(&spool, &service).args(&["--retry", "2"]);
    let run: Run = failing(run, "fdatasync", "EIO", None);
    run.run().assert_code(74).assert_stderr_has("[output.disk]");
    assert_eq!(service.seen().acks(), 0, "{}", fs::read_to_string(spool.cursor()).unwrap());
    assert_eq!(backlog(&service), 3);
    capture(&spool, &service).args(&["-n", "3"]).run().assert_code(0);
    spool.assert_lines(&events(0..3));
    service.wait_for_all_acked(TOPIC, NAME, 3);
}

/// The first sync fails, and the next would not: by then the kernel has forgotten what it lost.
fn failing_rejects() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish(TOPIC, event(0));
    service.publish_odd(TOPIC, Odd::NotBase64);
    let rejects = spool.join("rejects");
    let run = || {
        let run = consumer(&service).args(&["-e", "--idle-timeout", "500ms"]);
        run.arg("--rejects").arg(&rejects)
    };
    // The lock beside it is synced, too.
    let failing = failing(run(), "fdatasync", "EIO:when=1", Some(&rejects));
    failing.run().assert_code(74).assert_stderr_has("[output.disk]");
    service.wait_for_no_connections();
    assert_eq!((service.seen().acks(), backlog(&service)), (0, 2));

    run().run().assert_code(0).assert_lines(&events(0..1));
    service.wait_for_all_acked(TOPIC, NAME, 2);
    assert!(!spool.lines_of("rejects").is_empty());
}
