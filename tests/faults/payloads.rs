//! Messages that are not as they should be. What cannot be decoded is warned about with its id and
//! the reason, acknowledged, counted and left out; what is only unusual is written. The stream
//! goes on in any case.

use libtest_mimic::Trial;

use super::{assert_told, test};
use crate::support::run::Run;
use crate::support::service::{Fault, Odd, Service};

const FIRST: &str = r#"{"number":1}"#;
const LAST: &str = r#"{"number":2}"#;

/// Message in words, message, words of the warning; whether it has an id that can be acknowledged.
type Bad = (&'static str, Odd, &'static str, bool);

#[rustfmt::skip]
const BAD: [Bad; 11] = [
    ("a frame that is no JSON", Odd::NotJson, "not an envelope: ", false),
    ("a frame that is no object", Odd::NotAnObject, "not an envelope: ", false),
    ("no payload", Odd::NoPayload, "payload is missing", true),
    ("a payload that is a number", Odd::NumberPayload, "not an envelope: wrong type at line 1", true),
    ("a payload that is null", Odd::NullPayload, "payload is missing", true),
    ("a payload that is no base64", Odd::NotBase64, "payload is not base64: ", true),
    ("a payload that is not UTF-8", Odd::NotUtf8, "payload is not UTF-8: ", true),
    ("a payload of plain words", Odd::NotJsonPayload, "payload is not JSON: ", true),
    ("a payload cut in the middle", Odd::CutPayload, "payload is not JSON: ", true),
    ("a raw newline inside a string", Odd::RawNewlineInString, "payload is not JSON: ", true),
    ("a text frame that is not UTF-8", Odd::NotJson, "frame is not UTF-8: ", false),
];

/// Message in words, message, its line, if it has one.
type Legal = (&'static str, Odd, Option<&'static str>);

