//! The port: who listens on it, and what happens to each connection from its acceptance to its end.

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use openssl::ssl::{HandshakeError, NameType};
use socket2::{Domain, Type};

use super::fault::Fault;
use super::seen::Connection;
use super::state::Shared;
use super::wire::{Ending, Order, Remote, Socket, Wire};
use super::{acceptor, gateway};
use crate::support::ca::Ca;

/// A port in one of its three states. Its number stays ours in each.
pub(super) struct Port {
    state: PortState,
    connections: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

enum PortState {
    Listening {
        thread: Option<JoinHandle<()>>,
        stop: std::os::fd::OwnedFd,
    },
    /// Bound but not listening: refused by the kernel.
    Refusing(#[allow(dead_code)] socket2::Socket),
    /// Listening with a queue that is full, and those who fill it.
    Full(#[allow(dead_code)] socket2::Socket, #[allow(dead_code)] Vec<TcpStream>),
}

impl Port {
    pub(super) fn listening(address: IpAddr, number: u16, shared: &Arc<Shared>) -> (Port, u16) {
        let connections = Arc::default();
        let (state, number) = listen(bound(address, number), shared, &connections);
        (Port { state, connections }, number)
    }

    pub(super) fn refusing(address: IpAddr, number: u16) -> (Port, u16) {
        let socket = bound(address, number);
        let number = number_of(&socket);
        (Port { state: PortState::Refusing(socket), connections: Arc::default() }, number)
    }

    pub(super) fn full(address: IpAddr) -> (Port, u16) {
        let socket = bound(address, 0);
        socket.listen(0).unwrap();
        let place = SocketAddr::new(address, number_of(&socket));
        let mut fillers = Vec::new();
        // Loopback answers at once or never.
        while let Ok(filler) = TcpStream::connect_timeout(&place, Duration::from_millis(300)) {
            fillers.push(filler);
        }
        (
            Port { state: PortState::Full(socket, fillers), connections: Arc::default() },
            place.port(),
        )
    }

    pub(super) fn stop_listening(&mut self, address: IpAddr, number: u16) {
        if let PortState::Listening { .. } = self.state {
            self.stop();
            self.state = PortState::Refusing(bound(address, number));
        }
    }

    pub(super) fn listen_again(&mut self, shared: &Arc<Shared>) {
        if let PortState::Refusing(socket) = &self.state {
            let socket = socket.try_clone().unwrap();
            self.state = listen(socket, shared, &self.connections).0;
        }
    }

    /// Ends listener and connections; gives what panicked.
    pub(super) fn end(&mut self, shared: &Shared) -> Vec<String> {
        let mut panics = Vec::from_iter(self.stop());
        for remote in &shared.lock().remotes {
            remote.order(Order::End(Ending::Reset));
        }
        let threads = std::mem::take(&mut *self.connections.lock().unwrap());
        panics.extend(threads.into_iter().filter_map(panic_of));
        panics
    }

    fn stop(&mut self) -> Option<String> {
        let PortState::Listening { thread, stop } = &mut self.state else {
            return None;
        };
        nix::unistd::write(stop, &1_u64.to_ne_bytes()).unwrap();
        thread.take().and_then(panic_of)
    }
}

fn panic_of(thread: JoinHandle<()>) -> Option<String> {
    let name = thread.thread().name().unwrap_or_default().to_owned();
    let panic = thread.join().err()?;
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
    Some(format!("{name}: {}", text.unwrap_or_default()))
}

fn bound(address: IpAddr, number: u16) -> socket2::Socket {
    let place = SocketAddr::new(address, number);
    let socket = socket2::Socket::new(Domain::for_address(place), Type::STREAM, None).unwrap();
    // A port whose connections are not all gone yet is ours all the same.
    socket.set_reuse_address(true).unwrap();
    // And so is one that another trial's child, not yet executed, has a copy of.
    socket.set_reuse_port(true).unwrap();
    socket.bind(&place.into()).unwrap();
    socket
}

fn number_of(socket: &socket2::Socket) -> u16 {
    socket.local_addr().unwrap().as_socket().unwrap().port()
}

fn listen(
    socket: socket2::Socket,
    shared: &Arc<Shared>,
    connections: &Arc<Mutex<Vec<JoinHandle<()>>>>,
) -> (PortState, u16) {
    use nix::sys::eventfd::{EfdFlags, EventFd};
    socket.listen(128).unwrap();
    let number = number_of(&socket);
    let wake = EventFd::from_flags(EfdFlags::EFD_CLOEXEC).unwrap();
    let stop: std::os::fd::OwnedFd = wake.into();
    let stopped = stop.try_clone().unwrap();
    let listener = TcpListener::from(socket);
    listener.set_nonblocking(true).unwrap();
    let (shared, connections) = (Arc::clone(shared), Arc::clone(connections));
    let work = move || {
        use std::os::fd::AsFd;
        loop {
            let mut fds =
                [&stopped.as_fd(), &listener.as_fd()].map(|fd| PollFd::new(*fd, PollFlags::POLLIN));
            let _ = poll(&mut fds, PollTimeout::NONE);
            if fds[0].any().unwrap_or(false) {
                return;
            }
            // A client may have gone before it was accepted.
            while let Ok((tcp, _)) = listener.accept() {
                let thread = welcome(&shared, tcp);
                connections.lock().unwrap().push(thread);
            }
        }
    };
    let thread = std::thread::Builder::new().name("listener".into()).spawn(work).unwrap();
    (PortState::Listening { thread: Some(thread), stop }, number)
}

fn welcome(shared: &Arc<Shared>, tcp: TcpStream) -> JoinHandle<()> {
    let remote = Remote::new();
    let socket = Socket::new(tcp, Arc::clone(&remote));
    let (number, fault) = shared.change(|state| {
        state.remotes.push(Arc::clone(&remote));
        state.seen.connections.push(Connection::default());
        let fault = state.script.pop_front().unwrap_or_else(|| state.always.clone());
        (state.remotes.len() - 1, fault)
    });
    let shared = Arc::clone(shared);
    let name = format!("connection {number} ({fault:.60?})");
    let work = move || attend(&shared, number, socket, &fault);
    std::thread::Builder::new().name(name).spawn(work).unwrap()
}

fn attend(shared: &Shared, number: usize, mut socket: Socket, fault: &Fault) {
    let ended = Ended(shared, number);
    let remote = Arc::clone(&socket.remote);
    while shared.lock().frozen && remote.ordered_end().is_none() {
        remote.poll(None, None);
    }
    if let Some(ending) = fault.instead_of_tls(&mut socket) {
        drop(ended);
        return socket.end(ordered(&remote).unwrap_or(ending));
    }
    socket.trickle = matches!(fault, Fault::Trickles).then_some(Duration::from_millis(2));
    let Some(mut wire) = secure(shared, number, socket, fault) else {
        return;
    };
    let ending = gateway::serve(shared, number, &mut wire, fault);
    drop(ended);
    wire.end(ordered(&remote).unwrap_or(ending));
}

fn ordered(remote: &Remote) -> Option<Ending> {
    match remote.take_order() {
        Some(Order::End(ending)) => Some(ending),
        _ => None,
    }
}

fn secure(shared: &Shared, number: usize, socket: Socket, fault: &Fault) -> Option<Wire> {
    let common = shared.settings.acceptor.as_ref();
    let own = match fault {
        Fault::Certificate(leaf) => Some(acceptor(&Ca::shared().issue(leaf), false)),
        Fault::ClientCertificate => Some(acceptor(&Ca::shared().issue(&Default::default()), true)),
        _ => None,
    };
    let Some(acceptor) = own.as_ref().or(common) else {
        return Some(Wire::Plain(socket));
    };
    match acceptor.accept(socket) {
        Ok(tls) => {
            let name = tls.ssl().servername(NameType::HOST_NAME).map(str::to_owned);
            shared.note(number, |seen| {
                seen.tls = Some(Ok(()));
                seen.server_name = name;
            });
            Some(Wire::Tls(Box::new(tls)))
        }
        Err(HandshakeError::Failure(handshake)) => {
            let text = handshake.error().to_string();
            shared.note(number, |seen| seen.tls = Some(Err(text)));
            // Our alert must arrive: closed with unread data, the socket would be reset instead.
            let Socket { tcp, remote, .. } = handshake.get_ref();
            let socket = Socket::new(tcp.try_clone().unwrap(), Arc::clone(remote));
            drop(handshake);
            let ending = ordered(&socket.remote).unwrap_or(Ending::RudeFin);
            socket.end(ending);
            None
        }
        Err(error) => panic!("a handshake waits until it is done: {error}"),
    }
}

/// Notes the end of a connection, also when its thread panics.
struct Ended<'a>(&'a Shared, usize);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.note(self.1, |seen| seen.ended = true);
    }
}
