//! The name lookup, by the system's resolver (hosts file, nsswitch, VPN hooks and all).
//!
//! getaddrinfo(3) can be neither interrupted nor given a time limit, so it runs on its own thread,
//! the only second thread of this program. When time is up, the thread is abandoned. If the
//! resolver takes long, the nameservers are asked directly, to say why. Only the resolver itself or
//! the deadline ends a lookup: it may know other ways than we do, or more patience.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use dns_lookup::{AddrFamily, AddrInfoHints, LookupError, LookupErrorKind, SockType};

use super::dns::Answer;
use super::halt::Halt;
use super::nameserver::{LIMIT, ask_each, ask_in_turn};
use super::observation::{AddressSource, Observation};
use super::resolv_conf::ResolvConf;
use super::step::StepContext;
use crate::clock::Instant;
use crate::fault::{Fault, is_exhausted};
use crate::settings::Target;
use crate::values::choice::Family;
use crate::values::host::without_final_dot;
use crate::wait::{Interest, Wake};
use crate::words;

/// How long the system's resolver may take before its nameservers are asked directly. A lookup that
/// has to get past two dead ones takes 6 s and still works.
const DOUBT: Duration = Duration::from_secs(8);

/// The addresses of `host`, which may end with a dot, in the order the system prefers them.
pub(super) fn resolve(
    host: &str,
    port: u16,
    target: &Target,
    on: &mut StepContext<'_>,
) -> Result<Vec<IpAddr>, Halt> {
    let overridden =
        target.overrides.iter().find(|o| o.host == without_final_dot(host) && o.port == port);
    let (mut addresses, source) = if let Some(given) = overridden {
        (given.addresses.clone(), AddressSource::Given)
    } else if let Ok(literal) = host.parse() {
        (vec![literal], AddressSource::Literal)
    } else {
        (look_up(host, target, on)?, AddressSource::System)
    };
    addresses.retain(|address| match target.family {
        Family::Any => true,
        Family::V4 => address.is_ipv4(),
        Family::V6 => address.is_ipv6(),
    });
    on.saw(Observation::Addresses { addresses: &addresses, source });
    let other = addresses.iter().find(|address| !address.is_loopback());
    if let (true, false, Some(other)) = (target.plain, target.trust.insecure, other) {
        // The settings checked the name, but its addresses are known only here.
        let cause =
            format!("resolves to {other}, where ws:// would send the key without encryption");
        return Err(on.failure(Fault::LeadsAbroad, cause).into());
    }
    if addresses.is_empty() {
        let kind = if target.family == Family::V4 { "IPv4" } else { "IPv6" };
        return Err(on.failure(Fault::NoAddress, format!("has no {kind} address")).into());
    }
    Ok(addresses)
}

/// Whether no public service can have this address: it is a sinkhole's or a local filter's.
pub(super) fn is_sinkhole(address: IpAddr) -> bool {
    address.is_loopback() || address == Ipv4Addr::UNSPECIFIED || address == Ipv6Addr::UNSPECIFIED
}

type LookupResult = Result<Vec<IpAddr>, (Fault, String)>;

fn look_up(host: &str, target: &Target, on: &mut StepContext<'_>) -> Result<Vec<IpAddr>, Halt> {
    let failed = |(fault, cause), on: &StepContext<'_>| Halt::from(on.failure(fault, cause));
    // The pair's other end closes when the thread is done, which ends the wait.
    let (done, theirs) = UnixStream::pair().map_err(|e| on.failed_call(Fault::NoAnswer, &e))?;
    let (sender, answer) = mpsc::sync_channel(1);
    let (name, family, resolv_conf) = (host.to_owned(), target.family, target.resolv_conf.clone());
    thread::Builder::new()
        .name("lookup".to_owned())
        .spawn(move || {
            let found = match resolv_conf {
                None => getaddrinfo(&name, family).map_err(|e| exhausted().unwrap_or(explain(&e))),
                Some(file) => {
                    as_system(&ask_in_turn(&ResolvConf::read(Some(&file)).nameservers, &name))
                }
            };
            let _ = sender.send(found);
            drop(theirs);
        })
        .map_err(|e| on.failed_call(Fault::NoAnswer, &e))?;
    let mut doubt = Some(Instant::now() + DOUBT);
    // What the nameservers themselves have shown.
    let mut shown = "";
    loop {
        let until = doubt.map_or(on.deadline, |doubt| doubt.min(on.deadline));
        let mut answered = [Interest::readable(done.as_fd())];
        match on.host.wait(&mut answered, Some(until)) {
            Wake::Stop => return Err(Halt::Stopped),
            Wake::Deadline if Instant::now() >= on.deadline => {
                let cause = format!("timed out after {}{shown}", words::duration(on.timeout));
                return Err(failed((Fault::NoAnswer, cause), on));
            }
            Wake::Deadline => {
                doubt = None;
                let servers = ResolvConf::read(target.resolv_conf.as_deref()).nameservers;
                let limit = LIMIT.min(on.deadline.duration_since(Instant::now()));
                let replies = ask_each(&servers, host, limit, on.host).ok_or(Halt::Stopped)?;
                on.saw(Observation::Nameservers(&replies));
                if !replies.is_empty() && replies.iter().all(|reply| reply.answer.is_none()) {
                    shown = "; no nameserver answers";
                }
            }
            // The host served something else.
            Wake::Ready if !answered[0].is_ready => {}
            Wake::Ready => {
                let nothing = (Fault::NoAnswer, "the lookup ended without an answer".to_owned());
                let found: LookupResult = answer.recv().unwrap_or(Err(nothing));
                return found.map_err(|why| failed(why, on));
            }
        }
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

/// What keeps this process from asking anybody: the resolver calls that "again", too, or finds no
/// name, since it could not read its files.
fn exhausted() -> Option<(Fault, String)> {
    let e = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).err()?;
    is_exhausted(&e).then(|| (Fault::NoResources, words::reason(&e)))
}

/// The fault and cause for a resolver's code. "Again" covers a refusal, a failure upstream and
/// silence alike, so the cause says no more than that.
fn explain(e: &LookupError) -> (Fault, String) {
    match e.kind() {
        LookupErrorKind::NoName => (Fault::NoSuchName, "no such name (EAI_NONAME)".to_owned()),
        LookupErrorKind::NoData => {
            (Fault::NoAddress, "the name has no address (EAI_NODATA)".to_owned())
        }
        LookupErrorKind::Again => {
            (Fault::NoAnswer, "temporary failure in name resolution (EAI_AGAIN)".to_owned())
        }
        _ => (Fault::NoAnswer, std::io::Error::from(LookupError::new(e.error_num())).to_string()),
    }
}

/// The answer of a test's nameserver, as the system's resolver would report it.
fn as_system(answer: &Answer) -> LookupResult {
    match answer {
        Answer::Addresses(found) => Ok(found.iter().copied().map(IpAddr::V4).collect()),
        Answer::Code(3) => Err((Fault::NoSuchName, "no such name".to_owned())),
        Answer::NoAddress => Err((Fault::NoAddress, "the name has no address".to_owned())),
        _ => Err((Fault::NoAnswer, "temporary failure in name resolution".to_owned())),
    }
}
