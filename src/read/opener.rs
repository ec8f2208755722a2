//! Opening sessions and reopening them: position, key, connect steps, and the wait between tries.

use std::time::Duration;

use super::desk::Desk;
use super::ending::Ending;
use super::greeting::{greeting, tell_of_subscription, tell_skew};
use super::outage::{Opened, Outage};
use super::resume::Resume;
use crate::clock::{Instant, Now};
use crate::connect::{Connection, Connector, Halt, Request, Watched};
use crate::fault::{Failure, Fault, Step};
use crate::message::Position;
use crate::retry::jitter;
use crate::secret::Secret;
use crate::session::Session;
use crate::settings::Settings;
use crate::values::subscription::SubscriptionType;
use crate::wait::{Wait as _, Wake, earlier};
use crate::words::duration;

const PARTITIONED: &str = "this topic is partitioned, and the service cannot resume such a topic by message id: it is read from the beginning, and messages already written are skipped; with --subscription, or with one process for each partition (--topic NAME-partition-0), it need not be";

/// Opens the sessions of one run.
pub(super) struct Opener<'a> {
    settings: &'a Settings,
    connector: Connector<'a>,
    pub(super) outage: Outage<'a>,
}

impl<'a> Opener<'a> {
    pub(super) fn new(settings: &'a Settings) -> Opener<'a> {
        let connector = Connector::new(&settings.target);
        Opener { settings, connector, outage: Outage::new(&settings.retry) }
    }

    /// Opens a session, after as many tries as it takes; `None` if the run ends before.
    ///
    /// # Errors
    /// The failure that is not retried.
    pub(super) fn open(
        &mut self,
        desk: &mut Desk<'_>,
        resume: &mut Resume,
        ending: &mut Ending<'_>,
    ) -> Result<Option<Session>, Failure> {
        while !desk.is_stopping() {
            let taken = desk.output.progress().taken();
            let position = match ending.is_proving() {
                true => resume.position_of_last(taken),
                false => resume.position(taken),
            };
            match self.connect(desk, ending, &position) {
                Ok(connection) => {
                    return Ok(Some(self.opened(desk, resume, ending, connection)));
                }
                Err(Halt::Stopped) => break,
                Err(Halt::Failed(failure)) => {
                    if failure.fault == Fault::NoResumeById
                        && resume.read_from_earliest_instead(desk.output.progress().taken())
                    {
                        // A run that only proves its end is over soon: the next one says it.
                        if !ending.is_proving() && desk.output.note_partitioned() {
                            desk.log.report.warning(PARTITIONED);
                        }
                    } else if !self.wait_to_retry(desk, ending, *failure)? {
                        break;
                    }
                }
            }
        }
        Ok(None)
    }

    fn connect(
        &mut self,
        desk: &mut Desk<'_>,
        ending: &Ending<'_>,
        position: &Position,
    ) -> Result<Connection, Halt> {
        let settings = self.settings;
        let key = self.key(desk)?;
        let queue = settings.topic.receiver_queue_size;
        let request = match &settings.subscription {
            Some(subscription) => Request::consumer(settings, key, subscription, queue),
            None => Request::reader(settings, key, position, queue),
        };
        desk.log.report.debug(format!("key: from {}", settings.credentials.source));
        let left = ending.over().map(|over| over.duration_since(Instant::now()));
        let timeout = settings.limits.connect_timeout.min(left.unwrap_or(Duration::MAX));
        self.connector.connect(&request, timeout, desk)
    }

    /// The key, loaded for each session, because keys get replaced.
    fn key(&self, desk: &mut Desk<'_>) -> Result<Secret, Failure> {
        let key = self.settings.credentials.load()?;
        desk.log.report.keep_key(&key);
        Ok(key)
    }

    /// Opens a second session beside an open one: always a reader, one message at a time.
    ///
    /// # Errors
    /// Those of the connect steps.
    pub(super) fn connect_beside(
        &mut self,
        desk: &mut Desk<'_>,
        position: &Position,
        limit: Duration,
    ) -> Result<Session, Halt> {
        let request = Request::reader(self.settings, self.key(desk)?, position, 1);
        let limit = self.settings.limits.connect_timeout.min(limit);
        let mut unheard = Watched::new(desk, |_, _| {});
        let connection = self.connector.connect(&request, limit, &mut unheard)?;
        Ok(self.session(connection))
    }

    fn session(&self, connection: Connection) -> Session {
        let Settings { target, limits, .. } = self.settings;
        Session::new(connection.socket, target.authority(), limits)
    }

    /// Tells every part of the run that a session has opened.
    fn opened(
        &mut self,
        desk: &mut Desk<'_>,
        resume: &mut Resume,
        ending: &mut Ending<'_>,
        connection: Connection,
    ) -> Session {
        let settings = self.settings;
        let now = Now::read();
        let service_time = connection.date.unwrap_or(now.utc);
        let since = settings.start.since.map(|since| since.at(service_time));
        let (opened, outage) = self.outage.opened(now.instant);
        desk.log.counters.connected = Some(now.instant);
        match opened {
            Opened::First => {
                desk.notify.ready();
                let greeting = greeting(settings, desk, resume);
                desk.log.report.notice(greeting);
                tell_of_subscription(settings, desk);
                tell_skew(desk, now.utc, service_time);
            }
            // The session that proves an end makes up for no failure.
            Opened::Again("reopened") if ending.is_proving() => {}
            Opened::Again(cause) => desk.log.counters.reconnects.add(cause),
        }
        let kind = settings.subscription.as_ref().map(|subscription| subscription.kind);
        let may_stand_by = kind.is_some_and(|kind| kind != SubscriptionType::Exclusive);
        desk.connected(&settings.target.host, may_stand_by);
        resume.opened(service_time);
        desk.output.session_opened(service_time, since, now, desk.log);
        ending.opened(opened == Opened::First, service_time, now.instant);
        if settings.subscription.is_none() {
            for last in desk.output.progress().taken().partitions() {
                ending.awaits(&last.id, now.instant);
            }
        }
        if let Some(lasted) = outage {
            self.tell_end_of_outage(desk, opened, lasted);
        }
        self.session(connection)
    }

    fn tell_end_of_outage(&self, desk: &mut Desk<'_>, opened: Opened, lasted: Duration) {
        let newest = desk.output.progress().taken().newest();
        let newest = newest.filter(|_| self.settings.subscription.is_none());
        let place = newest.map_or(String::new(), |id| format!(", continuing after message {id}"));
        let again = if opened == Opened::First { "" } else { " again" };
        let text = format!("connected{again} after {}{place}", duration(lasted));
        match self.settings.is_following() {
            true => desk.log.report.event(text),
            false => desk.log.report.debug(text),
        }
    }

    /// Waits before the next try. `false` if the run ends instead.
    ///
    /// # Errors
    /// The failure itself, if there is no next try.
    pub(super) fn wait_to_retry(
        &mut self,
        desk: &mut Desk<'_>,
        ending: &Ending<'_>,
        failure: Failure,
    ) -> Result<bool, Failure> {
        let now = Instant::now();
        if desk.is_stopping() {
            return Ok(false);
        }
        if ending.is_over(now) {
            return self.out_of_time(&failure);
        }
        let (failure, wait) = self.outage.next(failure, now, jitter())?;
        self.tell_trouble(desk, &failure, wait);
        self.outage.begin(now);
        let until = now + wait;
        let until_or_over = ending.over().map_or(until, |over| over.min(until));
        loop {
            desk.log.live();
            let look = earlier(Some(until_or_over), desk.log.report.next_live());
            if desk.wait(&mut [], look) == Wake::Stop {
                return Ok(false);
            }
            let now = Instant::now();
            if ending.is_over(now) {
                return self.out_of_time(&failure);
            }
            if now >= until {
                return Ok(true);
            }
        }
    }

    fn tell_trouble(&self, desk: &mut Desk<'_>, failure: &Failure, wait: Duration) {
        let next = format!("trying again in {}", duration(wait));
        let begins = !self.outage.is_on() && self.settings.is_following();
        if desk.log.report.is_terminal() || begins {
            desk.log.report.trouble(failure, &next);
        } else {
            desk.log.report.debug(format!("{failure}; {next}"));
        }
        desk.status(&format!("not connected: {failure}; {next}"));
    }

    /// `--max-time` is over while there is no session. That is a failure only if no session was
    /// ever open.
    fn out_of_time(&self, last: &Failure) -> Result<bool, Failure> {
        if self.outage.has_opened() {
            return Ok(false);
        }
        let limit = duration(self.settings.stop.max_time.unwrap_or_default());
        let cause = format!("no session within {limit} (--max-time); last: {last}");
        let server = self.settings.target.authority();
        Err(Failure::new(Step::Stream, server, Fault::OutOfTime, cause))
    }
}
