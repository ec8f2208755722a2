//! What the connect steps find out.

use std::fmt;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::nameserver::Reply;
use super::response::Response;

/// What a step found out.
#[derive(Debug)]
pub(crate) enum Observation<'a> {
    /// The addresses of a host, in the order they are tried, and where they come from.
    Addresses { addresses: &'a [IpAddr], source: AddressSource },
    /// The nameservers' own answers, asked for because the system's resolver takes too long.
    Nameservers(&'a [Reply]),
    /// One address tried.
    Attempt(&'a Attempt),
    /// Which rule decided for or against a proxy.
    ProxyRule(&'a str),
    /// The proxy's or the gateway's answer, whatever its status.
    Response(&'a Response),
    /// The server's certificate, in DER, which is verified unless `--insecure` is given, and the
    /// TLS version agreed on.
    Certificate { der: &'a [u8], is_verified: bool, version: Option<&'static str> },
}

/// One address tried, with its result and time.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) address: SocketAddr,
    /// `Err` holds the kind, which decides the fault, and the words, for people.
    pub(crate) outcome: Result<(), (ErrorKind, String)>,
    pub(crate) elapsed: Duration,
}

impl Attempt {
    /// The result, in words.
    pub(crate) fn result(&self) -> &str {
        match &self.outcome {
            Ok(()) => "connected",
            Err((_, words)) => words,
        }
    }
}

/// Where the addresses of a host come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AddressSource {
    /// `--resolve`.
    Given,
    /// The host is an address itself.
    Literal,
    System,
}

impl fmt::Display for AddressSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AddressSource::Given => "--resolve",
            AddressSource::Literal => "literal",
            AddressSource::System => "system resolver",
        })
    }
}
