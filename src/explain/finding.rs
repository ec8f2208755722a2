//! One finding: what the text is about, how that was known, and where.

use std::fmt;

use super::topics::Topic;
use crate::words;

/// One matter a text is about.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) topic: Topic,
    /// The words it was known by: the table's, not the text's.
    pub(crate) clue: String,
    /// Line and column, to bring findings into the order of the text.
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
