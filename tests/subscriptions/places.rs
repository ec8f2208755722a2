//! The service keeps the place of a subscription: what it delivers is written, however old it is. Only
//! a cursor that knows of something else is in the way, and says so.

use std::time::{Duration, SystemTime};

use libtest_mimic::Trial;

use super::{NAME, TOPIC, TYPES, capture, consumer, test};
use crate::capture::spool::Spool;
use crate::capture::{ended, event, events, stop};
use crate::support::run::Run;
use crate::support::service::Service;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("what was published long before the run is written", published_before),
        test("ids of another life of the topic are refused", foreign_ids),
        test("without a cursor they are said and written", foreign_ids_printed),
        test("also where another consumer had every second one", foreign_ids_beside),
        test("a cursor of another subscription is refused", || {
            foreign_cursor(Some("another"), Some(NAME), "subscription another")
        }),
        test("a cursor of a reader is refused", || foreign_cursor(None, Some(NAME), "a reader")),
        test("a cursor of a subscription is refused by a reader", || {
            foreign_cursor(Some(NAME), None, "subscription sub")
        }),
    ]
}

fn an_hour_ago() -> SystemTime {
    SystemTime::now() - Duration::from_secs(3600)
}

/// A reader that started at latest would take them for what was there before it.
fn published_before() {
    let service = Service::start();
    let mut run = consumer(&service).spawn();
    service.wait_for_connections(1);
    service.close_all(1000, "");
    service.wait_for_connections(2);
    for n in 0..5 {
        service.publish_at(TOPIC, event(n), an_hour_ago());
    }
    service.wait_for_all_acked(TOPIC, NAME, 5);
    run.wait_stdout_lines(5);
    let output = ended(run);
    output.assert_lines(&events(0..5));
    let end = output.trace.lines().last().unwrap_or_default();
    assert!(end.contains("5 events") && !end.contains("filtered"), "{}", output.whole());
}

/// On the port of an old one: its topics begin again, and so do their ids.
fn made_anew(old: Service) -> Service {
    let port = old.port();
    drop(old);
    Service::builder().port(port).start()
}

fn foreign_ids() {
    for kind in TYPES {
        let service = Service::start();
        let spool = Spool::new();
        for n in 0..50 {
            service.publish_at(TOPIC, event(n), an_hour_ago());
        }
        let args = ["--subscription-type", kind, "-e", "--idle-timeout", "500ms"];
        capture(&spool, &service).args(&args).run().assert_code(0);
        spool.assert_lines(&events(0..50));
        let service = made_anew(service);
        service.publish_many(TOPIC, 10, |n| event(1000 + n));
        let output = capture(&spool, &service).args(&args).run();
        output.assert_code(78).assert_stderr_has("[stream.foreign_ids]");
        output.assert_stderr_has(spool.cursor().to_str().unwrap()).assert_stderr_lacks("--since");
        spool.assert_lines(&events(0..50));
        let told = service.subscription(TOPIC, NAME).unwrap();
        assert_eq!((told.acked.len(), told.backlog), (0, 10), "{kind}");
    }
}

fn foreign_ids_printed() {
    let service = Service::start();
    let mut run = consumer(&service).args(&["--subscription-type", "shared"]).spawn();
    service.wait_for_connections(1);
    for n in 0..50 {
        service.publish_at(TOPIC, event(n), an_hour_ago());
    }
    service.wait_for_all_acked(TOPIC, NAME, 50);
    let service = made_anew(service);
    service.wait_for_connections(1);
    service.publish_many(TOPIC, 10, |n| event(50 + n));
    service.wait_for_all_acked(TOPIC, NAME, 10);
    run.wait_stderr("the topic was recreated");
    ended(run).assert_lines(&events(0..60));
}

fn foreign_ids_beside() {
    let service = Service::start();
    let start = || consumer(&service).args(&["--subscription-type", "shared"]).spawn();
    let mut run = start();
    service.wait_for_connections(1);
    let other = start();
    service.wait_for_connections(2);
    for n in 0..50 {
        service.publish_at(TOPIC, event(n), an_hour_ago());
    }
    service.wait_for_all_acked(TOPIC, NAME, 50);
    let before = run.wait_stdout_lines(25);
    stop(other);
    let service = made_anew(service);
    service.wait_for_connections(1);
    service.publish_many(TOPIC, 10, |n| event(50 + n));
    service.wait_for_all_acked(TOPIC, NAME, 10);
    run.wait_stderr("the topic was recreated");
    ended(run).assert_lines(&[before, events(50..60)].concat());
}

/// Written by one, used by the other; `None` is a reader.
fn foreign_cursor(theirs: Option<&str>, ours: Option<&str>, whose: &str) {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many(TOPIC, 5, event);
    let run = |name: Option<&str>| -> Run {
        let run = spool.run(&service).args(&["-n", "5"]);
        name.into_iter().fold(run, |run, name| run.arg("--subscription").arg(name))
    };
    run(theirs).run().assert_code(0);
    service.wait_for_no_connections();
    let (connections, cursor) = (service.connections(), spool.cursor_json());
    let output = run(ours).run();
    output.assert_code(78).assert_stderr_has("[config.cursor]");
    output.assert_stderr_has(&format!("belongs to {whose}"));
    match ours {
        Some(name) => output.assert_stderr_has(&format!("this run reads subscription {name}")),
        None => output.assert_stderr_has("this run is a reader"),
    };
    if ours.is_some() {
        // The service knows the place, and takes no time.
        output.assert_stderr_lacks("--since");
    }
    assert_eq!((service.connections(), spool.cursor_json()), (connections, cursor));
    spool.assert_lines(&events(0..5));
}
