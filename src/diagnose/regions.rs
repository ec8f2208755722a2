//! `--all-regions`: the same key and tenant against each region's host, one after the other.

use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::check::Check;
use super::observer::millis;
use super::stream::Heard;
use super::{Diagnosis, request};
use crate::connect::{Halt, Ladder};
use crate::regions::{REGIONS, Region};
use crate::secret::Secret;
use crate::settings::{Position, Settings};
use crate::words::duration;

/// How long each region may take to connect, and to show its first messages.
const CONNECT: Duration = Duration::from_secs(10);
const LISTEN: Duration = Duration::from_secs(3);

/// The events are in another region than the one that was chosen.
pub(super) const ELSEWHERE: &str = "regions.elsewhere";

const MESSAGES: u64 = 25;
const WINDOW: u16 = 25;

impl Diagnosis<'_> {
    /// The check of the regions; `is_silent` is what the chosen one was.
    pub(super) fn regions(&self, settings: &Settings, key: &Secret, is_silent: bool) -> Check {
        if settings.target.plain {
            return Check::skip("regions", "ws:// is not sent to them: it would show the key");
        }
        let began = Instant::now();
        let mut told = Vec::new();
        let mut evidence = Map::new();
        let mut elsewhere = None;
        for (region, host) in REGIONS.iter().filter_map(|region| Some((region, region.host?))) {
            if self.signals.stop().is_some() {
                break;
            }
            let (heard, words, value) = self.ask(settings, key, host);
            told.push(format!("{} {words}", region.name));
            evidence.insert(region.name.to_owned(), value);
            if heard.messages > 0 && settings.target.host != host {
                elsewhere.get_or_insert(region);
            }
        }
        let check = Check::ok("regions", began.elapsed(), told.join(" | "));
        let check = Check { evidence, ..check };
        match elsewhere {
            Some(Region { name, .. }) if is_silent => check
                .note("why", format!("your events are in {name}"))
                .fix(format!("use --region {name} (or --cluster with your vcc-<cluster> name)"))
                .warn(ELSEWHERE, Some("Wrong Regional Endpoint")),
            _ => check,
        }
    }

    /// One region: what came, in words and as evidence.
    fn ask(&self, settings: &Settings, key: &Secret, host: &str) -> (Heard, String, Value) {
        let mut heard = Heard::default();
        let target = settings.target.at(host);
        let mut ladder = Ladder::new(&target, Rc::clone(self.signals));
        let asked = request(settings, key, &Position::Earliest, WINDOW);
        let connection = match ladder.climb(&asked, CONNECT, &mut |_| {}) {
            Ok(connection) => connection,
            Err(Halt::Stopped) => return (heard, "not asked".to_owned(), Value::Null),
            Err(Halt::Failed(failure)) => {
                let words = format!("{}: {}", failure.step, failure.cause);
                let value =
                    json!({ "failed_at": failure.step.to_string(), "cause": failure.cause });
                return (heard, words, value);
            }
        };
        let read = self.listen(settings, connection, MESSAGES, LISTEN, &mut heard);
        if self.signals.stop().is_some() {
            return (heard, "interrupted".to_owned(), Value::Null);
        }
        let more = heard.messages >= MESSAGES;
        let age = heard.age();
        let mut words = match (heard.messages, more) {
            (n, true) => format!("auth ok, {n}+ messages"),
            (n, false) => format!("auth ok, {n} messages"),
        };
        // The newest of the oldest 25 says nothing about the newest there is.
        if let Some(age) = age.filter(|_| !more) {
            words = format!("{words}, newest {} old", duration(age));
        }
        if let Err(failure) = read {
            words = format!("{words}, then {}", failure.cause);
        }
        let value = json!({
            "auth": 101,
            "messages": heard.messages,
            "more": more,
            "newest_age_ms": age.map(millis),
        });
        (heard, words, value)
    }
}
