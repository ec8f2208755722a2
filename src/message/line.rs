//! From a message to the one line it leaves as, byte for byte as published.
//!
//! A payload is checked to be JSON but never written anew: a duplicate member, a number beyond
//! every float or the order of members would not survive that. Only raw newlines, which JSON
//! allows between its tokens alone, become spaces.

use std::borrow::Cow;
use std::fmt;

use base64::DecodeError;
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_core::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::envelope::{Text, json_mistake};
use super::{Envelope, Format, LineRules};

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A line was appended.
    Written,
    /// An empty payload, which has no line as payload: a legal tombstone.
    Tombstone,
    /// Its event type is not wanted.
    Filtered,
    /// It cannot be decoded.
    Reject(RejectReason),
}

/// Why a message has no line. Each holds where it stops to be what it should, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RejectReason {
    NotBase64(String),
    NotUtf8(String),
    NotJson(String),
    NoEnvelope,
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RejectReason::NotBase64(why) => write!(f, "payload is not base64: {why}"),
            RejectReason::NotUtf8(why) => write!(f, "payload is not UTF-8: {why}"),
            RejectReason::NotJson(why) => write!(f, "payload is not JSON: {why}"),
            RejectReason::NoEnvelope => f.write_str("no envelope"),
        }
    }
}

/// Appends the message's line to `out`, or nothing at all.
pub(crate) fn write_line(
    envelope: &Envelope<'_>,
    frame: &str,
    lines: &LineRules,
    out: &mut Vec<u8>,
) -> Line {
    let start = out.len();
    let line = match lines.format {
        Format::Payload => payload_line(envelope, lines, out),
        Format::Envelope => envelope_line(envelope, frame, lines, out),
    };
    if line == Line::Written {
        without_newlines(&mut out[start..]);
        out.push(b'\n');
    } else {
        out.truncate(start);
    }
    line
}

fn payload_line(envelope: &Envelope<'_>, lines: &LineRules, out: &mut Vec<u8>) -> Line {
    if envelope.payload.is_empty() {
        return Line::Tombstone;
    }
    let start = out.len();
    if let Err(e) = decode(&envelope.payload, out) {
        return Line::Reject(RejectReason::NotBase64(base64_mistake(&e)));
    }
    match json(&out[start..]) {
        Err(reason) => Line::Reject(reason),
        Ok(payload) if !lines.events.is_empty() && !wanted(payload, &lines.events) => {
            Line::Filtered
        }
        Ok(_) => Line::Written,
    }
}

/// The envelope with every member as it came, but the payload decoded.
fn envelope_line(
    envelope: &Envelope<'_>,
    frame: &str,
    lines: &LineRules,
    out: &mut Vec<u8>,
) -> Line {
    let mut payload = Vec::new();
    if let Err(e) = decode(&envelope.payload, &mut payload) {
        return Line::Reject(RejectReason::NotBase64(base64_mistake(&e)));
    }
    let embedded = json(&payload).ok();
    // What is no JSON has no event type.
    if !lines.events.is_empty() && !embedded.is_some_and(|payload| wanted(payload, &lines.events)) {
        return Line::Filtered;
    }
    let Ok(Members(members)) = serde_json::from_str(frame) else {
        return Line::Reject(RejectReason::NoEnvelope);
    };
    for (i, (name, value)) in members.iter().enumerate() {
        out.push(if i == 0 { b'{' } else { b',' });
        let (name, value) = match (name.as_ref(), embedded) {
            ("payload", _) if payload.is_empty() => ("payload", "null"),
            ("payload", Some(embedded)) => ("payload", embedded),
            ("payload", None) => ("payloadBase64", value.get()),
            (name, _) => (name, value.get()),
        };
        serde_json::to_writer(&mut *out, name).expect("a string into memory");
        out.push(b':');
        out.extend_from_slice(value.as_bytes());
    }
    out.push(b'}');
    Line::Written
}

/// Appends the decoded bytes. Both alphabets are taken, and padding or none.
fn decode(base64: &str, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    const STANDARD_ALPHABET: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
    const URL_SAFE_ALPHABET: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);
    let start = out.len();
    STANDARD_ALPHABET.decode_vec(base64, out).or_else(|e| {
        out.truncate(start);
        URL_SAFE_ALPHABET.decode_vec(base64, out).map_err(|_| e)
    })
}

/// Where text stops to be base64, in plain words.
fn base64_mistake(e: &DecodeError) -> String {
    match e {
        DecodeError::InvalidByte(at, _) | DecodeError::InvalidLastSymbol(at, _) => {
            format!("wrong from character {} on", at + 1)
        }
        DecodeError::InvalidLength(length) => format!("no text of it has {length} characters"),
        DecodeError::InvalidPadding => "wrong padding at its end".to_owned(),
    }
}

/// The payload as text, when it is one JSON value.
fn json(payload: &[u8]) -> Result<&str, RejectReason> {
    let text = std::str::from_utf8(payload).map_err(|e| RejectReason::NotUtf8(e.to_string()))?;
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Ok(text),
        Err(e) => Err(RejectReason::NotJson(json_mistake(&e))),
    }
}

/// Valid JSON has no raw newline inside a string, so each one found stands between tokens.
fn without_newlines(line: &mut [u8]) {
    let mut rest = line;
    while let Some(at) = memchr::memchr2(b'\n', b'\r', rest) {
        rest[at] = b' ';
        rest = &mut rest[at + 1..];
    }
}

/// Whether an event type of this payload is among the wanted ones.
///
/// The type is a top-level member's name (`Interaction`), the `event` inside it
/// (`InteractionCreated`), or the value of a top-level `eventType`.
fn wanted(payload: &str, events: &[String]) -> bool {
    let is_wanted = |name: &str| events.iter().any(|event| event == name);
    let Ok(Members(members)) = serde_json::from_str(payload) else { return false };
    members.iter().any(|(name, value)| {
        if name == "eventType" {
            return string(value.get()).is_some_and(|name| is_wanted(&name));
        }
        is_wanted(name)
            || serde_json::from_str(value.get()).is_ok_and(|Members(inner)| {
                inner.iter().any(|(name, value)| {
                    name == "event" && string(value.get()).is_some_and(|name| is_wanted(&name))
                })
            })
    })
}

fn string(json: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str(json).ok().map(|Text(text)| text)
}

/// An object's members in order, duplicates included, each value as it was written.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Text(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
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
            let expected = if kept { Line::Written } else { Line::Filtered };
            assert_eq!(line_of(frame, Format::Payload, events).0, expected, "{events:?}");
            assert_eq!(line_of(frame, Format::Envelope, events).0, expected, "{events:?}");
        }
    }
}
