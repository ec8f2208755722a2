//! `kill -9` at random, over and over, while a publisher goes on: over the stream, rotation, the
//! saving of the cursor and the start. In the end the files hold the topic: every line, once, byte for
//! byte, in the order of its partition. Many lines are alike, so that counting is tested too.
//!
//! Twenty kills of each kind of topic, a hundred in full, or what `TAIL8X8_KILLS` says. For some minutes:
//!
//!     TAIL8X8_KILLS=1000 cargo test --test tests -- 'capture: kill -9'
//!
//! A failure tells its seed; `TAIL8X8_SEED` repeats the same delays, though not the same scheduling.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use super::spool::assert_same;
use super::{Spool, ToldOnFailure, test, wait_until};
use crate::support::counts::{count_from, number_from};
use crate::support::run::Running;
use crate::support::service::{New, Odd, Service};

/// How a topic is made and captured, and how much of it comes between two kills.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    partitions: Option<usize>,
    batched: bool,
    messages: usize,
    args: &'static [&'static str],
    /// Renamed and hung up on, now and then, as logrotate does it.
    hang_up: bool,
}

impl Kind {
    fn rotates(&self) -> bool {
        self.args.iter().any(|arg| arg.starts_with("--rotate"))
    }
}

const ROTATED: &[&str] = &["--rotate-size", "1k"];

const PLAIN: Kind = Kind {
    name: "a plain topic",
    partitions: None,
    batched: false,
    messages: 100,
    args: ROTATED,
    hang_up: false,
};

const BY_MESSAGE: &[&str] =
    &["--sync", "message", "--rotate-interval", "1s", "--rotate-size", "1k"];

const KINDS: &[Kind] = &[
    PLAIN,
    Kind { name: "a batched topic", batched: true, ..PLAIN },
    Kind { name: "a partitioned topic", partitions: Some(3), messages: 15, ..PLAIN },
    Kind { name: "--sync none, without rotation", args: &["--sync", "none"], ..PLAIN },
    Kind { name: "--sync message, by time and size", messages: 20, args: BY_MESSAGE, ..PLAIN },
    Kind { name: "hang-ups", args: &[], hang_up: true, ..PLAIN },
    Kind {
        name: "hang-ups on a partitioned topic",
        partitions: Some(3),
        messages: 15,
        args: &[],
        hang_up: true,
        ..PLAIN
    },
];

pub(super) fn trials() -> Vec<Trial> {
    let named = |kind: &Kind| {
        let kind = *kind;
        test(&format!("kill -9 over {}", kind.name), move || kills(kind))
    };
    let crash_loop = super::alone("kill -9 every half second gets on all the same", crash_loop);
    KINDS.iter().map(named).chain([crash_loop]).collect()
}

fn kills(kind: Kind) {
    let seed = number_from("TAIL8X8_SEED").unwrap_or_else(|| getrandom::u64().unwrap());
    let _told = ToldOnFailure(format!("repeat with TAIL8X8_SEED={seed}"));
    let rounds = count_from("TAIL8X8_KILLS", 20, 100);
    let mut random = Random(seed);
    let service = match kind.partitions {
        Some(count) => Service::builder().partitioned("all", count).start(),
        None => Service::start(),
    };
    let spool = Spool::new();

    let round = AtomicUsize::new(0);
    let over = AtomicBool::new(false);
    let published = std::thread::scope(|scope| {
        let publisher = scope.spawn(|| {
            let mut publisher = Publisher::new(kind, seed);
            while !over.load(Ordering::Relaxed) {
                let allowed = (round.load(Ordering::Relaxed) + 1) * kind.messages;
                publisher.some(&service, allowed);
                std::thread::sleep(Duration::from_millis(2));
            }
            publisher
        });
        let _over = SetOnDrop(&over);
        for number in 0..rounds {
            round.store(number, Ordering::Relaxed);
            let before = size(&spool);
            let mut run = spool.run(&service).args(kind.args).verbosity(0).spawn();
            // Now and then it is let go on, so that there is progress on the slowest machine.
            if number % 4 == 3 {
                wait_until("the output grows", || size(&spool) != before || !run.is_running());
            }
            std::thread::sleep(Duration::from_millis(5 + random.below(116)));
            if random.below(10) == 0 {
                service.cut_connections();
            }
            if kind.hang_up && random.below(2) == 0 {
                rename_and_hang_up(&spool, number, &mut run, &mut random);
            }
            // A hang-up in the first milliseconds is a death, too: as of any program.
            if !kind.hang_up || run.is_running() {
                run.signal(Signal::SIGKILL);
            }
            let died = run.finish();
            if !kind.hang_up || died.signal != Some(Signal::SIGHUP as i32) {
                died.assert_signal(Signal::SIGKILL);
            }
        }
        over.store(true, Ordering::Relaxed);
        publisher.join().unwrap()
    });

    // On a busy machine half a second of silence can come before the end: then it goes on.
    for _ in 0..20 {
        spool.catching_up(&service).args(kind.args).run().assert_code(0);
        if lines_of(&spool, kind).len() >= published.lines.values().map(Vec::len).sum() {
            break;
        }
    }
    compare(&spool, &published);
}

