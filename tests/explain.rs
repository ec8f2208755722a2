//! `tail8x8 explain` and `tail8x8 regions` on the command line. Which text means what is tested
//! where the texts are; here is how they come in, what goes out, and how it ends.

use libtest_mimic::Trial;

use crate::support::ca::Leaf;
use crate::support::run::{Key, Output, Run};
use crate::support::service::{Body, Fault, Service};
use crate::support::trial;

pub fn trials() -> Vec<Trial> {
    let tests: &[(&str, fn())] = &[
        ("a text as one argument", one_argument),
        ("a text as several words", several_words),
        ("a text that begins with dashes", dashes),
        ("a text on standard input, among many lines", standard_input),
        ("several matters of one text", several_matters),
        ("an unknown text exits 65 and leads to diagnose", unknown),
        ("an empty text is unknown", empty),
        ("a text that is no UTF-8", not_utf8),
        ("a code alone, in brackets, in an object", code),
        ("our own lines of real runs", own_lines),
        ("a key in the text is not repeated", key),
        ("needs neither key nor tenant, and shows help", help),
        ("regions as a document", regions),
        ("the region of a cluster", region_of),
    ];
    trial::group("explain", tests)
}

fn explain(words: &[&str]) -> Output {
    Run::new(&["explain"]).args(words).verbosity(0).key(Key::None).run()
}

fn explain_input(text: impl Into<Vec<u8>>) -> Output {
    Run::new(&["explain"]).stdin(text).verbosity(0).key(Key::None).run()
}

