//! Locks: one capture for each output and each cursor, and two captures that have nothing to do with
//! each other side by side.

use std::fs;

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use super::spool::assert_same;
use super::{Spool, event, events, kill, stop, test, wait_until};
use crate::support::run::{Run, Running};
use crate::support::service::Service;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("lock: a second run on the same output is 75", || refused("out-a", "cursor-b")),
        test("lock: a second run on the same cursor is 75", || refused("out-b", "cursor-a")),
        test("lock: a second run on the same output without a cursor is 75", without_a_cursor),
        test("lock: the same output by another spelling", || refused("./x/../out-a", "cursor-b")),
        test("lock: a template is locked by its own name", template),
        test("lock: --lock-wait waits for the first to end", waits),
        test("lock: --lock-wait has an end", waits_in_vain),
        test("lock: a second run on the same rejects is 75", same_rejects),
        test("lock: a hang-up while waiting is lived through, TERM ends the wait", signalled),
        test("lock: the files stay, and hold who had them", who),
        test("lock: goes with the process, however it ended", killed),
        test("two topics into two files from two processes", side_by_side),
    ]
}

fn capture(service: &Service, spool: &Spool, output: &str, cursor: &str) -> Run {
    let run = Run::against(service).arg("-o").arg(spool.join(output));
    run.arg("--cursor-file").arg(spool.join(cursor)).args(&["--retry-delay", "20ms"])
}

/// A first run that follows, with one line written.
fn first(service: &Service, spool: &Spool) -> Running {
    let run = capture(service, spool, "out-a", "cursor-a").spawn();
    service.publish("all", event(0));
    spool.wait_lines_of("out-a", 1);
    run
}

fn refused(output: &str, cursor: &str) {
    let service = Service::start();
    let spool = Spool::new();
    fs::create_dir(spool.join("x")).unwrap();
    let run = first(&service, &spool);
    let second = capture(&service, &spool, output, cursor).args(&["-e"]).run();
    second.assert_code(75).assert_stderr_has("[config.locked]");
    second.assert_stderr_has(&format!("held by process {}", run.pid()));
    assert_eq!(second.stderr.lines().count(), 1, "{}", second.whole());
    assert!(!spool.join("out-b").exists() && !spool.join("cursor-b").exists());
    assert_eq!(service.connections(), 1, "refused before connecting");
    service.publish("all", event(1));
    spool.wait_lines_of("out-a", 2);
    stop(run);
    assert_same(&events(0..2), &spool.lines_of("out-a"));
}

fn without_a_cursor() {
    let service = Service::start();
    let spool = Spool::new();
    let run = Run::against(&service).arg("-o").arg(spool.join("out-a")).spawn();
    service.wait_for_connections(1);
    let second = Run::against(&service).arg("-o").arg(spool.join("out-a")).run();
    second.assert_code(75).assert_stderr_has(&format!("held by process {}", run.pid()));
    stop(run);
}

/// Both would write into other files at other times.
fn template() {
    let service = Service::start();
    let spool = Spool::new();
    let run = capture(&service, &spool, "out-%Y%m%d%H%M%S", "cursor-a").spawn();
    service.wait_for_connections(1);
    let second = capture(&service, &spool, "out-%Y%m%d%H%M%S", "cursor-b").run();
    second.assert_code(75);
    assert!(spool.join("out-%Y%m%d%H%M%S.tail8x8.lock").exists(), "{:?}", spool.names());
    stop(run);
}

fn waits() {
    let service = Service::start();
    let spool = Spool::new();
    let run = first(&service, &spool);
    let args = ["-e", "--idle-timeout", "500ms", "--lock-wait", "50s"];
    let mut second = capture(&service, &spool, "out-a", "cursor-a").args(&args).spawn();
    service.publish("all", event(1));
    spool.wait_lines_of("out-a", 2);
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(second.is_running(), "it did not wait");
    assert_eq!(service.connections(), 1, "it waits before connecting");
    stop(run);
    service.publish("all", event(2));
    second.finish().assert_code(0);
    assert_same(&events(0..3), &spool.lines_of("out-a"));
}

