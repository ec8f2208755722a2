//! Standard output, or a pipe or device, written without ever blocking: while it cannot take more
//! (a slow pipe, a stopped terminal), pings and signals are still served, and only written lines
//! are acknowledged.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal as _, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::Written;
use super::pending::{CHUNK, Pending};

/// POSIX's PIPE_BUF on Linux: whenever poll says a pipe is writable, it takes this many bytes.
const PIPE_BUF: usize = 4096;

/// An open stream.
#[derive(Debug)]
pub(super) struct Pipe {
    /// `None` is standard output.
    pub(super) path: Option<PathBuf>,
    pub(super) is_terminal: bool,
    file: File,
    way: Way,
}

/// How a write is kept from blocking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// A regular file never blocks for long.
    File,
    /// Reopened in non-blocking mode, since the flag of the shared descriptor must not change.
    NonBlocking,
    /// Polled before each write of at most [`PIPE_BUF`].
    Polled,
}

impl Pipe {
    /// Standard output.
    ///
    /// # Errors
    /// If its descriptor cannot be duplicated.
    pub(super) fn stdout() -> io::Result<Pipe> {
        let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let kind = file.metadata()?.file_type();
        let (file, way) = if kind.is_file() {
            (file, Way::File)
        } else if kind.is_fifo() || kind.is_char_device() {
            // Fails without /proc, or if another user opened it.
            non_blocking(Path::new("/proc/self/fd/1"))
                .map_or((file, Way::Polled), |reopened| (reopened, Way::NonBlocking))
        } else {
            (file, Way::Polled)
        };
        let is_terminal = file.is_terminal();
        Ok(Pipe { path: None, is_terminal, file, way })
    }

    /// A named pipe or a device.
    ///
    /// # Errors
    /// Those of open(2); ENXIO is a pipe with no reader.
    pub(super) fn open(path: &Path) -> io::Result<Pipe> {
        let file = non_blocking(path)?;
        let (path, is_terminal) = (Some(path.to_owned()), file.is_terminal());
        Ok(Pipe { path, is_terminal, file, way: Way::NonBlocking })
    }

    /// The descriptor to poll.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Whether the reader went away. A program with nothing to write notices this only by polling.
    pub(super) fn is_closed(&self) -> bool {
        let mut fds = [PollFd::new(self.file.as_fd(), PollFlags::empty())];
        self.way != Way::File
            && poll(&mut fds, PollTimeout::ZERO).is_ok()
            && fds[0]
                .revents()
                .is_some_and(|r| r.intersects(PollFlags::POLLERR | PollFlags::POLLHUP))
    }

    /// Writes as many pending lines as it can without blocking.
    ///
    /// # Errors
    /// Those of write(2), except for a reader that went away. Bytes that were not written stay
    /// pending, including the rest of a line.
    pub(super) fn write(&self, pending: &mut Pending) -> io::Result<Written> {
        while !pending.rest().is_empty() {
            if self.way == Way::Polled && !self.has_room() {
                return Ok(Written::Blocked);
            }
            // A larger write could block on a full pipe; a smaller one costs more system calls.
            let limit = if self.way == Way::Polled { PIPE_BUF } else { CHUNK };
            let rest = pending.rest();
            match (&self.file).write(&rest[..rest.len().min(limit)]) {
                Ok(n) => pending.advance(n),
                Err(e) => match e.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::WouldBlock => return Ok(Written::Blocked),
                    ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => {
                        return Ok(Written::Closed);
                    }
                    _ => return Err(e),
                },
            }
        }
        Ok(Written::All)
    }

    fn has_room(&self) -> bool {
        let mut fds = [PollFd::new(self.file.as_fd(), PollFlags::POLLOUT)];
        poll(&mut fds, PollTimeout::ZERO).is_ok() && fds[0].any() == Some(true)
    }
}

fn non_blocking(path: &Path) -> io::Result<File> {
    let flags = nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY;
    OpenOptions::new().write(true).custom_flags(flags).open(path)
}
