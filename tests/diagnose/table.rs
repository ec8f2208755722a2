//! Every fault, and what is said of it. One row for each: the fault in words, the fault, the code
//! (whose first part is the check), the exit code, words of what to do, and the heading of 8x8's
//! troubleshooting page.

use libtest_mimic::Trial;
use serde_json::Value;

use super::document::{IDS, assert_ends, assert_says, check, document, text};
use super::test;
use crate::support::ca::{Leaf, SignedBy};
use crate::support::nameserver::{Nameserver, Nameservers};
use crate::support::run::Run;
use crate::support::service::proxy::{Proxy, ProxyFault};
use crate::support::service::{Body, Fault, Odd, Service, Version};

/// Where the fault is.
enum At {
    /// In the arguments; nobody is reached.
    Line,
    /// In what the nameserver says to the name of a host that is not given.
    Nameserver(Nameserver),
    Proxy(ProxyFault),
    Service(Fault),
    /// In what is asked of a service of this version that works.
    Pulsar(Version),
    /// In the key: the service knows another one.
    Key,
}

struct Row {
    name: &'static str,
    at: At,
    code: &'static str,
    exit: i32,
    fix: &'static str,
    see: Option<&'static str>,
    /// More that the check must say.
    says: &'static [&'static str],
    args: &'static [&'static str],
    /// So many messages are in the topic.
    published: usize,
}

const CONNECT: &str = "Cannot Connect to WebSocket";
const CERTIFICATE: &str = "TLS/SSL Certificate Errors";
const TIMEOUT: &str = "Connection Timeout";
const REFUSED: &str = "Common Error Messages: connection refused";
const DEADLINE: &str = "Common Error Messages: context deadline exceeded";
const EOF: &str = "Common Error Messages: EOF or unexpected EOF";
const SILENT: &str = "Wrong Regional Endpoint / No Messages Received";
const NO_ROW: &str = "";

/// For rows that are about a limit on time.
const SOON: &[&str] = &["--connect-timeout", "2s"];

/// The same, with room for a handshake on a busy machine.
const LATER: &[&str] = &["--connect-timeout", "6s"];

const PINGS: &[&str] = &["--listen", "20s", "--ping-interval", "300ms", "--ping-timeout", "300ms"];

