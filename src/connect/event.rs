//! What whoever has the connect steps walked hears of them: each step's subject, evidence and time.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::{Attempt, Reply, Response};
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
    /// The step failed; the failure is also what [`Connector::connect`] returns.
    Failed { elapsed: Duration, failure: &'a Failure },
}

/// What a step found out on its way.
#[derive(Debug)]
pub(crate) enum Evidence<'a> {
    /// The addresses of a host, in the order they are tried, and who named them.
    Addresses { addresses: &'a [IpAddr], source: &'static str },
    /// What the nameservers say themselves, asked because the system's resolver takes so long.
    Nameservers(&'a [Reply]),
    /// One address tried.
    Attempt(&'a Attempt),
    /// Which rule decided for or against a proxy.
    ProxyRule(&'a str),
    /// The proxy's or the gateway's answer, whatever its status.
    Response(&'a Response),
    /// The certificate of the server, in DER; verified unless that was given up (`--insecure`).
    /// And the version of TLS that was agreed on.
    Certificate { der: &'a [u8], is_verified: bool, version: Option<&'static str> },
}

/// A host that waits for the connect steps and hears nothing of them.
pub(crate) struct Unheard<'a>(pub(crate) &'a mut dyn Wait);

impl Watch for Unheard<'_> {
    fn hear(&mut self, _: &Event<'_>) {}
}

impl Wait for Unheard<'_> {
    fn signals(&mut self) -> &mut Signals {
        self.0.signals()
    }

    fn is_stopping(&self) -> bool {
        self.0.is_stopping()
    }

    fn due(&self) -> Option<Instant> {
        self.0.due()
    }

    fn serve(&mut self) -> Served {
        self.0.serve()
    }

    fn count(&mut self) {
        self.0.count();
    }

    fn reopen(&mut self) -> bool {
        self.0.reopen()
    }

    fn poll(&mut self, interests: &mut [Interest<'_>], until: Option<Instant>) -> Vec<Signal> {
        self.0.poll(interests, until)
    }
}
