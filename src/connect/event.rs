//! The events of the connect steps, for the host that runs them: each step's subject, observations and
//! time.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::observation::Observation;
use crate::clock::Instant;
use crate::fault::{Failure, Step};
use crate::wait::{Interest, Served, Signals, Wait};

/// The host of the connect steps: waits for them, and receives their events.
pub(crate) trait Watch: Wait {
    /// Receives one event of a step.
    fn hear(&mut self, event: &Event<'_>);
}

/// What happens in the connect steps.
#[derive(Debug)]
pub(crate) enum Event<'a> {
    /// A step begins.
    Began { step: Step, subject: &'a str },
    /// What the step saw, in its order.
    Saw { step: Step, observation: Observation<'a> },
    /// The step is done.
    Passed { step: Step, elapsed: Duration },
    /// The step failed; the failure is also what [`super::Connector::connect`] returns.
    Failed { elapsed: Duration, failure: &'a Failure },
}

/// A host for the connect steps, made of a host that waits and a function that receives events.
pub(crate) struct Watched<'a, F> {
    host: &'a mut dyn Wait,
    hear: F,
}

impl<'a, F: FnMut(&mut dyn Wait, &Event<'_>)> Watched<'a, F> {
    /// `hear` gets the host with each event, because it may have to wait too.
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
