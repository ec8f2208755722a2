//! The server, and how to reach it.

use std::path::PathBuf;

use crate::args::Args;
use crate::fault::Failure;
use crate::regions;
use crate::settings::environment::Environment;
use crate::settings::proxy::{self, ProxyChoice, ProxyRules};
use crate::settings::server;
use crate::settings::trust::{self, Trust};
use crate::values::choice::Family;
use crate::values::host::{self, Override};

/// The server, and how to reach it.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Lower case, without the brackets of an IPv6 literal or a final dot.
    pub(crate) host: String,
    /// The host as the resolver gets it: with the final dot it was given with, which keeps search
    /// domains away.
    pub(crate) lookup: String,
    pub(crate) port: u16,
    /// `ws://` instead of `wss://`: no TLS.
    pub(crate) plain: bool,
    /// How the host was chosen, for people: `--cluster NA12`, `PULSAR_HOST`, `default`.
    pub(crate) chosen_by: String,
    /// The region that the host serves, such as `US1`, if it is one of 8x8's.
    pub(crate) region: Option<&'static str>,
    pub(crate) proxy: ProxyChoice,
    /// The rules that chose `proxy`, and choose for other hosts.
    pub(crate) proxies: ProxyRules,
    pub(crate) trust: Trust,
    pub(crate) family: Family,
    /// `--resolve`: names that are not looked up.
    pub(crate) overrides: Vec<Override>,
    /// `TAIL8X8_RESOLV_CONF`, for tests: its nameservers are asked in place of the system.
    pub(crate) resolv_conf: Option<PathBuf>,
}

impl Target {
    /// `host:port`, with the brackets an IPv6 literal needs.
    pub(crate) fn authority(&self) -> String {
        host::authority(&self.host, self.port)
    }

    /// The target with another region's host. Only what depends on the host changes.
    pub(crate) fn at(&self, host: &str) -> Target {
        Target {
            host: host.to_owned(),
            lookup: host.to_owned(),
            region: regions::by_host(host).map(|region| region.name),
            proxy: self.proxies.choose(host, self.port),
            ..self.clone()
        }
    }
}

/// The server that these options name, and how to reach it.
///
/// # Errors
/// Options that are not valid or cannot be combined.
pub(super) fn settle(args: &Args, env: &Environment) -> Result<Target, Failure> {
    let server = server::settle(args)?;
    let family = match (args.ipv4, args.ipv6) {
        (false, false) => Family::Any,
        (true, false) => Family::V4,
        (false, true) => Family::V6,
        (true, true) => {
            let both = format!("{} and {}", args.source("ipv4"), args.source("ipv6"));
            return Err(Failure::usage(
                both,
                "conflict: together they leave no address to use; give only one",
            ));
        }
    };
    let ca_file = args.ca_file.as_deref();
    trust::check_store(env)?;
    let proxies = match server.plain && !args.insecure {
        // This connection stays on this machine, and a proxy would see the key.
        true => ProxyRules::none("ws:// to this machine"),
        false => proxy::settle(args, env)?,
    };
    Ok(Target {
        proxy: proxies.choose(&server.host, server.port),
        proxies,
        trust: trust::settle(ca_file, args.source("ca-file"), args.insecure)?,
        lookup: server.lookup,
        host: server.host,
        port: server.port,
        plain: server.plain,
        chosen_by: server.chosen_by,
        region: server.region,
        family,
        overrides: args.resolve.clone(),
        resolv_conf: env.get("TAIL8X8_RESOLV_CONF")?.map(Into::into),
    })
}
