//! The findings for people: a line for each check, with evidence and fixes below it, and the result
//! last. ASCII, in colour on a terminal only, at most 100 columns.

use std::fmt::Write as _;
use std::time::Duration;

use super::check::{Check, Status};
use super::config;
use super::findings::Findings;
use crate::secret;
use crate::words;

const COLUMNS: usize = 100;

/// The length of the longest bar.
const BAR: u128 = 30;

/// The indent of lines below a check.
const INDENT: &str = "        ";

/// Renders the findings as lines.
#[derive(Clone, Copy)]
pub(crate) struct Style<'a> {
    pub(crate) color: bool,
    /// Removes the secrets from a text, before any wrapping that could cut one in two.
    pub(crate) clean: &'a dyn Fn(&str) -> String,
}

impl Style<'_> {
    /// The lines above the checks.
    pub(crate) fn head(self, findings: &Findings<'_>) -> String {
        let version = env!("CARGO_PKG_VERSION");
        let mut out = format!("tail8x8 {version} diagnose  {:.0}\n", findings.started);
        let head = findings.settings.map(|settings| config::head(settings, findings.key.as_ref()));
        for (label, text) in head.into_iter().flatten() {
            self.line(&mut out, &format!("{label:<8}"), &text);
        }
        out
    }

    /// One check.
    pub(crate) fn check(self, check: &Check) -> String {
        let word = check.status.word();
        let time = match check.status {
            Status::Skip => String::new(),
            _ => words::duration(check.elapsed),
        };
        let mut summary = check.summary.clone();
        if let Some(code) = check.code() {
            let _ = write!(summary, "  [{code}]");
        }
        let mut out = String::new();
        self.line(&mut out, &format!("  {word:<5} {:<8}{time:>7}  ", check.step.name()), &summary);
        let color = match check.status {
            Status::Ok => Some("\x1b[32m"),
            Status::Warn => Some("\x1b[33m"),
            Status::Fail => Some("\x1b[31m"),
            Status::Skip => None,
        };
        if let Some(on) = color.filter(|_| self.color) {
            out = out.replacen(word, &format!("{on}{word}\x1b[0m"), 1);
        }
        for note in &check.notes {
            self.line(&mut out, &format!("{INDENT}{:<8}", note.label), &note.text);
        }
        for fix in check.fixes() {
            self.line(&mut out, &format!("{INDENT}fix     "), &fix);
        }
        let pages: Vec<String> = check.see().iter().map(|page| format!("\"{page}\"")).collect();
        if !pages.is_empty() {
            let text = format!("8x8 Troubleshooting, {}", pages.join(" and "));
            self.line(&mut out, &format!("{INDENT}see     "), &text);
        }
        out
    }

    /// Where the time went, and the result.
    pub(crate) fn tail(self, findings: &Findings<'_>) -> String {
        let mut out = bars(&findings.checks);
        self.line(&mut out, "RESULT: ", &findings.result());
        out
    }

    /// A label and a text, which is wrapped after the label.
    fn line(self, out: &mut String, label: &str, text: &str) {
        let room = COLUMNS - label.chars().count();
        let text = secret::one_line(&(self.clean)(text), 2000);
        let words: Vec<String> = text.split_whitespace().flat_map(|w| pieces(w, room)).collect();
        words::wrap_after(out, label, &words.join(" "), COLUMNS);
    }
}

fn bars(checks: &[Check]) -> String {
    let mut out = String::new();
    let longest = checks.iter().map(|c| c.elapsed).max().unwrap_or_default();
    let block = if is_utf8() { '█' } else { '#' };
    let mut label = "time";
    for check in checks.iter().filter(|c| c.elapsed >= Duration::from_millis(1)) {
        let cells = (check.elapsed.as_micros() * BAR).div_ceil(longest.as_micros().max(1));
        let bar: String = std::iter::repeat_n(block, usize::try_from(cells).unwrap_or(0)).collect();
        let (step, time) = (check.step.name(), words::duration(check.elapsed));
        let _ = writeln!(out, "{label:<8}{step:<8}{time:>7}  {bar}");
        label = "";
    }
    out
}

/// Whether the terminal's locale is UTF-8 (POSIX: the first of these that is set decides).
fn is_utf8() -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty())
        .is_some_and(|value| {
            let value = value.to_ascii_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        })
}

/// Splits a word that is longer than a line into pieces.
fn pieces(word: &str, longest: usize) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    letters.chunks(longest).map(|piece| piece.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::case::Case;
    use super::*;
    use crate::fault::{Fault, Step};

    #[test]
    fn a_result_too_long_for_a_line_goes_on_below_and_is_not_cut() {
        let issuer = "An Authority: of Somewhere; with a long name, and (a branch)";
        let case = Case::from(Fault::Intercepted).with("issuer", issuer);
        let mut findings = Findings::new(false);
        findings.checks = vec![Check::ok(Step::Tls, Duration::ZERO, "").fail(case)];
        let clean = |text: &str| text.replace("Somewhere", "[redacted]");
        let tail = Style { color: false, clean: &clean }.tail(&findings);
        let lines: Vec<&str> = tail.lines().collect();
        assert_eq!(lines.len(), 2, "{tail}");
        assert!(lines.iter().all(|line| line.chars().count() <= COLUMNS), "{tail}");
        let whole = tail.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            whole,
            "RESULT: FAIL at tls - intercepted by \"An Authority: of [redacted]; with a long name, \
             and (a branch)\". The API key was not sent."
        );
    }
}
