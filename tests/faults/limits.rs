//! Limits on time: one deadline holds over all of a connect however busily the other end drips, and
//! a peer that has gone is noticed by its missing answer to a ping.

use std::time::Duration;

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use super::test;
use crate::support::run::Run;
use crate::support::service::proxy::{Proxy, ProxyFault};
use crate::support::service::{Fault, Service};

const PINGS: [&str; 4] = ["--ping-interval", "300ms", "--ping-timeout", "300ms"];

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("limits: a head that drips is given up in time", || {
            drips(Service::with(Fault::HeadDrips), None, "auth.timeout");
        }),
        test("limits: a handshake that drips is given up in time", || {
            drips(Service::with(Fault::TlsDrips), None, "tls.timeout");
        }),
        test("limits: a proxy that drips is given up in time", || {
            let service = Service::builder().may_be_unreached().start();
            drips(service, Some(Proxy::start(ProxyFault::HeadDrips)), "proxy.timeout");
        }),
        test("limits: each attempt has its own time", every_attempt),
        test("limits: --max-time bounds the attempts, too", max_time),
        test("limits: a Retry-After without end bounds nothing else", endless_wait),
        test("limits: a peer that froze is noticed, and nothing is lost or doubled", frozen),
        test("limits: a quiet but living peer is kept", living),
    ]
}

/// The time is over, and not the drips: those would go on for longer than a run may take here, or
/// end with a closed connection.
fn drips(service: Service, proxy: Option<Proxy>, code: &str) {
    let mut run = Run::against(&service).args(&["--connect-timeout", "1s"]);
    if let Some(proxy) = &proxy {
        run = run.args(&["--proxy", &proxy.url()]);
    }
    let output = run.fails_with(code, 69);
    let (step, _) = code.split_once('.').unwrap();
    assert!(output.elapsed >= Duration::from_secs(1), "{}", output.whole());
    assert!(output.trace.contains(&format!("debug: {step}: failed after ")), "{}", output.whole());
}

fn every_attempt() {
    let service = Service::builder().faults([Fault::TlsDrips, Fault::HeadDrips]).start();
    service.publish("all", "{}");
    let run = Run::against(&service).args(&["--connect-timeout", "1s", "--retry-delay", "10ms"]);
    let output = run.args(&["--message-id", "earliest", "-n", "1"]).run();
    output.assert_code(0).assert_lines(&["{}"]);
    assert!(output.trace.contains("debug: tls: failed after "), "{}", output.whole());
    assert!(output.trace.contains("debug: auth: failed after "), "{}", output.whole());
    assert!(service.connections() >= 3);
}

/// The attempt alone would take longer than a run may here.
fn max_time() {
    let service = Service::with(Fault::TlsDrips);
    let run = Run::against(&service).args(&["--max-time", "1s", "--connect-timeout", "10m"]);
    run.run().assert_code(69).assert_stderr_has("--max-time");
}

/// More seconds than any clock holds.
fn endless_wait() {
    for seconds in [u64::MAX, u64::from(u32::MAX)] {
        let service = Service::with(Fault::RetryAfter(429, seconds));
        let output = Run::against(&service).args(&["--max-time", "1s"]).run();
        output.assert_code(69).assert_stderr_has("--max-time");
        assert_eq!(service.connections(), 1);
    }
}

fn frozen() {
    let service = Service::start();
    let mut lines: Vec<String> = (0..5).map(|number| format!("{{\"number\":{number}}}")).collect();
    for line in &lines {
        service.publish("all", line.as_str());
    }
    let run = Run::against(&service).args(&["--message-id", "earliest", "--retry-delay", "10ms"]);
    let mut running = run.args(&PINGS).args(&["--connect-timeout", "5s"]).spawn();
    running.wait_stdout_lines(5);
    service.freeze();
    running.wait_stderr("[stream.no_pong]");
    let after = (5..10).map(|number| format!("{{\"number\":{number}}}"));
    after.for_each(|line| {
        service.publish("all", line.as_str());
        lines.push(line);
    });
    service.thaw();
    running.wait_stdout_lines(10);
    running.signal(Signal::SIGTERM);
    running.finish().assert_code(0).assert_lines(&lines);
    service.assert_acks_within(&lines);
}

/// It has nothing to say, but it answers.
fn living() {
    let service = Service::start();
    let pings = ["--ping-interval", "100ms", "--ping-timeout", "10m"];
    let mut running = Run::against(&service).args(&pings).args(&["--retry", "0"]).spawn();
    service.wait_for("five pings", |seen| seen.pings() >= 5);
    service.publish("all", "{}");
    running.wait_stdout_lines(1);
    running.signal(Signal::SIGTERM);
    running.finish().assert_code(0).assert_silent().assert_lines(&["{}"]);
    assert_eq!(service.connections(), 1);
}
