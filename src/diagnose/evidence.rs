//! What the checks have seen, as data. Only [`super::members`] turns it into members of the JSON
//! document.

use std::net::IpAddr;
use std::time::Duration;

use super::certificate::Certificate;
use super::heard::Heard;
use super::look::Look;
use super::region_finding::RegionFinding;
use super::trust::Store;
use crate::connect::{Attempt, Reply, Response, Source};
use crate::words::duration;

/// What one check has seen.
#[derive(Clone, Debug)]
pub(crate) enum Evidence {
    Nothing,
    Config(Config),
    Lookup(Lookup),
    /// Every address tried.
    Attempts(Vec<Attempt>),
    /// The answer of the proxy, or one of the gateway that refused.
    Response(Response),
    Handshake(Handshake),
    /// The second look at a handshake that failed.
    Look(Box<Look>),
    /// The gateway's 101, and how far this machine's clock is ahead of the gateway's, if it sent
    /// its own.
    Upgraded {
        response: Response,
        clock_skew_s: Option<i64>,
    },
    Stream(Stream),
    /// The regions, in the order they were asked.
    Regions(Vec<(&'static str, RegionFinding)>),
}

/// What the first check found.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Whether a token was issued for the tenant; `None` if the key does not show it.
    pub(crate) is_of_tenant: Option<bool>,
    /// The system's root certificates and how many `--ca-file` adds; `None` without TLS.
    pub(crate) roots: Option<(Store, usize)>,
}

/// The result of a name lookup.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lookup {
    pub(crate) addresses: Vec<IpAddr>,
    /// Where the addresses come from; `None` if there are none.
    pub(crate) source: Option<Source>,
    /// The nameservers' own answers, if they were asked.
    pub(crate) replies: Option<Vec<Reply>>,
    pub(crate) control: Option<Control>,
}

/// Another name of the service, to tell a problem with one name from a problem with all of DNS.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    pub(crate) host: &'static str,
    pub(crate) resolves: bool,
}

/// A finished handshake.
#[derive(Clone, Debug)]
pub(crate) struct Handshake {
    /// `TLSv1.3`, if it is known.
    pub(crate) version: Option<&'static str>,
    /// The server's own certificate; `None` if it cannot be read.
    pub(crate) certificate: Option<Certificate>,
    pub(crate) is_verified: bool,
}

/// What the sessions have shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stream {
    pub(crate) listened: Duration,
    pub(crate) live: Heard,
    /// Whether the messages that arrived were published while we listened, judging by their
    /// times; `None` if none arrived.
    pub(crate) arrived: Option<bool>,
    /// What a second reader found from the topic's beginning, if there was one.
    pub(crate) retained: Option<Heard>,
}

/// A nameserver's answer, in words.
pub(crate) fn in_words(reply: &Reply) -> String {
    format!("{}: {}, after {}", reply.server(), reply.answer, duration(reply.elapsed))
}

/// The result of an attempt, in words.
pub(crate) fn outcome(attempt: &Attempt) -> &str {
    match &attempt.outcome {
        Ok(()) => "connected",
        Err((_, words)) => words,
    }
}
