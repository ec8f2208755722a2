//! Before a run ends, everything that was received is written, if its reader or disk accepts it.

use std::time::Duration;

use super::desk::Desk;
use super::outage::Outage;
use crate::clock::{Instant, Now};
use crate::fault::{Failure, Fault, Step};
use crate::session::Session;
use crate::sink::Written;
use crate::wait::{Wait as _, earlier};

/// How long a blocked output may delay the end of a run that was told to stop or reached
/// `--max-time`.
const STOP_LIMIT: Duration = Duration::from_secs(1);

/// The service's own client sends acknowledgements on to the broker in groups, every 100 ms. The end
/// of the session may overtake those that it still holds.
const ACK_GROUP_TIME: Duration = Duration::from_millis(150);

/// How long the remaining output may take.
#[derive(Debug)]
pub(super) struct Drain {
    /// The acknowledgements of this run are for ever, so none may get lost at the end.
    is_consumer: bool,
    /// When to give up on a blocked output; set once the run was told to stop.
    give_up: Option<Instant>,
}

impl Drain {
    pub(super) fn new(is_consumer: bool) -> Drain {
        Drain { is_consumer, give_up: None }
    }

    /// Writes everything that is pending, then closes the session cleanly. A run that was told to
    /// stop gives up after a second. So does a run whose time (`over`) has come, but that is an
    /// error.
    ///
    /// # Errors
    /// The output's failure, or that its reader did not take everything in time.
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
            // What waits for a commit is to be acknowledged before the session closes.
            desk.output.hurry();
            let written = match &mut session {
                Some(open) => desk.deliver(open, outage, now),
                None => desk.write(now),
            };
            match written {
                Ok(Written::Blocked) => {}
                Ok(Written::All | Written::Closed) => break,
                Err(failure) if failure.step == Step::Output => return Err(failure),
                // The session failed, but the output still has to be finished.
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
        if let Some(mut session) = session {
            if self.is_consumer && session.linger(desk, ACK_GROUP_TIME).is_err() {
                return Ok(());
            }
            session.close(desk);
        }
        Ok(())
    }

    /// Whether a run that was told to stop has waited long enough.
    fn is_given_up(&mut self, desk: &mut Desk<'_>, now: Instant) -> bool {
        if let (Some(signal), None) = (desk.stop(), self.give_up) {
            desk.log.report.debug(format!("{signal}: stopping; the output is blocked"));
            self.give_up = Some(now + STOP_LIMIT);
        }
        self.give_up.is_some_and(|at| now >= at)
    }
}

fn out_of_time(desk: &Desk<'_>) -> Result<(), Failure> {
    // A disk error is reported when the output is finished.
    if desk.output.trouble().is_some() {
        return Ok(());
    }
    let cause = "its reader had not taken everything when --max-time was over";
    Err(Failure::new(Step::Output, "stdout", Fault::OutputFailed, cause))
}
