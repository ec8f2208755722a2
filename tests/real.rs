//! Tests on a real Apache Pulsar behind a real TLS gateway: the program is shown what no server of
//! our own could show, since that one only knows what we think.

mod capture;
mod diagnose;
mod fixture;
mod outages;
mod random;
mod soak;
mod stream;
mod subscriptions;

use libtest_mimic::Trial;

use crate::support::pulsar::id::Id;
use crate::support::pulsar::reading::{Stored, read_messages};
use crate::support::pulsar::topic::Topic;
use crate::support::run::{Output, Run, Running};

pub fn trials() -> Vec<Trial> {
    [
        fixture::trials(),
        stream::trials(),
        outages::trials(),
        diagnose::trials(),
        capture::trials(),
        subscriptions::trials(),
        soak::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Every message of a topic, by partition.
#[track_caller]
fn stored(topic: &Topic) -> Vec<Vec<Stored>> {
    match topic.partitions {
        Some(count) => (0..count).map(|number| read_messages(&topic.partition(number))).collect(),
        None => vec![read_messages(topic)],
    }
}

/// Follows a topic from its beginning, quick to try again, with ids and payloads on stdout.
#[track_caller]
fn follow(topic: &Topic, gateway: u16) -> Running {
    Run::new(&topic.args(gateway))
        .args(&["--message-id", "earliest", "--format", "envelope"])
        .args(&["--retry-delay", "100ms", "--retry-max-delay", "500ms"])
        .limit(std::time::Duration::from_secs(120))
        .spawn()
}

/// Stops a program once it has written what the topic holds, and compares both: every message once,
/// in the order of its partition. Gives what it said meanwhile.
#[track_caller]
fn assert_wrote_all(mut running: Running, topic: &Topic) -> Output {
    let stored = stored(topic);
    running.wait_stdout_lines(stored.iter().map(Vec::len).sum());
    running.signal(nix::sys::signal::Signal::SIGTERM);
    let output = running.finish();
    output.assert_code(0);
    let written = output.lines();
    let written: Vec<(Id, serde_json::Value)> =
        written.iter().map(|line| id_and_payload(line)).collect();
    for (number, stored) in stored.iter().enumerate() {
        let partition = topic.partitions.map(|_| number as u64);
        let written = written.iter().filter(|(id, _)| id.partition == partition);
        let expected = stored
            .iter()
            .map(|message| (message.id, serde_json::from_slice(&message.payload).unwrap()));
        assert_same(written.cloned(), expected, partition);
    }
    assert_eq!(written.len(), stored.iter().map(Vec::len).sum::<usize>());
    output
}

#[track_caller]
fn assert_same<T: PartialEq + std::fmt::Debug>(
    written: impl Iterator<Item = T>,
    stored: impl Iterator<Item = T>,
    partition: Option<u64>,
) {
    let (mut written, mut stored) = (written.fuse(), stored.fuse());
    for at in 0.. {
        match (written.next(), stored.next()) {
            (None, None) => return,
            (ours, theirs) => {
                assert_eq!(ours, theirs, "written, stored: number {at} of partition {partition:?}")
            }
        }
    }
}

#[track_caller]
fn id_and_payload(line: &str) -> (Id, serde_json::Value) {
    let mut line: serde_json::Value = serde_json::from_str(line).expect("an envelope is JSON");
    (Id::parse(line["messageId"].as_str().unwrap()), line["payload"].take())
}
