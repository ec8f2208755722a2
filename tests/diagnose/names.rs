//! Names: what their nameservers say is shown beside what the system made of it, and what a name
//! leads to is looked at. That each kind of trouble has its code is the table's business.

use std::net::Ipv4Addr;

use libtest_mimic::Trial;
use serde_json::Value;

use super::document::{assert_ends, assert_says, check, document};
use super::test;
use crate::support::ca::Leaf;
use crate::support::nameserver::Nameserver::{self, Fails, Knows, NoSuchName, Silent};
use crate::support::nameserver::Nameservers;
use crate::support::run::{Output, Run};
use crate::support::service::Service;

const HOST: &str = "pulsar-ws-usw1.8x8.com";
const CONTROL: &str = "pulsar-ws-euw2.8x8.com";

pub fn trials() -> Vec<Trial> {
    vec![
        test("dns: another name of the service resolves", only_this_name),
        test("dns: no name of the service resolves", no_name),
        test("dns: the nameservers differ", differing),
        test("dns: three dead nameservers cost no more than 12 s", dead),
        test("dns: a nameserver that answers after our own question", late),
        as_this_machine("dns: a search domain with a wildcard", wildcard),
        test("dns: the first nameserver is dead, so each lookup is slow", slow),
        test("dns: a filter's sinkhole", sinkhole),
        test("dns: this machine itself", loopback),
        test("dns: with --resolve, or an address, no nameserver is asked", unasked),
        test("dns: only the name of the proxy is looked up", proxy),
    ]
}

fn diagnosed(nameservers: &Nameservers, run: Run) -> Output {
    let run = run.args(&["diagnose", "--json", "--listen", "300ms"]);
    run.env("TAIL8X8_RESOLV_CONF", nameservers.resolv_conf()).run()
}

fn found(behaviours: &[Nameserver]) -> (Value, Vec<String>) {
    let nameservers = Nameservers::start(behaviours);
    let output = diagnosed(&nameservers, Run::new(&["--tenant", "acme", "--host", HOST]));
    output.assert_code(68).assert_silent();
    (check(&document(&output), "dns").clone(), nameservers.asked())
}

/// The control name tells "this name" from "DNS as a whole".
fn only_this_name() {
    let (dns, asked) = found(&[Knows(CONTROL, Ipv4Addr::new(203, 0, 113, 10))]);
    assert_ends(&dns, "fail", Some("dns.no_such_name"));
    assert_says(&dns, "pulsar-ws-euw2.8x8.com resolves here, so DNS works and the name is wrong");
    assert_says(&dns, "no such name (NXDOMAIN)");
    assert_eq!(dns["evidence"]["control"]["host"], CONTROL);
    assert_eq!(dns["evidence"]["control"]["resolves"], true);
    // By the lookup, by the question to the nameserver itself, and then the control.
    assert_eq!(asked, [HOST, HOST, CONTROL]);
}

fn no_name() {
    let (dns, _) = found(&[NoSuchName]);
    assert_says(&dns, "does not resolve here either");
    assert_eq!(dns["evidence"]["control"]["resolves"], false);
}

/// Each has its line, and none is blamed for the other.
fn differing() {
    let (dns, _) = found(&[Fails, Nameserver::Refuses]);
    assert_ends(&dns, "fail", Some("dns.no_answer"));
    assert_says(&dns, "failed to resolve the name (SERVFAIL)");
    assert_says(&dns, "refuses to answer (REFUSED)");
    assert_eq!(dns["evidence"]["nameservers"].as_array().unwrap().len(), 2);
    assert!(!dns["fix"][0].as_str().unwrap().contains("who wrote"), "{dns:#}");
}

/// The C library asks each of them twice, which takes half a minute. Only the limit ends it sooner,
/// since the next answer might be the right one.
fn dead() {
    let nameservers = Nameservers::start(&[Silent, Silent, Silent]);
    let run = Run::new(&["--tenant", "acme", "--host", HOST, "--connect-timeout", "9500ms"]);
    let output = diagnosed(&nameservers, run);
    output.assert_code(68).assert_silent();
    let document = document(&output);
    let dns = check(&document, "dns");
    assert_ends(dns, "fail", Some("dns.no_answer"));
    assert_says(dns, "no nameserver answers");
    assert_says(dns, "allow DNS (port 53)");
    assert_eq!(dns["evidence"]["nameservers"].as_array().unwrap().len(), 3);
    let took = document["duration_ms"].as_u64().unwrap();
    assert!(took <= 12_000, "took {took} ms");
    // The time of the questions is the check's time.
    let config = check(&document, "config")["duration_ms"].as_u64().unwrap();
    assert!(dns["duration_ms"].as_u64().unwrap() + config + 500 >= took, "{document:#}");
}

/// It works, but whoever wonders why everything is slow must not see a green check.
fn slow() {
    let name = "slow.localhost";
    let service = Service::builder().identity(Leaf::named(&[name])).start();
    service.publish_many("all", 30, |_| "{}");
    let nameservers = Nameservers::start(&[Silent, Knows(name, Ipv4Addr::LOCALHOST)]);
    let port = service.port().to_string();
    let run = Run::against(&service).args(&["--host", name, "--port", &port]);
    let output = diagnosed(&nameservers, run);
    output.assert_code(0).assert_silent();
    let document = document(&output);
    let dns = check(&document, "dns");
    assert_ends(dns, "warn", Some("dns.slow"));
    assert_says(dns, "127.0.0.1, but only after");
    assert_says(dns, "no answer");
    assert_says(dns, "fix the nameserver that does not answer");
    assert_ends(check(&document, "stream"), "ok", None);
}

