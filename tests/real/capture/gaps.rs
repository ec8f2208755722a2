//! What the service no longer holds is said: a retention that passed while nobody read.

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::super::stored;
use super::Capture;
use super::publisher::event;
use crate::support::nginx::Gateway;
use crate::support::pulsar::admin::TENANT;
use crate::support::pulsar::process::wait_until;
use crate::support::pulsar::reading::Stored;
use crate::support::pulsar::topic::Topic;
use crate::support::pulsar::{Options, Pulsar, trial};

/// What is said of a gap.
pub(super) const GAP: &str = "no longer holds what follows";

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("real::capture: a gap left by retention is said", a_gap_is_said),
        trial("real::capture: a gap of one partition is said", a_gap_of_one_partition_is_said),
    ]
}

fn a_gap_is_said() {
    let pulsar = forgetful();
    let topic = pulsar.namespace(NAMESPACE).topic("all");
    let gateway = Gateway::start(pulsar.websocket_port());
    let capture = Capture::of(&topic, gateway.port());
    let mut producer = topic.producer(None);
    producer.send_all((0..25).map(event)).unwrap();
    capture.catch_up().args(IDLE).run().assert_code(0).assert_silent();
    let written = stored(&topic).remove(0);

    // While everything is there, going on is not worth a word.
    producer.send_all((25..30).map(event)).unwrap();
    capture.catch_up().args(IDLE).run().assert_code(0).assert_silent();
    let last = stored(&topic).remove(0).pop().unwrap();
    capture.assert_holds_the_topic();

    producer.send_all((30..100).map(event)).unwrap();
    drop(producer);
    let whole = stored(&topic).remove(0);
    let next = whole.iter().find(|message| message.id > last.id).unwrap();
    let rest = forget(&pulsar, &topic, next);
    let output = capture.catch_up().args(IDLE).run();
    output.assert_code(0).assert_stderr_has(GAP);
    for end in [&last, &rest[0]] {
        output.assert_stderr_has(&format!("{}:{}", end.id.ledger, end.id.entry));
        output.assert_stderr_has(&end.frame["publishTime"].as_str().unwrap()[..19]);
    }
    let kept = whole.into_iter().filter(|message| message.id <= last.id);
    let expected: Vec<Stored> = kept.chain(rest).collect();
    assert!(expected.len() < 100 && expected.len() > written.len());
    capture.assert_holds(&[expected]);

    // Said once: the cursor is past it now.
    capture.catch_up().args(IDLE).run().assert_code(0).assert_stderr_lacks(GAP);
}

fn a_gap_of_one_partition_is_said() {
    let pulsar = forgetful();
    let topic = pulsar.namespace(NAMESPACE).partitioned("all", 2);
    let gateway = Gateway::start(pulsar.websocket_port());
    let capture = Capture::of(&topic, gateway.port());
    let [whole, thin] = [0, 1].map(|number| topic.partition(number));
    whole.producer(None).send_all((0..25).map(event)).unwrap();
    thin.producer(None).send_all((1000..1025).map(event)).unwrap();
    capture.catch_up().args(IDLE).run().assert_code(0);
    let last = stored(&topic).remove(1).pop().unwrap();

    thin.producer(None).send_all((1025..1100).map(event)).unwrap();
    let all = stored(&topic);
    // The other partition has had nothing since: what it lost was written.
    let next = all[1].iter().find(|message| message.id > last.id).unwrap();
    let rest = forget(&pulsar, &thin, next);
    let output = capture.catch_up().args(IDLE).run();
    output.assert_code(0).assert_stderr_has(GAP);
    let kept = all[1].iter().filter(|message| message.id <= last.id);
    let expected: Vec<Stored> = kept.cloned().chain(rest).collect();
    assert!(expected.len() < 100);
    capture.assert_holds(&[all[0].clone(), expected]);
}

/// Nothing more comes: how soon a run that catches up is sure of it.
const IDLE: &[&str] = &["--idle-timeout", "2s"];

const NAMESPACE: &str = "events";

/// A Pulsar that stores ten messages together, and so can forget ten.
#[track_caller]
fn forgetful() -> Pulsar {
    let settings = [
        ("managedLedgerMaxEntriesPerLedger", "10"),
        ("managedLedgerMinLedgerRolloverTimeMinutes", "0"),
        ("managedLedgerMaxLedgerRolloverTimeMinutes", "1"),
    ];
    let settings = settings.map(|(name, value)| (name, value.to_owned())).to_vec();
    Pulsar::start(Options { settings, ..Options::default() })
}

/// Lets the retention pass, and waits until `message` is gone. Gives what is left, which is not
/// nothing.
#[track_caller]
fn forget(pulsar: &Pulsar, topic: &Topic, message: &Stored) -> Vec<Stored> {
    let admin = pulsar.admin();
    let nothing = json!({"retentionTimeInMinutes": 0, "retentionSizeInMB": 0});
    admin.until_done("POST", &format!("namespaces/{TENANT}/{NAMESPACE}/retention"), &nothing);
    wait_until("the service forgets", || {
        // A ledger still written to is kept: an unloaded topic begins another.
        admin.until_done("PUT", &format!("{}/unload", topic.path()), &Value::Null);
        topic.producer(None).send_all((5000..5003).map(event)).unwrap();
        admin.until_done("POST", &format!("{}/trim", topic.path()), &Value::Null);
        let first = stored(topic).remove(0).into_iter().next();
        first.is_some_and(|first| first.id > message.id)
    });
    stored(topic).remove(0)
}
