//! A name that the system did not resolve: what each nameserver says itself, and whether another
//! name of the service resolves, which tells "this name" from "DNS as a whole".

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::check::Check;
use super::dns;
use crate::advice::{Problem, row};
use crate::regions::REGIONS;
use crate::settings::Settings;
use crate::sys::Signals;

/// How long each nameserver may take.
const LIMIT: Duration = Duration::from_secs(2);

/// Adds what the nameservers say to the check that failed.
pub(super) fn explain(
    mut check: Check,
    settings: &Settings,
    signals: &Rc<Signals>,
    deadline: Instant,
) -> Check {
    let limit = || LIMIT.min(deadline.saturating_duration_since(Instant::now()));
    if check.evidence.contains_key("source") {
        // The addresses were given, so nobody was asked.
        return check;
    }
    let name = match &settings.target.proxy.proxy {
        Some(proxy) => &proxy.host,
        None => &settings.target.host,
    };
    let mut told = Vec::new();
    let mut answering = None;
    for address in dns::nameservers() {
        let server = SocketAddr::new(address, 53);
        let Some(reply) = dns::ask(server, name, limit(), signals) else { return check };
        told.push(format!("{}: {} ({} ms)", reply.server, reply.answer, reply.elapsed.as_millis()));
        if matches!(
            reply.answer,
            dns::Answer::Code(3) | dns::Answer::Addresses(_) | dns::Answer::NoAddress
        ) {
            answering.get_or_insert(server);
        }
    }
    for text in &told {
        check = check.note("asked", text);
    }
    check = check.evidence("nameservers", told);
    // Only names of the service are asked for, so that nobody learns more than before.
    let control = REGIONS.iter().filter_map(|region| region.host).find(|host| host != name);
    // Behind a proxy nobody here needs to know the service's names.
    let is_missing = settings.target.proxy.proxy.is_none()
        && check.code.as_deref() == Some(row(Problem::NoSuchName).code);
    if let (Some(server), Some(control), true) = (answering, control, is_missing) {
        let Some(reply) = dns::ask(server, control, limit(), signals) else { return check };
        let resolves = matches!(reply.answer, dns::Answer::Addresses(_));
        let text = match resolves {
            true => format!("{control} resolves here, so DNS works and the name is wrong"),
            false => format!(
                "{control} does not resolve here either ({}): DNS as a whole, or these names, are blocked",
                reply.answer
            ),
        };
        check = check
            .note("note", text)
            .evidence("control", serde_json::json!({ "host": control, "resolves": resolves }));
    }
    check
}
