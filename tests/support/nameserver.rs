//! Nameservers on loopback, each with a behaviour that has a name, and the file that leads to them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::scratch::Scratch;

/// What a nameserver does with every question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nameserver {
    /// Knows this name and its address, and no other.
    Knows(&'static str, Ipv4Addr),
    /// NXDOMAIN.
    NoSuchName,
    /// Knows the name, but no address of it.
    NoAddress,
    /// SERVFAIL.
    Fails,
    /// REFUSED.
    Refuses,
    /// What it says is no answer.
    Garbage,
    /// Takes the question and says nothing.
    Silent,
    /// Knows this name and its address, and leaves the first question unanswered.
    KnowsLater(&'static str, Ipv4Addr),
    /// Knows every name below this domain.
    KnowsAllBelow(&'static str, Ipv4Addr),
    /// Its machine is there, and it is not.
    PortClosed,
    /// There is no way to it: a broadcast address, to which nobody may send.
    Unreachable,
}

/// Some of them, in the order they are asked. They end with this.
pub struct Nameservers {
    folder: Scratch,
    /// Keeps the numbers of closed ports free, too.
    servers: Vec<Server>,
    asked: Arc<Mutex<Vec<String>>>,
}

struct Server {
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Nameservers {
    pub fn start(behaviours: &[Nameserver]) -> Nameservers {
        let asked = Arc::default();
        let servers = behaviours.iter().map(|&it| Server::start(it, &asked)).collect();
        let folder = Scratch::new("nameservers");
        let nameservers = Nameservers { folder, servers, asked };
        let lines = nameservers.servers.iter().map(|it| format!("nameserver {}\n", it.address));
        std::fs::write(nameservers.resolv_conf(), lines.collect::<String>()).unwrap();
        nameservers
    }

    /// One at the port where the C library asks, with these further lines for it. `None` if this
    /// user may not have that port.
    pub fn of_this_machine(behaviour: Nameserver, lines: &str) -> Option<Nameservers> {
        let socket = UdpSocket::bind((Ipv4Addr::new(127, 80, 53, 1), 53)).ok()?;
        let asked = Arc::default();
        let server = Server::on(socket, behaviour, &asked);
        let folder = Scratch::new("nameservers");
        let text = format!("nameserver {}\n{lines}", server.address.ip());
        std::fs::write(folder.join("resolv.conf"), text).unwrap();
        Some(Nameservers { folder, servers: vec![server], asked })
    }

    /// What `TAIL8X8_RESOLV_CONF` gets, or what is mounted over /etc/resolv.conf.
    pub fn resolv_conf(&self) -> PathBuf {
        self.folder.join("resolv.conf")
    }

    /// The names that were asked for, in their order.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Server {
    fn start(behaviour: Nameserver, asked: &Arc<Mutex<Vec<String>>>) -> Server {
        if behaviour == Nameserver::Unreachable {
            return Server { address: (Ipv4Addr::BROADCAST, 53).into(), thread: None };
        }
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = socket.local_addr().unwrap();
        if behaviour == Nameserver::PortClosed {
            return Server { address, thread: None };
        }
        Server::on(socket, behaviour, asked)
    }

    fn on(socket: UdpSocket, behaviour: Nameserver, asked: &Arc<Mutex<Vec<String>>>) -> Server {
        let address = socket.local_addr().unwrap();
        let asked = Arc::clone(asked);
        let thread = std::thread::spawn(move || {
            let mut packet = [0; 512];
            let mut is_late = matches!(behaviour, Nameserver::KnowsLater(..));
            while let Ok((length @ 1.., client)) = socket.recv_from(&mut packet) {
                let question = &packet[..length];
                let name = name(question);
                let answer = behaviour.answer(question, &name);
                if let Some(answer) = answer.filter(|_| !std::mem::take(&mut is_late)) {
                    // Whoever asked may be gone.
                    let _ = socket.send_to(&answer, client);
                }
                asked.lock().unwrap().push(name);
            }
        });
        Server { address, thread: Some(thread) }
    }
}

impl Drop for Nameservers {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let Some(thread) = server.thread.take() else { continue };
            // An empty datagram ends it.
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            socket.send_to(&[], server.address).unwrap();
            let panicked = thread.join().is_err();
            assert!(!panicked || std::thread::panicking(), "a nameserver's thread panicked");
        }
    }
}

impl Nameserver {
    fn answer(self, question: &[u8], name: &str) -> Option<Vec<u8>> {
        let with = |code: u8, address: Option<Ipv4Addr>| {
            let mut packet = question.to_vec();
            packet[2] |= 0x80;
            packet[3] = 0x80 | code;
            // Only to a question for an IPv4 address: type A, class IN.
            if let Some(address) = address.filter(|_| question.ends_with(&[0, 1, 0, 1])) {
                packet[7] = 1;
                // A pointer to the name in the question; type A, class IN, a minute, four bytes.
                packet.extend_from_slice(b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04");
                packet.extend_from_slice(&address.octets());
            }
            Some(packet)
        };
        match self {
            Nameserver::Knows(known, address) | Nameserver::KnowsLater(known, address)
                if name == known =>
            {
                with(0, Some(address))
            }
            Nameserver::KnowsAllBelow(domain, address)
                if name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')) =>
            {
                with(0, Some(address))
            }
            Nameserver::Knows(..)
            | Nameserver::KnowsLater(..)
            | Nameserver::KnowsAllBelow(..)
            | Nameserver::NoSuchName => with(3, None),
            Nameserver::NoAddress => with(0, None),
            Nameserver::Fails => with(2, None),
            Nameserver::Refuses => with(5, None),
            Nameserver::Garbage => Some(b"hello".to_vec()),
            Nameserver::Silent | Nameserver::PortClosed | Nameserver::Unreachable => None,
        }
    }
}

/// The name in a question: labels with their length before them.
fn name(question: &[u8]) -> String {
    let mut labels = Vec::new();
    let mut at = 12;
    while let Some(&length @ 1..) = question.get(at) {
        let label = &question[at + 1..][..usize::from(length)];
        labels.push(String::from_utf8_lossy(label).into_owned());
        at += 1 + usize::from(length);
    }
    labels.join(".")
}
