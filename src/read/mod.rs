//! The main job: connect, read, write, acknowledge; again after every failure, from where it
//! stopped; until the run's end.
//!
//! Data goes one way, session → message → output, and an acknowledgement goes back once the line is
//! out. Each idea of the loop has a type of its own: [`desk`] hosts every wait, [`opener`] gets
//! sessions, [`intake`] takes frames in, [`resume`] knows where to go on, [`ending`] when to end.

mod desk;
mod drain;
mod end;
mod ending;
mod gap;
mod idle;
mod intake;
mod opener;
mod outage;
mod resume;
mod stream;
mod watch;

use crate::clock::Now;
use crate::fault::{Failure, Step};
use crate::metrics::Metrics;
use crate::report::Log;
use crate::session::Session;
use crate::settings::Settings;
use crate::sink::Output;
use crate::values::host::authority;
use crate::wait::Signals;
use desk::{Desk, Opening};
use drain::Drain;
use ending::Ending;
use intake::Intake;
use opener::Opener;
use resume::Resume;

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
    /// To be reopened at once.
    Reopen,
}

/// Reads until the run's end.
///
/// # Errors
/// The failure that could not, or must not, be tried again.
pub(crate) fn read(
    settings: &Settings,
    log: &mut Log,
    signals: &mut Signals,
) -> Result<Ended, Failure> {
    let has_file = settings.capture.output.is_some();
    let mut opening = Opening { signals: &mut *signals, has_file };
    let Some(output) = Output::open(settings, log, &mut opening, Now::read())? else {
        return Ok(Ended::Stopped);
    };
    let metrics = settings.capture.metrics.clone().map(Metrics::new);
    let mut run = Run::new(settings, Desk::new(signals, log, output, metrics));
    opener::tell_position(&mut run.desk);
    run.desk.notify.status(&format!("connecting to {}", settings.target.host));
    let ended = run.until_end();
    run.close();
    ended
}

struct Run<'a> {
    desk: Desk<'a>,
    opener: Opener<'a>,
    intake: Intake<'a>,
    resume: Resume,
    ending: Ending<'a>,
    drain: Drain,
}

impl<'a> Run<'a> {
    fn new(settings: &'a Settings, desk: Desk<'a>) -> Run<'a> {
        let now = Now::read();
        let cursor = desk.output.cursor();
        let resume = match cursor {
            Some(cursor) => Resume::of(cursor),
            None => Resume::new(settings.start.position.clone()),
        };
        let since = cursor.map_or(settings.start.since, |cursor| cursor.since);
        let is_resumed = desk.output.progress().taken().newest().is_some();
        let server = authority(&settings.target.host, settings.target.port);
        Run {
            opener: Opener::new(settings),
            intake: Intake::new(settings, server, since, is_resumed),
            resume,
            ending: Ending::new(&settings.stop, settings.limits.max_silence, now.instant),
            drain: Drain::default(),
            desk,
        }
    }

    /// Sessions up to the run's end, and everything that was received on the output.
    fn until_end(&mut self) -> Result<Ended, Failure> {
        loop {
            let ended = self.sessions();
            // What was received before a failure is whole, and belongs on the output.
            let drained = self.drain(None).and_then(|()| self.finish());
            // An end that was reached with lines that a failed sync took away is none.
            if ended == Ok(Ended::Done) && drained.is_ok() && self.is_rolled_back() {
                continue;
            }
            return ended.and_then(|ended| drained.map(|()| ended));
        }
    }

    /// One session after the other.
    fn sessions(&mut self) -> Result<Ended, Failure> {
        while let Some(mut session) = self.open()? {
            let left = self.look_for_gap().and_then(|()| self.stream(&mut session));
            let now = Now::read();
            self.desk.log.counters.connected = None;
            self.ending.closed(now.instant);
            self.opener.outage.ended(left.as_ref().err());
            match left {
                Ok(Leave::End(ended)) => {
                    self.drain(Some(session))?;
                    return Ok(ended);
                }
                Ok(Leave::Reopen) => session.close(&mut self.desk),
                Err(failure) if failure.step == Step::Output => return Err(failure),
                Err(failure) => {
                    drop(session);
                    if !self.opener.wait_to_retry(&mut self.desk, &self.ending, failure)? {
                        break;
                    }
                }
            }
            // An acknowledgement belongs to the session that delivered the message.
            self.desk.output.session_closed();
        }
        Ok(self.desk.ended())
    }

    fn open(&mut self) -> Result<Option<Session>, Failure> {
        self.opener.open(&mut self.desk, &mut self.resume, &mut self.ending)
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

    /// Whether a failed sync took lines away, which are to be read again then.
    fn is_rolled_back(&mut self) -> bool {
        let is_rolled_back = self.desk.output.take_rolled_back();
        if is_rolled_back {
            self.ending.restart(Now::read().instant);
        }
        is_rolled_back
    }

    /// The last things said, whatever the run ended with.
    fn close(&mut self) {
        self.desk.notify.stopping();
        self.desk.log.counters.connected = None;
        self.desk.write_metrics(Now::read());
        self.desk.log.report.clear_live();
    }
}
