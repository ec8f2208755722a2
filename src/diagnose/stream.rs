//! The stream: whether the link lives, and, which is not the same, whether events can flow.
//!
//! The service's WebSocket proxy answers pings also while its broker is dead. Only a message, or
//! a fresh upgrade, proves the way to the broker; so a silent topic is asked again from its
//! beginning, on a connection of its own. Only readers are opened: a consumer would create a
//! subscription, or take its messages.

use std::rc::Rc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::check::{Check, Status};
use super::config;
use super::observer::{Observer, millis};
use super::{Diagnosis, request};
use crate::advice::Problem;
use crate::connect::{Connection, Ladder};
use crate::failure::{Failure, Step};
use crate::message::{Frame, Line, parse, write_line};
use crate::secret::Secret;
use crate::session::{Next, Session, Woke};
use crate::settings::{Format, Lines, OnReject, Position, Settings};
use crate::words::duration;

/// How many of the retained messages are looked at, and for how long.
const PROBE_MESSAGES: u64 = 25;
pub(super) const PROBE_TIME: Duration = Duration::from_secs(10);

/// Smaller than [`PROBE_MESSAGES`]: that many arrive only if acknowledgements are accepted.
const PROBE_WINDOW: u16 = 5;

/// How long the answers to our questions are waited for once a message has come.
const PATIENCE: Duration = Duration::from_secs(1);

/// How much clocks may differ where an event counts as new.
const FRESH: Duration = Duration::from_secs(60);

/// Retained messages older than this are no sign of a stream that works today.
const STALE: Duration = Duration::from_secs(24 * 3600);

/// The topic is empty as far as anyone can see.
pub(super) const SILENT_CODE: &str = "stream.silent";

const SILENT: Option<&str> = Some("No Messages Received");

/// What a session had to show.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) messages: u64,
    pub(super) newest: Option<Timestamp>,
    /// The first thing that was wrong with a message.
    bad: Option<String>,
    bad_messages: u64,
    end_of_topic: Option<Value>,
    ping: Option<Duration>,
}

impl Heard {
    /// How old the newest message is.
    pub(super) fn age(&self) -> Option<Duration> {
        let age = Timestamp::now().duration_since(self.newest?);
        Some(Duration::try_from(age).unwrap_or_default())
    }

    fn describe(&self) -> String {
        let age = self.age().map_or(String::new(), |age| format!(", newest {} old", duration(age)));
        let count = match self.messages {
            1 => "1 message".to_owned(),
            n => format!("{n} messages"),
        };
        format!("{count}{age}")
    }
}

