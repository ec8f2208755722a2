//! What cannot be decoded: sent back until the service makes a dead letter of it, kept in a file and
//! acknowledged, or left where it is.

use libtest_mimic::Trial;

use super::group::{Consumer, Group};
use crate::support::nginx::Gateway;
use crate::support::pulsar::process::wait_until;
use crate::support::pulsar::producer::numbered;
use crate::support::pulsar::reading::read_topic;
use crate::support::pulsar::topic::Topic;
use crate::support::pulsar::{Pulsar, trial};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("real::subscriptions: without dead letters it is sent back for ever", for_ever),
        trial("real::subscriptions: what is sent back ends as a dead letter", dead_letter),
        trial("real::subscriptions: rejects are kept and acknowledged", kept),
        trial("real::subscriptions: what stopped the run is still there", left),
    ]
}

const REJECT: &[u8] = b"no JSON";

fn dead_letter() {
    let (topic, gateway) = odd("nack");
    let dead = Pulsar::shared().namespace("subscriptions-rejects").topic("dead");
    for kind in ["shared", "key_shared"] {
        let group = Group::of(&topic, gateway.port(), kind);
        let mut consumers = [group.start_with(
            "some",
            &[
                "--on-reject",
                "nack",
                "--nack-delay",
                "100ms",
                "--max-redeliver",
                "2",
                "--dead-letter-topic",
                "persistent://acme/subscriptions-rejects/dead",
            ],
        )];
        group.wait_until_acknowledged(&mut consumers);
        let outputs = consumers.map(Consumer::stop);
        assert_eq!(group.numbers("some"), (0..20).collect::<Vec<_>>(), "{}", outputs[0].whole());
    }
    wait_until("both are there", || read_topic(&dead).len() >= 2);
    assert_eq!(read_topic(&dead), [REJECT, REJECT]);
}

/// The service rewinds such a consumer, and has no dead letters for it.
fn for_ever() {
    let (topic, gateway) = odd("for-ever");
    let group = Group::of(&topic, gateway.port(), "exclusive");
    let consumer = group.start_with("some", &["--on-reject", "nack", "--nack-delay", "200ms"]);
    let warnings = |consumer: &Consumer<'_>| {
        consumer.running.stderr_so_far().matches("sent back to the service").count()
    };
    wait_until("it was sent back three times", || warnings(&consumer) >= 3);
    wait_until("only that one is left", || topic.backlog("exclusive") == 1);
    let _ = consumer.stop();
    let mut consumers = [group.start("some")];
    group.wait_until_acknowledged(&mut consumers);
    let _ = consumers.map(Consumer::stop);
    assert_eq!(group.numbers("some"), (0..20).collect::<Vec<_>>());
}

fn kept() {
    let (topic, gateway) = odd("kept");
    let group = Group::of(&topic, gateway.port(), "exclusive");
    let mut consumers = [group.start("some")];
    group.wait_until_acknowledged(&mut consumers);
    let outputs = consumers.map(Consumer::stop);
    outputs[0].assert_stderr_has("warning: ");
    assert_eq!(group.numbers("some"), (0..20).collect::<Vec<_>>());
}

fn left() {
    let (topic, gateway) = odd("left");
    let group = Group::of(&topic, gateway.port(), "exclusive");
    for _ in 0..2 {
        group.consumer("some").args(&["--on-reject", "stop"]).run().assert_code(65);
        assert_eq!(group.numbers("some"), (0..10).collect::<Vec<_>>());
        assert_eq!(topic.backlog("exclusive"), 11);
    }
    let mut consumers = [group.start("some")];
    group.wait_until_acknowledged(&mut consumers);
    let _ = consumers.map(Consumer::stop);
    assert_eq!(group.numbers("some"), (0..20).collect::<Vec<_>>());
}

/// A topic of twenty events, with something else in their middle.
#[track_caller]
fn odd(name: &str) -> (Topic, Gateway) {
    let pulsar = Pulsar::shared();
    let topic = pulsar.namespace("subscriptions-rejects").topic(name);
    let mut producer = topic.producer(None);
    producer.send_all((0..10).map(numbered)).unwrap();
    producer.send(REJECT).unwrap();
    producer.send_all((10..20).map(numbered)).unwrap();
    (topic, Gateway::start(pulsar.websocket_port()))
}
