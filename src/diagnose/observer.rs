//! The observer of the connector: makes a check of each step from what the step shows.

use std::time::Duration;

use jiff::Timestamp;

use super::addresses::oddity;
use super::case::Case;
use super::certificate::Certificate;
use super::check::Check;
use super::evidence::{Evidence, Handshake, Lookup, outcome};
use super::refusal;
use super::trust;
use crate::connect::{self, Attempt, Event, Response, Source};
use crate::fault::{Failure, Fault, Step};
use crate::settings::Settings;
use crate::words::duration;

/// A clock further off than this is worth a warning: TLS and `--since` depend on it.
const SKEW_LIMIT: i64 = 5 * 60;

/// A certificate that ends sooner is worth a warning.
const SOON_DAYS: i64 = 14;

/// What the steps have shown so far.
#[derive(Debug)]
pub(crate) struct Observer<'a> {
    settings: &'a Settings,
    /// How the key was sent, and which.
    sent: String,
    /// Steps that are done.
    checks: Vec<Check>,
    /// The step that failed; there may be more to say of it than the connector saw.
    failed: Option<Check>,
    /// The step that goes on,
    step: Step,
    subject: String,
    /// and what it has shown.
    evidence: Evidence,
}

impl<'a> Observer<'a> {
    pub(crate) fn new(settings: &'a Settings, sent: String) -> Observer<'a> {
        Observer {
            settings,
            sent,
            checks: Vec::new(),
            failed: None,
            step: Step::Config,
            subject: String::new(),
            evidence: Evidence::Nothing,
        }
    }

    /// The checks that are done since this was last asked.
    pub(crate) fn finished(&mut self) -> Vec<Check> {
        std::mem::take(&mut self.checks)
    }

    /// The check that failed.
    pub(crate) fn failed(self) -> Option<Check> {
        self.failed
    }

    /// Takes one event of a walk.
    pub(crate) fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Began { subject, step } => {
                self.skip_before(*step);
                self.step = *step;
                self.subject = (*subject).to_owned();
                self.evidence = match step {
                    Step::Dns => Evidence::Lookup(Lookup::default()),
                    Step::Tcp => Evidence::Attempts(Vec::new()),
                    _ => Evidence::Nothing,
                };
            }
            Event::Saw { evidence, .. } => self.see(evidence),
            Event::Passed { step, elapsed } => {
                let evidence = std::mem::replace(&mut self.evidence, Evidence::Nothing);
                let check = self.passed(*step, *elapsed, evidence);
                self.checks.push(check);
            }
            Event::Failed { elapsed, failure } => {
                self.failed = Some(self.fail(failure, *elapsed));
            }
        }
    }

    /// The steps that the connector leaves out.
    fn skip_before(&mut self, step: Step) {
        let target = &self.settings.target;
        let is_first_after = step == if target.plain { Step::Auth } else { Step::Tls };
        if is_first_after && target.proxy.proxy.is_none() {
            let why = format!("no proxy: {}", target.proxy.rule);
            self.checks.push(Check::skip(Step::Proxy, why));
        }
        if step == Step::Auth && target.plain {
            self.checks.push(Check::skip(Step::Tls, "ws:// has no TLS"));
        }
    }

    fn see(&mut self, seen: &connect::Evidence<'_>) {
        match (seen, &mut self.evidence) {
            (connect::Evidence::Addresses { addresses, source }, Evidence::Lookup(lookup)) => {
                lookup.addresses = addresses.to_vec();
                lookup.source = Some(*source);
            }
            (connect::Evidence::Nameservers(replies), Evidence::Lookup(lookup)) => {
                lookup.replies = Some(replies.to_vec());
            }
            (connect::Evidence::Attempt(attempt), Evidence::Attempts(attempts)) => {
                attempts.push((*attempt).clone());
            }
            (connect::Evidence::Response(response), evidence) => {
                *evidence = Evidence::Response((*response).clone());
            }
            (connect::Evidence::Certificate { der, is_verified, version }, evidence) => {
                *evidence = Evidence::Handshake(Handshake {
                    version: *version,
                    certificate: Certificate::from_der(der),
                    is_verified: *is_verified,
                });
            }
            _ => {}
        }
    }

    fn fail(&mut self, failure: &Failure, elapsed: Duration) -> Check {
        let evidence = std::mem::replace(&mut self.evidence, Evidence::Nothing);
        // TLS 1.3 lets a server refuse when the upgrade has left already.
        let mut check = Check::failed(self.step, elapsed, failure);
        for case in &mut check.cases {
            *case = case.clone().with("tenant", &self.settings.topic.tenant);
        }
        if let Evidence::Response(response) = &evidence {
            check = refusal::explain(check, response, failure.step, &self.sent);
        }
        check.with(evidence)
    }

    fn passed(&self, step: Step, elapsed: Duration, evidence: Evidence) -> Check {
        let check = |summary: String| Check::ok(step, elapsed, summary);
        match (step, evidence) {
            (Step::Dns, Evidence::Lookup(lookup)) => self.resolved(check(String::new()), lookup),
            (Step::Tcp, Evidence::Attempts(attempts)) => {
                dialled(check(self.subject.clone()), attempts)
            }
            (Step::Tls, Evidence::Handshake(handshake)) => {
                self.verified(check("certificate verified".to_owned()), handshake)
            }
            (Step::Auth, Evidence::Response(response)) => {
                upgraded(check("HTTP 101".to_owned()), response, Timestamp::now())
            }
            (_, evidence) => check(format!("CONNECT accepted by {}", self.subject)).with(evidence),
        }
    }

    fn resolved(&self, mut check: Check, lookup: Lookup) -> Check {
        let list: Vec<String> = lookup.addresses.iter().map(ToString::to_string).collect();
        check.summary = list.join(", ");
        let is_of_proxy = self.settings.target.proxy.proxy.is_some();
        let is_looked_up = lookup.source == Some(Source::System);
        if is_looked_up && !is_of_proxy && !self.subject.ends_with("localhost") {
            for address in &lookup.addresses {
                if let Some(what) = oddity(*address) {
                    check.summary = format!("{address} is no public address but {what}");
                    let case = Case::from(Fault::OddAddress).with("address", address.to_string());
                    check = check.warn(case);
                }
            }
        }
        check.with(Evidence::Lookup(lookup))
    }

    fn verified(&self, mut check: Check, handshake: Handshake) -> Check {
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
        let target = &self.settings.target;
        let issuer = certificate.issuer.to_string();
        let is_private = target.host.ends_with(".8x8.com")
            && target.trust.extra_roots.is_empty()
            && !trust::is_public(&issuer);
        if is_verified && is_private {
            check.summary = format!("trusted here, but intercepted by \"{issuer}\"");
            check = check.warn(Case::from(Fault::TrustedInspector).with("issuer", &issuer));
        }
        let left = certificate.not_after.duration_since(Timestamp::now()).as_hours() / 24;
        if left < SOON_DAYS {
            check = check
                .note("note", format!("the certificate ends in {left} days"))
                .warn(Case::from(Fault::ExpiresSoon).with("days", left.to_string()));
        }
        check.with(Evidence::Handshake(handshake))
    }
}

