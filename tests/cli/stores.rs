//! Values from secret stores, env files and editors: what is left around them is named as such, and
//! no variable is read that is not text.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use libtest_mimic::Trial;

use super::{service, test, works};
use crate::support::canary;
use crate::support::run::{Key, Output, Run};
use crate::support::scratch::Scratch;
use crate::support::service::Service;

/// A variable, what is left around its value, and the words for it.
type Row = (&'static str, &'static str, &'static str);

#[rustfmt::skip]
const VARIABLES: &[Row] = &[
    ("PULSAR_TENANT", "\"acme\"", "has quotes around it; remove them"),
    ("PULSAR_TENANT", "'acme'", "has quotes around it; remove them"),
    ("PULSAR_TENANT", "\u{201c}acme\u{201d}", "has quotes around it; remove them"),
    ("PULSAR_TENANT", "acme\n", "has a line break around it; remove it"),
    ("PULSAR_TENANT", "acme\r\n", "has a line break around it; remove it"),
    ("PULSAR_TENANT", "acme\r", "has a line break around it; remove it"),
    ("PULSAR_TENANT", "\u{feff}acme", "has a byte order mark around it; remove it"),
    ("PULSAR_TENANT", "\u{feff}\"acme\"\n", "has a byte order mark, a line break and quotes around it; remove them"),
    ("PULSAR_TENANT", "acme ", "has white space around it; remove it"),
    ("PULSAR_TENANT", "\u{a0}acme", "has white space around it; remove it"),
    ("PULSAR_TENANT", "acme\u{200b}", "has an invisible character around it; remove it"),
    ("PULSAR_TENANT", "acme\nother", "contains a line break"),
    ("PULSAR_HOST", "\"127.0.0.1\"", "the value has quotes around it; remove them"),
    ("PULSAR_HOST", "127.0.0.1\r\n", "the value has a line break around it; remove it"),
    ("PULSAR_HOST", " 127.0.0.1", "the value has white space around it; remove it"),
    ("PULSAR_HOST", "\u{feff}127.0.0.1", "the value has a byte order mark around it; remove it"),
    ("PULSAR_API_KEY_FILE", "\"/run/key\"", "has quotes around it; remove them"),
    ("PULSAR_API_KEY_FILE", "/run/key\n", "has a line break around it; remove it"),
    ("CREDENTIALS_DIRECTORY", "\"/run/keys\"", "the value has quotes around it; remove them"),
    ("CREDENTIALS_DIRECTORY", "/run/keys\n", "the value has a line break around it; remove it"),
    ("https_proxy", "\"http://127.0.0.1:1\"", "the value has quotes around it; remove them"),
    ("HTTPS_PROXY", "http://127.0.0.1:1\n", "the value has a line break around it; remove it"),
    ("all_proxy", " http://127.0.0.1:1", "the value has white space around it; remove it"),
    ("ALL_PROXY", "\u{feff}http://127.0.0.1:1", "the value has a byte order mark around it; remove it"),
    ("no_proxy", "'127.0.0.1'", "the value has quotes around it; remove them"),
    ("NO_PROXY", "127.0.0.1\n", "the value has a line break around it; remove it"),
    ("NO_PROXY", "8x8.com,\"127.0.0.1\"", "the value has quotes around it; remove them"),
    ("NO_PROXY", "8x8.com\n127.0.0.1", "the value contains a line break"),
];

/// An option, on the line or in a file.
#[rustfmt::skip]
const OPTIONS: &[Row] = &[
    ("topic", "'all'", "has quotes around it; remove them"),
    ("namespace", "\u{feff}event-v1", "has a byte order mark around it; remove it"),
    ("event", "\"InteractionCreated\"", "has quotes around it; remove them"),
    ("port", "\"443\"", "has quotes around it; remove them"),
    ("region", "`US1`", "has quotes around it; remove them"),
    ("reader-name", "\"me\"", "has quotes around it; remove them"),
    ("ca-file", "'/etc/ca.pem'", "has quotes around it; remove them"),
    ("output", "\"events.ndjson\"", "has quotes around it; remove them"),
    ("proxy", "\"http://127.0.0.1:1\"", "the value has quotes around it; remove them"),
    ("noproxy", "\"127.0.0.1\"", "has quotes around it; remove them"),
];

/// Every variable that is read as text.
#[rustfmt::skip]
const ALL: &[&str] = &[
    "PULSAR_TENANT", "PULSAR_HOST", "PULSAR_API_KEY", "CREDENTIALS_DIRECTORY",
    "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
    "TAIL8X8_RESOLV_CONF",
];

pub(super) fn trials() -> Vec<Trial> {
    let variables = VARIABLES.iter().map(|&(name, value, words)| {
        let title = format!("left around {name}: {}", value.escape_debug());
        test(&title, move || variable(name, value.as_ref(), words))
    });
    let options = OPTIONS.iter().map(|&(name, value, words)| {
        let title = format!("left around --{name}: {}", value.escape_debug());
        test(&title, move || option(name, value, words))
    });
    let bytes = ALL.iter().map(|&name| {
        let value = OsStr::from_bytes(b"a\xffb");
        test(&format!("{name} is not UTF-8"), move || variable(name, value, "is not UTF-8 text"))
    });
    let others = [
        test("blanks in a list are no mistake", blanks),
        test("a config file may begin with a byte order mark", marked_file),
        test("a variable that is not used may hold anything", unused),
        test("the report for support shows what is not UTF-8", shown),
    ];
    variables.chain(options).chain(bytes).chain(others).collect()
}

/// A run whose one variable is wrong; the rest of what it needs is on the line.
fn variable(name: &str, value: &OsStr, words: &str) {
    let service = Service::builder().may_be_unreached().start();
    let port = service.port().to_string();
    let mut run = Run::new(&["--port", &port, "--retry", "0"]);
    if name != "PULSAR_TENANT" {
        run = run.args(&["--tenant", "acme"]);
    }
    if name != "PULSAR_HOST" {
        run = run.args(&["--host", "127.0.0.1"]);
    }
    let names_key = name.starts_with("PULSAR_API_KEY") || name == "CREDENTIALS_DIRECTORY";
    if names_key {
        run = run.key(Key::None);
    }
    if name.eq_ignore_ascii_case("no_proxy") {
        run = run.args(&["--proxy", "http://127.0.0.1:1"]);
    }
    // A key that cannot be used has a code of its own.
    let code = if name == "PULSAR_API_KEY" { 78 } else { 64 };
    refused(&run.env(name, value).run(), name, words, code);
    assert_eq!(service.connections(), 0);
}

#[track_caller]
fn refused(output: &Output, subject: &str, words: &str, code: i32) {
    output.assert_code(code).assert_stderr_has(words);
    let start = format!("tail8x8: config {subject}: ");
    assert!(output.stderr.starts_with(&start), "{}", output.whole());
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
}

fn option(name: &str, value: &str, words: &str) {
    let option = format!("--{name}");
    let run = Run::new(&["--tenant", "acme", &option, value]);
    refused(&run.run(), &option, words, 64);
    let scratch = Scratch::new("config");
    let path = scratch.join("acme.conf");
    std::fs::write(&path, format!("{name} = {value}\n")).unwrap();
    let subject = format!("{} line 1 ({name})", path.display());
    let run = Run::new(&["--tenant", "acme", "--config"]).arg(&path);
    refused(&run.run(), &subject, words, 78);
}

fn blanks() {
    let service = service();
    let run = Run::against(&service).args(&["--noproxy", " 127.0.0.1 , 8x8.com "]);
    works(run.args(&["--proxy", "http://127.0.0.1:1"]));
    let run =
        Run::against(&service).env("NO_PROXY", " 127.0.0.1\t").args(&["--format", "envelope"]);
    let run =
        run.env("https_proxy", "http://127.0.0.1:1").args(&["--event", " number , GuestChatEnd "]);
    let output = run.args(&["--message-id", "earliest", "-n", "1"]).run();
    output.assert_code(0);
    assert_eq!(output.lines().len(), 1, "{}", output.whole());
}

fn marked_file() {
    let (service, scratch) = (service(), Scratch::new("config"));
    let path = scratch.join("acme.conf");
    std::fs::write(&path, "\u{feff}retry = 0\r\nformat = payload\r\n").unwrap();
    works(Run::against(&service).arg("--config").arg(&path));
}

fn unused() {
    let service = service();
    let odd = OsStr::from_bytes(b"a\xff\"\n");
    let run = Run::against(&service).env("HTTP_PROXY", odd).env("NO_PROXY", odd).env("LANG", odd);
    works(run.env("EDITOR", odd).env("PULSAR_TOKEN", odd).env(odd, "x"));
    let run = Run::against(&service).env("https_proxy", "http://127.0.0.1:1").env("ALL_PROXY", odd);
    works(run.args(&["--noproxy", "*"]));
}

fn shown() {
    let (service, scratch) =
        (Service::builder().may_be_unreached().start(), Scratch::new("report"));
    let report = scratch.join("report.txt");
    let run = Run::against(&service).args(&["diagnose", "--listen", "300ms", "--report"]);
    let run = run.arg(&report).env("HTTPS_PROXY", OsStr::from_bytes(b"http://\xff:1")).run();
    run.assert_code(64);
    let text = std::fs::read_to_string(&report).unwrap();
    assert!(text.contains("  HTTPS_PROXY="), "{text}");
    canary::assert_absent("the report", text.as_bytes());
}
