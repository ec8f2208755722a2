//! The main job: connect, read, write, acknowledge; again after every failure, from where it
//! stopped; until the run's end.
//!
//! Data goes one way, session → message → output, and an acknowledgement goes back once the
//! line is out. Failures of any part meet here, where [`crate::retry`] says whether to go on.

mod chores;
mod connect;
mod end;
mod idle;
mod intake;
mod leave;
mod probe;
mod watch;
mod write;

use std::cell::{RefCell, RefMut};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Instant;

use jiff::Timestamp;

use crate::connect::Connector;
use crate::fault;
use crate::fault::{Failure, Step};
use crate::notify::Notify;
use crate::report::{Counters, Report};
use crate::resume::Resume;
use crate::retry::Retries;
use crate::session::{Next, Session, Woke};
use crate::settings::Settings;
use crate::sink::{Output, Written};
use crate::wait::{self, Signals};
use chores::{Chores, Waiting};
use end::End;
use idle::Idle;
use write::poll_fd;

/// How a run ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// At an end of its own, or because nobody reads its output any more.
    Done,
    /// [`Signals::stop`] says by which signal.
    Stopped,
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
    report: &Rc<Report>,
    counters: &Rc<Counters>,
    signals: &Rc<Signals>,
) -> Result<Ended, Failure> {
    signals.set_chores(Rc::new(Waiting { has_file: settings.capture.output.is_some() }));
    let Some(output) = Output::open(settings, report, counters, signals)? else {
        return Ok(Ended::Stopped);
    };
    let resume = match output.cursor() {
        Some(cursor) => Resume::of(cursor),
        None => Resume::new(settings.start.position.clone()),
    };
    let since = output.cursor().map_or(settings.start.since, |cursor| cursor.since);
    let is_resumed = resume.newest().is_some();
    let out = Rc::new(RefCell::new(output));
    let notify = Rc::new(Notify::of_process());
    let chores = Rc::new(Chores::new(settings, &out, report, counters, &notify));
    signals.set_chores(Rc::clone(&chores) as Rc<dyn wait::Chores>);
    let mut run = Run {
        settings,
        report,
        counters,
        signals,
        notify: &notify,
        connector: Connector::new(&settings.target, Rc::clone(signals)),
        out,
        resume,
        since,
        retries: Retries::new(&settings.retry),
        idle: Idle::new(settings.stop.idle_timeout),
        over: settings.stop.max_time.map(|limit| Instant::now() + limit),
        end: None,
        outage: None,
        ended_by: None,
        has_opened: false,
        to_probe: is_resumed,
        compared: BTreeSet::new(),
        has_received: false,
        is_silent: false,
        give_up: None,
    };
    run.tell_position();
    notify.status(&format!("connecting to {}", settings.target.host));
    let (ended, drained) = loop {
        let ended = run.sessions();
        // What was received before a failure is whole, and belongs on the output.
        let drained = run.drain(None).and_then(|()| run.out().finish());
        // An end that was reached with lines that a failed sync took away is none.
        if ended != Ok(Ended::Done) || drained.is_err() || !run.is_rolled_back() {
            break (ended, drained);
        }
    };
    notify.stopping();
    counters.connected.set(None);
    chores.write_metrics();
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
    notify: &'a Notify,
    connector: Connector<'a>,
    /// Shared with the chores, which write what is due while the run waits.
    out: Rc<RefCell<Output>>,
    resume: Resume,
    /// Only what was published from then on is written.
    since: Option<Timestamp>,
    retries: Retries<'a>,
    idle: Idle,
    /// When `--max-time` is over.
    over: Option<Instant>,
    /// Where `-e` and `--until` end; known once the service has told its clock.
    end: Option<End>,
    /// Since when there is no session, after a failure.
    outage: Option<Instant>,
    /// The code of what ended the last session.
    ended_by: Option<&'static str>,
    /// A session was open in this run.
    has_opened: bool,
    /// Whether the service still holds what follows the cursor is to be asked.
    to_probe: bool,
    /// The partitions whose oldest message was compared with the cursor.
    compared: BTreeSet<i64>,
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
            let left = self.probe().and_then(|()| self.stream(&mut session));
            self.counters.connected.set(None);
            self.idle.closed();
            self.ended_by = Some(match &left {
                Ok(_) => "reopened",
                Err(failure) => fault::row(failure.fault).code,
            });
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
            self.out().forget_acks();
        }
        Ok(match self.signals.stop() {
            Some(_) => Ended::Stopped,
            None => Ended::Done,
        })
    }

    fn out(&self) -> RefMut<'_, Output> {
        self.out.borrow_mut()
    }

    /// Whether a failed sync took lines away, which are to be read again then.
    fn is_rolled_back(&mut self) -> bool {
        let rolled_back = self.out().take_rolled_back();
        if let Some(progress) = rolled_back {
            self.resume.roll_back(progress);
            if let Some(end) = &mut self.end {
                end.restart();
            }
            return true;
        }
        false
    }

    /// Reads one session to its end.
    fn stream(&mut self, session: &mut Session) -> Result<Leave, Failure> {
        if self.signals.is_stopping() {
            return Ok(Leave::End(Ended::Stopped));
        }
        loop {
            if self.is_rolled_back() {
                return Ok(Leave::Reopen);
            }
            let found = session.next()?;
            let is_more = !matches!(found, Next::Nothing);
            match found {
                Next::Message(text) => {
                    if let Some(leave) = self.take(&text)? {
                        return Ok(leave);
                    }
                }
                Next::Unreadable { reason, bytes } => {
                    self.reject("frame", None, None, &reason, bytes.as_deref())?;
                }
                Next::Nothing => self.idle.settle(),
            }
            if is_more {
                self.idle.message();
                if !self.out().has_chunk() {
                    continue;
                }
            }
            let is_blocked = match self.write(session)? {
                Written::Closed => return Ok(Leave::End(Ended::Done)),
                Written::Blocked => true,
                Written::All => false,
            };
            let is_full = self.out().is_full();
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
            let interest = self.out().interest();
            match session.wait(interest.as_ref().map(poll_fd), !is_full, until)? {
                Woke::Stop => return Ok(Leave::End(Ended::Stopped)),
                Woke::Output if self.out().is_closed() => return Ok(Leave::End(Ended::Done)),
                Woke::Output | Woke::Server | Woke::Deadline => {}
            }
            if is_blocked {
                self.restart_silence();
            }
        }
    }

    /// Whether the run has no end of its own in the topic, so that an outage is worth a line
    /// when it begins and when it ends.
    fn is_following(&self) -> bool {
        self.settings.is_following()
    }
}
