//! One run: one session after another, each read to its end. Frames come in, lines are written,
//! acknowledgements go back, then the loop waits.

use std::time::Duration;

use super::desk::Desk;
use super::drain::Drain;
use super::ended::{Ended, Leave};
use super::ending::{Due, Ending};
use super::intake::{Context, Fate, Intake, Reject};
use super::latest::Latest;
use super::opener::Opener;
use super::resume::Resume;
use crate::clock::Now;
use crate::fault::{Failure, Fault, Step};
use crate::session::{Next, Session, Woke};
use crate::settings::Settings;
use crate::sink::Written;
use crate::wait::{Wait as _, earlier};
use crate::words::duration;

/// Faults of a message: the session that delivered it is sound.
const OF_A_MESSAGE: [Fault; 4] =
    [Fault::BadPayload, Fault::ForeignIds, Fault::ForeignConsumerIds, Fault::TooManyPartitions];

/// A wait that ends so long after its time was a sleep of the process or of the machine: nothing could
/// be heard, so it was no silence.
const OVERSLEPT: Duration = Duration::from_secs(1);

/// Why taking in frames paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// Nothing more is ready: write, acknowledge, then wait.
    All,
    /// Enough has gathered for a write to be worth its system call.
    Chunk,
    /// The run has as many lines as were asked for.
    Enough,
}

/// One run and its state.
pub(super) struct Run<'a> {
    pub(super) desk: Desk<'a>,
    opener: Opener<'a>,
    intake: Intake<'a>,
    resume: Resume,
    ending: Ending<'a>,
    drain: Drain,
    latest: Latest,
}

