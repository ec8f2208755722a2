//! A relay that breaks the connections through it with a TCP reset, when told or at random places.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::SockRef;

/// How soon a thread blocked on a socket sees that its connection is to be cut.
const LOOK: Duration = Duration::from_millis(20);

/// The relay; dropping it cuts everything and ends its threads.
#[derive(Debug)]
pub struct Resetter {
    port: u16,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    upstream: u16,
    connections: Mutex<Vec<Weak<Connection>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Feeds the places of the next cuts; none cuts only when told.
    random: Option<Mutex<Random>>,
    cuts: AtomicU64,
    ended: AtomicBool,
}

/// Two sockets that close together, with a reset when cut.
#[derive(Debug)]
struct Connection {
    client: TcpStream,
    server: TcpStream,
    /// Bytes from the server that still pass.
    allowance: AtomicU64,
    over: AtomicBool,
}

impl Resetter {
    /// Passes everything to a port of this machine, until [`Resetter::cut`].
    pub fn start(upstream: u16) -> Resetter {
        Resetter::with(upstream, None)
    }

    /// Cuts each connection by itself after a random number of bytes from the server, `mean` on
    /// average: in the middle of a handshake, a head or a frame. The same seed gives the same
    /// places.
    pub fn random(upstream: u16, seed: u64, mean: u64) -> Resetter {
        Resetter::with(upstream, Some(Random { state: seed | 1, mean }))
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Resets every connection there is, on both sides.
    pub fn cut(&self) {
        for connection in self.shared.connections.lock().unwrap().iter().filter_map(Weak::upgrade) {
            self.shared.reset(&connection);
        }
    }

    /// From now on connections stay, those open included.
    pub fn calm(&self) {
        if let Some(random) = &self.shared.random {
            random.lock().unwrap().mean = u64::MAX;
        }
        for connection in self.shared.connections.lock().unwrap().iter().filter_map(Weak::upgrade) {
            connection.allowance.store(u64::MAX, Ordering::Release);
        }
    }

    /// How many connections have been cut.
    pub fn cuts(&self) -> u64 {
        self.shared.cuts.load(Ordering::Acquire)
    }

    fn with(upstream: u16, random: Option<Random>) -> Resetter {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            upstream,
            connections: Mutex::default(),
            threads: Mutex::default(),
            random: random.map(Mutex::new),
            cuts: AtomicU64::new(0),
            ended: AtomicBool::new(false),
        });
        let listening = thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.listen(&listener)
        });
        Resetter { port, shared, listening: Some(listening) }
    }
}

impl Drop for Resetter {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        let _ = self.listening.take().map(JoinHandle::join);
        self.cut();
        for thread in self.shared.threads.lock().unwrap().drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn listen(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            if self.ended.load(Ordering::Acquire) {
                return;
            }
            // Without an upstream the client sees its connection closed, as behind a gateway that
            // stops.
            let Ok(connection) = client.and_then(|client| self.connect(client)) else { continue };
            let connection = Arc::new(connection);
            self.connections.lock().unwrap().push(Arc::downgrade(&connection));
            let mut threads = self.threads.lock().unwrap();
            for from_server in [true, false] {
                let (shared, connection) = (Arc::clone(self), Arc::clone(&connection));
                threads.push(thread::spawn(move || {
                    // An error and an end are one: both directions are over.
                    let _ = shared.relay(&connection, from_server);
                    connection.over.store(true, Ordering::Release);
                }));
            }
        }
    }

    fn connect(&self, client: TcpStream) -> io::Result<Connection> {
        let server = TcpStream::connect(("127.0.0.1", self.upstream))?;
        for socket in [&client, &server] {
            socket.set_read_timeout(Some(LOOK))?;
            socket.set_write_timeout(Some(LOOK))?;
            socket.set_nodelay(true)?;
        }
        let allowance =
            self.random.as_ref().map_or(u64::MAX, |random| random.lock().unwrap().next());
        Ok(Connection {
            client,
            server,
            allowance: AtomicU64::new(allowance),
            over: AtomicBool::new(false),
        })
    }

    fn relay(&self, connection: &Connection, from_server: bool) -> io::Result<()> {
        let (mut from, mut to) = (&connection.client, &connection.server);
        if from_server {
            (from, to) = (to, from);
        }
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = connection.retry(|| from.read(&mut buffer))?;
            if count == 0 {
                return Ok(());
            }
            let mut passing = &buffer[..count];
            let allowance = connection.allowance.load(Ordering::Acquire);
            let cut = from_server && allowance <= count as u64;
            if cut {
                passing = &passing[..allowance as usize];
            } else if from_server && allowance != u64::MAX {
                // Calm may have come in between, and stays.
                let left = allowance - count as u64;
                let _ = connection.allowance.compare_exchange(
                    allowance,
                    left,
                    Ordering::AcqRel,
                    Ordering::Acquire,
                );
            }
            while !passing.is_empty() {
                let written = connection.retry(|| to.write(passing))?;
                passing = &passing[written..];
            }
            if cut {
                self.reset(connection);
                return Ok(());
            }
        }
    }

    /// The sockets close without lingering, which sends a reset, once both threads have let go of
    /// them.
    fn reset(&self, connection: &Connection) {
        for socket in [&connection.client, &connection.server] {
            let _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
        }
        if !connection.over.swap(true, Ordering::AcqRel) {
            self.cuts.fetch_add(1, Ordering::AcqRel);
        }
    }
}

impl Connection {
    /// Repeats what ran into the short limit of the sockets, as long as the connection is to live.
    fn retry(&self, mut action: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
        loop {
            if self.over.load(Ordering::Acquire) {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            match action() {
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                    ) => {}
                outcome => return outcome,
            }
        }
    }
}

/// Xorshift: as random as a test needs it, and the same on every machine.
#[derive(Debug)]
struct Random {
    state: u64,
    mean: u64,
}

impl Random {
    fn next(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        if self.mean == u64::MAX { u64::MAX } else { 1 + self.state % (2 * self.mean) }
    }
}
