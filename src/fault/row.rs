//! The type of a row of the table.

use super::{Fault, Holes, Page};
use crate::exit::Exit;

/// How a failure is retried before the run has had a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryClass {
    /// The network or the service may recover by itself: as often as `--retry` says.
    Retry,
    /// It may be temporary or a lasting mistake: three attempts, then stop.
    Few,
    /// Someone has to fix it first.
    Stop,
    /// It would happen again forever, so it is not retried even after a session was open.
    Never,
}

/// Everything about one fault. Texts may have holes (see [`super::Holes`]).
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) fault: Fault,
    /// Stable and lower case, `step.what`. Rows that share a code differ only in their texts.
    pub(crate) code: &'static str,
    /// The exit code of a run that it ends.
    pub(crate) exit: Exit,
    pub(crate) retry: RetryClass,
    /// The headings of 8x8's troubleshooting page that cover it.
    pub(crate) pages: &'static [Page],
    /// What is wrong, in a few words: the last line of a diagnosis.
    pub(crate) headline: &'static str,
    /// What it means, as a clause that is understood by itself.
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

    /// Whether it always ends a connect before the API key is sent, and is a fault that makes
    /// people worry about the key.
    pub(crate) fn keeps_the_key(&self) -> bool {
        self.exit == Exit::Certificate || self.fault == Fault::Handshake
    }
}
