//! Broker, proxy and gateway die and come back while events come, in batches and in partitions too.

use libtest_mimic::Trial;

use super::super::{assert_same, id_and_payload, stored};
use super::group::{Consumer, Group, assert_union};
use crate::support::counts::count;
use crate::support::nginx::Gateway;
use crate::support::pulsar::id::Id;
use crate::support::pulsar::producer::RetryingProducer;
use crate::support::pulsar::{Pulsar, trial};

pub(super) fn trials() -> Vec<Trial> {
    vec![trial("real::subscriptions: broker, proxy and gateway die in turn", each_dies)]
}

const TWO: [&str; 2] = ["a", "b"];

fn each_dies() {
    let mut pulsar = Pulsar::start_split();
    let mut gateway = Gateway::start(pulsar.websocket_port());
    let namespace = pulsar.namespace("events");
    let topics =
        [(namespace.topic("batches"), Some(10)), (namespace.partitioned("partitions", 3), None)];
    let flows: Vec<RetryingProducer> =
        topics.iter().map(|(topic, batching)| topic.keep_publishing(*batching)).collect();
    let port = gateway.port();
    let group = |kind: &'static str| {
        topics.iter().map(move |(topic, _)| Group::of(topic, port, kind)).collect::<Vec<_>>()
    };
    let (alone, shared) = (group("exclusive"), group("shared"));
    // The lines tell the ids: what a producer stores twice has two.
    const LINES: &[&str] = &["--format", "envelope"];
    let mut only: Vec<Consumer<'_>> =
        alone.iter().map(|group| group.start_with("only", LINES)).collect();
    let mut both: Vec<Consumer<'_>> =
        shared.iter().flat_map(|group| TWO.map(|name| group.start_with(name, LINES))).collect();

    for outage in 0..count(3, 8) {
        flows.iter().for_each(|flow| flow.wait_for_more(100));
        alone.iter().for_each(|group| group.wait_for_more("only"));
        shared.iter().for_each(|group| TWO.iter().for_each(|name| group.wait_for_more(name)));
        match outage % 4 {
            0 => pulsar.kill(),
            1 => pulsar.restart_proxy(),
            2 => gateway.restart(),
            _ => pulsar.stop(),
        }
        if outage % 4 % 3 == 0 {
            pulsar.restart();
        }
    }
    flows.into_iter().for_each(|flow| {
        flow.wait_for_more(100);
        flow.finish();
    });
    alone.iter().zip(&mut only).for_each(|(group, consumer)| {
        group.wait_until_acknowledged(std::slice::from_mut(consumer));
    });
    shared.iter().zip(both.chunks_mut(2)).for_each(|(group, consumers)| {
        group.wait_until_acknowledged(consumers);
    });
    for consumer in only.into_iter().chain(both) {
        let _ = consumer.stop();
    }
    for (alone, shared) in alone.iter().zip(&shared) {
        let stored = stored(&alone.topic);
        for stored in &stored {
            let of_partition =
                |id: &Id| stored.first().is_some_and(|it| it.id.partition == id.partition);
            let written = ids(alone, "only").into_iter().filter(of_partition);
            assert_same(
                written,
                stored.iter().map(|it| it.id),
                stored.first().and_then(|it| it.id.partition),
            );
        }
        assert_eq!(ids(alone, "only").len(), stored.iter().map(Vec::len).sum::<usize>());
        // What was acknowledged just before the broker died may come again.
        let files = TWO.map(|name| (name, ids(shared, name))).into_iter();
        let repeats = assert_union(files, stored.iter().flatten().map(|message| message.id));
        eprintln!("{}: {repeats} events in both files", shared.topic.name);
    }
}

#[track_caller]
fn ids(group: &Group, name: &str) -> Vec<Id> {
    let lines = group.lines(name);
    lines.iter().map(|line| id_and_payload(&String::from_utf8_lossy(line)).0).collect()
}
