//! The rows, a file for each step.

mod auth;
mod config;
mod dns;
mod mistakes;
mod output;
mod proxy;
mod stream;
mod tcp;
mod tls;

use super::{Fault, Page};
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

/// Every row, in the order of the steps.
pub(crate) fn rows() -> impl Iterator<Item = &'static Row> + Clone {
    [
        config::ROWS,
        mistakes::ROWS,
        dns::ROWS,
        tcp::ROWS,
        proxy::ROWS,
        tls::ROWS,
        auth::ROWS,
        stream::ROWS,
        output::ROWS,
    ]
    .into_iter()
    .flatten()
}

/// The row of a fault.
pub(crate) fn row(fault: Fault) -> &'static Row {
    rows().find(|row| row.fault == fault).expect("every fault has a row, as a test checks")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Step;

    /// Fails to compile when a fault is added without being counted here.
    const LAST: Fault = Fault::OutOfTime;

    #[test]
    fn every_fault_has_exactly_one_row() {
        assert_eq!(rows().count(), LAST as usize + 1);
        for (i, row) in rows().enumerate() {
            assert!(rows().take(i).all(|other| other.fault != row.fault), "{row:?}");
        }
    }

    #[test]
    fn every_code_names_a_step_and_every_row_says_what_to_do() {
        for row in rows() {
            let (step, what) = row.code.split_once('.').expect("step.what");
            assert!(Step::ALL.iter().any(|known| known.name() == step), "{row:?}");
            assert!(!what.is_empty() && !row.fixes.is_empty(), "{row:?}");
            assert!(row.fixes.iter().all(|fix| !fix.ends_with('.')), "no sentence: {row:?}");
        }
    }
}
