//! What the connect steps find out on their way.

use std::fmt;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::nameserver::Reply;
use super::response::Response;

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

/// One address tried, with its result and time.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) address: SocketAddr,
    /// `Err` holds the kind, for the decision, and the words, for people.
    pub(crate) outcome: Result<(), (ErrorKind, String)>,
    pub(crate) elapsed: Duration,
}

/// Who named the addresses of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// `--resolve`.
    Given,
    /// The host is an address itself.
    Literal,
    System,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::Given => "--resolve",
            Source::Literal => "literal",
            Source::System => "system resolver",
        })
    }
}
