//! What a start makes of the file that a death left behind: the torn line and what is no JSON are cut,
//! other lines are kept and not written again, and the file never gets shorter than that.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use libtest_mimic::Trial;

use super::{Spool, ended, event, events, kill, test, test_if};
use crate::support::counts::count;
use crate::support::service::Service;

pub(super) fn trials() -> Vec<Trial> {
    let tails: &[(&str, &[u8])] = &[
        ("nothing", b""),
        ("a torn line", b"{\"n\":"),
        ("a torn line that looks whole", b"{\"n\":6}"),
        ("zeros, as a power loss leaves them", &[0; 512]),
        ("zeros and a newline", b"\0\0\0\0\n"),
        ("a line that is no JSON, then one that is", b"{\"n\":6\x00\x00\n{\"n\":7}\n"),
        ("zeros, then a line", b"\0\0\0\0{\"n\":6}\n{\"n\":7}\n"),
        ("a line that is not UTF-8", b"{\"n\":\"\xff\xfe\"}\n"),
        ("an empty line", b"\n"),
    ];
    let tails = tails.iter().map(|&(name, tail)| {
        test(&format!("start: after a death with {name} at the end"), move || tail_of(tail))
    });
    let others = [
        test("start: lines that come again are kept, not doubled", kept_lines),
        test("start: equal lines are counted", equal_lines),
        test("start: lines that do not come again stay", lines_of_someone_else),
        test("start: another --format cuts back to what the cursor knows", other_format),
        test("start: another --event cuts back to what the cursor knows", other_events),
        test("start: the same options in another spelling cut nothing", other_spelling),
        test("start: a file without a cursor is only appended to", without_a_cursor),
        test("start: a file whose last line has no end gets one", unended),
        test("start: a death before the first line", before_the_first_line),
        test("start: a torn line is cut in any run of deaths", twice),
        test("start: the file's mode is as asked", modes),
        test_if(
            &Some("takes a minute: TAIL8X8_FULL=1".to_owned()).filter(|_| count(0, 1) == 0),
            "start: lines are not given up while there is no session",
            kept_without_a_session,
        ),
    ];
    tails.chain(others).collect()
}

/// The cursor knows of three lines, the file has two more and then the tail; two more are coming.
fn tail_of(tail: &[u8]) {
    let service = Service::start();
    let spool = Spool::new();
    spool.die(&service, 3, &events(0..5));
    append(&spool, tail);
    service.publish_many("all", 3, |n| event(5 + n));
    let inode = fs::metadata(spool.output()).unwrap().ino();
    spool.catch_up(&service);
    spool.assert_lines(&events(0..8));
    assert_eq!(fs::metadata(spool.output()).unwrap().ino(), inode, "the same file");
    spool.catch_up(&service);
    spool.assert_lines(&events(0..8));
}

fn kept_lines() {
    let service = Service::start();
    let spool = Spool::new();
    spool.die(&service, 3, &events(0..500));
    let mut file = fs::File::open(spool.output()).unwrap();
    // Many more of them than the window holds: they are acknowledged like any others.
    let run = spool.run(&service).args(&["--receiver-queue-size", "10"]).spawn();
    service.publish_many("all", 10, |n| event(500 + n));
    spool.wait_lines(510);
    ended(run).assert_stderr_lacks("repeated");
    spool.assert_lines(&events(0..510));
    // A reader that was at the end of the file would have seen it grow and nothing else.
    let mut text = String::new();
    std::io::Read::read_to_string(&mut file, &mut text).unwrap();
    assert_eq!(text.lines().count(), 510);
}

/// They are given up a minute after they could have come.
fn kept_without_a_session() {
    let service = Service::start();
    let spool = Spool::new();
    spool.die(&service, 3, &events(0..5));
    service.pause_delivery();
    let before = service.connections();
    let run = spool.run(&service).args(&["--retry-delay", "1h", "--retry-max-delay", "1h"]);
    let mut run = run.limit(Duration::from_secs(120)).spawn();
    // The second one looks at the oldest message.
    service.wait_for_connections(before + 2);
    service.cut_connections();
    run.wait_stderr("trying again in");
    std::thread::sleep(Duration::from_secs(65));
    kill(run);
    service.resume_delivery();
    spool.catch_up(&service);
    spool.assert_lines(&events(0..5));
}

fn equal_lines() {
    let service = Service::start();
    let spool = Spool::new();
    let beat = || r#"{"heartbeat":true}"#.to_owned();
    let payloads = vec![beat(), beat(), beat(), event(1), beat(), beat()];
    spool.die(&service, 1, &payloads);
    service.publish("all", beat());
    service.publish("all", event(2));
    service.publish("all", beat());
    spool.catch_up(&service);
    spool.assert_lines(&[payloads, vec![beat(), event(2), beat()]].concat());
}

