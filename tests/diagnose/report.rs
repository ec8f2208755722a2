//! `--report`: what 8x8 support asks for, in a file for its owner alone. The search for the key
//! that follows every run looks into the file, too.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use libtest_mimic::Trial;
use serde_json::Value;

use super::document::{IDS, assert_ends, assert_says, check, document};
use super::{schema, test};
use crate::support::canary;
use crate::support::run::Run;
use crate::support::scratch::Scratch;
use crate::support::service::{Body, Fault, Service};

pub fn trials() -> Vec<Trial> {
    vec![
        test("report: holds all that support asks for, and no key", whole),
        test("report: of a refusal that repeats the key", of_an_echo),
        test("report: of settings that are wrong", of_a_mistake),
        test("report: never overwrites a file", exists),
    ]
}

/// The report's text, of mode 0600 and without the key.
#[track_caller]
fn read(path: &std::path::Path) -> String {
    let mode = fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");
    let text = fs::read_to_string(path).unwrap();
    canary::assert_absent("the report", text.as_bytes());
    text
}

fn whole() {
    let service = Service::start();
    service.publish_many("all", 30, |_| "{}");
    let run = Run::against(&service).args(&["diagnose", "--listen", "300ms", "--json"]);
    let run = run.env("https_proxy", "http://user:login-word@127.0.0.1:1");
    let path = run.home().join("report.txt");
    let mut running = run.args(&["--noproxy", "*", "--report", "report.txt"]).spawn();
    running.wait_exit();
    let report = read(&path);
    let output = running.finish();
    output.assert_code(0).assert_silent();
    let printed = document(&output);
    assert!(!report.contains("login-word"), "{report}");
    let port = service.port();
    for words in [
        concat!("tail8x8 ", env!("CARGO_PKG_VERSION")),
        std::env::consts::ARCH,
        "OpenSSL",
        "system ",
        "kernel ",
        "PULSAR_API_KEY=(set, ",
        "https_proxy=(set, ",
        "RESULT: ok",
        "Admin Console key",
        &format!("wss://127.0.0.1:{port}/ws/v2/reader/persistent/acme/event-v1/all"),
    ] {
        assert!(report.contains(words), "the report lacks {words:?}\n{report}");
    }
    for id in IDS {
        let line = |status| format!("  {status:<5} {id:<8}");
        let is_there = ["ok", "skip"].iter().any(|status| report.contains(&line(status)));
        assert!(is_there, "no check of {id}\n{report}");
    }
    // It ends with the document.
    let last = report.lines().last().unwrap();
    let document: Value = serde_json::from_str(last).expect(last);
    schema::assert_valid(&document);
    assert_eq!(document["checks"], printed["checks"]);
}

fn of_an_echo() {
    let service = Service::with(Fault::Status(401, Body::EchoesKey));
    let run = Run::against(&service).args(&["diagnose", "--listen", "300ms"]);
    let path = run.home().join("report.txt");
    let mut running = run.args(&["--report", "report.txt"]).spawn();
    running.wait_exit();
    let report = read(&path);
    assert!(report.contains("[auth.unauthorized]") && report.contains("redacted"), "{report}");
    running.finish().assert_code(77);
}

fn of_a_mistake() {
    let run = Run::new(&["--tenant", "acme", "diagnose", "--ca-file", "/nowhere/ca.pem"]);
    let path = run.home().join("report.txt");
    let mut running = run.args(&["--report", "report.txt"]).spawn();
    running.wait_exit();
    let report = read(&path);
    assert!(report.contains("[config.file]") && report.contains("needs config"), "{report}");
    running.finish().assert_code(66);
}

fn exists() {
    let scratch = Scratch::new("report");
    let path = scratch.join("report.txt");
    fs::write(&path, "what was here before").unwrap();
    let service = Service::builder().may_be_unreached().start();
    let run = Run::against(&service).args(&["diagnose", "--json", "--report"]).arg(&path);
    let output = run.run();
    output.assert_code(73).assert_silent();
    let document = document(&output);
    let config = check(&document, "config");
    assert_ends(config, "fail", Some("config.report"));
    assert_says(config, "does not exist yet");
    assert_eq!(fs::read_to_string(&path).unwrap(), "what was here before");
    assert_eq!(service.connections(), 0);
}
