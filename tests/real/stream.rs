//! Reading a topic while nothing breaks: odd payloads, windows, refusals and the idle limit.

use std::time::Duration;

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use crate::support::counts::count;
use crate::support::nginx::{FORBIDDEN_KEY, Gateway};
use crate::support::pulsar::process::wait_until;
use crate::support::pulsar::producer::numbered;
use crate::support::pulsar::{Options, Pulsar, trial, trial_alone};
use crate::support::run::{Key, Run};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("real: odd payloads, byte for byte, at windows 1, 10 and 1000", odd_payloads),
        trial("real: the gateway's 401 and 403 end the run", the_gateway_refuses),
        trial("real: a missing namespace and an unreadable id end the run", pulsar_refuses),
        // A pause of the machine would be one of the link.
        trial_alone("real: pings keep a session over the idle limit", pings_beat_the_idle_limit),
    ]
}

fn odd_payloads() {
    let pulsar = Pulsar::shared();
    let topic = pulsar.namespace("odd").topic("all");
    let gateway = Gateway::start(pulsar.websocket_port());
    let payloads: Vec<Vec<u8>> = (0..count(1000, 5000)).map(odd).collect();
    topic.producer(None).send_all(payloads.iter().map(Vec::as_slice)).unwrap();
    let expected: Vec<u8> = payloads.iter().filter_map(|payload| line(payload)).flatten().collect();
    let lines = expected.iter().filter(|&&byte| byte == b'\n').count();

    for window in ["1", "10", "1000"] {
        let output = Run::new(&topic.args(gateway.port()))
            .args(&["--message-id", "earliest", "--receiver-queue-size", window])
            .args(&["-n", &lines.to_string()])
            .run();
        output.assert_code(0);
        let same = output.stdout.iter().zip(&expected).take_while(|(ours, theirs)| ours == theirs);
        let (same, length) = (same.count(), output.stdout.len());
        let around = |bytes: &[u8]| {
            let around =
                &bytes[same.saturating_sub(80).min(bytes.len())..(same + 80).min(bytes.len())];
            String::from_utf8_lossy(around).into_owned()
        };
        assert!(
            same == length && length == expected.len(),
            "window {window}: {length} of {} bytes, alike up to {same}: {:?} instead of {:?}",
            expected.len(),
            around(&output.stdout),
            around(&expected),
        );
        // Ten of a kind in a minute, then how many more.
        let warnings = output.stderr.matches("tail8x8: warning: message ").count();
        let rejects = payloads.iter().filter(|payload| is_reject(payload)).count();
        let unsaid = output
            .stderr
            .rsplit_once("… and ")
            .map_or("0", |(_, rest)| rest.split_once(" more").expect("a number").0);
        let unsaid: usize = unsaid.replace(' ', "").parse().expect("a number");
        assert!(warnings >= rejects.min(10), "{}", output.stderr);
        assert_eq!(warnings + unsaid, rejects, "each reject is counted: {}", output.stderr);
    }
}

fn the_gateway_refuses() {
    let pulsar = Pulsar::shared();
    let topic = pulsar.namespace("refused").topic("all");
    let gateway = Gateway::start(pulsar.websocket_port());
    let with = |key| Run::new(&topic.args(gateway.port())).key(key);
    with(Key::Text("eght_wrong".to_owned()))
        .fails_with("auth.unauthorized", 77)
        .assert_stderr_has("HTTP 401 Unauthorized [");
    with(Key::Text(FORBIDDEN_KEY.to_owned()))
        .fails_with("auth.forbidden", 77)
        .assert_stderr_has("403 Forbidden");
}

/// The versions answer differently; the exit code and the server's own sentence are what matters.
fn pulsar_refuses() {
    let pulsar = Pulsar::shared();
    let topic = pulsar.namespace("refusing").topic("all");
    let gateway = Gateway::start(pulsar.websocket_port());
    let run = || Run::new(&topic.args(gateway.port()));
    let missing = run().args(&["--namespace", "nowhere"]).run();
    missing.assert_code(78).assert_stderr_has("Namespace not found").assert_stderr_has("[auth.");
    // Well-formed as far as a client looks: the list in field 5, of no use to one, is torn.
    let unreadable = run().args(&["--message-id", "CAEQAioBgA=="]).run();
    unreadable.assert_code(78).assert_stderr_has("[auth.");
    // The server's own sentence, of either version, and what to do about it.
    let sentences = ["malformed", "IndexOutOfBounds", "Invalid messageId value"];
    let has_sentence = sentences.iter().any(|sentence| unreadable.stderr.contains(sentence));
    assert!(has_sentence, "{}", unreadable.stderr);
    unreadable.assert_stderr_has("give --message-id one that the service itself has sent");
    for output in [missing, unreadable] {
        assert_eq!(
            output.stderr.lines().count(),
            1,
            "cause and advice in one line: {}",
            output.stderr
        );
    }
}

