//! The findings for people: a line for each check, evidence and what to do below it, the result
//! last. ASCII, colour on a terminal only, at most 100 columns.

use std::fmt::Write as _;
use std::time::Duration;

use super::check::{Check, Status};
use super::findings::Findings;
use crate::words;

const COLUMNS: usize = 100;

/// Cells of the longest bar.
const BAR: u128 = 30;

/// The head of the document, before the first check is made.
pub(crate) fn head(findings: &Findings) -> String {
    let mut out = format!(
        "tail8x8 {} diagnose  {}\n",
        env!("CARGO_PKG_VERSION"),
        format_args!("{:.0}", findings.started)
    );
    for (label, text) in &findings.head {
        indented(&mut out, &format!("{label:<8}"), text);
    }
    out
}

/// One check.
pub(crate) fn check(check: &Check, color: bool) -> String {
    let (on, off) = match (color, check.status) {
        (true, Status::Ok) => ("\x1b[32m", "\x1b[0m"),
        (true, Status::Warn) => ("\x1b[33m", "\x1b[0m"),
        (true, Status::Fail) => ("\x1b[31m", "\x1b[0m"),
        _ => ("", ""),
    };
    let time = match check.status {
        Status::Skip => String::new(),
        _ => words::duration(check.elapsed),
    };
    let mut summary = check.summary.clone();
    if let Some(code) = &check.code {
        let _ = write!(summary, "  [{code}]");
    }
    let mut out = String::new();
    indented(
        &mut out,
        &format!("  {:<5} {:<8}{time:>7}  ", check.status.word(), check.id),
        &summary,
    );
    if !on.is_empty() {
        let word = check.status.word();
        out = out.replacen(word, &format!("{on}{word}{off}"), 1);
    }
    for (label, text) in &check.notes {
        indented(&mut out, &format!("        {label:<8}"), text);
    }
    for fix in &check.fix {
        indented(&mut out, "        fix     ", fix);
    }
    if let Some(see) = &check.see {
        indented(
            &mut out,
            "        see     ",
            &format!("8x8 Troubleshooting, \"{}\"", see.replace(" / ", "\" and \"")),
        );
    }
    out
}

/// Where the time went, and the result.
pub(crate) fn tail(findings: &Findings) -> String {
    let mut out = String::new();
    let longest = findings.checks.iter().map(|c| c.elapsed).max().unwrap_or_default();
    let block = if is_utf8() { '█' } else { '#' };
    let mut label = "time";
    for check in findings.checks.iter().filter(|c| c.elapsed >= Duration::from_millis(1)) {
        let cells = (check.elapsed.as_micros() * BAR).div_ceil(longest.as_micros().max(1));
        let bar: String = std::iter::repeat_n(block, usize::try_from(cells).unwrap_or(0)).collect();
        let _ =
            writeln!(out, "{label:<8}{:<8}{:>7}  {bar}", check.id, words::duration(check.elapsed));
        label = "";
    }
    indented(&mut out, "RESULT: ", &findings.result(COLUMNS - 8));
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

/// A label and a text that goes on below itself.
fn indented(out: &mut String, label: &str, text: &str) {
    let room = COLUMNS - label.chars().count();
    let text = words::one_line(text, 2000);
    let pieces: Vec<String> = text.split_whitespace().flat_map(|w| pieces(w, room)).collect();
    words::wrap_after(out, label, &pieces.join(" "), COLUMNS);
}

/// A word that is longer than a line, in pieces that are not.
fn pieces(word: &str, longest: usize) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    letters.chunks(longest).map(|piece| piece.iter().collect()).collect()
}
