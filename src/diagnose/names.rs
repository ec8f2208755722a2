//! Explains a name that the system did not resolve, or only after a long time: what each nameserver
//! itself answers, and whether another name of the service resolves, which tells a problem with one
//! name from a problem with all of DNS.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::case::Case;
use super::check::Check;
use super::evidence::{Control, Evidence, Lookup, in_words};
use crate::clock::Instant;
use crate::connect::{AddressSource, Answer, NAMESERVER_LIMIT, Reply, ResolvConf, ask_each};
use crate::fault::Fault;
use crate::regions::REGIONS;
use crate::settings::Target;
use crate::wait::Wait;
use crate::words::duration;

/// A lookup that takes longer than this has waited for a nameserver that does not answer.
const SLOW: Duration = Duration::from_secs(2);

/// Adds the nameservers' answers to a failed check.
pub(super) fn explain(
    mut check: Check,
    target: &Target,
    host: &mut dyn Wait,
    deadline: Instant,
) -> Check {
    let Evidence::Lookup(mut lookup) = check.evidence.clone() else { return check };
    if lookup.source.is_some() || check.fault() == Some(Fault::NoResources) {
        // The addresses were given, or this machine can ask nobody: no nameserver was asked.
        return check;
    }
    let began = Instant::now();
    let limit = || NAMESERVER_LIMIT.min(deadline.duration_since(Instant::now()));
    let Some(replies) = asked(&lookup, target, limit(), host) else { return check };
    check = blame(note_replies(check, &replies), &replies);
    let answering = replies.iter().find(|reply| reply.answer.is_of_the_name());
    // Behind a proxy this machine need not resolve the service's names, so they show nothing there
    // (a proxy's own name has another fault).
    if let (Some(reply), Some(Fault::NoSuchName)) = (answering, check.fault())
        && let Some((control, answer)) = control(target, reply.server, limit(), host)
    {
        let Control { host: other, resolves } = control;
        check = check.note("note", match resolves {
            true => format!("{other} resolves here, so DNS works and the name is wrong"),
            false => format!(
                "{other} does not resolve here either ({answer}): either DNS or these names are blocked",
            ),
        });
        lookup.control = Some(control);
    }
    lookup.replies = Some(replies);
    check.elapsed += began.elapsed();
    check.with(Evidence::Lookup(lookup))
}

/// Adds the nameservers' answers to a check that worked but took too long.
pub(super) fn doubt(mut check: Check, target: &Target, host: &mut dyn Wait) -> Check {
    let Evidence::Lookup(mut lookup) = check.evidence.clone() else { return check };
    if check.elapsed < SLOW || lookup.source != Some(AddressSource::System) {
        return check;
    }
    let began = Instant::now();
    lookup.replies = asked(&lookup, target, NAMESERVER_LIMIT, host);
    let took = duration(check.elapsed);
    check.summary = format!("{}, but only after {took}", check.summary);
    check = check.warn(Case::from(Fault::SlowDns).with("elapsed", took));
    if let Some(replies) = &lookup.replies {
        check = note_replies(check, replies);
    }
    check.elapsed += began.elapsed();
    check.with(Evidence::Lookup(lookup))
}

/// The nameservers' answers: those the connector already got, or else they are asked now. `None` if
/// a signal asks to stop.
fn asked(
    lookup: &Lookup,
    target: &Target,
    limit: Duration,
    host: &mut dyn Wait,
) -> Option<Vec<Reply>> {
    if lookup.replies.is_some() {
        return lookup.replies.clone();
    }
    let servers = ResolvConf::read(target.resolv_conf.as_deref()).nameservers;
    ask_each(&servers, looked_up(target), limit, host)
}

/// The name that this machine looks up: with a proxy it is the proxy's.
fn looked_up(target: &Target) -> &str {
    target.proxy.proxy.as_ref().map_or(&target.lookup, |proxy| &proxy.host)
}

/// Adds to a check that failed after the lookup that a search domain made another name of the host,
/// if that name, and not the host's own, has the address that was found: a wildcard answers to any.
pub(super) fn blame_search_domain(
    mut check: Check,
    lookup: &Lookup,
    target: &Target,
    host: &mut dyn Wait,
    deadline: Instant,
) -> Check {
    let name = looked_up(target);
    let is_complete = !name.contains('.') || name.ends_with('.');
    let conf = ResolvConf::read(target.resolv_conf.as_deref());
    if lookup.source != Some(AddressSource::System) || is_complete || conf.search.is_empty() {
        return check;
    }
    // Whether the name has an address that was found; `None` if no nameserver says.
    let mut leads_there = |name: &str| {
        let limit = NAMESERVER_LIMIT.min(deadline.duration_since(Instant::now()));
        let replies = ask_each(&conf.nameservers, name, limit, host)?;
        let answer = replies.into_iter().map(|reply| reply.answer).find(Answer::is_of_the_name)?;
        let Answer::Addresses(addresses) = answer else { return Some(false) };
        Some(addresses.into_iter().any(|address| lookup.addresses.contains(&IpAddr::V4(address))))
    };
    if leads_there(name) != Some(false) {
        return check;
    }
    let mut names = conf.search.iter().map(|domain| format!("{name}.{domain}"));
    if let Some(full) = names.find(|full| leads_there(full) == Some(true)) {
        let case = Case::from(Fault::SearchDomain).with("host", name).with("name", full);
        check = check.note("also", format!("{} [{}]", case.headline(), case.row().code));
        check.cases.push(case);
    }
    check
}

fn note_replies(check: Check, replies: &[Reply]) -> Check {
    replies.iter().fold(check, |check, reply| check.note("asked", in_words(reply)))
}

/// Replaces a vague fault with a more exact one: the system reports all of these as "temporary
/// failure".
fn blame(check: Check, replies: &[Reply]) -> Check {
    let [first, ..] = replies else { return check };
    let is_vague = matches!(check.fault(), Some(Fault::NoAnswer | Fault::ProxyNoAnswer));
    // It is the reason only if all nameservers answered the same.
    if !is_vague || replies.iter().any(|reply| reply.answer != first.answer) {
        return check;
    }
    let fault = match first.answer {
        Answer::Silent => Fault::NameserverSilent,
        Answer::PortClosed => Fault::NameserverClosed,
        Answer::Unreachable(_) => Fault::NameserverUnreachable,
        Answer::Code(5) => Fault::NameserverRefused,
        Answer::Code(2) => Fault::NameserverFailed,
        _ => return check,
    };
    let who = match replies {
        [one] => one.server(),
        _ => format!("any of {} nameservers", replies.len()),
    };
    check.fail(Case::from(fault).with("nameserver", who))
}

/// Looks up another name of the service. Only such names are used, so that a nameserver learns
/// nothing new.
fn control(
    target: &Target,
    server: SocketAddr,
    limit: Duration,
    host: &mut dyn Wait,
) -> Option<(Control, Answer)> {
    let mut hosts = REGIONS.iter().filter_map(|region| region.host);
    let other = hosts.find(|name| *name != target.host)?;
    let answer = ask_each(&[server], other, limit, host)?.pop()?.answer;
    Some((Control { host: other, resolves: matches!(answer, Answer::Addresses(_)) }, answer))
}
