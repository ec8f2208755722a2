//! One connection's bytes: a socket that waits but can be called back at any time (`Remote`), and
//! TLS on top of it or not.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};
use openssl::ssl::SslStream;
use socket2::SockRef;

/// How a connection is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// In good order: FIN, and with TLS its notification before.
    Fin,
    /// FIN only.
    RudeFin,
    /// RST.
    Reset,
}

/// What a test can tell a connection from outside.
#[derive(Clone, Debug)]
pub(super) enum Order {
    End(Ending),
    Close(u16, String),
}

/// The handle by which others reach a connection's thread.
#[derive(Debug)]
pub(super) struct Remote {
    wake: EventFd,
    order: Mutex<Option<Order>>,
}

impl Remote {
    pub(super) fn new() -> Arc<Remote> {
        let wake = EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC).unwrap();
        Arc::new(Remote { wake, order: Mutex::new(None) })
    }

    pub(super) fn order(&self, order: Order) {
        *self.order.lock().unwrap() = Some(order);
        self.wake();
    }

    /// Says: look at the state again.
    pub(super) fn wake(&self) {
        let _ = self.wake.write(1);
    }

    pub(super) fn take_order(&self) -> Option<Order> {
        self.order.lock().unwrap().take()
    }

    pub(super) fn ordered_end(&self) -> Option<Ending> {
        match *self.order.lock().unwrap() {
            Some(Order::End(ending)) => Some(ending),
            _ => None,
        }
    }

    /// Waits until `deadline`, for ever without one; `Err` when ordered to end.
    pub(super) fn pause(&self, deadline: Option<Instant>) -> Result<(), Ending> {
        loop {
            if let Some(ending) = self.ordered_end() {
                return Err(ending);
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(());
            }
            self.poll(None, deadline);
        }
    }

    /// Waits for the socket, for a wake-up (which it takes) or for the deadline.
    pub(super) fn poll(&self, socket: Option<(&TcpStream, PollFlags)>, until: Option<Instant>) {
        let mut fds = vec![PollFd::new(self.wake.as_fd(), PollFlags::POLLIN)];
        if let Some((socket, flags)) = socket {
            fds.push(PollFd::new(socket.as_fd(), flags));
        }
        let timeout = until.map_or(PollTimeout::NONE, |until| {
            // Rounded up: a wait that ends a moment early would turn into a spin.
            let left = until.saturating_duration_since(Instant::now());
            PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
        });
        // An interrupted poll is a wake-up like any other.
        if poll(&mut fds, timeout).is_ok() && fds[0].any().unwrap_or(false) {
            let _ = self.wake.read();
        }
    }
}

/// A TCP connection whose reads and writes wait while it is `patient`, and end when ordered to.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) tcp: TcpStream,
    pub(super) remote: Arc<Remote>,
    pub(super) patient: bool,
    /// Each byte takes so long.
    pub(super) trickle: Option<Duration>,
}

impl Socket {
    pub(super) fn new(tcp: TcpStream, remote: Arc<Remote>) -> Socket {
        tcp.set_nonblocking(true).unwrap();
        tcp.set_nodelay(true).unwrap();
        Socket { tcp, remote, patient: true, trickle: None }
    }

    /// Ends it. A socket closed with unread data would be reset, so FIN is followed by reading on.
    pub(super) fn end(mut self, ending: Ending) {
        match ending {
            Ending::Reset => {
                let _ = SockRef::from(&self.tcp).set_linger(Some(Duration::ZERO));
            }
            Ending::Fin | Ending::RudeFin => {
                let _ = self.tcp.shutdown(Shutdown::Write);
                self.patient = true;
                let _ = io::copy(&mut self, &mut io::sink());
            }
        }
    }

    fn waiting<T>(
        &mut self,
        flags: PollFlags,
        mut attempt: impl FnMut(&mut TcpStream) -> io::Result<T>,
    ) -> io::Result<T> {
        loop {
            match attempt(&mut self.tcp) {
                Err(error) if error.kind() == ErrorKind::WouldBlock && self.patient => {
                    if self.remote.ordered_end().is_some() {
                        return Err(io::Error::other("ended by the test"));
                    }
                    self.remote.poll(Some((&self.tcp, flags)), None);
                }
                result => return result,
            }
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.waiting(PollFlags::POLLIN, |tcp| tcp.read(buffer))
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut bytes = bytes;
        if let Some(pause) = self.trickle {
            bytes = &bytes[..bytes.len().min(1)];
            if self.remote.pause(Some(Instant::now() + pause)).is_err() {
                return Err(io::Error::other("ended by the test"));
            }
        }
        self.waiting(PollFlags::POLLOUT, |tcp| tcp.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What HTTP and WebSocket are spoken over.
pub(super) enum Wire {
    Plain(Socket),
    Tls(Box<SslStream<Socket>>),
}

impl Wire {
    pub(super) fn socket(&self) -> &Socket {
        match self {
            Wire::Plain(socket) => socket,
            Wire::Tls(tls) => tls.get_ref(),
        }
    }

    pub(super) fn socket_mut(&mut self) -> &mut Socket {
        match self {
            Wire::Plain(socket) => socket,
            Wire::Tls(tls) => tls.get_mut(),
        }
    }

    pub(super) fn end(mut self, ending: Ending) {
        if let (Wire::Tls(tls), Ending::Fin) = (&mut self, ending) {
            let _ = tls.shutdown();
        }
        match self {
            Wire::Plain(socket) => socket.end(ending),
            Wire::Tls(tls) => {
                // The TLS session cannot be taken off its socket; a second handle ends it.
                let second = tls.get_ref().tcp.try_clone().unwrap();
                let remote = Arc::clone(&tls.get_ref().remote);
                drop(tls);
                Socket::new(second, remote).end(ending);
            }
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Wire::Plain(socket) => socket.read(buffer),
            Wire::Tls(tls) => tls.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Plain(socket) => socket.write(bytes),
            Wire::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
