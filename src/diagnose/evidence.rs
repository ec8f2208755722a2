//! What the checks have seen, as data, and the one place where it becomes the members of the JSON
//! document. Their names are part of its schema's promise: none changes its meaning.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::certificate::Certificate;
use super::heard::Heard;
use super::look::Look;
use super::region_finding::{MESSAGES, RegionFinding};
use super::trust::Store;
use crate::connect::{AddressSource, Attempt, Reply, Response};
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
    Stream(StreamEvidence),
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
    /// The free space of the folders of a run's files, in bytes.
    pub(crate) free: BTreeMap<PathBuf, u64>,
}

/// The result of a name lookup.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lookup {
    pub(crate) addresses: Vec<IpAddr>,
    /// Where the addresses come from; `None` if there are none.
    pub(crate) source: Option<AddressSource>,
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
pub(crate) struct StreamEvidence {
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

type JsonMembers = Map<String, Value>;

/// What a check has seen, by name.
pub(crate) fn members(evidence: &Evidence) -> JsonMembers {
    match evidence {
        Evidence::Nothing => JsonMembers::new(),
        Evidence::Config(config) => of_config(config),
        Evidence::Lookup(lookup) => of_lookup(lookup),
        Evidence::Attempts(attempts) => {
            named([member("attempts", attempts.iter().map(attempt).collect::<Value>())])
        }
        Evidence::Response(response) => of_response(response),
        Evidence::Handshake(handshake) => of_handshake(handshake),
        Evidence::Look(look) => of_look(look),
        Evidence::Upgraded { response, clock_skew_s } => {
            let mut members = of_response(response);
            members.extend([member("clock_skew_s", *clock_skew_s)]);
            members
        }
        Evidence::Stream(stream) => of_stream(stream),
        Evidence::Regions(asked) => {
            asked.iter().map(|(name, finding)| member(name, region(finding))).collect()
        }
    }
}

fn named<const N: usize>(list: [(String, Value); N]) -> JsonMembers {
    let mut members = JsonMembers::new();
    members.extend(list);
    members
}

fn member(name: &str, value: impl Into<Value>) -> (String, Value) {
    (name.to_owned(), value.into())
}

/// The items as texts.
fn texts<T: ToString>(items: &[T]) -> Value {
    items.iter().map(|item| Value::from(item.to_string())).collect()
}

pub(crate) fn millis(d: Duration) -> u64 {
    u64::try_from(d.as_millis()).unwrap_or(u64::MAX)
}

fn of_config(config: &Config) -> JsonMembers {
    let mut members = named([member("tenant_matches_key_user", config.is_of_tenant)]);
    if let Some((store, extra)) = &config.roots {
        members.extend([
            member("roots", store.roots),
            member("extra_roots", *extra),
            member("stores", store.described()),
        ]);
    }
    if !config.free.is_empty() {
        let free = config.free.iter();
        let free = free.map(|(folder, free)| (folder.display().to_string(), Value::from(*free)));
        members.extend([member("free_bytes", free.collect::<JsonMembers>())]);
    }
    members
}

fn of_lookup(lookup: &Lookup) -> JsonMembers {
    let mut members = JsonMembers::new();
    if let Some(source) = lookup.source {
        members.extend([
            member("addresses", texts(&lookup.addresses)),
            member("source", source.to_string()),
        ]);
    }
    if let Some(replies) = &lookup.replies {
        let list: Vec<String> = replies.iter().map(in_words).collect();
        members.extend([member("nameservers", list)]);
    }
    if let Some(control) = &lookup.control {
        let value = json!({ "host": control.host, "resolves": control.resolves });
        members.extend([member("control", value)]);
    }
    members
}

fn attempt(attempt: &Attempt) -> Value {
    json!({
        "address": attempt.address.to_string(),
        "result": attempt.result(),
        "duration_ms": millis(attempt.elapsed),
    })
}

fn of_response(response: &Response) -> JsonMembers {
    let headers = ["Server", "Via", "Date", "Content-Type", "Location"];
    let mut members: JsonMembers = headers
        .into_iter()
        .map(|name| member(&name.to_ascii_lowercase().replace('-', "_"), response.header(name)))
        .collect();
    members
        .extend([member("http_status", response.status), member("sentence", response.sentence())]);
    members
}

fn of_handshake(handshake: &Handshake) -> JsonMembers {
    let mut members = named([member("version", handshake.version)]);
    if let Some(certificate) = &handshake.certificate {
        members.extend(of_certificate(certificate));
        let trust = if handshake.is_verified { "verified" } else { "none" };
        members.extend([member("trust", trust)]);
    }
    members
}

fn of_certificate(certificate: &Certificate) -> [(String, Value); 5] {
    [
        member("subject", certificate.subject.to_string()),
        member("issuer", certificate.issuer.to_string()),
        member("not_before", certificate.not_before.to_string()),
        member("not_after", certificate.not_after.to_string()),
        member("names", certificate.names.clone()),
    ]
}

fn of_look(look: &Look) -> JsonMembers {
    let mut members = named([
        member("version", look.version.clone()),
        member("cipher", look.cipher.clone()),
        member("chain_length", look.chain.len()),
        member("problems", texts(&look.objections)),
    ]);
    if let Some(leaf) = look.chain.first() {
        members.extend(of_certificate(leaf));
        members.extend([
            member("self_issued", leaf.self_issued),
            member("leaf_sha256", look.sha256.clone()),
        ]);
    }
    members
}

fn of_stream(stream: &StreamEvidence) -> JsonMembers {
    let live = &stream.live;
    let mut members = named([
        member("listened_ms", millis(stream.listened)),
        member("messages", live.messages),
        member("ping_ms", live.ping.map(millis)),
        member("end_of_topic", live.end_of_topic),
        member("newest_age_ms", age(live)),
    ]);
    if let Some(arrived) = stream.arrived {
        members.extend([member("arrived", arrived)]);
    }
    if let Some(retained) = &stream.retained {
        let value = json!({ "messages": retained.messages, "newest_age_ms": age(retained) });
        members.extend([member("earliest_probe", value)]);
    }
    members
}

fn region(finding: &RegionFinding) -> Value {
    match finding {
        RegionFinding::Open(heard, failure) => json!({
            "auth": 101,
            "messages": heard.messages,
            "more": heard.messages >= MESSAGES,
            "newest_age_ms": age(heard),
            "ended_by": failure.as_ref().map(|failure| &failure.cause),
        }),
        RegionFinding::Refused(status) => json!({ "auth": status }),
        RegionFinding::Away(failure) => {
            json!({ "failed_at": failure.step.to_string(), "cause": failure.cause })
        }
    }
}

fn age(heard: &Heard) -> Option<u64> {
    heard.age().map(millis)
}
