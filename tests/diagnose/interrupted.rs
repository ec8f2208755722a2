//! A signal ends a diagnosis at once, and what is known by then is printed.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use super::document::{assert_ends, check, document, text};
use super::test;
use crate::support::nameserver::{Nameserver, Nameservers};
use crate::support::run::{Output, Run, Running};
use crate::support::service::{Fault, Service};

pub fn trials() -> Vec<Trial> {
    vec![
        test("interrupted while listening", listening),
        test("interrupted while listening, as a document", listening_json),
        test("interrupted while waiting for the upgrade", waiting),
        test("interrupted before the key was sent", before_the_key),
        test("interrupted while a name is looked up", looking_up),
    ]
}

fn run(service: &Service, more: &[&str]) -> Running {
    let run = Run::against(service).args(&["diagnose", "--listen", "10m"]);
    run.args(&["--connect-timeout", "10m"]).args(more).spawn()
}

/// By the signal: everything else takes longer than a run may here.
fn stopped(mut run: Running) -> Output {
    run.signal(Signal::SIGINT);
    let output = run.finish();
    output.assert_signal(Signal::SIGINT).assert_silent();
    output
}

fn listening() {
    let service = Service::start();
    let run = run(&service, &[]);
    service.wait_for("a ping", |seen| seen.connections.iter().any(|it| it.pings > 0));
    let lines = text(&stopped(run));
    assert!(lines.iter().any(|line| line.starts_with("  ok    auth ")), "{lines:#?}");
    assert!(lines.iter().any(|line| line.starts_with("  skip  stream ")), "{lines:#?}");
    let last = lines.last().unwrap();
    assert!(last.starts_with("RESULT: stopped"), "{last}");
}

fn listening_json() {
    let service = Service::start();
    let run = run(&service, &["--json"]);
    service.wait_for("a ping", |seen| seen.connections.iter().any(|it| it.pings > 0));
    let document = document(&stopped(run));
    assert_ends(check(&document, "auth"), "ok", None);
    assert_ends(check(&document, "stream"), "skip", None);
    assert_eq!(check(&document, "regions")["summary"], "stopped by SIGINT");
    assert_eq!(document["api_key"]["sent"], true);
}

/// Nobody knows yet what becomes of it, but the key is out.
fn waiting() {
    let service = Service::with(Fault::UpgradeSilent);
    let run = run(&service, &["--json"]);
    service.wait_for("a request", |seen| seen.connections.iter().any(|it| it.request.is_some()));
    let document = document(&stopped(run));
    assert_ends(check(&document, "tls"), "ok", None);
    assert_ends(check(&document, "auth"), "skip", None);
    assert_eq!(document["api_key"]["sent"], true, "{document:#}");
    let summary = document["summary"].as_str().unwrap();
    assert!(!summary.contains("not sent"), "{summary}");
}

fn before_the_key() {
    let service = Service::with(Fault::TlsSilent);
    let run = run(&service, &["--json"]);
    service.wait_for("a connection", |seen| !seen.connections.is_empty());
    let document = document(&stopped(run));
    assert_eq!(document["api_key"]["sent"], false, "{document:#}");
    assert_eq!(check(&document, "auth")["summary"], "stopped by SIGINT");
    service.assert_key_never_sent();
}

fn looking_up() {
    let nameservers = Nameservers::start(&[Nameserver::Silent]);
    let run = Run::new(&["--tenant", "acme", "--host", "x.8x8.test", "diagnose", "--json"]);
    let run = run.env("TAIL8X8_RESOLV_CONF", nameservers.resolv_conf()).spawn();
    let limit = Instant::now() + Duration::from_secs(60);
    while nameservers.asked().is_empty() {
        assert!(Instant::now() < limit, "nobody asked");
        std::thread::sleep(Duration::from_millis(10));
    }
    let document = document(&stopped(run));
    assert_ends(check(&document, "config"), "ok", None);
    assert_eq!(check(&document, "dns")["summary"], "stopped by SIGINT");
    assert_eq!(document["api_key"]["sent"], false);
}
