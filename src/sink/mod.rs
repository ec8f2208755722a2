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
mod lacking;
mod lock;
mod names;
mod open;
mod output;
mod own;
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

use std::io::{self, ErrorKind};

use crate::fault::{Failure, Fault, Step};
use crate::files::system;
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
    let fault = if is_in_use(e) { Fault::Locked } else { Fault::CannotCreate };
    Failure::of_call(Step::Output, subject, fault, e)
}

/// The file system refused a write, a sync or a similar operation.
fn refused(subject: String, e: &io::Error) -> Failure {
    let fault = match e {
        e if is_in_use(e) => Fault::Locked,
        e if system::lacks(e) => Fault::NoSync,
        _ => Fault::DiskRefused,
    };
    Failure::new(Step::Output, subject, fault, words::reason(e))
}

/// Whether the error is that of [`crate::files::lock`]: files never block.
fn is_in_use(e: &io::Error) -> bool {
    e.kind() == ErrorKind::WouldBlock
}

/// Standard output cannot be written.
pub(crate) fn standard_output(e: &io::Error) -> Failure {
    Failure::of_call(Step::Output, "stdout", Fault::OutputFailed, e)
}
