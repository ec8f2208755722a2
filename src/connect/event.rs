//! What whoever has the connect steps walked hears of them: each step's subject, evidence and time.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::evidence::Evidence;
use crate::fault::{Failure, Step};
use crate::wait::{Interest, Served, Signals, Wait};

/// The host of the connect steps: waits for them, and hears what they find.
pub(crate) trait Watch: Wait {
    /// One event of a step.
    fn hear(&mut self, event: &Event<'_>);
}

/// What is heard while the connect steps are walked.
#[derive(Debug)]
pub(crate) enum Event<'a> {
    /// A step begins.
    Began { step: Step, subject: &'a str },
    /// The step's evidence, in the order it was seen.
    Saw { step: Step, evidence: Evidence<'a> },
    /// The step is done.
    Passed { step: Step, elapsed: Duration },
    /// The step failed; the failure is also what [`super::Connector::connect`] returns.
    Failed { elapsed: Duration, failure: &'a Failure },
}

/// Makes a host for the connect steps of one that waits, and of what hears.
pub(crate) struct Watched<'a, F> {
    host: &'a mut dyn Wait,
    hear: F,
}

impl<'a, F: FnMut(&mut dyn Wait, &Event<'_>)> Watched<'a, F> {
    /// `hear` is handed the host along with each event: what it does may have to wait, too.
    pub(crate) fn new(host: &'a mut dyn Wait, hear: F) -> Watched<'a, F> {
        Watched { host, hear }
    }
}

impl<F: FnMut(&mut dyn Wait, &Event<'_>)> Watch for Watched<'_, F> {
    fn hear(&mut self, event: &Event<'_>) {
        (self.hear)(self.host, event);
    }
}

impl<F> Wait for Watched<'_, F> {
    fn signals(&mut self) -> &mut Signals {
        self.host.signals()
    }

    fn is_stopping(&self) -> bool {
        self.host.is_stopping()
    }

    fn due(&self) -> Option<Instant> {
        self.host.due()
    }

    fn serve(&mut self) -> Served {
        self.host.serve()
    }

    fn count(&mut self) {
        self.host.count();
    }

    fn reopen(&mut self) -> bool {
        self.host.reopen()
    }

    fn poll(&mut self, interests: &mut [Interest<'_>], until: Option<Instant>) -> Vec<Signal> {
        self.host.poll(interests, until)
    }
}
