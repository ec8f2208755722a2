//! One fault as a check found it: the row of the table, and the values for the holes in its texts.

use crate::fault::{Failure, Fault, Holes, Row, row};
use crate::secret;

/// The most characters of a value in a hole, since most come from outside.
const LONGEST: usize = 60;

/// One case of a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) fault: Fault,
    holes: Holes,
}

impl Case {
    /// The same with one hole filled.
    pub(crate) fn with(mut self, hole: &'static str, value: impl AsRef<str>) -> Case {
        self.holes.set(hole, secret::one_line(value.as_ref(), LONGEST));
        self
    }

    pub(crate) fn row(&self) -> &'static Row {
        row(self.fault)
    }

    /// What is wrong, in a few words.
    pub(crate) fn headline(&self) -> String {
        self.row().headline(&self.holes)
    }

    /// What it means, as a clause.
    pub(crate) fn means(&self) -> String {
        self.row().means(&self.holes)
    }

    /// What to do, most promising first.
    pub(crate) fn fixes(&self) -> Vec<String> {
        self.row().fixes(&self.holes)
    }
}

impl From<Fault> for Case {
    fn from(fault: Fault) -> Case {
        Case { fault, holes: Holes::default() }
    }
}

impl From<&Failure> for Case {
    fn from(failure: &Failure) -> Case {
        let Failure { fault, holes, .. } = failure;
        Case { fault: *fault, holes: holes.clone() }
    }
}
