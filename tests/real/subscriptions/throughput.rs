//! How many events per second one, two and four consumers of a shared subscription write, and who
//! works meanwhile. It prints a table, and is asked for by name:
//!
//!     cargo test --release --test tests -- --ignored --nocapture events_per_second

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use super::group::{Consumer, Group};
use crate::support::counts::count_from;
use crate::support::nginx::Gateway;
use crate::support::pulsar::process::wait_until;
use crate::support::pulsar::topic::Topic;
use crate::support::pulsar::{Options, Pulsar, trial_alone};

pub(super) fn trials() -> Vec<Trial> {
    let trial = trial_alone("real::subscriptions: events_per_second of 1, 2 and 4", measured);
    vec![trial.with_kind("asked for by name").with_ignored_flag(true)]
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn measured() {
    let events = count_from("TAIL8X8_EVENTS", 100_000, 300_000) as u64;
    let pulsar = Pulsar::start(Options { is_lasting: true, ..Options::default() });
    let namespace = pulsar.namespace("throughput");
    let gateway = Gateway::start(pulsar.websocket_port());
    let cores = std::thread::available_parallelism().unwrap();
    println!("\n{events} events of 1 kB, {cores} cores; what each side used of a core on average");
    println!(
        "| topic | consumers | events/s | against one | Pulsar | its busiest thread | gateway | consumers | idle |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for (topic, what) in
        [(namespace.topic("one"), "one"), (namespace.partitioned("partitions", 4), "4 partitions")]
    {
        publish(&topic, events);
        let group = |name| Group::named(name, &topic, gateway.port(), "shared");
        // Warms Pulsar up, and is not told.
        let _ = measure(&pulsar, &gateway, &group("warm"), 2);
        let mut alone = None;
        for (name, count) in [("one", 1), ("two", 2), ("four", 4)] {
            let Measure { took, cores: [java, thread, nginx, ours, idle] } =
                measure(&pulsar, &gateway, &group(name), count);
            let rate = events as f64 / took.as_secs_f64();
            let ratio = rate / *alone.get_or_insert(rate);
            println!(
                "| {what} | {count} | {rate:.0} | {ratio:.2} | {java:.2} | {thread:.2} | {nginx:.2} | {ours:.2} | {idle:.2} |"
            );
        }
    }
}

/// How long it took until all was acknowledged, and what of a core each side used on average.
struct Measure {
    took: Duration,
    /// Pulsar's, its busiest thread's, the gateway's, those of all consumers, and what nobody used.
    cores: [f64; 5],
}

#[track_caller]
fn measure(pulsar: &Pulsar, gateway: &Gateway, group: &Group, count: usize) -> Measure {
    let java = pulsar.pids()[0];
    let before = (cpu(java), threads(java), cpu(gateway.pid()), idle());
    let began = Instant::now();
    let consumers: Vec<Consumer<'_>> =
        NAMES[..count].iter().map(|name| group.start_plainly(name)).collect();
    wait_until("all is acknowledged", || {
        std::thread::sleep(Duration::from_millis(50));
        group.topic.backlog(group.name) == 0
    });
    let took = began.elapsed();
    let busiest = threads(java)
        .into_iter()
        .map(|(thread, used)| used - before.1.get(&thread).copied().unwrap_or_default());
    let used = [
        cpu(java) - before.0,
        busiest.fold(0.0, f64::max),
        cpu(gateway.pid()) - before.2,
        consumers.iter().map(|consumer| cpu(consumer.running.pid())).sum(),
        idle() - before.3,
    ];
    for consumer in consumers {
        let _ = consumer.stop();
    }
    Measure { took, cores: used.map(|used| used / took.as_secs_f64()) }
}

#[track_caller]
fn publish(topic: &Topic, events: u64) {
    let mut producer = topic.producer(None);
    let text = "x".repeat(1000);
    let event = |number| format!(r#"{{"number":{number},"text":"{text}"}}"#);
    producer.send_all((0..events).map(event)).unwrap();
}

/// Seconds of processor time a process has used, its children not counted.
#[track_caller]
fn cpu(pid: u32) -> f64 {
    seconds(Path::new(&format!("/proc/{pid}"))).unwrap()
}

/// The same of each of its threads; one may end meanwhile.
#[track_caller]
fn threads(pid: u32) -> HashMap<PathBuf, f64> {
    let folders = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let folders = folders.map(|folder| folder.unwrap().path());
    folders.filter_map(|folder| seconds(&folder).map(|used| (folder, used))).collect()
}

fn seconds(folder: &Path) -> Option<f64> {
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    // The name before may have blanks.
    let mut fields = stat.rsplit(") ").next()?.split(' ').skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    Some(f64::from(ticks()? + ticks()?) / TICKS_PER_SECOND)
}

/// Seconds in which a core of this machine had nothing to do, of all cores.
#[track_caller]
fn idle() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap();
    stat.split_whitespace().nth(4).unwrap().parse::<f64>().unwrap() / TICKS_PER_SECOND
}

/// What Linux counts in for programs, whatever its own clock is.
const TICKS_PER_SECOND: f64 = 100.0;
