//! One session, read to its end: frames in, lines out, acknowledgements back, and the wait between.

use super::desk::Desk;
use super::ending::Due;
use super::intake::{Context, Reject};
use super::outage::Outage;
use super::{Ended, Leave, Run};
use crate::clock::Now;
use crate::fault::Failure;
use crate::progress::Receipt;
use crate::session::{Next, Session, Woke};
use crate::sink::Written;
use crate::wait::{Wait as _, earlier};
use crate::words::duration;

/// Why no more is taken in for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// Nothing more is ready: write, acknowledge, then wait.
    All,
    /// Enough has gathered for a write to be worth its system call.
    Chunk,
    /// The run has as many lines as were asked for.
    Enough,
}

impl Run<'_> {
    /// Reads one session to its end.
    ///
    /// # Errors
    /// Why the session, or the output, failed.
    pub(super) fn stream(&mut self, session: &mut Session) -> Result<Leave, Failure> {
        if self.desk.is_stopping() {
            return Ok(Leave::End(self.desk.ended()));
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
            let written = write(&mut self.desk, &mut self.opener.outage, session, now)?;
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
            if let Some(leave) = self.is_time_to_leave(now) {
                return Ok(leave);
            }
            self.desk.log.live();
            let live = self.desk.log.report.next_live();
            let until = earlier(self.ending.next_look(now.instant), live);
            if session.wait(&mut self.desk, !is_full, until)? == Woke::Stop {
                return Ok(Leave::End(self.desk.ended()));
            }
            if is_blocked {
                self.ending.forgive_silence(Now::read().instant);
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
            match session.next()? {
                Next::Message(text) => {
                    if self.intake.take(&mut on, &text)? {
                        return Ok(Taken::Enough);
                    }
                }
                Next::Unreadable { reason, bytes } => {
                    let frame = bytes.as_deref();
                    let reject = Reject { kind: "frame", id: None, reason: &reason, frame };
                    self.intake.reject(&mut on, &reject, None)?;
                }
                Next::Nothing => {
                    on.ending.settle(now.instant);
                    return Ok(Taken::All);
                }
            }
            on.ending.heard();
            if on.desk.output.has_chunk() {
                return Ok(Taken::Chunk);
            }
        }
    }

    /// Whether one of the run's times has come, with what is to be said of it.
    fn is_time_to_leave(&mut self, now: Now) -> Option<Leave> {
        let report = &mut self.desk.log.report;
        match self.ending.due(now.instant)? {
            Due::MaxTime => Some(Leave::End(Ended::Done)),
            Due::CaughtUp => {
                // Every partition has shown what is newer than all that an earlier run wrote.
                self.desk.output.no_more_repeats();
                Some(Leave::End(Ended::Done))
            }
            // That nothing more came is no proof that nothing will: what is awaited stays so.
            Due::Idle => Some(Leave::End(Ended::Done)),
            Due::Proof => {
                report.debug("nothing received: reopening the stream to be sure");
                Some(Leave::Reopen)
            }
            Due::Silence { is_news } => {
                if is_news {
                    let limit = duration(self.ending.max_silence().unwrap_or_default());
                    report.event(format!(
                        "no message for {limit} (--max-silence): reopening the stream, which proves the way to the broker"
                    ));
                }
                Some(Leave::Reopen)
            }
        }
    }
}

/// Writes what is pending as far as it goes, and acknowledges what may be acknowledged.
///
/// # Errors
/// Why the session, or the output, failed.
pub(super) fn write(
    desk: &mut Desk<'_>,
    outage: &mut Outage<'_>,
    session: &mut Session,
    now: Now,
) -> Result<Written, Failure> {
    let written = desk.write(now)?;
    while let Some(Receipt { ack, is_event, .. }) = desk.output.next_ack() {
        if is_event {
            outage.wrote();
        }
        if let Some(id) = ack {
            desk.log.report.trace(|| format!("> acknowledge {id}"));
            session.acknowledge(&id)?;
        }
    }
    Ok(written)
}
