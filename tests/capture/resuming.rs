//! Going on after a cursor: over partitions, gaps, batches, and another life of the topic.

use std::time::{Duration, SystemTime};

use libtest_mimic::Trial;

use super::cursor::contents;
use super::spool::assert_same;
use super::{Spool, event, events, test};
use crate::support::service::{Id, New, Service};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("resuming: wins over --message-id and --since", wins),
        test("resuming: latest with nothing received remembers when it began", latest),
        test("resuming: without a position, --message-id counts", no_position),
        test("resuming: a clock that is ahead doubles nothing in a replay", fast_clock),
        test("resuming: a partitioned topic is said once, and doubles nothing", partitioned),
        test("resuming: one partition resumes by its id", one_partition),
        test("resuming: a gap is said, with both ids and both times", gap),
        test("resuming: no gap where the service still holds all", no_gap),
        test("resuming: ids of another life of the topic are refused", foreign_ids),
        test("resuming: a batch is resumed within", batch),
        test("resuming: saved while following, a second after the last line", saved),
    ]
}

fn wins() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many("all", 3, event);
    spool.catch_up(&service);
    service.publish_many("all", 2, |n| event(3 + n));
    for place in [["--message-id", "earliest"], ["--message-id", "latest"], ["--since", "1h"]] {
        let before = spool.lines().len();
        let next = before.max(5);
        service.publish("all", event(next));
        let output = spool.catching_up(&service).args(&place).run();
        output.assert_code(0).assert_silent();
        spool.assert_lines(&events(0..spool.lines().len()));
        assert!(spool.lines().len() > before, "{place:?}");
    }
    spool.assert_lines(&events(0..8));
}

fn latest() {
    let service = Service::start();
    let spool = Spool::new();
    let ago = |seconds| SystemTime::now() - Duration::from_secs(seconds);
    service.publish_at("all", event(100), ago(3600));
    let latest = || spool.catching_up(&service).args(&["--message-id", "latest"]);
    for _ in 0..2 {
        latest().run().assert_code(0).assert_silent();
        assert!(spool.lines().is_empty());
    }
    service.publish_many("all", 3, event);
    latest().run().assert_code(0).assert_silent();
    spool.assert_lines(&events(0..3));
    service.publish("all", event(3));
    latest().run().assert_code(0).assert_silent();
    spool.assert_lines(&events(0..4));
}

/// Without a position there is nothing to go before what is asked for.
fn no_position() {
    let service = Service::start();
    let spool = Spool::new();
    for n in 0..3 {
        service.publish_at("all", event(n), SystemTime::now() - Duration::from_secs(3600));
    }
    spool.catching_up(&service).args(&["--message-id", "latest"]).run().assert_code(0);
    assert!(spool.lines().is_empty());
    spool.catching_up(&service).args(&["--message-id", "earliest"]).run().assert_code(0);
    spool.assert_lines(&events(0..3));
}

/// A replay shows what was there before the start; a producer whose clock is ahead makes that seem
/// new.
fn fast_clock() {
    let service = Service::builder().partitioned("all", 2).start();
    let spool = Spool::new();
    let ahead = SystemTime::now() + Duration::from_secs(30);
    let early = New::payload(event(100)).partition(0).published(ahead);
    service.publish_message("all", early);
    let mut run = spool.run(&service).args(&["--message-id", "latest"]).spawn();
    service.wait_for_connections(1);
    for n in 0..4 {
        service.publish_message("all", New::payload(event(n)).partition(n % 2));
    }
    spool.wait_lines(4);
    service.cut_connections();
    service.wait_for_connections(2);
    service.publish_message("all", New::payload(event(4)).partition(0));
    spool.wait_lines(5);
    run.signal(nix::sys::signal::Signal::SIGTERM);
    run.finish().assert_code(0).assert_stderr_lacks("recreated");
    let mut lines = spool.lines();
    lines.sort();
    assert_same(&events(0..5), &lines);
}

fn partitioned() {
    let service = Service::builder().partitioned("all", 3).start();
    let spool = Spool::new();
    let mut said = 0;
    for round in 0..5 {
        for n in round * 30..round * 30 + 30 {
            // The last partition gets its first message late.
            let partition = if round < 2 { n % 2 } else { n % 3 };
            service.publish_message("all", New::payload(event(n)).partition(partition));
        }
        let output = spool.catching_up(&service).run();
        output.assert_code(0);
        said += output.stderr.matches("partitioned").count();
        assert!(output.stderr.lines().count() <= 1, "{}", output.whole());
        assert!(said <= 1, "once for each cursor: {}", output.whole());
    }
    assert_eq!(said, 1);
    let mut lines = spool.lines();
    lines.sort();
    let mut expected = events(0..150);
    expected.sort();
    assert_same(&expected, &lines);
    assert_eq!(spool.cursor_json()["partitioned"], true);
    assert_eq!(spool.cursor_json()["partitions"].as_array().unwrap().len(), 3);
}

