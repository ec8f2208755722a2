//! One check and what it found: plain data, which the text, the JSON document and the report for
//! support are three renderings of.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::exit::Exit;
use crate::fault;
use crate::fault::{Failure, Step};

/// The checks, in their order.
pub(crate) const IDS: [&str; 8] =
    ["config", "dns", "tcp", "proxy", "tls", "auth", "stream", "regions"];

/// How a check ended. The worst one is the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Skip,
    Ok,
    Warn,
    Fail,
}

impl Status {
    /// As the text shows it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Status::Skip => "skip",
            Status::Ok => "ok",
            Status::Warn => "warn",
            Status::Fail => "FAIL",
        }
    }
}

/// What fits in the last line in any case.
const SHORT: usize = 44;

/// One check.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(crate) id: &'static str,
    pub(crate) status: Status,
    /// Stable, `step.fault`; none where nothing is wrong.
    pub(crate) code: Option<String>,
    pub(crate) elapsed: Duration,
    pub(crate) summary: String,
    /// The same for the last line, where it can be said in a few words.
    pub(crate) headline: Option<String>,
    pub(crate) evidence: Map<String, Value>,
    /// Lines of evidence for people: a label (`got`, `why`, `note`) and its text.
    pub(crate) notes: Vec<(&'static str, String)>,
    /// What to do, most promising first.
    pub(crate) fix: Vec<String>,
    /// The heading of 8x8's troubleshooting page, or two with ` / ` between them.
    pub(crate) see: Option<String>,
    /// The exit code if this is what the run fails with.
    pub(crate) exit: Exit,
}

impl Check {
    /// A check that found nothing wrong.
    pub(crate) fn ok(id: &'static str, elapsed: Duration, summary: impl Into<String>) -> Check {
        Check {
            id,
            status: Status::Ok,
            code: None,
            elapsed,
            summary: summary.into(),
            headline: None,
            evidence: Map::new(),
            notes: Vec::new(),
            fix: Vec::new(),
            see: None,
            exit: Exit::Ok,
        }
    }

    /// Whether something is wrong here.
    pub(crate) fn is_problem(&self) -> bool {
        self.status >= Status::Warn
    }

    /// A check that was not made, and why.
    pub(crate) fn skip(id: &'static str, why: impl Into<String>) -> Check {
        Check { status: Status::Skip, ..Check::ok(id, Duration::ZERO, why) }
    }

    /// A check that ended with a failure of the connector, the session or the settings.
    pub(crate) fn failed(elapsed: Duration, failure: &Failure) -> Check {
        let row = fault::row(failure.fault);
        // What a known sentence of the service means is told in the first clause of its advice.
        let known = failure.hint.as_ref().filter(|_| failure.step == Step::Auth);
        let summary = format!("{}: {}", failure.subject, failure.cause);
        // Which setting, or that it is the proxy's, is the better half of these.
        let is_short = summary.chars().count() <= SHORT;
        let is_of_proxy = failure.subject.starts_with("proxy ");
        Check {
            headline: match known.and_then(|hint| hint.split([':', ';']).next()) {
                Some(clause) => Some(clause.to_owned()),
                None if failure.step == Step::Config && is_short || is_of_proxy => None,
                None => Some(failure.cause.clone()),
            },
            status: Status::Fail,
            code: Some(row.code.to_owned()),
            fix: failure.fixes(),
            see: failure_pages(row),
            exit: row.exit,
            ..Check::ok(id_of(failure.step), elapsed, summary)
        }
    }

    /// The same check, ended by what another failed with; what it had seen stays.
    pub(crate) fn ended_by(mut self, failed: Check) -> Check {
        self.notes.extend(failed.notes);
        Check { id: self.id, evidence: self.evidence, notes: self.notes, ..failed }
    }

    /// The same, less than well.
    pub(crate) fn warn(mut self, code: &str, see: Option<&str>) -> Check {
        if self.status < Status::Warn {
            (self.status, self.code) = (Status::Warn, Some(code.to_owned()));
        }
        self.see = self.see.or(see.map(str::to_owned));
        self
    }

    /// The same with every text changed.
    pub(crate) fn cleaned(mut self, change: &dyn Fn(&str) -> String) -> Check {
        let all = self.notes.iter_mut().map(|(_, text)| text);
        let all = all.chain(&mut self.fix).chain(&mut self.headline).chain([&mut self.summary]);
        all.for_each(|text| *text = change(text));
        self.evidence.values_mut().for_each(|value| each_text(value, change));
        self
    }

    pub(crate) fn fix(mut self, fix: impl Into<String>) -> Check {
        self.fix.push(fix.into());
        self
    }

    pub(crate) fn note(mut self, label: &'static str, text: impl Into<String>) -> Check {
        self.notes.push((label, text.into()));
        self
    }

    pub(crate) fn evidence(mut self, name: &str, value: impl Into<Value>) -> Check {
        self.evidence.insert(name.to_owned(), value.into());
        self
    }
}

fn failure_pages(row: &fault::Row) -> Option<String> {
    let pages: Vec<_> = row.pages.iter().map(ToString::to_string).collect();
    (!pages.is_empty()).then(|| pages.join(" / "))
}

/// The check a step belongs to.
pub(crate) fn id_of(step: Step) -> &'static str {
    match step {
        Step::Output => Step::Config.name(),
        step => step.name(),
    }
}

/// Changes every string of a value.
fn each_text(value: &mut Value, change: &dyn Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        Value::Object(members) => members.values_mut().for_each(|item| each_text(item, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
