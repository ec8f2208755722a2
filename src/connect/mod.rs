//! The connect steps, from a host name to an open WebSocket: resolve, dial, tunnel, TLS, upgrade.
//!
//! The steps are written once, print nothing and never wait by themselves: they are given a host,
//! which waits for them ([`crate::wait`]) and receives every step's subject, observations and time. One
//! deadline covers all of them. No HTTP and no key is sent before the server's certificate is
//! verified.

mod dial;
mod dns;
mod event;
#[cfg(any(test, fuzzing))]
#[path = "../../tests/fuzz/checks/connect.rs"]
pub(crate) mod fuzz;
mod halt;
mod head;
mod http;
mod nameserver;
mod observation;
mod resolv_conf;
mod resolve;
mod response;
mod step;
mod tls;
mod tunnel;
mod upgrade;

use std::time::Duration;

use jiff::Timestamp;
use native_tls::TlsConnector;
use tungstenite::WebSocket;

use crate::clock::Instant;
use crate::fault::Step;
use crate::settings::Target;
use crate::values::host::authority;
use crate::wire::{Stream, Wire};

pub(crate) use dns::Answer;
pub(crate) use event::{Event, Watch, Watched};
pub(crate) use halt::Halt;
pub(crate) use nameserver::{LIMIT as NAMESERVER_LIMIT, Reply, ask_each};
pub(crate) use observation::{AddressSource, Attempt, Observation};
pub(crate) use resolv_conf::ResolvConf;
pub(crate) use response::Response;
use step::StepContext;
pub(crate) use upgrade::Request;

/// An open WebSocket.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) socket: WebSocket<Stream>,
    /// The server's clock (`Date` of the 101), if it sent one.
    pub(crate) date: Option<Timestamp>,
}

/// Runs the connect steps as often as needed. It keeps the TLS settings, because reading the
/// system's certificates is by far the most expensive part of a connect.
#[derive(Debug)]
pub(crate) struct Connector<'a> {
    target: &'a Target,
    tls: Option<TlsConnector>,
}

impl<'a> Connector<'a> {
    pub(crate) fn new(target: &'a Target) -> Connector<'a> {
        Connector { target, tls: None }
    }

    /// Connects once.
    ///
    /// # Errors
    /// The failure of the step that did not work, or a stop.
    pub(crate) fn connect(
        &mut self,
        request: &Request,
        timeout: Duration,
        host: &mut dyn Watch,
    ) -> Result<Connection, Halt> {
        let target = self.target;
        let mut walk = Walk::new(target, timeout, host);
        let wire = walk.reach_server()?;
        let server = target.authority();
        let mut stream = if target.plain {
            Stream::plain(wire)
        } else {
            let tls = &mut self.tls;
            walk.step(Step::Tls, &server, |on| {
                let tls = match tls {
                    Some(tls) => tls,
                    None => tls.insert(tls::connector(&target.trust, on)?),
                };
                tls::handshake(tls, target, wire, on)
            })?
        };
        let date = walk
            .step(Step::Auth, &server, |on| upgrade::upgrade(&mut stream, request, target, on))?;
        Ok(Connection { socket: upgrade::into_websocket(stream, request), date })
    }

    /// Connects only as far as the server's TCP port, through the proxy if there is one, to see
    /// what answers there.
    ///
    /// # Errors
    /// As for [`Connector::connect`].
    pub(crate) fn reach(&self, timeout: Duration, host: &mut dyn Watch) -> Result<Wire, Halt> {
        Walk::new(self.target, timeout, host).reach_server()
    }
}

/// One run of the steps: the deadline and the host that all of them share.
struct Walk<'w> {
    target: &'w Target,
    deadline: Instant,
    timeout: Duration,
    host: &'w mut dyn Watch,
}

impl<'w> Walk<'w> {
    fn new(target: &'w Target, timeout: Duration, host: &'w mut dyn Watch) -> Self {
        Walk { target, deadline: Instant::now() + timeout, timeout, host }
    }

    /// The first steps: resolve, dial, tunnel.
    fn reach_server(&mut self) -> Result<Wire, Halt> {
        let target = self.target;
        let proxy = target.proxy.proxy.as_ref();
        let (host, name, port) = match proxy {
            Some(proxy) => (&proxy.host, &proxy.host, proxy.port),
            None => (&target.host, &target.lookup, target.port),
        };
        let first_hop = authority(host, port);
        let via = if proxy.is_some() { "proxy " } else { "" };

        let rule = Observation::ProxyRule(&target.proxy.rule);
        self.host.hear(&Event::Saw { step: Step::Proxy, observation: rule });
        let addresses = self.step(Step::Dns, &format!("{via}{name}"), |on| {
            resolve::resolve(name, port, target, on)
        })?;
        let mut wire = self.step(Step::Tcp, &format!("{via}{first_hop}"), |on| {
            dial::dial(&addresses, port, on).map(Wire::new)
        })?;
        if let Some(proxy) = proxy {
            let server = target.authority();
            self.step(Step::Proxy, &first_hop, |on| tunnel::tunnel(&mut wire, proxy, &server, on))?;
        }
        Ok(wire)
    }

    /// Runs one step: reports its events to the host, and measures its time.
    fn step<T>(
        &mut self,
        step: Step,
        subject: &str,
        run: impl FnOnce(&mut StepContext<'_>) -> Result<T, Halt>,
    ) -> Result<T, Halt> {
        if self.host.is_stopping() {
            return Err(Halt::Stopped);
        }
        self.host.hear(&Event::Began { step, subject });
        let began = Instant::now();
        let result = run(&mut StepContext {
            step,
            subject,
            deadline: self.deadline,
            timeout: self.timeout,
            target: self.target,
            host: self.host,
        });
        let elapsed = began.elapsed();
        match &result {
            Ok(_) => self.host.hear(&Event::Passed { step, elapsed }),
            Err(Halt::Failed(failure)) => self.host.hear(&Event::Failed { elapsed, failure }),
            Err(Halt::Stopped) => {}
        }
        result
    }
}
