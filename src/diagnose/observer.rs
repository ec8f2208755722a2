//! Observes the connect steps, and turns each one's events into a check.

use std::time::Duration;

use jiff::Timestamp;

use super::certificate::Certificate;
use super::check::Check;
use super::evidence::{Evidence, Handshake, Lookup};
use super::passed::{compare_clocks, passed};
use super::refusal;
use crate::connect::{self, Event};
use crate::fault::{Failure, Step};
use crate::settings::Settings;

/// What the steps have shown so far.
#[derive(Debug)]
pub(crate) struct Observer<'a> {
    settings: &'a Settings,
    /// How the key was sent, and its description.
    sent: String,
    /// The checks of steps that are done.
    checks: Vec<Check>,
    /// The check of the step that failed; more may be added to it than the connector saw.
    failed: Option<Check>,
    /// The current step.
    step: Step,
    subject: String,
    /// What the current step has shown.
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

    /// The checks that were finished since the last call.
    pub(crate) fn finished(&mut self) -> Vec<Check> {
        std::mem::take(&mut self.checks)
    }

    /// The check that failed.
    pub(crate) fn failed(self) -> Option<Check> {
        self.failed
    }

    /// Takes one event of the connect steps.
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
            Event::Saw { observation, .. } => self.see(observation),
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

    /// Adds skipped checks for the steps that the connector leaves out.
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

    fn see(&mut self, seen: &connect::Observation<'_>) {
        match (seen, &mut self.evidence) {
            (connect::Observation::Addresses { addresses, source }, Evidence::Lookup(lookup)) => {
                lookup.addresses = addresses.to_vec();
                lookup.source = Some(*source);
            }
            (connect::Observation::Nameservers(replies), Evidence::Lookup(lookup)) => {
                lookup.replies = Some(replies.to_vec());
            }
            (connect::Observation::Attempt(attempt), Evidence::Attempts(attempts)) => {
                attempts.push((*attempt).clone());
            }
            (connect::Observation::Response(response), evidence) => {
                *evidence = Evidence::Response((*response).clone());
            }
            (connect::Observation::Certificate { der, is_verified, version }, evidence) => {
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
        // In TLS 1.3 a server may refuse the handshake only after the upgrade was sent, so the
        // failure's step can be an earlier one than the check's.
        let mut check = Check::failed(self.step, elapsed, failure);
        for case in &mut check.cases {
            *case = case.clone().with("tenant", &self.settings.topic.tenant);
        }
        if let Evidence::Response(response) = &evidence {
            check = refusal::explain(check, response, failure.step, &self.sent);
            if failure.step == Step::Auth {
                check = compare_clocks(check, response, Timestamp::now());
            }
        }
        check.with(evidence)
    }
}
