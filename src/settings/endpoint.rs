//! Which server: how `--host`, `--region`, `--cluster`
//! and `--port` become one host and port.

use std::net::IpAddr;

use crate::advice::Problem;
use crate::args::Args;
use crate::failure::{Failure, Step};
use crate::regions::{self, Region};
use crate::values::host::Address;
use crate::values::{self, host};

/// A settled server.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) plain: bool,
    pub(crate) chosen_by: String,
    pub(crate) region: Option<&'static str>,
}

/// The server these options name. `--region` and `--cluster` look the host up.
pub(crate) fn settle(args: &Args) -> Result<Endpoint, Failure> {
    let (address, chosen_by) = chosen(args)?;
    let port = match (address.port, args.port) {
        (Some(in_host), Some(port)) if in_host != port => {
            return Err(Failure::usage(
                args.source("port"),
                format!("{port} is not the port that {chosen_by} names, {in_host}"),
            ));
        }
        (Some(port), _) | (None, Some(port)) => port,
        (None, None) if address.plain => 80,
        (None, None) => 443,
    };
    if address.plain && !args.insecure.unwrap_or_default() && !is_loopback(&address.host) {
        return Err(Failure::usage(
            chosen_by,
            "ws:// would send the API key without encryption to another machine",
        )
        .hint("use wss://; only this machine (127.0.0.1, [::1], localhost) is reached by ws://, or any with --insecure"));
    }
    let region = regions::by_host(&address.host).map(|region| region.name);
    Ok(Endpoint { host: address.host, port, plain: address.plain, chosen_by, region })
}

/// Whether what is sent to this host stays on this machine.
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn chosen(args: &Args) -> Result<(Address, String), Failure> {
    let (option, value, region) = match (&args.host, &args.region, &args.cluster) {
        (Some(host), None, None) => {
            let source = args.source("host");
            let address = host::address(host).map_err(|e| Failure::usage(source, e))?;
            return Ok((address, source.to_owned()));
        }
        (None, Some(region), None) => ("region", region, regions::by_name(region)),
        (None, None, Some(cluster)) => ("cluster", cluster, regions::by_cluster(cluster)),
        (None, None, None) => {
            let host = regions::DEFAULT_HOST.to_owned();
            return Ok((Address { host, port: None, plain: false }, "default".to_owned()));
        }
        _ => {
            let given = ["host", "region", "cluster"].into_iter().filter(|name| args.has(name));
            let given: Vec<_> = given.map(|name| args.source(name)).collect();
            return Err(Failure::usage(
                given.join(" and "),
                "name the server twice; give only one",
            ));
        }
    };
    let source = args.source(option);
    let value = values::quoted(value);
    let known = |r: &Region| r.host.map(|_| r.name);
    let deployed: Vec<_> = regions::REGIONS.iter().filter_map(known).collect();
    match region {
        Some(Region { host: Some(host), .. }) => {
            let host = (*host).to_owned();
            let chosen_by = format!("{source} {}", value.trim_matches('`'));
            Ok((Address { host, port: None, plain: false }, chosen_by))
        }
        Some(Region { name, host: None, .. }) => Err(Failure::new(
            Step::Config,
            source,
            Problem::BadContent,
            format!("{value}: the service is not deployed in region {name} yet (as of {})", regions::AS_OF),
        )
        .hint("if 8x8 has given you a host name, use --host; see `tail8x8 regions`")),
        None => Err(Failure::new(
            Step::Config,
            source,
            Problem::BadContent,
            format!("{value} is no known {option} (as of {})", regions::AS_OF),
        )
        .hint(format!(
            "regions are {}; `tail8x8 regions` lists them with their clusters; --host takes any name",
            deployed.join(", ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example", "10.0.0.1", "::2", "0.0.0.0"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
