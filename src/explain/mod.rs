//! `explain`: what an error message means and what to do about it, whichever client it comes
//! from. A pure function over the pasted text; it contacts nothing.
//!
//! [`patterns`] is the list to extend: how each fault of [`crate::fault`] is known. What is said of
//! it stands in that table. The pasted text is never repeated, since it may hold a key.

mod clue;
mod own;
mod pasted;
mod patterns;
#[cfg(test)]
mod tests;
mod topics;

use std::fmt;

use crate::exit::Exit;
use crate::fault;
use crate::words;

use clue::{Clue, Line, fold};
use own::own_code;
use pasted::{is_stack_frame, plain};
use patterns::{PATTERNS, Pattern};
pub(crate) use topics::Topic;

/// How many different matters of one text are told.
const MOST: usize = 5;

/// What a text is about: one finding for each matter in it.
#[derive(Debug)]
pub(crate) struct Explanation {
    /// In the order of the text, this program's own codes first; at most five.
    pub(crate) findings: Vec<Finding>,
    /// How many more there were.
    pub(crate) more: usize,
}

/// One matter a text is about.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) topic: Topic,
    /// The words it was known by: the table's, not the text's.
    pub(crate) clue: String,
    /// Line and column, to bring findings into the order of the text.
    place: (usize, usize),
}

/// Says what the error messages in a text mean. Log prefixes, colours, stack traces and other
/// lines around them do no harm.
pub(crate) fn explain(text: &str) -> Explanation {
    let text = plain(text);
    let patterns = compiled();
    let (mut own, mut found) = (Vec::new(), Vec::new());
    let mut after_own = false;
    for (number, line) in text.split(['\n', '\r']).enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        if let Some(finding) = own_code(line, number, &patterns) {
            own.push(finding);
            after_own = true;
        } else {
            // What is indented below such a line is its advice or evidence.
            after_own &= line.starts_with(' ');
            if line.len() >= 3 && !after_own && !is_stack_frame(line) {
                found.extend(in_line(line, number, &patterns));
            }
        }
        // A long log says the same thing again and again.
        own = once_each(own);
        found = once_each(found);
    }
    // What this program said itself is never explained away.
    let topics: Vec<_> = own.iter().chain(&found).map(|finding| finding.topic).collect();
    found.retain(|finding| !topics.iter().any(|other| finding.topic.yields_to(*other)));
    own.append(&mut found);
    let mut findings = once_each(own);
    let more = findings.len().saturating_sub(MOST);
    findings.truncate(MOST);
    Explanation { findings, more }
}

impl Explanation {
    /// 0, or 65 if nothing in the text is known.
    pub(crate) fn exit(&self) -> Exit {
        if self.findings.is_empty() { Exit::Data } else { Exit::Ok }
    }
}

/// For people: what it means, what to do, where 8x8's page treats it.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.findings.is_empty() {
            return f.write_str(UNKNOWN);
        }
        for (i, finding) in self.findings.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            finding.fmt(f)?;
        }
        match self.more {
            0 => Ok(()),
            1 => f.write_str("\nThe text holds one more matter; see to these first.\n"),
            more => writeln!(f, "\nThe text holds {more} more matters; see to these first."),
        }
    }
}

const UNKNOWN: &str = "\
This text holds no error message that is known here.
  do     give the whole message as the client printed it, or run `tail8x8 diagnose`: it checks
         DNS, TCP, the proxy, TLS, the key and the stream in turn and says what is wrong
";

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { topic, clue, .. } = self;
        match topic.code() {
            Some(code) if code == clue => writeln!(f, "[{code}]")?,
            Some(code) => writeln!(f, "\"{clue}\" [{code}]")?,
            None => writeln!(f, "\"{clue}\"")?,
        }
        paragraph(f, "means", &topic.means())?;
        for fix in topic.fixes() {
            paragraph(f, "do", &fix)?;
        }
        for page in topic.pages() {
            paragraph(f, "see", &format!("8x8 Troubleshooting, \"{page}\""))?;
        }
        Ok(())
    }
}

fn paragraph(f: &mut fmt::Formatter<'_>, label: &str, text: &str) -> fmt::Result {
    let mut lines = String::new();
    words::wrap(&mut lines, text, 9);
    write!(f, "  {label:<7}{}", lines.trim_start())
}

/// A clue of the table, ready to be looked for.
type Compiled = (&'static Pattern, &'static str, Clue);

/// All of them, in the table's order.
fn compiled() -> Vec<Compiled> {
    let clues = |p: &'static Pattern| p.clues.iter().map(move |clue| (p, *clue, Clue::new(clue)));
    PATTERNS.iter().flat_map(clues).collect()
}

/// What the patterns find in one line, in its order.
fn in_line(text: &str, number: usize, patterns: &[Compiled]) -> Vec<Finding> {
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
    // Before sorting: the exact words of a topic are the table's earlier ones.
    let mut found = once_each(found);
    found.sort_by_key(|finding| finding.place);
    found
}

/// The first finding of each topic.
fn once_each(findings: Vec<Finding>) -> Vec<Finding> {
    let mut once = Vec::<Finding>::new();
    for finding in findings {
        if once.iter().all(|other| !other.topic.is_same_as(finding.topic)) {
            once.push(finding);
        }
    }
    once
}

/// A clue as people would write it.
fn readable(clue: &str) -> String {
    let last = clue.rsplit(" & ").next().unwrap_or(clue);
    last.replacen("#status ", "HTTP ", 1).trim_start_matches(['#', '=']).to_owned()
}

/// A sentence of the service, and the fault it stands for. Some are short enough to be said by
/// others too, so they count only where the service's own words are around.
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
