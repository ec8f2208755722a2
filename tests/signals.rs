//! Signals, and an output that is slow or gone: acted on at once, wherever it is blocked. What it is
//! blocked in lasts far longer than a run may take here, so that its end is the signal's doing.

mod unread;

use std::time::Duration;

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use crate::support::canary;
use crate::support::run::{Output, Run, Running, Stdout};
use crate::support::service::proxy::{Proxy, ProxyFault};
use crate::support::service::{Body, Fault, Service};
use crate::support::trial;

const CONNECTING: &[&str] = &["--connect-timeout", "10m"];

pub fn trials() -> Vec<Trial> {
    let own = vec![
        test("TERM, INT and HUP end a follower well", followers),
        test("a run with an end of its own dies by the signal", cut_short),
        test("TERM while the name is looked up", resolving),
        test("TERM while connecting", || blocked(Fault::BacklogFull, "tcp 127.0.0.1")),
        test("TERM in the TLS handshake", || blocked(Fault::TlsSilent, "tls 127.0.0.1")),
        test("TERM while waiting for the upgrade", || {
            blocked(Fault::UpgradeSilent, "auth 127.0.0.1");
        }),
        test("TERM while waiting for the proxy", waiting_for_a_proxy),
        test("TERM between two tries", between_tries),
        test("TERM with a full pipe leaves what is unacknowledged", full_pipe),
        test("a second signal ends at once", second_signal),
        alone("USR1 prints the counters, also while connecting", counters),
        test(
            "a full pipe does not stop the pings, and nothing unwritten is acknowledged",
            slow_pipe,
        ),
        test("a reader that goes away ends the run quietly", closed_pipe),
        test("a reader that goes away is noticed while nothing comes", closed_while_idle),
        alone("a stopped and continued process does not call the other end dead", stopped),
        alone("a process that continues notices soon that the other end is gone", gone_meanwhile),
        alone("a process that was stopped does not take that for silence", stopped_at_the_end),
        test("a process that was stopped_for five minutes connects anew at once", long_stopped)
            .with_kind("asked for by name")
            .with_ignored_flag(true),
        test("nohup keeps a hang-up away", nohup),
        alone("a reader that is slow is not taken for an idle service", slow_reader_with_an_end),
        test("--max-time ends a run whose output is stuck", max_time_with_a_stuck_output),
        test("TERM while a refusal's body is read", || {
            blocked(Fault::Status(503, Body::Late("late")), "auth 127.0.0.1");
        }),
        test("a full output is an error that says how to go on", full_disk),
    ];
    own.into_iter().chain(unread::trials()).collect()
}

fn test(name: &str, body: impl Fn() + Send + 'static) -> Trial {
    trial::test(format!("signals: {name}"), move || {
        body();
        Ok(())
    })
}

/// For those in which a pause of the machine would be one of the peer.
fn alone(name: &str, body: impl Fn() + Send + 'static) -> Trial {
    trial::alone(format!("signals: {name}"), move || {
        body();
        Ok(())
    })
}

fn event(n: usize) -> String {
    format!(r#"{{"n":{n}}}"#)
}

fn ended_by(mut run: Running, signal: Signal) -> Output {
    run.signal(signal);
    run.finish()
}

fn followers() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let service = Service::start();
        let mut run = Run::against(&service).verbosity(0).spawn();
        service.wait_for_connections(1);
        service.publish("all", event(0));
        run.wait_stdout_lines(1);
        ended_by(run, signal).assert_code(0).assert_lines(&[event(0)]).assert_silent();
        service.wait_for("a Close 1000", |seen| {
            seen.last().close.as_ref().is_some_and(|close| close.code == Some(1000))
        });
        service.assert_acked_once();
    }
}

fn cut_short() {
    for (ending, signal) in [("-e", Signal::SIGTERM), ("--num-messages=9", Signal::SIGINT)] {
        let service = Service::start();
        service.publish("all", event(0));
        let args = ["--message-id", "earliest", "--idle-timeout", "10m", ending];
        let mut run = Run::against(&service).args(&args).spawn();
        run.wait_stdout_lines(1);
        ended_by(run, signal).assert_signal(signal).assert_lines(&[event(0)]);
    }
}

/// Whether the resolver answers at once (a sandbox) or never (a dead network), the run must end.
fn resolving() {
    let mut run = Run::new(&["--tenant", "acme", "--host", "pulsar-ws.invalid"])
        .args(&["--retry-all-errors", "--retry-delay", "1h", "--retry-max-delay", "1h"])
        .args(CONNECTING)
        .spawn();
    run.wait_stderr("dns pulsar-ws.invalid");
    ended_by(run, Signal::SIGTERM).assert_code(0);
}