#[rustfmt::skip]
const LEGAL: [Legal; 8] = [
    ("base64 for URLs", Odd::UrlSafeBase64, Some("{\"odd\":\"?>?>~~~ÿÿþ\"}")),
    ("base64 without padding", Odd::UnpaddedBase64, Some(r#"{"odd":"u"}"#)),
    ("an empty payload", Odd::EmptyPayload, None),
    ("newlines between tokens become spaces", Odd::RawNewlines, Some("{  \"odd\" :   [1, 2] }")),
    ("unknown members", Odd::UnknownMembers, Some(r#"{"odd":"this"}"#)),
    ("members in another order", Odd::OtherOrder, Some(r#"{"odd":"this"}"#)),
    ("a control message with a type", Odd::ControlType, None),
    ("an unasked endOfTopic", Odd::ControlEndOfTopic, None),
];

pub(super) fn trials() -> Vec<Trial> {
    let warned =
        BAD.map(|row| test(&format!("payload: {} is warned about", row.0), move || warned(&row)));
    let stopped = BAD.map(|row| {
        test(&format!("payload: {} stops with --on-reject stop", row.0), move || stopped(&row))
    });
    let legal =
        LEGAL.map(|row| test(&format!("payload: {} is no error", row.0), move || legal(&row)));
    let others = [
        test("payload: what was rejected is counted", counted),
        test("payload: frames without an id do not use the window up", no_stall),
        test("payload: an id cannot write to the terminal", || {
            let line = warning_of(Odd::HostileId);
            assert!(line.contains("message ") && line.contains("all is well"), "{line}");
        }),
        test("payload: a frame's data does not fill the log", || {
            let line = warning_of(Odd::LongString);
            assert!(line.len() < 500, "{} bytes: {line:.500}", line.len());
        }),
    ];
    warned.into_iter().chain(stopped).chain(legal).chain(others).collect()
}

/// The last row is a frame, not a message of the topic.
fn service_with(row: &Bad) -> (Service, Option<String>) {
    let is_frame = row.2.starts_with("frame is");
    let fault = if is_frame { Fault::NotUtf8Text } else { Fault::None };
    let service = Service::builder().always(fault).fault_after(1).start();
    service.publish("all", FIRST);
    let id = (!is_frame).then(|| service.publish_odd("all", row.1).encode());
    service.publish("all", LAST);
    (service, id.filter(|_| row.3))
}

fn warned(row: &Bad) {
    let (service, id) = service_with(row);
    let run = Run::against(&service).args(&["--message-id", "earliest", "-n", "2"]);
    let output = run.args(&["--retry", "0"]).run();
    output.assert_code(0).assert_lines(&[FIRST, LAST]);
    let subject =
        id.as_ref().map_or("message without an id: ".into(), |id| format!("message {id}: "));
    output.assert_stderr_has(&format!("tail8x8: warning: {subject}"));
    output.assert_stderr_has(row.2).assert_stderr_has("; skipped");
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
    assert!(output.trace.contains("2 events, "), "{}", output.whole());
    assert!(output.trace.contains(", 1 rejects"), "{}", output.whole());
    assert_eq!(service.connections(), 1);
    service.wait_for_acks(3);
    service.wait_for_no_connections();
    match id {
        Some(_) => service.assert_acked_once(),
        // It takes a place in the server's window, too, which any acknowledgement frees.
        None => {
            let seen = service.seen();
            let nameless = seen.last().acks.iter().filter(|ack| ack.id.is_none()).count();
            assert_eq!((seen.acks(), nameless), (3, 1));
        }
    }
}

/// More of them than the window has places.
fn no_stall() {
    let service = Service::start();
    for odd in [Odd::NotJson, Odd::NotAnObject, Odd::NotJson, Odd::NoPayload, Odd::NotBase64] {
        service.publish_odd("all", odd);
    }
    service.publish("all", LAST);
    let run = Run::against(&service).args(&["--receiver-queue-size", "2"]);
    let output = run.args(&["--message-id", "earliest", "-n", "1"]).run();
    output.assert_code(0).assert_lines(&[LAST]);
}

fn stopped(row: &Bad) {
    let (service, id) = service_with(row);
    let run = Run::against(&service).args(&["--message-id", "earliest", "--on-reject", "stop"]);
    // No retry could help: without --retry 0.
    let output = run.run();
    output.assert_code(65).assert_lines(&[FIRST]);
    assert_told(&output, "stream.bad_payload", &[row.2, "--format envelope"]);
    if let Some(id) = &id {
        output.assert_stderr_has(&format!("message {id}: "));
    }
    service.wait_for_no_connections();
    service.assert_acks_within(&[FIRST]);
    assert_eq!(service.connections(), 1);
}

fn legal((_, odd, line): &Legal) {
    let service = Service::start();
    service.publish("all", FIRST);
    service.publish_odd("all", *odd);
    service.publish("all", LAST);
    let lines: Vec<&str> = [Some(FIRST), *line, Some(LAST)].into_iter().flatten().collect();
    let run = Run::against(&service).args(&["--message-id", "earliest", "--retry", "0"]);
    let output = run.args(&["-n", &lines.len().to_string()]).run();
    output.assert_code(0).assert_silent().assert_lines(&lines);
    service.wait_for_no_connections();
    service.assert_acked_once();
}

fn counted() {
    let service = Service::start();
    service.publish("all", FIRST);
    for odd in [Odd::NotBase64, Odd::NotUtf8, Odd::NotJsonPayload] {
        service.publish_odd("all", odd);
    }
    service.publish_odd("all", Odd::EmptyPayload);
    service.publish("all", LAST);
    let run = Run::against(&service).args(&["--message-id", "earliest", "-n", "2"]);
    let output = run.run();
    output.assert_code(0).assert_lines(&[FIRST, LAST]);
    assert_eq!(output.stderr.matches("warning: message ").count(), 3, "{}", output.whole());
    assert!(output.trace.contains("3 rejects, 1 tombstones"), "{}", output.whole());
}

/// The one line that is said about an odd message; the stream goes on.
fn warning_of(odd: Odd) -> String {
    let service = Service::start();
    service.publish_odd("all", odd);
    service.publish("all", LAST);
    let run = Run::against(&service).args(&["--message-id", "earliest", "-n", "1"]);
    let output = run.run();
    output.assert_code(0).assert_lines(&[LAST]);
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
    let line = output.stderr.trim_end();
    assert!(!line.contains(char::is_control), "{line:?}");
    line.to_owned()
}
