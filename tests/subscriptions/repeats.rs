//! What comes again although it is written: left out of the file, and acknowledged.

use libtest_mimic::Trial;

use super::{NAME, TOPIC, TYPES, capture, test};
use crate::capture::spool::{Spool, assert_same};
use crate::capture::{ended, event, events, kill, stop, wait_until};
use crate::support::run::Running;
use crate::support::service::{Builder, Fault, New, Service};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("acknowledgements lost with their session are no doubles", lost_acks),
        test("the next run knows them, too", lost_acks_over_runs),
        test("a broker that forgets acknowledgements is no double", broker),
        test("a batch that comes again as a whole is no double", whole_batches),
        test("a consumer that becomes a shared one knows what it wrote", other_type),
        test("repeats are counted", counted),
        test("a line that the cursor does not cover goes with its consumer", cut_lines),
        test("a hang-up loses and doubles nothing", hang_up),
        test("partitions, and cut connections without end", cuts),
    ]
}

fn started(service: &Service, spool: &Spool, kind: &str) -> Running {
    capture(spool, service).args(&["--subscription-type", kind]).spawn()
}

fn publish(service: &Service, numbers: std::ops::Range<usize>) {
    for n in numbers {
        publish_one(service, n);
    }
}

fn publish_one(service: &Service, n: usize) {
    service.publish_message(TOPIC, New::payload(event(n)).key(&format!("k{}", n % 5)));
}

/// In whatever order they came.
#[track_caller]
fn assert_holds(spool: &Spool, expected: &[String]) {
    let (mut lines, mut expected) = (spool.lines(), expected.to_vec());
    lines.sort();
    expected.sort();
    assert_same(&expected, &lines);
}

/// All of these events are acknowledged and in the file, once.
#[track_caller]
fn assert_ends_with(service: &Service, spool: &Spool, run: Running, count: usize) {
    service.wait_for_all_acked(TOPIC, NAME, count);
    stop(run);
    assert_holds(spool, &events(0..count));
}

fn lost_acks() {
    for kind in TYPES {
        let service = Service::builder().faults([Fault::AcksLost]).start();
        let spool = Spool::new();
        let run = started(&service, &spool, kind);
        publish(&service, 0..20);
        service.wait_for_acks(20);
        service.cut_connections();
        service.wait_for_all_acked(TOPIC, NAME, 20);
        publish_one(&service, 20);
        assert_ends_with(&service, &spool, run, 21);
        assert_eq!(service.seen().last().sent.len(), 21, "{kind}: they came again");
    }
}

fn lost_acks_over_runs() {
    for kind in TYPES {
        let service = Service::builder().faults([Fault::AcksLost]).start();
        let spool = Spool::new();
        let run = started(&service, &spool, kind);
        publish(&service, 0..20);
        service.wait_for_acks(20);
        stop(run);
        service.wait_for_no_connections();
        let run = started(&service, &spool, kind);
        assert_ends_with(&service, &spool, run, 20);
    }
}

fn broker() {
    for kind in TYPES {
        let service = Service::start();
        let spool = Spool::new();
        let run = started(&service, &spool, kind);
        for round in 0..3 {
            publish(&service, round * 100..round * 100 + 100);
            service.wait_for_all_acked(TOPIC, NAME, round * 100 + 100);
            service.restart_broker(TOPIC, NAME, 60);
        }
        service.wait_for_all_acked(TOPIC, NAME, 300);
        // And what is not acknowledged yet comes again on the same session.
        publish(&service, 300..400);
        spool.wait_lines(310);
        service.restart_broker(TOPIC, NAME, 0);
        assert_ends_with(&service, &spool, run, 400);
        assert!(service.seen().sent() >= 400 + 3 * 60, "{kind}: {}", service.seen().sent());
    }
}

fn whole_batches() {
    for kind in TYPES {
        let service = Service::builder().whole_batches().start();
        let spool = Spool::new();
        service.publish_batch(TOPIC, &events(0..10));
        let args = ["--subscription-type", kind, "-n", "4"];
        capture(&spool, &service).args(&args).run().assert_code(0);
        service.wait_for_no_connections();
        let run = started(&service, &spool, kind);
        assert_ends_with(&service, &spool, run, 10);
        assert_eq!(service.seen().last().sent.len(), 10, "{kind}: all of it came again");
    }
}

