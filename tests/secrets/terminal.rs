//! Text that acts on a terminal, or hides in it, is shown by its number.

use libtest_mimic::Trial;

use super::test;
use crate::capture::systemd::told;
use crate::support::run::{Run, Stdout};
use crate::support::scratch::Scratch;
use crate::support::service::{Fault, Place, Service};

/// One of each kind: C0, DEL, C1, marks of direction, of no width, separators, tags.
const ACTING: &str = "\u{1b}[2J\u{7f}\u{9b}31m\u{85}\u{202e}\u{2066}\u{200f}\u{61c}\u{200b}\u{200d}\
    \u{2060}\u{feff}\u{ad}\u{2028}\u{2029}\u{fff9}\u{e0041}";

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("terminal: what a server says", said),
        test("terminal: advice with a name of the server's", advice),
        test("terminal: events, which stay the same JSON", events),
        test("terminal: events in a pipe and a file are exact", exact),
    ]
}

#[track_caller]
fn assert_shown(what: &str, text: &str, may_break: bool) {
    for c in ACTING.chars().filter(|c| !c.is_ascii_graphic()) {
        assert!(!text.contains(c), "{what} has {:?}: {text:?}", c);
    }
    assert!(may_break || !text.trim_end().contains('\n'), "{text:?}");
}

fn said() {
    for (place, text) in [
        (Place::Text, format!("begin {ACTING} end")),
        (
            Place::Json,
            serde_json::json!(format!("begin {ACTING} end")).to_string().replace('"', ""),
        ),
        (Place::Close, format!("begin {ACTING} end")),
        (Place::MessageId, format!("begin {ACTING} end")),
    ] {
        let faults = [Fault::Says(place, text.clone()), Fault::None];
        for options in [&[][..], &["--log-format", "json"]] {
            let service = Service::builder().faults(faults.clone()).start();
            service.publish("all", "{}");
            let (run, told, _folder) = told(Run::against(&service));
            let run = run.args(&["--message-id", "earliest", "-n", "1", "--retry-delay", "1ms"]);
            let output = run.args(options).run();
            output.assert_code(0);
            assert!(output.trace.contains("end"), "{}", output.whole());
            assert_shown("stderr", &output.trace, true);
            for line in told.lines() {
                assert_shown("what systemd is told", &line, false);
            }
            for line in output.trace.lines().filter(|_| !options.is_empty()) {
                serde_json::from_str::<serde_json::Value>(line).expect("an object");
            }
        }
        if place != Place::MessageId && place != Place::Close {
            let service = Service::with(Fault::Says(place, text));
            for options in [&["diagnose"][..], &["diagnose", "--json"]] {
                let output = Run::against(&service).args(options).run();
                let text = String::from_utf8_lossy(&output.stdout).into_owned();
                assert!(text.contains("end"), "{text}");
                assert_shown("diagnose", &text, true);
            }
        }
    }
}

/// At a terminal the advice has lines of its own, below the message.
fn advice() {
    let service = Service::builder().may_be_unreached().start();
    let tenant = "a\u{202e}b\u{200b}c";
    let run = Run::against(&service).args(&["--tenant", tenant, "--topic", tenant]);
    let output = run
        .key(crate::support::run::Key::Text("eght_wrong1234".into()))
        .env("NO_COLOR", "1")
        .terminal()
        .run();
    output.assert_code(77);
    assert_shown("stderr", &output.trace, true);
}

fn event() -> String {
    serde_json::json!({"text": ACTING, "more": "ü😀"}).to_string()
}

fn events() {
    for format in ["payload", "envelope"] {
        let service = Service::start();
        service.publish("all", event());
        let run = Run::against(&service).args(&["--message-id", "earliest", "-n", "1"]);
        let output = run.args(&["--format", format]).stdout(Stdout::Terminal).run();
        output.assert_code(0);
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        assert_shown("the terminal", &text, false);
        assert!(text.contains("ü😀"), "{text}");
        let mut value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        if format == "envelope" {
            value = value["payload"].take();
        }
        assert_eq!(value, serde_json::from_str::<serde_json::Value>(&event()).unwrap());
    }
}

fn exact() {
    let service = Service::start();
    service.publish("all", event());
    let scratch = Scratch::new("exact");
    let path = scratch.join("out");
    let run = || Run::against(&service).args(&["--message-id", "earliest", "-n", "1"]);
    let output = run().run();
    output.assert_code(0).assert_lines(&[event()]);
    run().arg("-o").arg(&path).run().assert_code(0);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), event() + "\n");
}
