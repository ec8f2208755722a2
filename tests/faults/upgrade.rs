//! Step auth: every answer to the upgrade that is none, with the server's own sentence in the line,
//! and the odd ones that are legal.

use libtest_mimic::Trial;

use super::{Row, assert_told, row, test};
use crate::support::run::{Key, Run};
use crate::support::service::{Body, Fault, Service, Version};

#[rustfmt::skip]
fn table() -> Vec<Row> {
    use Fault::{RetryAfter, Status};
    vec![
        row("auth: 401 and a JSON message", Status(401, Body::JsonMessage("no such key here")), "auth.unauthorized", 77, &["HTTP 401", "no such key here", "typos"]),
        row("auth: 401 and no body", Status(401, Body::None), "auth.unauthorized", 77, &["HTTP 401", "typos"]),
        row("auth: 403 and a page", Status(403, Body::Page("403 Forbidden by gateway")), "auth.forbidden", 77, &["HTTP 403", "Forbidden by gateway", "topic `all`"]),
        row("auth: 404", Status(404, Body::JsonReason("Topic not found")), "auth.not_found", 78, &["HTTP 404", "Topic not found", "--topic"]),
        row("auth: 400", Status(400, Body::Jetty("Bad parameter")), "auth.bad_request", 78, &["HTTP 400", "Bad parameter", "--message-id"]),
        row("auth: 409", Status(409, Body::Jetty("Consumer is busy")), "auth.busy", 75, &["HTTP 409", "Consumer is busy", "the other consumer"]),
        row("auth: 429", RetryAfter(429, 7), "auth.rate_limited", 75, &["HTTP 429", "slow down", "only one reader"]),
        row("auth: 500 and an unknown sentence", Status(500, Body::Jetty("Server <is> \"unwell\"")), "auth.server_error", 69, &["HTTP 500", "Server <is> \"unwell\"", "8x8 support"]),
        row("auth: 500 and a missing namespace", Status(500, Body::Jetty("Failed to create reader: {\"errorMsg\":\"Namespace not found\"}")), "auth.refused", 78, &["Namespace not found", "--namespace"]),
        row("auth: 500 and an unreadable message id", Status(500, Body::Jetty("Failed to create reader: Invalid messageId")), "auth.refused", 78, &["Invalid messageId", "--message-id"]),
        row("auth: 500 and a JSON errorMsg", Status(500, Body::JsonErrorMsg("all brokers are away")), "auth.server_error", 69, &["all brokers are away"]),
        row("auth: 502", Status(502, Body::Page("502 Bad Gateway")), "auth.server_error", 69, &["HTTP 502", "service behind it"]),
        row("auth: 503", Status(503, Body::Text("try again later")), "auth.server_error", 69, &["HTTP 503", "try again later"]),
        row("auth: 504", Status(504, Body::Page("504 Gateway Time-out")), "auth.server_error", 69, &["HTTP 504 Gateway Timeout ["]),
        row("auth: 200, a page", Status(200, Body::Page("Welcome")), "auth.not_websocket", 76, &["HTTP 200", "Welcome", "portal"]),
        row("auth: 301", Status(301, Body::None), "auth.not_websocket", 76, &["HTTP 301", "portal.8x8.test"]),
        row("auth: 302 to a portal", Status(302, Body::Page("Log in")), "auth.not_websocket", 76, &["HTTP 302", "portal.8x8.test", "login page"]),
        row("auth: 405", Status(405, Body::None), "auth.not_websocket", 76, &["HTTP 405", "--host"]),
        row("auth: 407 inside the tunnel", Status(407, Body::None), "auth.not_websocket", 76, &["HTTP 407", "proxy"]),
        row("auth: 426", Status(426, Body::Text("upgrade, please")), "auth.not_websocket", 76, &["HTTP 426", "upgrade, please", "strips `Upgrade`"]),
        row("auth: the sentence comes late", Status(503, Body::Late("late but here")), "auth.server_error", 69, &["late but here"]),
        row("auth: the sentence comes in chunks", Status(503, Body::Chunked("in two chunks, whole")), "auth.server_error", 69, &["in two chunks, whole"]),
        row("auth: the sentence is cut short", Status(503, Body::CutShort("half of it is here and not the rest")), "auth.server_error", 69, &["half of it is"]),
        row("auth: the sentence ends with the connection", Status(503, Body::Unmeasured("no length was said")), "auth.server_error", 69, &["no length was said"]),
        row("auth: a body without end", Status(503, Body::Huge), "auth.server_error", 69, &["HTTP 503", "too much"]),
        row("auth: the body repeats the key", Status(401, Body::EchoesKey), "auth.unauthorized", 77, &["the key (redacted)", "is not welcome"]),
        row("auth: somebody else's accept", Fault::WrongAccept, "auth.bad_accept", 76, &["Sec-WebSocket-Accept", "caching"]),
        row("auth: no accept", Fault::MissingAccept, "auth.bad_accept", 76, &["Sec-WebSocket-Accept", "caching"]),
        row("auth: 101 without Upgrade", Fault::MissingUpgrade, "auth.not_websocket", 76, &["101 without `Upgrade", "strips"]),
        row("auth: 101 without Connection", Fault::MissingConnection, "auth.not_websocket", 76, &["101 without `Connection", "strips"]),
        row("auth: a head too large", Fault::HeadTooLarge, "auth.not_websocket", 76, &["longer than 64 KiB"]),
        row("auth: the head drips", Fault::HeadDrips, "auth.timeout", 69, &["1s", "--connect-timeout"]).with(&["--connect-timeout", "1s"]),
        row("auth: HTTP/1.0", Fault::Http10, "auth.not_websocket", 76, &["200"]),
        row("auth: garbage", Fault::UpgradeGarbage, "auth.not_websocket", 76, &["not HTTP"]),
        row("auth: HTTP/2", Fault::Http2Preface, "auth.not_websocket", 76, &["not HTTP", "PRI"]),
        row("auth: hangs up", Fault::UpgradeEof, "auth.closed", 69, &["closed without an answer", "gateway"]),
        row("auth: hangs up inside the head", Fault::UpgradeEofInHead, "auth.closed", 69, &["closed", "gateway"]),
        row("auth: resets", Fault::UpgradeReset, "auth.reset", 69, &["reset", "gateway"]),
        row("auth: silent", Fault::UpgradeSilent, "auth.timeout", 69, &["1s", "30 to 60 s to say so"]).with(&["--connect-timeout", "1s"]),
    ]
}