fn blocked(fault: Fault, step: &str) {
    let service = Service::with(fault.clone());
    let mut run = Run::against(&service).args(CONNECTING).spawn();
    run.wait_stderr(step);
    if !matches!(fault, Fault::BacklogFull) {
        service.wait_for("a connection", |seen| !seen.connections.is_empty());
    }
    ended_by(run, Signal::SIGTERM).assert_code(0);
}

fn waiting_for_a_proxy() {
    let proxy = Proxy::start(ProxyFault::Silence);
    let mut run = Run::new(&["--tenant", "acme", "--host", "127.0.0.1", "--port", "9"])
        .args(&["--proxy", &proxy.url()])
        .args(CONNECTING)
        .spawn();
    run.wait_stderr("proxy 127.0.0.1");
    ended_by(run, Signal::SIGTERM).assert_code(0);
}

fn between_tries() {
    let service = Service::with(Fault::Refuse);
    let args = ["--retry-delay", "1h", "--retry-max-delay", "1h"];
    let mut run = Run::against(&service).args(&args).spawn();
    run.wait_stderr("trying again");
    ended_by(run, Signal::SIGTERM).assert_code(0);
}

/// More than a pipe holds, to a reader that does not read.
fn stuck(service: &Service) -> Running {
    service.publish_many("all", 500, |n| format!(r#"{{"n":{n},"pad":"{}"}}"#, "x".repeat(1000)));
    let args = ["--message-id", "earliest", "--ping-interval", "200ms", "--ping-timeout", "10m"];
    let run = Run::against(service).args(&args).stdout(Stdout::Blocked).spawn();
    service.wait_for("pings after the pipe is full", |seen| seen.pings() >= 5);
    run
}

fn full_pipe() {
    let service = Service::start();
    let output = ended_by(stuck(&service), Signal::SIGTERM);
    output.assert_code(0);
    service.assert_acks_within(&output.lines());
}

fn slow_pipe() {
    let service = Service::start();
    let mut run = stuck(&service);
    let acks = service.seen().acks();
    assert!(acks < 500, "{acks} acknowledged, more than a pipe holds");
    run.resume_reading();
    run.wait_stdout_lines(500);
    service.wait_for_acks(500);
    let output = ended_by(run, Signal::SIGTERM);
    output.assert_code(0);
    assert_eq!(output.lines().len(), 500);
    assert_eq!(service.seen().upgraded(), 1, "no reconnect");
    service.assert_acked_once();
}

fn second_signal() {
    let service = Service::start();
    let mut run = stuck(&service);
    run.signal(Signal::SIGTERM);
    run.wait_stderr("SIGTERM: stopping");
    let output = ended_by(run, Signal::SIGINT);
    // On a loaded machine the first may have done its work already.
    assert!(
        output.code == Some(0) || output.signal == Some(Signal::SIGINT as i32),
        "{}",
        output.whole()
    );
}

fn counters() {
    let service = Service::builder().faults([Fault::UpgradeSilent]).start();
    service.publish("all", event(0));
    let args = ["--message-id", "earliest", "--connect-timeout", "3s", "--retry-delay", "10ms"];
    let mut run = Run::against(&service).args(&args).spawn();
    run.wait_stderr("auth 127.0.0.1");
    run.signal(Signal::SIGUSR1);
    run.wait_stderr("0 events, 0 bytes; not connected");
    run.wait_stdout_lines(1);
    run.signal(Signal::SIGUSR1);
    run.wait_stderr("1 events, 8 bytes; connected for");
    ended_by(run, Signal::SIGTERM).assert_code(0);
}

fn closed_pipe() {
    let service = Service::start();
    service.publish_many("all", 10_000, event);
    let args = ["--message-id", "earliest"];
    let mut run = Run::against(&service).args(&args).verbosity(0).spawn();
    run.wait_stdout_lines(1);
    run.close_stdout();
    service.publish_many("all", 10_000, event);
    run.finish().assert_code(0).assert_silent();
}

fn closed_while_idle() {
    let service = Service::start();
    let run = Run::against(&service).verbosity(0).spawn();
    service.wait_for_connections(1);
    run.close_stdout();
    run.finish().assert_code(0).assert_silent();
}

fn stopped() {
    let service = Service::start();
    let args = ["--ping-interval", "500ms", "--ping-timeout", "1s"];
    let mut run = Run::against(&service).args(&args).spawn();
    service.wait_for("a ping", |seen| seen.pings() >= 1);
    run.signal(Signal::SIGSTOP);
    std::thread::sleep(Duration::from_secs(4));
    run.signal(Signal::SIGCONT);
    let pings = service.seen().pings();
    service.wait_for("pings again", |seen| seen.pings() >= pings + 2);
    ended_by(run, Signal::SIGTERM).assert_code(0);
    assert_eq!(service.seen().upgraded(), 1, "no reconnect");
}

fn gone_meanwhile() {
    let service = Service::start();
    let args = ["--ping-interval", "500ms", "--ping-timeout", "1s", "--retry-delay", "10ms"];
    let mut run = Run::against(&service).args(&args).verbosity(0).spawn();
    service.wait_for("a ping", |seen| seen.pings() >= 1);
    run.signal(Signal::SIGSTOP);
    service.freeze();
    std::thread::sleep(Duration::from_secs(3));
    run.signal(Signal::SIGCONT);
    run.wait_stderr("[stream.no_pong]");
    service.thaw();
    service.wait_for_connections(2);
    ended_by(run, Signal::SIGTERM).assert_code(0);
}

/// What it was stopped for is longer than the idle timeout, and what comes then is still read.
fn stopped_at_the_end() {
    let service = Service::start();
    let past = std::time::SystemTime::now() - Duration::from_secs(60);
    service.publish_at("all", event(0), past);
    let mut run = Run::against(&service).args(&["-e", "--idle-timeout", "5s"]).spawn();
    run.wait_stdout_lines(1);
    service.pause_delivery();
    service.publish_at("all", event(1), past);
    run.signal(Signal::SIGSTOP);
    std::thread::sleep(Duration::from_secs(7));
    run.signal(Signal::SIGCONT);
    std::thread::sleep(Duration::from_secs(1));
    service.resume_delivery();
    run.finish().assert_code(0).assert_silent().assert_lines(&[event(0), event(1)]);
}

/// For longer than the service keeps a session. It takes more than five minutes:
///
///     cargo test --test tests -- --ignored stopped_for
fn long_stopped() {
    let service = Service::start();
    let args = ["--ping-interval", "1s", "--ping-timeout", "10m", "--retry-delay", "10ms"];
    let mut run = Run::against(&service).args(&args).verbosity(0).spawn();
    service.wait_for("a ping", |seen| seen.pings() >= 1);
    // An answer that is still on its way would be read first.
    std::thread::sleep(Duration::from_millis(300));
    run.signal(Signal::SIGSTOP);
    std::thread::sleep(Duration::from_secs(5 * 60 + 10));
    run.signal(Signal::SIGCONT);
    run.wait_stderr("[stream.slept]");
    service.wait_for_connections(2);
    ended_by(run, Signal::SIGTERM).assert_code(0);
}

/// As a shell does it: the child starts with the signal ignored.
fn nohup() {
    let service = Service::start();
    let mut run = Run::against(&service).through("nohup").spawn();
    service.wait_for_connections(1);
    run.signal(Signal::SIGHUP);
    service.publish("all", event(0));
    run.wait_stdout_lines(1);
    ended_by(run, Signal::SIGTERM).assert_code(0);
}

fn slow_reader_with_an_end() {
    const COUNT: usize = 3000;
    let service = Service::start();
    service.publish_many("all", COUNT, |n| format!(r#"{{"n":{n},"pad":"{}"}}"#, "x".repeat(1000)));
    let args = ["-e", "--idle-timeout", "1s", "--ping-interval", "200ms"];
    let mut run = Run::against(&service).args(&args).stdout(Stdout::Blocked).verbosity(0).spawn();
    // Three times the idle timeout, during which nothing can be heard.
    service.wait_for("pings while the pipe is full", |seen| seen.pings() >= 15);
    run.resume_reading();
    assert_eq!(run.wait_stdout_lines(COUNT).len(), COUNT);
    run.finish().assert_code(0);
}

fn max_time_with_a_stuck_output() {
    let service = Service::start();
    service.publish_many("all", 500, |n| format!(r#"{{"n":{n},"pad":"{}"}}"#, "x".repeat(1000)));
    let run = |limit| {
        let args = ["--message-id", "earliest", "--max-time", limit];
        let mut run = Run::against(&service).args(&args).stdout(Stdout::Blocked).spawn();
        run.wait_exit();
        run.finish()
    };
    // On a busy machine the first session may take longer.
    let mut outputs = ["1s", "40s"].into_iter().map(run);
    let output = outputs.find(|output| output.code != Some(69)).expect("a session");
    output.assert_code(74).assert_stderr_has("--max-time was over");
}

fn full_disk() {
    let service = Service::start();
    service.publish("all", event(0));
    let output = Run::against(&service)
        .args(&["--message-id", "earliest", "--retry", "0"])
        .stdout(Stdout::File("/dev/full".into()))
        .run();
    output.assert_code(74).assert_stderr_has("output stdout: ");
    output.assert_stderr_has("[output.failed]");
    assert_eq!(service.seen().acks(), 0);
    canary::assert_absent("stderr", output.trace.as_bytes());
}
