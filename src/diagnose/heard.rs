//! What was received in one session.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::fault::Fault;
use crate::message::{Format, Frame, Line, LineRules, OnReject, RejectReason, parse, write_line};
use crate::words::duration;

/// What was received in one session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    pub(crate) messages: u64,
    pub(crate) newest: Option<Timestamp>,
    /// When the session ended.
    pub(crate) ended: Timestamp,
    /// The first message that cannot be decoded.
    pub(crate) bad: Option<BadMessage>,
    pub(crate) bad_messages: u64,
    /// The answer to the question whether the topic was terminated.
    pub(crate) end_of_topic: Option<bool>,
    /// How long the answer to the first ping took.
    pub(crate) ping: Option<Duration>,
}

/// A message that cannot be decoded, and why.
#[derive(Clone, Debug)]
pub(crate) struct BadMessage {
    pub(crate) fault: Fault,
    pub(crate) reason: String,
}

impl Heard {
    /// How old the newest message was when the session ended.
    pub(crate) fn age(&self) -> Option<Duration> {
        let age = self.ended.duration_since(self.newest?);
        Some(Duration::try_from(age).unwrap_or_default())
    }

    /// `3 messages, newest 2m5s old`.
    pub(crate) fn describe(&self) -> String {
        let age = self.age().map_or(String::new(), |age| format!(", newest {} old", duration(age)));
        let count = match self.messages {
            1 => "1 message".to_owned(),
            n => format!("{n} messages"),
        };
        format!("{count}{age}")
    }

    /// Counts one frame. Returns the id to acknowledge it by, if it has one.
    pub(crate) fn take(&mut self, frame: &str) -> Option<String> {
        const LINES: LineRules =
            LineRules { format: Format::Payload, events: Vec::new(), on_reject: OnReject::Warn };
        match parse(frame) {
            Frame::Message(message) => {
                self.messages += 1;
                self.newest = self.newest.max(message.publish_time);
                if let Line::Reject(reason) = write_line(&message, frame, &LINES, &mut Vec::new()) {
                    let fault = match reason {
                        RejectReason::NotJson(_) => Fault::NotJson,
                        _ => Fault::Undecodable,
                    };
                    self.bad(fault, format!("message {}: {reason}", message.id));
                }
                Some(message.id.as_str().to_owned())
            }
            Frame::Control => {
                let answer: Value = serde_json::from_str(frame).unwrap_or_default();
                // Documented as a string, but sent as a boolean.
                self.end_of_topic =
                    answer.get("endOfTopic").map(|end| *end == true || *end == "true");
                None
            }
            Frame::Reject { id, reason } => {
                self.unreadable(reason);
                id.map(|id| id.into_owned())
            }
        }
    }

    /// Counts a message without a usable envelope.
    pub(crate) fn unreadable(&mut self, reason: String) {
        self.messages += 1;
        self.bad(Fault::Undecodable, reason);
    }

    fn bad(&mut self, fault: Fault, reason: String) {
        self.bad_messages += 1;
        self.bad.get_or_insert(BadMessage { fault, reason });
    }
}
