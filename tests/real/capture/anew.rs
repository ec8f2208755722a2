//! A topic that was deleted and made anew has other messages under the same name. Its ledgers have
//! higher numbers on the same Pulsar, and lower ones where all of Pulsar was set up anew. Neither
//! goes unnoticed.

use jiff::{SignedDuration, Timestamp};
use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use super::super::stored;
use super::Capture;
use super::gaps::GAP;
use super::publisher::event;
use crate::support::nginx::Gateway;
use crate::support::pulsar::process::wait_until;
use crate::support::pulsar::topic::Topic;
use crate::support::pulsar::{Options, Pulsar, trial};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("real::capture: a topic made anew is noticed", a_topic_made_anew),
        trial("real::capture: a topic made anew under a running capture", made_anew_meanwhile),
        trial("real::capture: a partitioned topic made anew is noticed", partitions_made_anew),
        trial("real::capture: a Pulsar set up anew is noticed", a_pulsar_set_up_anew),
    ]
}

fn a_topic_made_anew() {
    let topic = Pulsar::shared().namespace("capture-anew").topic("all");
    made_anew(&topic, || topic.clone());
}

fn partitions_made_anew() {
    let namespace = Pulsar::shared().namespace("capture-anew");
    let topic = namespace.partitioned("partitions", 2);
    made_anew(&topic, || namespace.partitioned("partitions", 2));
}

#[track_caller]
fn made_anew(topic: &Topic, create: impl FnOnce() -> Topic) {
    let gateway = Gateway::start(Pulsar::shared().websocket_port());
    let capture = Capture::of(topic, gateway.port());
    topic.producer(None).send_all((0..30).map(event)).unwrap();
    capture.catch_up().args(IDLE).run().assert_code(0);
    let mut expected = stored(topic);
    capture.assert_holds(&expected);

    topic.delete();
    let topic = create();
    topic.producer(None).send_all((100..130).map(event)).unwrap();
    let output = capture.catch_up().args(IDLE).run();
    output.assert_code(0).assert_stderr_has(GAP);
    for (before, after) in expected.iter_mut().zip(stored(&topic)) {
        before.extend(after);
    }
    capture.assert_holds(&expected);
}

fn made_anew_meanwhile() {
    let topic = Pulsar::shared().namespace("capture-anew").topic("running");
    let gateway = Gateway::start(Pulsar::shared().websocket_port());
    let capture = Capture::of(&topic, gateway.port());
    topic.producer(None).send_all((0..30).map(event)).unwrap();
    let mut running = capture.follow().spawn();
    let written = |count| {
        wait_until(&format!("{count} lines"), || capture.lines().len() >= count);
    };
    written(30);
    let mut expected = stored(&topic);
    topic.delete();
    topic.producer(None).send_all((100..130).map(event)).unwrap();
    written(60);
    running.signal(Signal::SIGTERM);
    // The link outlives the topic, and so there is nothing to be noticed, and nothing to be missed.
    running.finish().assert_code(0);
    expected[0].extend(stored(&topic).remove(0));
    capture.assert_holds(&expected);
}

fn a_pulsar_set_up_anew() {
    let old = Pulsar::start(Options::default());
    let namespace = old.namespace("events");
    // Each topic takes a ledger, so that this one's is beyond any number the other Pulsar will use.
    for number in 0..30 {
        namespace.topic(&format!("other-{number}")).producer(None).send("{}").unwrap();
    }
    let topic = namespace.topic("all");
    topic.producer(None).send_all((0..30).map(event)).unwrap();
    let gateway = Gateway::start(old.websocket_port());
    let capture = Capture::of(&topic, gateway.port());
    capture.catch_up().args(IDLE).run().assert_code(0).assert_silent();
    let last = stored(&topic).remove(0).pop().unwrap();
    make_older(&capture);
    let (written, cursor) = (capture.bytes(), capture.cursor());
    drop((gateway, old));

    let new = Pulsar::start(Options::default());
    let topic = new.namespace("events").topic("all");
    topic.producer(None).send_all((100..130).map(event)).unwrap();
    let first = stored(&topic).remove(0).remove(0);
    assert!(first.id < last.id, "{first:?} is no older id than {last:?}");
    let gateway = Gateway::start(new.websocket_port());
    let capture = Capture { topic, gateway: gateway.port(), ..capture };
    let output = capture.catch_up().args(IDLE).run();
    output.assert_code(78).assert_stderr_has("[stream.foreign_ids]");
    output.assert_stderr_has(capture.cursor_file().to_str().unwrap());
    output.assert_stderr_has("--since");
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
    assert_eq!((capture.bytes(), capture.cursor()), (written, cursor), "nothing was touched");
}

/// As if the cursor's last message were of an hour ago: setting up a Pulsar takes its time.
#[track_caller]
fn make_older(capture: &Capture) {
    let mut cursor = capture.cursor();
    for last in cursor["partitions"].as_array_mut().unwrap() {
        let published: Timestamp = last["published"].as_str().unwrap().parse().unwrap();
        last["published"] = (published - SignedDuration::from_hours(1)).to_string().into();
    }
    std::fs::write(capture.cursor_file(), format!("{cursor}\n")).unwrap();
}

const IDLE: &[&str] = &["--idle-timeout", "2s"];
