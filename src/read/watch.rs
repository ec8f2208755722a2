//! What a reader prints about the connect steps: at -v, each step with its evidence and time.

use crate::connect::{Event, Evidence};
use crate::report::Report;
use crate::words::duration;

/// Prints one event of a step.
pub(super) fn tell(report: &mut Report, event: &Event<'_>) {
    match event {
        Event::Began { step, subject } => report.debug(format!("{step} {subject}")),
        Event::Saw { step, evidence } => report.debug(format!("{step}: {}", words(evidence))),
        Event::Passed { step, elapsed } => {
            report.debug(format!("{step}: ok in {}", duration(*elapsed)));
        }
        Event::Failed { elapsed, failure } => {
            report.debug(format!("{}: failed after {}", failure.step, duration(*elapsed)));
        }
    }
}

fn words(evidence: &Evidence<'_>) -> String {
    match evidence {
        Evidence::Addresses { addresses, source } => {
            let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            format!("{} ({source})", list.join(", "))
        }
        Evidence::Nameservers(replies) => {
            let list = replies.iter().map(|reply| format!("{}: {}", reply.server(), reply.answer));
            list.collect::<Vec<_>>().join("; ")
        }
        Evidence::Attempt(attempt) => {
            let outcome = match &attempt.outcome {
                Ok(()) => "connected",
                Err((_, words)) => words,
            };
            format!("{} {outcome} after {}", attempt.address, duration(attempt.elapsed))
        }
        Evidence::ProxyRule(rule) => format!("decided by: {rule}"),
        Evidence::Response(answer) => answer.status_line(),
        Evidence::Certificate { der, is_verified: true, .. } => {
            format!("verified a certificate of {} bytes", der.len())
        }
        Evidence::Certificate { der, is_verified: false, .. } => {
            format!("a certificate of {} bytes, not verified", der.len())
        }
    }
}
