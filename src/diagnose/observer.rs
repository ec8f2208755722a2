//! The observer of the connector: makes a check of each step from what the step shows.

use std::time::Duration;

use super::certificate::Certificate;
use super::check::Check;
use super::evidence::{Evidence, Handshake, Lookup};
use super::passed::passed;
use super::refusal;
use crate::connect::{self, Event};
use crate::fault::{Failure, Step};
use crate::settings::Settings;

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
                let target = &self.settings.target;
                self.checks.push(passed(*step, &self.subject, *elapsed, evidence, target));
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
}
