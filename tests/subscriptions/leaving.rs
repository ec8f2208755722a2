//! However a run ends in good order: what is written is acknowledged, what is not is left, and the
//! session is closed as the protocol has it. The next run goes on there.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use super::{NAME, TOPIC, TYPES, acked, backlog, capture, consumer, test};
use crate::capture::spool::Spool;
use crate::capture::{event, events, wait_until};
use crate::support::service::{Close, Id, Service};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("-n leaves the rest to the next run", some),
        test("-n on standard output, too", some_printed),
        test("-e ends with everything acknowledged", all),
        test("a signal ends with every written line acknowledged", || signal(Signal::SIGTERM)),
        test("what is left unread takes no acknowledgement with it", unread),
        test("a service that does not answer holds up no end", silent_service),
        test("so does Ctrl-C", || signal(Signal::SIGINT)),
    ]
}

#[track_caller]
fn assert_closed(service: &Service) {
    service.wait_for_no_connections();
    let close = service.seen().last().close.clone();
    assert_eq!(close, Some(Close { code: Some(1000), reason: String::new() }));
}

fn some() {
    for kind in TYPES {
        let service = Service::start();
        let spool = Spool::new();
        let ids = service.publish_many(TOPIC, 80, event);
        let args = ["--subscription-type", kind, "-n"];
        capture(&spool, &service).args(&args).arg("50").run().assert_code(0);
        assert_closed(&service);
        spool.assert_lines(&events(0..50));
        assert_eq!(sorted(acked(&service)), ids[..50], "{kind}");
        assert_eq!(backlog(&service), 30);
        capture(&spool, &service).args(&args).arg("30").run().assert_code(0);
        let mut lines = spool.lines();
        lines[50..].sort_by_key(|line| (line.len(), line.clone()));
        assert_eq!(lines, events(0..80), "{kind}");
        service.wait_for_all_acked(TOPIC, NAME, 80);
        service.assert_acks_within(&events(0..80));
    }
}

fn some_printed() {
    let service = Service::start();
    let ids = service.publish_many(TOPIC, 30, event);
    let args = ["--initial-position", "earliest", "-n", "20"];
    consumer(&service).args(&args).run().assert_code(0).assert_lines(&events(0..20));
    assert_closed(&service);
    assert_eq!(acked(&service), ids[..20]);
    let rest = consumer(&service).args(&["-n", "10"]).run();
    rest.assert_code(0).assert_lines(&events(20..30));
    service.wait_for_all_acked(TOPIC, NAME, 30);
}

fn all() {
    let service = Service::builder().partitioned(TOPIC, 3).start();
    let spool = Spool::new();
    service.publish_many(TOPIC, 300, event);
    for round in 1..=2 {
        let args = ["-e", "--idle-timeout", "500ms"];
        capture(&spool, &service).args(&args).run().assert_code(0);
        assert_closed(&service);
        let mut lines = spool.lines();
        lines.sort_by_key(|line| (line.len(), line.clone()));
        assert_eq!(lines, events(0..300), "round {round}");
        service.wait_for_all_acked(TOPIC, NAME, 300);
    }
    assert_eq!(service.seen().last().sent, [], "an exact resume reads nothing again");
}

fn signal(signal: Signal) {
    let service = Service::start();
    let spool = Spool::new();
    let mut run = capture(&spool, &service).args(&["--receiver-queue-size", "100"]).spawn();
    let mut published = 0;
    wait_until("some are written", || {
        service.publish_many(TOPIC, 37, |n| event(published + n));
        published += 37;
        spool.lines().len() >= 500
    });
    run.signal(signal);
    run.finish().assert_code(0);
    assert_closed(&service);
    let lines = spool.lines();
    spool.assert_lines(&events(0..lines.len()));
    assert_eq!(acked(&service).len(), lines.len(), "what is written is acknowledged");
    let entries: Vec<_> = acked(&service).iter().map(|id| id.entry).collect();
    assert_eq!(entries, (0..lines.len() as u64).collect::<Vec<_>>());
    assert_eq!(backlog(&service), published - lines.len());
}

fn sorted(mut ids: Vec<Id>) -> Vec<Id> {
    ids.sort();
    ids
}

/// A socket closed with unread data would be reset, and with it what was sent last.
fn unread() {
    let line = |n: usize| format!(r#"{{"n":{n},"text":"{}"}}"#, "x".repeat(2000));
    let service = Service::start();
    let spool = Spool::new();
    let ids = service.publish_many(TOPIC, 3000, line);
    for round in 0..3 {
        capture(&spool, &service).args(&["-n", "700"]).run().assert_code(0);
        assert_closed(&service);
        let count = (round + 1) * 700;
        assert_eq!(spool.lines().len(), count);
        assert_eq!(acked(&service), ids[..count]);
    }
}

fn silent_service() {
    let service = Service::start();
    let spool = Spool::new();
    let mut run = capture(&spool, &service).spawn();
    service.publish_many(TOPIC, 20, event);
    service.wait_for_all_acked(TOPIC, NAME, 20);
    service.freeze();
    let began = Instant::now();
    run.signal(Signal::SIGTERM);
    run.finish().assert_code(0);
    // A second is what it waits; the rest is for a busy machine.
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    spool.assert_lines(&events(0..20));
}
