//! What lines are written to: a stream, whose writes never block, or files, which a later run can
//! resume from.

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
    /// The open file has reached its size limit; the rest goes into the next one.
    FullFile,
}

impl Destination {
    /// Writes as many pending lines as the destination takes.
    ///
    /// # Errors
    /// The write that was refused. Its lines stay pending.
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

    /// Syncs files, so that their lines survive a power loss. A stream needs no sync.
    ///
    /// # Errors
    /// Anything written since the last sync may then be lost.
    pub(super) fn sync(&mut self) -> Result<(), Failure> {
        let result = match self {
            Destination::Pipe(_) => Ok(()),
            Destination::Files(files) => files.open.sync(),
        };
        result.map_err(|e| self.failure(&e))
    }

    /// The open file's place, as it is saved in a cursor.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn place(&self) -> io::Result<Option<FilePlace>> {
        match self {
            Destination::Pipe(_) => Ok(None),
            Destination::Files(files) => files.open.place().map(Some),
        }
    }

    /// Opens a pipe or device anew by its name, since its descriptor may be dead for good. Files are
    /// opened anew once it is known what they have lost.
    pub(super) fn renew(&mut self) {
        if let Destination::Pipe(pipe) = self
            && let Some(Ok(next)) = pipe.path.as_deref().map(Pipe::open)
        {
            *pipe = next;
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

    /// Whether lines are for the eye, and must not act on what shows them.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Destination::Pipe(pipe) if pipe.is_terminal)
    }

    /// Whether nobody reads it any more.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self, Destination::Pipe(pipe) if pipe.is_closed())
    }

    /// The failure for an error of this destination.
    pub(super) fn failure(&self, e: &io::Error) -> Failure {
        match self {
            Destination::Pipe(pipe) => match &pipe.path {
                Some(path) => refused(path.display().to_string(), e),
                None => standard_output(e),
            },
            Destination::Files(files) => refused(files.shown(), e),
        }
    }
}
