//! The envelope: the JSON object around every payload, as Apache Pulsar's WebSocket API sends it.
//!
//! Only the members that the program uses are read, borrowed from the frame; others are skipped.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde_core::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::MessageId;

/// One parsed message from the server.
#[derive(Debug)]
pub(crate) enum Frame<'a> {
    Message(Envelope<'a>),
    /// The answer to a request of this program: never printed, never acknowledged.
    Control,
    /// An envelope that cannot be used, with the id to acknowledge it by, if it has one.
    Reject {
        id: Option<Cow<'a, str>>,
        reason: String,
    },
}

/// The members of an envelope that matter here.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    pub(crate) id: MessageId,
    /// Still in base64.
    pub(crate) payload: Cow<'a, str>,
    /// When the producer published it, by the producer's clock.
    pub(crate) publish_time: Option<Timestamp>,
}

/// Parses a frame's text.
pub(crate) fn parse(frame: &str) -> Frame<'_> {
    let members: EnvelopeMembers<'_> = match serde_json::from_str(frame) {
        Ok(members) => members,
        Err(e) => {
            let id = id_of_anything(frame).map(Cow::Owned);
            return Frame::Reject { id, reason: format!("not an envelope: {}", why(&e)) };
        }
    };
    let Some(id) = members.message_id else {
        if members.is_control {
            return Frame::Control;
        }
        return Frame::Reject {
            id: None,
            reason: "not an envelope: messageId is missing".to_owned(),
        };
    };
    let Some(payload) = members.payload else {
        return Frame::Reject {
            id: Some(id).filter(|id| MessageId::may_be(id)),
            reason: "not an envelope: payload is missing".to_owned(),
        };
    };
    match MessageId::parse(&id) {
        Ok(id) => Frame::Message(Envelope { id, payload, publish_time: members.publish_time }),
        Err(e) => {
            let reason = format!("messageId {e}");
            Frame::Reject { reason, id: Some(id).filter(|id| MessageId::may_be(id)) }
        }
    }
}

/// What is wrong, without the data that serde quotes when a type is wrong.
fn why(e: &serde_json::Error) -> String {
    match e.classify() {
        Category::Data => format!("wrong type at line {} column {}", e.line(), e.column()),
        _ => format!("not JSON, {}", json_mistake(e)),
    }
}

/// Where the text stops being JSON.
pub(super) fn json_mistake(e: &serde_json::Error) -> String {
    let what = match e.classify() {
        Category::Eof => "ends too early,",
        _ => "wrong",
    };
    format!("{what} at line {} column {}", e.line(), e.column())
}

/// The id of a message whose envelope is wrong elsewhere, so that it can be acknowledged.
fn id_of_anything(frame: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(frame).ok()?;
    value.get("messageId")?.as_str().filter(|id| MessageId::may_be(id)).map(str::to_owned)
}

#[derive(Default)]
struct EnvelopeMembers<'a> {
    message_id: Option<Cow<'a, str>>,
    payload: Option<Cow<'a, str>>,
    publish_time: Option<Timestamp>,
    is_control: bool,
}

impl<'de> Deserialize<'de> for EnvelopeMembers<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = EnvelopeMembers<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = EnvelopeMembers::default();
        while let Some(Text(name)) = map.next_key()? {
            match &*name {
                "messageId" => members.message_id = text(&mut map)?,
                "payload" => members.payload = text(&mut map)?,
                "publishTime" => {
                    // An invalid time is ignored: it is no reason to lose an event.
                    let value = map.next_value::<&RawValue>()?;
                    members.publish_time = serde_json::from_str::<Text<'_>>(value.get())
                        .ok()
                        .and_then(|Text(text)| text.parse().ok());
                }
                "type" | "endOfTopic" => {
                    members.is_control = true;
                    map.next_value::<IgnoredAny>()?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(members)
    }
}

/// Reads a string or null.
fn text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
    Ok(map.next_value::<Option<Text<'de>>>()?.map(|Text(text)| text))
}

/// A JSON string, borrowed unless it holds escapes.
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "CAEQAg==";

    fn reject(frame: &str) -> (Option<String>, String) {
        match parse(frame) {
            Frame::Reject { id, reason } => (id.map(Cow::into_owned), reason),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_message_is_taken_apart_whatever_surrounds_it() {
        let frame = r#" {"new":[{"payload":1}],"payload":"e\u0033","messageId":"CAEQAg==","key":null,
            "publishTime":"2026-07-01T12:00:00.5-08:00","redeliveryCount":0}"#;
        let Frame::Message(envelope) = parse(frame) else { panic!("no message") };
        assert_eq!(envelope.payload, "e3");
        assert_eq!(envelope.id.place(), (1, 2, -1));
        let time = envelope.publish_time.expect("a time");
        assert_eq!(time.to_string(), "2026-07-01T20:00:00.5Z");
    }

    #[test]
    fn control_messages_are_no_messages() {
        assert!(matches!(parse(r#"{"endOfTopic":false}"#), Frame::Control));
        assert!(matches!(parse(r#"{"endOfTopic":"false"}"#), Frame::Control));
        assert!(matches!(parse(r#"{"type":"x","payload":"e30="}"#), Frame::Control));
    }

    #[test]
    fn what_cannot_be_used_says_why_and_keeps_its_id() {
        assert_eq!(reject("hello").0, None);
        assert!(reject("[1]").1.starts_with("not an envelope: wrong type at line 1"));
        assert!(reject("{}").1.contains("messageId is missing"));
        let (id, reason) = reject(r#"{"messageId":"CAEQAg==","payload":5}"#);
        assert_eq!(id.as_deref(), Some(ID));
        assert!(reason.contains("wrong type at line 1"), "{reason}");
        let (id, reason) = reject(r#"{"messageId":"CAEQAg=="}"#);
        assert_eq!((id.as_deref(), &*reason), (Some(ID), "not an envelope: payload is missing"));
        let (id, reason) = reject(r#"{"messageId":"?","payload":"e30="}"#);
        assert_eq!(id.as_deref(), Some("?"));
        assert!(reason.contains("not base64"), "{reason}");
    }
}
