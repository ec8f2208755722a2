//! What a reader prints about the connect steps: at -v, each step with its observations and time.

use crate::connect::{Event, Observation};
use crate::report::Report;
use crate::words::duration;

/// Prints one event of a step.
pub(super) fn tell(report: &mut Report, event: &Event<'_>) {
    match event {
        Event::Began { step, subject } => report.debug(format!("{step} {subject}")),
        Event::Saw { step, observation } => report.debug(format!("{step}: {}", words(observation))),
        Event::Passed { step, elapsed } => {
            report.debug(format!("{step}: ok in {}", duration(*elapsed)));
        }
        Event::Failed { elapsed, failure } => {
            report.debug(format!("{}: failed after {}", failure.step, duration(*elapsed)));
        }
    }
}

fn words(observation: &Observation<'_>) -> String {
    match observation {
        Observation::Addresses { addresses, source } => {
            let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            format!("{} ({source})", list.join(", "))
        }
        Observation::Nameservers(replies) => {
            let list = replies.iter().map(|reply| format!("{}: {}", reply.server(), reply.answer));
            list.collect::<Vec<_>>().join("; ")
        }
        Observation::Attempt(attempt) => {
            let (result, elapsed) = (attempt.result(), duration(attempt.elapsed));
            format!("{} {result} after {elapsed}", attempt.address)
        }
        Observation::ProxyRule(rule) => format!("decided by: {rule}"),
        Observation::Response(answer) => answer.status_line(),
        Observation::Certificate { der, is_verified: true, .. } => {
            format!("verified a certificate of {} bytes", der.len())
        }
        Observation::Certificate { der, is_verified: false, .. } => {
            format!("a certificate of {} bytes, not verified", der.len())
        }
    }
}
