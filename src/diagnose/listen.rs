//! One session of a diagnosis: reads so many messages, acknowledges each, and asks meanwhile
//! whether the other end lives and whether its topic was ended.

use std::rc::Rc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;

use super::Diagnosis;
use crate::connect::{Connection, authority};
use crate::fault::Fault;
use crate::fault::{Failure, Step};
use crate::message::{Format, Frame, Line, LineRules, OnReject, parse, write_line};
use crate::session::{Next, Session, Woke};
use crate::settings::Settings;
use crate::words::duration;

/// How long the answers to our questions are waited for once a message has come.
const PATIENCE: Duration = Duration::from_secs(1);

/// How much is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// So many messages,
    pub(super) count: u64,
    /// for so long;
    pub(super) limit: Duration,
    /// a peer that answers no ping may have longer, but not beyond this.
    pub(super) at_last: Instant,
}

/// What a session had to show.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) messages: u64,
    pub(super) newest: Option<Timestamp>,
    /// The first thing that was wrong with a message.
    pub(super) bad: Option<String>,
    pub(super) bad_messages: u64,
    pub(super) end_of_topic: Option<Value>,
    pub(super) ping: Option<Duration>,
}

impl Heard {
    /// How old the newest message is.
    pub(super) fn age(&self) -> Option<Duration> {
        let age = Timestamp::now().duration_since(self.newest?);
        Some(Duration::try_from(age).unwrap_or_default())
    }

    pub(super) fn describe(&self) -> String {
        let age = self.age().map_or(String::new(), |age| format!(", newest {} old", duration(age)));
        let count = match self.messages {
            1 => "1 message".to_owned(),
            n => format!("{n} messages"),
        };
        format!("{count}{age}")
    }
}

impl Diagnosis<'_> {
    /// Reads what there is within these bounds, acknowledging each message. What was heard is kept
    /// also when the session fails.
    pub(super) fn listen(
        &self,
        settings: &Settings,
        connection: Connection,
        bounds: Bounds,
        heard: &mut Heard,
    ) -> Result<(), Failure> {
        let signals = Rc::clone(self.signals);
        let mut session = Session::new(connection.socket, signals, settings);
        let began = Instant::now();
        let result = self.hear(settings, &mut session, bounds, heard);
        heard.ping = heard.ping.or(session.last_pong().map(|pong| pong - began));
        // Whoever presses Ctrl-C does not want to wait for the other end.
        if result.is_ok() && self.signals.stop().is_none() {
            session.close();
        }
        result
    }

    fn hear(
        &self,
        settings: &Settings,
        session: &mut Session,
        bounds: Bounds,
        heard: &mut Heard,
    ) -> Result<(), Failure> {
        let Bounds { count, limit, at_last } = bounds;
        let began = Instant::now();
        let mut deadline = began + limit;
        let mut last_heard = began;
        let mut last_ping = began;
        let mut has_asked_again = false;
        session.ping()?;
        session.ask_end_of_topic()?;
        // A flood is read as far as was asked, its answers to our questions included.
        while heard.messages < count.max(FLOOD) {
            match session.next()? {
                Next::Message(text) => {
                    last_heard = Instant::now();
                    if let Some(id) = take(&text, heard) {
                        session.acknowledge(&id)?;
                    }
                    continue;
                }
                Next::Unreadable { reason, .. } => {
                    heard.messages += 1;
                    bad(heard, reason);
                    continue;
                }
                Next::Nothing => session.flush()?,
            }
            heard.ping = heard.ping.or(session.last_pong().map(|pong| pong - began));
            let is_alive = session.last_pong().is_some_and(|pong| pong >= last_ping);
            // The answers to both questions belong to the evidence.
            let is_answered = heard.ping.is_some() && heard.end_of_topic.is_some();
            let enough = heard.messages >= count;
            let give_up = match heard.messages {
                _ if enough && is_answered => break,
                _ if enough => began + PATIENCE.min(limit),
                // Silence means something only from a peer that answers.
                _ if !is_alive => {
                    deadline.max(last_ping + settings.limits.ping_timeout + PATIENCE).min(at_last)
                }
                0 => deadline,
                // What is retained comes in one go.
                _ => deadline.min(last_heard + 2 * PATIENCE),
            };
            let now = Instant::now();
            if now >= give_up {
                if !enough && !is_alive {
                    let cause = format!("no answer to a ping within {}", duration(now - last_ping));
                    let server = authority(&settings.target.host, settings.target.port);
                    return Err(Failure::new(Step::Stream, server, Fault::NoPong, cause));
                }
                if enough || std::mem::replace(&mut has_asked_again, true) {
                    break;
                }
                // Once more, before the silence is believed: the peer may have frozen meanwhile, and
                // Pulsar's proxy does not know at once that a topic was terminated.
                session.ping()?;
                session.ask_end_of_topic()?;
                last_ping = now;
                deadline = now + PATIENCE / 2;
                continue;
            }
            if session.wait(None, true, Some(give_up))? == Woke::Stop {
                break;
            }
        }
        session.flush()
    }
}

/// So many messages and no answer to a question between them: the answers are not waited for.
const FLOOD: u64 = 25;

/// Counts one frame. The id it is acknowledged by, where it has one.
fn take(frame: &str, heard: &mut Heard) -> Option<String> {
    const LINES: LineRules =
        LineRules { format: Format::Payload, events: Vec::new(), on_reject: OnReject::Warn };
    match parse(frame) {
        Frame::Message(message) => {
            heard.messages += 1;
            heard.newest = heard.newest.max(message.publish_time);
            if let Line::Reject(reason) = write_line(&message, frame, &LINES, &mut Vec::new()) {
                bad(heard, format!("message {}: {reason}", message.id));
            }
            Some(message.id.as_str().to_owned())
        }
        Frame::Control => {
            let answer: Value = serde_json::from_str(frame).unwrap_or_default();
            // Documented as a string, seen as a boolean.
            heard.end_of_topic =
                answer.get("endOfTopic").map(|end| Value::Bool(*end == true || *end == "true"));
            None
        }
        Frame::Reject { id, reason } => {
            heard.messages += 1;
            bad(heard, reason);
            id.map(|id| id.into_owned())
        }
    }
}

fn bad(heard: &mut Heard, reason: String) {
    heard.bad_messages += 1;
    heard.bad.get_or_insert(reason);
}
