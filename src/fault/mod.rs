//! The fault table: everything a user can be told about what goes wrong stands here once.
//!
//! A [`Fault`] is a kind of trouble the program can tell apart; its [`Row`] says what it is called,
//! how the run ends over it, whether another try makes sense, what it means and what to do. The
//! connect steps, the loop, the output, `diagnose` and `explain` all read the same rows. Which fault
//! occurred is decided by the step that saw it, which hands it upward as a [`Failure`].
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

pub(crate) use failure::Failure;
pub(crate) use holes::Holes;
pub(crate) use kinds::Fault;
pub(crate) use page::Page;
pub(crate) use row::{RetryClass, Row};
pub(crate) use sentences::{Sentence, known_sentence, said};
pub(crate) use step::Step;
pub(crate) use table::{Matter, row, rows};
pub(crate) use x509::VerifyError;
