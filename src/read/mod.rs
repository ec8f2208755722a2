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
mod probe;
mod watch;

use std::cell::{RefCell, RefMut};
use std::collections::BTreeSet;
use std::fs::File;
use std::os::fd::AsFd;
use std::rc::Rc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use nix::poll::{PollFd, PollFlags};

use crate::advice::{self, Problem};
use crate::connect::Ladder;
use crate::failure::{Failure, Step};
use crate::notify::Notify;
use crate::report::{Counters, Report};
use crate::resume::Resume;
use crate::retry::Retries;
use crate::session::{Next, Session, Woke};
use crate::settings::Settings;
use crate::sink::{Output, Receipt, Written};
use crate::sys::{self, Signals, Wake, earlier};
use crate::words::duration;
use chores::{Chores, Waiting};
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
    signals.set_chores(Rc::clone(&chores) as Rc<dyn sys::Chores>);
    let mut run = Run {
        settings,
        report,
        counters,
        signals,
        notify: &notify,
        ladder: Ladder::new(&settings.target, Rc::clone(signals)),
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
    ladder: Ladder<'a>,
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
                Err(failure) => advice::row(failure.problem).code,
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
        if is_past(self.over) {
            return Some(Leave::End(Ended::Done));
        }
        if self.end.as_ref().is_some_and(|end| end.is_reached(now)) {
            // Every partition has shown what is newer than all that an earlier run wrote.
            self.out().no_more_repeats();
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
            // That nothing more came is no proof that nothing will: what is awaited stays so.
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
            // What the chores do then may have acknowledgements to send, or an end.
            self.out().due(),
        ]
        .into_iter()
        .fold(self.over, earlier)
    }

    /// Writes what is pending as far as it goes, and acknowledges what is out.
    fn write(&mut self, session: &mut Session) -> Result<Written, Failure> {
        let written = self.write_out()?;
        loop {
            let next = self.out().next_written();
            let Some(Receipt { ack, is_event, .. }) = next else { return Ok(written) };
            if is_event {
                self.retries.wrote();
            }
            if let Some(id) = ack {
                self.report.trace(|| format!("> acknowledge {id}"));
                session.acknowledge(&id)?;
            }
        }
    }

    /// Writes what is pending as far as it goes.
    fn write_out(&self) -> Result<Written, Failure> {
        let mut out = self.out();
        let written = out.write();
        match out.failed() {
            Some(failure) => Err(failure.clone()),
            None => Ok(written),
        }
    }

    /// Writes all that is pending before the run ends, and closes the session in good order.
    /// A run that was told to stop leaves what does not go out within a second; so does one
    /// whose time is over, which is an error.
    fn drain(&mut self, mut session: Option<Session>) -> Result<(), Failure> {
        let over = self.over.map(|over| over.max(Instant::now()) + STOP_LIMIT);
        loop {
            let written = match &mut session {
                Some(open) => self.write(open),
                None => self.write_out(),
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
                // What the disk refuses is told by whoever ends the output.
                if self.out().trouble().is_some() {
                    return Ok(());
                }
                return Err(Failure::new(
                    Step::Output,
                    "stdout",
                    Problem::OutputFailed,
                    "its reader had not taken everything when --max-time was over",
                ));
            }
            let until =
                [earlier(self.give_up, over), self.out().due()].into_iter().fold(None, earlier);
            let interest = self.out().interest();
            let interest = interest.as_ref().map(poll_fd);
            match &mut session {
                Some(open) => {
                    if open.wait(interest, false, until).is_err() {
                        session = None;
                    }
                }
                None => {
                    let _: Wake = self.signals.wait(&mut Vec::from_iter(interest), until);
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
        self.settings.is_following()
    }
}

/// What of the output to wait for.
fn poll_fd((file, flags): &(Rc<File>, PollFlags)) -> PollFd<'_> {
    PollFd::new(file.as_fd(), *flags)
}
