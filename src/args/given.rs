//! An option's value as it was given, checked by itself, and where it was written.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;

use crate::args::opt::Opt;
use crate::args::typed::{Args, Layer};
use crate::fault::{Failure, Fault, Step};
use crate::secret::Secret;
use crate::values;

/// A valid value of an option.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) opt: &'static Opt,
    value: Value,
    pub(crate) layer: Layer,
    /// Where it was written, for people: `--port`, `PULSAR_HOST`,
    /// `/etc/tail8x8.conf line 3 (port)`.
    pub(crate) source: String,
}

#[derive(Clone)]
enum Value {
    Text(Secret),
    /// It may hold any bytes.
    Path(OsString),
}

impl Value {
    fn bytes(&self) -> &OsStr {
        match self {
            Value::Text(text) => text.expose().as_ref(),
            Value::Path(path) => path,
        }
    }

    fn shown(&self) -> Cow<'_, str> {
        self.bytes().to_string_lossy()
    }
}

impl Given {
    /// Checks a value.
    ///
    /// # Errors
    /// If the option does not take the value.
    pub(crate) fn new(
        opt: &'static Opt,
        text: impl Into<OsString>,
        layer: Layer,
        source: impl Into<String>,
    ) -> Result<Given, Failure> {
        let value = match text.into() {
            path if opt.is_path() => Value::Path(path),
            // What is no text is refused below.
            text => {
                text.into_string().map_or_else(Value::Path, |text| Value::Text(Secret::new(text)))
            }
        };
        let given = Given { opt, value, layer, source: source.into() };
        let apply = |_: &str| given.apply(&mut Args::default());
        let applied = match opt.long {
            // The form of a key is checked where it is used: in every source in the same words.
            "x-api-key" => apply(""),
            // A path may hold any bytes.
            _ => values::checked(&given.value.shown(), apply),
        };
        match applied {
            Ok(()) => Ok(given),
            Err(reason) => Err(given.refused(&reason)),
        }
    }

    /// Sets the value in `args`.
    pub(super) fn apply(&self, args: &mut Args) -> Result<(), String> {
        self.opt.set.apply(args, self.value.bytes())
    }

    fn refused(&self, reason: &str) -> Failure {
        let value = match self.opt.secret {
            true => "the value".to_owned(),
            false => values::quoted(&self.value.shown()),
        };
        // A reason that begins with "must" is about the option, any other about the value.
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
    /// Sets what was given on top of the defaults, the lowest layer first. An option in a higher
    /// layer overrides all options of its group in lower ones.
    pub(crate) fn of(given: &[Given]) -> Args {
        let mut args = Args::default();
        let mut highest = BTreeMap::new();
        for one in given {
            let layer = highest.entry(one.opt.group).or_insert(one.layer);
            *layer = one.layer.max(*layer);
        }
        for layer in Layer::ALL {
            let is_seen = |one: &&Given| one.layer == layer && highest[one.opt.group] == layer;
            for one in given.iter().filter(is_seen) {
                // The value was checked by `Given::new`.
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
