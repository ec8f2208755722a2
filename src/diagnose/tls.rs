//! A handshake that failed: one *look* at who answers there, and the judgement on it.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::check::Check;
use super::config;
use super::judge::{Here, judge};
use super::look::look;
use crate::connect::Connector;
use crate::dates::NOT_BEFORE;
use crate::fault::{Fault, row};
use crate::settings::Settings;

/// Adds to the check what a look finds. It is a connection of its own, which cannot send
/// anything but its half of the handshake.
pub(super) fn explain(
    check: Check,
    settings: &Settings,
    connector: &Connector<'_>,
    limit: Duration,
    proxy_date: Option<Timestamp>,
) -> Check {
    if check.code.as_deref().is_some_and(|code| code == "tls.timeout") {
        return check;
    }
    let began = Instant::now();
    let Ok(wire) = connector.reach(limit) else { return check };
    let (target, trust) = (&settings.target, &settings.target.trust);
    let seen = look(wire, &target.host, trust);
    let here = Here {
        now: Timestamp::now(),
        built: Timestamp::from_second(NOT_BEFORE).unwrap_or_default(),
        proxy_date,
        roots: config::store().roots + trust.extra_roots.len(),
    };
    let mut check = check
        .evidence("version", seen.version.clone())
        .evidence("cipher", seen.cipher.clone())
        .evidence("chain_length", seen.chain.len());
    let is_named = check.code.as_deref() == Some(row(Fault::NotTls).code);
    // OpenSSL's "wrong version number" is no help beside the first bytes.
    if let Some(error) = seen.error.as_ref().filter(|_| !is_named) {
        check = check.note("look", error);
    }
    if let Some(leaf) = seen.chain.first() {
        check = check
            .note(
                "got",
                format!(
                    "{} issued by \"{}\"; {:.0}..{:.0}; chain of {}",
                    leaf.subject,
                    leaf.issuer,
                    leaf.not_before,
                    leaf.not_after,
                    seen.chain.len()
                ),
            )
            .evidence("subject", leaf.subject.to_string())
            .evidence("issuer", leaf.issuer.to_string())
            .evidence("not_before", leaf.not_before.to_string())
            .evidence("not_after", leaf.not_after.to_string())
            .evidence("names", leaf.names.clone())
            .evidence("self_issued", leaf.self_issued)
            .evidence("leaf_sha256", seen.sha256.clone());
    }
    let problems: Vec<String> = seen
        .problems
        .iter()
        .map(|p| format!("{} at depth {}: {}", p.code, p.depth, p.text))
        .collect();
    check = check.evidence("problems", problems);
    check.elapsed += began.elapsed();
    let verdicts = judge(&seen, &target.host, &here);
    let Some(first) = verdicts.first() else { return check };
    check.code = Some(first.code.to_owned());
    check.summary = first.reason.clone();
    check.headline = first.headline().map(str::to_owned);
    check.fix = verdicts.iter().flat_map(|verdict| verdict.fixes.clone()).collect();
    check.fix.dedup();
    for other in &verdicts[1..] {
        check = check.note("also", format!("{} [{}]", other.reason, other.code));
    }
    check
}
