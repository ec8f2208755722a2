//! One check and what it found: plain data, which is rendered as text, as the JSON document and as
//! the report for support.

use std::time::Duration;

use super::case::Case;
use super::evidence::Evidence;
use crate::exit::Exit;
use crate::fault::{Failure, Fault, Page, Step};

/// How a check ended. The worst one is the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    Skip,
    Ok,
    Warn,
    Fail,
}

impl Status {
    /// The status as the text output shows it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Status::Skip => "skip",
            Status::Ok => "ok",
            Status::Warn => "warn",
            Status::Fail => "FAIL",
        }
    }
}

/// A line of evidence for people.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    /// `got`, `why`, `note` and the like.
    pub(crate) label: &'static str,
    pub(crate) text: String,
}

/// One check.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(crate) step: Step,
    pub(crate) status: Status,
    /// What is wrong, most important first; empty if nothing is.
    pub(crate) cases: Vec<Case>,
    pub(crate) elapsed: Duration,
    pub(crate) summary: String,
    pub(crate) evidence: Evidence,
    pub(crate) notes: Vec<Note>,
}

impl Check {
    /// A check that found nothing wrong.
    pub(crate) fn ok(step: Step, elapsed: Duration, summary: impl Into<String>) -> Check {
        Check {
            step,
            status: Status::Ok,
            cases: Vec::new(),
            elapsed,
            summary: summary.into(),
            evidence: Evidence::Nothing,
            notes: Vec::new(),
        }
    }

    /// A check that was not made, and why.
    pub(crate) fn skip(step: Step, why: impl Into<String>) -> Check {
        Check { status: Status::Skip, ..Check::ok(step, Duration::ZERO, why) }
    }

    /// A check that ended with a failure of the connector, the session or the settings.
    pub(crate) fn failed(step: Step, elapsed: Duration, failure: &Failure) -> Check {
        let summary = format!("{}: {}", failure.subject, failure.cause);
        Check::ok(step, elapsed, summary).fail(failure)
    }

    /// The check with the failure of another one. It keeps its own step, evidence and notes.
    pub(crate) fn ended_by(mut self, failed: Check) -> Check {
        self.notes.extend(failed.notes);
        Check { step: self.step, evidence: self.evidence, notes: self.notes, ..failed }
    }

    /// Fails the check, with this case first.
    pub(crate) fn fail(mut self, case: impl Into<Case>) -> Check {
        self.status = Status::Fail;
        self.cases.insert(0, case.into());
        self
    }

    /// Adds a warning, with this case.
    pub(crate) fn warn(mut self, case: impl Into<Case>) -> Check {
        self.status = self.status.max(Status::Warn);
        self.cases.push(case.into());
        self
    }

    /// Adds a warning: the first problem becomes the summary, the others become notes.
    pub(super) fn worth_a_look(mut self, text: impl Into<String>, case: impl Into<Case>) -> Check {
        match self.is_problem() {
            true => self = self.note("note", text),
            false => self.summary = text.into(),
        }
        self.warn(case)
    }

    /// Adds a warning, and a note with the table's explanation.
    pub(crate) fn warn_and_say(self, case: impl Into<Case>) -> Check {
        let case = case.into();
        self.note("why", case.means()).warn(case)
    }

    pub(crate) fn note(mut self, label: &'static str, text: impl Into<String>) -> Check {
        self.notes.push(Note { label, text: text.into() });
        self
    }

    pub(crate) fn with(mut self, evidence: Evidence) -> Check {
        self.evidence = evidence;
        self
    }

    /// Whether something is wrong here.
    pub(crate) fn is_problem(&self) -> bool {
        self.status >= Status::Warn
    }

    /// The case that decides code, exit code and headline.
    pub(crate) fn case(&self) -> Option<&Case> {
        self.cases.first()
    }

    pub(crate) fn fault(&self) -> Option<Fault> {
        Some(self.case()?.fault)
    }

    /// The stable code, `step.what`; `None` if nothing is wrong.
    pub(crate) fn code(&self) -> Option<&'static str> {
        Some(self.case()?.row().code)
    }

    /// What is wrong, in a few words.
    pub(crate) fn headline(&self) -> String {
        self.case().map(Case::headline).unwrap_or_default()
    }

    /// The exit code if the run fails because of this check.
    pub(crate) fn exit(&self) -> Exit {
        self.case().map_or(Exit::Ok, |case| case.row().exit)
    }

    /// What to do, most promising first, without duplicates.
    pub(crate) fn fixes(&self) -> Vec<String> {
        let mut fixes = Vec::new();
        for fix in self.cases.iter().flat_map(Case::fixes) {
            if !fixes.contains(&fix) {
                fixes.push(fix);
            }
        }
        fixes
    }

    /// The headings of 8x8's troubleshooting page.
    pub(crate) fn see(&self) -> &'static [Page] {
        let mut pages = self.cases.iter().map(|case| case.row().pages);
        pages.find(|pages| !pages.is_empty()).unwrap_or_default()
    }
}
