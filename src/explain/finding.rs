//! One finding: what the text is about, by which clue, and where.

use std::fmt;

use super::topics::Topic;
use crate::words;

/// One topic that a text is about.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) topic: Topic,
    /// The clue that was found, in the table's words, not the text's.
    pub(crate) clue: String,
    /// Line and column, to sort findings by their order in the text.
    pub(super) place: (usize, usize),
}

/// The first finding of each topic.
pub(super) fn once_each(findings: Vec<Finding>) -> Vec<Finding> {
    let mut once = Vec::<Finding>::new();
    for finding in findings {
        if once.iter().all(|other| !other.topic.is_same_as(finding.topic)) {
            once.push(finding);
        }
    }
    once
}

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
