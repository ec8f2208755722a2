//! The TCP socket, wrapped for what stands on it: one deadline over a whole step while
//! connecting, a buffer below TLS and no surprise waits while streaming.
//!
//! OpenSSL asks for each record in two small reads; the buffer turns them into one large one.
//! In streaming mode `read` takes from the socket only after [`Wire::permit`]: an empty buffer
//! then surfaces as `WouldBlock` through TLS and the WebSocket, which is how the session learns
//! that nothing more is ready and that output, acknowledgements and a wait are due.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::wait::{Signals, Wake, readable, writable};

/// Enough for several TLS records, so that a backlog costs few system calls.
const BUFFER: usize = 128 * 1024;

/// How many of the first bytes received are kept as evidence of what answered.
const FIRST: usize = 2048;

/// A connected socket in non-blocking mode.
#[derive(Debug)]
pub(crate) struct Wire {
    socket: TcpStream,
    signals: Rc<Signals>,
    pace: Pace,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    first: FirstBytes,
    last_received: Instant,
}

/// The first bytes received on a connection, for saying what answered; they outlive the wire.
pub(crate) type FirstBytes = Rc<RefCell<Vec<u8>>>;

/// A reader that knows how much it can give without waiting.
pub(crate) trait Buffered {
    /// Bytes that have arrived and were not read yet.
    fn buffered(&self) -> usize;
}

#[derive(Debug)]
enum Pace {
    /// Reads and writes wait, until the deadline or a signal to stop.
    Connecting { deadline: Instant },
    /// Reads and writes never wait; one read from the socket for each permit.
    Streaming { permit: bool },
}

/// The payload of the `io::Error` a wait ends with when a signal asks to stop.
#[derive(Debug)]
pub(crate) struct Stopped;

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("stopped by a signal")
    }
}

impl std::error::Error for Stopped {}

impl Wire {
    /// Wraps a connected, non-blocking socket.
    pub(crate) fn new(socket: TcpStream, signals: Rc<Signals>, deadline: Instant) -> Wire {
        Wire {
            socket,
            signals,
            pace: Pace::Connecting { deadline },
            buffer: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            first: FirstBytes::default(),
            last_received: Instant::now(),
        }
    }

    /// While connecting: brings the deadline forward, never back.
    pub(crate) fn hurry(&mut self, limit: Duration) {
        if let Pace::Connecting { deadline } = &mut self.pace {
            *deadline = (*deadline).min(Instant::now() + limit);
        }
    }

    /// Whether reads and writes never wait.
    pub(crate) fn is_streaming(&self) -> bool {
        matches!(self.pace, Pace::Streaming { .. })
    }

    /// From now on nothing waits; allows one read from the socket.
    pub(crate) fn permit(&mut self) {
        self.pace = Pace::Streaming { permit: true };
    }

    /// When the last byte arrived.
    pub(crate) fn last_received(&self) -> Instant {
        self.last_received
    }

    /// The first bytes received so far, and as they come.
    pub(crate) fn first_bytes(&self) -> FirstBytes {
        Rc::clone(&self.first)
    }

    /// Forgets the first bytes: another speaker begins (the server behind a proxy's tunnel).
    pub(crate) fn forget_first_bytes(&mut self) {
        // What the proxy sent beyond its answer belongs to the next speaker already.
        let ahead = &self.buffer[self.start..self.end];
        self.first.replace(ahead[..ahead.len().min(FIRST)].to_vec());
    }

    /// Ends both directions at once, without waiting for anything.
    pub(crate) fn shutdown(&self) {
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    fn receive(&mut self) -> io::Result<usize> {
        let n = self.socket.read(&mut self.buffer)?;
        if n > 0 {
            self.last_received = Instant::now();
            let mut first = self.first.borrow_mut();
            let keep = n.min(FIRST - first.len());
            first.extend_from_slice(&self.buffer[..keep]);
        }
        (self.start, self.end) = (0, n);
        Ok(n)
    }

    fn wait(&self, for_writing: bool, deadline: Instant) -> io::Result<()> {
        let fd = self.socket.as_fd();
        let mut fds = vec![if for_writing { writable(fd) } else { readable(fd) }];
        match self.signals.wait(&mut fds, Some(deadline)) {
            Wake::Ready => Ok(()),
            Wake::Deadline => Err(ErrorKind::TimedOut.into()),
            Wake::Stop => Err(io::Error::other(Stopped)),
        }
    }
}

impl Buffered for Wire {
    fn buffered(&self) -> usize {
        self.end - self.start
    }
}

impl Read for Wire {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.start == self.end {
            match self.pace {
                Pace::Streaming { permit: false } => return Err(ErrorKind::WouldBlock.into()),
                Pace::Streaming { permit: true } => {
                    self.pace = Pace::Streaming { permit: false };
                    if retried(|| self.receive())? == 0 {
                        return Ok(0);
                    }
                }
                Pace::Connecting { deadline } => match retried(|| self.receive()) {
                    Ok(0) => return Ok(0),
                    Ok(_) => {}
                    Err(e) if e.kind() == ErrorKind::WouldBlock => self.wait(false, deadline)?,
                    Err(e) => return Err(e),
                },
            }
        }
        let n = out.len().min(self.end - self.start);
        out[..n].copy_from_slice(&self.buffer[self.start..self.start + n]);
        self.start += n;
        Ok(n)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match (retried(|| self.socket.write(bytes)), &self.pace) {
                (Err(e), &Pace::Connecting { deadline }) if e.kind() == ErrorKind::WouldBlock => {
                    self.wait(true, deadline)?;
                }
                (result, _) => return result,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// `Interrupted` is no error here: with every signal of ours blocked it comes only from a stop
/// and continue of the process, and OpenSSL would take it for the end of the session.
fn retried<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