#[rustfmt::skip]
fn table() -> Vec<Row> {
    use Fault::{Certificate, Close, RetryAfter, Status};
    use At::{Line, Pulsar};
    let signed_by = |by| Certificate(Leaf::signed_by(by));
    let unknown = |root_sent| SignedBy::UnknownCa { root_sent };
    let both = Leaf { names: vec!["other.8x8.test".into()], ..Leaf::expired() };
    let all = Leaf { signed_by: SignedBy::Itself, ..both.clone() };
    vec![
        nameserver("knows no such name", Nameserver::NoSuchName, "dns.no_such_name", "--cluster").says(&["no such name", "NXDOMAIN"]),
        nameserver("knows no such name of a proxy", Nameserver::NoSuchName, "dns.no_such_name", "--proxy").with(&["--proxy", "http://proxy.test:3128"]).says(&["proxy proxy.test"]),
        nameserver("knows the name without an address", Nameserver::NoAddress, "dns.no_address", "split DNS").says(&["has no IPv4 address"]),
        nameserver("fails", Nameserver::Fails, "dns.no_answer", "tell whoever runs it").says(&["SERVFAIL"]),
        nameserver("refuses", Nameserver::Refuses, "dns.no_answer", "check the VPN").says(&["REFUSED"]),
        nameserver("says nothing", Nameserver::Silent, "dns.no_answer", "allow DNS (port 53)").says(&["127.0.0.1", "no answer"]),
        nameserver("is not there", Nameserver::PortClosed, "dns.no_answer", "/etc/resolv.conf").says(&["port closed"]),
        nameserver("cannot be reached", Nameserver::Unreachable, "dns.no_answer", "the network and the VPN").says(&["cannot be reached"]),
        nameserver("is not what answers", Nameserver::Garbage, "dns.no_answer", "port 53").says(&["something intercepts DNS"]),
        line("only IPv6 addresses, IPv4 asked for", "dns.no_address", 68, "-4", CONNECT).with(&["--host", "x.8x8.test", "-4", "--resolve", "x.8x8.test:443:::1"]),
        line("only IPv4 addresses, IPv6 asked for", "dns.no_address", 68, "-6", CONNECT).with(&["--host", "127.0.0.1", "-6"]),
        line("a sinkhole's address", "tcp.refused", 69, "a DNS filter", REFUSED).with(&["--host", "x.8x8.test", "--port", "1", "--resolve", "x.8x8.test:1:0.0.0.0"]).says(&["resolves to 0.0.0.0"]),

        service("nobody listens", Fault::Refuse, "tcp.refused", 69, "outbound HTTPS (port", REFUSED),
        service("no answer at all", Fault::BacklogFull, "tcp.timeout", 69, "allow outbound port", TIMEOUT).with(SOON),
        service("closed once accepted", Fault::CloseAfterAccept, "tls.closed", 69, "firewall", EOF),
        service("silent once accepted", Fault::SilentAfterAccept, "tls.timeout", 69, "--connect-timeout", TIMEOUT).with(SOON),

        proxy("its port refuses", ProxyFault::Refuse, "tcp.refused", 69, "port", REFUSED).says(&["proxy 127.0.0.1"]),
        proxy("wants a login", ProxyFault::Login("user", "password"), "proxy.auth_required", 77, "http://USER:PASSWORD@", CONNECT).says(&["407", "Basic"]),
        proxy("wants NTLM", ProxyFault::NtlmOnly, "proxy.auth_required", 77, "local relay", CONNECT).says(&["407", "Negotiate, NTLM"]),
        proxy("forbids it by policy", ProxyFault::Forbidden, "proxy.forbidden", 77, "administrator", CONNECT).says(&["403", "ERR_ACCESS_DENIED"]),
        proxy("cannot connect (502)", ProxyFault::Status(502), "proxy.target_unreachable", 69, "proxy's own DNS", CONNECT).says(&["502"]),
        proxy("waits too long (504)", ProxyFault::Status(504), "proxy.target_unreachable", 69, "proxy's own DNS", CONNECT).says(&["504"]),
        proxy("is a web server (400)", ProxyFault::Status(400), "proxy.not_a_proxy", 76, "address and port", CONNECT).says(&["400"]),
        proxy("is a captive portal", ProxyFault::Portal, "proxy.not_a_proxy", 76, "address and port", CONNECT).says(&["302", "portal.8x8.test"]),
        proxy("is a SOCKS port", ProxyFault::Socks, "proxy.not_a_proxy", 76, "no SOCKS", CONNECT).says(&["speaks SOCKS"]),
        proxy("is a TLS port", ProxyFault::Tls, "proxy.not_a_proxy", 76, "no https://", CONNECT).says(&["speaks TLS"]),
        proxy("answers garbage", ProxyFault::Garbage, "proxy.not_a_proxy", 76, "CONNECT", CONNECT),
        proxy("is silent", ProxyFault::Silence, "proxy.timeout", 69, "--connect-timeout", TIMEOUT).with(SOON),
        proxy("drips its answer", ProxyFault::HeadDrips, "proxy.timeout", 69, "--connect-timeout", TIMEOUT).with(SOON),
        proxy("hangs up", ProxyFault::Eof, "proxy.closed", 69, "its port", CONNECT),
        proxy("resets", ProxyFault::Reset, "proxy.closed", 69, "its port", CONNECT).says(&["reset"]),
        proxy("opens the tunnel to a page", ProxyFault::OkThenHtml, "tls.not_tls", 76, "portal", CERTIFICATE).says(&["HTTP/1.1 200 OK"]),
        proxy("opens the tunnel and hangs up", ProxyFault::OkThenEof, "tls.closed", 69, "firewall", EOF),
        proxy("opens the tunnel to silence", ProxyFault::OkThenSilence, "tls.timeout", 69, "--connect-timeout", TIMEOUT).with(SOON),

        service("self-signed", signed_by(SignedBy::Itself), "tls.untrusted", 60, "--ca-file", CERTIFICATE).says(&["self-signed"]),
        service("an inspecting proxy's authority", signed_by(unknown(true)), "tls.intercepted", 60, "TLS inspection", CERTIFICATE).says(&["intercepted by", "or trust your company's root", "avoid"]),
        service("an unknown authority", signed_by(unknown(false)), "tls.intercepted", 60, "TLS inspection", CERTIFICATE).says(&["the name is right", "its chain"]),
        service("the intermediate is missing", signed_by(SignedBy::Intermediate { sent: false }), "tls.missing_intermediate", 60, "its chain is incomplete", CERTIFICATE).says(&["Test Intermediate", "--ca-file intermediate.pem"]),
        service("expired", Certificate(Leaf::expired()), "tls.expired", 60, "date -u", CERTIFICATE).says(&["expired on"]),
        service("not yet valid", Certificate(Leaf::not_yet_valid()), "tls.not_yet_valid", 60, "clock", CERTIFICATE).says(&["is not valid before"]),
        service("another host's certificate", Certificate(Leaf::named(&["other.8x8.test"])), "tls.name", 60, "--host", CERTIFICATE).says(&["not for 127.0.0.1 but for other.8x8.test"]),
        service("another host's certificate, and expired", Certificate(both), "tls.name", 60, "--host", CERTIFICATE).says(&["not for 127.0.0.1 but for other.8x8.test", "expired on", "[tls.expired]"]),
        service("self-signed, another host's, and expired", Certificate(all), "tls.untrusted", 60, "--ca-file", CERTIFICATE).says(&["self-signed", "[tls.name]", "[tls.expired]"]),
        service("a weak key", Certificate(Leaf::weak()), "tls.weak", 60, "inspection proxy", CERTIFICATE).says(&["too weak"]),
        service("the port speaks HTTP", Fault::SpeaksHttp, "tls.not_tls", 76, "host and port", CERTIFICATE).says(&["HTTP/1.1 400 Bad Request"]),
        service("the port speaks SMTP", Fault::SpeaksSmtp, "tls.not_tls", 76, "host and port", CERTIFICATE).says(&["220 mail.8x8.test ESMTP"]),
        service("the port speaks garbage", Fault::SpeaksGarbage, "tls.not_tls", 76, "host and port", CERTIFICATE),
        service("silent after our hello", Fault::TlsSilent, "tls.timeout", 69, "--connect-timeout", TIMEOUT).with(SOON),
        service("drips its hello", Fault::TlsDrips, "tls.timeout", 69, "--connect-timeout", TIMEOUT).with(SOON),
        service("closed after our hello", Fault::TlsEof, "tls.closed", 69, "firewall", EOF),
        service("reset after our hello", Fault::TlsReset, "tls.reset", 69, "firewall", EOF),
        service("no common cipher", Fault::TlsHandshakeFailure, "tls.handshake", 76, "inspection proxy", CERTIFICATE),
        service("the server is too old", Fault::TlsTooOld, "tls.handshake", 76, "middlebox", CERTIFICATE).says(&["not support TLS 1.2"]),
        service("this name is not served there", Fault::TlsUnrecognizedName, "tls.handshake", 76, "inspection proxy", CERTIFICATE).says(&["does not know this host name"]),
        service("a firewall's policy", Fault::TlsAccessDenied, "tls.handshake", 76, "inspection proxy", CERTIFICATE).says(&["access_denied"]),
        service("the server's own trouble", Fault::TlsInternalError, "tls.handshake", 76, "inspection proxy", CERTIFICATE).says(&["internal_error"]),

        row("a key the gateway does not know", At::Key, "auth.unauthorized", 77, "tenant", "401 Unauthorized").says(&["401"]),
        service("401 and a JSON message", Status(401, Body::JsonMessage("no such key here")), "auth.unauthorized", 77, "tenant", "401 Unauthorized").says(&["401", "no such key here"]),
        service("401 that repeats the key", Status(401, Body::EchoesKey), "auth.unauthorized", 77, "tenant", "401 Unauthorized"),
        service("403 and a page", Status(403, Body::Page("403 Forbidden by gateway")), "auth.forbidden", 77, "topic `all`", "403 Forbidden").says(&["403", "Forbidden by gateway"]),
        service("404", Status(404, Body::JsonReason("Topic not found")), "auth.not_found", 78, "--topic", NO_ROW).says(&["404", "Topic not found"]),
        service("400", Status(400, Body::Jetty("Bad parameter")), "auth.bad_request", 78, "--message-id", NO_ROW).says(&["400", "Bad parameter"]),
        service("409", Status(409, Body::Jetty("Consumer is busy")), "auth.busy", 75, "the other consumer", NO_ROW).says(&["409"]),
        service("429", RetryAfter(429, 7), "auth.rate_limited", 75, "only one reader", NO_ROW).says(&["429"]),
        row("a missing tenant, as Pulsar 4.0 says it (500)", Pulsar(Version::V4_0), "auth.refused", 78, "--tenant", NO_ROW).with(&["--tenant", "nobody"]).says(&["500"]),
        row("a missing tenant, as Pulsar 4.2 says it (404)", Pulsar(Version::V4_2), "auth.not_found", 78, "--tenant", NO_ROW).with(&["--tenant", "nobody"]).says(&["404"]),
        service("500 and a missing namespace", Status(500, Body::Jetty("Failed to create reader: {\"errorMsg\":\"Namespace not found\"}")), "auth.refused", 78, "--namespace", NO_ROW).says(&["Namespace not found"]),
        service("500 and an unreadable message id", Status(500, Body::Jetty("Failed to create reader: Invalid messageId")), "auth.refused", 78, "--message-id", NO_ROW),
        service("500 and an unknown sentence", Status(500, Body::Jetty("Server <is> \"unwell\"")), "auth.server_error", 69, "8x8 support", NO_ROW).says(&["Server <is> \"unwell\""]),
        service("502", Status(502, Body::Page("502 Bad Gateway")), "auth.server_error", 69, "service behind it", NO_ROW).says(&["502"]),
        service("503 whose sentence is cut short", Status(503, Body::CutShort("half of it is here and not the rest")), "auth.server_error", 69, "try again later", NO_ROW).says(&["half of it is"]),
        service("503 and a body without end", Status(503, Body::Huge), "auth.server_error", 69, "try again later", NO_ROW),
        service("200, a page", Status(200, Body::Page("Welcome")), "auth.not_websocket", 76, "portal", NO_ROW).says(&["200", "Welcome"]),
        service("302 to a portal", Status(302, Body::Page("Log in")), "auth.not_websocket", 76, "login page", NO_ROW).says(&["302", "portal.8x8.test"]),
        service("405", Status(405, Body::None), "auth.not_websocket", 76, "--host", NO_ROW).says(&["405"]),
        service("426", Status(426, Body::Text("upgrade, please")), "auth.not_websocket", 76, "strips `Upgrade`", NO_ROW).says(&["426"]),
        service("somebody else's accept", Fault::WrongAccept, "auth.bad_accept", 76, "caching", NO_ROW),
        service("101 without Upgrade", Fault::MissingUpgrade, "auth.not_websocket", 76, "strips `Upgrade`", NO_ROW),
        service("HTTP/1.0", Fault::Http10, "auth.not_websocket", 76, "--host", NO_ROW),
        service("no HTTP at all", Fault::UpgradeGarbage, "auth.not_websocket", 76, "--host", NO_ROW),
        service("a head too large", Fault::HeadTooLarge, "auth.not_websocket", 76, "--host", NO_ROW).says(&["longer than 64 KiB"]),
        service("the head drips", Fault::HeadDrips, "auth.timeout", 69, "--connect-timeout", DEADLINE).with(LATER),
        service("no answer to the upgrade", Fault::UpgradeSilent, "auth.timeout", 69, "its broker down", DEADLINE).with(LATER),
        service("hangs up on the upgrade", Fault::UpgradeEof, "auth.closed", 69, "gateway", EOF),
        service("resets on the upgrade", Fault::UpgradeReset, "auth.reset", 69, "gateway", EOF),

        service("Close 1000", Close(1000, "enough"), "stream.closed", 69, "reconnects by itself", EOF).says(&["1000 (normal): enough"]),
        service("Close 1008", Close(1008, "key was revoked"), "stream.closed", 69, "reconnects", EOF).says(&["1008", "key was revoked"]),
        service("Close 1011", Close(1011, ""), "stream.closed", 69, "reconnects", EOF).says(&["1011 (server error)"]),
        service("EOF in the stream", Fault::Eof, "stream.closed", 69, "load balancer", EOF),
        service("RST in the stream", Fault::Reset, "stream.reset", 69, "firewall", EOF),
        service("a masked frame", Fault::Masked, "stream.protocol", 76, "tampers", NO_ROW),
        service("a page in the stream", Fault::HtmlInStream, "stream.protocol", 76, "tampers", NO_ROW),
        service("the peer freezes", Fault::Freeze, "stream.no_pong", 69, "--ping-timeout", TIMEOUT).with(PINGS),
        service("the peer freezes while nobody waits for pings", Fault::Freeze, "stream.no_pong", 69, "--ping-timeout", TIMEOUT),
        service("pings are not answered", Fault::NoPongs, "stream.no_pong", 69, "--ping-timeout", TIMEOUT).with(PINGS),
        service("acknowledgements are refused", Fault::AcksRefused, "stream.closed", 69, "reconnects", EOF).publishing(40).says(&["1011", "ping answered in"]),
        service("acknowledgements do not count", Fault::AcksLost, "stream.no_acks", 69, "drops what this side sends", "No Messages Received").publishing(40).says(&["5 retained messages arrived, and no more", "ping answered in"]),
        service("a message too large", Fault::OversizeClaim, "stream.too_large", 76, "--max-message-size", "Cannot Decode Payload"),
        service("a payload that is no base64", Fault::Odd(Odd::NotBase64), "stream.bad_payload", 65, "--format envelope", "Cannot Decode Payload"),
        service("a frame that is no JSON", Fault::Odd(Odd::NotJson), "stream.bad_payload", 65, "another service", "Cannot Decode Payload"),
        service("a payload that is no JSON", Fault::Odd(Odd::NotJsonPayload), "stream.bad_payload", 65, "--format envelope", "Invalid JSON in Payload"),
        service("a frame that is JSON of another kind", Fault::Odd(Odd::NotAnObject), "stream.bad_payload", 65, "another service", "Cannot Decode Payload"),
        service("a message without a payload", Fault::Odd(Odd::NoPayload), "stream.bad_payload", 65, "another service", "Cannot Decode Payload"),
        service("a payload cut in the middle", Fault::Odd(Odd::CutPayload), "stream.bad_payload", 65, "--format envelope", "Invalid JSON in Payload"),
        row("an empty topic", Pulsar(Version::V4_0), "stream.silent", 0, "--all-regions", SILENT).says(&["none retained", "the connection is alive"]),
        row("an empty topic, strictly", Pulsar(Version::V4_2), "stream.silent", 10, "cause an event", SILENT).with(&["--strict"]),
    ]
    .into_iter()
    .chain([row("an option that does not exist", Line, "config.usage", 64, "--help", NO_ROW).with(&["--host", "x.8x8.test", "--no-such-option"])])
    .collect()
}

