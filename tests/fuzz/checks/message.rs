//! A message from the server, up to its line.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{assert_printable, choice};
use crate::message::{Format, Frame, Line, LineRules, OnReject, parse, write_line};

/// A whole frame, or a payload that gets a good envelope around it.
pub(super) fn check(data: &[u8]) {
    let (choice, data) = choice(data);
    let frame = match choice % 2 {
        0 => String::from_utf8_lossy(data).into_owned(),
        _ => {
            format!(r#"{{"messageId":"CAEQAg==","payload":"{}","key":"k"}}"#, STANDARD.encode(data))
        }
    };
    let envelope = match parse(&frame) {
        Frame::Message(envelope) => envelope,
        Frame::Control => return,
        Frame::Reject { id, reason } => {
            assert!(id.is_none_or(|id| id.len() <= frame.len()));
            assert!(reason.len() < 200, "{reason}");
            return assert_printable(&reason);
        }
    };
    for format in Format::NAMES {
        for events in [&[][..], &["Interaction"], &["InteractionCreated", "a"]] {
            let rules = LineRules {
                format: Format::named(format).expect("a format"),
                events: events.iter().map(|&event| event.to_owned()).collect(),
                on_reject: OnReject::Warn,
            };
            let mut out = b"before\n".to_vec();
            let line = write_line(&envelope, &frame, &rules, &mut out);
            let written = out.strip_prefix(b"before\n").expect("what was there stays");
            match line {
                Line::Written => check_line(written, &rules, &frame),
                Line::Reject(reason) => assert_printable(&reason.to_string()),
                Line::Tombstone => {}
                Line::Filtered(kind) => assert!(kind.is_none_or(|kind| kind.len() <= frame.len())),
            }
            let is_written = written.ends_with(b"\n");
            assert_eq!(is_written, !written.is_empty(), "a line or nothing");
        }
    }
}

/// Exactly one line of JSON, with everything that was in the frame and not much more.
fn check_line(line: &[u8], rules: &LineRules, frame: &str) {
    let breaks = line.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
    assert_eq!(breaks, 1, "one line");
    assert!(rules.format.is_whole_line(line), "valid JSON");
    assert!(line.len() <= 2 * frame.len() + 100, "{} of {}", line.len(), frame.len());
    // Deeper nesting than this reader takes is legal all the same.
    let (Ok(line), Ok(frame)) = (serde_json::from_slice::<Value>(line), frame.parse::<Value>())
    else {
        return;
    };
    if rules.format == Format::Envelope {
        let (Value::Object(line), Value::Object(frame)) = (line, frame) else {
            panic!("an envelope is an object");
        };
        for (name, value) in frame.iter().filter(|(name, _)| *name != "payload") {
            assert!(line.get(name) == Some(value) || name == "payloadBase64", "{name}");
        }
        assert!(line.contains_key("payload") || line.contains_key("payloadBase64"));
    }
}
