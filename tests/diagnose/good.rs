//! Nothing is wrong: what is said of a stream that works.

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::document::{assert_ends, assert_says, check, document, text};
use super::{alone, test};
use crate::support::run::{Output, Run};
use crate::support::service::Service;
use crate::support::service::proxy::{Proxy, ProxyFault};

/// Longer than a run may take here: whoever ends has not waited for its end.
const LONG: &[&str] = &["diagnose", "--listen", "10m"];

pub fn trials() -> Vec<Trial> {
    vec![
        test("good: events arrive, as a document", document_of_events),
        test("good: events arrive, as text", text_of_events),
        alone("good: it takes less than a second beside the listening", fast),
        test("good: without TLS", plain),
        test("good: through a proxy", proxied),
    ]
}

/// Diagnoses while an event comes.
fn with_event(service: &Service, run: Run) -> Output {
    let connected = service.seen().upgraded();
    let run = run.spawn();
    service.wait_for_connections(connected + 1);
    service.publish("all", r#"{"number":1}"#);
    run.finish()
}

fn document_of_events() {
    let service = Service::start();
    let output = with_event(&service, Run::against(&service).args(LONG).arg("--json"));
    output.assert_code(0).assert_silent();
    let document = document(&output);
    assert_eq!((&document["verdict"], &document["first_problem"]), (&json!("ok"), &Value::Null));
    assert_eq!(document["api_key"]["sent"], true);
    assert_eq!(document["api_key"]["kind"], "admin_console");
    assert_eq!(document["target"]["port"], service.port());
    for id in ["config", "dns", "tcp", "tls", "auth", "stream"] {
        assert_ends(check(&document, id), "ok", None);
    }
    assert_ends(check(&document, "proxy"), "skip", None);
    assert_says(check(&document, "regions"), "--all-regions");
    assert_eq!(check(&document, "auth")["evidence"]["http_status"], 101);
    assert_says(check(&document, "tls"), "TLSv1.3; localhost, valid to 20");
    assert_eq!(check(&document, "tls")["evidence"]["version"], "TLSv1.3");

    let stream = check(&document, "stream");
    assert_says(stream, "1 message, newest");
    assert_says(stream, "acknowledgement sent");
    assert_says(stream, "ping answered in");
    let evidence = &stream["evidence"];
    assert_eq!(evidence["messages"], 1);
    assert_eq!(evidence["end_of_topic"], false);
    assert!(evidence["ping_ms"].as_u64().unwrap() < 60_000);
    assert!(evidence["newest_age_ms"].as_u64().unwrap() < 60_000);
    service.wait_for_acks(1);
    service.assert_acked_once();
    readers_only(&service);
}

fn text_of_events() {
    let service = Service::start();
    let output = with_event(&service, Run::against(&service).args(LONG));
    output.assert_code(0).assert_silent();
    let lines = text(&output);
    assert!(lines[0].starts_with("tail8x8 ") && lines[0].contains(" diagnose  20"), "{}", lines[0]);
    assert!(lines[1].starts_with("target  wss://127.0.0.1:"), "{}", lines[1]);
    let using = format!("{} {}", lines[2], lines[3]);
    assert!(using.starts_with("using   ") && using.contains("key: Admin Console key"), "{using}");
    let last = lines.last().unwrap();
    assert_eq!(last, "RESULT: ok - dns, tcp, tls and auth work, and events arrive.");
    assert!(lines.iter().any(|line| line.starts_with("time    ")), "{}", output.whole());
}

/// The fastest of a few, since the machine may be busy.
fn fast() {
    let took = |_| {
        let service = Service::start();
        let output = with_event(&service, Run::against(&service).args(LONG).arg("--json"));
        let document = document(&output);
        let listened = check(&document, "stream")["evidence"]["listened_ms"].as_u64().unwrap();
        document["duration_ms"].as_u64().unwrap() - listened
    };
    let mut tries = (0..5).map(took);
    assert!(tries.any(|took| took < 1000), "always more than a second beside the listening");
}

fn plain() {
    let service = Service::builder().plain().start();
    let output = with_event(&service, Run::against(&service).args(LONG).arg("--json"));
    let document = document(&output);
    output.assert_code(0);
    assert_ends(check(&document, "tls"), "skip", None);
    assert_says(check(&document, "tls"), "ws:// has no TLS");
    assert_ends(check(&document, "stream"), "ok", None);
}

fn proxied() {
    let service = Service::start();
    let proxy = Proxy::start(ProxyFault::None).forward_to(&service);
    let run = Run::against(&service).args(LONG).args(&["--json", "--proxy", &proxy.url()]);
    let output = with_event(&service, run);
    output.assert_code(0).assert_silent();
    let document = document(&output);
    for id in ["dns", "tcp", "proxy", "tls", "auth", "stream"] {
        assert_ends(check(&document, id), "ok", None);
    }
    assert_says(check(&document, "proxy"), "CONNECT accepted");
    assert_eq!(document["proxy"]["port"], proxy.port());
    assert_eq!(document["target"]["port"], service.port());
    assert_eq!(proxy.connects().len(), 1);
}

/// A consumer would make a subscription, or take its messages.
pub fn readers_only(service: &Service) {
    let seen = service.seen();
    let requests: Vec<_> = seen.connections.iter().filter_map(|it| it.request.as_ref()).collect();
    assert!(!requests.is_empty());
    for request in requests {
        assert!(request.path.contains("/reader/"), "{}", request.path);
    }
}
