//! A stream without a first event: what a second reader finds at the topic's beginning, and how much
//! that proves.

use std::time::{Duration, SystemTime};

use libtest_mimic::Trial;

use super::document::{assert_ends, assert_says, check, document, text};
use super::good::readers_only;
use super::test;
use crate::support::run::Run;
use crate::support::service::{Body, Fault, Odd, Service};

const SHORT: &[&str] = &["diagnose", "--listen", "300ms"];

pub fn trials() -> Vec<Trial> {
    vec![
        test("silent, but the topic holds messages", retained),
        test("silent, and what the topic holds is old", stale),
        test("silent, and the topic was terminated", terminated),
        test("silent, and nobody knows such a topic", unknown_topic),
        test("silent, and the topic holds only some of the events", quiet_topic),
        test("the link lives, and then the session is closed", closed_later),
        test("some of the messages cannot be decoded", some_bad),
        test("silent, and a second reader is refused", refused),
        test("silent, and a second reader finds the port closed", away),
        test("silent, and the topic's messages stall", stalled),
    ]
}

/// More than the probe's window, so that they come only if they are acknowledged.
fn retained() {
    let service = Service::start();
    service.publish_many("all", 40, |number| format!("{{\"number\":{number}}}"));
    let run = |more: &[&str]| Run::against(&service).args(SHORT).args(more).run();
    let output = run(&["--json"]);
    output.assert_code(0).assert_silent();
    let document = document(&output);
    assert_eq!(document["verdict"], "ok", "{document:#}");
    let stream = check(&document, "stream");
    assert_ends(stream, "ok", None);
    assert_says(stream, "no message in 300ms, but at least 25 retained");
    assert_says(stream, "events can flow");
    assert_says(stream, "acknowledgements work: more messages arrived than the window holds");
    assert_eq!(stream["evidence"]["messages"], 0);
    assert_eq!(stream["evidence"]["earliest_probe"]["messages"], 25);
    let summary = document["summary"].as_str().unwrap();
    assert!(!summary.contains("events arrive"), "none did: {summary}");
    readers_only(&service);

    let lines = text(&run(&["--strict"]).assert_code(0).clone());
    assert!(lines.last().unwrap().starts_with("RESULT: ok - "), "{lines:#?}");
}

fn stale() {
    let service = Service::start();
    let old = SystemTime::now() - Duration::from_secs(3 * 24 * 3600);
    service.publish_at("all", "{}", old);
    let output = Run::against(&service).args(SHORT).args(&["--json", "--strict"]).run();
    output.assert_code(10);
    let document = document(&output);
    let stream = check(&document, "stream");
    assert_ends(stream, "warn", Some("stream.stale"));
    assert_says(stream, "events can flow");
    assert_says(stream, "cause an event");
    assert_eq!(stream["see"], "No Messages Received");
    let age = stream["evidence"]["earliest_probe"]["newest_age_ms"].as_u64().unwrap();
    assert!(age > 2 * 24 * 3600 * 1000, "{stream:#}");
}

fn terminated() {
    let service = Service::start();
    service.publish("all", "{}");
    service.terminate("all");
    let output = Run::against(&service).args(SHORT).arg("--json").run();
    output.assert_code(0);
    let document = document(&output);
    let stream = check(&document, "stream");
    assert_ends(stream, "warn", Some("stream.terminated"));
    assert_says(stream, "nothing more is ever published");
    assert_eq!(stream["evidence"]["end_of_topic"], true);
}

/// To read it makes it, so it is as empty as in the wrong region.
fn unknown_topic() {
    for (topic, nearest) in [("InteractionCreted", "InteractionCreated"), ("x", "all")] {
        let service = Service::start();
        let output = Run::against(&service).args(SHORT).args(&["--topic", topic, "--json"]).run();
        output.assert_code(0);
        let document = document(&output);
        assert_ends(check(&document, "config"), "warn", Some("config.warning"));
        assert_says(check(&document, "config"), &format!("unknown topic `{topic}`"));
        let stream = check(&document, "stream");
        assert_ends(stream, "warn", Some("stream.silent"));
        assert_says(stream, &format!("did you mean --topic {nearest}?"));
        let said = format!("{} {} {}", stream["notes"], stream["fix"], document["summary"]);
        assert!(!said.to_lowercase().contains("region"), "{said}");
        assert!(said.contains("unknown topic"), "{said}");
    }
}

