//! Recognises lines of this program itself: `... [tls.expired]`, `"code":"tls.expired"`, or just the
//! code. If several rows share a code, the words before it choose one.

use std::cmp::Reverse;

use super::finding::Finding;
use super::lines::{Compiled, in_line};
use super::topics::Topic;
use crate::fault::{self, Row};

/// The finding of such a line; `None` if it contains no code.
pub(super) fn own_code(line: &str, number: usize, patterns: &[Compiled]) -> Option<Finding> {
    let (start, first) = fault::rows()
        .filter_map(|row| Some((code_in(line, row.code)?, row)))
        .min_by_key(|(start, _)| *start)?;
    let row = of_kind(first, &line[..start], number, patterns);
    let (topic, clue) = (Topic::Fault(row.fault), row.code.to_owned());
    Some(Finding { topic, clue, place: (number, start) })
}

/// The row with this code that the words are about: by its headline, by the service's sentence or
/// by the patterns. If none fits, the general row.
fn of_kind(
    general: &'static Row,
    words: &str,
    number: usize,
    patterns: &[Compiled],
) -> &'static Row {
    let kind = || fault::rows().filter(|row| row.code == general.code);
    let by_headline = kind().filter(|row| has_headline(words, row.headline));
    if let Some(row) = by_headline.min_by_key(|row| Reverse(row.headline.len())) {
        return row;
    }
    let said = fault::STATUSES.map(|status| fault::said(words, status));
    if let Some(row) = kind().find(|row| said.contains(&Some(row.fault))) {
        return row;
    }
    let found = in_line(words, number, patterns);
    kind()
        .find(|row| found.iter().any(|finding| finding.topic == Topic::Fault(row.fault)))
        .unwrap_or(general)
}

/// Whether the words contain the headline, with any values in its holes.
fn has_headline(words: &str, headline: &str) -> bool {
    let fixed = headline.split(['{', '}']).step_by(2);
    let mut rest = words;
    fixed.filter(|part| part.len() > 3).all(|part| match rest.split_once(part.trim()) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

fn code_in(line: &str, code: &str) -> Option<usize> {
    if line.trim() == code {
        return line.find(code);
    }
    line.match_indices(code).map(|(start, _)| start).find(|start| {
        let before = line[..*start].chars().next_back();
        let after = line[start + code.len()..].chars().next();
        matches!((before, after), (Some('['), Some(']')) | (Some('"'), Some('"')))
    })
}
