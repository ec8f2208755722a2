//! The check of a step that passed, which may still contain warnings.

use std::time::Duration;

use jiff::Timestamp;

use super::addresses::oddity;
use super::authorities::is_public;
use super::case::Case;
use super::check::Check;
use super::evidence::{Evidence, Handshake, Lookup};
use crate::clock;
use crate::connect::{AddressSource, Attempt, Response};
use crate::fault::{Fault, Step};
use crate::settings::Target;

/// A certificate that expires sooner is worth a warning.
const SOON_DAYS: i64 = 14;

/// The check of a step that passed, with warnings about what it has shown. `subject` is what it was
/// working on.
pub(super) fn passed(
    step: Step,
    subject: &str,
    elapsed: Duration,
    evidence: Evidence,
    target: &Target,
) -> Check {
    let check = |summary: String| Check::ok(step, elapsed, summary);
    match (step, evidence) {
        (Step::Dns, Evidence::Lookup(lookup)) => resolved(check(String::new()), target, lookup),
        (Step::Tcp, Evidence::Attempts(attempts)) => dialled(check(subject.to_owned()), attempts),
        (Step::Tls, Evidence::Handshake(handshake)) => {
            verified(check("certificate verified".to_owned()), target, handshake)
        }
        (Step::Auth, Evidence::Response(response)) => {
            upgraded(check("HTTP 101".to_owned()), response, Timestamp::now())
        }
        (_, evidence) => check(format!("CONNECT accepted by {subject}")).with(evidence),
    }
}

fn resolved(mut check: Check, target: &Target, lookup: Lookup) -> Check {
    let list: Vec<String> = lookup.addresses.iter().map(ToString::to_string).collect();
    check.summary = list.join(", ");
    let is_of_proxy = target.proxy.proxy.is_some();
    let is_looked_up = lookup.source == Some(AddressSource::System);
    if is_looked_up && !is_of_proxy && !target.host.ends_with("localhost") {
        for address in &lookup.addresses {
            if let Some(what) = oddity(*address) {
                check.summary = format!("{address} is {what}");
                let case = Case::from(Fault::OddAddress).with("address", address.to_string());
                check = check.warn(case);
            }
        }
    }
    check.with(Evidence::Lookup(lookup))
}

fn verified(mut check: Check, target: &Target, handshake: Handshake) -> Check {
    let is_verified = handshake.is_verified;
    let Some(certificate) = &handshake.certificate else {
        return check.with(Evidence::Handshake(handshake));
    };
    let verified = if is_verified { "verified" } else { "NOT verified (--insecure)" };
    let version = handshake.version.map_or(String::new(), |version| format!("{version}; "));
    let (subject, end) = (&certificate.subject, day(certificate.not_after));
    check.summary = format!("{version}{subject}, valid to {end}; {verified}");
    if !is_verified {
        check = check.warn(Fault::InsecureTls);
    }
    let issuer = certificate.issuer.to_string();
    let is_private = target.host.ends_with(".8x8.com")
        && target.trust.extra_roots.is_empty()
        && !is_public(&issuer);
    if is_verified && is_private {
        check.summary = format!("trusted here, but intercepted by \"{issuer}\"");
        check = check.warn(Case::from(Fault::TrustedInspector).with("issuer", &issuer));
    }
    let left = certificate.not_after.duration_since(Timestamp::now()).as_hours() / 24;
    if left < SOON_DAYS {
        check = check
            .note("note", format!("the certificate expires in {left} days"))
            .warn(Case::from(Fault::ExpiresSoon).with("days", left.to_string()));
    }
    check.with(Evidence::Handshake(handshake))
}

fn dialled(mut check: Check, attempts: Vec<Attempt>) -> Check {
    if let Some(connected) = attempts.iter().find(|attempt| attempt.outcome.is_ok()) {
        check.summary = connected.address.to_string();
    }
    for attempt in attempts.iter().filter(|attempt| attempt.outcome.is_err()) {
        let text = format!("{} {}", attempt.address, attempt.result());
        check = check.note("note", text).warn(Fault::SomeUnreachable);
    }
    check.with(Evidence::Attempts(attempts))
}

/// The upgrade was accepted; compares this machine's clock with the server's.
fn upgraded(check: Check, response: Response, now: Timestamp) -> Check {
    let check = match response.date() {
        Some(_) => compare_clocks(check, &response, now),
        None => check.note(
            "clock",
            "the server did not tell the time: nothing has shown whether this machine's clock is right",
        ),
    };
    let clock_skew_s = response.date().map(|date| now.as_second() - date.as_second());
    check.with(Evidence::Upgraded { response, clock_skew_s })
}

/// Compares this machine's clock with the server's, if its answer tells the time.
pub(super) fn compare_clocks(check: Check, response: &Response, now: Timestamp) -> Check {
    let Some(date) = response.date() else { return check };
    match clock::skew(now, date) {
        Some(skew) => check
            .note("clock", format!("this machine's clock is {skew} the server's"))
            .warn(Case::from(Fault::ClockSkew).with("skew", skew)),
        None => check.note("clock", "this machine's clock agrees with the server's to the minute"),
    }
}

/// `2027-03-01`.
fn day(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}
