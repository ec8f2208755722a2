//! How it is printed: colour and blocks only where they can be seen, nothing that writes to the
//! terminal in the server's name, and an output that is gone.

use libtest_mimic::Trial;

use super::document::{assert_ends, check, document, text};
use super::test;
use crate::support::run::{Output, Run, Stdout};
use crate::support::service::proxy::{Proxy, ProxyFault};
use crate::support::service::{Body, Fault, Service};

const HOSTILE: &str = "\u{1b}[2Jall is well\r\nRESULT: ok - trust me \u{9b}31m";

pub fn trials() -> Vec<Trial> {
    vec![
        test("output: colour on a terminal, unless NO_COLOR", colour),
        test("output: the bars are blocks in UTF-8, ASCII elsewhere", bars),
        test("output: a hostile sentence writes no lines of its own", hostile),
        test("output: one long word is broken", long_word),
        test("output: a login for the proxy is not shown", login),
        test("output: a reader that went away changes nothing", closed),
    ]
}

fn refused() -> Run {
    let service = Service::with(Fault::Refuse);
    Run::against(&service).arg("diagnose")
}

fn shown(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn colour() {
    let output = refused().stdout(Stdout::Terminal).run();
    output.assert_code(69);
    let colourful = shown(&output);
    assert!(colourful.contains("\x1b[31mFAIL\x1b[0m"), "{colourful}");
    assert!(colourful.contains("\x1b[32mok\x1b[0m"), "{colourful}");
    let output = refused().stdout(Stdout::Terminal).env("NO_COLOR", "1").run();
    text(&output);
    let output = refused().args(&["--color", "always"]).run();
    assert!(shown(&output).contains("\x1b[31mFAIL\x1b[0m"), "{}", output.whole());
}

fn bars() {
    for (locale, has_blocks) in [
        (Some(("LANG", "C.UTF-8")), true),
        (Some(("LC_ALL", "en_GB.utf8")), true),
        (Some(("LANG", "C")), false),
        (None, false),
    ] {
        let run = locale.into_iter().fold(refused(), |run, (name, value)| run.env(name, value));
        let output = run.run();
        let lines = text(&output);
        let bar = lines.iter().find(|line| line.starts_with("time ")).unwrap();
        assert_eq!((bar.contains('█'), bar.contains('#')), (has_blocks, !has_blocks), "{bar}");
        assert!(has_blocks || lines.iter().all(|line| line.is_ascii()), "{}", output.whole());
    }
}

fn hostile() {
    for body in [Body::Text(HOSTILE), Body::JsonMessage(HOSTILE)] {
        let service = Service::with(Fault::Status(401, body));
        let output = Run::against(&service).arg("diagnose").run();
        output.assert_code(77);
        let lines = text(&output);
        let results = lines.iter().filter(|line| line.starts_with("RESULT:")).count();
        assert_eq!(results, 1, "{}", output.whole());
        let controls = |line: &String| line.chars().any(char::is_control);
        assert!(!lines.iter().any(controls), "{}", output.whole());
        let output = Run::against(&service).args(&["diagnose", "--json"]).run();
        assert_ends(check(&document(&output), "auth"), "fail", Some("auth.unauthorized"));
    }
}

fn long_word() {
    let word: &'static str = "x".repeat(300).leak();
    let service = Service::with(Fault::Status(503, Body::Text(word)));
    let output = Run::against(&service).arg("diagnose").run();
    output.assert_code(69);
    text(&output);
}

fn login() {
    let service = Service::builder().may_be_unreached().start();
    let proxy = Proxy::start(ProxyFault::Login("user", "right"));
    let url = proxy.url_with("user", "wrong-login-word");
    for more in [[].as_slice(), &["--json"]] {
        let run = Run::against(&service).args(&["diagnose", "--proxy", &url]).args(more);
        let output = run.run();
        output.assert_code(77);
        assert!(!shown(&output).contains("wrong-login"), "{}", output.whole());
        assert!(!output.trace.contains("wrong-login"), "{}", output.whole());
        assert!(shown(&output).contains("does not accept this login"), "{}", output.whole());
    }
}

fn closed() {
    refused().stdout(Stdout::Closed).run().assert_code(69).assert_silent();
}
