//! The places an option may come from, put on top of each other: command line, environment,
//! config file, defaults.

use crate::args::{Args, Fallback, Layer, OPTIONS, Source};
use crate::failure::Failure;
use crate::settings::environment::Environment;
use crate::settings::{Warning, config};

/// Adds to what was typed what the environment, the config file and the defaults say.
pub(crate) fn complete(
    args: &mut Args,
    env: &Environment,
    warnings: &mut Vec<Warning>,
) -> Result<(), Failure> {
    for opt in OPTIONS {
        if let Some((name, value)) = opt.env.and_then(|name| Some((name, env.get(name)?))) {
            args.set(opt, value, Source { layer: Layer::Environment, name: name.to_owned() })?;
        }
    }
    if let Some(path) = args.config.clone() {
        config::read(&path, args, warnings)?;
    }
    for opt in OPTIONS {
        if let Fallback::Value(value) = opt.default {
            args.set(opt, value, Source { layer: Layer::Default, name: "default".to_owned() })?;
        }
    }
    Ok(())
}
