//! Step tls. Whatever goes wrong here, no byte above TLS and so no key has been sent.

use libtest_mimic::Trial;

use super::{Row, assert_told, row, test};
use crate::support::ca::{Ca, Leaf, SignedBy};
use crate::support::run::{Output, Run};
use crate::support::scratch::Scratch;
use crate::support::service::proxy::{Proxy, ProxyFault};
use crate::support::service::{Fault, Service};

#[rustfmt::skip]
fn table() -> Vec<Row> {
    let certificate = Fault::Certificate;
    let signed_by = |by| certificate(Leaf::signed_by(by));
    vec![
        row("tls: self-signed", signed_by(SignedBy::Itself), "tls.untrusted", 60, &["self-signed", "--ca-file", "key was not sent"]),
        row("tls: an inspecting proxy's authority", signed_by(SignedBy::UnknownCa { root_sent: true }), "tls.untrusted", 60, &["authority unknown", "inspects TLS", "--ca-file"]),
        row("tls: an unknown authority", signed_by(SignedBy::UnknownCa { root_sent: false }), "tls.untrusted", 60, &["unknown authority", "--ca-file"]),
        row("tls: the intermediate is missing", signed_by(SignedBy::Intermediate { sent: false }), "tls.untrusted", 60, &["missing intermediate", "ca-certificates"]),
        row("tls: expired", certificate(Leaf::expired()), "tls.expired", 60, &["has expired", "date -u", "key was not sent"]),
        row("tls: not yet valid", certificate(Leaf::not_yet_valid()), "tls.not_yet_valid", 60, &["not yet valid", "clock", "key was not sent"]),
        row("tls: another host's certificate", certificate(Leaf::named(&["other.8x8.test"])), "tls.name", 60, &["another name", "--host", "key was not sent"]),
        row("tls: a weak key", certificate(Leaf::weak()), "tls.weak", 60, &["too weak", "inspection proxy", "key was not sent"]),
        row("tls: the port speaks HTTP", Fault::SpeaksHttp, "tls.not_tls", 76, &["HTTP/1.1 400 Bad Request", "host and port"]),
        row("tls: the port speaks SMTP", Fault::SpeaksSmtp, "tls.not_tls", 76, &["220 mail.8x8.test ESMTP", "host and port"]),
        row("tls: the port speaks garbage", Fault::SpeaksGarbage, "tls.not_tls", 76, &["does not speak TLS", "host and port"]),
        row("tls: silent after our hello", Fault::TlsSilent, "tls.timeout", 69, &["1s", "--connect-timeout"]).with(&["--connect-timeout", "1s"]),
        row("tls: drips its hello", Fault::TlsDrips, "tls.timeout", 69, &["1s", "--connect-timeout"]).with(&["--connect-timeout", "1s"]),
        row("tls: closed after our hello", Fault::TlsEof, "tls.closed", 69, &["closed inside the TLS handshake", "firewall"]),
        row("tls: closed inside its hello", Fault::TlsEofInHello, "tls.closed", 69, &["closed inside the TLS handshake", "firewall"]),
        row("tls: reset after our hello", Fault::TlsReset, "tls.reset", 69, &["reset", "firewall"]),
        row("tls: no common cipher", Fault::TlsHandshakeFailure, "tls.handshake", 76, &["refused our TLS hello", "inspection proxy"]),
        row("tls: the server is too old", Fault::TlsTooOld, "tls.handshake", 76, &["not support TLS 1.2", "middlebox"]),
        row("tls: this name is not served there", Fault::TlsUnrecognizedName, "tls.handshake", 76, &["does not know this host name"]),
        row("tls: a firewall's policy", Fault::TlsAccessDenied, "tls.handshake", 76, &["access_denied"]),
        row("tls: the server's own trouble", Fault::TlsInternalError, "tls.handshake", 76, &["internal_error"]),
    ]
}

pub(super) fn trials() -> Vec<Trial> {
    let rows = table().into_iter().map(|row| {
        row.trial(|_, service, output| {
            assert_eq!(service.connections(), 1, "{}", output.whole());
            service.assert_nothing_sent();
            service.assert_key_never_sent();
            assert!(output.stdout.is_empty());
        })
    });
    rows.chain([
        test("tls: a client certificate is demanded", client_certificate),
        test("tls: works with the intermediate sent along", intermediate),
        test("tls: a root of our own store has expired", own_root_expired),
        test("tls: only the intermediate is trusted", only_the_intermediate),
        test("tls: the system's certificates alone do not know our root", system_store),
        test("tls: SSL_CERT_FILE adds to the system's certificates", ssl_cert_file),
        test("tls: behind a proxy, an inspecting one's authority", inspected),
        test("tls: --insecure reads from an unknown server and warns", insecure),
    ])
    .collect()
}

/// The reading run and the diagnosis, with this CA file.
fn told(service: &Service, file: &std::path::Path) -> (Output, String) {
    let run = || Run::against(service).few_roots().arg("--ca-file").arg(file);
    let diagnosis = run().arg("diagnose").run();
    diagnosis.assert_code(60).assert_silent();
    let text = String::from_utf8(diagnosis.stdout.clone()).unwrap();
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (run().args(&["--retry", "0"]).run(), flat)
}

