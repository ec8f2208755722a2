//! A cursor without `-o`: the stream goes on where the last run ended.

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use super::spool::assert_same;
use super::{Spool, event, events, kill, test, through};
use crate::support::run::{Run, Stdout};
use crate::support::service::{Odd, Service};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("stdout: resumes with a cursor", resumes),
        test("stdout: into a file of the shell", into_a_file),
        test("stdout: after a death at least once, in order", after_a_death),
        test("stdout: rejects are warned about, not kept", rejects),
        test(
            "stdout: a reader that goes away ends it, and what it did not get comes again",
            closed,
        ),
        test("stdout: a cut short run keeps its cursor", cut_short),
        test("stdout: closed at the start is said before connecting", closed_at_the_start),
        test("stdout: thrown away on purpose", thrown_away),
    ]
}

fn resumes() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many("all", 9, event);
    for (n, args) in [(0, &[][..]), (3, &["-o", "-"][..]), (6, &[][..])] {
        let run = spool.run_with_cursor(&service).args(args).args(&["-n", "3"]);
        run.run().assert_code(0).assert_lines(&events(n..n + 3));
    }
    assert_eq!(spool.names(), ["cursor", "cursor.tail8x8.lock"]);
    assert_eq!(spool.cursor_json()["clean"], true);
}

fn closed_at_the_start() {
    let service = Service::builder().may_be_unreached().start();
    let spool = Spool::new();
    for closed in [">&-", "<&- >&-", "<&- >&- 2>/dev/null"] {
        let script = format!(r#"exec "$@" {closed}"#);
        let run = spool.run_with_cursor(&service).verbosity(0).args(&["-n", "1"]);
        let output = through(run, &["sh", "-c", &script, "sh"]).run();
        output.assert_code(74);
        if !closed.contains("null") {
            output.assert_stderr_has("output stdout: was closed");
            output.assert_stderr_has("[output.closed]");
        }
    }
    service.assert_nothing_sent();
    assert!(!spool.cursor().exists());
}

/// Nor does a closed standard output matter to what does not use it.
fn thrown_away() {
    let service = Service::start();
    service.publish_many("all", 3, event);
    let spool = Spool::new();
    let output = spool.output();
    let file = output.to_str().unwrap();
    for (to, args) in
        [(">/dev/null", &[][..]), (">&-", &["-o", "/dev/null"]), (">&-", &["-o", file])]
    {
        let script = format!(r#"exec "$@" {to}"#);
        let args = [&["--message-id", "earliest", "-n", "3"], args].concat();
        let run = Run::against(&service).verbosity(0).args(&args);
        through(run, &["sh", "-c", &script, "sh"]).run().assert_code(0).assert_silent();
    }
    spool.assert_lines(&events(0..3));
}

fn into_a_file() {
    let service = Service::start();
    let spool = Spool::new();
    for round in 0..4 {
        service.publish_many("all", 5, |n| event(round * 5 + n));
        let run = spool.run_with_cursor(&service).stdout(Stdout::File(spool.output()));
        let output = run.args(&["-e", "--idle-timeout", "500ms"]).verbosity(0).run();
        output.assert_code(0).assert_silent();
    }
    spool.assert_lines(&events(0..20));
}

fn after_a_death() {
    let service = Service::start();
    let spool = Spool::new();
    let mut lines = Vec::new();
    for round in 0..5 {
        service.publish_many("all", 20, |n| event(round * 20 + n));
        let mut run = spool.run_with_cursor(&service).spawn();
        // Until the newest is there: nothing may be left out by the next run.
        loop {
            let got = run.wait_stdout_lines(1);
            if got.last() == Some(&event(round * 20 + 19)) {
                lines.extend(got);
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        kill(run);
    }
    let mut seen: Vec<String> = Vec::new();
    lines.sort_by_key(|line| line[5..line.len() - 1].parse::<usize>().unwrap());
    lines.into_iter().for_each(|line| {
        if seen.last() != Some(&line) {
            seen.push(line);
        }
    });
    assert_same(&events(0..100), &seen);
}

fn rejects() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_odd("all", Odd::NotBase64);
    service.publish("all", event(0));
    let output = spool.run_with_cursor(&service).args(&["-n", "1"]).run();
    output.assert_code(0).assert_stderr_has("payload is not base64");
    assert_eq!(spool.names(), ["cursor", "cursor.tail8x8.lock"]);
}

fn closed() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many("all", 3, event);
    let mut run = spool.run_with_cursor(&service).spawn();
    let got = run.wait_stdout_lines(3);
    run.close_stdout();
    service.publish("all", event(3));
    run.finish().assert_code(0);
    assert_same(&events(0..3), &got);
    let run = spool.run_with_cursor(&service).args(&["-n", "1"]);
    run.run().assert_code(0).assert_lines(&[event(3)]);
}

fn cut_short() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many("all", 3, event);
    let args = ["-e", "--idle-timeout", "60s"];
    let mut run = spool.run_with_cursor(&service).args(&args).spawn();
    run.wait_stdout_lines(3);
    run.signal(Signal::SIGTERM);
    run.finish().assert_signal(Signal::SIGTERM);
    assert_eq!(spool.cursor_json()["clean"], true);
    service.publish("all", event(3));
    let run = spool.run_with_cursor(&service).args(&["-n", "1"]);
    run.run().assert_code(0).assert_lines(&[event(3)]);
}