/// Two are dead, and the third leaves the question unanswered by which we look for the reason: it
/// still answers the system's.
fn late() {
    let name = "late.localhost";
    let service = Service::builder().identity(Leaf::named(&[name])).start();
    service.publish_many("all", 30, |_| "{}");
    let third = Nameserver::KnowsLater(name, Ipv4Addr::LOCALHOST);
    let nameservers = Nameservers::start(&[Silent, Silent, third]);
    let port = service.port().to_string();
    let run = Run::against(&service).args(&["--host", name, "--port", &port]);
    let output = diagnosed(&nameservers, run);
    output.assert_code(0).assert_silent();
    let document = document(&output);
    assert_ends(check(&document, "dns"), "warn", Some("dns.slow"));
    assert_ends(check(&document, "stream"), "ok", None);
}

/// Where the C library can be made to ask a nameserver of ours.
fn as_this_machine(name: &str, body: fn(Nameservers)) -> Trial {
    let wildcard = Nameserver::KnowsAllBelow("corp.test", Ipv4Addr::LOCALHOST);
    let start = move || Nameservers::of_this_machine(wildcard, "search corp.test\n");
    let is_possible = super::tls::has_namespaces() && start().is_some();
    let trial = test(name, move || body(start().expect("it was possible before")));
    if is_possible {
        return trial;
    }
    trial.with_ignored_flag(true).with_kind("no namespaces here, or not the right to port 53")
}

/// The name is wrong, and the domain appended to it leads somewhere all the same.
fn wildcard(nameservers: Nameservers) {
    let name = "pulsar-ws-usw1.8x8.typo";
    let service = Service::start();
    let port = service.port().to_string();
    let conf = nameservers.resolv_conf();
    let mount = format!("mount --bind {} /etc/resolv.conf", conf.display());
    let script = super::tls::in_namespace(&mount);
    let run = |more: &[&str]| {
        let run = Run::against(&service).args(&["--host", name, "--port", &port]).args(more);
        run.through(script.path().join("run").to_str().unwrap()).run()
    };
    let output = run(&["diagnose", "--json"]);
    output.assert_code(60).assert_silent();
    let document = document(&output);
    let tls = check(&document, "tls");
    assert_ends(tls, "fail", Some("tls.name"));
    let said = format!("{name} was resolved as {name}.corp.test, by a search domain");
    assert_says(tls, &said);
    assert_says(tls, "[dns.search_domain]");
    assert_says(tls, &format!("--host {name}."));
    run(&["--retry", "0"]).assert_code(60).assert_stderr_has(&format!("--host {name}."));
    service.assert_key_never_sent();

    // With the dot the search domain is out of the way.
    let complete = format!("{name}.");
    let output = run(&["--host", &complete, "--retry", "0"]);
    output.assert_code(68).assert_stderr_has("[dns.no_such_name]");
}

fn sinkhole() {
    let nameservers = Nameservers::start(&[Knows("x.8x8.test", Ipv4Addr::UNSPECIFIED)]);
    let run = Run::new(&["--tenant", "acme", "--host", "x.8x8.test", "--port", "1"]);
    let output = diagnosed(&nameservers, run);
    output.assert_code(69).assert_silent();
    let document = document(&output);
    assert_ends(check(&document, "dns"), "warn", Some("dns.odd_address"));
    assert_says(check(&document, "dns"), "0.0.0.0 is a sinkhole address");
    assert_ends(check(&document, "tcp"), "fail", Some("tcp.refused"));
    assert_says(check(&document, "tcp"), "a DNS filter");
}

fn loopback() {
    let service = Service::start();
    service.publish_many("all", 30, |_| "{}");
    let nameservers = Nameservers::start(&[Knows("x.8x8.test", Ipv4Addr::LOCALHOST)]);
    let port = service.port().to_string();
    let run = Run::against(&service).args(&["--host", "x.8x8.test", "--port", &port]);
    let output = diagnosed(&nameservers, run);
    output.assert_code(0).assert_silent();
    let document = document(&output);
    assert_ends(check(&document, "dns"), "warn", Some("dns.odd_address"));
    assert_says(check(&document, "dns"), "this machine itself");
}

/// The proxy looks the service up, and nobody here learns of it.
fn proxy() {
    let nameservers = Nameservers::start(&[NoSuchName]);
    let run = Run::new(&["--tenant", "acme", "--host", HOST, "--proxy", "http://proxy.test:3128"]);
    let output = diagnosed(&nameservers, run);
    output.assert_code(68).assert_silent();
    let document = document(&output);
    assert_ends(check(&document, "dns"), "fail", Some("dns.no_such_name"));
    assert_eq!(nameservers.asked(), ["proxy.test", "proxy.test"]);
}

/// Also when it fails, which is when nameservers would be asked.
fn unasked() {
    let nameservers = Nameservers::start(&[NoSuchName]);
    for (host, resolve) in [(HOST, format!("{HOST}:1:127.0.0.1")), ("127.0.0.1", "x:1:::1".into())]
    {
        let run = Run::new(&["--tenant", "acme", "--host", host, "--port", "1"]);
        let output = diagnosed(&nameservers, run.args(&["--resolve", &resolve, "--all-regions"]));
        output.assert_code(69).assert_silent();
    }
    assert_eq!(nameservers.asked(), [""; 0]);
}
