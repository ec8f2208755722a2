//! `--all-regions`: the regions are three services on one port, each on a loopback address of its own.

use std::net::TcpListener;

use libtest_mimic::Trial;
use nix::sys::signal::Signal;
use serde_json::Value;

use super::document::{assert_ends, assert_says, check, document, text};
use super::good::readers_only;
use super::test;
use crate::support::ca::{Ca, Leaf};
use crate::support::nameserver::{Nameserver, Nameservers};
use crate::support::run::Run;
use crate::support::service::Service;
use crate::support::service::proxy::{Proxy, ProxyFault};

const HOSTS: [&str; 3] =
    ["pulsar-ws-euw2.8x8.com", "pulsar-ws-use1.8x8.com", "pulsar-ws-usw2.8x8.com"];

pub fn trials() -> Vec<Trial> {
    vec![
        test("regions: the events are elsewhere", elsewhere),
        test("regions: one refuses the key, one is away", in_trouble),
        test("regions: the events are here", here),
        test("regions: nobody is asked without --all-regions", unasked),
        test("regions: no other is reached", unreached),
        test("regions: no region has events", nowhere),
        test("regions: no region has such a topic", no_such_topic),
        test("regions: the key is refused here and good elsewhere", refused_here),
        test("regions: the name of the chosen one does not exist", no_name),
        test("regions: a proxy is decided on for each", proxied),
        test("regions: interrupted", interrupted),
    ]
}

/// UK3, US1, US2.
fn regions() -> [Service; 3] {
    let leaf = || Service::builder().identity(Leaf::named(&HOSTS)).may_be_unreached();
    let others = ["127.0.0.2", "127.0.0.3"];
    let is_free = |port| others.iter().all(|address| TcpListener::bind((*address, port)).is_ok());
    let first = std::iter::repeat_with(|| leaf().start()).find(|first| is_free(first.port()));
    let first = first.unwrap();
    let [second, third] = others.map(|address| leaf().address(address).port(first.port()).start());
    [first, second, third]
}

fn run(services: &[Service; 3], region: &str) -> Run {
    to(services, &["--region", region])
}

fn to(services: &[Service; 3], place: &[&str]) -> Run {
    let port = services[0].port();
    let mut run = Run::new(&["--tenant", "acme", "diagnose", "--listen", "300ms"])
        .args(place)
        .args(&["--port", &port.to_string()])
        .arg("--ca-file")
        .arg(Ca::shared().root_pem());
    for (host, service) in HOSTS.iter().zip(services) {
        run = run.args(&["--resolve", &format!("{host}:{port}:{}", service.host())]);
    }
    run
}

fn elsewhere() {
    let services = regions();
    services[1].publish_many("all", 40, |number| format!("{{\"number\":{number}}}"));
    let (json, plain) = (
        run(&services, "UK3").args(&["--all-regions", "--json"]).spawn(),
        run(&services, "UK3").args(&["--all-regions", "--strict"]).spawn(),
    );
    let (json, plain) = (json.finish(), plain.finish());
    json.assert_code(0).assert_silent();
    let document = document(&json);
    assert_ends(check(&document, "stream"), "warn", Some("stream.silent"));
    let regions = check(&document, "regions");
    assert_ends(regions, "warn", Some("regions.elsewhere"));
    assert_eq!(regions["see"], "Wrong Regional Endpoint");
    assert_says(regions, "--region US1");
    assert_says(regions, "UK3 auth ok, 0 messages | US1 auth ok, 25+ messages");
    assert_eq!(regions["evidence"]["UK3"]["messages"], 0);
    assert_eq!(regions["evidence"]["US1"]["auth"], 101);
    assert_eq!(regions["evidence"]["US1"]["messages"], 25);
    assert_eq!(regions["evidence"]["US1"]["more"], true);
    assert_eq!(regions["evidence"]["US2"]["messages"], 0);
    let summary = document["summary"].as_str().unwrap();
    assert!(summary.contains("US1"), "does not name the region: {summary}");

    plain.assert_code(10);
    let lines = text(&plain);
    assert!(lines.last().unwrap().contains("US1"), "{lines:#?}");
    services.iter().for_each(readers_only);
}

fn in_trouble() {
    let services = regions();
    services[0].publish_many("all", 40, |_| "{}");
    services[1].set_key("eght_another");
    services[2].stop_listening();
    let output = run(&services, "UK3").args(&["--all-regions", "--json"]).run();
    output.assert_code(0).assert_silent();
    let document = document(&output);
    // The chosen one works, so what others do is no problem.
    assert_eq!(document["verdict"], "ok", "{document:#}");
    let regions = check(&document, "regions");
    assert_ends(regions, "ok", None);
    assert_says(regions, "US1 HTTP 401 | US2 tcp: connection refused");
    assert_eq!(regions["evidence"]["US1"]["auth"], 401);
    assert_eq!(regions["evidence"]["US2"]["failed_at"], "tcp");
}

fn here() {
    let services = regions();
    services[2].publish_many("all", 40, |_| "{}");
    let output = run(&services, "US2").args(&["--all-regions", "--json", "--strict"]).run();
    output.assert_code(0).assert_silent();
    let document = document(&output);
    assert_eq!(document["target"]["region"], "US2");
    assert_ends(check(&document, "regions"), "ok", None);
}

fn unasked() {
    let services = regions();
    services[0].publish_many("all", 40, |_| "{}");
    let output = run(&services, "UK3").arg("--json").run();
    output.assert_code(0);
    assert_ends(check(&document(&output), "regions"), "skip", None);
    assert_eq!([services[1].connections(), services[2].connections()], [0, 0]);
}

