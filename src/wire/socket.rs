//! The TCP socket, wrapped for the layers above: it has a buffer below TLS, and never blocks.
//!
//! OpenSSL asks for each record in two small reads; the buffer turns them into one large one. Only
//! [`Wire::fill`] reads from the socket. Reading an empty buffer returns `WouldBlock`, which passes
//! up through TLS and the WebSocket and tells their caller that nothing more is ready, so that it
//! should wait.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;

use nix::poll::PollFlags;

use crate::clock::Instant;
use crate::wait::Interest;

/// Enough for several TLS records, so that a backlog costs few system calls.
const BUFFER: usize = 128 * 1024;

/// How many of the first bytes received are kept as evidence of what answered.
const FIRST: usize = 2048;

/// A connected socket in non-blocking mode.
#[derive(Debug)]
pub(crate) struct Wire {
    socket: TcpStream,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// What a read returns once the buffer is empty: the end, or an error.
    ending: Option<io::Result<()>>,
    /// Since when the socket has taken nothing, although there was something to write.
    full_since: Option<Instant>,
    first: Vec<u8>,
    last_received: Instant,
}

impl Wire {
    /// Wraps a connected, non-blocking socket.
    pub(crate) fn new(socket: TcpStream) -> Wire {
        Wire {
            socket,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            ending: None,
            full_since: None,
            first: Vec::new(),
            last_received: Instant::now(),
        }
    }

    /// What to wait for: bytes to read, and also room if the last write found none.
    pub(crate) fn interest(&self) -> Interest<'_> {
        let mut events = PollFlags::POLLIN;
        events.set(PollFlags::POLLOUT, self.full_since.is_some());
        self.interest_in(events)
    }

    /// The socket with the events that the caller wants to wait for.
    pub(crate) fn interest_in(&self, events: PollFlags) -> Interest<'_> {
        Interest::new(self.socket.as_fd(), events)
    }

    /// Reads once from the socket, if the buffer is empty. An end or an error is kept for the next
    /// reads.
    pub(crate) fn fill(&mut self) {
        if self.start < self.end || self.ending.is_some() {
            return;
        }
        let received = retried(|| self.socket.read(&mut self.buffer));
        match received {
            Ok(0) => self.ending = Some(Ok(())),
            Ok(n) => {
                (self.start, self.end) = (0, n);
                self.last_received = Instant::now();
                let keep = n.min(FIRST - self.first.len());
                self.first.extend_from_slice(&self.buffer[..keep]);
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => {}
            Err(e) => self.ending = Some(Err(e)),
        }
    }

    /// Bytes that have arrived but have not been read yet.
    pub(crate) fn buffered(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// When the last byte arrived.
    pub(crate) fn last_received(&self) -> Instant {
        self.last_received
    }

    /// Since when the socket has taken nothing of what is to be written; `None` if it took the last
    /// write.
    pub(crate) fn full_since(&self) -> Option<Instant> {
        self.full_since
    }

    /// The first bytes received, which show what answered.
    pub(crate) fn first_bytes(&self) -> &[u8] {
        &self.first
    }

    /// Forgets the first bytes, because from now on another peer answers: the server behind the
    /// proxy's tunnel.
    pub(crate) fn forget_first_bytes(&mut self) {
        // Anything after the proxy's answer already comes from the server.
        let ahead = self.buffered();
        self.first = ahead[..ahead.len().min(FIRST)].to_vec();
    }

    /// Shuts down both directions at once, without waiting for anything.
    pub(crate) fn shutdown(&self) {
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

impl Read for Wire {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end {
            return match self.ending.take() {
                None => Err(ErrorKind::WouldBlock.into()),
                // After an end or an error, every further read returns the end.
                Some(ending) => {
                    self.ending = Some(Ok(()));
                    ending.map(|()| 0)
                }
            };
        }
        let n = out.len().min(self.end - self.start);
        out[..n].copy_from_slice(&self.buffer[self.start..self.start + n]);
        self.start += n;
        Ok(n)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = retried(|| self.socket.write(bytes));
        match &written {
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                self.full_since.get_or_insert_with(Instant::now);
            }
            _ => self.full_since = None,
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Repeats a call that was interrupted. All our signals are blocked, so only stopping and
/// continuing the process interrupts a call, and OpenSSL would take that for the end of the session.
fn retried<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
