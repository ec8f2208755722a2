//! From the run to its output: what is written is acknowledged, and before an end all of it.

use std::fs::File;
use std::os::fd::AsFd;
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags};

use super::Run;
use crate::fault::Fault;
use crate::fault::{Failure, Step};
use crate::session::Session;
use crate::sink::{Receipt, Written};
use crate::wait::{Wake, earlier};

/// How long a blocked output may hold up a run that was told to stop.
const STOP_LIMIT: Duration = Duration::from_secs(1);

impl Run<'_> {
    /// Writes what is pending as far as it goes, and acknowledges what is out.
    pub(super) fn write(&mut self, session: &mut Session) -> Result<Written, Failure> {
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
    pub(super) fn write_out(&self) -> Result<Written, Failure> {
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
    pub(super) fn drain(&mut self, mut session: Option<Session>) -> Result<(), Failure> {
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
                    Fault::OutputFailed,
                    "its reader had not taken everything when --max-time was over",
                ));
            }
            let until = earlier(earlier(self.give_up, over), self.out().due());
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
}

/// What of the output to wait for.
pub(super) fn poll_fd((file, flags): &(Rc<File>, PollFlags)) -> PollFd<'_> {
    PollFd::new(file.as_fd(), *flags)
}
