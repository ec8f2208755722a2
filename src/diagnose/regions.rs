//! `--all-regions`: tries the same key and tenant at each region's host, one after another.

use std::time::Duration;

use super::case::Case;
use super::check::{Check, Status};
use super::evidence::Evidence;
use super::heard::Heard;
use super::listen::{Bounds, listen};
use super::region_finding::{MESSAGES, RegionFinding};
use super::silence;
use crate::clock::Instant;
use crate::connect::{self, Connector, Event, Halt, Request, Watched};
use crate::fault::{Fault, Step};
use crate::message::Position;
use crate::regions::{REGIONS, by_host};
use crate::secret::Secret;
use crate::settings::Settings;
use crate::wait::Signals;

/// How long each region may take to connect, and to send its first messages.
const CONNECT: Duration = Duration::from_secs(10);
const LISTEN: Duration = Duration::from_secs(3);

/// The window: as many messages as are read.
const WINDOW: u16 = 25;

/// Makes the check of the regions.
pub(super) struct RegionsCheck<'a> {
    pub(super) settings: &'a Settings,
    pub(super) key: &'a Secret,
    pub(super) signals: &'a mut Signals,
    /// The chosen region has shown no message.
    pub(super) is_silent: bool,
    /// A request with the key was sent.
    pub(super) key_sent: bool,
}

impl RegionsCheck<'_> {
    /// Asks each region.
    pub(super) fn make(&mut self) -> Check {
        if self.settings.target.plain {
            return Check::skip(Step::Regions, "ws:// is not sent to them: it would show the key");
        }
        let began = Instant::now();
        let mut asked = Vec::new();
        for (name, host) in REGIONS.iter().filter_map(|region| Some((region.name, region.host?))) {
            let Some(finding) = self.ask(host) else { break };
            asked.push((name, finding));
        }
        let list: Vec<String> =
            asked.iter().map(|(name, finding)| format!("{name} {}", finding.words())).collect();
        let list = list.join(" | ");
        let summary = match self.signals.stop() {
            Some(signal) if asked.is_empty() => format!("stopped by {signal}"),
            Some(signal) => format!("stopped by {signal}; until then: {list}"),
            None => list,
        };
        let check = Check::ok(Step::Regions, began.elapsed(), summary);
        self.judge(check, &asked).with(Evidence::Regions(asked))
    }

    fn judge(&self, check: Check, asked: &[(&'static str, RegionFinding)]) -> Check {
        let chosen = by_host(&self.settings.target.host).map(|region| region.name);
        let others = || asked.iter().filter(|(name, _)| Some(*name) != chosen);
        let elsewhere = others().find(|(_, finding)| finding.messages() > 0);
        match elsewhere {
            Some((name, _)) if self.is_silent => {
                let case = Case::from(Fault::Elsewhere).with("region", name);
                check.note("why", case.headline()).warn(case)
            }
            _ if self.signals.stop().is_some() => Check { status: Status::Skip, ..check },
            _ if others().all(|(_, finding)| matches!(finding, RegionFinding::Away(_))) => {
                check.warn_and_say(Fault::RegionsUnreached)
            }
            _ if self.is_silent => check.warn_and_say(silence::of_regions(&self.settings.topic)),
            _ => check,
        }
    }

    /// Asks one region; `None` if a signal asks to stop.
    fn ask(&mut self, host: &str) -> Option<RegionFinding> {
        let target = self.settings.target.at(host);
        let mut connector = Connector::new(&target);
        let request = Request::reader(self.settings, self.key.clone(), &Position::Earliest, WINDOW);
        let mut status = None;
        let key_sent = &mut self.key_sent;
        let mut watched = Watched::new(self.signals, |_, event| match event {
            Event::Began { step: Step::Auth, .. } => *key_sent = true,
            Event::Saw {
                step: Step::Auth,
                observation: connect::Observation::Response(answer),
            } => {
                status = Some(answer.status);
            }
            _ => {}
        });
        let connected = connector.connect(&request, CONNECT, &mut watched);
        let connection = match connected {
            Ok(connection) => connection,
            Err(Halt::Stopped) => return None,
            Err(Halt::Failed(failure)) => {
                return Some(match status {
                    Some(status @ 400..500) => RegionFinding::Refused(status),
                    _ => RegionFinding::Away(*failure),
                });
            }
        };
        let mut heard = Heard::default();
        let at_last = Instant::now() + LISTEN + self.settings.limits.ping_timeout;
        let bounds = Bounds { count: MESSAGES, limit: LISTEN, at_last };
        let read = listen(self.settings, self.signals, connection, bounds, &mut heard);
        // After a stop, the little that a region showed proves nothing.
        self.signals.stop().is_none().then(|| RegionFinding::Open(heard, read.err()))
    }
}
