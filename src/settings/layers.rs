//! The places an option may come from, put on top of each other: command line, environment,
//! config file, defaults.

use crate::args::{Args, Fallback, Layer, OPTIONS, Source};
use crate::fault::Failure;
use crate::settings::environment::Environment;
use crate::settings::{Warning, config};

/// Adds to what was typed what the environment, the config file and the defaults say, and gives
/// the warnings about them. The first mistake is what is returned, but all is added that has none:
/// the form of a message about it may stand further below.
pub(crate) fn complete(args: &mut Args, env: &Environment) -> Result<Vec<Warning>, Failure> {
    let mut warnings = Vec::new();
    let mut result = Ok(());
    for opt in OPTIONS {
        if let Some((name, value)) = opt.env.and_then(|name| Some((name, env.get(name)?))) {
            let source = Source { layer: Layer::Environment, name: name.to_owned() };
            result = result.and(args.set(opt, value, source));
        }
    }
    if let Some(path) = args.config.clone() {
        result = result.and(config::read(&path, args, &mut warnings));
    }
    for opt in OPTIONS {
        if let Fallback::Value(value) = opt.default {
            let source = Source { layer: Layer::Default, name: "default".to_owned() };
            result = result.and(args.set(opt, value, source));
        }
    }
    result.map(|()| warnings)
}
