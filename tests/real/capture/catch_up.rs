//! As cron does it: one run after the other, each until it has caught up, none with a word.
//! More in a row are in `operations`, on the local service.

use std::time::Duration;

use libtest_mimic::Trial;

use super::Capture;
use super::publisher::Publisher;
use crate::support::counts::count;
use crate::support::nginx::Gateway;
use crate::support::pulsar::producer::numbered;
use crate::support::pulsar::{Pulsar, trial};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("real::capture: silent runs in a row hold each event once", runs_in_a_row),
        trial("real::capture: an empty topic ends after half a minute", an_empty_topic),
        trial("real::capture: the last message is asked for again", the_last_message_again),
    ]
}

fn runs_in_a_row() {
    let pulsar = Pulsar::shared();
    let gateway = Gateway::start(pulsar.websocket_port());
    let namespace = pulsar.namespace("capture-cron");
    for (topic, batching) in
        [(namespace.topic("plain"), None), (namespace.topic("batches"), Some(10))]
    {
        let capture = Capture::of(&topic, gateway.port());
        let publisher = Publisher::start(&topic, batching, 0, Duration::from_millis(5));
        for _ in 0..count(6, 30) {
            capture.catch_up().run().assert_code(0).assert_silent();
        }
        publisher.finish();
        let last = capture.catch_up().args(&["--idle-timeout", "1s"]).run();
        last.assert_code(0).assert_silent();
        capture.assert_holds_the_topic();
    }
}

fn an_empty_topic() {
    let pulsar = Pulsar::shared();
    let gateway = Gateway::start(pulsar.websocket_port());
    let topic = pulsar.namespace("capture-cron").topic("empty");
    drop(topic.producer(None));
    let capture = Capture::of(&topic, gateway.port());
    for _ in 0..2 {
        let output = capture.catch_up().run();
        output.assert_code(0).assert_silent();
        let elapsed = output.elapsed;
        assert!((29..60).contains(&elapsed.as_secs()), "it took {elapsed:?}");
        assert_eq!(capture.bytes(), b"");
    }
}

/// Only that ends a run so soon: the first entry of a ledger, a later one, and a batch.
fn the_last_message_again() {
    let pulsar = Pulsar::shared();
    let gateway = Gateway::start(pulsar.websocket_port());
    let namespace = pulsar.namespace("capture-again");
    for (name, batching) in [("plain", None), ("batches", Some(3))] {
        let topic = namespace.topic(name);
        let capture = Capture::of(&topic, gateway.port());
        for count in [1, 2, 6] {
            topic.producer(batching).send_all((0..count).map(numbered)).unwrap();
            let output = capture.catch_up().args(&["--idle-timeout", "1s"]).run();
            output.assert_code(0).assert_silent();
            let elapsed = output.elapsed;
            assert!(elapsed < Duration::from_secs(6), "{name}, {count} more: it took {elapsed:?}");
            capture.assert_holds_the_topic();
        }
    }
}