fn one_partition() {
    let service = Service::builder().partitioned("all", 3).start();
    let spool = Spool::new();
    let topic = ["--topic", "all-partition-1"];
    for round in 0..3 {
        service.publish_many("all", 30, |n| event(round * 30 + n));
        spool.catching_up(&service).args(&topic).run().assert_code(0).assert_silent();
    }
    let expected: Vec<_> = (0..90).filter(|n| n % 3 == 1).map(event).collect();
    spool.assert_lines(&expected);
    let seen = service.seen();
    let asked: Vec<_> = seen.requests().map(|it| it.param("messageId").unwrap_or("")).collect();
    let by_id = asked.iter().filter(|id| Id::parse(id).is_some()).count();
    assert!(by_id >= 2, "each later run resumes by its id: {asked:?}");
}

fn gap() {
    let service = Service::start();
    let spool = Spool::new();
    let ago = |hours: u64| SystemTime::now() - Duration::from_secs(hours * 3600);
    let ids: Vec<_> =
        (0..9).map(|n| service.publish_at("all", event(n), ago(20 - n as u64))).collect();
    spool.take(&service, 3);
    // Retention drops whole ledgers, of which the service here has one: what the cursor knows was
    // in the one before.
    let before = Id { ledger: ids[2].ledger - 1, ..ids[2] };
    set_newest(&spool, &before);
    service.forget_before("all", &ids[6]);
    let output = spool.catching_up(&service).run();
    output.assert_code(0).assert_stderr_has("no longer holds what follows");
    for (id, hours) in [(before, 18), (ids[6], 14)] {
        output.assert_stderr_has(&format!("{}:{}", id.ledger, id.entry));
        let time = jiff::Timestamp::try_from(ago(hours)).unwrap();
        // To the hour: the minute may have passed meanwhile.
        output.assert_stderr_has(&time.strftime("%Y-%m-%dT%H:").to_string());
    }
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
    spool.assert_lines(&[events(0..3), events(6..9)].concat());
    spool.catch_up(&service);
}

fn set_newest(spool: &Spool, id: &Id) {
    spool.edit_cursor(|cursor| {
        cursor["newest"] = id.encode().into();
        cursor["partitions"][0]["id"] = id.encode().into();
    });
}

fn no_gap() {
    let service = Service::start();
    let spool = Spool::new();
    let ids = service.publish_many("all", 9, event);
    spool.take(&service, 3);
    for first in [2, 4] {
        // First the last written is still there, then it is gone, and nothing after it.
        service.forget_before("all", &ids[first]);
        spool.take(&service, 1);
    }
    spool.catch_up(&service);
    spool.assert_lines(&events(0..9));
}

fn foreign_ids() {
    let service = Service::start();
    let spool = Spool::new();
    let an_hour_ago = SystemTime::now() - Duration::from_secs(3600);
    for n in 0..50 {
        service.publish_at("all", event(n), an_hour_ago);
    }
    spool.catch_up(&service);
    let port = service.port();
    drop(service);

    let service = Service::builder().port(port).start();
    service.publish_many("all", 10, |n| event(1000 + n));
    let before = contents(&spool);
    let output = spool.catching_up(&service).run();
    output.assert_code(78).assert_stderr_has("[stream.foreign_ids]; ");
    output.assert_stderr_has(spool.cursor().to_str().unwrap()).assert_stderr_has("--since");
    spool.assert_lines(&events(0..50));
    let after = contents(&spool);
    for (name, bytes) in before.iter().filter(|(name, _)| !name.ends_with(".lock")) {
        assert_eq!(after.get(name), Some(bytes), "{name}");
    }
}

fn batch() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_batch("all", &events(0..10));
    spool.take(&service, 4);
    spool.take(&service, 3);
    spool.catch_up(&service);
    spool.assert_lines(&events(0..10));
}

fn saved() {
    let service = Service::start();
    let spool = Spool::new();
    let run = spool.run(&service).spawn();
    for round in 0..3 {
        service.publish("all", event(round));
        spool.wait_lines(round + 1);
        spool.wait_committed();
        assert_eq!(spool.cursor_json()["clean"], false);
    }
    super::stop(run);
    assert_eq!(spool.cursor_json()["clean"], true);
}
