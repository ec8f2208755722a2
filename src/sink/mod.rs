//! Where lines go: standard output or files, and what makes sure that each is there once.
//!
//! [`Output`] is what the rest of the program sees. Below it, `spool` keeps the order of a
//! capture (write, sync, save the cursor, acknowledge), and `storage` says whether the disk lets it.

mod appender;
mod boundary;
mod check;
mod destination;
mod files;
mod lock;
mod names;
mod open;
mod output;
mod pending;
mod pipe;
mod recover;
mod rejects;
mod repair;
mod saved;
mod spool;
mod storage;
mod uncommitted;
mod unconfirmed;

use std::io;

use crate::fault::{Failure, Fault, Step};
use crate::words;

pub(crate) use crate::progress::Receipt;
pub(crate) use output::Output;

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// Everything is out.
    All,
    /// The reader is slower than we are, or the disk refuses.
    Blocked,
    /// Nobody reads any more.
    Closed,
}

/// Something cannot be opened or made.
fn cannot_create(subject: String, e: &io::Error) -> Failure {
    Failure::new(Step::Output, subject, Fault::CannotCreate, words::reason(e))
}

/// The file system refused a write, a sync or the like.
fn refused(subject: String, e: &io::Error) -> Failure {
    Failure::new(Step::Output, subject, Fault::DiskRefused, words::reason(e))
}

/// Standard output cannot be written.
pub(crate) fn standard_output(e: &io::Error) -> Failure {
    Failure::new(Step::Output, "stdout", Fault::OutputFailed, words::reason(e))
}
