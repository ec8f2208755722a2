//! Handshakes that fail for reasons outside of the certificate: this machine's clock and its store of
//! root certificates. That each kind of certificate has its code is the table's business.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use libtest_mimic::Trial;

use super::document::{assert_ends, assert_says, check, document, text};
use super::test;
use crate::support::ca::{Ca, Leaf, SignedBy};
use crate::support::run::Run;
use crate::support::scratch::Scratch;
use crate::support::service::proxy::{Proxy, ProxyFault};
use crate::support::service::{Fault, Service};

const DAY: i64 = 24 * 3600;

pub fn trials() -> Vec<Trial> {
    vec![
        test("tls: not yet valid, but valid by the proxy's clock", behind),
        test("tls: expired, but valid by the proxy's clock", ahead),
        test("tls: expired by the proxy's clock, too", expired_anyhow),
        in_a_namespace("tls: no root certificate on this machine", empty_store),
        test("tls: intercepted by an authority that this machine trusts", trusted_interception),
        test("tls: the time of the look is the check's time", time_of_the_look),
        test("tls: a lone certificate's issuer is named in whole quotes", lone_certificate),
    ]
}

/// What a diagnosis says of `leaf` behind a proxy whose clock is so far ahead of ours.
fn seen_by_proxy(leaf: Leaf, ahead: i64, code: &str, says: &[&str]) {
    let service = Service::with(Fault::Certificate(leaf));
    let proxy = Proxy::start(ProxyFault::Dated(ahead)).forward_to(&service);
    let run = Run::against(&service).args(&["diagnose", "--json", "--proxy", &proxy.url()]);
    let output = run.run();
    output.assert_code(60).assert_silent();
    let document = document(&output);
    let tls = check(&document, "tls");
    assert_ends(tls, "fail", Some(code));
    says.iter().for_each(|words| assert_says(tls, words));
    assert_eq!(tls["see"], "TLS/SSL Certificate Errors");
    assert_eq!(document["api_key"]["sent"], false);
    service.assert_key_never_sent();
}

fn behind() {
    let says = ["this machine's clock is wrong", "the proxy's 20", "set the clock"];
    seen_by_proxy(Leaf::not_yet_valid(), 7 * DAY, "tls.clock", &says);
}

fn ahead() {
    seen_by_proxy(Leaf::expired(), -7 * DAY, "tls.clock", &["timedatectl"]);
}

/// Then it is the certificate.
fn expired_anyhow() {
    seen_by_proxy(Leaf::expired(), 7 * DAY, "tls.expired", &["expired on"]);
}

/// Where a process may have folders of its own in place of the system's.
fn in_a_namespace(name: &str, body: fn()) -> Trial {
    let is_possible = has_namespaces();
    let trial = test(name, body).with_ignored_flag(!is_possible);
    if is_possible { trial } else { trial.with_kind("no user and mount namespaces here") }
}

pub(super) fn has_namespaces() -> bool {
    let tried = Command::new("unshare").args(UNSHARE).arg("true").output();
    tried.is_ok_and(|output| output.status.success())
}

/// A folder with the command `run`, which runs another where `commands` have changed the mounts.
pub(super) fn in_namespace(commands: &str) -> Scratch {
    let folder = Scratch::new("namespace");
    let script = folder.join("run");
    let unshare = UNSHARE.join(" ");
    let text =
        format!("#!/bin/sh\nexec unshare {unshare} sh -c '{commands}; exec \"$@\"' sh \"$@\"\n");
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o700)).unwrap();
    folder
}

const UNSHARE: [&str; 3] = ["--user", "--map-root-user", "--mount"];

/// `SSL_CERT_FILE` and `SSL_CERT_DIR` cannot do it: the system's folder is read beside them.
fn empty_store() {
    let places = "/etc/ssl /usr/lib/ssl /etc/pki /opt/etc/ssl /etc/security/certificates";
    let hide =
        format!("for place in {places}; do [ ! -d $place ] || mount -t tmpfs none $place; done");
    let folder = in_namespace(&hide);
    let script = folder.join("run");

    let service = Service::start();
    let port = service.port().to_string();
    let run = Run::new(&["--tenant", "acme", "--host", "127.0.0.1", "--port", &port]);
    let output = run.args(&["diagnose", "--json"]).through(script.to_str().unwrap()).run();
    output.assert_code(60).assert_silent();
    let found = document(&output);
    assert_ends(check(&found, "config"), "warn", Some("config.ca_store"));
    assert_says(check(&found, "config"), "no usable root certificate on this machine");
    assert_ends(check(&found, "tls"), "fail", Some("tls.empty_store"));
    assert_says(check(&found, "tls"), "apt-get install ca-certificates");
    service.assert_key_never_sent();

    // With a root given there is nothing to complain of.
    service.publish_many("all", 30, |_| "{}");
    let run = Run::against(&service).args(&["diagnose", "--json", "--listen", "300ms"]);
    let output = run.through(script.to_str().unwrap()).run();
    output.assert_code(0).assert_silent();
    assert_ends(check(&document(&output), "config"), "ok", None);
}

/// In the result, too, which says nothing in halves.
fn lone_certificate() {
    let unknown = Leaf::signed_by(SignedBy::UnknownCa { root_sent: false });
    let service = Service::with(Fault::Certificate(unknown));
    let output = Run::against(&service).arg("diagnose").run();
    output.assert_code(60).assert_silent();
    let lines = text(&output);
    let result = "RESULT: FAIL at tls - intercepted by \"ACME TLS Inspection CA\". The API key was not sent.";
    assert_eq!(lines.last().unwrap(), result, "{lines:#?}");
}

fn time_of_the_look() {
    let expired = Fault::Certificate(Leaf::expired());
    let service = Service::builder().faults([expired, Fault::Trickles]).start();
    let output = Run::against(&service).args(&["diagnose", "--json"]).run();
    output.assert_code(60).assert_silent();
    let document = document(&output);
    let took = check(&document, "tls")["duration_ms"].as_u64().unwrap();
    assert!(took > 300, "the look alone takes longer: {took} ms");
    let others = check(&document, "config")["duration_ms"].as_u64().unwrap();
    let all = document["duration_ms"].as_u64().unwrap();
    assert!(took + others + 500 >= all, "{document:#}");
}

/// It works, and the key is read by whoever stands in between.
fn trusted_interception() {
    let host = "pulsar-ws-use1.8x8.com";
    let service = Service::builder().identity(Leaf::named(&[host])).start();
    service.publish_many("all", 30, |_| "{}");
    let port = service.port().to_string();
    let run = Run::new(&["--tenant", "acme", "--region", "US1", "--port", &port])
        .args(&["--resolve", &format!("{host}:{port}:127.0.0.1")])
        .args(&["diagnose", "--json", "--listen", "300ms", "--strict"])
        .env("SSL_CERT_FILE", Ca::shared().root_pem());
    let output = run.run();
    output.assert_code(10).assert_silent();
    let document = document(&output);
    let tls = check(&document, "tls");
    assert_ends(tls, "warn", Some("tls.intercepted"));
    assert_says(tls, "trusted here, but intercepted by \"Tail8x8 Test Root\"");
    assert_says(tls, "exempt pulsar-ws-*.8x8.com");
    assert_ends(check(&document, "stream"), "ok", None);
}
