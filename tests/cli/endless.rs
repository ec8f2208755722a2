//! Input that never ends, or never begins, and texts made to take long.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use libtest_mimic::Trial;
use nix::sys::stat::Mode;

use super::test;
use crate::capture::{ignored_if, missing};
use crate::support::run::{Key, Run};
use crate::support::scratch::Scratch;

pub(super) fn trials() -> Vec<Trial> {
    let prlimit = missing("prlimit", &["--version"]);
    vec![
        ignored_if(&prlimit, test("endless: files are read up to a limit", devices)),
        test("endless: a pipe that nobody writes to", silence),
        test("endless: a store that OpenSSL would read for ever", store),
        test("endless: texts that take no longer than others", hostile_texts),
    ]
}

/// So that a program without a limit of its own ends, too.
fn bounded(run: Run) -> Run {
    let run = run.through("--as=600000000");
    run.through("prlimit")
}

fn devices() {
    for device in ["/dev/zero", "/dev/urandom"] {
        for (option, code, words) in [
            ("--config", 66, "is larger than 1024 KiB"),
            ("--ca-file", 66, "is larger than 16384 KiB"),
            ("--x-api-key-file", 78, "is larger than 8 KiB"),
        ] {
            let run = Run::new(&["--tenant", "acme", option, device]).key(Key::None);
            let output = bounded(run).run();
            output.assert_code(code).assert_stderr_has(&format!("{option} {device}: {words}"));
        }
        let run = Run::new(&["explain"]).verbosity(0).key(Key::None);
        bounded(with_input(&format!("<{device}"), run).0).run().assert_code(65);
    }
}

/// The run with its standard input redirected.
fn with_input(redirection: &str, run: Run) -> (Run, Scratch) {
    let folder = Scratch::new("endless");
    let script = folder.join("run");
    fs::write(&script, format!("#!/bin/sh\nexec \"$@\" {redirection}\n")).unwrap();
    fs::set_permissions(&script, PermissionsExt::from_mode(0o700)).unwrap();
    (run.through(script.to_str().unwrap()), folder)
}

fn fifo(folder: &Scratch) -> PathBuf {
    let path = folder.join("fifo");
    nix::unistd::mkfifo(&path, Mode::S_IRWXU).unwrap();
    path
}

/// All at once, since each takes a minute.
fn silence() {
    let folder = Scratch::new("silence");
    let pipe = fifo(&folder);
    let shown = pipe.to_str().unwrap();
    let run = |args: &[&str]| {
        let run = Run::new(&["--tenant", "acme"]).args(args).key(Key::None);
        run.limit(Duration::from_secs(150))
    };
    let files = ["--config", "--ca-file", "--x-api-key-file"];
    let runs = files.map(|option| (option, run(&[option, shown]).spawn()));
    // Both ends are open, and nothing comes.
    let open = format!("<>'{shown}'");
    let (stdin, _folder) = with_input(&open, run(&["--x-api-key-file", "-"]));
    let explain = Run::new(&["explain"]).verbosity(0).key(Key::None);
    let (explain, _folder) = with_input(&open, explain.limit(Duration::from_secs(150)));
    let (stdin, explain) = (stdin.spawn(), explain.spawn());
    for (option, run) in runs {
        let words = format!("{option} {shown}: did not end within 1m");
        run.finish().assert_code(66).assert_stderr_has(&words);
    }
    stdin.finish().assert_code(66).assert_stderr_has("standard input: did not end within 1m");
    explain.finish().assert_code(65);
}

fn store() {
    let folder = Scratch::new("store");
    for path in ["/dev/zero", fifo(&folder).to_str().unwrap()] {
        let run = Run::new(&["--tenant", "acme", "--host", "127.0.0.1", "--port", "1"]);
        let output = run.env("SSL_CERT_FILE", path).run();
        output.assert_code(66).assert_stderr_has(&format!("SSL_CERT_FILE {path}: is not a"));
    }
}

fn hostile_texts() {
    const LONG: usize = 1024 * 1024;
    for part in
        ["\u{1b}[", "\u{1b}[[", "\u{1b}]", "\u{1b}[0", "401/", "http 401/", "\u{1b}[ \"", "eof/"]
    {
        let text = part.repeat(LONG / part.len());
        let run = Run::new(&["explain"]).stdin(text).verbosity(0).key(Key::None);
        let output = run.run();
        assert!(matches!(output.code, Some(0 | 65)), "{part:?}\n{}", output.whole());
    }
}
