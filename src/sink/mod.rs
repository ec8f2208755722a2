//! Where lines go: standard output or files, and the machinery that writes each line exactly once.
//!
//! [`Output`] is what the rest of the program sees. Below it, `spool` keeps the order of a capture
//! (write, sync, save the cursor, acknowledge), and `storage` tracks whether the disk accepts it.

mod appender;
mod boundary;
mod check;
mod consumer;
mod destination;
mod files;
mod inspect;
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
pub(crate) use inspect::{Inspection, free_in, inspect};
pub(crate) use output::Output;

/// The result of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// Everything is written.
    All,
    /// The reader is slower than we are, or the disk refuses writes.
    Blocked,
    /// Nobody reads any more.
    Closed,
}

/// Something cannot be opened or created.
fn cannot_create(subject: String, e: &io::Error) -> Failure {
    Failure::of_call(Step::Output, subject, Fault::CannotCreate, e)
}

/// The file system refused a write, a sync or a similar operation.
fn refused(subject: String, e: &io::Error) -> Failure {
    Failure::new(Step::Output, subject, Fault::DiskRefused, words::reason(e))
}

/// Standard output cannot be written.
pub(crate) fn standard_output(e: &io::Error) -> Failure {
    Failure::new(Step::Output, "stdout", Fault::OutputFailed, words::reason(e))
}
