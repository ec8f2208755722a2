//! The form of a row of the table.

use super::{Fault, Holes, Page};
use crate::exit::Exit;

/// What a failure means for the next try, before any session of the run was open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryClass {
    /// The network or the service may mend itself: as often as `--retry` says.
    Retry,
    /// Cannot be told from a mistake that stays: three attempts, then stop.
    Few,
    /// Nothing changes until a person does something.
    Stop,
    /// Would come again for ever, also after a session was open.
    Never,
}

/// Everything there is to say about one fault. Texts may have holes (see [`super::Holes`]).
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) fault: Fault,
    /// Stable and lower case, `step.what`. Rows that share a code differ only in what to do.
    pub(crate) code: &'static str,
    /// How a run ends over it.
    pub(crate) exit: Exit,
    pub(crate) retry: RetryClass,
    /// The headings under which 8x8's troubleshooting page treats it.
    pub(crate) pages: &'static [Page],
    /// What is wrong, in a few words: the last line of a diagnosis.
    pub(crate) headline: &'static str,
    /// What it means, as a clause that needs no other text.
    pub(crate) means: &'static str,
    /// What to do, most promising first; each a clause without a full stop.
    pub(crate) fixes: &'static [&'static str],
}

impl Row {
    /// The headline of one case.
    pub(crate) fn headline(&self, holes: &Holes) -> String {
        holes.fill(self.headline)
    }

    /// What it means, in one case.
    pub(crate) fn means(&self, holes: &Holes) -> String {
        holes.fill(self.means)
    }

    /// What to do in one case, most promising first.
    pub(crate) fn fixes(&self, holes: &Holes) -> Vec<String> {
        self.fixes.iter().map(|fix| holes.fill(fix)).collect()
    }

    /// Whether it always ends a connect before the API key is sent, and is of a kind that makes
    /// people ask.
    pub(crate) fn keeps_the_key(&self) -> bool {
        self.exit == Exit::Certificate || self.fault == Fault::Handshake
    }
}