fn pings_beat_the_idle_limit() {
    let idle_timeout = Some(Duration::from_secs(4));
    let pulsar = Pulsar::start(Options { idle_timeout, ..Options::default() });
    let topic = pulsar.namespace("events").topic("all");
    let gateway = Gateway::start(pulsar.websocket_port());
    let mut producer = topic.producer(None);
    producer.send(numbered(0)).unwrap();
    let follow = |name: &str, interval: &str| {
        Run::new(&topic.args(gateway.port()))
            .args(&["--message-id", "earliest", "--reader-name", name, "--ping-interval", interval])
            .args(&["--retry-delay", "100ms"])
            .spawn()
    };
    let (pinging, silent) = (follow("pinging", "1s"), follow("silent", "1h"));
    // The gateway notes a request when it is over.
    let ended = |name: &str| {
        let log = gateway.access_log();
        log.lines().filter(|line| line.contains(&format!("readerName={name}"))).count()
    };
    // Sessions of 4 s each, and the other one has been open all the time.
    let sessions = count(3, 8);
    wait_until("a reader without pings comes back again and again", || ended("silent") >= sessions);
    assert_eq!(ended("pinging"), 0, "a reader that pings stays connected");

    drop(producer);
    let mut producer = topic.producer(None);
    producer.send_all((1..10).map(numbered)).unwrap();
    let expected: Vec<u8> = (0..10).flat_map(|n| [numbered(n), b"\n".to_vec()].concat()).collect();
    for mut running in [pinging, silent] {
        running.wait_stdout_lines(10);
        running.signal(Signal::SIGTERM);
        let output = running.finish();
        output.assert_code(0);
        assert_eq!(String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&expected));
    }
}

/// Payload `number` of the odd ones; each thousandth is ordinary and has a line.
fn odd(number: usize) -> Vec<u8> {
    let text = match (number + 8) % 16 {
        0 => format!(r#"{{"unicode":"grün 日本 \ud83d\ude00 🎧 \u0000","n":{number}}}"#),
        1 => format!("{{\n  \"raw\": [\n    {number}\n  ]\n}}\n"),
        2 => format!(
            r#"{{"n":{number},"huge":1e400,"long":123456789012345678901234567890.10,"z":-0.0}}"#
        ),
        3 => format!(r#"{{"same":1,"same":{number},"same":[]}}"#),
        4 => format!("{}{number}{}", "[".repeat(300), "]".repeat(300)),
        5 => String::new(),
        6 => format!("no JSON {number}"),
        7 => return [format!(r#"{{"n":{number},"torn":""#).as_bytes(), b"\xc3\x28\"}"].concat(),
        8 => format!("{number}"),
        9 => format!(r#""a string, {number}""#),
        10 => format!(" \t{{ \"spaces\" : {number} }} \t"),
        11 => format!("{{\"n\":{number},\"text\":\"a raw\nnewline inside\"}}"),
        12 if number < 64 => format!(r#"{{"n":{number},"large":"{}"}}"#, "x".repeat(700 * 1024)),
        13 => "null".to_owned(),
        _ => format!(r#"{{"Interaction":{{"event":"InteractionCreated","n":{number}}}}}"#),
    };
    text.into_bytes()
}

/// The line of a payload, worked out by kind and not by parsing it again.
fn line(payload: &[u8]) -> Option<Vec<u8>> {
    if payload.is_empty() || is_reject(payload) {
        return None;
    }
    let spaced = payload.iter().map(|&byte| if byte == b'\n' { b' ' } else { byte });
    Some(spaced.chain([b'\n']).collect())
}

fn is_reject(payload: &[u8]) -> bool {
    let has = |needle: &[u8]| memchr::memmem::find(payload, needle).is_some();
    payload.starts_with(b"no JSON") || has(b"\xc3\x28") || has(b"a raw\nnewline")
}
