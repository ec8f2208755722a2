//! The stream: whether the connection is alive, and whether events can flow, which is not the same.
//!
//! The service's WebSocket proxy answers pings even while its broker is dead. Only a message or a
//! fresh upgrade proves that the broker is reachable, so a silent topic is read again from its
//! beginning, on a second connection. Only readers are opened: a consumer would create a
//! subscription, or take its messages.

use std::time::Duration;

use super::case::Case;
use super::check::{Check, Status};
use super::config;
use super::evidence::{self, Evidence};
use super::flow::{PROBE_MESSAGES, PROBE_WINDOW, judge_messages, judge_retained, stale, stalled};
use super::heard::Heard;
use super::key::Key;
use super::listen::{Bounds, listen};
use super::observer::Observer;
use super::silence;
use crate::clock::Instant;
use crate::connect::{Connection, Connector, Request, Watched};
use crate::fault::{Failure, Fault, Step};
use crate::message::Position;
use crate::secret::Secret;
use crate::settings::Settings;
use crate::values::subscription::Subscription;
use crate::wait::Signals;
use crate::words::duration;

/// How long retained messages are read.
pub(super) const PROBE_TIME: Duration = Duration::from_secs(10);

/// How much clocks may differ when deciding whether an event is new.
const FRESH: Duration = Duration::from_secs(60);

/// Makes the check of the stream.
pub(super) struct StreamCheck<'a, 's> {
    pub(super) settings: &'s Settings,
    pub(super) connector: &'a mut Connector<'s>,
    pub(super) key: &'a Secret,
    pub(super) signals: &'a mut Signals,
    /// How long to wait for a first message.
    pub(super) listen: Duration,
    /// When the whole check must be done.
    pub(super) deadline: Instant,
    /// The other regions will be asked too.
    pub(super) asks_others: bool,
}

/// What is known about the stream so far.
struct StreamState {
    began: Instant,
    evidence: evidence::StreamEvidence,
    /// What only a consumer could show.
    untried: Option<String>,
}

impl StreamState {
    /// A check with the evidence so far.
    fn check(&self, summary: impl Into<String>) -> Check {
        let check = Check::ok(Step::Stream, self.began.elapsed(), summary);
        let check = check.with(Evidence::Stream(self.evidence.clone()));
        let check = match &self.untried {
            Some(untried) => check.note("untried", untried),
            None => check,
        };
        match self.evidence.live.ping.map(duration) {
            Some(after) => {
                check.note("alive", format!("ping answered in {after}: the connection is alive"))
            }
            None => check,
        }
    }

    fn failed(&self, failure: &Failure) -> Check {
        self.check("").ended_by(Check::failed(Step::Stream, self.began.elapsed(), failure))
    }

    fn stopped(&self, summary: impl Into<String>) -> Check {
        Check { status: Status::Skip, ..self.check(summary) }
    }
}

fn untried(subscription: &Subscription) -> String {
    format!(
        "subscription {} was not tested, because connecting would create it or take its events: whether this key may use it, and whether it is in use, is unknown",
        subscription.name
    )
}

impl StreamCheck<'_, '_> {
    /// Makes the check on the connection that the connector has opened.
    pub(super) fn make(mut self, connection: Connection) -> Check {
        let mut progress = StreamState {
            began: Instant::now(),
            evidence: evidence::StreamEvidence::default(),
            untried: self.settings.subscription.as_ref().map(untried),
        };
        let bounds = Bounds { count: 1, limit: self.listen, at_last: self.deadline };
        let live = &mut progress.evidence.live;
        let listened = listen(self.settings, self.signals, connection, bounds, live);
        progress.evidence.listened = progress.began.elapsed().min(self.listen);
        if let Err(failure) = listened {
            return progress.failed(&failure);
        }
        let live = &progress.evidence.live;
        if live.end_of_topic == Some(true) {
            let case = Case::from(Fault::Terminated);
            return progress.check(case.means()).warn(case);
        }
        if live.messages > 0 {
            // After a message id there may be old messages too.
            let is_new = live.age().is_none_or(|age| age < self.listen + FRESH);
            progress.evidence.arrived = Some(is_new);
            let live = &progress.evidence.live;
            let check = progress.check(format!("{}; acknowledgement sent", live.describe()));
            return judge_messages(stale(check, live), live);
        }
        if self.signals.stop().is_some() {
            return progress.stopped("stopped while listening; no message until then");
        }
        self.probe(progress)
    }

