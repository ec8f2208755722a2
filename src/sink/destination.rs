//! What lines are written to: a stream, which never is waited for, or files, which have places to
//! go on from.

use std::io;
use std::os::fd::BorrowedFd;

use super::files::Files;
use super::pending::Pending;
use super::pipe::Pipe;
use super::{Written, refused, standard_output};
use crate::fault::Failure;
use crate::files::FilePlace;

/// What lines are written to.
#[derive(Debug)]
pub(super) enum Destination {
    Pipe(Pipe),
    Files(Box<Files>),
}

/// How far a write went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrote {
    Lines(Written),
    /// The open file is as large as it may be; the rest is for the next one.
    FullFile,
}

impl Destination {
    /// Writes what is pending, as far as it goes.
    ///
    /// # Errors
    /// What was refused. It stays pending.
    pub(super) fn write(&mut self, pending: &mut Pending) -> Result<Wrote, Failure> {
        let result = match self {
            Destination::Pipe(pipe) => pipe.write(pending).map(Wrote::Lines),
            Destination::Files(files) => files.write(pending).map(|all| match all {
                true => Wrote::Lines(Written::All),
                false => Wrote::FullFile,
            }),
        };
        result.map_err(|e| self.failure(&e))
    }

    /// Makes what was written outlive a power loss, where that can be asked for.
    ///
    /// # Errors
    /// What was written since the last sync may be lost.
    pub(super) fn sync(&mut self) -> Result<(), Failure> {
        let result = match self {
            Destination::Pipe(_) => Ok(()),
            Destination::Files(files) => files.open.sync(),
        };
        result.map_err(|e| self.failure(&e))
    }

    /// The open file, as a cursor names it.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn place(&self) -> io::Result<Option<FilePlace>> {
        match self {
            Destination::Pipe(_) => Ok(None),
            Destination::Files(files) => files.open.place().map(Some),
        }
    }

    /// The files, unless it is a stream.
    pub(super) fn files(&self) -> Option<&Files> {
        match self {
            Destination::Pipe(_) => None,
            Destination::Files(files) => Some(files),
        }
    }

    /// The files, unless it is a stream.
    pub(super) fn files_mut(&mut self) -> Option<&mut Files> {
        match self {
            Destination::Pipe(_) => None,
            Destination::Files(files) => Some(files),
        }
    }

    /// The stream to wait for; files are always ready.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Destination::Pipe(pipe) => Some(pipe.fd()),
            Destination::Files(_) => None,
        }
    }

    /// Whether nobody reads it any more.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self, Destination::Pipe(pipe) if pipe.is_closed())
    }

    /// It refused with this error.
    pub(super) fn failure(&self, e: &io::Error) -> Failure {
        match self {
            Destination::Pipe(pipe) if pipe.is_stdout => standard_output(e),
            Destination::Pipe(pipe) => refused(pipe.name.clone(), e),
            Destination::Files(files) => refused(files.shown(), e),
        }
    }
}
