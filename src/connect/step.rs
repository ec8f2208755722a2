//! The context in which one connect step runs: its subject, its deadline, its host.

use std::io::{self, ErrorKind};
use std::time::Duration;

use super::event::{Event, Watch};
use super::halt::Halt;
use super::observation::Observation;
use crate::clock::Instant;
use crate::fault::{Failure, Fault, Step};
use crate::settings::Target;
use crate::wait::Wake;
use crate::wire::OverWire;
use crate::wire::Wire;
use crate::words;

/// The context in which one step runs.
pub(super) struct StepContext<'s> {
    pub(super) step: Step,
    /// What it is working on, for people.
    pub(super) subject: &'s str,
    /// When the whole connect must be done, and how long that is in all.
    pub(super) deadline: Instant,
    pub(super) timeout: Duration,
    pub(super) target: &'s Target,
    pub(super) host: &'s mut dyn Watch,
}

impl StepContext<'_> {
    /// Reports an observation to the host.
    pub(super) fn saw(&mut self, observation: Observation<'_>) {
        self.host.hear(&Event::Saw { step: self.step, observation });
    }

    /// Waits until bytes arrive on the wire, or until it takes bytes that it did not take before.
    ///
    /// # Errors
    /// The deadline passed, or the run must stop.
    pub(super) fn wait(&mut self, wire: &mut Wire) -> Result<(), Halt> {
        match self.host.wait(&mut [wire.interest()], Some(self.deadline)) {
            Wake::Ready => {
                wire.fill();
                Ok(())
            }
            Wake::Deadline => Err(self.timed_out()),
            Wake::Stop => Err(Halt::Stopped),
        }
    }

    /// Repeats an attempt, waiting in between, until it no longer returns `WouldBlock`.
    ///
    /// # Errors
    /// As [`StepContext::wait`]; the inner result holds any other error.
    pub(super) fn drive<S: OverWire, T>(
        &mut self,
        stream: &mut S,
        mut attempt: impl FnMut(&mut S) -> io::Result<T>,
    ) -> Result<io::Result<T>, Halt> {
        loop {
            match attempt(stream) {
                Err(e) if e.kind() == ErrorKind::WouldBlock => self.wait(stream.wire_mut())?,
                result => return Ok(result),
            }
        }
    }

    /// Sends all of these bytes.
    ///
    /// # Errors
    /// As [`StepContext::drive`].
    pub(super) fn send(
        &mut self,
        stream: &mut impl OverWire,
        bytes: &[u8],
    ) -> Result<io::Result<()>, Halt> {
        let mut sent = 0;
        self.drive(stream, |stream| {
            while sent < bytes.len() {
                match stream.write(&bytes[sent..])? {
                    0 => return Err(ErrorKind::WriteZero.into()),
                    n => sent += n,
                }
            }
            Ok(())
        })
    }

    /// A failure of this step, with what its texts may mention.
    pub(super) fn failure(&self, fault: Fault, cause: impl Into<String>) -> Failure {
        let Target { host, port, proxy, .. } = self.target;
        let is_way_to_proxy = self.step <= Step::Tcp && proxy.proxy.is_some();
        let fault = if is_way_to_proxy { of_proxy(fault) } else { fault };
        Failure::new(self.step, self.subject, fault, cause)
            .with("host", host)
            .with("port", port.to_string())
            .with("proxy_rule", &proxy.rule)
    }

    /// The failure of a system call that has nothing to do with the peer.
    pub(super) fn failed_call(&self, otherwise: Fault, e: &io::Error) -> Failure {
        let Failure { fault, cause, .. } = Failure::of_call(self.step, self.subject, otherwise, e);
        self.failure(fault, cause)
    }

    /// The failure when the deadline passed during this step.
    pub(super) fn timed_out(&self) -> Halt {
        let fault = match self.step {
            Step::Dns => Fault::NoAnswer,
            Step::Tcp => Fault::ConnectTimeout,
            Step::Proxy => Fault::ProxyTimeout,
            Step::Tls => Fault::TlsTimeout,
            _ => Fault::UpgradeTimeout,
        };
        let limit = words::duration(self.timeout);
        self.failure(fault, format!("timed out after {limit}")).into()
    }

    /// The failure for an I/O error of the wire in this step: an end, or a reset.
    pub(super) fn broken(&self, e: &io::Error, closed: Fault, reset: Fault) -> Halt {
        match e.kind() {
            ErrorKind::UnexpectedEof => self.failure(closed, "closed without an answer").into(),
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                self.failure(reset, "connection reset by peer").into()
            }
            _ => self.failure(reset, e.to_string()).into(),
        }
    }
}

/// The corresponding fault if the proxy, not the service, cannot be reached.
fn of_proxy(fault: Fault) -> Fault {
    match fault {
        Fault::NoSuchName => Fault::ProxyNoSuchName,
        Fault::NoAddress => Fault::ProxyNoAddress,
        Fault::NoAnswer => Fault::ProxyNoAnswer,
        Fault::Refused => Fault::ProxyRefused,
        Fault::ConnectTimeout => Fault::ProxyConnectTimeout,
        Fault::Unreachable => Fault::ProxyUnreachable,
        other => other,
    }
}
