//! TCP: all addresses are tried, each starting 250 ms after the one before and racing it, so that a
//! dead address costs a quarter of a second and not the kernel's two minutes (RFC 8305).

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};

use super::halt::Halt;
use super::observation::{Attempt, Observation};
use super::resolve::is_sinkhole;
use super::step::StepContext;
use crate::clock::Instant;
use crate::fault::{Fault, is_exhausted};
use crate::wait::{Interest, Wake};
use crate::words;

/// How long an address is tried alone before the next one starts.
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to the first address that answers.
pub(super) fn dial(
    addresses: &[IpAddr],
    port: u16,
    on: &mut StepContext<'_>,
) -> Result<TcpStream, Halt> {
    let mut race = Race {
        waiting: addresses.iter().map(|&ip| SocketAddr::new(ip, port)),
        pending: Vec::new(),
        failed: Vec::new(),
        next_start: None,
    };
    while race.start_due(on) {
        let mut fds: Vec<_> =
            race.pending.iter().map(|p| Interest::writable(p.socket.as_fd())).collect();
        let until = race.next_start.map_or(on.deadline, |at| at.min(on.deadline));
        let wake = on.host.wait(&mut fds, Some(until));
        let ready: Vec<bool> = fds.iter().map(|one| one.is_ready).collect();
        match wake {
            Wake::Stop => return Err(Halt::Stopped),
            Wake::Deadline if Instant::now() >= on.deadline => {
                race.give_up(on);
                break;
            }
            Wake::Deadline => {}
            Wake::Ready => {
                if let Some(socket) = race.winner(&ready, on) {
                    return Ok(socket.into());
                }
            }
        }
    }
    Err(all_failed(&race.failed, on))
}

/// The addresses of one host, as they are tried.
struct Race<A> {
    waiting: A,
    pending: Vec<Connecting>,
    failed: Vec<Attempt>,
    /// When the next one starts beside those that are pending; `None` when none is left.
    next_start: Option<Instant>,
}

/// An address that has not answered yet.
struct Connecting {
    address: SocketAddr,
    socket: Socket,
    began: Instant,
}

impl<A: Iterator<Item = SocketAddr>> Race<A> {
    /// Starts the next address if it is due, or nothing else is pending. `false` when all have
    /// failed.
    fn start_due(&mut self, on: &mut StepContext<'_>) -> bool {
        while self.pending.is_empty() || self.next_start.is_some_and(|at| Instant::now() >= at) {
            let Some(address) = self.waiting.next() else {
                self.next_start = None;
                break;
            };
            let began = Instant::now();
            match start(address) {
                Ok(socket) => {
                    self.pending.push(Connecting { address, socket, began });
                    self.next_start = Some(began + HEAD_START);
                }
                Err(e) => self.note(address, began, &e, on),
            }
        }
        !self.pending.is_empty()
    }

    /// The socket that is connected, of those that are ready.
    fn winner(&mut self, ready: &[bool], on: &mut StepContext<'_>) -> Option<Socket> {
        for i in (0..ready.len()).rev().filter(|&i| ready[i]) {
            let Connecting { address, socket, began } = self.pending.remove(i);
            match finish(&socket) {
                Ok(()) => {
                    let elapsed = began.elapsed();
                    on.saw(Observation::Attempt(&Attempt { address, outcome: Ok(()), elapsed }));
                    return Some(socket);
                }
                Err(e) => self.note(address, began, &e, on),
            }
            // A failure frees the way for the next address at once.
            self.next_start = Some(Instant::now());
        }
        None
    }

    /// The time is over for all that are pending.
    fn give_up(&mut self, on: &mut StepContext<'_>) {
        let e = ErrorKind::TimedOut.into();
        for Connecting { address, began, .. } in std::mem::take(&mut self.pending) {
            self.note(address, began, &e, on);
        }
    }

    fn note(
        &mut self,
        address: SocketAddr,
        began: Instant,
        e: &io::Error,
        on: &mut StepContext<'_>,
    ) {
        // Of the errors of our own machine only this one decides the fault; std has no kind for it.
        let kind = if is_exhausted(e) { ErrorKind::OutOfMemory } else { e.kind() };
        let outcome = Err((kind, in_words(e)));
        let attempt = Attempt { address, outcome, elapsed: began.elapsed() };
        on.saw(Observation::Attempt(&attempt));
        self.failed.push(attempt);
    }
}

fn start(address: SocketAddr) -> io::Result<Socket> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM.nonblocking().cloexec(), Some(Protocol::TCP))?;
    match socket.connect(&address.into()) {
        Err(e) if e.raw_os_error() != Some(nix::libc::EINPROGRESS) => Err(e),
        _ => Ok(socket),
    }
}

fn finish(socket: &Socket) -> io::Result<()> {
    if let Some(e) = socket.take_error()? {
        return Err(e);
    }
    // Acknowledgements are small and must not be held back to fill a packet.
    socket.set_tcp_nodelay(true)?;
    // WebSocket pings usually notice a dead peer first; this helps if they are set to be rare.
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(30))
        .with_interval(Duration::from_secs(10))
        .with_retries(3);
    socket.set_tcp_keepalive(&keepalive)
}

/// The failure when every address failed: all their causes, and the fault of the one that got
/// furthest.
fn all_failed(failed: &[Attempt], on: &StepContext<'_>) -> Halt {
    let errors = || failed.iter().filter_map(|a| a.outcome.as_ref().err().map(|e| (a.address, e)));
    let any = |wanted: &[ErrorKind]| errors().any(|(_, (kind, _))| wanted.contains(kind));
    let cause = errors().map(|(address, (_, words))| match failed.len() {
        1 => words.clone(),
        _ => format!("{address} {words}"),
    });
    let cause = cause.collect::<Vec<_>>().join(", ");
    let is_literal = failed.iter().any(|a| on.subject.contains(&a.address.to_string()));
    let sinkhole = failed.iter().map(|a| a.address.ip()).find(|ip| is_sinkhole(*ip));
    if any(&[ErrorKind::OutOfMemory]) {
        return on.failure(Fault::NoResources, cause).into();
    }
    let (fault, blocked) = if any(&[ErrorKind::ConnectionRefused, ErrorKind::ConnectionReset]) {
        (Fault::Refused, Fault::SinkholeRefused)
    } else if any(&[ErrorKind::TimedOut]) {
        (Fault::ConnectTimeout, Fault::SinkholeTimeout)
    } else {
        (Fault::Unreachable, Fault::SinkholeUnreachable)
    };
    match sinkhole.filter(|_| !is_literal) {
        Some(ip) => on.failure(blocked, cause).with("address", ip.to_string()).into(),
        None => on.failure(fault, cause).into(),
    }
}

/// The usual words for an error, without the operating system's error number.
fn in_words(e: &io::Error) -> String {
    match e.kind() {
        ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        ErrorKind::ConnectionReset => "connection reset".to_owned(),
        ErrorKind::TimedOut => "no answer".to_owned(),
        ErrorKind::HostUnreachable => "no route to host".to_owned(),
        ErrorKind::NetworkUnreachable => "network is unreachable".to_owned(),
        // A `prohibit` or `blackhole` route of this machine.
        ErrorKind::PermissionDenied | ErrorKind::InvalidInput => {
            "forbidden by this machine's own routes or firewall".to_owned()
        }
        _ => words::reason(e),
    }
}