/// Five times as far as one life gets, by lives that are no longer.
fn crash_loop() {
    let service = Service::start();
    let spool = Spool::new();
    let count = 60_000;
    service.publish_many("all", count, super::event);
    let mut first = 0;
    for life in 1.. {
        // Each message waits for an acknowledgement, so that a life has an end.
        let run = spool.run(&service).args(&["--receiver-queue-size", "1"]).verbosity(0).spawn();
        service.wait_for_connections(life);
        std::thread::sleep(Duration::from_millis(500));
        super::kill(run);
        let lines = spool.lines().len();
        if life == 1 {
            first = lines;
            assert!((1..count / 5).contains(&first), "{first} lines in the first life");
        } else if lines >= first * 5 {
            break;
        }
        assert!(life < 50, "{lines} lines after {life} lives, {first} after the first");
    }
    spool.catch_up(&service);
    spool.assert_lines(&super::events(0..count));
}

/// Everything a line can be told by is in the line: its partition, and its number if it has one.
fn compare(spool: &Spool, published: &Publisher) {
    let got = lines_of(spool, published.kind);
    assert!(
        !published.kind.rotates() || spool.finished().len() > 3,
        "rotated: {:?}",
        spool.names()
    );
    let mut by_partition: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in got {
        let partition = line.split(',').next().unwrap().to_owned();
        by_partition.entry(partition).or_default().push(line);
    }
    let known = published.lines.keys().cloned().collect::<Vec<_>>();
    assert_eq!(by_partition.keys().cloned().collect::<Vec<_>>(), known, "partitions");
    for (partition, expected) in &published.lines {
        assert_same(expected, &by_partition[partition]);
    }

    let rejects = spool.lines_of("events.ndjson.rejects");
    let mut got: Vec<String> =
        rejects.iter().map(|line| super::rejects::message_id(line)).collect();
    let mut expected = published.rejects.clone();
    got.sort();
    expected.sort();
    assert_same(&expected, &got);
}

fn lines_of(spool: &Spool, kind: Kind) -> Vec<String> {
    if kind.rotates() { spool.rotated_lines() } else { renamed_lines(spool) }
}

/// At any time, with or without the signal.
fn rename_and_hang_up(spool: &Spool, number: usize, run: &mut Running, random: &mut Random) {
    if !spool.output().exists() {
        return;
    }
    fs::rename(spool.output(), spool.join(&format!("events.ndjson.{number:04}"))).unwrap();
    std::thread::sleep(Duration::from_millis(random.below(10)));
    if random.below(3) > 0 {
        run.signal(Signal::SIGHUP);
        std::thread::sleep(Duration::from_millis(random.below(20)));
    }
}

/// Those that were renamed by number, then the open one.
fn renamed_lines(spool: &Spool) -> Vec<String> {
    let names = spool.names();
    let number = |name: &&String| {
        let number = name.strip_prefix("events.ndjson.")?;
        number.parse::<usize>().ok()
    };
    let renamed = names.iter().filter(|name| number(name).is_some());
    let mut lines: Vec<_> = renamed.flat_map(|name| spool.lines_of(name)).collect();
    lines.extend(spool.lines());
    lines
}

/// Publishes, and keeps what it published, by partition as [`compare`] reads it off a line.
struct Publisher {
    kind: Kind,
    random: Random,
    count: usize,
    lines: BTreeMap<String, Vec<String>>,
    rejects: Vec<String>,
}

impl Publisher {
    fn new(kind: Kind, seed: u64) -> Publisher {
        let (lines, rejects) = Default::default();
        Publisher { kind, random: Random(!seed), count: 0, lines, rejects }
    }

    fn some(&mut self, service: &Service, allowed: usize) {
        let burst = (self.random.below(10) as usize).min(allowed.saturating_sub(self.count));
        if burst == 0 {
            return;
        }
        if self.random.below(40) == 0 {
            self.rejects.push(service.publish_odd("all", Odd::NotBase64).encode());
        }
        let partition = self.random.below(self.kind.partitions.unwrap_or(1) as u64) as usize;
        let lines: Vec<String> = (0..burst).map(|_| self.line(partition)).collect();
        if self.kind.batched {
            service.publish_batch("all", &lines);
        } else {
            for line in &lines {
                let message = New::payload(line.as_str()).partition(partition);
                service.publish_message("all", message);
            }
        }
        self.lines.entry(format!("{{\"partition\":{partition}")).or_default().extend(lines);
    }

    /// Every third is the same as many others.
    fn line(&mut self, partition: usize) -> String {
        self.count += 1;
        match self.random.below(3) {
            0 => format!(r#"{{"partition":{partition},"heartbeat":true}}"#),
            _ => format!(r#"{{"partition":{partition},"n":{}}}"#, self.count),
        }
    }
}

/// Of everything that is captured.
fn size(spool: &Spool) -> u64 {
    let names = spool.names();
    let captured = names.iter().filter(|name| name.starts_with("events."));
    captured.filter_map(|name| fs::metadata(spool.join(name)).ok()).map(|it| it.len()).sum()
}

/// xorshift64*: the same numbers for the same seed, on every machine.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 |= u64::from(self.0 == 0);
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit
    }
}

pub(crate) struct SetOnDrop<'a>(pub(crate) &'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
