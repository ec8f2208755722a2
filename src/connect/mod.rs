//! The connector from a host name to an open WebSocket: resolve, dial, tunnel, TLS, upgrade.
//!
//! It is written once and prints nothing: whoever climbs it hands in a watcher, which hears of
//! every step's subject, evidence and time. One deadline holds over all of it. No byte of HTTP
//! and no key leaves before the server's certificate is verified.

mod dial;
mod dns;
mod http;
mod nameserver;
mod resolve;
mod stream;
mod tls;
mod tunnel;
mod upgrade;
mod wire;

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use native_tls::TlsConnector;
use tungstenite::WebSocket;

use crate::fault::Fault;
use crate::fault::{Failure, Step};
use crate::settings::Target;
use crate::wait::Signals;

pub(crate) use dial::Attempt;
pub(crate) use dns::Answer;
pub(crate) use http::Response;
pub(crate) use nameserver::{LIMIT as NAMESERVER_LIMIT, Reply, ask_each, nameservers};
pub(crate) use resolve::Source;
pub(crate) use stream::Stream;
pub(crate) use upgrade::Request;
use wire::Stopped;
pub(crate) use wire::Wire;

/// What a watcher hears while the connector is connected.
#[derive(Debug)]
pub(crate) enum Event<'a> {
    /// A step begins.
    Began { step: Step, subject: &'a str },
    /// The step's evidence, in the order it was seen.
    Saw { step: Step, evidence: Evidence<'a> },
    /// The step is done.
    Passed { step: Step, elapsed: Duration },
    /// The step failed; the failure is also what [`Connector::connect`] returns.
    Failed { elapsed: Duration, failure: &'a Failure },
}

/// What a step found out on its way.
#[derive(Debug)]
pub(crate) enum Evidence<'a> {
    /// The addresses of a host, in the order they are tried, and who named them.
    Addresses { addresses: &'a [IpAddr], source: Source },
    /// What the nameservers say themselves, asked because the system's resolver takes so long.
    Nameservers(&'a [Reply]),
    /// One address tried.
    Attempt(&'a Attempt),
    /// Which rule decided for or against a proxy.
    ProxyRule(&'a str),
    /// The proxy's or the gateway's answer, whatever its status.
    Response(&'a Response),
    /// The certificate of the server, in DER; verified unless that was given up (`--insecure`).
    /// And the version of TLS that was agreed on.
    Certificate { der: &'a [u8], is_verified: bool, version: Option<&'static str> },
}

/// Why a walk ended early.
#[derive(Debug)]
pub(crate) enum Halt {
    Failed(Box<Failure>),
    /// A signal asks to stop.
    Stopped,
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Halt {
        Halt::Failed(Box::new(failure))
    }
}

/// An open WebSocket, still in connecting mode.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) socket: WebSocket<Stream>,
    /// The server's clock (`Date` of the 101), where it told.
    pub(crate) date: Option<Timestamp>,
}

/// Climbs the connector, as often as needed with the same TLS settings: reading the system's
/// certificates is by far the dearest part of a connect, so it is done once.
#[derive(Debug)]
pub(crate) struct Connector<'a> {
    target: &'a Target,
    signals: Rc<Signals>,
    connector: Option<TlsConnector>,
}

impl<'a> Connector<'a> {
    pub(crate) fn new(target: &'a Target, signals: Rc<Signals>) -> Connector<'a> {
        Connector { target, signals, connector: None }
    }

    /// Connects once.
    ///
    /// # Errors
    /// The failure of the step that did not work, or that a signal asks to stop.
    pub(crate) fn connect(
        &mut self,
        request: &Request,
        timeout: Duration,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<Connection, Halt> {
        let target = self.target;
        let signals = Rc::clone(&self.signals);
        let mut walk = Walk::new(target, &signals, timeout, watch);
        let wire = self.lower_steps(&mut walk)?;
        let server = authority(&target.host, target.port);
        let mut stream = if target.plain {
            Stream::plain(wire)
        } else {
            let connector = &mut self.connector;
            walk.step(Step::Tls, &server, |on| {
                let connector = match connector {
                    Some(connector) => connector,
                    None => connector.insert(tls::connector(&target.trust, on)?),
                };
                tls::handshake(connector, &target.host, !target.trust.insecure, wire, on)
            })?
        };
        let date = walk
            .step(Step::Auth, &server, |on| upgrade::upgrade(&mut stream, request, target, on))?;
        Ok(Connection { socket: upgrade::into_websocket(stream, request), date })
    }

    /// Goes only as far as the server's TCP port, through the proxy where there is one: for a
    /// look at what answers there.
    ///
    /// # Errors
    /// As for [`Connector::connect`].
    pub(crate) fn reach(&self, timeout: Duration) -> Result<Wire, Halt> {
        self.lower_steps(&mut Walk::new(self.target, &self.signals, timeout, &mut |_| {}))
    }

    /// Resolve, dial, tunnel.
    fn lower_steps(&self, walk: &mut Walk<'_>) -> Result<Wire, Halt> {
        let target = self.target;
        let signals = &self.signals;
        let (host, port) = match &target.proxy.proxy {
            Some(proxy) => (&proxy.host, proxy.port),
            None => (&target.host, target.port),
        };
        let first_hop = authority(host, port);
        let via = if target.proxy.proxy.is_some() { "proxy " } else { "" };

        let rule = Evidence::ProxyRule(&target.proxy.rule);
        (walk.watch)(Event::Saw { step: Step::Proxy, evidence: rule });
        let addresses = walk.step(Step::Dns, &format!("{via}{host}"), |on| {
            resolve::resolve(host, port, target, signals, on)
        })?;
        let mut wire = walk.step(Step::Tcp, &format!("{via}{first_hop}"), |on| {
            let socket = dial::dial(&addresses, port, signals, on)?;
            Ok(Wire::new(socket, Rc::clone(signals), on.deadline))
        })?;
        if let Some(proxy) = &target.proxy.proxy {
            let server = authority(&target.host, target.port);
            walk.step(Step::Proxy, &first_hop, |on| tunnel::tunnel(&mut wire, proxy, &server, on))?;
        }
        Ok(wire)
    }
}

/// One walk: the clock and the watcher all steps share.
struct Walk<'w> {
    signals: &'w Signals,
    deadline: Instant,
    timeout: Duration,
    target: &'w Target,
    watch: &'w mut dyn FnMut(Event<'_>),
}

impl<'w> Walk<'w> {
    fn new(
        target: &'w Target,
        signals: &'w Signals,
        timeout: Duration,
        watch: &'w mut dyn FnMut(Event<'_>),
    ) -> Self {
        Walk { signals, deadline: Instant::now() + timeout, timeout, target, watch }
    }

    /// Runs one step: tells the watcher, takes the time, names step and subject in a failure.
    fn step<T>(
        &mut self,
        step: Step,
        subject: &str,
        run: impl FnOnce(&mut StepContext<'_, '_>) -> Result<T, Halt>,
    ) -> Result<T, Halt> {
        // The watcher of the step before may have waited, too.
        if self.signals.is_stopping() {
            return Err(Halt::Stopped);
        }
        (self.watch)(Event::Began { step, subject });
        let began = Instant::now();
        let mut on = StepContext {
            step,
            subject,
            deadline: self.deadline,
            timeout: self.timeout,
            target: self.target,
            watch: self.watch,
        };
        let result = run(&mut on);
        let elapsed = began.elapsed();
        match &result {
            Ok(_) => (self.watch)(Event::Passed { step, elapsed }),
            Err(Halt::Failed(failure)) => (self.watch)(Event::Failed { elapsed, failure }),
            Err(Halt::Stopped) => {}
        }
        result
    }
}

/// What one step knows of its place on the connector.
struct StepContext<'s, 'w> {
    step: Step,
    subject: &'s str,
    deadline: Instant,
    timeout: Duration,
    target: &'s Target,
    watch: &'s mut (dyn FnMut(Event<'_>) + 'w),
}

impl StepContext<'_, '_> {
    fn saw(&mut self, evidence: Evidence<'_>) {
        (self.watch)(Event::Saw { step: self.step, evidence });
    }

    fn failure(&self, fault: Fault, cause: impl Into<String>) -> Failure {
        let Target { host, port, proxy, .. } = self.target;
        let is_way_to_proxy = self.step <= Step::Tcp && proxy.proxy.is_some();
        let fault = if is_way_to_proxy { of_proxy(fault) } else { fault };
        Failure::new(self.step, self.subject, fault, cause)
            .with("host", host)
            .with("port", port.to_string())
            .with("proxy_rule", &proxy.rule)
    }

    /// The deadline passed during this step.
    fn timed_out(&self) -> Halt {
        let problem = match self.step {
            Step::Dns => Fault::NoAnswer,
            Step::Tcp => Fault::ConnectTimeout,
            Step::Proxy => Fault::ProxyTimeout,
            Step::Tls => Fault::TlsTimeout,
            _ => Fault::UpgradeTimeout,
        };
        let limit = crate::words::duration(self.timeout);
        self.failure(problem, format!("timed out after {limit}")).into()
    }

    /// An I/O error of the wire, in this step: a stop, the deadline, a reset or an end.
    fn io(&self, e: &io::Error, closed: Fault, reset: Fault) -> Halt {
        if e.get_ref().is_some_and(|inner| inner.is::<Stopped>()) {
            return Halt::Stopped;
        }
        match e.kind() {
            // The kernel's own verdict on a dead path carries an error number; ours does not.
            ErrorKind::TimedOut if e.raw_os_error().is_none() => self.timed_out(),
            ErrorKind::UnexpectedEof => self.failure(closed, "closed without an answer").into(),
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                self.failure(reset, "connection reset by peer").into()
            }
            _ => self.failure(reset, e.to_string()).into(),
        }
    }
}

/// The same fault where it is the proxy that cannot be reached, not the service.
fn of_proxy(fault: Fault) -> Fault {
    match fault {
        Fault::NoSuchName => Fault::ProxyNoSuchName,
        Fault::NoAddress => Fault::ProxyNoAddress,
        Fault::NoAnswer => Fault::ProxyNoAnswer,
        Fault::Refused => Fault::ProxyRefused,
        Fault::ConnectTimeout => Fault::ProxyConnectTimeout,
        Fault::Unreachable => Fault::ProxyUnreachable,
        other => other,
    }
}

/// `host:port`, with the brackets an IPv6 literal needs.
pub(crate) fn authority(host: &str, port: u16) -> String {
    match host.parse::<IpAddr>() {
        Ok(ip) => SocketAddr::new(ip, port).to_string(),
        Err(_) => format!("{host}:{port}"),
    }
}
