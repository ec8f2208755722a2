//! `--all-regions`: the regions are three services on one port, each on a loopback address of its own.

use std::net::TcpListener;

use libtest_mimic::Trial;

use super::document::{assert_ends, assert_says, check, document, text};
use super::good::readers_only;
use super::test;
use crate::support::ca::{Ca, Leaf};
use crate::support::run::Run;
use crate::support::service::Service;

const HOSTS: [&str; 3] =
    ["pulsar-ws-euw2.8x8.com", "pulsar-ws-use1.8x8.com", "pulsar-ws-usw2.8x8.com"];

pub fn trials() -> Vec<Trial> {
    vec![
        test("regions: the events are elsewhere", elsewhere),
        test("regions: one refuses the key, one is away", in_trouble),
        test("regions: the events are here", here),
        test("regions: nobody is asked without --all-regions", unasked),
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
    let port = services[0].port();
    let mut run = Run::new(&["--tenant", "acme", "diagnose", "--listen", "300ms"])
        .args(&["--region", region, "--port", &port.to_string()])
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
    assert_says(regions, "401");
    assert_says(regions, "refused");
    assert_eq!(regions["evidence"]["US1"]["failed_at"], "auth");
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