const fn row(
    name: &'static str,
    at: At,
    code: &'static str,
    exit: i32,
    fix: &'static str,
    see: &'static str,
) -> Row {
    let see = if see.is_empty() { None } else { Some(see) };
    Row { name, at, code, exit, fix, see, says: &[], args: &[], published: 0 }
}

/// Where nobody is reached.
const fn line(
    name: &'static str,
    code: &'static str,
    exit: i32,
    fix: &'static str,
    see: &'static str,
) -> Row {
    row(name, At::Line, code, exit, fix, see)
}

/// A name is asked for that only the nameserver is told.
const fn nameserver(
    name: &'static str,
    behaviour: Nameserver,
    code: &'static str,
    fix: &'static str,
) -> Row {
    row(name, At::Nameserver(behaviour), code, 68, fix, CONNECT)
}

const fn service(
    name: &'static str,
    fault: Fault,
    code: &'static str,
    exit: i32,
    fix: &'static str,
    see: &'static str,
) -> Row {
    row(name, At::Service(fault), code, exit, fix, see)
}

const fn proxy(
    name: &'static str,
    fault: ProxyFault,
    code: &'static str,
    exit: i32,
    fix: &'static str,
    see: &'static str,
) -> Row {
    row(name, At::Proxy(fault), code, exit, fix, see)
}

