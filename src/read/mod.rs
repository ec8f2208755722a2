//! The main job: connect, read, write, acknowledge; again after every failure, from where it
//! stopped; until the run's end.
//!
//! Data goes one way, session → message → output, and an acknowledgement goes back once the
//! line is out. Failures of any part meet here, where [`crate::retry`] says whether to go on.

mod connect;
mod end;
mod idle;
mod intake;
mod watch;

use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::advice::Problem;
use crate::connect::Ladder;
use crate::failure::{Failure, Step};
use crate::report::{Counters, Report};
use crate::resume::Resume;
use crate::retry::Retries;
use crate::session::{Next, Session, Woke};
use crate::settings::Settings;
use crate::sink::{Stdout, Written};
use crate::sys::{Signals, Wake, earlier};
use crate::words::{self, duration};
use end::End;
use idle::Idle;

/// How long a blocked output may hold up a run that was told to stop.
const STOP_LIMIT: Duration = Duration::from_secs(1);

/// How a run ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// At an end of its own, or because nobody reads its output any more.
    Done,
    /// [`Signals::stop`] says by which signal.
    Stopped,
}

/// What is due once a message's line is out.
#[derive(Debug)]
struct Receipt {
    /// The id to acknowledge, as the server wrote it.
    id: Rc<str>,
    /// It had a line: what failed before is history.
    is_event: bool,
}

/// Why a session was left without a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leave {
    /// For good.
    End(Ended),
    /// To be opened anew at once.
    Reopen,
}

/// Reads until the run's end.
///
/// # Errors
/// The failure that could not, or must not, be tried again.
pub(crate) fn read(
    settings: &Settings,
    report: &Report,
    counters: &Counters,
    signals: &Rc<Signals>,
) -> Result<Ended, Failure> {
    let mut run = Run {
        settings,
        report,
        counters,
        signals,
        ladder: Ladder::new(&settings.target, Rc::clone(signals)),
        out: Stdout::open().map_err(|e| output_failure(&e))?,
        resume: Resume::new(settings.start.position.clone()),
        retries: Retries::new(&settings.retry),
        idle: Idle::new(settings.stop.idle_timeout),
        over: settings.stop.max_time.map(|limit| Instant::now() + limit),
        end: None,
        outage: None,
        has_received: false,
        is_silent: false,
        give_up: None,
    };
    let ended = run.sessions();
    // What was received before a failure is whole, and belongs on the output.
    let drained = run.drain(None);
    report.clear_live();
    match (ended, drained) {
        (Err(failure), _) | (Ok(_), Err(failure)) => Err(failure),
        (Ok(ended), Ok(())) => Ok(ended),
    }
}

struct Run<'a> {
    settings: &'a Settings,
    report: &'a Report,
    counters: &'a Counters,
    signals: &'a Rc<Signals>,
    ladder: Ladder<'a>,
    out: Stdout<Receipt>,
    resume: Resume,
    retries: Retries<'a>,
    idle: Idle,
    /// When `--max-time` is over.
    over: Option<Instant>,
    /// Where `-e` and `--until` end; known once the service has told its clock.
    end: Option<End>,
    /// Since when there is no session, after a failure.
    outage: Option<Instant>,
    has_received: bool,
    /// The silence was said already.
    is_silent: bool,
    /// When an output that is stuck is left behind, once the run was told to stop.
    give_up: Option<Instant>,
}

