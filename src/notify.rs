//! Notifications for systemd (sd_notify(3)): one datagram each to the socket it names.

use std::ffi::OsStr;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use crate::clock::Instant;

/// The connection to the service manager, if there is one.
#[derive(Debug)]
pub(crate) struct Notify {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// How often a watchdog notification is sent: twice as often as the manager requires.
    watchdog: Option<Duration>,
    next: Instant,
}

impl Notify {
    /// The manager that the environment names, if any.
    pub(crate) fn of_process() -> Notify {
        let var = |name| std::env::var(name).ok();
        let socket = std::env::var_os("NOTIFY_SOCKET").and_then(|name| open(&name));
        let ours = var("WATCHDOG_PID").is_none_or(|pid| pid.parse() == Ok(std::process::id()));
        let micros = var("WATCHDOG_USEC").and_then(|usec| usec.parse().ok()).filter(|_| ours);
        let watchdog = micros.filter(|&usec| usec > 0).map(|usec| Duration::from_micros(usec) / 2);
        Notify { watchdog: watchdog.filter(|_| socket.is_some()), socket, next: Instant::now() }
    }

    /// Reports that the first session is open.
    pub(crate) fn ready(&self) {
        self.send("READY=1");
    }

    /// Reports what the run is doing, for `systemctl status`, on one line.
    pub(crate) fn status(&self, line: &str) {
        self.send(&format!("STATUS={line}"));
    }

    pub(crate) fn stopping(&self) {
        self.send("STOPPING=1");
    }

    /// When the next watchdog notification is due.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.watchdog.map(|_| self.next)
    }

    /// Sends a watchdog notification if it is due.
    pub(crate) fn work(&mut self, now: Instant) {
        if let Some(every) = self.watchdog.filter(|_| now >= self.next) {
            self.next = now + every;
            self.send("WATCHDOG=1");
        }
    }

    /// Sends a datagram. Errors are ignored: a manager that does not listen is no reason to stop.
    fn send(&self, text: &str) {
        if let Some((socket, address)) = &self.socket {
            let _ = socket.send_to_addr(text.as_bytes(), address);
        }
    }
}

/// Opens a socket for this address: a path, or with `@` a name in the abstract namespace.
fn open(name: &OsStr) -> Option<(UnixDatagram, SocketAddr)> {
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(name),
    };
    let socket = UnixDatagram::unbound().ok()?;
    socket.set_nonblocking(true).ok()?;
    Some((socket, address.ok()?))
}
