//! `kill -9` at any moment, again and again, while events come: at the end each is in the files once.
//!
//! A dozen deaths, 50 in full; more by `TAIL8X8_REAL_KILLS=500 cargo test --test tests -- kill_-9`. A
//! failure tells its seed, and `TAIL8X8_SEED` takes one: the moments are the same then, though not
//! what they meet.

use std::time::Duration;

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use super::super::stored;
use super::publisher::Publisher;
use super::{Capture, files};
use crate::support::counts::{count_from, number_from};
use crate::support::nginx::Gateway;
use crate::support::pulsar::process::wait_until;
use crate::support::pulsar::{Pulsar, trial};

pub(super) fn trials() -> Vec<Trial> {
    vec![trial("real::capture: kill_-9 at random moments, each event once", killed_at_random)]
}

fn killed_at_random() {
    let kills = count_from("TAIL8X8_REAL_KILLS", 12, 50);
    let seed = number_from("TAIL8X8_SEED").unwrap_or_else(|| getrandom::u64().unwrap());
    let mut random = Random { state: seed, seed };
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

/// Moments of death; shows where they came from when the test fails.
struct Random {
    state: u64,
    seed: u64,
}

impl Random {
    /// How long a run lives: a third dies while it starts, a third soon after, a third has saved its
    /// cursor meanwhile.
    fn life(&mut self) -> Duration {
        let span = match self.next() % 3 {
            0 => 5..120,
            1 => 120..500,
            _ => 500..2000,
        };
        Duration::from_millis(span.start + self.next() % (span.end - span.start))
    }

    /// Splitmix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Drop for Random {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("once more with TAIL8X8_SEED={}", self.seed);
        }
    }
}
