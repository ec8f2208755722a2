//! Explains a failed handshake: takes one *look* at the server, and judges what it saw.

use std::time::Duration;

use jiff::Timestamp;

use super::check::Check;
use super::config;
use super::evidence::Evidence;
use super::judge::{Here, judge};
use super::look::look;
use crate::clock::Instant;
use crate::connect::{Connector, Watched};
use crate::dates::NOT_BEFORE;
use crate::fault::Fault;
use crate::settings::Settings;
use crate::wait::Wait;

/// Adds to the check what a look finds. The look uses its own connection, which can send nothing
/// but its half of the handshake.
pub(super) fn explain(
    mut check: Check,
    settings: &Settings,
    connector: &Connector<'_>,
    host: &mut dyn Wait,
    limit: Duration,
    proxy_date: Option<Timestamp>,
) -> Check {
    if check.fault() == Some(Fault::TlsTimeout) {
        return check;
    }
    let began = Instant::now();
    let mut unheard = Watched::new(host, |_, _| {});
    let Ok(wire) = connector.reach(limit, &mut unheard) else { return check };
    let (target, trust) = (&settings.target, &settings.target.trust);
    let seen = look(wire, &target.host, trust, host, began + limit);
    let here = Here {
        now: Timestamp::now(),
        built: Timestamp::from_second(NOT_BEFORE).unwrap_or_default(),
        proxy_date,
        roots: config::store().roots + trust.extra_roots.len(),
    };
    let verdicts = judge(&seen, &target.host, &here);
    // The first bytes say more than OpenSSL's "wrong version number".
    if let Some(error) = seen.error.as_ref().filter(|_| check.fault() != Some(Fault::NotTls)) {
        check = check.note("look", error);
    }
    if let Some(leaf) = seen.chain.first() {
        let (subject, issuer, length) = (&leaf.subject, &leaf.issuer, seen.chain.len());
        let dates = format!("{:.0}..{:.0}", leaf.not_before, leaf.not_after);
        let text = format!("{subject} issued by \"{issuer}\"; {dates}; chain of {length}");
        check = check.note("got", text);
    }
    check.elapsed += began.elapsed();
    check.evidence = Evidence::Look(Box::new(seen));
    if let Some(first) = verdicts.first() {
        check.summary.clone_from(&first.reason);
        check.cases.clear();
    }
    for (number, verdict) in verdicts.into_iter().enumerate() {
        if number > 0 {
            let code = verdict.case.row().code;
            check = check.note("also", format!("{} [{code}]", verdict.reason));
        }
        check.cases.push(verdict.case);
    }
    check
}
