//! Prints a diagnosis: text while it runs, or one document at its end.

use std::io::{self, IsTerminal, Write};

use super::check::Check;
use super::findings::Findings;
use super::json;
use super::text::Style;
use crate::report::Report;
use crate::values::choice::Color;

/// Prints to standard output, as long as someone reads it.
pub(super) struct Printer<'a> {
    /// It removes the secrets it knows from everything printed.
    pub(super) report: &'a mut Report,
    json: bool,
    color: bool,
    has_output: bool,
}

impl<'a> Printer<'a> {
    pub(super) fn new(report: &'a mut Report, json: bool, color: Color) -> Printer<'a> {
        let color = match color {
            Color::Auto => {
                io::stdout().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
            Color::Always => true,
            Color::Never => false,
        };
        Printer { report, json, color, has_output: true }
    }

    /// The lines above the checks.
    pub(super) fn head(&mut self, findings: &Findings<'_>) {
        self.text(|style| style.head(findings));
    }

    pub(super) fn check(&mut self, check: &Check) {
        self.text(|style| style.check(check));
    }

    /// Prints the result, or the document.
    pub(super) fn end(&mut self, findings: &Findings<'_>) {
        if self.json {
            let document = json::document(findings, &|text| self.report.without_secrets(text));
            self.write(&document);
        }
        self.text(|style| style.tail(findings));
    }

    fn text(&mut self, render: impl FnOnce(Style<'_>) -> String) {
        if !self.json {
            let clean = |text: &str| self.report.without_secrets(text);
            let text = render(Style { color: self.color, clean: &clean });
            self.write(&text);
        }
    }

    /// Writes a text whose secrets are already removed.
    fn write(&mut self, text: &str) {
        if self.has_output {
            let mut out = io::stdout().lock();
            self.has_output = out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok();
        }
    }
}
