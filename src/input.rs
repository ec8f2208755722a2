//! Files and streams that a user names as input. They may be endless, or a pipe that nobody writes to,
//! so how much is read, and for how long, has limits.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::clock::Instant;
use crate::secret;
use crate::words::duration;

/// How long an input may take: a command that writes it may have to ask a person first.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// How much is read at a time, in bytes.
const PART: usize = 64 * 1024;

/// Opens a file to read it; a pipe without a writer does not block.
///
/// # Errors
/// Those of open(2).
pub(crate) fn open(path: impl AsRef<Path>) -> io::Result<File> {
    let flags = nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// All bytes of a file or stream, if there are at most this many.
///
/// # Errors
/// Those of read(2); that it is larger; that it did not end in time.
pub(crate) fn read(input: impl AsFd, most: usize, limit: Duration) -> io::Result<Vec<u8>> {
    // It may be a key, and memory that is outgrown is not wiped.
    let mut bytes = Vec::with_capacity(most + PART);
    let read = each(input.as_fd(), limit, |part| {
        bytes.extend_from_slice(part);
        bytes.len() <= most
    });
    let text = || format!("is larger than {} KiB", most.div_ceil(1024));
    let read = match bytes.len() > most {
        true => Err(io::Error::new(ErrorKind::FileTooLarge, text())),
        false => read,
    };
    match read {
        Ok(()) => Ok(bytes),
        Err(e) => {
            secret::wipe(bytes);
            Err(e)
        }
    }
}

/// The last `keep` bytes of a stream, of which at most `most` bytes are read. A stream that does not
/// end in time ends here.
///
/// # Errors
/// Those of read(2).
pub(crate) fn read_end(input: impl AsFd, keep: usize, mut most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = each(input.as_fd(), PATIENCE, |part| {
        bytes.extend_from_slice(part);
        // Only now and then, since what stays has to be moved.
        if bytes.len() > 2 * keep {
            bytes.drain(..bytes.len() - keep);
        }
        most = most.saturating_sub(part.len());
        most > 0
    });
    bytes.drain(..bytes.len().saturating_sub(keep));
    match read {
        Err(e) if e.kind() != ErrorKind::TimedOut => Err(e),
        _ => Ok(bytes),
    }
}

/// Reads part after part as long as `take` wants more. A person at a terminal may take any time.
fn each(
    input: BorrowedFd<'_>,
    limit: Duration,
    mut take: impl FnMut(&[u8]) -> bool,
) -> io::Result<()> {
    let deadline = (!input.is_terminal()).then(|| Instant::now() + limit);
    let mut part = vec![0; PART];
    let read = loop {
        let left = deadline.map(|deadline| deadline.duration_since(Instant::now()));
        let time = left.map_or(Ok(PollTimeout::NONE), PollTimeout::try_from);
        let ready =
            poll(&mut [PollFd::new(input, PollFlags::POLLIN)], time.unwrap_or(PollTimeout::MAX));
        if ready == Ok(0) || left == Some(Duration::ZERO) {
            let text = format!("did not end within {}", duration(limit));
            break Err(io::Error::new(ErrorKind::TimedOut, text));
        }
        match nix::unistd::read(input, &mut part) {
            Ok(0) => break Ok(()),
            Ok(n) if take(&part[..n]) => {}
            Ok(_) => break Ok(()),
            Err(Errno::EINTR | Errno::EAGAIN) => {}
            Err(e) => break Err(e.into()),
        }
    };
    secret::wipe(part);
    read
}
