//! Heads of answers that are odd, and that browsers and curl understand: one odd line is left out, and
//! the status counts.

use libtest_mimic::Trial;

use super::{assert_told, test};
use crate::support::run::Run;
use crate::support::service::proxy::{Proxy, ProxyFault};
use crate::support::service::{Fault, Service};

/// In words, and the lines. No one of them may cost the status.
const ODD: [(&str, &str); 9] = [
    ("a space in a name", "X Odd: 1\r\n"),
    ("a space behind a name", "X-Odd : 1\r\n"),
    ("a control byte in a name", "X-\u{1}Odd: 1\r\n"),
    ("a control byte in a value", "X-Odd: a\u{1}\u{1b}[2Jb\r\n"),
    ("a NUL in a value", "X-Odd: a\0b\r\n"),
    ("a line without a colon", "X-Odd\r\n"),
    ("a folded line", "X-Odd: a\r\n  b\r\n\tc\r\n"),
    ("a name that is empty", ": 1\r\n"),
    ("protocols that are none", "Sec-WebSocket-Protocol:\r\nSec-WebSocket-Extensions: \r\n"),
];

pub(super) fn trials() -> Vec<Trial> {
    let upgrades = ODD.map(|(name, lines)| {
        test(&format!("heads: an upgrade works with {name}"), move || {
            works(Fault::MoreLines(lines), None);
        })
    });
    let refusals = ODD.map(|(name, lines)| {
        test(&format!("heads: a 503 is one with {name}"), move || {
            let head = format!("HTTP/1.1 503 Service Unavailable\r\n{lines}Retry-After: 1\r\n");
            is_503(&format!("{head}Content-Length: 5\r\n\r\nlater"));
        })
    });
    let logins = ODD.map(|(name, lines)| {
        test(&format!("heads: a proxy's 407 is one with {name}"), move || {
            let basic = "Proxy-Authenticate: Basic realm=\"office\"";
            wants_login(&format!("HTTP/1.1 407 Login\r\n{lines}{basic}\r\n\r\n"), "Basic");
        })
    });
    let others = [
        test("heads: an upgrade works with lines that end without a carriage return", || {
            works(Fault::BareLines, None);
        }),
        test("heads: an upgrade works behind 100 and 103", || works(Fault::EarlyHints, None)),
        test("heads: a 503 is one behind 100", || {
            is_503(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Busy\r\nContent-Length: 5\r\n\r\nlater",
            );
        }),
        test("heads: a 503 is one with lines that end without a carriage return", || {
            is_503("HTTP/1.1 503 Busy\nContent-Length: 5\n\nlater");
        }),
        test("heads: a 503 is one with an odd reason, and without any", || {
            is_503("HTTP/1.1 503 b\u{1}usy\u{e9}\r\nContent-Length: 5\r\n\r\nlater");
            is_503("HTTP/1.1 503\r\nContent-Length: 5\r\n\r\nlater");
        }),
        test("heads: a 503 is one with 400 headers", || {
            let lines: String = (0..400).map(|number| format!("X-{number}: 1\r\n")).collect();
            is_503(&format!("HTTP/1.1 503 Busy\r\n{lines}Content-Length: 5\r\n\r\nlater"));
        }),
        test("heads: 100 without end is no answer", || {
            let service =
                Service::with(Fault::Answers("HTTP/1.1 100 Continue\r\n\r\n".repeat(9000).leak()));
            let output = Run::against(&service).fails_with("auth.not_websocket", 76);
            assert_told(&output, "auth.not_websocket", &["longer than 64 KiB"]);
        }),
        test("heads: a proxy works though its lines end without a carriage return", || {
            works(Fault::None, Some("HTTP/1.1 200 OK\nX Odd: 1\n\n"));
        }),
        test("heads: a proxy works behind 100", || {
            works(Fault::None, Some("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"));
        }),
        test("heads: a proxy that offers Basic last in one line offers it", || {
            let offer = "Negotiate, Digest realm=\"a, b\", nonce=\"c\", Basic realm=\"office\"";
            let head = format!("HTTP/1.1 407 Login\r\nProxy-Authenticate: {offer}\r\n\r\n");
            wants_login(&head, "http://USER:PASSWORD@");
        }),
        test("heads: a proxy whose realm is called Basic offers none", || {
            let offer = "Digest realm=\"a, Basic b\"";
            let head = format!("HTTP/1.1 407 Login\r\nProxy-Authenticate: {offer}\r\n\r\n");
            wants_login(&head, "local relay");
        }),
    ];
    upgrades.into_iter().chain(refusals).chain(logins).chain(others).collect()
}

fn works(fault: Fault, proxy: Option<&'static str>) {
    let service = Service::with(fault);
    service.publish("all", "{}");
    let proxy = proxy.map(|head| Proxy::start(ProxyFault::Opens(head)).forward_to(&service));
    let run = Run::against(&service).args(&["--message-id", "earliest", "-n", "1", "--retry", "0"]);
    let run = match &proxy {
        Some(proxy) => run.args(&["--proxy", &proxy.url()]),
        None => run,
    };
    run.run().assert_code(0).assert_silent().assert_lines(&["{}"]);
}

/// It is tried again, and the sentence is the service's.
fn is_503(answer: &str) {
    // A fault's words live as long as the process.
    let service = Service::builder().faults([Fault::Answers(answer.to_owned().leak())]).start();
    service.publish("all", "{}");
    let run = Run::against(&service).args(&["--message-id", "earliest", "-n", "1"]);
    let output = run.args(&["--retry-delay", "10ms"]).run();
    output.assert_code(0).assert_lines(&["{}"]);
    let is_told = output
        .trace
        .lines()
        .any(|line| line.contains("HTTP 503") && line.contains(": later [auth.server_error]"));
    assert!(is_told, "{}", output.whole());
}

fn wants_login(answer: &str, advice: &str) {
    let service = Service::builder().may_be_unreached().start();
    let proxy = Proxy::start(ProxyFault::Answers(answer.to_owned().leak()));
    let run = Run::against(&service).args(&["--proxy", &proxy.url()]);
    let output = run.fails_with("proxy.auth_required", 77);
    assert_told(&output, "proxy.auth_required", &["407", advice]);
}
