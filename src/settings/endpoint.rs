//! Which server: how `--host`, `--region`, `--cluster`
//! and `--port` become one host and port.

use std::net::IpAddr;

use crate::args::Args;
use crate::fault::Fault;
use crate::fault::{Failure, Step};
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
            let (value, as_of) = (values::quoted(value), regions::AS_OF);
            let cause = format!("{value}: not deployed in region {name} yet (as of {as_of})");
            Err(Failure::new(Step::Config, source, Fault::BadContent, cause)
                .hint("if 8x8 has given you a host name, use --host; see `tail8x8 regions`"))
        }
    }
}

/// The region that `--region` or `--cluster` names, deployed or not.
///
/// # Errors
/// That they name none that is known, or two.
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
            Err(Failure::usage(given.join(" and "), "name the server twice; give only one"))
        }
    }
}

fn found(args: &Args, option: &'static str, value: &str) -> Result<&'static Region, Failure> {
    // The name of a region without a host is known well enough to say so.
    let pending = || regions::by_name(value).filter(|region| region.host.is_none());
    let found = match option {
        "region" => regions::by_name(value),
        _ => regions::by_cluster(value).or_else(pending),
    };
    found.ok_or_else(|| {
        let known = |r: &Region| r.host.map(|_| r.name);
        let deployed: Vec<_> = regions::REGIONS.iter().filter_map(known).collect();
        let cause =
            format!("{} is no known {option} (as of {})", values::quoted(value), regions::AS_OF);
        let hint = kin(value).unwrap_or_else(|| {
            format!(
                "regions are {}; `tail8x8 regions` lists them with their clusters; --host takes any name",
                deployed.join(", ")
            )
        });
        Failure::new(Step::Config, args.source(option), Fault::BadContent, cause).hint(hint)
    })
}

/// A region's name where a cluster's was asked for, or the other way round.
fn kin(name: &str) -> Option<String> {
    match (regions::by_name(name), regions::by_cluster(name)) {
        (Some(region), _) => Some(format!("{name} is a region: write --region {}", region.name)),
        (None, Some(_)) => Some(format!("{name} is a cluster: write --cluster {name}")),
        (None, None) => None,
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
