//! The places an option may come from, put on top of each other: defaults, config file,
//! environment, command line.

use crate::args::{Args, Given, Layer, OPTIONS};
use crate::fault::Failure;
use crate::settings::environment::Environment;
use crate::settings::{Warning, config};

/// Puts what was typed on top of what the environment, the config file and the defaults say, and
/// gives the warnings about them. The first mistake is what is returned, but everything else
/// holds: the form of a message about the mistake may be given further below.
pub(crate) fn complete(
    typed: &[Given],
    env: &Environment,
) -> (Args, Result<Vec<Warning>, Failure>) {
    let on_the_line = Args::of(typed);
    let file = on_the_line.config.as_deref();
    let in_file = file.map(|path| config::read(path, on_the_line.source("config")));

    let mut given = typed.to_vec();
    let mut mistakes = Vec::new();
    for one in in_environment(env).chain(in_file.into_iter().flatten()) {
        match one {
            Ok(one) => given.push(one),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    let args = Args::of(&given);
    let warnings = match mistakes.into_iter().next() {
        Some(first) => Err(first),
        None => Ok(file.map(|path| config::warnings(path, &args)).unwrap_or_default()),
    };
    (args, warnings)
}

fn in_environment(env: &Environment) -> impl Iterator<Item = Result<Given, Failure>> {
    OPTIONS.iter().filter_map(|opt| {
        let name = opt.env?;
        Some(Given::new(opt, env.get(name)?, Layer::Environment, name))
    })
}
