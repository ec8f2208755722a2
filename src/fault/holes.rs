//! Holes in the texts of the table, such as `{host}`, and what fills them.
//!
//! A failure brings what it knows of its own case; everything else has one source here, so that no
//! list of regions or default stands in a text. Where a hole is not filled, general words stand in.

use crate::regions;

/// What one case fills in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holes(Vec<(&'static str, String)>);

/// Every hole a text may have, with the words that stand there when nothing is known of the case.
const KNOWN: &[(&str, &str)] = &[
    ("host", "HOST"),
    ("port", "443"),
    // Mistakes in what was typed or set.
    ("option", "--OPTION"),
    ("value", "VALUE"),
    ("nearest", "NAME"),
    ("commands", "see `tail8x8 --help`"),
    ("name", "NAME"),
    ("region", "REGION"),
];

impl Holes {
    /// Fills one hole.
    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.push((name, value.into()));
    }

    /// The text with every hole filled.
    pub(crate) fn fill(&self, text: &str) -> String {
        if !text.contains('{') {
            return text.to_owned();
        }
        let mut out = text.replace("{regions}", &deployed_regions());
        let own = self.0.iter().map(|(name, value)| (*name, value.as_str()));
        for (name, value) in own.chain(KNOWN.iter().copied()) {
            out = out.replace(&format!("{{{name}}}"), value);
        }
        out
    }
}

/// `UK3, US1, US2`.
fn deployed_regions() -> String {
    let deployed = regions::REGIONS.iter().filter(|region| region.host.is_some());
    deployed.map(|region| region.name).collect::<Vec<_>>().join(", ")
}
