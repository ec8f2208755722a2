//! Standard output, written without ever waiting: while it is blocked (a slow pipe, a stopped
//! terminal) pings and signals go on, and nothing is acknowledged that has not left.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Larger writes fill a pipe in one go and wait for its reader; smaller ones cost more calls.
const CHUNK: usize = 32 * 1024;

/// POSIX's PIPE_BUF on Linux: so much fits whenever poll says that something does.
const PIPE_BUF: usize = 4096;

/// Above this no more messages are taken until some of it has left.
const FULL: usize = 1024 * 1024;

/// Lines on their way to standard output, and what each belongs to.
#[derive(Debug)]
pub(crate) struct Stdout<T> {
    file: File,
    way: Way,
    pending: Vec<u8>,
    /// Bytes at the front of `pending` that are out already.
    out: usize,
    /// Where in the stream of bytes `pending` begins.
    base: u64,
    /// For each message in order: the place its line ends at.
    marks: VecDeque<(u64, T)>,
}

/// How a write is kept from waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// A regular file never makes anyone wait for long.
    File,
    /// Opened anew in non-blocking mode: the flag of the shared descriptor stays as it is.
    NonBlocking,
    /// Polled before each write of at most [`PIPE_BUF`].
    Polled,
}

/// What became of a write.
#[derive(Debug)]
pub(crate) enum Written {
    /// Everything is out.
    All,
    /// The reader is slower than we are.
    Blocked,
    /// Nobody reads any more.
    Closed,
}

impl<T> Stdout<T> {
    /// # Errors
    /// When standard output cannot be duplicated.
    pub(crate) fn open() -> io::Result<Stdout<T>> {
        let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let kind = file.metadata()?.file_type();
        let (file, way) = if kind.is_file() {
            (file, Way::File)
        } else if kind.is_fifo() || kind.is_char_device() {
            // Fails without /proc, or where another user opened it.
            OpenOptions::new()
                .write(true)
                .custom_flags(nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY)
                .open("/proc/self/fd/1")
                .map_or((file, Way::Polled), |reopened| (reopened, Way::NonBlocking))
        } else {
            (file, Way::Polled)
        };
        Ok(Stdout { file, way, pending: Vec::new(), out: 0, base: 0, marks: VecDeque::new() })
    }

    /// The buffer a line is appended to.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.pending
    }

    /// Everything appended so far belongs to `what` or to what was marked before.
    pub(crate) fn mark(&mut self, what: T) {
        self.marks.push_back((self.base + self.pending.len() as u64, what));
    }

    /// The next message, in order, whose line has left completely.
    pub(crate) fn next_written(&mut self) -> Option<T> {
        let (end, _) = self.marks.front()?;
        if *end > self.base + self.out as u64 {
            return None;
        }
        self.marks.pop_front().map(|(_, what)| what)
    }

    /// Forgets which lines belong to what; the lines themselves stay.
    pub(crate) fn forget_marks(&mut self) {
        self.marks.clear();
    }

    /// Whether enough has gathered for a write to be worth its system call.
    pub(crate) fn has_chunk(&self) -> bool {
        self.pending.len() - self.out >= CHUNK
    }

    /// Whether no more messages should be taken for now.
    pub(crate) fn is_full(&self) -> bool {
        self.pending.len() - self.out >= FULL
    }

    /// What to poll: room while something is pending, else only whether the reader went away.
    pub(crate) fn interest(&self) -> PollFd<'_> {
        let flags =
            if self.out < self.pending.len() { PollFlags::POLLOUT } else { PollFlags::empty() };
        PollFd::new(self.file.as_fd(), flags)
    }

    /// Whether the reader went away, which an idle program notices only by asking.
    pub(crate) fn is_closed(&self) -> bool {
        let mut fds = [PollFd::new(self.file.as_fd(), PollFlags::empty())];
        self.way != Way::File
            && poll(&mut fds, PollTimeout::ZERO).is_ok()
            && fds[0]
                .revents()
                .is_some_and(|r| r.intersects(PollFlags::POLLERR | PollFlags::POLLHUP))
    }

    /// Writes what is pending, as far as it goes without waiting.
    ///
    /// # Errors
    /// Those of write(2), but for a reader that went away.
    pub(crate) fn write(&mut self) -> io::Result<Written> {
        while self.out < self.pending.len() {
            if self.way == Way::Polled && !self.has_room() {
                self.compact();
                return Ok(Written::Blocked);
            }
            let limit = if self.way == Way::Polled { PIPE_BUF } else { CHUNK };
            let end = self.pending.len().min(self.out + limit);
            match self.file.write(&self.pending[self.out..end]) {
                Ok(n) => self.out += n,
                Err(e) => match e.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::WouldBlock => {
                        self.compact();
                        return Ok(Written::Blocked);
                    }
                    ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => {
                        return Ok(Written::Closed);
                    }
                    _ => return Err(e),
                },
            }
        }
        self.base += self.out as u64;
        self.out = 0;
        if self.pending.capacity() > FULL {
            // One huge message must not cost its memory for ever.
            self.pending = Vec::new();
        }
        self.pending.clear();
        Ok(Written::All)
    }

    fn has_room(&self) -> bool {
        let mut fds = [PollFd::new(self.file.as_fd(), PollFlags::POLLOUT)];
        poll(&mut fds, PollTimeout::ZERO).is_ok() && fds[0].any() == Some(true)
    }

    /// Forgets what is out, before it outgrows what is not.
    fn compact(&mut self) {
        if self.out > self.pending.len() / 2 {
            self.pending.drain(..self.out);
            self.base += self.out as u64;
            self.out = 0;
        }
    }
}
