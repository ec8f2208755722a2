//! What the checks have seen, as data. [`super::members`] is the one place where it becomes the
//! members of the JSON document.

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
    /// The gateway's 101, and how far this machine's clock is ahead of it, where it told its own.
    Upgraded {
        response: Response,
        clock_skew_s: Option<i64>,
    },
    Stream(Stream),
    /// In the order they were asked.
    Regions(Vec<(&'static str, RegionFinding)>),
}

/// What the settings lead to.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Whether a token was made for the tenant; `None` where the key does not tell.
    pub(crate) is_of_tenant: Option<bool>,
    /// The system's root certificates and how many `--ca-file` adds; `None` without TLS.
    pub(crate) roots: Option<(Store, usize)>,
}

/// What a name led to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lookup {
    pub(crate) addresses: Vec<IpAddr>,
    /// Who named the addresses; `None` where there are none.
    pub(crate) source: Option<Source>,
    /// What the nameservers say themselves, where they were asked.
    pub(crate) replies: Option<Vec<Reply>>,
    pub(crate) control: Option<Control>,
}

/// Another name of the service, to tell "this name" from "DNS as a whole".
#[derive(Clone, Debug)]
pub(crate) struct Control {
    pub(crate) host: &'static str,
    pub(crate) resolves: bool,
}

/// A handshake that was finished.
#[derive(Clone, Debug)]
pub(crate) struct Handshake {
    /// `TLSv1.3`, where it is known.
    pub(crate) version: Option<&'static str>,
    /// The server's own; `None` when it cannot be read.
    pub(crate) certificate: Option<Certificate>,
    pub(crate) is_verified: bool,
}

/// What the sessions have shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stream {
    pub(crate) listened: Duration,
    pub(crate) live: Heard,
    /// Whether what came was published while we listened, as far as times tell; `None` when
    /// nothing came.
    pub(crate) arrived: Option<bool>,
    /// What a second reader found from the topic's beginning, where there was one.
    pub(crate) retained: Option<Heard>,
}

/// What a nameserver said.
pub(crate) fn in_words(reply: &Reply) -> String {
    format!("{}: {}, after {}", reply.server(), reply.answer, duration(reply.elapsed))
}

/// What became of an attempt.
pub(crate) fn outcome(attempt: &Attempt) -> &str {
    match &attempt.outcome {
        Ok(()) => "connected",
        Err((_, words)) => words,
    }
}
