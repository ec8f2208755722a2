//! Peers that mean harm or know no better: each is a named fault that is tried again, in time and with
//! bounded memory.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use super::{assert_told, test};
use crate::support::run::{Run, Running, Stdout};
use crate::support::service::{Fault, Peer, Service};

/// What is said of a peer after twice as long a silence.
const PINGS: [&str; 4] = ["--ping-interval", "300ms", "--ping-timeout", "300ms"];

/// The most memory that any peer may make the program use, in KiB: 20 MiB as it is released. Without
/// optimization its code alone is some megabytes larger.
const PEAK: u64 = if cfg!(debug_assertions) { 27 } else { 20 } * 1024;

pub(super) fn trials() -> Vec<Trial> {
    use Peer::{Deaf, DripsFrame, DripsRecord, FloodsMessages, FloodsPings};
    let (no_pong, not_read) = ("[stream.no_pong]; ", "[stream.not_read]; ");
    vec![
        test("peers: one that pings and never reads is noticed", move || {
            assert_gone(Deaf, &PINGS, &[no_pong]);
        }),
        test("peers: pings without end take no memory", move || {
            assert_gone(FloodsPings, &PINGS, &[no_pong, not_read]);
        }),
        test("peers: one that sends messages and never reads is noticed", move || {
            assert_gone(FloodsMessages, &PINGS, &[not_read]);
        }),
        test("peers: a frame that drips is no life", move || {
            assert_gone(DripsFrame, &PINGS, &[no_pong]);
        }),
        test("peers: a TLS record that drips is no life", move || {
            assert_gone(DripsRecord, &PINGS, &[no_pong]);
        }),
        test("peers: a large message on a slow line takes its time", slow),
        test("peers: partitions without end are a fault", partitions),
        test("peers: an id of megabytes is none", long_ids),
        test("peers: warnings of one kind are counted after the first few", warnings),
        test("peers: rejects without end wait for an output that is stuck", stuck),
    ]
}

/// After its first message the peer is what it is: the session ends with one of these faults, another
/// is tried, and memory has stayed small.
#[track_caller]
fn assert_gone(peer: Peer, args: &[&str], told: &[&str]) {
    let service = Service::builder().always(Fault::Peer(peer)).fault_after(1).start();
    service.publish("all", r#"{"number":1}"#);
    let run = Run::against(&service).args(&["--message-id", "earliest"]).args(args);
    let run = run.args(&["--retry-delay", "10m", "--retry-max-delay", "10m"]);
    let mut running = run.verbosity(0).spawn();
    running.wait_stderr("; trying again in ");
    assert_small(&running);
    running.signal(Signal::SIGTERM);
    let output = running.finish();
    output.assert_code(0);
    assert!(told.iter().any(|told| output.stderr.contains(told)), "{}", output.whole());
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
    assert!(output.stdout.starts_with(b"{\"number\":1}\n"));
}

#[track_caller]
fn assert_small(running: &Running) {
    let peak = running.peak_memory().unwrap_or_default();
    assert!(peak <= PEAK, "{peak} KiB\n{}", running.stderr_so_far());
}

fn partitions() {
    let service = Service::with(Fault::Peer(Peer::Partitions));
    let mut running = Run::against(&service).verbosity(0).spawn();
    while running.is_running() {
        assert_small(&running);
    }
    let output = running.finish();
    output.assert_code(76);
    assert_told(&output, "stream.partitions", &["4096 partitions", "-partition-0"]);
    assert_eq!(service.connections(), 1);
}

fn long_ids() {
    let service = Service::with(Fault::Peer(Peer::LongIds));
    let mut running = Run::against(&service).verbosity(0).spawn();
    wait_for_rejects(&mut running, 20);
    assert_small(&running);
    running.signal(Signal::SIGTERM);
    let output = running.finish();
    output.assert_code(0).assert_stderr_has("messageId is longer than 1024 bytes; skipped");
}

fn warnings() {
    let service = Service::with(Fault::Peer(Peer::Rejects));
    let mut running = Run::against(&service).verbosity(0).spawn();
    wait_for_rejects(&mut running, 1000);
    assert_small(&running);
    running.signal(Signal::SIGTERM);
    let output = running.finish();
    output.assert_code(0).assert_stderr_has("tail8x8: warning: … and ");
    let warnings = output.stderr.matches("payload is not base64").count();
    assert!((3..20).contains(&warnings), "{warnings} warnings\n{}", output.whole());
}

/// A second copy of what is stuck, for each reject that waits behind it, would soon fill any memory.
fn stuck() {
    let service = Service::builder().always(Fault::Peer(Peer::Rejects)).fault_after(1).start();
    service.publish("all", format!("\"{}\"", "x".repeat(200_000)));
    let run = Run::against(&service).args(&["--message-id", "earliest", "--rejects", "rejects"]);
    let mut running = run.stdout(Stdout::Blocked).verbosity(0).spawn();
    wait_for_rejects(&mut running, 100);
    let until = Instant::now() + Duration::from_secs(3);
    while Instant::now() < until {
        assert_small(&running);
        std::thread::sleep(Duration::from_millis(20));
    }
    running.signal(Signal::SIGTERM);
    running.finish().assert_code(0);
}

/// Asks for the counters until they say so.
#[track_caller]
fn wait_for_rejects(running: &mut Running, count: u64) {
    // From then on it takes signals.
    running.wait_stderr("warning: message ");
    let limit = Instant::now() + Duration::from_secs(60);
    loop {
        running.signal(Signal::SIGUSR1);
        std::thread::sleep(Duration::from_millis(50));
        let told = running.stderr_so_far();
        let mut counts = told
            .rmatch_indices(" rejects")
            .filter_map(|(at, _)| told[..at].rsplit(' ').next()?.parse::<u64>().ok());
        if counts.next().is_some_and(|rejects| rejects >= count) {
            return;
        }
        assert!(Instant::now() < limit, "not {count} rejects\n{told}");
    }
}

/// It takes much longer than any silence may, and is no silence.
fn slow() {
    let service = Service::builder().always(Fault::SlowMessage).start();
    let large = format!("\"{}\"", "x".repeat(120_000));
    service.publish("all", large.as_str());
    let run = Run::against(&service).args(&["--message-id", "earliest", "-n", "1"]).args(&PINGS);
    let output = run.args(&["--retry", "0"]).run();
    output.assert_code(0).assert_silent().assert_lines(&[large]);
    assert_eq!(service.connections(), 1);
}
