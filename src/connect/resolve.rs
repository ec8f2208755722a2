//! The name lookup, by the system's resolver (hosts file, nsswitch, VPN hooks and all).
//!
//! getaddrinfo(3) can be neither interrupted nor given a time limit, so it runs on a thread of
//! its own: the one exception to "single-threaded". When time is up the thread is left behind.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::thread;

use dns_lookup::{AddrFamily, AddrInfoHints, LookupError, LookupErrorKind, SockType};

use super::{Evidence, Halt, OnStep};
use crate::advice::Problem;
use crate::settings::{Family, Target};
use crate::sys::{Signals, Wake, readable};

/// The addresses of `host`, in the order the system prefers them.
pub(super) fn resolve(
    host: &str,
    port: u16,
    target: &Target,
    signals: &Signals,
    on: &mut OnStep<'_, '_>,
) -> Result<Vec<IpAddr>, Halt> {
    let overridden = target.overrides.iter().find(|o| o.host == host && o.port == port);
    let (mut addresses, source) = if let Some(given) = overridden {
        (given.addresses.clone(), "--resolve")
    } else if let Ok(literal) = host.parse() {
        (vec![literal], "literal")
    } else {
        (look_up(host, target.family, signals, on)?, "system resolver")
    };
    addresses.retain(|address| match target.family {
        Family::Any => true,
        Family::V4 => address.is_ipv4(),
        Family::V6 => address.is_ipv6(),
    });
    on.saw(Evidence::Addresses { addresses: &addresses, source });
    let other = addresses.iter().find(|address| !address.is_loopback());
    if let (true, false, Some(other)) = (target.plain, target.trust.insecure, other) {
        // The name was checked before; what it leads to is known only here.
        let cause = format!("leads to {other}, where ws:// would send the key without encryption");
        return Err(on.failure(Problem::Usage, cause).hint("use wss://").into());
    }
    if addresses.is_empty() {
        let kind = if target.family == Family::V4 { "IPv4" } else { "IPv6" };
        return Err(on.failure(Problem::NoAddress, format!("has no {kind} address")).into());
    }
    Ok(addresses)
}

/// Whether an address is none that a public service answers on: a sinkhole or local filter.
pub(super) fn is_sinkhole(address: IpAddr) -> bool {
    address.is_loopback() || address == Ipv4Addr::UNSPECIFIED || address == Ipv6Addr::UNSPECIFIED
}

fn look_up(
    host: &str,
    family: Family,
    signals: &Signals,
    on: &OnStep<'_, '_>,
) -> Result<Vec<IpAddr>, Halt> {
    let unable = |e: std::io::Error| {
        Halt::from(on.failure(Problem::NoAnswer, format!("cannot start a lookup: {e}")))
    };
    // The pair's other end closes when the thread is done, which ends the wait.
    let (done, theirs) = UnixStream::pair().map_err(unable)?;
    let (sender, answer) = mpsc::sync_channel(1);
    let name = host.to_owned();
    thread::Builder::new()
        .name("lookup".to_owned())
        .spawn(move || {
            let _ = sender.send(getaddrinfo(&name, family));
            drop(theirs);
        })
        .map_err(unable)?;
    match signals.wait(&mut vec![readable(done.as_fd())], Some(on.deadline)) {
        Wake::Stop => Err(Halt::Stopped),
        Wake::Deadline => Err(on.timed_out()),
        Wake::Ready => match answer.recv() {
            Ok(Ok(addresses)) => Ok(addresses),
            Ok(Err(e)) => Err(explain(&e, on)),
            Err(_) => {
                Err(on.failure(Problem::NoAnswer, "the lookup ended without an answer").into())
            }
        },
    }
}

fn getaddrinfo(host: &str, family: Family) -> Result<Vec<IpAddr>, LookupError> {
    let hints = AddrInfoHints {
        address: match family {
            Family::Any => 0,
            Family::V4 => AddrFamily::Inet.into(),
            Family::V6 => AddrFamily::Inet6.into(),
        },
        socktype: SockType::Stream.into(),
        ..AddrInfoHints::default()
    };
    let found = dns_lookup::getaddrinfo(Some(host), None, Some(hints))?;
    Ok(found.flatten().map(|info| info.sockaddr.ip()).collect())
}

/// The resolver's codes say less than one would like: "again" covers a refusal, a failure
/// upstream and plain silence alike, so it is not told as more than that.
fn explain(e: &LookupError, on: &OnStep<'_, '_>) -> Halt {
    let (problem, cause) = match e.kind() {
        LookupErrorKind::NoName => (Problem::NoSuchName, "no such name (EAI_NONAME)".to_owned()),
        LookupErrorKind::NoData => {
            (Problem::NoAddress, "the name has no address (EAI_NODATA)".to_owned())
        }
        LookupErrorKind::Again => {
            (Problem::NoAnswer, "temporary failure in name resolution (EAI_AGAIN)".to_owned())
        }
        _ => (Problem::NoAnswer, std::io::Error::from(LookupError::new(e.error_num())).to_string()),
    };
    on.failure(problem, cause).into()
}