pub fn trials() -> Vec<Trial> {
    let rows = table().into_iter().map(|row| {
        let place = match row.at {
            At::Proxy(_) => "proxy",
            At::Nameserver(_) => "nameserver",
            _ => row.step(),
        };
        test(&format!("{place}: {}", row.name), move || row.run())
    });
    rows.chain([test("every heading of the page is reached", every_heading)]).collect()
}

fn every_heading() {
    for heading in [
        CONNECT,
        CERTIFICATE,
        TIMEOUT,
        "Wrong Regional Endpoint",
        "401 Unauthorized",
        "403 Forbidden",
        "Cannot Decode Payload",
        "Invalid JSON in Payload",
        "No Messages Received",
        REFUSED,
        EOF,
        DEADLINE,
    ] {
        let mut seen = table().into_iter().filter_map(|row| row.see);
        assert!(seen.any(|see| see.contains(heading)), "no row leads to {heading:?}");
    }
    assert!(table().len() >= 50);
}

impl Row {
    const fn with(mut self, args: &'static [&'static str]) -> Row {
        self.args = args;
        self
    }

    const fn publishing(mut self, number: usize) -> Row {
        self.published = number;
        self
    }

    const fn says(mut self, words: &'static [&'static str]) -> Row {
        self.says = words;
        self
    }

    /// The check that the code is of.
    fn step(&self) -> &'static str {
        self.code.split_once('.').unwrap().0
    }

    /// Meets the fault twice, for the document and for the text.
    fn run(&self) {
        let service = match &self.at {
            At::Line | At::Nameserver(_) | At::Proxy(_) => {
                Service::builder().may_be_unreached().start()
            }
            At::Service(fault) => Service::with(fault.clone()),
            At::Pulsar(version) => Service::builder().pulsar(*version).start(),
            At::Key => Service::builder().key("eght_of-somebody-else").start(),
        };
        if self.published > 0 {
            service.publish_many("all", self.published, |_| "{}");
        }
        let proxy = match &self.at {
            At::Proxy(fault) => Some(Proxy::start(fault.clone()).forward_to(&service)),
            _ => None,
        };
        let nameservers = match self.at {
            At::Nameserver(behaviour) => Some(Nameservers::start(&[behaviour])),
            _ => None,
        };
        let run = |more: &[&str]| {
            let run = match (&self.at, &nameservers) {
                (At::Line, _) => Run::new(&["--tenant", "acme"]),
                (_, Some(nameservers)) => {
                    Run::new(&["--tenant", "acme", "--host", "pulsar-ws-usw1.8x8.com"])
                        .env("TAIL8X8_RESOLV_CONF", nameservers.resolv_conf())
                }
                _ => Run::against(&service),
            };
            let run = run.args(&["diagnose", "--listen", "300ms", "--connect-timeout", "50s"]);
            let proxy = proxy.iter().flat_map(|proxy| ["--proxy".to_owned(), proxy.url()]);
            run.args(&proxy.collect::<Vec<_>>()).args(self.args).args(more).spawn()
        };
        let (json, plain) = (run(&["--json"]), run(&[]));
        let (json, plain) = (json.finish(), plain.finish());
        json.assert_code(self.exit).assert_silent();
        plain.assert_code(self.exit).assert_silent();
        let document = document(&json);
        self.assert_found(&document);
        self.assert_told(&text(&plain));
        if self.is_before_the_key() {
            service.assert_key_never_sent();
            service.assert_nothing_sent();
        }
        let seen = service.seen();
        let paths = seen.connections.iter().filter_map(|it| it.request.as_ref());
        assert!(paths.into_iter().all(|request| request.path.contains("/reader/")));
        if proxy.is_some() {
            assert_eq!(service.connections(), 0, "went around the proxy");
        }
    }

    fn assert_found(&self, document: &Value) {
        let status = if [0, 10].contains(&self.exit) { "warn" } else { "fail" };
        assert_eq!(document["first_problem"], self.code, "{document:#}");
        let found = check(document, self.step());
        assert_ends(found, status, Some(self.code));
        let fixes = found["fix"].as_array().unwrap();
        let is_told = fixes.iter().any(|fix| fix.as_str().unwrap().contains(self.fix));
        assert!(is_told, "no fix has {:?}: {found:#}", self.fix);
        assert_eq!(found["see"].as_str(), self.see, "{found:#}");
        self.says.iter().for_each(|words| assert_says(found, words));
        if self.code == "stream.bad_payload" {
            assert!(found["summary"].as_str().unwrap().contains("decoded"), "{found:#}");
        }

        let at = IDS.iter().position(|id| *id == self.step()).unwrap();
        for (number, id) in IDS.iter().enumerate() {
            let check = check(document, id);
            match number {
                n if n < at => assert!(["ok", "skip"].contains(&check["status"].as_str().unwrap())),
                n if n > at => assert_ends(check, "skip", None),
                _ => {}
            }
            // The regions do not need the stream, but they are there on demand only.
            if number > at && status == "fail" && self.step() != "stream" {
                assert_eq!(check["summary"], format!("needs {}", self.step()));
            }
        }
        assert_eq!(document["api_key"]["sent"], !self.is_before_the_key(), "{document:#}");
        let summary = document["summary"].as_str().unwrap();
        let says_so = summary.contains("The API key was not sent.");
        assert_eq!(says_so, self.is_before_the_key(), "{summary}");
    }

    fn assert_told(&self, lines: &[String]) {
        let whole = lines.join("\n");
        assert!(whole.contains(&format!("[{}]", self.code)), "no code\n{whole}");
        let result = match self.exit {
            _ if self.code == "stream.silent" => {
                "RESULT: warn - connected and authorised, but silent: ".to_owned()
            }
            0 | 10 => format!("RESULT: warn - {}: ", self.step()),
            _ => format!("RESULT: FAIL at {} - ", self.step()),
        };
        let last = lines.last().unwrap();
        let said = last.strip_prefix(&result).unwrap_or_else(|| panic!("not {result:?}\n{whole}"));
        let said = said.trim_end_matches(" The API key was not sent.");
        assert!(said.contains(' '), "where, but not what: {last}\n{whole}");
        assert!(said.ends_with('.') && said.matches('"').count() % 2 == 0, "cut: {last}\n{whole}");
        if let Some(see) = self.see.and_then(|see| see.split(" / ").next()) {
            // It may go on in the next line.
            let flat = whole.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(flat.contains(&format!("8x8 Troubleshooting, \"{see}")), "no row\n{whole}");
        }
    }

    fn is_before_the_key(&self) -> bool {
        !["auth", "stream"].contains(&self.step())
    }
}