fn waits_in_vain() {
    let service = Service::start();
    let spool = Spool::new();
    let run = first(&service, &spool);
    let args = ["-e", "--lock-wait", "700ms"];
    let second = capture(&service, &spool, "out-a", "cursor-a").args(&args).run();
    second.assert_code(75).assert_stderr_has("[config.locked]");
    assert!(second.elapsed.as_millis() >= 700, "{:?}", second.elapsed);
    stop(run);
}

fn same_rejects() {
    let service = Service::start();
    let spool = Spool::new();
    let run = |output, cursor| {
        capture(&service, &spool, output, cursor).arg("--rejects").arg(spool.join("bad"))
    };
    let first = run("out-a", "cursor-a").spawn();
    service.wait_for_connections(1);
    run("out-b", "cursor-b").run().assert_code(75).assert_stderr_has("rejects ");
    stop(first);
}

fn signalled() {
    let service = Service::start();
    let spool = Spool::new();
    let run = first(&service, &spool);
    let second = capture(&service, &spool, "out-a", "cursor-a").args(&["--lock-wait", "50s"]);
    let mut second = second.spawn();
    let opened = format!("/proc/{}/fd", second.pid());
    let is_lock = |fd: std::io::Result<fs::DirEntry>| {
        fd.and_then(|fd| fs::read_link(fd.path()))
            .is_ok_and(|to| to.ends_with("cursor-a.tail8x8.lock"))
    };
    wait_until("it tries the lock", || fs::read_dir(&opened).unwrap().any(is_lock));
    second.signal(Signal::SIGHUP);
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(second.is_running(), "a hang-up asks for a reopened file, not for an end");
    stop(second);
    assert_eq!(service.connections(), 1, "it never connected");
    stop(run);
}

fn who() {
    let service = Service::start();
    let spool = Spool::new();
    let run = first(&service, &spool);
    let pid = format!("{}\n", run.pid());
    let locks = ["cursor-a.tail8x8.lock", "out-a.tail8x8.lock"];
    for name in locks {
        assert_eq!(fs::read_to_string(spool.join(name)).unwrap(), pid, "{name}");
    }
    stop(run);
    for name in locks {
        assert!(spool.join(name).exists(), "{name} was removed");
    }
    let args = ["-e", "--idle-timeout", "500ms"];
    capture(&service, &spool, "out-a", "cursor-a").args(&args).run().assert_code(0);
    for name in locks {
        let text = fs::read_to_string(spool.join(name)).unwrap();
        assert!(text != pid && text.trim_end().parse::<u32>().is_ok(), "{name}: {text:?}");
    }
}

fn killed() {
    let service = Service::start();
    let spool = Spool::new();
    kill(first(&service, &spool));
    let args = ["-e", "--idle-timeout", "500ms"];
    let again = capture(&service, &spool, "out-a", "cursor-a").args(&args).verbosity(0).run();
    again.assert_code(0).assert_silent();
    assert_same(&events(0..1), &spool.lines_of("out-a"));
}

fn side_by_side() {
    let service = Service::start();
    let spool = Spool::new();
    let topics = ["all", "7"];
    let one = |topic: &str| {
        let (output, cursor) = (format!("out-{topic}"), format!("cursor-{topic}"));
        capture(&service, &spool, &output, &cursor).args(&["--topic", topic]).verbosity(0).spawn()
    };
    let line = |topic: &str, n: usize| format!(r#"{{"topic":"{topic}","n":{n}}}"#);
    let mut runs = Vec::from(topics.map(one));
    for round in 0..10 {
        for topic in topics {
            service.publish_many(topic, 100, |n| line(topic, round * 100 + n));
        }
        // One of them dies now and then, which is nothing to the other.
        kill(runs.remove(0));
        runs.push(one(topics[round % 2]));
    }
    for topic in topics {
        wait_until("all is written", || spool.lines_of(&format!("out-{topic}")).len() >= 1000);
    }
    runs.into_iter().for_each(|run| stop(run));
    for topic in topics {
        let expected: Vec<_> = (0..1000).map(|n| line(topic, n)).collect();
        assert_same(&expected, &spool.lines_of(&format!("out-{topic}")));
    }
}