impl Diagnosis<'_> {
    /// The check of the stream, on the connection the ladder has opened.
    pub(super) fn stream(
        &mut self,
        settings: &Settings,
        ladder: &mut Ladder<'_>,
        key: &Secret,
        connection: Connection,
    ) -> Check {
        let began = Instant::now();
        let mut live = Heard::default();
        let listened = self.listen(settings, connection, 1, self.options.listen, &mut live);
        let mut check = Check::ok("stream", began.elapsed(), String::new())
            .evidence("listened_ms", millis(began.elapsed().min(self.options.listen)))
            .evidence("messages", live.messages)
            .evidence("ping_ms", live.ping.map(millis))
            .evidence("end_of_topic", live.end_of_topic.clone())
            .evidence("newest_age_ms", live.age().map(millis));
        if let Some(ping) = live.ping {
            check = check
                .note("alive", format!("ping answered after {} ms: the link lives", millis(ping)));
        }
        if let Err(failure) = listened {
            return check.ended_by(Check::failed(began.elapsed(), &failure));
        }
        if live.end_of_topic == Some(Value::Bool(true)) {
            check.summary =
                "the topic was terminated: nothing more is ever published to it".to_owned();
            return check
                .warn("stream.terminated", SILENT)
                .fix("check --topic (the default is `all`)")
                .fix("ask 8x8 support why this topic was ended");
        }
        if live.messages > 0 {
            check.summary = format!("{}; acknowledgement sent", live.describe());
            // After a message id there may be old ones, too.
            let arrived = live.age().is_none_or(|age| age < self.options.listen + FRESH);
            return judge_messages(stale(check.evidence("arrived", arrived), &live), &live);
        }
        if self.signals.stop().is_some() {
            check.status = Status::Skip;
            check.summary = "stopped while listening; no message until then".to_owned();
            return check;
        }
        self.probe(settings, ladder, key, check, began)
    }

    /// Nothing came: is there anything at all, and is the way to the broker open?
    fn probe(
        &mut self,
        settings: &Settings,
        ladder: &mut Ladder<'_>,
        key: &Secret,
        mut check: Check,
        began: Instant,
    ) -> Check {
        let silence = format!("no message in {}", duration(self.options.listen));
        let asked = request(settings, key, &Position::Earliest, PROBE_WINDOW);
        let mut observer = Observer::new(&settings.target, config::sent(settings, key));
        let climbed = ladder.climb(&asked, self.left(), &mut |event| observer.take(&event));
        let Ok(connection) = climbed else {
            let Some(mut failed) = observer.failed() else {
                check.status = Status::Skip;
                check.summary =
                    format!("{silence}; stopped before the topic was read from its beginning");
                return check;
            };
            failed.elapsed = began.elapsed();
            return check.ended_by(failed).note(
                "why",
                "the link lives, but no new reader can be opened: events cannot flow until that is mended",
            );
        };
        let mut retained = Heard::default();
        let read = self.listen(settings, connection, PROBE_MESSAGES, PROBE_TIME, &mut retained);
        check.elapsed = began.elapsed();
        if self.signals.stop().is_some() {
            check.status = Status::Skip;
            check.summary =
                format!("{silence}; stopped while the topic was read from its beginning");
            return check;
        }
        check = check.evidence(
            "earliest_probe",
            json!({ "messages": retained.messages, "newest_age_ms": retained.age().map(millis) }),
        );
        if let Err(failure) = read {
            return check.ended_by(Check::failed(began.elapsed(), &failure));
        }
        if retained.messages == 0 {
            check.summary = format!("{silence}, and none retained from earliest either");
            return silent(check);
        }
        check.summary = match retained.messages {
            // The newest of these is far from the newest there is.
            PROBE_MESSAGES.. => format!("{silence}, but at least {PROBE_MESSAGES} retained"),
            _ => format!("{silence}, but retained: {}", retained.describe()),
        };
        check = check.note("flow", "a fresh reader got retained events, so events can flow");
        if retained.messages > u64::from(PROBE_WINDOW) {
            check = check.note("acks", "accepted: more came than the window holds");
        }
        if retained.messages < PROBE_MESSAGES {
            check = stale(check, &retained);
        }
        judge_messages(check, &retained)
    }

    /// Reads up to `count` messages within `limit`, acknowledging each.
    pub(super) fn listen(
        &self,
        settings: &Settings,
        connection: Connection,
        count: u64,
        limit: Duration,
        heard: &mut Heard,
    ) -> Result<(), Failure> {
        let server = Diagnosis::server(settings);
        let mut session =
            Session::new(connection.socket, Rc::clone(self.signals), server, &settings.link);
        let began = Instant::now();
        let mut deadline = began + limit;
        let mut last_heard = began;
        let mut last_ping = began;
        let mut has_asked_again = false;
        session.ping()?;
        session.ask_end_of_topic()?;
        while heard.messages < PROBE_MESSAGES {
            match session.next()? {
                Next::Message(text) => {
                    last_heard = Instant::now();
                    if let Some(id) = take(&text, heard) {
                        session.acknowledge(&id)?;
                    }
                    continue;
                }
                Next::Unreadable(reason) => {
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
                _ if !is_alive => deadline
                    .max(last_ping + settings.link.ping_timeout + PATIENCE)
                    .min(self.deadline),
                0 => deadline,
                // What is retained comes in one go.
                _ => deadline.min(last_heard + 2 * PATIENCE),
            };
            let now = Instant::now();
            if now >= give_up {
                if !enough && !is_alive {
                    let cause = format!("no answer to a ping within {}", duration(now - last_ping));
                    let server = Diagnosis::server(settings);
                    return Err(Failure::new(Step::Stream, server, Problem::NoPong, cause));
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
        session.flush()?;
        // Whoever presses Ctrl-C does not want to wait for the other end.
        if self.signals.stop().is_none() {
            session.close();
        }
        Ok(())
    }
}

/// Counts one frame. The id it is acknowledged by, where it has one.
fn take(frame: &str, heard: &mut Heard) -> Option<String> {
    const LINES: Lines =
        Lines { format: Format::Payload, events: Vec::new(), on_reject: OnReject::Warn };
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

/// Only old messages: nothing says that events are published today.
fn stale(check: Check, heard: &Heard) -> Check {
    if heard.age().is_none_or(|age| age <= STALE) {
        return check;
    }
    check
        .warn("stream.stale", SILENT)
        .fix("cause an event, such as an agent's login, and look again")
        .fix("if none appears, ask 8x8 support whether events are being published for the tenant")
}

/// Whether what came can be decoded.
fn judge_messages(mut check: Check, heard: &Heard) -> Check {
    let Some(reason) = &heard.bad else {
        return check.note("payload", "base64 and JSON, as it should be");
    };
    let heading = if reason.contains("not JSON") {
        "Invalid JSON in Payload"
    } else {
        "Cannot Decode Payload"
    };
    if heard.bad_messages == heard.messages {
        check.summary = format!("no message can be decoded: {reason}");
        check.status = Status::Fail;
        check.exit = crate::exit::Exit::Data;
    }
    check = check
        .note(
            "got",
            format!(
                "{} of {} cannot be decoded; the first: {reason}",
                heard.bad_messages, heard.messages
            ),
        )
        .fix("look at the message with --format envelope; a reader warns about it and goes on")
        .fix("if all are like it, check --host: this may be another service");
    if check.status == Status::Fail {
        check.code = Some("stream.bad_payload".to_owned());
        check.see = Some(heading);
        return check;
    }
    check.warn("stream.bad_payload", Some(heading))
}

/// Connected, authorised, and not one message.
fn silent(check: Check) -> Check {
    check
        .note("why", "most often the wrong region: the key is accepted, but the events live elsewhere")
        .fix("check the region: --cluster with your vcc-<cluster> name finds it; --all-regions looks in each")
        .fix("cause an event, such as an agent's login, while `diagnose` listens; try --topic all")
        .fix("ask 8x8 support whether event streaming is enabled for the tenant")
        .warn(SILENT_CODE, Some("Wrong Regional Endpoint / No Messages Received"))
}
