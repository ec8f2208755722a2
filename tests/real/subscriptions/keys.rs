//! `key_shared`: the events of one key go to one consumer at a time and in order, also while
//! consumers come and go.

use std::collections::BTreeMap;

use libtest_mimic::Trial;

use super::super::random::Random;
use super::RECEIVER_QUEUE;
use super::flow::flow;
use super::group::{Consumer, Group};
use super::shared::live;
use crate::support::counts::count;
use crate::support::nginx::Gateway;
use crate::support::pulsar::{Pulsar, trial};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("real::subscriptions: a key stays with one while others come and go", come_and_go),
        trial("real::subscriptions: a key stays in order while some are killed", killed),
    ]
}

const KEYS: u64 = 20;
const MOST: usize = 4;

fn come_and_go() {
    let (group, _gateway) = keyed("come-and-go");
    let changes = count(8, 40);
    let names = changing(&group, changes, |consumers, at| {
        let _ = consumers.remove(at).stop();
    });
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), group.numbers(name))).collect();
    assert_ordered(&files);
    let repeats = super::group::assert_union(files.clone().into_iter(), 0..messages(changes));
    assert_eq!(repeats, 0, "events in more than one file");
    let mut places = BTreeMap::new();
    for (name, numbers) in &files {
        places.extend(numbers.iter().map(|&number| (number, *name)));
    }
    for key in 0..KEYS {
        let of_key: Vec<_> = places.iter().filter(|(number, _)| *number % KEYS == key).collect();
        let moves = of_key.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
        // Two at a time would take turns.
        assert!(moves <= changes, "key {key} moved {moves} times in {changes} changes: {of_key:?}");
    }
}

fn killed() {
    let (group, _gateway) = keyed("killed");
    let changes = count(8, 40);
    let names = changing(&group, changes, |consumers, at| consumers[at].kill_and_restart());
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), group.numbers(name))).collect();
    assert_ordered(&files);
    let repeats = super::group::assert_union(files.into_iter(), 0..messages(changes));
    assert!(repeats <= changes * RECEIVER_QUEUE, "{repeats} repeats after {changes} kills at most");
}

#[track_caller]
fn keyed(topic: &str) -> (Group, Gateway) {
    let pulsar = Pulsar::shared();
    let topic = pulsar.namespace("subscriptions-keys").topic(topic);
    let gateway = Gateway::start(pulsar.websocket_port());
    (Group::of(&topic, gateway.port(), "key_shared"), gateway)
}

fn messages(changes: usize) -> u64 {
    600 * changes as u64
}

/// While events come: a new consumer, or something that happens to one. Gives the names of all.
#[track_caller]
fn changing(
    group: &Group,
    changes: usize,
    happens: impl Fn(&mut Vec<Consumer<'_>>, usize),
) -> Vec<String> {
    let mut random = Random::new();
    let key = |number| Some(format!("agent-{}", number % KEYS));
    let flow = flow(&group.topic, 0..messages(changes), 50, key);
    let mut names = vec!["c0".to_owned(), "c1".to_owned()];
    let mut consumers: Vec<_> = names.iter().map(|name| group.start(name)).collect();
    for _ in 0..changes {
        live(&mut consumers, random.life());
        if consumers.len() < 2 || consumers.len() < MOST && random.place(2) == 0 {
            names.push(format!("c{}", names.len()));
            consumers.push(group.start(names.last().unwrap()));
        } else {
            let at = random.place(consumers.len());
            happens(&mut consumers, at);
        }
    }
    flow.join().unwrap();
    group.wait_until_acknowledged(&mut consumers);
    for consumer in consumers {
        let _ = consumer.stop();
    }
    names
}

/// In each file the events of each key are in order.
#[track_caller]
fn assert_ordered(files: &[(&str, Vec<u64>)]) {
    for (name, numbers) in files {
        let mut last = BTreeMap::new();
        for &number in numbers {
            let before = last.insert(number % KEYS, number);
            assert!(before < Some(number), "{name} has {number} after {before:?}");
        }
    }
}
