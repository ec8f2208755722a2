//! A CA file in a form that OpenSSL does not read: named, with a command that really converts it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use libtest_mimic::Trial;

use super::{LINE, reads_line, service, test};
use crate::capture::{ignored_if, missing};
use crate::support::ca::Ca;
use crate::support::run::Run;
use crate::support::scratch::Scratch;

pub(super) fn trials() -> Vec<Trial> {
    let tools = missing("openssl", &["version"]).or_else(|| missing("iconv", &["--version"]));
    let trial = test("--ca-file: every other form is named and can be converted", forms);
    vec![ignored_if(&tools, trial)]
}

fn sh(folder: &Path, command: &str) {
    let mut shell = Command::new("sh");
    let output = shell.args(["-c", command]).current_dir(folder).stdin(Stdio::null()).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {said}");
}

/// Commands that make the form of `root.pem` in `file`, and what it is called.
const FORMS: &[(&str, &str)] = &[
    ("iconv -f UTF-8 -t UTF-16 root.pem > file", "is UTF-16 text"),
    ("iconv -f UTF-8 -t UTF-16LE root.pem > file", "is UTF-16 text"),
    ("iconv -f UTF-8 -t UTF-16BE root.pem > file", "is UTF-16 text"),
    ("openssl crl2pkcs7 -nocrl -certfile root.pem -out file", "is PKCS#7"),
    ("openssl crl2pkcs7 -nocrl -certfile root.pem -outform DER -out file", "is PKCS#7"),
    ("openssl x509 -in root.pem -trustout -addtrust serverAuth -out file", "trust settings"),
    ("tr '\\n' ' ' < root.pem > file", "is all on one line"),
    ("tr -d '\\n' < root.pem > file", "is all on one line"),
    (r"sed 's/$/\\n/' root.pem | tr -d '\n' > file", r"has \n where its lines should end"),
    ("sed 's/^/    /' root.pem > file", "is indented"),
    ("grep -v -e - root.pem > file", "is base64 without"),
];

fn forms() {
    let service = service();
    let port = service.port().to_string();
    let run = |file: &Path| {
        let run = Run::new(&["--tenant", "acme", "--host", "127.0.0.1", "--port", &port]);
        run.arg("--ca-file").arg(file).few_roots()
    };
    for (make, words) in FORMS {
        let folder = Scratch::new("ca-form");
        fs::copy(Ca::shared().root_pem(), folder.join("root.pem")).unwrap();
        sh(folder.path(), make);
        let file = folder.join("file");
        let output = run(&file).env("SSL_CERT_FILE", "/dev/null").run();
        output.assert_code(66).assert_stderr_has(words).assert_stderr_has("[config.file]");
        let (_, command) = output.stderr.trim_end().split_once("convert it: ").unwrap();
        sh(folder.path(), command);
        let name = if command.ends_with("ca.der") { "ca.der" } else { "ca.pem" };
        let converted = run(&folder.join(name)).env("SSL_CERT_FILE", "/dev/null");
        reads_line(converted).assert_lines(&[LINE]);
    }
    let folder = Scratch::new("ca-form");
    fs::copy(Ca::shared().root_pem(), folder.join("root.pem")).unwrap();
    let make = "openssl pkcs12 -export -nokeys -in root.pem -passout pass:x -out 'a file'";
    sh(folder.path(), make);
    let file = folder.join("a file");
    let output = run(&file).run();
    output.assert_code(66).assert_stderr_has("is PKCS#12");
    output.assert_stderr_has(&format!("openssl pkcs12 -in '{}' -nokeys", file.display()));
}
