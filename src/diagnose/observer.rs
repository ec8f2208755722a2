//! The observer of the connector: makes a check of each step from what the step shows.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::addresses::oddity;
use super::certificate::Certificate;
use super::check::{Check, id_of};
use super::refusal;
use super::trust;
use crate::connect::{Attempt, Event, Evidence, Reply, Response};
use crate::fault::Step;
use crate::settings::{Settings, Target};
use crate::words::duration;

/// A clock further off than this is worth a warning: TLS and `--since` depend on it.
const SKEW_LIMIT: i64 = 5 * 60;

/// What the steps have shown so far.
#[derive(Debug)]
pub(crate) struct Observer<'a> {
    target: &'a Target,
    tenant: &'a str,
    /// How the key was sent, and which.
    sent: String,
    /// The step that goes on.
    step: Step,
    /// Steps that are done.
    checks: Vec<Check>,
    /// The step that failed; there may be more to say of it than the connector saw.
    failed: Option<Check>,
    /// What it has shown.
    evidence: Map<String, Value>,
    subject: String,
    replies: Vec<Reply>,
    addresses: Vec<IpAddr>,
    attempts: Vec<Attempt>,
    answer: Option<Response>,
    certificate: Option<Vec<u8>>,
    is_verified: bool,
}

impl<'a> Observer<'a> {
    pub(crate) fn new(settings: &'a Settings, sent: String) -> Observer<'a> {
        Observer {
            target: &settings.target,
            tenant: &settings.topic.tenant,
            sent,
            checks: Vec::new(),
            failed: None,
            evidence: Map::new(),
            subject: String::new(),
            replies: Vec::new(),
            addresses: Vec::new(),
            attempts: Vec::new(),
            answer: None,
            certificate: None,
            is_verified: false,
            step: Step::Config,
        }
    }

    /// The checks that are done since this was last asked.
    pub(crate) fn finished(&mut self) -> Vec<Check> {
        std::mem::take(&mut self.checks)
    }

    /// What the nameservers have said, where the connector asked them.
    pub(crate) fn replies(&self) -> &[Reply] {
        &self.replies
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
                self.evidence = Map::new();
                self.answer = None;
            }
            Event::Saw { evidence, .. } => self.see(evidence),
            Event::Passed { step, elapsed } => {
                let check = self.passed(*step, *elapsed);
                let check = self.with_evidence(check);
                self.checks.push(check);
            }
            Event::Failed { elapsed, failure } => {
                // TLS 1.3 lets a server refuse when the upgrade has left already.
                let mut check = Check { id: id_of(self.step), ..Check::failed(*elapsed, failure) };
                if let Some(answer) = &self.answer {
                    let (step, tenant) = (failure.step, self.tenant);
                    check = refusal::explain(check, answer, step, *elapsed, tenant, &self.sent);
                }
                self.failed = Some(self.with_evidence(check));
            }
        }
    }

    /// The steps that the connector leaves out.
    fn skip_before(&mut self, step: Step) {
        let has_proxy = self.target.proxy.proxy.is_some();
        let is_first_after = step == if self.target.plain { Step::Auth } else { Step::Tls };
        if is_first_after && !has_proxy {
            let rule = &self.target.proxy.rule;
            self.checks.push(Check::skip("proxy", format!("no proxy: {rule}")));
        }
        if step == Step::Auth && self.target.plain {
            self.checks.push(Check::skip("tls", "ws:// has no TLS"));
        }
    }

    fn with_evidence(&mut self, mut check: Check) -> Check {
        for (name, value) in std::mem::take(&mut self.evidence) {
            check.evidence.entry(name).or_insert(value);
        }
        check
    }

    fn see(&mut self, evidence: &Evidence<'_>) {
        match evidence {
            Evidence::Addresses { addresses, source } => {
                self.addresses = addresses.to_vec();
                let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                self.evidence.insert("addresses".to_owned(), list.into());
                self.evidence.insert("source".to_owned(), (*source).into());
            }
            Evidence::Nameservers(replies) => self.replies = replies.to_vec(),
            Evidence::Attempt(attempt) => {
                self.attempts.push((*attempt).clone());
                let list = self.attempts.iter().map(|attempt| {
                    json!({
                        "address": attempt.address.to_string(),
                        "result": outcome(attempt),
                        "duration_ms": millis(attempt.elapsed),
                    })
                });
                self.evidence.insert("attempts".to_owned(), list.collect());
            }
            Evidence::ProxyRule(_) => {}
            Evidence::Response(answer) => {
                self.evidence.insert("http_status".to_owned(), answer.status.into());
                for name in ["Server", "Via", "Date", "Content-Type", "Location"] {
                    let value = answer.header(name).map(str::to_owned);
                    self.evidence.insert(name.to_ascii_lowercase().replace('-', "_"), value.into());
                }
                self.evidence.insert("sentence".to_owned(), answer.sentence().into());
                self.answer = Some((*answer).clone());
            }
            Evidence::Certificate { der, is_verified, version } => {
                self.evidence.insert("version".to_owned(), (*version).into());
                self.certificate = Some(der.to_vec());
                self.is_verified = *is_verified;
            }
        }
    }

    fn passed(&self, step: Step, elapsed: Duration) -> Check {
        let check = |summary: String| Check::ok(id_of(step), elapsed, summary);
        match step {
            Step::Dns => {
                let list: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
                self.judge_addresses(check(list.join(", ")))
            }
            Step::Tcp => {
                let mut check = check(self.subject.clone());
                if let Some(connected) = self.attempts.iter().find(|a| a.outcome.is_ok()) {
                    check.summary = connected.address.to_string();
                }
                let failed = self.attempts.iter().filter(|a| a.outcome.is_err());
                failed.fold(check, |check, attempt| {
                    let text = format!("{} {}", attempt.address, outcome(attempt));
                    check
                        .note("note", text)
                        .warn("tcp.some_unreachable", Some("Cannot Connect to WebSocket"))
                })
            }
            Step::Proxy => check(format!("CONNECT accepted by {}", self.subject)),
            Step::Tls => self.certificate(check("certificate verified".to_owned())),
            _ => self.answered(check("HTTP 101".to_owned())),
        }
    }

    fn judge_addresses(&self, check: Check) -> Check {
        let given = ["--resolve", "literal"];
        let is_given = self.evidence.get("source").is_some_and(|s| given.iter().any(|g| s == g));
        let is_of_proxy = self.target.proxy.proxy.is_some();
        if is_given || is_of_proxy || self.subject.ends_with("localhost") {
            return check;
        }
        self.addresses.iter().filter_map(|&address| Some((address, oddity(address)?))).fold(
            check,
            |mut check, (address, what)| {
                check.summary = format!("{address} is no public address but {what}");
                check.warn("dns.odd_address", Some("Cannot Connect to WebSocket"))
            },
        )
    }

    fn certificate(&self, mut check: Check) -> Check {
        let Some(certificate) = self.certificate.as_deref().and_then(Certificate::from_der) else {
            return check;
        };
        let verified = if self.is_verified { "verified" } else { "NOT verified (--insecure)" };
        let version = self.evidence.get("version").and_then(Value::as_str);
        let version = version.map_or(String::new(), |version| format!("{version}; "));
        let (subject, end) = (&certificate.subject, day(certificate.not_after));
        check.summary = format!("{version}{subject}, valid to {end}; {verified}");
        if !self.is_verified {
            check = check.warn("tls.insecure", Some("TLS/SSL Certificate Errors"));
        }
        let is_private = self.target.host.ends_with(".8x8.com")
            && self.target.trust.extra_roots.is_empty()
            && !trust::is_public(&certificate.issuer.to_string());
        if self.is_verified && is_private {
            check.summary = format!("trusted here, but intercepted by \"{}\"", certificate.issuer);
            check = check.warn("tls.intercepted", Some("TLS/SSL Certificate Errors")).fix(
                "exempt pulsar-ws-*.8x8.com from TLS inspection (it often breaks WebSocket too)",
            );
        }
        let left = certificate.not_after.duration_since(Timestamp::now()).as_hours() / 24;
        if left < 14 {
            check = check
                .note("note", format!("the certificate ends in {left} days"))
                .warn("tls.expires_soon", Some("TLS/SSL Certificate Errors"));
        }
        check
            .evidence("subject", certificate.subject.to_string())
            .evidence("issuer", certificate.issuer.to_string())
            .evidence("not_before", certificate.not_before.to_string())
            .evidence("not_after", certificate.not_after.to_string())
            .evidence("names", certificate.names.clone())
            .evidence("trust", if self.is_verified { "verified" } else { "none" })
    }

    fn answered(&self, check: Check) -> Check {
        let Some(date) = self.answer.as_ref().and_then(Response::date) else {
            return check.evidence("clock_skew_s", Value::Null);
        };
        let skew = Timestamp::now().as_second() - date.as_second();
        let check = check.evidence("clock_skew_s", skew);
        if skew.abs() <= SKEW_LIMIT {
            return check;
        }
        let off = duration(Duration::from_secs(skew.unsigned_abs()));
        let direction = if skew > 0 { "ahead of" } else { "behind" };
        check
            .note("note", format!("this machine's clock is {off} {direction} the server's"))
            .warn("auth.clock_skew", None)
            .fix("set the clock of this machine (NTP): --since, --until and TLS depend on it")
    }
}

fn outcome(attempt: &Attempt) -> &str {
    match &attempt.outcome {
        Ok(()) => "connected",
        Err((_, words)) => words,
    }
}

/// `2027-03-01`.
fn day(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

pub(crate) fn millis(d: Duration) -> u64 {
    u64::try_from(d.as_millis()).unwrap_or(u64::MAX)
}
