//! Writes a message as one line, byte for byte as published.
//!
//! A payload is checked to be JSON but never re-serialized: duplicate members, numbers beyond the
//! range of a float and the order of members would not survive that. Only raw line breaks, which
//! JSON allows only between tokens, become spaces.

use super::envelope::Envelope;
use super::line::Line;
use super::rules::LineRules;

/// Appends the message's line to `out`, or nothing at all.
pub(crate) fn write_line(
    envelope: &Envelope<'_>,
    frame: &str,
    rules: &LineRules,
    out: &mut Vec<u8>,
) -> Line {
    let start = out.len();
    let line = rules.format.write(envelope, frame, &rules.events, out);
    if line == Line::Written {
        without_newlines(&mut out[start..]);
        out.push(b'\n');
    } else {
        out.truncate(start);
    }
    line
}

/// Replaces raw line breaks. Valid JSON has none inside a string, so each one is between tokens.
fn without_newlines(line: &mut [u8]) {
    let mut rest = line;
    while let Some(at) = memchr::memchr2(b'\n', b'\r', rest) {
        rest[at] = b' ';
        rest = &mut rest[at + 1..];
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;
    use crate::message::{Format, Frame, LineRules, OnReject, parse};

    fn line_of(frame: &str, format: Format, events: &[&str]) -> (Line, String) {
        let Frame::Message(envelope) = parse(frame) else { panic!("no message: {frame}") };
        let events = events.iter().map(|&e| e.to_owned()).collect();
        let lines = LineRules { format, events, on_reject: OnReject::Warn };
        let mut out = b"before\n".to_vec();
        let line = write_line(&envelope, frame, &lines, &mut out);
        let text = String::from_utf8(out).expect("UTF-8");
        (line, text.strip_prefix("before\n").expect("what was there stays").to_owned())
    }

    fn frame(payload: &[u8]) -> String {
        let payload = base64::engine::general_purpose::STANDARD.encode(payload);
        format!(r#"{{"messageId":"CAEQAg==","payload":"{payload}","properties":{{"a":"b"}}}}"#)
    }

    #[test]
    fn a_payload_leaves_byte_for_byte_but_for_raw_newlines() {
        for odd in [
            r#"{"a":1,"a":2}"#,
            r#"{"n":1e400,"m":-0.0,"big":123456789012345678901234567890}"#,
            r#"  [ "\ud800" , "é", "\/" ]  "#,
            "5",
        ] {
            let (line, text) = line_of(&frame(odd.as_bytes()), Format::Payload, &[]);
            assert_eq!((line, text), (Line::Written, format!("{odd}\n")));
        }
        let (_, text) = line_of(&frame(b"{\r\n\"a\":\n\"\\n\"}\n"), Format::Payload, &[]);
        assert_eq!(text, "{  \"a\": \"\\n\"} \n");
        let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
        assert_eq!(line_of(&frame(&deep), Format::Payload, &[]).0, Line::Written);
    }

    #[test]
    fn what_is_no_json_is_a_reject_as_payload_and_base64_as_envelope() {
        for (payload, reason) in [
            (&b"hello"[..], "payload is not JSON"),
            (b"{\"a\":\"raw\nnewline\"}", "payload is not JSON"),
            (b"{} {}", "payload is not JSON"),
            (b"\xef\xbb\xbf{}", "payload is not JSON"),
            (b"\"\xff\"", "payload is not UTF-8"),
        ] {
            let frame = frame(payload);
            match line_of(&frame, Format::Payload, &[]) {
                (Line::Reject(said), text) if text.is_empty() => {
                    assert!(said.to_string().starts_with(reason), "{said}");
                }
                other => panic!("{other:?}"),
            }
            let (line, text) = line_of(&frame, Format::Envelope, &[]);
            assert_eq!(line, Line::Written);
            assert_eq!(text, frame.replace("\"payload\"", "\"payloadBase64\"") + "\n");
        }
        let frame = r#"{"messageId":"CAEQAg==","payload":"no base64!"}"#;
        assert!(matches!(line_of(frame, Format::Payload, &[]).0, Line::Reject(_)));
        assert!(matches!(line_of(frame, Format::Envelope, &[]).0, Line::Reject(_)));
    }

    #[test]
    fn an_empty_payload_is_a_tombstone() {
        assert_eq!(line_of(&frame(b""), Format::Payload, &[]), (Line::Tombstone, String::new()));
        let (line, text) = line_of(&frame(b""), Format::Envelope, &[]);
        assert_eq!(line, Line::Written);
        assert!(text.contains(r#""payload":null"#), "{text}");
    }

    #[test]
    fn an_envelope_keeps_every_member_as_it_came() {
        let (_, text) = line_of(&frame(b"{\"b\" :\n1e400}"), Format::Envelope, &[]);
        assert_eq!(
            text,
            "{\"messageId\":\"CAEQAg==\",\"payload\":{\"b\" : 1e400},\"properties\":{\"a\":\"b\"}}\n"
        );
    }

    /// Were each of them replaced, a few megabytes would become terabytes.
    #[test]
    fn of_several_payloads_the_last_one_is_the_payload() {
        let frame = r#"{"payload":"","messageId":"CAEQAg==","payload":"WzFd"}"#;
        let (_, text) = line_of(frame, Format::Envelope, &[]);
        assert_eq!(text, "{\"messageId\":\"CAEQAg==\",\"payload\":[1]}\n");
        assert_eq!(line_of(frame, Format::Payload, &[]).1, "[1]\n");
    }

    #[test]
    fn unpadded_and_url_safe_base64_are_taken() {
        let (_, text) =
            line_of(r#"{"messageId":"CAEQAg==","payload":"WzFd"}"#, Format::Payload, &[]);
        assert_eq!(text, "[1]\n");
        // "[\"~~~\"]" and "[\"???\"]" need the last two letters of either alphabet.
        for payload in ["WyJ-fn4iXQ", "WyJ+fn4iXQ==", "WyI_Pz8iXQ=="] {
            let frame = format!(r#"{{"messageId":"CAEQAg==","payload":"{payload}"}}"#);
            assert_eq!(line_of(&frame, Format::Payload, &[]).0, Line::Written, "{payload}");
        }
    }

    #[test]
    fn the_type_of_an_event_that_is_left_out_is_known() {
        for (payload, own) in [
            (r#"{"Interaction":{"event":"InteractionCreated"}}"#, Some("InteractionCreated")),
            (r#"{"n":1,"AgentStatusChange":{}}"#, Some("AgentStatusChange")),
            (r#"{"a":{},"eventType":"A\u0042"}"#, Some("AB")),
            (r#"{"a":1,"event":"x"}"#, None),
            ("[{}]", None),
        ] {
            let (line, _) = line_of(&frame(payload.as_bytes()), Format::Payload, &["x"]);
            assert_eq!(line, Line::Filtered(own.map(str::to_owned)), "{payload}");
        }
        let (line, _) = line_of(&frame(b"no JSON"), Format::Envelope, &["x"]);
        assert_eq!(line, Line::Filtered(None));
    }

    #[test]
    fn events_are_kept_by_each_of_their_names() {
        let created = frame(br#"{"Interaction":{"n":1e400,"event":"InteractionCreated"}}"#);
        let flat = frame(br#"{"eventType":"AgentLogin"}"#);
        for (frame, events, kept) in [
            (&created, &["InteractionCreated"][..], true),
            (&created, &["Interaction"], true),
            (&created, &["x", "Interaction"], true),
            (&created, &["event"], false),
            (&flat, &["AgentLogin"], true),
            (&flat, &["eventType"], false),
            (&frame(b"[]"), &["x"], false),
        ] {
            for format in [Format::Payload, Format::Envelope] {
                let (line, _) = line_of(frame, format, events);
                assert_eq!(line == Line::Written, kept, "{events:?}");
                assert_eq!(matches!(line, Line::Filtered(_)), !kept, "{events:?}");
            }
        }
    }
}
