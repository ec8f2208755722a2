//! How much is said, to whom, in which form: nothing to a cron job that works, one line of a
//! failure to a log, a greeting and advice to a person, objects to a machine.

use libtest_mimic::Trial;
use nix::sys::signal::Signal;
use serde_json::Value;

use super::{LINE, reads_line, service, test};
use crate::support::run::{Key, Output, Run};
use crate::support::service::{Body, Fault, Odd, Service};

const QUICK: [&str; 2] = ["--retry-delay", "10ms"];

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("voice: a run that works says nothing off a terminal", || {
            let output = reads_line(Run::against(&service()).verbosity(0));
            assert!(output.trace.is_empty(), "{}", output.whole());
        }),
        test("voice: a failure is exactly one line off a terminal", one_line),
        test("voice: -v tells each step", steps),
        test("voice: -vv tells each frame", frames),
        test("voice: -q tells errors only", quiet),
        test("voice: a person is greeted", greeting),
        test("voice: a person gets advice on a line of its own", advice),
        test("voice: a person is warned about a key on the command line", key_on_argv),
        test("voice: colour on a terminal, none with NO_COLOR", colour),
        test("voice: json, each line an object", json),
        test("voice: json, a failure with its parts", json_failure),
        test("voice: json, a mistake on the command line", json_usage),
        test("voice: json, what a server says cannot break out of its line", json_hostile),
        test("voice: what a server says cannot break out of its line", hostile),
    ]
}

fn one_line() {
    let service = Service::with(Fault::Status(401, Body::JsonMessage("no")));
    let output = Run::against(&service).verbosity(0).run();
    output.assert_code(77);
    assert_eq!(output.trace.lines().count(), 1, "{}", output.whole());
    assert!(output.trace.ends_with('\n'));
}

fn steps() {
    let output = reads_line(Run::against(&service()).verbosity(1));
    let mut rest = output.trace.as_str();
    for step in ["key: from", "dns", "tcp", "tls", "auth", "connected to", "1 events, 13 bytes"] {
        let at = rest.find(&format!("tail8x8: debug: {step}")).unwrap_or_else(|| {
            panic!("{step} is not told, or not in its order\n{}", output.whole())
        });
        rest = &rest[at..];
    }
    assert!(!output.trace.contains("trace: "), "{}", output.whole());
}

fn frames() {
    let output = reads_line(Run::against(&service()).verbosity(2));
    assert!(output.trace.contains("tail8x8: trace: < message "), "{}", output.whole());
    assert!(output.trace.contains("tail8x8: trace: > acknowledge "), "{}", output.whole());
}

fn quiet() {
    let service = Service::builder().faults([Fault::Status(502, Body::None)]).start();
    service.publish_odd("all", Odd::NotBase64);
    service.publish("all", LINE);
    let run = Run::against(&service).args(&QUICK).arg("-q").verbosity(0).terminal();
    reads_line_retrying(run).assert_silent();
    let service = Service::with(Fault::Status(401, Body::None));
    let output = Run::against(&service).arg("-q").verbosity(0).run();
    output.assert_code(77).assert_stderr_has("[auth.unauthorized]");
}

fn reads_line_retrying(run: Run) -> Output {
    let output = run.args(&["--message-id", "earliest", "-n", "1"]).run();
    output.assert_code(0).assert_lines(&[LINE]);
    output
}

fn greeting() {
    let service = service();
    let mut running = Run::against(&service).verbosity(0).terminal().spawn();
    running.wait_stderr("waiting for new events");
    running.signal(Signal::SIGTERM);
    let output = running.finish();
    output.assert_code(0);
    let greeting = output.trace.lines().find(|line| line.contains("connected to")).unwrap();
    for word in ["127.0.0.1", "--host", "topic acme/event-v1/all", "from latest", "waiting"] {
        assert!(greeting.contains(word), "{word}\n{}", output.whole());
    }
    let run = Run::against(&service).verbosity(0).terminal();
    let output = reads_line_retrying(run);
    assert!(output.trace.contains("from earliest"), "{}", output.whole());
}

fn advice() {
    let service = Service::with(Fault::Status(403, Body::None));
    let output = Run::against(&service).args(&["--color", "never"]).verbosity(0).terminal().run();
    output.assert_code(77);
    let lines: Vec<&str> = output.trace.lines().collect();
    assert!(lines[0].ends_with("[auth.forbidden]"), "{}", output.whole());
    let (_, advice) = lines.split_first().unwrap();
    assert!(advice.concat().contains("default topic"), "{}", output.whole());
    for line in advice {
        let is_wrapped = line.starts_with("        ") && line.len() <= 80;
        assert!(is_wrapped, "{}", output.whole());
    }
}

