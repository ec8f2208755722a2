//! What one run needs to know, settled: the command line, the environment and the config file
//! put together, checked, and turned into types that cannot be wrong.
//!
//! Every default and every rule about more than one option lives in this folder. Nothing here
//! connects anywhere; the only files read are the key, the CA and the config file.

mod capture;
mod config;
mod endpoint;
mod environment;
mod files;
mod key;
mod layers;
mod proxy;
mod settle;
mod trust;

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::endpoint::Topic;
use crate::message::{LineRules, Position};
use crate::regions;
use crate::report::Talk;
use crate::retry::Retry;
use crate::secret::Secret;
use crate::values::choice::{AuthStyle, Durability, Family};
use crate::values::file_name::FileName;
use crate::values::host::Override;
use crate::values::proxy::Proxy;

pub(crate) use endpoint::region;
pub(crate) use environment::Environment;
pub(crate) use layers::complete;
pub(crate) use settle::talk;

/// One settled run.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) target: Target,
    pub(crate) topic: Topic,
    pub(crate) credentials: Credentials,
    pub(crate) start: Start,
    pub(crate) stop: Stop,
    pub(crate) lines: LineRules,
    pub(crate) capture: Capture,
    pub(crate) link: Link,
    pub(crate) retry: Retry,
    pub(crate) talk: Talk,
    /// To be told before the first connection, in this order.
    pub(crate) warnings: Vec<Warning>,
}

impl Settings {
    /// Whether the run has no end of its own in the topic, so that trouble is worth a line when
    /// it begins and when it ends.
    pub(crate) fn is_following(&self) -> bool {
        !self.stop.at_end && self.stop.until.is_none()
    }
}

/// Something that works and that its user should still know.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Warning {
    pub(crate) text: String,
    /// Is of no use to a log file.
    pub(crate) only_on_terminal: bool,
}

impl Warning {
    fn always(text: impl Into<String>) -> Warning {
        Warning { text: text.into(), only_on_terminal: false }
    }

    fn on_terminal(text: impl Into<String>) -> Warning {
        Warning { text: text.into(), only_on_terminal: true }
    }
}

/// The server, and the way to it.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Lower case, without the brackets of an IPv6 literal.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// `ws://` instead of `wss://`: no TLS.
    pub(crate) plain: bool,
    /// How the host was chosen, for people: `--cluster NA12`, `PULSAR_HOST`, `default`.
    pub(crate) chosen_by: String,
    /// The region the host serves, where it is one of 8x8's, such as `US1`.
    pub(crate) region: Option<&'static str>,
    pub(crate) proxy: ProxyChoice,
    /// What decided so, and decides for other hosts.
    pub(crate) proxies: ProxyRules,
    pub(crate) trust: Trust,
    pub(crate) family: Family,
    /// `--resolve`: names that are not looked up.
    pub(crate) overrides: Vec<Override>,
    /// `TAIL8X8_RESOLV_CONF`, for tests: its nameservers are asked in place of the system.
    pub(crate) resolv_conf: Option<PathBuf>,
}

impl Target {
    /// The same way to another region's host, but for what is decided for each host.
    pub(crate) fn at(&self, host: &str) -> Target {
        Target {
            host: host.to_owned(),
            region: regions::by_host(host).map(|region| region.name),
            proxy: self.proxies.choose(host, self.port),
            ..self.clone()
        }
    }
}

/// Whether a proxy stands in between, and which rule decided.
#[derive(Clone, Debug)]
pub(crate) struct ProxyChoice {
    pub(crate) proxy: Option<Proxy>,
    /// For people: `--proxy`, `https_proxy`, `NO_PROXY (.8x8.com)`, `none configured`.
    pub(crate) rule: String,
}

/// The proxy that counts and the hosts that are reached without it.
#[derive(Clone, Debug)]
pub(crate) struct ProxyRules {
    proxy: Option<Proxy>,
    rule: String,
    /// A list as in `NO_PROXY`, and where it comes from.
    exceptions: Option<(String, String)>,
}

/// Which certificates are believed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    /// `--ca-file`: added to the system's store. DER, parsed once so that a bad file fails early.
    pub(crate) extra_roots: Vec<Vec<u8>>,
    /// `--insecure`: believe anyone.
    pub(crate) insecure: bool,
}

/// The API key: where it comes from and how it is sent.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) source: KeySource,
    pub(crate) style: AuthStyle,
}

/// Where the key comes from. A file is read again at each connect, since keys get replaced.
#[derive(Debug)]
pub(crate) enum KeySource {
    /// Held in memory; `from` names the source for people (`--x-api-key`, `stdin`, `PULSAR_API_KEY`).
    Given { key: Secret, from: &'static str },
    /// A file; `from` names who named it (`--x-api-key-file`, `PULSAR_API_KEY_FILE`, `CREDENTIALS_DIRECTORY`).
    File { path: PathBuf, from: &'static str },
}

/// Where the first connection begins.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) position: Position,
    /// By `--message-id`, not by default.
    pub(crate) is_given: bool,
    /// Only what was published at or after this is written.
    pub(crate) since: Option<Timestamp>,
}

/// When the run ends by itself.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    /// After so many lines.
    pub(crate) num_messages: Option<u64>,
    /// `-e`: when everything published before the run began has been read.
    pub(crate) at_end: bool,
    /// `--until`: when everything published before this time has been read.
    pub(crate) until: Option<Timestamp>,
    /// After so long without a message.
    pub(crate) idle_timeout: Option<Duration>,
    /// The same, once the time of an `--until` that lay ahead has come.
    pub(crate) idle_after_until: Option<Duration>,
    /// After so long in all.
    pub(crate) max_time: Option<Duration>,
    /// A run without a line exits 10.
    pub(crate) fail_if_empty: bool,
}

/// Where lines go, and what remembers them.
#[derive(Debug)]
pub(crate) struct Capture {
    /// `None` is standard output.
    pub(crate) output: Option<FileName>,
    /// Permissions of new files.
    pub(crate) mode: u32,
    pub(crate) rotation: Rotation,
    pub(crate) rejects: Option<PathBuf>,
    pub(crate) cursor: Option<PathBuf>,
    pub(crate) durability: Durability,
    pub(crate) lock_wait: Duration,
    pub(crate) metrics: Option<PathBuf>,
}

/// When a file of the output is finished, and how many finished ones are kept.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rotation {
    pub(crate) size: Option<u64>,
    pub(crate) interval: Option<Duration>,
    pub(crate) keep: Option<usize>,
}

impl Rotation {
    /// Whether files are finished at all.
    pub(crate) fn is_on(self) -> bool {
        self.size.is_some() || self.interval.is_some()
    }
}

/// Time and size limits of one connection.
#[derive(Debug)]
pub(crate) struct Link {
    /// For the whole connector, from the name lookup to the 101.
    pub(crate) connect_timeout: Duration,
    /// A ping is sent after so long without a byte received.
    pub(crate) ping_interval: Duration,
    /// How long the answer to a ping may take.
    pub(crate) ping_timeout: Duration,
    /// After so long without a message the reader is opened anew.
    pub(crate) max_silence: Option<Duration>,
    /// Bytes of one WebSocket message.
    pub(crate) max_message_size: usize,
}
