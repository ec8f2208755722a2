//! A topic shared out among programs: their files together are the topic. Killed at random moments,
//! they lose nothing, and repeat between them at most what the dead had not acknowledged.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use super::super::random::Random;
use super::RECEIVER_QUEUE;
use super::flow::{flow, no_key};
use super::group::{Consumer, Group};
use crate::support::counts::{count, count_from};
use crate::support::nginx::Gateway;
use crate::support::pulsar::producer::numbered;
use crate::support::pulsar::{Pulsar, trial};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("real::subscriptions: two, then four share a topic, each event once", each_once),
        trial("real::subscriptions: of four any is killed, nothing lost", || {
            let kills = count_from("TAIL8X8_REAL_KILLS", 8, 40);
            any_is_killed("shared", kills, count(20_000, 100_000) as u64, kills);
        }),
        // One that comes may take over at once from one that lives.
        trial("real::subscriptions: of four standbys any is killed, nothing lost", || {
            let kills = count(6, 20);
            any_is_killed("failover", kills, 2000 * kills as u64, 2 * kills);
        }),
    ]
}

const FOUR: [&str; 4] = ["a", "b", "c", "d"];

fn each_once() {
    let messages = count(10_000, 100_000) as u64;
    let pulsar = Pulsar::shared();
    let topic = pulsar.namespace("subscriptions-shared").topic("all");
    let gateway = Gateway::start(pulsar.websocket_port());
    topic.producer(None).send_all((0..messages).map(numbered)).unwrap();
    for (name, consumers) in [("two", &FOUR[..2]), ("four", &FOUR)] {
        let group = Group::named(name, &topic, gateway.port(), "shared");
        let mut running: Vec<_> = consumers.iter().map(|name| group.start(name)).collect();
        group.wait_until_acknowledged(&mut running);
        for consumer in running {
            let _ = consumer.stop();
        }
        assert_eq!(group.assert_union(consumers, 0..messages), 0, "events in more than one file");
        for name in consumers {
            assert!(group.length(name) > 0, "{name} was given nothing");
        }
    }
}

/// `handovers`: how often what one has not acknowledged may go to another.
#[track_caller]
fn any_is_killed(kind: &'static str, kills: usize, messages: u64, handovers: usize) {
    let mut random = Random::new();
    let pulsar = Pulsar::shared();
    let topic = pulsar.namespace("subscriptions-killed").topic(kind);
    let gateway = Gateway::start(pulsar.websocket_port());
    let group = Group::of(&topic, gateway.port(), kind);
    let flow = flow(&topic, 0..messages, 250, no_key);
    let mut consumers: Vec<_> = FOUR.iter().map(|name| group.start(name)).collect();
    for _ in 0..kills {
        live(&mut consumers, random.life());
        consumers[random.place(FOUR.len())].kill_and_restart();
    }
    flow.join().unwrap();
    group.wait_until_acknowledged(&mut consumers);
    for consumer in consumers {
        let _ = consumer.stop();
    }
    let repeats = group.assert_union(&FOUR, 0..messages);
    eprintln!("{kills} kills, {repeats} of {messages} events in more than one file");
    assert!(repeats <= handovers * RECEIVER_QUEUE, "{repeats} repeats after {kills} kills");
}

/// Leaves them alone for a while.
#[track_caller]
pub(super) fn live(consumers: &mut [Consumer<'_>], life: Duration) {
    let end = Instant::now() + life;
    while Instant::now() < end {
        consumers.iter_mut().for_each(Consumer::tend);
        std::thread::sleep(Duration::from_millis(10).min(life));
    }
}