    /// No message arrived: finds out whether the topic holds any, and whether the broker is
    /// reachable.
    fn probe(&mut self, mut progress: StreamState) -> Check {
        let silence = format!("no message in {}", duration(self.listen));
        let mut observer = Observer::new(self.settings, self.sent());
        let request = self.request(PROBE_WINDOW);
        let left = self.left();
        let mut watched = Watched::new(self.signals, |_, event| observer.take(event));
        let connected = self.connector.connect(&request, left, &mut watched);
        let Ok(connection) = connected else {
            return match observer.failed() {
                Some(failed) => {
                    let failed = Check { elapsed: progress.began.elapsed(), ..failed };
                    progress.check("").ended_by(failed).note(
                        "why",
                        "the connection is alive, but no new reader can be opened: events cannot flow until that is fixed",
                    )
                }
                None => progress.stopped(format!(
                    "{silence}; stopped before the topic was read from its beginning"
                )),
            };
        };
        let mut retained = Heard::default();
        let read = self.hear(connection, PROBE_MESSAGES, &mut retained);
        if self.signals.stop().is_some() {
            return progress.stopped(format!(
                "{silence}; stopped while the topic was read from its beginning"
            ));
        }
        progress.evidence.retained = Some(retained.clone());
        if let Err(failure) = read {
            return progress.failed(&failure);
        }
        if retained.messages == 0 {
            return self.silent(progress.check(format!("{silence}, and none retained")));
        }
        if retained.messages == u64::from(PROBE_WINDOW) && self.holds_more() {
            return stalled(progress.check(format!(
                "{silence}; {PROBE_WINDOW} retained messages arrived, and no more although they were acknowledged"
            )));
        }
        let check = progress.check(match retained.messages {
            // The newest of these is far from the newest of all.
            PROBE_MESSAGES.. => format!("{silence}, but at least {PROBE_MESSAGES} retained"),
            _ => format!("{silence}, but retained: {}", retained.describe()),
        });
        judge_retained(check, &retained)
    }

    /// Whether the topic holds more messages than the window, which a reader with a larger window
    /// shows.
    fn holds_more(&mut self) -> bool {
        let (request, left) = (self.request(PROBE_WINDOW + 1), self.left());
        let mut heard = Heard::default();
        let mut unheard = Watched::new(self.signals, |_, _| {});
        if let Ok(connection) = self.connector.connect(&request, left, &mut unheard) {
            // Only the count matters here, not whether this session fails.
            let _ = self.hear(connection, u64::from(PROBE_WINDOW) + 1, &mut heard);
        }
        heard.messages > u64::from(PROBE_WINDOW)
    }

    /// Reads retained messages within the time that is left.
    fn hear(
        &mut self,
        connection: Connection,
        count: u64,
        heard: &mut Heard,
    ) -> Result<(), Failure> {
        let limit = PROBE_TIME.min(self.left());
        let bounds = Bounds { count, limit, at_last: self.deadline };
        listen(self.settings, self.signals, connection, bounds, heard)
    }

    /// A request for a reader from the topic's beginning.
    fn request(&self, window: u16) -> Request {
        Request::reader(self.settings, self.key.clone(), &Position::Earliest, window)
    }

    fn sent(&self) -> String {
        config::sent(self.settings, &Key::of(self.key))
    }

    fn left(&self) -> Duration {
        self.deadline.duration_since(Instant::now())
    }

    /// Connected and authorised, but without a single message.
    fn silent(&self, check: Check) -> Check {
        check.warn_and_say(silence::of_stream(&self.settings.topic, self.asks_others))
    }
}
