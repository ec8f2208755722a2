//! What was given: a value of an option, checked by itself, and the place it was written in.

use std::fmt;

use crate::args::{Args, Opt};
use crate::fault::{Failure, Fault, Step};
use crate::values;

/// The places an option can be given in. What a later one says hides what an earlier one says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layer {
    ConfigFile,
    Environment,
    CommandLine,
}

impl Layer {
    /// Lowest first.
    pub(crate) const ALL: [Layer; 3] = [Layer::ConfigFile, Layer::Environment, Layer::CommandLine];
}

/// A value of an option that the option takes.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) opt: &'static Opt,
    text: String,
    pub(crate) layer: Layer,
    /// Where it was written, for people: `--port`, `PULSAR_HOST`,
    /// `/etc/tail8x8.conf line 3 (port)`.
    pub(crate) source: String,
}

impl Given {
    /// Checks a value.
    ///
    /// # Errors
    /// Why the option does not take it.
    pub(crate) fn new(
        opt: &'static Opt,
        text: impl Into<String>,
        layer: Layer,
        source: impl Into<String>,
    ) -> Result<Given, Failure> {
        let given = Given { opt, text: text.into(), layer, source: source.into() };
        match given.apply(&mut Args::default()) {
            Ok(()) => Ok(given),
            Err(reason) => Err(given.refused(&reason)),
        }
    }

    /// Puts the value on top of what is there.
    pub(super) fn apply(&self, args: &mut Args) -> Result<(), String> {
        (self.opt.set)(args, &self.text)
    }

    /// Whether a higher layer says the same thing, by this option or another of its group.
    pub(super) fn is_hidden_by(&self, others: &[Given]) -> bool {
        others.iter().any(|other| other.opt.group == self.opt.group && other.layer > self.layer)
    }

    fn refused(&self, reason: &str) -> Failure {
        let value = match self.opt.secret {
            true => "the value".to_owned(),
            false => values::quoted(&self.text),
        };
        // What is allowed is said of the option, what is wrong of the value.
        let cause = match reason.starts_with("must ") {
            true => format!("{reason}, not {value}"),
            false => format!("{value} {reason}"),
        };
        let fault = match self.layer {
            Layer::ConfigFile => Fault::BadContent,
            Layer::Environment | Layer::CommandLine => Fault::Usage,
        };
        Failure::new(Step::Config, &self.source, fault, cause)
    }
}

/// Any value may be a secret.
impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--{} by {}", self.opt.long, self.source)
    }
}
