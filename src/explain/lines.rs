//! Finds patterns in one line.

use super::clue::{Clue, Line, fold};
use super::finding::{Finding, once_each};
use super::patterns::{PATTERNS, Pattern};
use super::topics::Topic;
use crate::fault;

/// A compiled clue, with its pattern and its text.
pub(super) type Compiled = (&'static Pattern, &'static str, Clue);

/// All clues, compiled, in the table's order.
pub(super) fn compiled() -> Vec<Compiled> {
    let clues = |p: &'static Pattern| p.clues.iter().map(move |clue| (p, *clue, Clue::new(clue)));
    PATTERNS.iter().flat_map(clues).collect()
}

/// The findings in one line, in the line's order.
pub(super) fn in_line(text: &str, number: usize, patterns: &[Compiled]) -> Vec<Finding> {
    let mut line = Line::new(text);
    let mut found = Vec::new();
    if let Some((part, fault)) = sentence(text, &line) {
        let column = line.mark(&fold(part)).unwrap_or_default();
        let (topic, clue) = (Topic::Fault(fault), part.to_owned());
        found.push(Finding { topic, clue, place: (number, column) });
    }
    for (pattern, text, clue) in patterns {
        let Some(column) = line.take(clue) else { continue };
        let (topic, clue) = (pattern.topic, readable(text));
        found.push(Finding { topic, clue, place: (number, column) });
    }
    let topics: Vec<_> = found.iter().map(|finding| finding.topic).collect();
    found.retain(|finding| !topics.iter().any(|other| finding.topic.yields_beside(*other)));
    // This comes before sorting, because a topic's more exact clues come first in the table.
    let mut found = once_each(found);
    found.sort_by_key(|finding| finding.place);
    found
}

/// A clue as people would write it.
fn readable(clue: &str) -> String {
    let last = clue.rsplit(" & ").next().unwrap_or(clue);
    last.replacen("#status ", "HTTP ", 1).trim_start_matches(['#', '=']).to_owned()
}

/// A sentence of the service in the text, and the fault it stands for. Some sentences are so short
/// that others use them too, so they count only next to the service's own words.
fn sentence(text: &str, line: &Line) -> Option<fault::Sentence> {
    const ALSO_OTHERS: [&str; 5] = [
        "Illegal base64",
        "IndexOutOfBounds",
        "malformed varint",
        "receiverQueueSize",
        r#""errorMsg":"""#,
    ];
    let known = fault::known_sentence(text)?;
    let is_the_service = line.has("failed to create") || line.has("invalid query param");
    (is_the_service || !ALSO_OTHERS.contains(&known.0)).then_some(known)
}