fn key_on_argv() {
    let warning = "every user of this machine can see a key given by --x-api-key";
    let service = service();
    let run = Run::against(&service).key(Key::Argv).terminal();
    reads_line(run).assert_stderr_has(warning);
    // A log has no use for it at each start.
    reads_line(Run::against(&service).key(Key::Argv)).assert_silent();
}

fn colour() {
    let service = Service::with(Fault::Status(403, Body::None));
    let coloured = |run: Run| {
        let output = run.verbosity(0).run();
        output.assert_code(77);
        output.trace.contains("\x1b[")
    };
    assert!(coloured(Run::against(&service).terminal()));
    assert!(coloured(Run::against(&service).args(&["--color", "always"])));
    assert!(!coloured(Run::against(&service)));
    assert!(!coloured(Run::against(&service).terminal().env("NO_COLOR", "1")));
    assert!(!coloured(Run::against(&service).terminal().args(&["--color", "never"])));
}

/// Every line of stderr as an object with its time and level.
fn objects(output: &Output) -> Vec<Value> {
    let object = |line: &str| {
        let object: Value = serde_json::from_str(line)
            .unwrap_or_else(|error| panic!("{error}: {line}\n{}", output.whole()));
        let time = object["time"].as_str().expect("a time");
        assert!(time.parse::<jiff::Timestamp>().is_ok(), "{time}");
        let level = object["level"].as_str().expect("a level");
        assert!(["error", "warning", "notice", "debug", "trace"].contains(&level), "{level}");
        object
    };
    output.trace.lines().map(object).collect()
}

fn json() {
    let faults = [Fault::Status(502, Body::Page("502 Bad Gateway")), Fault::TlsReset];
    let service = Service::builder().faults(faults).start();
    service.publish_odd("all", Odd::NotBase64);
    service.publish("all", LINE);
    for terminal in [false, true] {
        let run = Run::against(&service).args(&QUICK).args(&["--log-format", "json"]);
        let run = if terminal { run.terminal() } else { run };
        let output = reads_line_retrying(run.key(Key::FileMode(0o644)));
        let objects = objects(&output);
        let has = |level: &str, name: &str| {
            objects.iter().any(|object| object["level"] == level && object[name].is_string())
        };
        assert!(has("warning", "message") && has("debug", "message") && has("trace", "message"));
        // The faults are over with the first run.
        assert!(terminal || has("warning", "code") && has("warning", "advice"));
    }
}

fn json_failure() {
    let service = Service::with(Fault::Status(401, Body::JsonMessage("no \"such\" key")));
    let output = Run::against(&service).args(&["--log-format", "json"]).verbosity(0).run();
    output.assert_code(77);
    let objects = objects(&output);
    assert_eq!(objects.len(), 1, "{}", output.whole());
    let failure = &objects[0];
    assert_eq!(failure["level"], "error");
    assert_eq!(failure["step"], "auth");
    assert_eq!(failure["subject"], format!("127.0.0.1:{}", service.port()));
    assert_eq!(failure["cause"], "HTTP 401 Unauthorized: no \"such\" key");
    assert_eq!(failure["code"], "auth.unauthorized");
    assert!(failure["advice"].as_str().unwrap().contains("typos"));
    assert!(failure["fixes"][0].as_str().unwrap().contains("typos"));
}

/// Whoever asked for objects gets them, also where the options themselves are wrong.
fn json_usage() {
    for words in [["--tenant", "a/b"].as_slice(), &["--bogus"], &["--ca-file", "/nowhere"]] {
        let run = Run::new(&["--log-format", "json"]).args(words).env("PULSAR_TENANT", "acme");
        let output = run.verbosity(0).run();
        let failure = &objects(&output)[0];
        assert_eq!(failure["step"], "config", "{}", output.whole());
    }
}

const HOSTILE: &str = "\u{1b}[2Jfine\ntail8x8: all is well\u{7}\u{9b}31m";

fn hostile() {
    for fault in [Fault::Status(401, Body::JsonMessage(HOSTILE)), Fault::Close(1011, HOSTILE)] {
        let service = Service::with(fault);
        let output = Run::against(&service).args(&["--retry", "0"]).verbosity(0).run();
        assert_eq!(output.trace.lines().count(), 1, "{}", output.whole());
        let bad = |c: char| c.is_control() && c != '\n';
        assert!(!output.trace.contains(bad), "{:?}", output.trace);
        output.assert_stderr_has("all is well");
    }
}

fn json_hostile() {
    let service = Service::with(Fault::Status(401, Body::JsonMessage(HOSTILE)));
    let output = Run::against(&service).args(&["--log-format", "json"]).verbosity(0).run();
    let objects = objects(&output);
    assert_eq!(objects.len(), 1, "{}", output.whole());
    assert!(objects[0]["cause"].as_str().unwrap().contains("all is well"));
}