/// What nobody could look at is not well.
fn unreached() {
    let mut services = regions();
    services[0].publish_many("all", 40, |_| "{}");
    services[1..].iter_mut().for_each(|service| service.stop_listening());
    let output = run(&services, "UK3").args(&["--all-regions", "--json"]).run();
    output.assert_code(0).assert_silent();
    let document = document(&output);
    assert_ends(check(&document, "stream"), "ok", None);
    let regions = check(&document, "regions");
    assert_ends(regions, "warn", Some("regions.unreached"));
    assert_says(regions, "nothing is known of them");
    assert_eq!(regions["evidence"]["US2"]["failed_at"], "tcp");
}

fn nowhere() {
    let services = regions();
    let run = |more: &[&str]| run(&services, "US1").arg("--all-regions").args(more).spawn();
    let (json, plain) = (run(&["--json"]), run(&[]));
    let (json, plain) = (json.finish(), plain.finish());
    json.assert_code(0).assert_silent();
    let document = document(&json);
    assert_ends(check(&document, "stream"), "warn", Some("stream.silent"));
    let regions = check(&document, "regions");
    assert_ends(regions, "warn", Some("regions.nowhere"));
    assert_says(regions, "streaming is enabled");
    let lines = text(&plain);
    let result = "RESULT: warn - connected and authorised, but silent: ";
    assert!(lines.last().unwrap().starts_with(result), "{lines:#?}");
}

/// Then it is the topic, not 8x8, that is to be asked about.
fn no_such_topic() {
    let services = regions();
    services.iter().for_each(|service| drop(service.publish_many("all", 3, |_| "{}")));
    let run = run(&services, "US1").args(&["--all-regions", "--json", "--topic", "All"]);
    let output = run.run();
    output.assert_code(0);
    let document = document(&output);
    let regions = check(&document, "regions");
    assert_ends(regions, "warn", Some("regions.nowhere"));
    assert_says(regions, "look at --namespace event-v1 --topic all");
    assert!(!document.to_string().contains("streaming is enabled"), "{document:#}");
}

/// A key may belong to one region only; where it is good, and has events, is what matters.
fn refused_here() {
    let services = regions();
    services[0].set_key("eght_another");
    services[2].publish_many("all", 3, |_| "{}");
    let run = |more: &[&str]| run(&services, "UK3").arg("--all-regions").args(more).spawn();
    let (json, plain) = (run(&["--json"]), run(&[]));
    let (json, plain) = (json.finish(), plain.finish());
    json.assert_code(77).assert_silent();
    let document = document(&json);
    assert_ends(check(&document, "auth"), "fail", Some("auth.unauthorized"));
    assert_eq!(check(&document, "stream")["summary"], "needs auth");
    assert_ends(check(&document, "regions"), "warn", Some("regions.elsewhere"));
    assert_says(check(&document, "regions"), "--region US2");
    let lines = text(&plain);
    assert!(lines.last().unwrap().ends_with("; your events are in US2."), "{lines:#?}");
}

/// The others are asked all the same, and then it must not be said that the key was not sent.
fn no_name() {
    let services = regions();
    services[1].publish_many("all", 3, |_| "{}");
    let nameservers = Nameservers::start(&[Nameserver::NoSuchName]);
    let run = to(&services, &["--host", "nowhere.8x8.test", "--all-regions"]);
    let run = run.env("TAIL8X8_RESOLV_CONF", nameservers.resolv_conf()).arg("--json");
    let output = run.run();
    output.assert_code(68).assert_silent();
    let document = document(&output);
    assert_ends(check(&document, "dns"), "fail", Some("dns.no_such_name"));
    assert_ends(check(&document, "tcp"), "skip", None);
    assert_ends(check(&document, "regions"), "warn", Some("regions.elsewhere"));
    assert_eq!(document["api_key"]["sent"], true);
    assert!(!document["summary"].as_str().unwrap().contains("not sent"), "{document:#}");
}

/// UK3 is exempt from it; the others are reached by it.
fn proxied() {
    let services = regions();
    services[2].publish_many("all", 3, |_| "{}");
    let proxy = Proxy::start(ProxyFault::None).forward_to(&services[2]);
    let run = run(&services, "UK3").args(&["--proxy", &proxy.url(), "--noproxy", HOSTS[0]]);
    let output = run.args(&["--all-regions", "--json"]).run();
    output.assert_code(0).assert_silent();
    let port = services[0].port();
    assert_eq!(proxy.connects(), [format!("{}:{port}", HOSTS[1]), format!("{}:{port}", HOSTS[2])]);
    assert_eq!(services[1].connections(), 0);
    let found = document(&output);
    assert_eq!(found["proxy"], Value::Null);
    assert_ends(check(&found, "regions"), "warn", Some("regions.elsewhere"));
}

/// What is known by then is told.
fn interrupted() {
    let services = regions();
    services[0].publish_many("all", 40, |_| "{}");
    // Longer than a run may take here: it is the signal that ends it.
    let run = run(&services, "UK3").args(&["--connect-timeout", "10m"]);
    let mut run = run.args(&["--all-regions", "--json"]).spawn();
    services[1].freeze();
    services[1].wait_for("a connection", |seen| !seen.connections.is_empty());
    run.signal(Signal::SIGINT);
    let output = run.finish();
    output.assert_signal(Signal::SIGINT).assert_silent();
    let document = document(&output);
    assert_ends(check(&document, "stream"), "ok", None);
    let regions = check(&document, "regions");
    assert_ends(regions, "skip", None);
    assert_says(regions, "stopped by SIGINT; until then: UK3 auth ok, 25+ messages");
    assert_eq!(regions["evidence"]["UK3"]["messages"], 25);
    assert_eq!(services[2].connections(), 0);
}
