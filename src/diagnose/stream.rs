//! The stream: whether the link lives, and, which is not the same, whether events can flow.
//!
//! The service's WebSocket proxy answers pings also while its broker is dead. Only a message, or
//! a fresh upgrade, proves the way to the broker; so a silent topic is asked again from its
//! beginning, on a connection of its own. Only readers are opened: a consumer would create a
//! subscription, or take its messages.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Diagnosis;
use super::check::{Check, Status};
use super::config;
use super::listen::{Bounds, Heard};
use super::observer::{Observer, millis};
use crate::connect::{Connection, Connector, Request};
use crate::exit::Exit;
use crate::message::Position;
use crate::secret::Secret;
use crate::settings::Settings;
use crate::words::duration;

/// How many of the retained messages are looked at, and for how long.
const PROBE_MESSAGES: u64 = 25;
pub(super) const PROBE_TIME: Duration = Duration::from_secs(10);

/// Smaller than [`PROBE_MESSAGES`]: that many arrive only if acknowledgements are accepted.
const PROBE_WINDOW: u16 = 5;

/// How much clocks may differ where an event counts as new.
const FRESH: Duration = Duration::from_secs(60);

/// Retained messages older than this are no sign of a stream that works today.
const STALE: Duration = Duration::from_secs(24 * 3600);

/// The topic is empty as far as anyone can see.
pub(super) const SILENT_CODE: &str = "stream.silent";

const SILENT: Option<&str> = Some("No Messages Received");

impl Diagnosis<'_> {
    /// The check of the stream, on the connection the connector has opened.
    pub(super) fn stream(
        &mut self,
        settings: &Settings,
        connector: &mut Connector<'_>,
        key: &Secret,
        connection: Connection,
    ) -> Check {
        let began = Instant::now();
        let mut live = Heard::default();
        let bounds = Bounds { count: 1, limit: self.options.listen, at_last: self.deadline };
        let listened = self.listen(settings, connection, bounds, &mut live);
        let mut check = Check::ok("stream", began.elapsed(), String::new())
            .evidence("listened_ms", millis(began.elapsed().min(self.options.listen)))
            .evidence("messages", live.messages)
            .evidence("ping_ms", live.ping.map(millis))
            .evidence("end_of_topic", live.end_of_topic.clone())
            .evidence("newest_age_ms", live.age().map(millis));
        if let Some(ping) = live.ping {
            let after = duration(ping);
            check = check.note("alive", format!("ping answered after {after}: the link lives"));
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
        self.probe(settings, connector, key, check, began)
    }

    /// Nothing came: is there anything at all, and is the way to the broker open?
    fn probe(
        &mut self,
        settings: &Settings,
        connector: &mut Connector<'_>,
        key: &Secret,
        mut check: Check,
        began: Instant,
    ) -> Check {
        let silence = format!("no message in {}", duration(self.options.listen));
        let asked = Request::reader(settings, key.clone(), &Position::Earliest, PROBE_WINDOW);
        let mut observer = Observer::new(settings, config::sent(settings, key));
        let connected = connector.connect(&asked, self.left(), &mut |event| observer.take(&event));
        let Ok(connection) = connected else {
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
        let read = self.listen(settings, connection, self.probing(PROBE_MESSAGES), &mut retained);
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
            check.summary = format!("{silence}, and none retained");
            return silent(check, self.options.all_regions);
        }
        check.summary = match retained.messages {
            // The newest of these is far from the newest there is.
            PROBE_MESSAGES.. => format!("{silence}, but at least {PROBE_MESSAGES} retained"),
            _ => format!("{silence}, but retained: {}", retained.describe()),
        };
        if retained.messages == u64::from(PROBE_WINDOW)
            && self.holds_more(settings, connector, key, &mut check, began)
        {
            return stalled(check, &silence);
        }
        check = check.note("flow", "a fresh reader got retained events, so events can flow");
        if retained.messages > u64::from(PROBE_WINDOW) {
            check = check.note("acks", "accepted: more came than the window holds");
        }
        if retained.messages < PROBE_MESSAGES {
            check = stale(check, &retained);
        }
        judge_messages(check, &retained)
    }

    /// As many came as may wait for their acknowledgement. Whether the topic holds more is seen by a
    /// reader that may be sent more.
    fn holds_more(
        &self,
        settings: &Settings,
        connector: &mut Connector<'_>,
        key: &Secret,
        check: &mut Check,
        began: Instant,
    ) -> bool {
        let asked = Request::reader(settings, key.clone(), &Position::Earliest, PROBE_WINDOW + 1);
        let mut heard = Heard::default();
        if let Ok(connection) = connector.connect(&asked, self.left(), &mut |_| {}) {
            let bounds = self.probing(u64::from(PROBE_WINDOW) + 1);
            // That another reader works as well is not the question here.
            let _ = self.listen(settings, connection, bounds, &mut heard);
        }
        check.elapsed = began.elapsed();
        heard.messages > u64::from(PROBE_WINDOW)
    }

    /// Within the time that is left, all in all.
    fn probing(&self, count: u64) -> Bounds {
        Bounds { count, limit: PROBE_TIME.min(self.left()), at_last: self.deadline }
    }
}

/// More is there than came: nothing follows until what came is acknowledged.
fn stalled(mut check: Check, silence: &str) -> Check {
    check.status = Status::Fail;
    check.code = Some("stream.no_acks".to_owned());
    check.exit = Exit::Unavailable;
    check.see = SILENT.map(str::to_owned);
    check.headline = Some("acknowledgements do not reach the service".to_owned());
    check.summary = format!(
        "{silence}; of those retained {PROBE_WINDOW} came, and no more although they were acknowledged"
    );
    check
        .note("acks", "not accepted: a reader with room for one more got one more")
        .note(
            "why",
            "the service sends no more than --receiver-queue-size without an acknowledgement",
        )
        .fix("something in between drops what this side sends: look for a proxy or inspection box")
        .fix("if there is none, send 8x8 support a report (--report FILE)")
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
    let heading = if reason.contains("payload is not JSON") {
        "Invalid JSON in Payload"
    } else {
        "Cannot Decode Payload"
    };
    let (all, bad) = (heard.messages, heard.bad_messages);
    let which = match all == bad {
        true => {
            check.summary = format!("no message can be decoded: {reason}");
            check.status = Status::Fail;
            check.exit = Exit::Data;
            format!("{bad} of {all} cannot be decoded")
        }
        false => format!("{bad} of {all} cannot be decoded; the first: {reason}"),
    };
    check = check
        .note("got", which)
        .fix("look at the message with --format envelope; a reader warns about it and goes on")
        .fix("if all are like it, check --host: this may be another service");
    if check.status == Status::Fail {
        check.code = Some("stream.bad_payload".to_owned());
        check.see = Some(heading.to_owned());
        return check;
    }
    check.warn("stream.bad_payload", Some(heading))
}

/// Connected, authorised, and not one message.
fn silent(check: Check, asks_others: bool) -> Check {
    let find = "check the region: --cluster with your vcc-<cluster> name finds it";
    let find = match asks_others {
        true => find.to_owned(),
        false => format!("{find}; --all-regions looks in each"),
    };
    check
        .note(
            "why",
            "most often the wrong region: the key is accepted, but the events live elsewhere",
        )
        .fix(find)
        .fix("cause an event, such as an agent's login, while `diagnose` listens; try --topic all")
        .fix("ask 8x8 support whether event streaming is enabled for the tenant")
        .warn(SILENT_CODE, Some("Wrong Regional Endpoint / No Messages Received"))
}
