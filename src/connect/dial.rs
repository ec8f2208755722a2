//! TCP: all addresses are tried, each starting 250 ms after the one before and racing it, so that a
//! dead address costs a quarter of a second and not the kernel's two minutes (RFC 8305).

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};

use super::evidence::{Attempt, Evidence};
use super::halt::Halt;
use super::resolve::is_sinkhole;
use super::step::StepContext;
use crate::fault::Fault;
use crate::wait::{Interest, Wake};

/// How long an address is tried alone before the next one starts.
const HEAD_START: Duration = Duration::from_millis(250);

struct Pending {
    address: SocketAddr,
    socket: Socket,
    began: Instant,
}

/// Connects to the first address that answers.
pub(super) fn dial(
    addresses: &[IpAddr],
    port: u16,
    on: &mut StepContext<'_>,
) -> Result<TcpStream, Halt> {
    let mut waiting = addresses.iter().map(|&ip| SocketAddr::new(ip, port));
    let mut pending: Vec<Pending> = Vec::new();
    let mut failed: Vec<Attempt> = Vec::new();
    let mut next_start = Some(Instant::now());
    loop {
        let now = Instant::now();
        if next_start.is_some_and(|at| now >= at) || pending.is_empty() {
            match waiting.next() {
                Some(address) => {
                    next_start = Some(now + HEAD_START);
                    match start(address) {
                        Ok(socket) => pending.push(Pending { address, socket, began: now }),
                        Err(e) => {
                            note(&mut failed, address, now, &e, on);
                            next_start = Some(now);
                            continue;
                        }
                    }
                }
                None if pending.is_empty() => return Err(all_failed(&failed, on)),
                None => next_start = None,
            }
        }
        let mut fds: Vec<_> =
            pending.iter().map(|p| Interest::writable(p.socket.as_fd())).collect();
        let until = next_start.map_or(on.deadline, |at| at.min(on.deadline));
        let wake = on.host.wait(&mut fds, Some(until));
        let ready: Vec<bool> = fds.iter().map(|one| one.is_ready).collect();
        match wake {
            Wake::Stop => return Err(Halt::Stopped),
            Wake::Deadline if Instant::now() >= on.deadline => {
                let e = ErrorKind::TimedOut.into();
                for Pending { address, began, .. } in pending {
                    note(&mut failed, address, began, &e, on);
                }
                return Err(all_failed(&failed, on));
            }
            Wake::Deadline => {}
            Wake::Ready => {
                for i in (0..pending.len()).rev().filter(|&i| ready[i]) {
                    let Pending { address, socket, began } = pending.remove(i);
                    match finish(&socket) {
                        Ok(()) => {
                            let elapsed = began.elapsed();
                            on.saw(Evidence::Attempt(&Attempt {
                                address,
                                outcome: Ok(()),
                                elapsed,
                            }));
                            return Ok(socket.into());
                        }
                        Err(e) => note(&mut failed, address, began, &e, on),
                    }
                    // After a failure the next address starts at once.
                    next_start = Some(Instant::now());
                }
            }
        }
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

fn note(
    failed: &mut Vec<Attempt>,
    address: SocketAddr,
    began: Instant,
    e: &io::Error,
    on: &mut StepContext<'_>,
) {
    let outcome = Err((e.kind(), words(e)));
    let attempt = Attempt { address, outcome, elapsed: began.elapsed() };
    on.saw(Evidence::Attempt(&attempt));
    failed.push(attempt);
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
fn words(e: &io::Error) -> String {
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
        _ => e.to_string(),
    }
}
