//! One failure, as every part of the program hands it upward: the step, the subject, the cause
//! and the problem it is an instance of. What to do about it is [`crate::fault`]'s business.

use std::fmt;
use std::time::Duration;

use super::{Fault, row};
use crate::exit::Exit;

/// Where on the way from the command line to the event something went wrong. These are the
/// words a user reads in every message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Config,
    Dns,
    Tcp,
    Proxy,
    Tls,
    Auth,
    Stream,
    Output,
}

impl Step {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Step::Config => "config",
            Step::Dns => "dns",
            Step::Tcp => "tcp",
            Step::Proxy => "proxy",
            Step::Tls => "tls",
            Step::Auth => "auth",
            Step::Stream => "stream",
            Step::Output => "output",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something that stopped a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The step it happened in.
    pub(crate) step: Step,
    /// What the step was busy with: a host and port, an option, a file.
    pub(crate) subject: String,
    /// What kind of problem it is; decides exit code, advice and whether a retry makes sense.
    pub(crate) fault: Fault,
    /// What was seen, in lower case and without a full stop.
    pub(crate) cause: String,
    /// What to do, where more is known than the problem's row of the advice table says.
    pub(crate) hint: Option<String>,
    /// How long the server asked to wait (`Retry-After`).
    pub(crate) retry_after: Option<Duration>,
}

impl Failure {
    /// A failure without a hint of its own.
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
            hint: None,
            retry_after: None,
        }
    }

    /// A mistake in what was typed or set; `subject` names where.
    pub(crate) fn usage(subject: impl Into<String>, cause: impl Into<String>) -> Failure {
        Failure::new(Step::Config, subject, Fault::Usage, cause)
    }

    /// The same failure with its own words on what to do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// The exit code of a run that ends with this failure.
    pub(crate) fn exit(&self) -> Exit {
        row(self.fault).exit
    }

    /// What to do next: the hint where there is one, else the row's words.
    pub(crate) fn advice(&self) -> &str {
        self.hint.as_deref().unwrap_or_else(|| row(self.fault).advice)
    }
}

/// `step subject: cause [code]`, on one line.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure { step, subject, cause, .. } = self;
        write!(f, "{step} {subject}: {cause} [{}]", row(self.fault).code)
    }
}