impl<'a> Run<'a> {
    pub(super) fn new(settings: &'a Settings, desk: Desk<'a>) -> Run<'a> {
        let now = Now::read();
        let cursor = desk.output.cursor();
        let resume = match cursor {
            Some(cursor) => Resume::of(cursor),
            None => Resume::new(settings.start.position.clone()),
        };
        let is_resumed = desk.output.progress().taken().newest().is_some();
        let server = settings.target.authority();
        Run {
            opener: Opener::new(settings),
            intake: Intake::new(settings, server, is_resumed),
            resume,
            ending: Ending::new(&settings.stop, settings.limits.max_silence, now.instant)
                .shared(settings.subscription.is_some()),
            drain: Drain::new(settings.subscription.is_some()),
            latest: Latest::default(),
            desk,
        }
    }

    /// Reads sessions until the run's end, and finishes the output.
    ///
    /// # Errors
    /// The failure that is not retried, or the output's.
    pub(super) fn until_end(&mut self) -> Result<Ended, Failure> {
        loop {
            let ended = self.sessions();
            // Messages received before a failure are complete, so they are still written.
            let drained = self.drain(None).and_then(|()| self.finish());
            // If lines were taken back, the end is not reached: they must be read again.
            if ended == Ok(Ended::Done) && drained.is_ok() && self.is_rolled_back() {
                continue;
            }
            return ended
                .map_err(|failure| self.with_place(failure))
                .and_then(|ended| drained.map(|()| ended));
        }
    }

    /// Adds how far a run was read that was to read everything.
    fn with_place(&self, mut failure: Failure) -> Failure {
        let is_of_session = failure.step != Step::Output && !OF_A_MESSAGE.contains(&failure.fault);
        if is_of_session && self.ending.has_end() && self.opener.outage.has_opened() {
            let newest = self.desk.output.progress().taken().newest();
            let place = newest.map_or("nothing was read".to_owned(), |id| {
                format!("the last message read is {id}")
            });
            failure.cause = format!("{}; the end was not reached: {place}", failure.cause);
        }
        failure
    }

    /// Reads one session after another.
    fn sessions(&mut self) -> Result<Ended, Failure> {
        while let Some(mut session) = self.open()? {
            let left = self.look_for_gap().and_then(|()| self.stream(&mut session));
            let now = Now::read();
            self.desk.log.counters.connected = None;
            self.ending.closed(now.instant);
            self.opener.outage.ended(left.as_ref().err(), now.instant);
            match left {
                Ok(Leave::End(ended)) => {
                    self.drain(Some(session))?;
                    return Ok(ended);
                }
                Ok(Leave::Reopen) => session.close(&mut self.desk),
                Err(failure) if failure.step == Step::Output => return Err(failure),
                // What was written before the message that stops the run is still acknowledged.
                Err(failure) if OF_A_MESSAGE.contains(&failure.fault) => {
                    self.drain(Some(session))?;
                    return Err(failure);
                }
                Err(failure) => {
                    drop(session);
                    // Nothing can arrive during the wait, however long it takes.
                    self.desk.output.session_closed();
                    if !self.opener.wait_to_retry(&mut self.desk, &self.ending, failure)? {
                        break;
                    }
                }
            }
        }
        Ok(self.desk.ended())
    }

    fn open(&mut self) -> Result<Option<Session>, Failure> {
        // An acknowledgement belongs to the session that delivered the message.
        self.desk.output.session_closed();
        let opened = self.opener.open(&mut self.desk, &mut self.resume, &mut self.ending)?;
        self.intake.opened(&self.desk, &self.resume);
        Ok(opened)
    }

    fn look_for_gap(&mut self) -> Result<(), Failure> {
        self.intake.gap.look(&mut self.desk, &mut self.opener, &self.resume)
    }

    fn drain(&mut self, session: Option<Session>) -> Result<(), Failure> {
        let (desk, outage) = (&mut self.desk, &mut self.opener.outage);
        self.drain.run(desk, outage, session, self.ending.over())
    }

    fn finish(&mut self) -> Result<(), Failure> {
        self.desk.output.finish(Now::read(), self.desk.log)
    }

    /// Whether lines were taken back. If so, the end waits until they are read again.
    fn is_rolled_back(&mut self) -> bool {
        let is_rolled_back = self.desk.output.take_rolled_back();
        if is_rolled_back {
            self.ending.restart(Now::read().instant);
        }
        is_rolled_back
    }

    /// Tells systemd, the metrics file and the terminal that the run has ended.
    pub(super) fn close(&mut self) {
        self.desk.notify.stopping();
        self.desk.log.counters.connected = None;
        self.desk.write_metrics(Now::read());
        self.desk.log.report.tell_unsaid();
        self.desk.log.report.clear_live();
    }

    /// Reads one session to its end.
    ///
    /// # Errors
    /// Why the session, or the output, failed.
    fn stream(&mut self, session: &mut Session) -> Result<Leave, Failure> {
        if self.desk.is_stopping() {
            return Ok(Leave::End(self.desk.ended()));
        }
        if self.ending.is_proving() {
            session.ping()?;
        }
        loop {
            if self.is_rolled_back() {
                return Ok(Leave::Reopen);
            }
            let now = Now::read();
            let taken = self.take_in(session, now)?;
            if taken == Taken::Enough {
                return Ok(Leave::End(Ended::Done));
            }
            let (opener, ending) = (&mut self.opener, &mut self.ending);
            self.latest.look(&mut self.desk, opener, ending, now.instant);
            let written = self.desk.deliver(session, &mut self.opener.outage, now)?;
            if self.is_rolled_back() {
                return Ok(Leave::Reopen);
            }
            if written == Written::Closed {
                return Ok(Leave::End(Ended::Done));
            }
            let is_full = self.desk.output.is_full();
            if taken == Taken::Chunk && !is_full {
                continue;
            }
            session.flush()?;
            let is_blocked = written == Written::Blocked;
            if is_blocked {
                self.ending.forgive_silence(now.instant);
            }
            if let Some(leave) = self.is_time_to_leave(session, now)? {
                return Ok(leave);
            }
            self.desk.log.live();
            let live = self.desk.log.report.next_live();
            let look =
                earlier(self.ending.next_look(now.instant), self.latest.next_look(now.instant));
            let until = earlier(look, live);
            if session.wait(&mut self.desk, !is_full, until)? == Woke::Stop {
                return Ok(Leave::End(self.desk.ended()));
            }
            let now = Now::read().instant;
            if is_blocked || until.is_some_and(|until| now - until > OVERSLEPT) {
                self.ending.forgive_silence(now);
            }
        }
    }

    /// Takes in what has arrived, up to a chunk.
    fn take_in(&mut self, session: &mut Session, now: Now) -> Result<Taken, Failure> {
        let mut on = Context {
            desk: &mut self.desk,
            resume: &self.resume,
            ending: &mut self.ending,
            now: now.instant,
        };
        loop {
            let fate = match session.next()? {
                Next::Message(text) => self.intake.take(&mut on, &text)?,
                Next::Unreadable { reason, bytes } => {
                    let frame = bytes.as_deref();
                    let reject = Reject { kind: "frame", id: None, reason: &reason, frame };
                    self.intake.reject(&mut on, &reject, None)?
                }
                Next::Nothing => {
                    on.ending.settle(now.instant);
                    return Ok(Taken::All);
                }
            };
            if fate != Fate::SentBack {
                on.ending.heard();
            }
            if self.intake.has_enough(on.desk) {
                return Ok(Taken::Enough);
            }
            if on.desk.output.has_chunk() {
                return Ok(Taken::Chunk);
            }
        }
    }

    /// Whether one of the run's limits is reached; reports why a session is reopened.
    ///
    /// # Errors
    /// A session that was to prove the end does not answer.
    fn is_time_to_leave(&mut self, session: &Session, now: Now) -> Result<Option<Leave>, Failure> {
        let report = &mut self.desk.log.report;
        let Some(due) = self.ending.due(now.instant) else { return Ok(None) };
        Ok(Some(match due {
            Due::MaxTime => Leave::End(Ended::Done),
            Due::CaughtUp => {
                // Every partition has delivered a message newer than all an earlier run wrote.
                self.desk.output.no_more_repeats();
                Leave::End(Ended::Done)
            }
            // Silence does not prove that no repeats will come, so lines stay unconfirmed.
            Due::Idle => Leave::End(Ended::Done),
            Due::Behind(silence) => return Err(session.no_message(silence)),
            Due::SilentProof(_) if session.last_pong().is_some() => Leave::End(Ended::Done),
            Due::SilentProof(silence) => return Err(session.no_pong(silence)),
            Due::Proof => {
                report.debug("nothing more is delivered: reopening the stream to be sure");
                Leave::Reopen
            }
            Due::Silence { is_news } => {
                if is_news {
                    let limit = duration(self.ending.max_silence().unwrap_or_default());
                    report.event(format!(
                        "no message for {limit} (--max-silence): reopening the stream to check the connection to the broker"
                    ));
                }
                Leave::Reopen
            }
        }))
    }
}
