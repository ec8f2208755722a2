//! `--all-regions`: the same key and tenant against each region's host, one after the other.

use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::Diagnosis;
use super::check::{Check, Status};
use super::listen::{Bounds, Heard};
use super::observer::millis;
use crate::connect::{Connector, Event, Evidence, Halt, Request};
use crate::fault::{Failure, Step};
use crate::message::Position;
use crate::regions::REGIONS;
use crate::secret::Secret;
use crate::settings::Settings;
use crate::words::duration;

/// How long each region may take to connect, and to show its first messages.
const CONNECT: Duration = Duration::from_secs(10);
const LISTEN: Duration = Duration::from_secs(3);

/// The events are in another region than the one that was chosen.
pub(super) const ELSEWHERE: &str = "regions.elsewhere";

const REGION: Option<&str> = Some("Wrong Regional Endpoint");

const MESSAGES: u64 = 25;
const WINDOW: u16 = 25;

/// What one region showed.
enum Found {
    /// The key was accepted; the failure is how the session ended, if it did.
    Open(Heard, Option<Failure>),
    /// The key, or what was asked for, was refused with this status.
    Refused(u16),
    /// Nobody there answered the question.
    Away(Failure),
}

impl Diagnosis<'_> {
    /// The check of the regions; `is_silent` is what the chosen one was.
    pub(super) fn regions(&mut self, settings: &Settings, key: &Secret, is_silent: bool) -> Check {
        if settings.target.plain {
            return Check::skip("regions", "ws:// is not sent to them: it would show the key");
        }
        let began = Instant::now();
        let mut asked = Vec::new();
        for (name, host) in REGIONS.iter().filter_map(|region| Some((region.name, region.host?))) {
            let Some(found) = self.ask(settings, key, host) else { break };
            asked.push((name, host == settings.target.host, found));
        }
        let told: Vec<String> =
            asked.iter().map(|(name, _, found)| format!("{name} {}", found.words())).collect();
        let evidence: Map<String, Value> =
            asked.iter().map(|(name, _, found)| ((*name).to_owned(), found.evidence())).collect();
        let check = Check::ok("regions", began.elapsed(), told.join(" | "));
        let mut check = Check { evidence, ..check };
        let stop = self.signals.stop();
        if let Some(signal) = stop {
            check.summary = match told.is_empty() {
                true => format!("stopped by {signal}"),
                false => format!("stopped by {signal}; until then: {}", told.join(" | ")),
            };
        }
        let others = || asked.iter().filter(|(_, is_chosen, _)| !is_chosen);
        let elsewhere = others().find(|(_, _, found)| found.messages() > 0);
        match elsewhere {
            Some((name, ..)) if is_silent => check
                .note("why", format!("your events are in {name}"))
                .fix(format!("use --region {name} (or --cluster with your vcc-<cluster> name)"))
                .warn(ELSEWHERE, REGION),
            _ if stop.is_some() => Check { status: Status::Skip, ..check },
            _ if others().all(|(_, _, found)| matches!(found, Found::Away(_))) => check
                .note("why", "none of the other regions was reached, so nothing is known of them")
                .fix("run `diagnose` against one of them (--region) to see what is in the way")
                .warn("regions.unreached", REGION),
            _ if is_silent => check
                .note("why", "no region that was asked has events for this key and tenant")
                .fix("ask 8x8 support whether event streaming is enabled for the tenant")
                .warn("regions.nowhere", Some("No Messages Received")),
            _ => check,
        }
    }

    /// One region; `None` when a signal asks to stop.
    fn ask(&mut self, settings: &Settings, key: &Secret, host: &str) -> Option<Found> {
        let target = settings.target.at(host);
        let mut connector = Connector::new(&target, Rc::clone(self.signals));
        let request = Request::reader(settings, key.clone(), &Position::Earliest, WINDOW);
        let mut status = None;
        let connected = connector.connect(&request, CONNECT, &mut |event| match event {
            Event::Began { step: Step::Auth, .. } => self.findings.key_sent = true,
            Event::Saw { step: Step::Auth, evidence: Evidence::Response(answer) } => {
                status = Some(answer.status);
            }
            _ => {}
        });
        let connection = match connected {
            Ok(connection) => connection,
            Err(Halt::Stopped) => return None,
            Err(Halt::Failed(failure)) => {
                return Some(match status {
                    Some(status @ 400..500) => Found::Refused(status),
                    _ => Found::Away(*failure),
                });
            }
        };
        let mut heard = Heard::default();
        let at_last = Instant::now() + LISTEN + settings.limits.ping_timeout;
        let bounds = Bounds { count: MESSAGES, limit: LISTEN, at_last };
        let read = self.listen(settings, connection, bounds, &mut heard);
        // What little a region showed until the stop says nothing of it.
        self.signals.stop().is_none().then(|| Found::Open(heard, read.err()))
    }
}

impl Found {
    fn messages(&self) -> u64 {
        match self {
            Found::Open(heard, _) => heard.messages,
            Found::Refused(_) | Found::Away(_) => 0,
        }
    }

    fn words(&self) -> String {
        let (heard, failure) = match self {
            Found::Open(heard, failure) => (heard, failure),
            Found::Refused(status) => return format!("HTTP {status}"),
            Found::Away(failure) => return format!("{}: {}", failure.step, failure.cause),
        };
        let mut words = match heard.messages {
            1 => "auth ok, 1 message".to_owned(),
            MESSAGES.. => format!("auth ok, {MESSAGES}+ messages"),
            n => format!("auth ok, {n} messages"),
        };
        // The newest of the oldest 25 says nothing about the newest there is.
        if let Some(age) = heard.age().filter(|_| heard.messages < MESSAGES) {
            words = format!("{words}, newest {} old", duration(age));
        }
        match failure {
            Some(failure) => format!("{words}, then {}", failure.cause),
            None => words,
        }
    }

    fn evidence(&self) -> Value {
        match self {
            Found::Open(heard, failure) => json!({
                "auth": 101,
                "messages": heard.messages,
                "more": heard.messages >= MESSAGES,
                "newest_age_ms": heard.age().map(millis),
                "ended_by": failure.as_ref().map(|failure| &failure.cause),
            }),
            Found::Refused(status) => json!({ "auth": status }),
            Found::Away(failure) => {
                json!({ "failed_at": failure.step.to_string(), "cause": failure.cause })
            }
        }
    }
}
