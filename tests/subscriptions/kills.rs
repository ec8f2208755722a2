//! `kill -9` at random, over and over, while a publisher goes on; now and then the broker dies, too. In
//! the end the files of all consumers hold the topic: every line once, save what a dead consumer of
//! several had written and not acknowledged, and what the broker forgot; no line twice in one file; and
//! everything is acknowledged.
//!
//! Fifteen kills of each kind, a hundred in full, or what `TAIL8X8_KILLS` says. A failure tells its seed.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use super::{NAME, TOPIC, backlog, capture, test};
use crate::capture::kill::{Random, SetOnDrop};
use crate::capture::spool::{Spool, assert_same};
use crate::capture::{ToldOnFailure, event, events, wait_until};
use crate::support::counts::{count_from, number_from};
use crate::support::run::Running;
use crate::support::service::{New, Service};

#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    kind: &'static str,
    partitions: Option<usize>,
    consumers: usize,
    batched: bool,
    rotated: bool,
}

const EXCLUSIVE: Kind = Kind {
    name: "an exclusive consumer",
    kind: "exclusive",
    partitions: None,
    consumers: 1,
    batched: false,
    rotated: false,
};

const KINDS: &[Kind] = &[
    EXCLUSIVE,
    Kind { name: "an exclusive consumer of partitions", partitions: Some(3), ..EXCLUSIVE },
    Kind { name: "an exclusive consumer of batches", batched: true, ..EXCLUSIVE },
    Kind { name: "an exclusive consumer into rotated files", rotated: true, ..EXCLUSIVE },
    Kind { name: "two shared consumers", kind: "shared", consumers: 2, ..EXCLUSIVE },
    Kind {
        name: "two shared consumers of partitions",
        kind: "shared",
        partitions: Some(3),
        consumers: 2,
        ..EXCLUSIVE
    },
    Kind {
        name: "two shared consumers of batches",
        kind: "shared",
        consumers: 2,
        batched: true,
        ..EXCLUSIVE
    },
    Kind { name: "a failover pair", kind: "failover", consumers: 2, ..EXCLUSIVE },
    Kind { name: "two consumers of keys", kind: "key_shared", consumers: 2, ..EXCLUSIVE },
];

pub(super) fn trials() -> Vec<Trial> {
    let named = |kind: &Kind| {
        let kind = *kind;
        test(&format!("kill -9 over {}", kind.name), move || kills(kind))
    };
    KINDS.iter().map(named).collect()
}

/// The most that a death may double.
const QUEUE: usize = 50;

/// And what a death of the broker may, at most.
const FORGOTTEN: usize = 30;

fn start(kind: Kind, service: &Service, spool: &Spool) -> Running {
    let args = ["--subscription-type", kind.kind, "--receiver-queue-size", &QUEUE.to_string()];
    let rotation: &[&str] = if kind.rotated { &["--rotate-size", "1k"] } else { &[] };
    capture(spool, service).args(&args).args(rotation).verbosity(0).spawn()
}

fn kills(kind: Kind) {
    let seed = number_from("TAIL8X8_SEED").unwrap_or_else(|| getrandom::u64().unwrap());
    let _told = ToldOnFailure(format!("repeat with TAIL8X8_SEED={seed}"));
    let rounds = count_from("TAIL8X8_KILLS", 15, 100);
    let mut random = Random(seed);
    let builder = Service::builder().whole_batches();
    let service = match kind.partitions {
        Some(count) => builder.partitioned(TOPIC, count).start(),
        None => builder.start(),
    };
    let spools: Vec<_> = (0..kind.consumers).map(|_| Spool::new()).collect();
    let written = || spools.iter().map(|spool| lines(spool, kind).len()).sum::<usize>();
    let mut restarts = 0;
    let (round, over) = (AtomicUsize::new(0), AtomicBool::new(false));

    let published = std::thread::scope(|scope| {
        let publisher = scope.spawn(|| {
            let mut published = 0;
            while !over.load(Ordering::Relaxed) {
                if published < (round.load(Ordering::Relaxed) + 1) * 60 {
                    published += publish(&service, kind, published);
                }
                std::thread::sleep(Duration::from_millis(2));
            }
            published
        });
        let over = SetOnDrop(&over);
        let mut runs: Vec<_> = spools.iter().map(|spool| start(kind, &service, spool)).collect();
        for number in 0..rounds {
            round.store(number, Ordering::Relaxed);
            let before = written();
            if number % 4 == 3 {
                wait_until("something is written", || {
                    written() > before || is_all_settled(&service)
                });
            }
            std::thread::sleep(Duration::from_millis(5 + random.below(150)));
            match random.below(8) {
                0 => service.cut_connections(),
                // The broker's death, which also forgets some acknowledgements.
                1 if service.subscription(TOPIC, NAME).is_some() => {
                    service.restart_broker(TOPIC, NAME, FORGOTTEN);
                    restarts += 1;
                }
                _ => {}
            }
            let victim = random.below(kind.consumers as u64) as usize;
            let mut run = runs.remove(victim);
            run.signal(Signal::SIGKILL);
            run.finish().assert_signal(Signal::SIGKILL);
            if kind.kind == "exclusive" {
                // Until the service knows of the death, another one is refused.
                service.wait_for_no_connections();
            }
            runs.insert(victim, start(kind, &service, &spools[victim]));
        }
        drop(over);
        let published = publisher.join().unwrap();
        service.wait_for_subscription(TOPIC, NAME, "nothing is left", |it| {
            let is_all = it.backlog == 0 && it.acked.len() == published;
            // Before that, a signal may find a program that does not listen yet.
            is_all && it.connections.len() == kind.consumers
        });
        runs.into_iter().for_each(crate::capture::stop);
        published
    });
    assert_eq!(backlog(&service), 0);
    compare(&spools, &events(0..published), kind, rounds * QUEUE + restarts * FORGOTTEN);
}

fn lines(spool: &Spool, kind: Kind) -> Vec<String> {
    if kind.rotated { spool.rotated_lines() } else { spool.lines() }
}

fn is_all_settled(service: &Service) -> bool {
    service.subscription(TOPIC, NAME).is_some_and(|it| it.backlog == 0)
}

/// Some more, with the numbers after `first`.
fn publish(service: &Service, kind: Kind, first: usize) -> usize {
    const SOME: usize = 5;
    if kind.batched {
        service.publish_batch(TOPIC, &events(first..first + SOME));
    } else {
        for n in first..first + SOME {
            service.publish_message(TOPIC, New::payload(event(n)).key(&format!("{}", n % 7)));
        }
    }
    SOME
}

/// A line that the cursor did not cover yet is cut from the file of the dead. So only one that is
/// covered and not acknowledged may be in two files.
fn compare(spools: &[Spool], expected: &[String], kind: Kind, most: usize) {
    let mut all = Vec::new();
    for spool in spools {
        let lines = lines(spool, kind);
        let different: BTreeSet<_> = lines.iter().collect();
        assert_eq!(different.len(), lines.len(), "a repeat in one file\n{}", spool.shown());
        all.extend(lines);
    }
    all.sort_by_key(|line| (line.len(), line.clone()));
    let doubled = all.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!(doubled <= if kind.consumers > 1 { most } else { 0 }, "{doubled} doubled");
    eprintln!("{}: {} lines, {doubled} in two files", kind.name, expected.len());
    all.dedup();
    assert_same(expected, &all);
}
