//! Getting a session, and getting it back: position, key, connector, and the wait between tries.

use std::rc::Rc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{End, Run, watch};
use crate::connect::{Connection, Halt, Request, authority};
use crate::fault::Fault;
use crate::fault::{Failure, Step};
use crate::message::Position;
use crate::retry::jitter;
use crate::session::Session;
use crate::wait::{Wake, earlier};
use crate::words::duration;

/// `Date` tells whole seconds: what was published in this one, before us, is to be read, too.
const DATE_RESOLUTION: Duration = Duration::from_secs(1);

/// What a run without an idle timeout waits for a partition that is behind.
const LULL: Duration = Duration::from_secs(10);

const PARTITIONED: &str = "this topic is partitioned, and the service cannot resume such a topic by message id: it is read from the beginning, and what was written before is left out; one process for each partition (--topic NAME-partition-0) resumes without this";

impl Run<'_> {
    /// A session, after as many tries as it takes; `None` when the run is over before.
    pub(super) fn connect(&mut self) -> Result<Option<Session>, Failure> {
        while !self.signals.is_stopping() {
            match self.try_to_connect() {
                Ok(connection) => return Ok(Some(self.opened(connection))),
                Err(Halt::Stopped) => break,
                Err(Halt::Failed(failure)) => {
                    if failure.fault == Fault::NoResumeById
                        && self.resume.read_from_earliest_instead()
                    {
                        let is_news = self.out().note_partitioned();
                        if is_news {
                            self.report.warning(PARTITIONED);
                        }
                    } else if !self.wait_to_retry(*failure)? {
                        break;
                    }
                }
            }
        }
        Ok(None)
    }

    fn try_to_connect(&mut self) -> Result<Connection, Halt> {
        let settings = self.settings;
        let position = self.resume.position();
        let request = self.request(&position, settings.topic.receiver_queue_size)?;
        self.report.debug(format!("key: from {}", settings.credentials.source));
        let left = self.over.map(|over| over.saturating_duration_since(Instant::now()));
        let timeout = settings.limits.connect_timeout.min(left.unwrap_or(Duration::MAX));
        let report = self.report;
        self.connector.connect(&request, timeout, &mut |event| watch::tell(report, &event))
    }

    /// A request for a reader, with the key as it is now: keys get replaced.
    pub(super) fn request(&self, position: &Position, queue: u16) -> Result<Request, Failure> {
        let key = self.settings.credentials.load()?;
        self.report.keep_secret(&key);
        Ok(Request::reader(self.settings, key, position, queue))
    }

    /// Takes stock of a session that has just opened.
    fn opened(&mut self, connection: Connection) -> Session {
        let Run { settings, report, counters, .. } = *self;
        let now = connection.date.unwrap_or_else(Timestamp::now);
        self.retries.opened();
        self.idle.opened();
        counters.connected.set(Some(Instant::now()));
        let is_first = !std::mem::replace(&mut self.has_opened, true);
        if is_first {
            self.notify.ready();
            report.notice(self.greeting());
            let at_end = settings.stop.at_end.then(|| now + DATE_RESOLUTION);
            let until = settings.stop.until;
            let lull = settings.stop.idle_timeout.unwrap_or(LULL);
            self.end =
                [at_end, until].into_iter().flatten().min().map(|at| End::new(at, now, lull));
        } else {
            counters.reconnects.add(self.ended_by.unwrap_or("connect"));
        }
        self.notify.status(&format!("connected to {}, reading", settings.target.host));
        self.resume.opened(now);
        self.out().opened(now);
        if let Some(end) = &mut self.end {
            end.opened();
        }
        if let Some(since) = self.outage.take() {
            let place = self
                .resume
                .newest()
                .map_or(String::new(), |id| format!(", going on after message {id}"));
            let again = if is_first { "" } else { " again" };
            let text = format!("connected{again} after {}{place}", duration(since.elapsed()));
            match self.is_following() {
                true => report.event(text),
                false => report.debug(text),
            }
        }
        Session::new(connection.socket, Rc::clone(self.signals), settings)
    }

    /// Says which of what was asked for a cursor makes void.
    pub(super) fn tell_position(&self) {
        let Some(id) = self.resume.newest() else { return };
        let out = self.out();
        let cursor = out.cursor_path().map_or(String::new(), |path| path.display().to_string());
        self.report.debug(format!(
            "going on after message {id}, as cursor {cursor} says; --message-id and --since count only for a first run"
        ));
    }

    fn greeting(&self) -> String {
        let settings = self.settings;
        let (target, topic) = (&settings.target, &settings.topic);
        let region = target.region.map_or(String::new(), |region| format!("{region}, "));
        let from = match (self.resume.newest(), self.resume.start()) {
            (Some(id), _) => format!("message {id} (cursor)"),
            (None, Position::Latest) => "latest".to_owned(),
            (None, Position::Earliest) => "earliest".to_owned(),
            (None, Position::After(id)) => format!("message {id}"),
        };
        let ending = if self.is_following() { "waiting for new events" } else { "catching up" };
        format!(
            "connected to {} ({region}{}), topic {}/{}/{} from {from}; {ending}",
            target.host, target.chosen_by, topic.tenant, topic.namespace, topic.topic
        )
    }

    /// Waits before the next try. `false` when the run is over instead.
    ///
    /// # Errors
    /// The failure itself, when there is no next try.
    pub(super) fn wait_to_retry(&mut self, mut failure: Failure) -> Result<bool, Failure> {
        let now = Instant::now();
        if self.signals.is_stopping() {
            return Ok(false);
        }
        if self.is_over() {
            return self.out_of_time(&failure);
        }
        let Some(wait) = self.retries.next(&failure, now, jitter()) else {
            if self.retries.in_row() > 1 {
                failure.cause = format!("{} (attempt {})", failure.cause, self.retries.in_row());
            }
            return Err(failure);
        };
        let next = format!("trying again in {}", duration(wait));
        if self.report.is_terminal() || (self.outage.is_none() && self.is_following()) {
            self.report.trouble(&failure, &next);
        } else {
            self.report.debug(format!("{failure}; {next}"));
        }
        self.outage.get_or_insert(now);
        self.notify.status(&format!("not connected: {failure}; {next}"));
        let until = earlier(Some(now + wait), self.over);
        loop {
            self.report.live(self.counters);
            let look = earlier(until, self.report.next_live());
            let interest = self.out().interest();
            let mut fds = Vec::from_iter(interest.as_ref().map(super::write::poll_fd));
            match self.signals.wait(&mut fds, look) {
                Wake::Stop => return Ok(false),
                Wake::Ready if self.out().is_closed() => return Ok(false),
                // Lines of the session that is gone find room.
                Wake::Ready => {
                    self.write_out()?;
                }
                Wake::Deadline if self.is_over() => return self.out_of_time(&failure),
                Wake::Deadline if until.is_none_or(|until| Instant::now() >= until) => {
                    return Ok(true);
                }
                Wake::Deadline => {}
            }
        }
    }

    fn is_over(&self) -> bool {
        self.over.is_some_and(|over| Instant::now() >= over)
    }

    /// `--max-time` is over while there is no session: fine if there ever was one.
    fn out_of_time(&self, last: &Failure) -> Result<bool, Failure> {
        if self.has_opened {
            return Ok(false);
        }
        let limit = self.settings.stop.max_time.unwrap_or_default();
        let cause = format!("no session within {} (--max-time); last: {last}", duration(limit));
        let server = authority(&self.settings.target.host, self.settings.target.port);
        Err(Failure::new(Step::Stream, server, Fault::OutOfTime, cause))
    }
}
