//! The secrets that are known before anything is settled: a message about a mistake must not show
//! one that was also written at another place.

use crate::args::Args;
use crate::secret::{Gate, Secret};
use crate::settings::environment::Environment;
use crate::settings::proxy;
use crate::values::{self, api_key};

/// A gate for the keys and logins in the options and the environment, whichever of them are used.
pub(crate) fn gate(args: &Args, env: &Environment) -> Gate {
    let mut gate = Gate::default();
    // Also one that is not UTF-8: it is refused by its name alone.
    let variable =
        |name: &&str| env.path(name).map(|value| Secret::new(value.to_string_lossy().into_owned()));
    for key in args.x_api_key.iter().chain(&variable(&"PULSAR_API_KEY")) {
        gate.keep_key(&Secret::new(api_key::secret_part(key.expose()).to_owned()));
    }
    let urls: Vec<Secret> = proxy::VARIABLES.iter().filter_map(variable).collect();
    for url in args.proxy.iter().chain(&urls) {
        if let Some(login) = values::proxy::login_in(url.expose()) {
            gate.keep_login(&login);
        }
    }
    gate
}
