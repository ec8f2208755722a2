//! Catching up on partitioned topics: the end is where every partition has passed the beginning of
//! the run, and the next run goes on from there.

use std::time::Duration;

use libtest_mimic::Trial;

use super::super::stored;
use super::Capture;
use super::publisher::{Publisher, event};
use crate::support::nginx::Gateway;
use crate::support::pulsar::topic::Topic;
use crate::support::pulsar::{Pulsar, trial};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("real::capture: catching up waits for every partition", every_partition),
        trial("real::capture: a partition used long ago does not hold up the end", used_long_ago),
        trial("real::capture: a partition never used does not hold up the end", never_used),
        trial("real::capture: runs over partitions resume, and say so once", resumed_runs),
    ]
}

/// What is said of a topic that cannot be resumed by id.
const PARTITIONED: &str = "this topic is partitioned";

fn every_partition() {
    let topic = partitioned("every");
    let capture = Capture::of(&topic.0, topic.1.port());
    // One has a long way to go while the others have been passed.
    let long = topic.0.partition(2);
    long.producer(None).send_all((2_000_000..2_020_000).map(event)).unwrap();
    let publishers = busy(&topic.0, &[0, 1, 2]);
    for publisher in &publishers {
        publisher.wait_for_more(20);
    }
    let before = stored(&topic.0);
    let output = capture.catch_up().run();
    output.assert_code(0);
    for publisher in publishers {
        publisher.finish();
    }
    assert_holds_at_least(&capture, &before);
    capture.catch_up().args(IDLE).run().assert_code(0);
    capture.assert_holds_the_topic();
}

fn used_long_ago() {
    let (topic, gateway) = partitioned("rare");
    topic.partition(2).producer(None).send(event(2_000_002)).unwrap();
    ends_beside_busy_partitions(&Capture::of(&topic, gateway.port()));
}

fn never_used() {
    let (topic, gateway) = partitioned("unused");
    ends_beside_busy_partitions(&Capture::of(&topic, gateway.port()));
}

/// Events come without a pause, in two of three partitions.
#[track_caller]
fn ends_beside_busy_partitions(capture: &Capture) {
    let publishers = busy(&capture.topic, &[0, 1]);
    for publisher in &publishers {
        publisher.wait_for_more(100);
    }
    for _ in 0..3 {
        let before = stored(&capture.topic);
        capture.catch_up().run().assert_code(0);
        assert_holds_at_least(capture, &before);
    }
    for publisher in publishers {
        publisher.finish();
    }
    capture.catch_up().args(IDLE).run().assert_code(0);
    capture.assert_holds_the_topic();
}

fn resumed_runs() {
    let (topic, gateway) = partitioned("resumed");
    let capture = Capture::of(&topic, gateway.port());
    let publisher = Publisher::start(&topic, None, 0, Duration::from_millis(3));
    publisher.wait_for_more(100);
    let mut said = 0;
    for _ in 0..5 {
        let output = capture.catch_up().run();
        output.assert_code(0);
        said += output.stderr.matches(PARTITIONED).count();
    }
    publisher.finish();
    let output = capture.catch_up().args(IDLE).run();
    output.assert_code(0).assert_silent();
    capture.assert_holds_the_topic();
    assert_eq!(said, 1, "once per cursor");
}

const IDLE: &[&str] = &["--idle-timeout", "2s"];

/// A topic of three partitions, and a gateway before it.
#[track_caller]
fn partitioned(name: &str) -> (Topic, Gateway) {
    let pulsar = Pulsar::shared();
    let topic = pulsar.namespace("capture-partitions").partitioned(name, 3);
    (topic, Gateway::start(pulsar.websocket_port()))
}

/// Publishers for some of the partitions, whose events can be told apart.
#[track_caller]
fn busy(topic: &Topic, partitions: &[usize]) -> Vec<Publisher> {
    let start = |&number: &usize| {
        let first = (number as u64 + 1) * 10_000_000;
        Publisher::start(&topic.partition(number), None, first, Duration::from_millis(3))
    };
    partitions.iter().map(start).collect()
}

/// What was there before the run is in the files after it.
#[track_caller]
fn assert_holds_at_least(capture: &Capture, before: &[Vec<super::Stored>]) {
    let lines: std::collections::HashSet<_> = capture.lines().into_iter().collect();
    for message in before.iter().flatten() {
        assert!(lines.contains(&message.payload), "{} is missing", super::text(&message.payload));
    }
}
