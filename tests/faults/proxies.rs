//! Step proxy: everything a CONNECT proxy can answer instead of a tunnel, and what it can do to
//! one. The service behind it must never see a byte of those that fail.

use libtest_mimic::Trial;

use super::{assert_told, test};
use crate::support::run::Run;
use crate::support::service::Service;
use crate::support::service::proxy::{Proxy, ProxyFault};

/// Fault in words, fault, code, exit code, words.
type Row = (&'static str, ProxyFault, &'static str, i32, &'static [&'static str]);

#[rustfmt::skip]
fn table() -> Vec<Row> {
    use ProxyFault::*;
    vec![
        ("its port refuses", Refuse, "tcp.refused", 69, &["tcp proxy 127.0.0.1", "refused"]),
        ("wants a login", Login("user", "password"), "proxy.auth_required", 77, &["407", "Basic", "http://USER:PASSWORD@"]),
        ("wants NTLM", NtlmOnly, "proxy.auth_required", 77, &["407", "Negotiate, NTLM", "local relay"]),
        ("forbids it by policy", Forbidden, "proxy.forbidden", 77, &["403", "ERR_ACCESS_DENIED", "administrator"]),
        ("cannot resolve the name (500)", Status(500), "proxy.target_unreachable", 69, &["500", "proxy's own DNS"]),
        ("cannot connect (502)", Status(502), "proxy.target_unreachable", 69, &["502", "could not reach"]),
        ("cannot connect (503)", Status(503), "proxy.target_unreachable", 69, &["503", "could not reach"]),
        ("waits too long (504)", Status(504), "proxy.target_unreachable", 69, &["504", "could not reach"]),
        ("is a web server (400)", Status(400), "proxy.not_a_proxy", 76, &["400", "address and port"]),
        ("is a web server (405)", Status(405), "proxy.not_a_proxy", 76, &["405", "CONNECT"]),
        ("is a captive portal", Portal, "proxy.not_a_proxy", 76, &["302", "portal.8x8.test"]),
        ("answers garbage", Garbage, "proxy.not_a_proxy", 76, &["not HTTP", "CONNECT"]),
        ("is a SOCKS port", Socks, "proxy.not_a_proxy", 76, &["speaks SOCKS", "http:// only"]),
        ("is a TLS port", Tls, "proxy.not_a_proxy", 76, &["speaks TLS", "no https://"]),
        ("sends a head without end", HeadTooLarge, "proxy.not_a_proxy", 76, &["longer than 16 KiB", "CONNECT"]),
        ("is silent", Silence, "proxy.timeout", 69, &["1s", "--connect-timeout"]),
        ("drips its answer", HeadDrips, "proxy.timeout", 69, &["1s", "--connect-timeout"]),
        ("hangs up", Eof, "proxy.closed", 69, &["closed without an answer", "its port"]),
        ("resets", Reset, "proxy.closed", 69, &["reset", "its port"]),
        ("opens the tunnel and hangs up", OkThenEof, "tls.closed", 69, &["closed", "firewall"]),
        ("opens the tunnel and resets", OkThenReset, "tls.reset", 69, &["reset", "firewall"]),
        ("opens the tunnel to a page", OkThenHtml, "tls.not_tls", 76, &["HTTP/1.1 200 OK", "portal"]),
        ("opens the tunnel to silence", OkThenSilence, "tls.timeout", 69, &["1s", "--connect-timeout"]),
    ]
}

pub(super) fn trials() -> Vec<Trial> {
    let faults = table().into_iter().map(|(name, fault, code, exit, words)| {
        test(&format!("proxy: {name}"), move || {
            let service = Service::builder().may_be_unreached().start();
            let proxy = Proxy::start(fault.clone()).forward_to(&service);
            let run = Run::against(&service).args(&["--proxy", &proxy.url()]);
            let output = run.args(&["--connect-timeout", limit(&fault)]).fails_with(code, exit);
            assert_told(&output, code, words);
            assert_eq!(service.connections(), 0, "went around the proxy");
            if fault != ProxyFault::Refuse {
                assert_eq!(proxy.connects(), [format!("127.0.0.1:{}", service.port())]);
            }
            assert_eq!(proxy.bytes_before_answer(), 0);
        })
    });
    let working = [
        ("answers 200", ProxyFault::None),
        ("answers HTTP/1.0 200", ProxyFault::Http10),
        ("answers in words of its own", ProxyFault::OddReason),
        ("answers slowly", ProxyFault::SlowHead),
    ];
    let working = working.map(|(name, fault)| {
        test(&format!("proxy: works though it {name}"), move || works(fault.clone(), None))
    });
    let login = test("proxy: works with its login", || {
        works(ProxyFault::Login("us er", "p:a@s/s%"), Some(("us er", "p:a@s/s%")));
    });
    let wrong = test("proxy: does not accept this login", || {
        let service = Service::builder().may_be_unreached().start();
        let proxy = Proxy::start(ProxyFault::Login("user", "right"));
        let run = Run::against(&service).args(&["--proxy", &proxy.url_with("user", "wrongpw")]);
        let output = run.fails_with("proxy.auth_required", 77);
        assert_told(&output, "proxy.auth_required", &["does not accept this login"]);
        assert!(!output.trace.contains("wrongpw"), "the login is shown\n{}", output.whole());
    });
    faults.chain(working).chain([login, wrong]).collect()
}

/// Short where the row is about time, so that nothing else can run into it.
fn limit(fault: &ProxyFault) -> &'static str {
    use ProxyFault::{HeadDrips, OkThenSilence, Silence};
    if [Silence, HeadDrips, OkThenSilence].contains(fault) { "1s" } else { "30s" }
}

fn works(fault: ProxyFault, login: Option<(&str, &str)>) {
    let service = Service::start();
    service.publish("all", r#"{"number":1}"#);
    let proxy = Proxy::start(fault).forward_to(&service);
    let url = login.map_or_else(|| proxy.url(), |(user, word)| proxy.url_with(user, word));
    let run = Run::against(&service).args(&["--proxy", &url, "--retry", "0"]);
    let output = run.args(&["--message-id", "earliest", "-n", "1"]).run();
    output.assert_code(0).assert_silent().assert_lines(&[r#"{"number":1}"#]);
    assert_eq!(proxy.connects().len(), 1);
    assert_eq!(proxy.bytes_before_answer(), 0);
}