impl Run<'_> {
    /// One session after the other.
    fn sessions(&mut self) -> Result<Ended, Failure> {
        while let Some(mut session) = self.connect()? {
            let left = self.stream(&mut session);
            self.counters.connected.set(None);
            self.idle.closed();
            match left {
                Ok(Leave::End(ended)) => {
                    self.drain(Some(session))?;
                    return Ok(ended);
                }
                Ok(Leave::Reopen) => session.close(),
                Err(failure) if failure.step == Step::Output => return Err(failure),
                Err(failure) => {
                    drop(session);
                    if !self.wait_to_retry(failure)? {
                        break;
                    }
                }
            }
            // An acknowledgement belongs to the session that delivered the message.
            self.out.forget_marks();
        }
        Ok(match self.signals.stop() {
            Some(_) => Ended::Stopped,
            None => Ended::Done,
        })
    }

    /// Reads one session to its end.
    fn stream(&mut self, session: &mut Session) -> Result<Leave, Failure> {
        loop {
            let found = session.next()?;
            let is_more = !matches!(found, Next::Nothing);
            match found {
                Next::Message(text) => {
                    if let Some(leave) = self.take(&text)? {
                        return Ok(leave);
                    }
                }
                Next::Unreadable(reason) => self.reject(None, &reason)?,
                Next::Nothing => self.idle.settle(),
            }
            if is_more {
                self.idle.message();
                if !self.out.has_chunk() {
                    continue;
                }
            }
            let is_blocked = match self.write(session)? {
                Written::Closed => return Ok(Leave::End(Ended::Done)),
                Written::Blocked => true,
                Written::All => false,
            };
            let is_full = self.out.is_full();
            if is_more && !is_full {
                continue;
            }
            session.flush()?;
            if is_blocked {
                self.restart_silence();
            }
            if let Some(leave) = self.is_time_to_leave() {
                return Ok(leave);
            }
            self.report.live(self.counters);
            let until = self.next_look();
            match session.wait(Some(self.out.interest()), !is_full, until)? {
                Woke::Stop => return Ok(Leave::End(Ended::Stopped)),
                Woke::Output if self.out.is_closed() => return Ok(Leave::End(Ended::Done)),
                Woke::Output | Woke::Server | Woke::Deadline => {}
            }
            if is_blocked {
                self.restart_silence();
            }
        }
    }

    /// The output was blocked, so the service may have been waiting for acknowledgements: none of
    /// that time counts as its silence.
    fn restart_silence(&mut self) {
        self.idle.message();
        self.idle.settle();
        if let Some(end) = &mut self.end {
            end.opened();
        }
    }

    /// Whether one of the run's times is over.
    fn is_time_to_leave(&mut self) -> Option<Leave> {
        let now = Instant::now();
        let is_past = |at: Option<Instant>| at.is_some_and(|at| now >= at);
        if is_past(self.over) || self.end.as_ref().is_some_and(|end| end.is_reached(now)) {
            return Some(Leave::End(Ended::Done));
        }
        if let Some(limit) = self.settings.stop.idle_after_until
            && is_past(self.end.as_ref().and_then(End::due))
        {
            self.idle.bound(limit);
        }
        if is_past(self.idle.deadline()) {
            // An empty topic and a dead broker look the same; a fresh upgrade tells them apart.
            if self.end.is_some() && !self.has_received && self.idle.look_again() {
                self.report.debug("nothing received: opening the stream anew to be sure");
                return Some(Leave::Reopen);
            }
            return Some(Leave::End(Ended::Done));
        }
        let limit = self.settings.link.max_silence?;
        if now < self.idle.silent_for(limit) {
            return None;
        }
        if !std::mem::replace(&mut self.is_silent, true) {
            self.report.event(format!(
                "no message for {} (--max-silence): opening the stream anew, which proves the way to the broker",
                duration(limit)
            ));
        }
        Some(Leave::Reopen)
    }

    /// When [`Run::is_time_to_leave`] may have another answer.
    fn next_look(&self) -> Option<Instant> {
        [
            self.idle.deadline(),
            self.settings.link.max_silence.map(|limit| self.idle.silent_for(limit)),
            self.end.as_ref().and_then(End::next_look),
            self.end.as_ref().and_then(End::due).filter(|&due| due > Instant::now()),
            self.report.next_live(),
        ]
        .into_iter()
        .fold(self.over, earlier)
    }

    /// Writes what is pending as far as it goes, and acknowledges what is out.
    fn write(&mut self, session: &mut Session) -> Result<Written, Failure> {
        let written = self.out.write().map_err(|e| output_failure(&e))?;
        while let Some(Receipt { id, is_event }) = self.out.next_written() {
            if is_event {
                self.retries.wrote();
            }
            self.report.trace(|| format!("> acknowledge {id}"));
            session.acknowledge(&id)?;
        }
        Ok(written)
    }

    /// Writes all that is pending before the run ends, and closes the session in good order.
    /// A run that was told to stop leaves what does not go out within a second; so does one
    /// whose time is over, which is an error.
    fn drain(&mut self, mut session: Option<Session>) -> Result<(), Failure> {
        let over = self.over.map(|over| over.max(Instant::now()) + STOP_LIMIT);
        loop {
            let written = match &mut session {
                Some(open) => self.write(open),
                None => self.out.write().map_err(|e| output_failure(&e)),
            };
            match written {
                Ok(Written::Blocked) => {}
                Ok(Written::All | Written::Closed) => break,
                Err(failure) if failure.step == Step::Output => return Err(failure),
                // Without its session the output is still to be finished.
                Err(_) => session = None,
            }
            if let (Some(signal), None) = (self.signals.stop(), self.give_up) {
                self.report.debug(format!("{signal}: stopping, with output that is stuck"));
                self.give_up = Some(Instant::now() + STOP_LIMIT);
            }
            let now = Instant::now();
            if self.give_up.is_some_and(|at| now >= at) {
                break;
            }
            if over.is_some_and(|at| now >= at) {
                return Err(Failure::new(
                    Step::Output,
                    "standard output",
                    Problem::OutputFailed,
                    "its reader had not taken everything when --max-time was over",
                ));
            }
            let until = earlier(self.give_up, over);
            match &mut session {
                Some(open) => {
                    if open.wait(Some(self.out.interest()), false, until).is_err() {
                        session = None;
                    }
                }
                None => {
                    let _: Wake = self.signals.wait(&mut vec![self.out.interest()], until);
                }
            }
        }
        if let Some(session) = session {
            session.close();
        }
        Ok(())
    }

    /// Whether the run has no end of its own in the topic, so that an outage is worth a line
    /// when it begins and when it ends.
    fn is_following(&self) -> bool {
        !self.settings.stop.at_end && self.settings.stop.until.is_none()
    }
}

/// Standard output cannot be written.
pub(crate) fn output_failure(e: &std::io::Error) -> Failure {
    Failure::new(Step::Output, "standard output", Problem::OutputFailed, words::reason(e))
}