fn dialled(mut check: Check, attempts: Vec<Attempt>) -> Check {
    if let Some(connected) = attempts.iter().find(|attempt| attempt.outcome.is_ok()) {
        check.summary = connected.address.to_string();
    }
    for attempt in attempts.iter().filter(|attempt| attempt.outcome.is_err()) {
        let text = format!("{} {}", attempt.address, outcome(attempt));
        check = check.note("note", text).warn(Fault::SomeUnreachable);
    }
    check.with(Evidence::Attempts(attempts))
}

/// Accepted; and what this machine's clock shows beside the server's.
fn upgraded(mut check: Check, response: Response, now: Timestamp) -> Check {
    let skew = response.date().map(|date| now.as_second() - date.as_second());
    if let Some(skew) = skew.filter(|skew| skew.abs() > SKEW_LIMIT) {
        let off = duration(Duration::from_secs(skew.unsigned_abs()));
        let skew = format!("{off} {}", if skew > 0 { "ahead of" } else { "behind" });
        check = check
            .note("note", format!("this machine's clock is {skew} the server's"))
            .warn(Case::from(Fault::ClockSkew).with("skew", skew));
    }
    check.with(Evidence::Upgraded { response, clock_skew_s: skew })
}

/// `2027-03-01`.
fn day(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}