#[track_caller]
fn assert_explains(output: &Output, code: &str, words: &[&str]) {
    output.assert_code(0).assert_silent();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    for part in [&*format!("[{code}]"), "\n  means", "\n  do"].iter().chain(words) {
        assert!(text.contains(part), "lacks {part:?}\n{}", output.whole());
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{}", output.whole());
}

fn one_argument() {
    let output = explain(&["dial tcp 203.0.113.10:443: connect: connection refused"]);
    assert_explains(&output, "tcp.refused", &["Common Error Messages: connection refused"]);
}

fn several_words() {
    let words = "x509: certificate has expired or is not yet valid";
    let output = explain(&words.split(' ').collect::<Vec<_>>());
    assert_explains(&output, "tls.expired", &["TLS/SSL Certificate Errors"]);
}

fn dashes() {
    let output = explain(&["--", "curl: (6) Could not resolve host: pulsar-ws-usw1.8x8.com"]);
    assert_explains(&output, "dns.no_such_name", &["--cluster"]);
    let output = explain(&["-v: HTTP/1.1 401 Unauthorized"]);
    assert_explains(&output, "auth.unauthorized", &["401 Unauthorized"]);
}

fn standard_input() {
    let log = "2026-11-23 22:00:00 INFO starting\n\
        2026-11-23 22:00:01 ERROR websocket: bad handshake: HTTP/1.1 403 Forbidden\n\
        \tat com.example.Main.main(Main.java:1)\n\
        2026-11-23 22:00:02 INFO bye\n";
    assert_explains(&explain_input(log), "auth.forbidden", &["403 Forbidden"]);
}

fn several_matters() {
    let output = explain_input("connect ECONNREFUSED 127.0.0.1:443\nHTTP 401 Unauthorized\n");
    assert_explains(&output, "tcp.refused", &["[auth.unauthorized]"]);
}

fn unknown() {
    let output = explain(&["all", "is", "well", "and", "the", "sun", "shines"]);
    output.assert_code(65).assert_silent();
    let text = output.lines().join("\n");
    assert!(text.contains("no error message that tail8x8 knows"), "{text}");
    assert!(text.contains("tail8x8 diagnose"), "{text}");
}

fn empty() {
    explain_input("").assert_code(65).assert_silent();
}

fn not_utf8() {
    let output = explain_input(b"\xff\xfe\x00 connection refused \xff\n".to_vec());
    assert_explains(&output, "tcp.refused", &[]);
}

fn code() {
    assert_explains(&explain(&["proxy.auth_required"]), "proxy.auth_required", &["NTLM"]);
    for (code, words) in [
        ("config.warning", "change the setting"),
        ("config.default_region", "UK3, US1, US2"),
        ("tls.intercepted", "TLS inspection"),
    ] {
        for text in [code.to_owned(), format!("[{code}]"), format!(r#""code":"{code}""#)] {
            assert_explains(&explain(&[&text]), code, &[words]);
        }
    }
}

/// Explained as what they said themselves, in text and as an object.
fn own_lines() {
    for (fault, code, exit) in [
        (Fault::Refuse, "tcp.refused", 69),
        (Fault::Certificate(Leaf::expired()), "tls.expired", 60),
        (Fault::SpeaksSmtp, "tls.not_tls", 76),
        (Fault::Status(401, Body::JsonMessage("who are you")), "auth.unauthorized", 77),
        (Fault::Status(502, Body::Page("502 Bad Gateway")), "auth.server_error", 69),
        (Fault::Close(1011, "connection refused"), "stream.closed", 69),
    ] {
        let service = Service::with(fault);
        let text = Run::against(&service).fails_with(code, exit).stderr;
        let output = explain_input(text);
        assert_explains(&output, code, &[]);
        assert!(output.lines()[0].ends_with(&format!("[{code}]")), "{}", output.whole());
        let run = Run::against(&service).args(&["--log-format", "json", "--retry", "0"]);
        let object = run.run().stderr;
        assert!(object.contains(&format!("\"{code}\"")), "{object}");
        assert_explains(&explain_input(object), code, &[]);
    }
}

/// What follows every run is a search for the key; here is a text with another one.
fn key() {
    let output = explain(&["401 Unauthorized for x-api-key=eght_somebodys-own-key"]);
    assert_explains(&output, "auth.unauthorized", &[]);
    assert!(!output.lines().join("\n").contains("somebodys"), "{}", output.whole());
}

fn help() {
    let output = explain(&["--help"]);
    output.assert_code(0).assert_silent();
    assert!(output.lines().join("\n").contains("explain"), "{}", output.whole());
}

fn regions() {
    for words in [["regions", "--json"], ["--json", "regions"]] {
        let output = Run::new(&words).verbosity(0).key(Key::None).run();
        output.assert_code(0).assert_silent();
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["schema_version"], 1);
        let regions = document["regions"].as_array().unwrap();
        let of = |name: &str| regions.iter().find(|region| region["name"] == name).unwrap();
        assert_eq!(of("US1")["host"], "pulsar-ws-use1.8x8.com");
        assert!(of("US1")["clusters"].as_array().unwrap().contains(&"NA12".into()));
        assert_eq!((&of("SY1")["host"], &of("SY1")["deployed"]), (&().into(), &false.into()));
    }
}

/// However the cluster is written; one that is not there yet says so.
fn region_of() {
    let regions =
        |words: &[&str]| Run::new(&["regions"]).args(words).verbosity(0).key(Key::None).run();
    for name in ["NA12", "na12", "vcc-na12", "vcc-na12.8x8.com", "VCC-NA12.8X8.COM"] {
        let output = regions(&["--cluster", name]);
        output.assert_code(0).assert_silent();
        let lines = output.lines();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[1].starts_with("US1 ") && lines[1].contains("pulsar-ws-use1"), "{lines:?}");
    }
    for words in [["--cluster", "AP1"], ["--cluster", "HK1"], ["--region", "hk1"]] {
        let output = regions(&words);
        assert!(output.lines()[1].starts_with("HK1           not yet deployed"), "{words:?}");
        let output = regions(&[&words[..], &["--json"]].concat());
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["regions"].as_array().unwrap().len(), 1);
        assert_eq!(document["regions"][0]["deployed"], false);
    }
    regions(&["--cluster", "NA99"]).assert_code(78).assert_stderr_has("unknown cluster");
    regions(&["--tenant", "acme"]).assert_code(64).assert_stderr_has("not an option of `regions`");
}