/// That one agent did nothing, or that one thing did not happen, is no sign of a wrong region.
fn quiet_topic() {
    for (namespace, topic) in [("event-v1", "InteractionDeleted"), ("agent-v1", "agAbCd")] {
        let service = Service::builder().namespace("acme", namespace).start();
        let run = Run::against(&service).args(SHORT).args(&["--topic", topic, "--json"]);
        let output = run.args(&["--namespace", namespace]).run();
        output.assert_code(0).assert_silent();
        let document = document(&output);
        assert_ends(check(&document, "config"), "ok", None);
        let stream = check(&document, "stream");
        assert_ends(stream, "warn", Some("stream.silent"));
        assert_says(stream, "--namespace event-v1 --topic all");
        let summary = document["summary"].as_str().unwrap();
        assert!(!summary.contains("region"), "{summary}");
    }
}

/// Not all, so the stream is another's mistake and no failure of ours.
fn some_bad() {
    let service = Service::start();
    service.publish_many("all", 10, |number| format!("{{\"number\":{number}}}"));
    service.publish_odd("all", Odd::NotBase64);
    service.publish_many("all", 20, |number| format!("{{\"number\":{number}}}"));
    let output = Run::against(&service).args(SHORT).arg("--json").run();
    output.assert_code(0);
    let document = document(&output);
    let stream = check(&document, "stream");
    assert_ends(stream, "warn", Some("stream.bad_payload"));
    assert_says(stream, "1 of 25 cannot be decoded");
    assert_eq!(stream["see"], "Cannot Decode Payload");
}

/// The link of the first is alive, but that says nothing of the way to the broker.
fn refused() {
    let busy = Fault::Status(503, Body::Text("no broker is left"));
    let service = Service::builder().faults([Fault::None, busy]).start();
    let output = Run::against(&service).args(SHORT).arg("--json").run();
    output.assert_code(69).assert_silent();
    let document = document(&output);
    assert_ends(check(&document, "auth"), "ok", None);
    let stream = check(&document, "stream");
    assert_ends(stream, "fail", Some("auth.server_error"));
    assert_says(stream, "no broker is left");
    assert_says(stream, "ping answered in");
    assert_says(stream, "events cannot flow");
}

fn away() {
    let service = Service::start();
    let run = Run::against(&service).args(&["diagnose", "--json", "--listen", "3s"]).spawn();
    service.wait_for_connections(1);
    service.stop_listening();
    let output = run.finish();
    output.assert_code(69).assert_silent();
    let document = document(&output);
    let stream = check(&document, "stream");
    assert_ends(stream, "fail", Some("tcp.refused"));
    assert_says(stream, "ping answered in");
    assert_says(stream, "events cannot flow");
}

/// Five come, as many as the window holds, and then nothing: not even an answer to a ping.
fn stalled() {
    let frozen = Service::builder().faults([Fault::None, Fault::Freeze]).fault_after(5).start();
    frozen.publish_many("all", 40, |_| "{}");
    let output = Run::against(&frozen).args(SHORT).arg("--json").run();
    output.assert_code(69).assert_silent();
    let document = document(&output);
    let stream = check(&document, "stream");
    assert_ends(stream, "fail", Some("stream.no_pong"));
    assert_eq!(stream["evidence"]["earliest_probe"]["messages"], 5, "{stream:#}");
}

/// That it lived until then belongs to the evidence.
fn closed_later() {
    let service = Service::start();
    let run = Run::against(&service).args(&["diagnose", "--json", "--listen", "20s"]).spawn();
    service.wait_for("a ping", |seen| seen.connections.iter().any(|it| it.pings > 0));
    service.close_all(1001, "going down for maintenance");
    let output = run.finish();
    output.assert_code(69).assert_silent();
    let document = document(&output);
    let stream = check(&document, "stream");
    assert_ends(stream, "fail", Some("stream.closed"));
    assert_says(stream, "going down for maintenance");
    assert_says(stream, "ping answered in");
    assert!(stream["evidence"]["ping_ms"].is_u64(), "{stream:#}");
}
