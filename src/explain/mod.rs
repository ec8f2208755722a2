//! `explain`: what an error message means and what to do about it, whichever client it comes
//! from. A pure function over the pasted text; it contacts nothing.
//!
//! [`patterns`] is the list to extend: it says how each fault of [`crate::fault`] is recognised.
//! The explanations are in that table. The pasted text is never printed, since it may contain a
//! key.

mod clue;
mod finding;
mod lines;
mod own;
mod pasted;
mod patterns;
#[cfg(test)]
mod tests;
mod topics;

use std::fmt;

use crate::exit::Exit;
use finding::{Finding, once_each};
use lines::{compiled, in_line};
use own::own_code;
use pasted::{is_stack_frame, plain};

/// How many different findings are printed for one text.
const MOST: usize = 5;

/// What a text is about: one finding for each topic in it.
#[derive(Debug)]
pub(crate) struct Explanation {
    /// In the order of the text, this program's own codes first; at most five.
    pub(crate) findings: Vec<Finding>,
    /// How many more there were.
    pub(crate) more: usize,
}

/// Explains the error messages in a text. Log prefixes, colours, stack traces and other lines
/// around them do no harm.
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
            // Indented lines below such a line are its advice or evidence.
            after_own &= line.starts_with(' ');
            if line.len() >= 3 && !after_own && !is_stack_frame(line) {
                found.extend(in_line(line, number, &patterns));
            }
        }
        // A long log repeats the same message many times.
        own = once_each(own);
        found = once_each(found);
    }
    // This program's own codes are never dropped in favour of another finding.
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

/// For people: what it means, what to do, and where 8x8's page covers it.
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
            1 => f.write_str("\nThe text contains one more problem; fix these first.\n"),
            more => writeln!(f, "\nThe text contains {more} more problems; fix these first."),
        }
    }
}

const UNKNOWN: &str = "\
This text contains no error message that tail8x8 knows.
  do     give the whole message as the client printed it, or run `tail8x8 diagnose`: it checks
         DNS, TCP, the proxy, TLS, the key and the stream in turn and says what is wrong
";
