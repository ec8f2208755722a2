//! One failure, as every part of the program returns it: the step, the subject, the cause and the
//! kind of fault.

use std::fmt;
use std::io;
use std::time::Duration;

use nix::libc;

use super::{Fault, Holes, Step, row};
use crate::exit::Exit;
use crate::words;

/// Something that stopped a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The step it happened in.
    pub(crate) step: Step,
    /// What the step was working on: a host and port, an option, a file.
    pub(crate) subject: String,
    /// Decides the exit code, the advice and whether to retry.
    pub(crate) fault: Fault,
    /// What was seen, in lower case and without a full stop.
    pub(crate) cause: String,
    /// What this case fills into the texts of its row.
    pub(crate) holes: Holes,
    /// How long the server asked to wait (`Retry-After`).
    pub(crate) retry_after: Option<Duration>,
}

impl Failure {
    /// A failure with no holes filled.
    pub(crate) fn new(
        step: Step,
        subject: impl Into<String>,
        fault: Fault,
        cause: impl Into<String>,
    ) -> Failure {
        Failure {
            step,
            subject: subject.into(),
            fault,
            cause: cause.into(),
            holes: Holes::default(),
            retry_after: None,
        }
    }

    /// A mistake on the command line or in a setting; `subject` says where.
    pub(crate) fn usage(subject: impl Into<String>, cause: impl Into<String>) -> Failure {
        Failure::new(Step::Config, subject, Fault::Usage, cause)
    }

    /// A failure of a system call: what it means here (`otherwise`), unless this machine, or a limit of
    /// this process, is out of what the call needs.
    pub(crate) fn of_call(
        step: Step,
        subject: impl Into<String>,
        otherwise: Fault,
        e: &io::Error,
    ) -> Failure {
        let fault = if is_exhausted(e) { Fault::NoResources } else { otherwise };
        Failure::new(step, subject, fault, words::reason(e))
    }

    /// The same failure with one hole of its texts filled.
    pub(crate) fn with(mut self, hole: &'static str, value: impl Into<String>) -> Failure {
        self.holes.set(hole, value);
        self
    }

    /// The exit code of a run that ends with this failure.
    pub(crate) fn exit(&self) -> Exit {
        row(self.fault).exit
    }

    /// What to do next, most promising first.
    pub(crate) fn fixes(&self) -> Vec<String> {
        row(self.fault).fixes(&self.holes)
    }

    /// The fixes, and whether the key is safe: for someone who sees nothing else of the run.
    pub(crate) fn advices(&self) -> Vec<String> {
        let mut advices = self.fixes();
        if row(self.fault).keeps_the_key() {
            advices.push("the key was not sent".to_owned());
        }
        advices
    }

    /// [`Failure::advices`] on one line.
    pub(crate) fn advice(&self) -> String {
        self.advices().join("; ")
    }
}

/// Whether the machine, or a limit of this process, is out of descriptors, threads or memory.
pub(crate) fn is_exhausted(e: &io::Error) -> bool {
    const CODES: [i32; 5] = [libc::EMFILE, libc::ENFILE, libc::ENOMEM, libc::ENOBUFS, libc::EAGAIN];
    e.raw_os_error().is_some_and(|code| CODES.contains(&code))
}

/// `step subject: cause [code]`, on one line.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure { step, subject, cause, .. } = self;
        write!(f, "{step} {subject}: {cause} [{}]", row(self.fault).code)
    }
}