/// Unusual, but as the standards allow it.
const LEGAL: [(&str, Fault); 7] = [
    ("Connection: keep-alive, Upgrade", Fault::KeepAliveUpgrade),
    ("header names in lower case", Fault::LowerCaseHead),
    ("130 headers", Fault::ManyHeaders),
    ("a head in small pieces", Fault::HeadInPieces),
    ("the first frame glued on the 101", Fault::GluedFrame),
    ("messages in fragments, pings between", Fault::Fragmented),
    ("binary messages", Fault::Binary),
];

pub(super) fn trials() -> Vec<Trial> {
    let rows = table().into_iter().map(|row| {
        row.trial(|_, service, output| {
            // A redirect most of all is not followed.
            assert_eq!(service.connections(), 1, "{}", output.whole());
            assert!(output.stdout.is_empty());
        })
    });
    let legal =
        LEGAL.map(|(name, fault)| test(&format!("auth: {name} works"), move || works(&fault)));
    let long = test("auth: a key that a long sentence cuts is not shown", cut_key);
    let own = [
        test("auth: a key the gateway does not know", || {
            let run = |run: Run| run.key(Key::Text("eght_of-somebody-else".into()));
            refused(Service::start(), run, "auth.unauthorized", 77);
        }),
        test("auth: a key without the rights", || {
            let key = "eght_without-rights";
            let service = Service::builder().forbidden_key(key).start();
            refused(service, |run| run.key(Key::Text(key.into())), "auth.forbidden", 77);
        }),
        test("auth: an unknown tenant, as Pulsar 4.0 says it", || {
            let service = Service::builder().pulsar(Version::V4_0).start();
            refused(service, |run| run.args(&["--tenant", "nobody"]), "auth.refused", 78);
        }),
        test("auth: an unknown tenant, as Pulsar 4.2 says it", || {
            let service = Service::builder().pulsar(Version::V4_2).start();
            refused(service, |run| run.args(&["--tenant", "nobody"]), "auth.not_found", 78);
        }),
    ];
    rows.chain(legal).chain([long]).chain(own).collect()
}

fn works(fault: &Fault) {
    let service = Service::with(fault.clone());
    let lines = [r#"{"number":1}"#, r#"{"number":2}"#, r#"{"number":3}"#];
    for line in lines {
        service.publish("all", line);
    }
    let run = Run::against(&service).args(&["--message-id", "earliest", "-n", "3"]);
    run.args(&["--retry", "0"]).run().assert_code(0).assert_silent().assert_lines(&lines);
    service.wait_for_acks(3);
    service.assert_acked_once();
}

/// The sentence is shortened, and what is left of the key in it must not be shown either.
fn cut_key() {
    let key = format!("eght_{}", "0123456789abcdef".repeat(20));
    let service = Service::builder().no_key_check().always(Fault::Status(401, Body::EchoesKey));
    let service = service.start();
    let run = Run::against(&service).key(Key::Text(key.clone()));
    let output = run.fails_with("auth.unauthorized", 77);
    assert!(!output.trace.contains(&key[5..21]), "a part of the key\n{}", output.whole());
}

/// By the service's own rules, and for good: without `--retry 0`.
fn refused(service: Service, with: impl Fn(Run) -> Run, code: &str, exit: i32) {
    let output = with(Run::against(&service)).run();
    output.assert_code(exit);
    assert_told(&output, code, &["HTTP "]);
    assert_eq!(service.connections(), 1);
}
