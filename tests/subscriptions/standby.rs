//! Several consumers: one that stands by says so until its first message, and the files of all hold
//! the topic.

use std::time::Duration;

use libtest_mimic::Trial;

use super::{NAME, TOPIC, capture, consumer, test};
use crate::capture::spool::{Spool, assert_same};
use crate::capture::systemd::told;
use crate::capture::{event, events, kill, stop, wait_until};
use crate::support::service::{New, Service};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("a standby says that it has no messages, until it takes over", takes_over),
        test("two shared consumers share a topic out", shared),
        test("a key's events are in one file, in order", keys),
        test("a standby ends as it is asked to", idle_standby),
    ]
}

const NONE_YET: &str = "no messages assigned yet";

fn takes_over() {
    let service = Service::start();
    let (first, second) = (Spool::new(), Spool::new());
    let args = ["--subscription-type", "failover"];
    let active = capture(&first, &service).args(&args).spawn();
    service.wait_for_connections(1);
    let (run, told, _folder) = told(capture(&second, &service).args(&args));
    let mut standby = run.spawn();
    service.wait_for_connections(2);
    let has = |text: &str| {
        told.lines().iter().any(|line| line.starts_with("STATUS=") && line.contains(text))
    };
    wait_until("it says that it stands by", || has(NONE_YET));
    standby.wait_stderr(NONE_YET);
    service.publish_many(TOPIC, 30, event);
    service.wait_for_all_acked(TOPIC, NAME, 30);
    let last = || told.lines().into_iter().rfind(|line| line.starts_with("STATUS=")).unwrap();
    assert!(last().contains(NONE_YET), "{:?}", told.lines());
    assert!(second.lines().is_empty());

    kill(active);
    service.publish_many(TOPIC, 30, |n| event(30 + n));
    service.wait_for_all_acked(TOPIC, NAME, 60);
    wait_until("it says that it reads", || {
        !last().contains(NONE_YET) && last().contains("reading")
    });
    stop(standby);
    assert_same(&events(0..30), &first.lines());
    // What the dead one had written and not acknowledged may be here again: nothing, here.
    assert_same(&events(30..60), &second.lines());
}

fn shared() {
    let service = Service::builder().partitioned(TOPIC, 3).start();
    let spools = [Spool::new(), Spool::new()];
    let args = ["--subscription-type", "shared", "--receiver-queue-size", "20"];
    let runs: Vec<_> =
        spools.iter().map(|spool| capture(spool, &service).args(&args).spawn()).collect();
    service.wait_for_connections(2);
    service.publish_many(TOPIC, 600, event);
    service.wait_for_all_acked(TOPIC, NAME, 600);
    runs.into_iter().for_each(stop);
    let [one, other] = spools.map(|spool| spool.lines());
    assert!(!one.is_empty() && !other.is_empty(), "{} and {}", one.len(), other.len());
    let mut all = [one, other].concat();
    all.sort_by_key(|line| (line.len(), line.clone()));
    assert_same(&events(0..600), &all);
    service.assert_acked_once();
}

fn keys() {
    let service = Service::start();
    let spools = [Spool::new(), Spool::new()];
    let args = ["--subscription-type", "key_shared", "--receiver-queue-size", "20"];
    let runs: Vec<_> =
        spools.iter().map(|spool| capture(spool, &service).args(&args).spawn()).collect();
    service.wait_for_connections(2);
    let line = |n: usize| format!(r#"{{"key":{},"n":{n}}}"#, n % 10);
    for n in 0..300 {
        service.publish_message(TOPIC, New::payload(line(n)).key(&format!("key {}", n % 10)));
    }
    service.wait_for_all_acked(TOPIC, NAME, 300);
    runs.into_iter().for_each(stop);
    let files = spools.map(|spool| spool.lines());
    for key in 0..10 {
        let expected: Vec<_> = (0..300).filter(|n| n % 10 == key).map(line).collect();
        let of_key = |lines: &Vec<String>| -> Vec<String> {
            lines.iter().filter(|line| line.contains(&format!("\"key\":{key},"))).cloned().collect()
        };
        let holders: Vec<_> = files.iter().map(of_key).filter(|lines| !lines.is_empty()).collect();
        assert_eq!(holders, [expected], "key {key}");
    }
    assert!(files.iter().all(|lines| !lines.is_empty()), "both had some");
}

fn idle_standby() {
    let service = Service::start();
    let args = ["--subscription-type", "failover"];
    let active = consumer(&service).args(&args).spawn();
    service.wait_for_connections(1);
    let limits = ["--max-time", "1s"];
    let standby = consumer(&service).args(&args).args(&limits).run();
    standby.assert_code(0);
    assert!(standby.elapsed >= Duration::from_millis(900), "{:?}", standby.elapsed);
    assert!(standby.stdout.is_empty());
    stop(active);
}
