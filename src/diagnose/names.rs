//! A name that the system did not resolve, or only after a long time: what each nameserver says
//! itself, and whether another name of the service resolves, which tells "this name" from "DNS as
//! a whole".

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::check::Check;
use crate::connect::{Answer, NAMESERVER_LIMIT, Reply, ask_each, nameservers};
use crate::fault::{Fault, row};
use crate::regions::REGIONS;
use crate::settings::Target;
use crate::wait::Signals;
use crate::words::duration;

/// A lookup that takes longer has waited for a nameserver that does not answer.
const SLOW: Duration = Duration::from_secs(2);

const CONNECT: Option<&str> = Some("Cannot Connect to WebSocket");

/// Adds what the nameservers say to a check that failed. `replies` is what the connector has heard of
/// them already.
pub(super) fn explain(
    check: Check,
    target: &Target,
    replies: &[Reply],
    signals: &Signals,
    deadline: Instant,
) -> Check {
    if check.evidence.contains_key("source") {
        // The addresses were given, so nobody was asked.
        return check;
    }
    let began = Instant::now();
    let limit = || NAMESERVER_LIMIT.min(deadline.saturating_duration_since(Instant::now()));
    let asked = match replies {
        [] => ask_each(&servers(target), name(target), limit(), signals),
        replies => Some(replies.to_vec()),
    };
    let Some(replies) = asked else { return check };
    let mut check = blame(told(check, &replies), &replies);
    let answering = replies.iter().find(|reply| reply.answer.is_of_the_name());
    // Behind a proxy nobody here needs to know the service's names.
    let is_missing =
        target.proxy.proxy.is_none() && check.code.as_deref() == Some(row(Fault::NoSuchName).code);
    if let (Some(reply), true) = (answering, is_missing) {
        check = control(check, target, reply.server, limit(), signals);
    }
    check.elapsed += began.elapsed();
    check
}

/// Adds what the nameservers say to a check that is well but for the time it took.
pub(super) fn doubt(check: Check, target: &Target, replies: &[Reply], signals: &Signals) -> Check {
    let is_looked_up = check.evidence.get("source").is_some_and(|source| source == SYSTEM);
    if check.elapsed < SLOW || !is_looked_up {
        return check;
    }
    let began = Instant::now();
    let asked = match replies {
        [] => ask_each(&servers(target), name(target), NAMESERVER_LIMIT, signals),
        replies => Some(replies.to_vec()),
    };
    let took = duration(check.elapsed);
    let mut check = check.warn("dns.slow", CONNECT).fix(
        "each connect waits as long: have the nameserver that does not answer removed or mended",
    );
    check.summary = format!("{}, but only after {took}", check.summary);
    if let Some(replies) = asked {
        check = told(check, &replies);
    }
    check.elapsed += began.elapsed();
    check
}

/// Who has looked the name up, as the connector calls it.
const SYSTEM: &str = "system resolver";

fn servers(target: &Target) -> Vec<SocketAddr> {
    nameservers(target.resolv_conf.as_deref())
}

/// The name that is looked up here: behind a proxy it is the proxy's.
fn name(target: &Target) -> &str {
    target.proxy.proxy.as_ref().map_or(&target.host, |proxy| &proxy.host)
}

fn told(check: Check, replies: &[Reply]) -> Check {
    let words = |reply: &Reply| {
        format!("{}: {}, after {}", reply.server(), reply.answer, duration(reply.elapsed))
    };
    let told: Vec<String> = replies.iter().map(words).collect();
    let check = told.iter().fold(check, |check, text| check.note("asked", text));
    check.evidence("nameservers", told)
}

/// "Temporary failure" is what the system says of all of these.
fn blame(mut check: Check, replies: &[Reply]) -> Check {
    let [first, ..] = replies else { return check };
    let is_vague = check.code.as_deref() == Some(row(Fault::NoAnswer).code);
    // As many nameservers as there are, all have to say the same for it to be the reason.
    if !is_vague || replies.iter().any(|reply| reply.answer != first.answer) {
        return check;
    }
    let (who, place) = match replies {
        [one] => (format!("the nameserver {}", one.server()), one.server()),
        _ => (format!("any of {} nameservers", replies.len()), "any of their addresses".to_owned()),
    };
    let (reason, fix) = match first.answer {
        Answer::Silent => (
            format!("no answer from {who}"),
            "ask your network team to allow DNS (port 53) to it; is a VPN down that leads there?",
        ),
        Answer::PortClosed => (
            format!("there is no nameserver at {place} (port closed)"),
            "start the resolver there, or name another in /etc/resolv.conf",
        ),
        Answer::Unreachable(_) => (
            format!("no way to {who}"),
            "check the network and the VPN, or name another nameserver in /etc/resolv.conf",
        ),
        Answer::Code(5) => (
            format!("no answer from {who}: refused"),
            "it serves others than this machine: check the VPN, and who wrote /etc/resolv.conf",
        ),
        Answer::Code(2) => (
            format!("no answer from {who}: it failed to find out"),
            "its own way to the Internet is broken: try again later, then tell whoever runs it",
        ),
        _ => return check,
    };
    check.headline = Some(reason);
    check.fix.insert(0, fix.to_owned());
    check
}

/// Only names of the service are asked for, so that nobody learns more than before.
fn control(
    check: Check,
    target: &Target,
    server: SocketAddr,
    limit: Duration,
    signals: &Signals,
) -> Check {
    let other = REGIONS.iter().filter_map(|region| region.host).find(|host| *host != target.host);
    let Some(host) = other else { return check };
    let Some(replies) = ask_each(&[server], host, limit, signals) else { return check };
    let Some(reply) = replies.first() else { return check };
    let resolves = matches!(reply.answer, Answer::Addresses(_));
    let text = match resolves {
        true => format!("{host} resolves here, so DNS works and the name is wrong"),
        false => format!(
            "{host} does not resolve here either ({}): DNS as a whole, or these names, are blocked",
            reply.answer
        ),
    };
    let found: Value = json!({ "host": host, "resolves": resolves });
    check.note("note", text).evidence("control", found)
}
