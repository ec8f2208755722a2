//! `kill -9` at any moment, again and again, while events come: at the end each is in the files once.
//!
//! A dozen deaths, 50 in full; more by `TAIL8X8_REAL_KILLS=500 cargo test --test tests -- kill_-9`. A
//! failure tells its seed, and `TAIL8X8_SEED` takes one: the moments are the same then, though not
//! what they meet.

use std::time::Duration;

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use super::super::random::Random;
use super::super::stored;
use super::publisher::Publisher;
use super::{Capture, files};
use crate::support::counts::count_from;
use crate::support::nginx::Gateway;
use crate::support::pulsar::process::wait_until;
use crate::support::pulsar::{Pulsar, trial};

pub(super) fn trials() -> Vec<Trial> {
    vec![trial("real::capture: kill_-9 at random moments, each event once", killed_at_random)]
}

fn killed_at_random() {
    let kills = count_from("TAIL8X8_REAL_KILLS", 12, 50);
    let mut random = Random::new();
    let pulsar = Pulsar::shared();
    let gateway = Gateway::start(pulsar.websocket_port());
    let namespace = pulsar.namespace("capture-kills");
    let flows = [
        (namespace.topic("plain"), None, &[][..]),
        (namespace.topic("batches"), Some(10), &["--rotate-size", "4k"]),
        (namespace.partitioned("partitions", 3), None, &["--rotate-interval", "1s"]),
    ]
    .map(|(topic, batching, rotation)| {
        let publisher = Publisher::start(&topic, batching, 0, Duration::from_millis(3));
        (Capture::of(&topic, gateway.port()), publisher, rotation)
    });

    for kill in 0..kills {
        let (capture, _, rotation) = &flows[kill % flows.len()];
        let mut running = capture.follow().args(rotation).spawn();
        std::thread::sleep(random.life());
        running.signal(Signal::SIGKILL);
        let output = running.finish();
        output.assert_signal(Signal::SIGKILL);
    }

    for (capture, publisher, rotation) in flows {
        publisher.finish();
        let count = stored(&capture.topic).iter().map(Vec::len).sum::<usize>();
        let mut running = capture.follow().args(rotation).spawn();
        wait_until(&format!("{count} lines are written"), || written(&capture) >= count);
        running.signal(Signal::SIGTERM);
        running.finish().assert_code(0);
        capture.assert_holds_the_topic();
        let again = capture.catch_up().args(rotation).args(&["--idle-timeout", "1s"]).run();
        again.assert_code(0);
        capture.assert_holds_the_topic();
    }
}

/// How many lines are written so far; a file that is renamed while we look counts the next time.
fn written(capture: &Capture) -> usize {
    let files = files(capture.scratch.path()).into_iter();
    let bytes = files.map(|file| std::fs::read(file).unwrap_or_default());
    bytes.map(|bytes| bytes.iter().filter(|&&byte| byte == b'\n').count()).sum()
}
