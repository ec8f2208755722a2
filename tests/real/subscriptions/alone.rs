//! One program on an exclusive subscription: its file is the topic, each event once and in order,
//! over deaths, and over partitions, which a reader would have to read again.

use std::collections::BTreeSet;

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use super::super::capture::assert_holds;
use super::super::random::Random;
use super::super::stored;
use super::flow::{flow, no_key};
use super::group::{Group, assert_union, numbers};
use super::shared::live;
use crate::support::counts::{count, count_from};
use crate::support::nginx::Gateway;
use crate::support::pulsar::producer::numbered;
use crate::support::pulsar::topic::Topic;
use crate::support::pulsar::{Pulsar, trial};
use crate::support::run::Output;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("real::subscriptions: one is killed again and again, each event once", plain),
        trial("real::subscriptions: three partitions are resumed exactly", partitions),
        trial("real::subscriptions: who leaves in good order leaves no repeats", leaving),
    ]
}

fn plain() {
    let kills = count_from("TAIL8X8_REAL_KILLS", 10, 100);
    let topic = Pulsar::shared().namespace("subscriptions-alone").topic("all");
    killed(&topic, kills);
}

fn partitions() {
    let topic = Pulsar::shared().namespace("subscriptions-alone").partitioned("partitions", 3);
    killed(&topic, count(6, 30));
}

/// On standard output, where nothing hides a repeat: runs in a row, which end by themselves or are
/// told to, with more on its way each time.
fn leaving() {
    let pulsar = Pulsar::shared();
    let namespace = pulsar.namespace("subscriptions-leaving");
    let gateway = Gateway::start(pulsar.websocket_port());
    let mut odd = Vec::new();
    for (topic, batching) in [
        (namespace.topic("plain"), None),
        (namespace.topic("batches"), Some(10)),
        (namespace.partitioned("partitions", 3), None),
    ] {
        topic.producer(batching).send_all((0..MESSAGES).map(numbered)).unwrap();
        let kinds = ["exclusive", "shared", "failover", "key_shared"];
        for kind in &kinds[..count(2, 4)] {
            let runs = runs_in_a_row(&Group::of(&topic, gateway.port(), kind));
            let _ = assert_union(runs.iter().map(|run| (*kind, run.clone())), 0..MESSAGES);
            // Pulsar 4.0 delivers a batch again as a whole if a part of it was not acknowledged.
            let bound = batching.map_or(0, |size| size - 1);
            let repeats = repeats(&runs);
            if repeats.iter().any(|&repeats| repeats > bound) {
                odd.push(format!("{}, {kind}: {repeats:?}", topic.name));
            }
        }
    }
    // Rarely, Pulsar itself closes a consumer before it has passed on all of its acknowledgements.
    assert!(odd.len() <= 1, "{odd:?}");
}

/// How many events of those before it each run has written again.
fn repeats(runs: &[Vec<u64>]) -> Vec<usize> {
    let mut written = BTreeSet::new();
    let repeats = |run: &Vec<u64>| run.iter().filter(|&&number| !written.insert(number)).count();
    runs.iter().map(repeats).collect()
}

/// What each of them wrote.
#[track_caller]
fn runs_in_a_row(group: &Group) -> Vec<Vec<u64>> {
    let run = || group.run().args(&["--initial-position", "earliest"]);
    let mut outputs = Vec::new();
    for _ in 0..3 {
        outputs.push(run().args(&["-n", "300"]).run());
        let mut running = run().spawn();
        let _ = running.wait_stdout_lines(1);
        running.signal(Signal::SIGTERM);
        outputs.push(running.finish());
    }
    // Longer than the second after which the service gives anything to a failover consumer.
    outputs.push(run().args(&["-e", "--idle-timeout", "3s"]).run());
    let written = |output: &Output| {
        output.assert_code(0);
        let lines: Vec<_> = output.lines().into_iter().map(String::into_bytes).collect();
        numbers(&lines)
    };
    outputs.iter().map(written).collect()
}

const MESSAGES: u64 = 4000;

/// Every third time it is told to end, and comes back as well.
#[track_caller]
fn killed(topic: &Topic, kills: usize) {
    let mut random = Random::new();
    let gateway = Gateway::start(Pulsar::shared().websocket_port());
    let group = Group::of(topic, gateway.port(), "exclusive");
    let messages = 400 * kills as u64;
    let flow = flow(topic, 0..messages, 20, no_key);
    let mut only = group.start("only");
    for kill in 1..=kills {
        live(std::slice::from_mut(&mut only), random.life());
        if kill % 3 == 0 {
            only.stop_and_restart();
        } else {
            only.kill_and_restart();
        }
    }
    flow.join().unwrap();
    group.wait_until_acknowledged(std::slice::from_mut(&mut only));
    let _ = only.stop();
    assert_holds(&topic.name, &group.lines("only"), &stored(topic));
    assert_eq!(group.lines("only").len() as u64, messages);
}