/// The server can do nothing about it.
fn own_root_expired() {
    let of_old = Leaf::signed_by(SignedBy::ExpiredRoot);
    let service = Service::with(Fault::Certificate(of_old));
    let (output, diagnosis) = told(&service, &Ca::shared().expired_root_pem());
    output
        .assert_code(60)
        .assert_stderr_has("certificate has expired; of --ca-file \"Tail8x8 Test");
    assert_told(&output, "tls.expired", &["date -u", "those of this machine's store"]);
    for words in ["old\", in this machine's own store, expired on", "replace it: in the file that"]
    {
        assert!(diagnosis.contains(words), "{words}\n{diagnosis}");
    }
    assert!(!diagnosis.contains("8x8 must renew"), "{diagnosis}");

    // A server's own is still the server's.
    let service = Service::with(Fault::Certificate(Leaf::expired()));
    let (output, diagnosis) = told(&service, &Ca::shared().root_pem());
    output.assert_code(60).assert_stderr_lacks("of --ca-file");
    assert!(diagnosis.contains("8x8 must renew its certificate"), "{diagnosis}");
}

fn only_the_intermediate() {
    for sent in [true, false] {
        let leaf = Leaf::signed_by(SignedBy::Intermediate { sent });
        let service = Service::with(Fault::Certificate(leaf));
        let (root, between) = (Ca::shared().root_pem(), Ca::shared().intermediate_pem());
        let empty = Scratch::new("no-roots");
        let run = |file: &std::path::Path| {
            let run = Run::against(&service).env("SSL_CERT_FILE", "/dev/null");
            run.env("SSL_CERT_DIR", empty.path()).arg("--ca-file").arg(file)
        };
        let output = run(&between).args(&["--retry", "0"]).run();
        let whose = "--ca-file has \"Tail8x8 Test Intermediate\" without \"Tail8x8 Test Root\"";
        output.assert_code(60);
        assert_told(&output, "tls.untrusted", &[whose, "give the root \"Tail8x8 Test Root\", too"]);
        let diagnosis = run(&between).arg("diagnose").run();
        diagnosis.assert_code(60).assert_silent();
        let text = String::from_utf8(diagnosis.stdout).unwrap();
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let whose =
            "has the intermediate authority \"Tail8x8 Test Intermediate\", but not its root";
        assert!(flat.contains(whose) && flat.contains("give the root"), "{text}");

        // What it says helps.
        let both = empty.join("both.pem");
        let certificates = [root, between].map(|file| std::fs::read(file).unwrap());
        std::fs::write(&both, certificates.concat()).unwrap();
        service.publish("all", "{}");
        let works = run(&both).args(&["--message-id", "earliest", "-n", "1", "--retry", "0"]).run();
        works.assert_code(0).assert_lines(&["{}"]);
    }
}

/// With TLS 1.3 the demand is told only after the handshake, in answer to the request.
fn client_certificate() {
    let service = Service::with(Fault::ClientCertificate);
    let output = Run::against(&service).args(&["--retry", "0"]).run();
    // The alert may be overtaken by the reset that follows it.
    if output.stderr.contains("[auth.reset]") {
        output.assert_code(69);
        return;
    }
    output.assert_code(76).assert_stderr_has("demands a client certificate");
    // By then it was.
    output.assert_stderr_lacks("key was not sent");
}

fn intermediate() {
    let leaf = Leaf::signed_by(SignedBy::Intermediate { sent: true });
    let service = Service::builder().identity(leaf).start();
    service.publish("all", "{}");
    let run = Run::against(&service).args(&["--message-id", "earliest", "-n", "1"]);
    run.run().assert_code(0).assert_silent().assert_lines(&["{}"]);
}

fn insecure() {
    let service = Service::builder().identity(Leaf::signed_by(SignedBy::Itself)).start();
    service.publish("all", "{}");
    let run = Run::against(&service).args(&["--message-id", "earliest", "-n", "1", "--insecure"]);
    let output = run.run();
    output.assert_code(0).assert_lines(&["{}"]).assert_stderr_has("warning: --insecure");
}

/// The arguments to a service, but not whom to trust.
fn without_ca(service: &Service) -> Run {
    let port = service.port().to_string();
    Run::new(&["--tenant", "acme", "--host", "127.0.0.1", "--port", &port])
}

fn system_store() {
    let service = Service::start();
    let output = without_ca(&service).fails_with("tls.untrusted", 60);
    assert_told(&output, "tls.untrusted", &["--ca-file", "key was not sent"]);
    service.assert_nothing_sent();
}

fn ssl_cert_file() {
    let service = Service::start();
    service.publish("all", "{}");
    let run = without_ca(&service).env("SSL_CERT_FILE", Ca::shared().root_pem());
    let output = run.args(&["--message-id", "earliest", "-n", "1", "--retry", "0"]).run();
    output.assert_code(0).assert_silent().assert_lines(&["{}"]);
}

fn inspected() {
    let leaf = Leaf::signed_by(SignedBy::UnknownCa { root_sent: true });
    let service = Service::builder().identity(leaf).start();
    let proxy = Proxy::start(ProxyFault::None);
    let run = Run::against(&service).args(&["--proxy", &proxy.url()]);
    let output = run.fails_with("tls.untrusted", 60);
    assert_told(&output, "tls.untrusted", &["authority unknown", "inspects TLS", "--ca-file"]);
    service.assert_nothing_sent();
}
