//! What was given: a value of an option, checked by itself, and the place it was written in.

use std::fmt;

use crate::args::opt::Opt;
use crate::args::typed::{Args, Layer};
use crate::fault::{Failure, Fault, Step};
use crate::values;

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

impl Args {
    /// Puts what was given on top of the defaults, the lowest layer first. What a higher layer says
    /// by an option hides what lower ones say by any option of its group.
    pub(crate) fn of(given: &[Given]) -> Args {
        let mut args = Args::default();
        for layer in Layer::ALL {
            for one in given.iter().filter(|one| one.layer == layer && !one.is_hidden_by(given)) {
                // It was checked when it was given.
                if one.apply(&mut args).is_ok() {
                    args.note(one.opt.long, layer, &one.source);
                }
            }
        }
        args
    }
}

/// Any value may be a secret.
impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--{} by {}", self.opt.long, self.source)
    }
}
