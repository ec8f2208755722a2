//! However bad it is, a diagnosis ends in time. What is held against the limits is the time that it
//! reports itself.

use libtest_mimic::Trial;
use serde_json::Value;

use super::document::{assert_ends, check, document};
use super::{alone, test};
use crate::support::run::Run;
use crate::support::service::{Fault, Service};

pub fn trials() -> Vec<Trial> {
    vec![
        alone("limits: a port that refuses takes less than a second", refused),
        test("limits: a service that trickles at every step", trickling),
        test("limits: a service that trickles too slowly to connect", too_slow),
        test("limits: a service that answers nothing but the upgrade", mute),
    ]
}

fn took(document: &Value) -> u64 {
    document["duration_ms"].as_u64().unwrap()
}

/// The fastest of a few, since the machine may be busy.
fn refused() {
    let mut tries = (0..5).map(|_| {
        let service = Service::with(Fault::Refuse);
        let output = Run::against(&service).args(&["diagnose", "--json"]).run();
        output.assert_code(69).assert_silent();
        took(&document(&output))
    });
    assert!(tries.any(|took| took < 1000), "always more than a second");
}

/// 10 s is the probe from earliest; another second is the Close at the end of each session.
const PROBE: u64 = 10_000;
const CLOSING: u64 = 2 * 1000 + 1000;
/// For a busy machine.
const BUSY: u64 = 30_000;

fn trickling() {
    let service = Service::with(Fault::Trickles);
    service.publish_many("all", 100, |number| format!("{{\"number\":{number}}}"));
    let run = Run::against(&service).args(&["diagnose", "--json", "--listen", "2s"]);
    let output = run.args(&["--connect-timeout", "30s"]).run();
    let document = document(&output);
    assert_ends(check(&document, "auth"), "ok", None);
    assert_ends(check(&document, "stream"), "ok", None);
    assert!(took(&document) <= 30_000 + 2000 + PROBE + CLOSING + BUSY, "{document:#}");
}

fn too_slow() {
    let service = Service::with(Fault::Trickles);
    let run = Run::against(&service).args(&["diagnose", "--json", "--listen", "2s"]);
    let output = run.args(&["--connect-timeout", "500ms"]).run();
    output.assert_code(69).assert_silent();
    let document = document(&output);
    assert!(took(&document) <= 500 + 2000 + PROBE + CLOSING + BUSY, "{document:#}");
    // Nothing follows a handshake that was given up: the key stays here.
    assert_ends(check(&document, "tls"), "fail", Some("tls.timeout"));
    assert_eq!(document["api_key"]["sent"], false);
}

/// Neither pongs nor events, and pings that would be waited for longer than anything else.
fn mute() {
    let service = Service::with(Fault::Freeze);
    let run = Run::against(&service).args(&["diagnose", "--json", "--listen", "500ms"]);
    let output = run.args(&["--connect-timeout", "3s", "--ping-timeout", "10m"]).run();
    output.assert_code(69).assert_silent();
    let document = document(&output);
    assert_ends(check(&document, "stream"), "fail", Some("stream.no_pong"));
    assert!(took(&document) <= 3000 + 500 + PROBE + CLOSING + BUSY, "{document:#}");
}