fn cuts() {
    for kind in TYPES {
        let builder: Builder = Service::builder();
        let service = builder.partitioned(TOPIC, 3).start();
        let spool = Spool::new();
        let run = started(&service, &spool, kind);
        for round in 0..10 {
            publish(&service, round * 50..round * 50 + 50);
            spool.wait_lines(round * 50 + 25);
            service.cut_connections();
        }
        assert_ends_with(&service, &spool, run, 500);
    }
}

fn other_type() {
    let service = Service::builder().faults([Fault::AcksLost, Fault::AcksLost]).start();
    let spool = Spool::new();
    for (round, kind) in ["exclusive", "shared", "exclusive"].into_iter().enumerate() {
        let run = started(&service, &spool, kind);
        publish(&service, round * 20..round * 20 + 20);
        service.wait_for_acks((round + 1) * (round + 2) / 2 * 20);
        stop(run);
        service.wait_for_no_connections();
    }
    service.wait_for_all_acked(TOPIC, NAME, 60);
    assert_holds(&spool, &events(0..60));
}

fn counted() {
    let service = Service::builder().faults([Fault::AcksLost]).start();
    let spool = Spool::new();
    let run = started(&service, &spool, "exclusive");
    publish(&service, 0..20);
    service.wait_for_acks(20);
    service.cut_connections();
    service.wait_for_all_acked(TOPIC, NAME, 20);
    let output = ended(run);
    assert!(output.trace.contains("20 repeats left out"), "{}", output.whole());
}

/// Its message was not acknowledged, so by now another consumer may have written it.
fn cut_lines() {
    let service = Service::start();
    let (first, second) = (Spool::new(), Spool::new());
    let covered = |spool: &Spool| {
        let cursor = spool.cursor_json();
        let open = cursor["output"].as_array().and_then(|files| files.last().cloned());
        open.and_then(|file| file["offset"].as_u64()).unwrap_or_default()
    };
    let mut published = 0;
    wait_until("it died between a line and its commit", || {
        let run = started(&service, &first, "shared");
        service.wait_for_subscription(TOPIC, NAME, "connected", |it| it.connections.len() == 1);
        publish(&service, published..published + 10);
        published += 10;
        first.wait_lines(published);
        kill(run);
        service.wait_for_no_connections();
        let is_between = std::fs::metadata(first.output()).unwrap().len() > covered(&first);
        if !is_between {
            let run = started(&service, &first, "shared");
            service.wait_for_all_acked(TOPIC, NAME, published);
            stop(run);
            service.wait_for_no_connections();
        }
        is_between
    });
    let run = started(&service, &second, "shared");
    service.wait_for_all_acked(TOPIC, NAME, published);
    stop(run);
    service.wait_for_no_connections();
    let run = started(&service, &first, "shared");
    publish(&service, published..published + 10);
    service.wait_for_all_acked(TOPIC, NAME, published + 10);
    stop(run);
    assert!(!second.lines().is_empty());
    let mut all = [first.lines(), second.lines()].concat();
    all.sort_by_key(|line| (line.len(), line.clone()));
    assert_same(&events(0..published + 10), &all);
}

fn hang_up() {
    let service = Service::start();
    let spool = Spool::new();
    let mut run = capture(&spool, &service).spawn();
    for round in 0..5 {
        publish(&service, round * 20..round * 20 + 10);
        spool.wait_lines(1);
        std::fs::rename(spool.output(), spool.join(&format!("events.{round}"))).unwrap();
        run.signal(nix::sys::signal::Signal::SIGHUP);
        wait_until("it is there again", || spool.output().exists());
        publish(&service, round * 20 + 10..round * 20 + 20);
        service.wait_for_all_acked(TOPIC, NAME, round * 20 + 20);
    }
    stop(run);
    let mut all = spool.lines();
    (0..5).for_each(|round| all.extend(spool.lines_of(&format!("events.{round}"))));
    all.sort_by_key(|line| (line.len(), line.clone()));
    assert_same(&events(0..100), &all);
    service.assert_acked_once();
}