/// Such as a retention that passed meanwhile, or a hand that wrote into the file.
fn lines_of_someone_else() {
    let service = Service::start();
    let spool = Spool::new();
    spool.die(&service, 2, &events(0..3));
    append(&spool, b"{\"by\":\"hand\"}\n");
    service.publish("all", event(3));
    spool.catch_up(&service);
    let mut expected = events(0..3);
    expected.extend([r#"{"by":"hand"}"#.to_owned(), event(3)]);
    spool.assert_lines(&expected);
}

fn other_format() {
    let service = Service::start();
    let spool = Spool::new();
    spool.die(&service, 2, &events(0..5));
    let output = spool.catching_up(&service).args(&["--format", "envelope"]).run();
    output.assert_code(0);
    let lines = spool.lines();
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert_eq!(lines[..2], events(0..2)[..], "what was known stays");
    for (line, payload) in lines[2..].iter().zip(events(2..5)) {
        assert!(line.contains(&format!(r#""payload":{payload}"#)), "{line}");
        assert!(line.contains(r#""messageId":"#), "{line}");
    }
}

fn other_events() {
    let service = Service::start();
    let spool = Spool::new();
    let named = |name: &str| format!(r#"{{"eventType":"{name}"}}"#);
    let payloads: Vec<_> = ["A", "B", "A", "B", "B", "A"].map(named).into();
    spool.die(&service, 2, &payloads);
    spool.catching_up(&service).args(&["--event", "A"]).run().assert_code(0);
    spool.assert_lines(&["A", "B", "A", "A"].map(named));
}

fn other_spelling() {
    let service = Service::start();
    let spool = Spool::new();
    spool.die(&service, 2, &events(0..5));
    append(&spool, b"{\"by\":\"hand\"}\n");
    let output = spool.catching_up(&service).args(&["-f", "payload", "--retry", "7"]).run();
    output.assert_code(0);
    // Had the file been cut back, this line would be gone.
    assert_eq!(spool.lines().last().unwrap(), r#"{"by":"hand"}"#);
    assert_eq!(spool.lines().len(), 6);
}

fn without_a_cursor() {
    let service = Service::start();
    let spool = Spool::new();
    let mine = "this is no JSON\n\0\0\n";
    fs::write(spool.output(), mine).unwrap();
    service.publish("all", event(0));
    spool.take(&service, 1);
    assert_eq!(fs::read_to_string(spool.output()).unwrap(), format!("{mine}{}\n", event(0)));
}

fn unended() {
    let service = Service::start();
    let spool = Spool::new();
    fs::write(spool.output(), "{\"n\":").unwrap();
    service.publish("all", event(0));
    spool.take(&service, 1);
    assert_eq!(fs::read_to_string(spool.output()).unwrap(), format!("{{\"n\":\n{}\n", event(0)));
}

/// The cursor was made when the first session opened: what comes is not what came with `latest`.
fn before_the_first_line() {
    let service = Service::start();
    let spool = Spool::new();
    let run = spool.run(&service).args(&["--message-id", "latest"]).spawn();
    super::wait_until("the cursor is there", || spool.cursor().exists());
    kill(run);
    assert_eq!(spool.cursor_json()["clean"], false);
    // A second of margin more than what only whole seconds of the service's clock can tell.
    service.publish_many("all", 3, event);
    let again = spool.catching_up(&service).args(&["--message-id", "latest"]).run();
    again.assert_code(0);
    spool.assert_lines(&events(0..3));
}

fn twice() {
    let service = Service::start();
    let spool = Spool::new();
    spool.die(&service, 3, &events(0..5));
    for round in 0..5 {
        append(&spool, b"{\"n\":");
        service.publish("all", event(5 + round));
        let run = spool.run(&service).verbosity(0).spawn();
        spool.wait_lines(6 + round);
        kill(run);
    }
    append(&spool, b"{\"n\":");
    spool.catch_up(&service);
    spool.assert_lines(&events(0..10));
}

fn modes() {
    let service = Service::start();
    service.publish("all", event(0));
    for (args, expected) in [(&[][..], 0o600), (&["--file-mode", "0640"][..], 0o640)] {
        let spool = Spool::new();
        spool.catching_up(&service).args(args).run().assert_code(0);
        let mode = |path| fs::metadata(path).unwrap().mode() & 0o7777;
        assert_eq!(mode(spool.output()), expected, "{args:?}");
        assert_eq!(mode(spool.cursor()), 0o600, "{args:?}");
    }
}

fn append(spool: &Spool, bytes: &[u8]) {
    let mut file = OpenOptions::new().append(true).open(spool.output()).unwrap();
    file.write_all(bytes).unwrap();
}
