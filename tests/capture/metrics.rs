//! The metrics file: read by a strict parser of the Prometheus text format (and by promtool where
//! there is one), replaced whole, with the names that are promised.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};

use libtest_mimic::Trial;

use super::{Spool, event, missing, stop, test, test_if, through, wait_until};
use crate::support::run::Run;
use crate::support::service::{Odd, Service};

pub(super) fn trials() -> Vec<Trial> {
    let promtool = missing("promtool", &["--version"]);
    vec![
        test("metrics: the parser of this test is strict", strict),
        test("metrics: what was written is counted", counted),
        test("metrics: reconnects and disconnection are told", reconnects),
        test("metrics: never read half written", whole),
        test("metrics: without a capture, too", without_a_capture),
        test("metrics: others can read them, whatever the umask", umask),
        test("metrics: a file that cannot be made is a warning", not_made),
        test_if(&promtool, "metrics: promtool accepts them", accepted_by_promtool),
    ]
}

fn counted() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many("all", 7, event);
    service.publish_odd("all", Odd::NotBase64);
    service.publish_odd("all", Odd::NotBase64);
    service.publish_odd("all", Odd::NotJsonPayload);
    service.publish_odd("all", Odd::NotJson);
    let path = spool.join("tail8x8.prom");
    spool.catching_up(&service).arg("--metrics-file").arg(&path).run().assert_code(0);
    let metrics = parse(&fs::read_to_string(&path).unwrap()).unwrap();
    let bytes = fs::metadata(spool.output()).unwrap().len() as f64;
    for (name, value) in [
        ("tail8x8_events_total", 7.0),
        ("tail8x8_bytes_total", bytes),
        (r#"tail8x8_rejects_total{reason="payload"}"#, 3.0),
        (r#"tail8x8_rejects_total{reason="envelope"}"#, 1.0),
        ("tail8x8_disk_errors_total", 0.0),
        ("tail8x8_connected", 0.0),
        (&format!(r#"tail8x8_build_info{{version="{}"}}"#, env!("CARGO_PKG_VERSION")), 1.0),
    ] {
        assert_eq!(metrics.get(name), Some(&value), "{name} in {metrics:#?}");
    }
    let newest = metrics["tail8x8_last_event_timestamp_seconds"];
    let age = jiff::Timestamp::now().as_second() as f64 - newest;
    assert!((-1.0..120.0).contains(&age), "{newest}");
    let lag = metrics["tail8x8_lag_seconds"];
    assert!((-1.0..120.0).contains(&lag), "{lag}");
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o644);
    let mut names = spool.names();
    names.retain(|name| name.starts_with("tail8x8"));
    assert_eq!(names, ["tail8x8.prom"], "nothing beside it is left");
}

fn umask() {
    let service = Service::start();
    let spool = Spool::new();
    let path = spool.join("tail8x8.prom");
    let run = spool.catching_up(&service).arg("--metrics-file").arg(&path);
    through(run, &["sh", "-c", "umask 077; exec \"$@\"", "sh"]).run().assert_code(0);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o644);
}

fn reconnects() {
    let service = Service::start();
    let spool = Spool::new();
    let path = spool.join("tail8x8.prom");
    let mut run = spool.run(&service).arg("--metrics-file").arg(&path).spawn();
    service.publish("all", event(0));
    spool.wait_lines(1);
    let read = || parse(&fs::read_to_string(&path).unwrap_or_default()).unwrap_or_default();
    wait_until("it is connected", || read().get("tail8x8_connected") == Some(&1.0));
    for round in 1..4 {
        service.close_all(1001, "bye");
        run.wait_stderr("connected again");
        service.wait_for_connections(round + 1);
        service.publish("all", event(round));
        spool.wait_lines(round + 1);
    }
    stop(run);
    let metrics = read();
    let causes: BTreeMap<_, _> = metrics
        .iter()
        .filter(|(name, _)| name.starts_with("tail8x8_reconnects_total{cause=\"stream."))
        .collect();
    assert_eq!(causes.values().copied().sum::<f64>(), 3.0, "{metrics:#?}");
    assert_eq!(metrics["tail8x8_events_total"], 4.0);
}

fn whole() {
    let service = Service::start();
    let spool = Spool::new();
    let path = spool.join("tail8x8.prom");
    for round in 0..10 {
        service.publish_many("all", 50, |n| event(round * 50 + n));
        let run = spool.catching_up(&service).arg("--metrics-file").arg(&path);
        let mut run = run.spawn();
        while run.is_running() {
            if let Ok(text) = fs::read_to_string(&path) {
                parse(&text).unwrap();
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        run.finish().assert_code(0);
    }
}

fn without_a_capture() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many("all", 3, event);
    let path = spool.join("tail8x8.prom");
    let run = Run::against(&service).args(&["--message-id", "earliest", "-n", "3"]);
    run.arg("--metrics-file").arg(&path).run().assert_code(0);
    let metrics = parse(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(metrics["tail8x8_events_total"], 3.0);
}

fn not_made() {
    let service = Service::start();
    service.publish("all", event(0));
    for name in ["nowhere/x.prom", "."] {
        let spool = Spool::new();
        let path = spool.join(name);
        let output = spool.catching_up(&service).arg("--metrics-file").arg(&path).run();
        output.assert_code(0).assert_stderr_has("tail8x8: warning: metrics file ");
        output.assert_stderr_has(path.to_str().unwrap());
        assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
        assert_eq!(spool.lines().len(), 1);
    }
}

fn accepted_by_promtool() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_odd("all", Odd::NotBase64);
    service.publish_many("all", 3, event);
    let path = spool.join("tail8x8.prom");
    spool.catching_up(&service).arg("--metrics-file").arg(&path).run().assert_code(0);
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::from(fs::File::open(&path).unwrap()));
    let output = promtool.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Samples by name and labels as written. Stricter than Prometheus itself: of each metric HELP, TYPE
/// and samples in this order and in one piece, counters are named `_total`, no time stamps.
fn parse(text: &str) -> Result<BTreeMap<String, f64>, String> {
    let mut samples = BTreeMap::new();
    let mut metrics: BTreeSet<String> = BTreeSet::new();
    let (mut helped, mut typed) = (String::new(), (String::new(), String::new()));
    if !text.ends_with('\n') {
        return Err("no newline at the end".into());
    }
    for line in text.lines() {
        let wrong = |why: &str| Err(format!("{why}: {line}"));
        let mut words = line.splitn(4, ' ');
        let words = [(); 4].map(|()| words.next().unwrap_or(""));
        if let ["#", "HELP", name, help] = words {
            if !metrics.insert(name.into()) || !is_name(name) || help.trim().is_empty() {
                return wrong("a HELP that is empty, not of a name, or a second one");
            }
            helped = name.into();
        } else if let ["#", "TYPE", name, kind] = words {
            let right = matches!(kind, "counter" | "gauge") && helped == name && typed.0 != name;
            if !right || (kind == "counter") != name.ends_with("_total") {
                return wrong("a TYPE that is none or out of place");
            }
            typed = (name.into(), kind.into());
        } else {
            let Some((id, value)) = line.rsplit_once(' ') else { return wrong("no sample") };
            let (name, labels) = id.split_once('{').unwrap_or((id, "}"));
            if name != typed.0 || !is_labels(labels) {
                return wrong("a sample out of place, or labels that are none");
            }
            let Ok(value) = value.parse::<f64>() else { return wrong("no number") };
            if (typed.1 == "counter" && (value.is_nan() || value < 0.0))
                || samples.insert(id.into(), value).is_some()
            {
                return wrong("a counter below zero, or a sample twice");
            }
        }
    }
    Ok(samples)
}

fn is_name(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(first) && name.chars().all(|c| first(c) || c.is_ascii_digit())
}

/// What follows `{`.
fn is_labels(text: &str) -> bool {
    let Some(inner) = text.strip_suffix('}') else { return false };
    inner.is_empty()
        || inner.split(',').all(|label| {
            let (name, value) = label.split_once('=').unwrap_or(("", ""));
            let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
            is_name(name) && value.is_some_and(|value| !value.contains(['"', '\\']))
        })
}

fn strict() {
    let head = "# HELP a_total Some.\n# TYPE a_total counter\n";
    for right in ["a_total 1\n", "a_total{b=\"c\"} 1.5e3\na_total{b=\"d\",e=\"\"} 0\n", ""] {
        assert!(parse(&format!("{head}{right}")).is_ok(), "{right}");
    }
    for wrong in [
        "a_total 1",
        "a_total one\n",
        "a_total -1\n",
        "a_total NaN\n",
        "a_total 1 2\n",
        "b 1\n",
        "a_total{b=c} 1\n",
        "a_total{b=\"c\" 1\n",
        "a_total{1=\"c\"} 1\n",
        "a_total 1\na_total 1\n",
        "\n",
        "a_total 1\n# HELP b B.\nb 1\n",
        "a_total 1\n# HELP a_total Again.\n",
        "# HELP b B.\n# TYPE b counter\nb 1\n",
        "# HELP b B.\n# TYPE b gauge\nb 1\na_total 1\n",
    ] {
        assert!(parse(&format!("{head}{wrong}")).is_err(), "{wrong:?} was accepted");
    }
    assert!(parse("a_total 1\n").is_err());
}
