//! A consumer whose disk is full acknowledges nothing more. Nothing is lost: it goes on once there
//! is room, or another one takes over.

use libtest_mimic::Trial;

use super::RECEIVER_QUEUE;
use super::group::{Group, assert_union, numbers};
use crate::capture::small_disk::SmallDisk;
use crate::support::nginx::Gateway;
use crate::support::pulsar::process::wait_until;
use crate::support::pulsar::producer::Producer;
use crate::support::pulsar::{Pulsar, trial};
use crate::support::run::Running;
use nix::sys::signal::Signal;

pub(super) fn trials() -> Vec<Trial> {
    let trials = [
        (
            "real::subscriptions: a full disk stops acknowledgements until it is freed",
            freed as fn(),
        ),
        ("real::subscriptions: another takes over from one whose disk is full", taken_over),
    ];
    let missing = SmallDisk::missing();
    let if_possible = |trial: Trial| match &missing {
        None => trial,
        Some(reason) => trial.with_kind(reason).with_ignored_flag(true),
    };
    trials.map(|(name, body)| if_possible(trial(name, body))).into()
}

/// More than the service holds ready for one consumer: a receiver queue that it has sent, and another
/// that its proxy has fetched.
const EVENTS: u64 = 5000;
const OUTPUT: &str = "events.jsonl";

fn freed() {
    let full = Full::new("freed");
    let (group, disk, _producer, mut running) = full.stuck();
    // Nothing moves, and nothing is forgotten.
    let backlog = group.topic.backlog(group.name);
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_eq!(group.topic.backlog(group.name), backlog, "acknowledged with a full disk");
    let written = disk.lines_of(OUTPUT).len() as u64;
    assert!(EVENTS - backlog <= written, "{backlog} left of {EVENTS}, {written} written");

    disk.free();
    wait_until("all is acknowledged", || group.topic.backlog(group.name) == 0);
    running.signal(Signal::SIGTERM);
    running.finish().assert_code(0);
    assert_eq!(assert_union([("full", on(disk))].into_iter(), 0..EVENTS), 0);
}

fn taken_over() {
    let full = Full::new("taken-over");
    let (group, disk, _producer, mut running) = full.stuck();
    let mut other = [group.start("other")];
    // What the stuck one holds is not given away while it lives.
    wait_until("the other has taken the rest", || {
        group.topic.backlog(group.name) <= 2 * RECEIVER_QUEUE as u64
    });
    running.signal(Signal::SIGTERM);
    running.finish().assert_code(74);
    group.wait_until_acknowledged(&mut other);
    let [other] = other;
    let _ = other.stop();
    let files = [("full", on(disk)), ("other", group.numbers("other"))];
    let repeats = assert_union(files.into_iter(), 0..EVENTS);
    assert!(repeats <= RECEIVER_QUEUE, "{repeats} repeats after one end");
}

/// A consumer whose disk is full, on a topic of its own.
struct Full {
    group: Group,
    disk: SmallDisk,
    _gateway: Gateway,
}

impl Full {
    #[track_caller]
    fn new(topic: &str) -> Full {
        let pulsar = Pulsar::shared();
        let topic = pulsar.namespace("subscriptions-disk").topic(topic);
        let gateway = Gateway::start(pulsar.websocket_port());
        let group = Group::of(&topic, gateway.port(), "shared");
        Full { group, disk: SmallDisk::new("1m"), _gateway: gateway }
    }

    /// It has written some, and can write no more.
    #[track_caller]
    fn stuck(&self) -> (&Group, &SmallDisk, Producer, Running) {
        let Full { group, disk, .. } = self;
        let run = group.run().arg("-o").arg(disk.inside(OUTPUT));
        let run = run.arg("--cursor-file").arg(group.cursor("full"));
        let mut running = disk.run(run).spawn();
        let mut producer = group.topic.producer(None);
        producer.send_all((0..10).map(wide)).unwrap();
        wait_until("some are acknowledged", || {
            !disk.lines_of(OUTPUT).is_empty() && group.topic.backlog(group.name) == 0
        });
        disk.fill_but(2);
        producer.send_all((10..EVENTS).map(wide)).unwrap();
        running.wait_stderr("[output.disk]");
        (group, disk, producer, running)
    }
}

/// Of a width that a block holds few of.
fn wide(number: u64) -> Vec<u8> {
    format!(r#"{{"number":{number},"text":"{:0>40}"}}"#, number).into_bytes()
}

#[track_caller]
fn on(disk: &SmallDisk) -> Vec<u64> {
    let lines: Vec<_> = disk.lines_of(OUTPUT).into_iter().map(String::into_bytes).collect();
    numbers(&lines)
}
