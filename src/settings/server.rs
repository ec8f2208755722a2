//! Which server: how `--host`, `--region`, `--cluster` and `--port` become one host and port.

use std::net::IpAddr;

use crate::args::Args;
use crate::dates::REGIONS_AS_OF;
use crate::fault::{Failure, Fault, Step};
use crate::regions::{self, Region};
use crate::values::host::Address;
use crate::values::{self, host};

/// A settled server.
#[derive(Debug)]
pub(crate) struct Server {
    /// Without a final dot.
    pub(crate) host: String,
    /// The host as it was given.
    pub(crate) lookup: String,
    pub(crate) port: u16,
    pub(crate) plain: bool,
    pub(crate) chosen_by: String,
    pub(crate) region: Option<&'static str>,
}

/// The server these options name. `--region` and `--cluster` look the host up.
pub(crate) fn settle(args: &Args) -> Result<Server, Failure> {
    let (address, chosen_by) = chosen(args)?;
    let port = match (address.port, args.port) {
        (Some(in_host), Some(port)) if in_host != port => {
            return Err(Failure::usage(
                args.source("port"),
                format!("conflict: {chosen_by} names port {in_host}, not {port}"),
            ));
        }
        (Some(port), _) | (None, Some(port)) => port,
        (None, None) if address.plain => 80,
        (None, None) => 443,
    };
    let host = host::without_final_dot(&address.host).to_owned();
    if address.plain && !args.insecure && !is_loopback(&host) {
        let cause = "ws:// would send the API key without encryption to another machine";
        return Err(Failure::new(Step::Config, chosen_by, Fault::PlainHost, cause));
    }
    let region = regions::by_host(&host).map(|region| region.name);
    Ok(Server { host, lookup: address.host, port, plain: address.plain, chosen_by, region })
}

/// Whether this host is this machine.
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn chosen(args: &Args) -> Result<(Address, String), Failure> {
    if let (Some(host), None, None) = (&args.host, &args.region, &args.cluster) {
        let source = args.source("host");
        let address = host::address(host).map_err(|e| Failure::usage(source, e))?;
        return Ok((address, source.to_owned()));
    }
    let Some((option, value)) = named(args)? else {
        let host = regions::DEFAULT_HOST.to_owned();
        return Ok((Address { host, port: None, plain: false }, "default".to_owned()));
    };
    let source = args.source(option);
    let Region { name, host, .. } = found(args, option, value)?;
    match host {
        Some(host) => {
            let chosen_by = format!("{source} {}", values::quoted(value).trim_matches('`'));
            Ok((Address { host: (*host).to_owned(), port: None, plain: false }, chosen_by))
        }
        None => {
            let (value, as_of) = (values::quoted(value), REGIONS_AS_OF);
            let cause = format!("{value}: not deployed in region {name} yet (as of {as_of})");
            Err(Failure::new(Step::Config, source, Fault::NotDeployed, cause))
        }
    }
}

/// The region that `--region` or `--cluster` names, deployed or not.
///
/// # Errors
/// If they name an unknown region, or both are given.
pub(crate) fn region(args: &Args) -> Result<Option<&'static Region>, Failure> {
    named(args)?.map(|(option, value)| found(args, option, value)).transpose()
}

/// The option that names the region, and its value.
fn named(args: &Args) -> Result<Option<(&'static str, &str)>, Failure> {
    match (&args.host, &args.region, &args.cluster) {
        (None, Some(region), None) => Ok(Some(("region", region))),
        (None, None, Some(cluster)) => Ok(Some(("cluster", cluster))),
        (None, None, None) => Ok(None),
        _ => {
            let given = ["host", "region", "cluster"].into_iter().filter(|name| args.has(name));
            let given: Vec<_> = given.map(|name| args.source(name)).collect();
            Err(Failure::usage(
                given.join(" and "),
                "conflict: both choose the server; give only one",
            ))
        }
    }
}

fn found(args: &Args, option: &'static str, value: &str) -> Result<&'static Region, Failure> {
    // A region that has no host yet is also accepted by its name, to report just that.
    let pending = || regions::by_name(value).filter(|region| region.host.is_none());
    let found = match option {
        "region" => regions::by_name(value),
        _ => regions::by_cluster(value).or_else(pending),
    };
    found.ok_or_else(|| {
        let cause = format!("unknown {option} {} (as of {})", values::quoted(value), REGIONS_AS_OF);
        let failure = |fault| Failure::new(Step::Config, args.source(option), fault, cause);
        // A region's name given as a cluster, or the other way round.
        match (regions::by_name(value), regions::by_cluster(value)) {
            (Some(region), _) => {
                failure(Fault::RegionAsCluster).with("name", value).with("region", region.name)
            }
            (None, Some(_)) => failure(Fault::ClusterAsRegion).with("name", value),
            (None, None) => failure(Fault::UnknownRegion),
        }
    })
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
