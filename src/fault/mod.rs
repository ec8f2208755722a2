//! The fault table: the one place for everything the program can tell a user about a fault.
//!
//! A [`Fault`] is a kind of fault that the program can tell apart. Its [`Row`] holds its code, the
//! exit code, the retry class, what it means and what to do. The connect steps, the loop, the
//! output, `diagnose` and `explain` all use the same rows. The step in which something fails decides
//! which fault it is, and returns it as a [`Failure`].
//!
//! Codes are stable: scripts and support tickets may quote them.

mod failure;
mod holes;
mod kinds;
mod page;
mod row;
mod sentences;
mod step;
mod table;
mod x509;

pub(crate) use failure::{Failure, is_exhausted};
pub(crate) use holes::Holes;
pub(crate) use kinds::Fault;
pub(crate) use page::Page;
pub(crate) use row::{RetryClass, Row};
pub(crate) use sentences::{STATUSES, Sentence, known_sentence, said};
pub(crate) use step::Step;
pub(crate) use table::{Matter, row, rows};
pub(crate) use x509::VerifyError;
