//! Before a run ends: everything that was received goes out, as far as its reader or disk takes it.

use std::time::{Duration, Instant};

use super::desk::Desk;
use super::outage::Outage;
use crate::clock::Now;
use crate::fault::{Failure, Fault, Step};
use crate::session::Session;
use crate::sink::Written;
use crate::wait::{Wait as _, earlier};

/// How long a blocked output may hold up a run that was told to stop, or whose time is over.
const STOP_LIMIT: Duration = Duration::from_secs(1);

/// How long the rest may take.
#[derive(Debug, Default)]
pub(super) struct Drain {
    /// When an output that is stuck is left behind, once the run was told to stop.
    give_up: Option<Instant>,
}

impl Drain {
    /// Writes all that is pending, and closes the session in good order. A run that was told to
    /// stop leaves what does not go out within a second; so does one whose time (`over`) has come,
    /// which is an error.
    ///
    /// # Errors
    /// The output's own, and that its reader had not taken everything in time.
    pub(super) fn run(
        &mut self,
        desk: &mut Desk<'_>,
        outage: &mut Outage<'_>,
        mut session: Option<Session>,
        over: Option<Instant>,
    ) -> Result<(), Failure> {
        let over = over.map(|over| over.max(Instant::now()) + STOP_LIMIT);
        loop {
            let now = Now::read();
            let written = match &mut session {
                Some(open) => desk.deliver(open, outage, now),
                None => desk.write(now),
            };
            match written {
                Ok(Written::Blocked) => {}
                Ok(Written::All | Written::Closed) => break,
                Err(failure) if failure.step == Step::Output => return Err(failure),
                // Without its session the output is still to be finished.
                Err(_) => session = None,
            }
            if self.is_given_up(desk, now.instant) {
                break;
            }
            if over.is_some_and(|at| now.instant >= at) {
                return out_of_time(desk);
            }
            let until = earlier(self.give_up, over);
            match &mut session {
                Some(open) => {
                    if open.wait(desk, false, until).is_err() {
                        session = None;
                    }
                }
                None => {
                    desk.wait(&mut [], until);
                }
            }
        }
        if let Some(session) = session {
            session.close(desk);
        }
        Ok(())
    }

    /// Whether a run that was told to stop has waited for long enough.
    fn is_given_up(&mut self, desk: &mut Desk<'_>, now: Instant) -> bool {
        if let (Some(signal), None) = (desk.stop(), self.give_up) {
            desk.log.report.debug(format!("{signal}: stopping, with output that is stuck"));
            self.give_up = Some(now + STOP_LIMIT);
        }
        self.give_up.is_some_and(|at| now >= at)
    }
}

fn out_of_time(desk: &Desk<'_>) -> Result<(), Failure> {
    // What the disk refuses is told by whoever ends the output.
    if desk.output.trouble().is_some() {
        return Ok(());
    }
    let cause = "its reader had not taken everything when --max-time was over";
    Err(Failure::new(Step::Output, "stdout", Fault::OutputFailed, cause))
}
