//! The command line: what was typed, checked word by word.
//!
//! [`options`] is the table everything else here is made from. What several options, the
//! environment and the config file mean together is settled in [`crate::settings`].

mod complete;
mod help;
mod man;
mod opt;
mod options;
mod parse;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::fault::Fault;
use crate::fault::{Failure, Step};
use crate::message::{Format, OnReject, Position};
use crate::secret::Secret;
use crate::values;
use crate::values::choice::{AuthStyle, Color, Durability, LogFormat};
use crate::values::file_name::FileName;
use crate::values::host::Override;

pub(crate) use help::{long as long_help, short as short_help};
pub(crate) use opt::{Command, Fallback, Opt};
pub(crate) use options::{OPTIONS, by_long};
pub(crate) use parse::{nearest, parse, understood};

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Parsed {
    Read(Box<Args>),
    Diagnose(Box<Args>),
    /// The text to explain; empty is to be read from standard input.
    Explain(String),
    Regions(Box<Args>),
    /// `-h`.
    ShortHelp,
    /// `--help`.
    LongHelp,
    Version,
    Generate(Document),
}

/// What `--generate` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Document {
    Man,
    Bash,
    Zsh,
    Fish,
}

impl Document {
    pub(crate) const NAMES: &[&str] = &["man", "complete-bash", "complete-zsh", "complete-fish"];

    pub(crate) fn named(text: &str) -> Result<Document, String> {
        match text {
            "man" => Ok(Document::Man),
            "complete-bash" => Ok(Document::Bash),
            "complete-zsh" => Ok(Document::Zsh),
            "complete-fish" => Ok(Document::Fish),
            _ => Err(format!("is none of {}", Document::NAMES.join(", "))),
        }
    }

    /// The document itself.
    pub(crate) fn text(self) -> String {
        match self {
            Document::Man => man::page(),
            Document::Bash => complete::bash(),
            Document::Zsh => complete::zsh(),
            Document::Fish => complete::fish(),
        }
    }
}

/// What was given, each value checked by itself. `None`: not given.
#[derive(Debug, Default)]
pub(crate) struct Args {
    pub(crate) tenant: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) cluster: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) namespace: Option<String>,
    pub(crate) topic: Option<String>,
    pub(crate) reader_name: Option<String>,
    pub(crate) receiver_queue_size: Option<u16>,
    pub(crate) x_api_key: Option<Secret>,
    pub(crate) x_api_key_file: Option<String>,
    pub(crate) auth_style: Option<AuthStyle>,
    pub(crate) message_id: Option<Position>,
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) num_messages: Option<u64>,
    pub(crate) exit_at_end: Option<bool>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) max_time: Option<Duration>,
    pub(crate) fail_if_empty: Option<bool>,
    pub(crate) format: Option<Format>,
    pub(crate) event: Vec<String>,
    pub(crate) on_reject: Option<OnReject>,
    pub(crate) output: Option<FileName>,
    pub(crate) file_mode: Option<u32>,
    pub(crate) cursor_file: Option<String>,
    pub(crate) sync: Option<Durability>,
    pub(crate) rejects: Option<String>,
    pub(crate) rotate_size: Option<u64>,
    pub(crate) rotate_interval: Option<Duration>,
    pub(crate) rotate_keep: Option<u64>,
    pub(crate) lock_wait: Option<Duration>,
    pub(crate) metrics_file: Option<String>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) max_message_size: Option<usize>,
    pub(crate) ping_interval: Option<Duration>,
    pub(crate) ping_timeout: Option<Duration>,
    pub(crate) max_silence: Option<Duration>,
    /// Inside: `None` is without end.
    pub(crate) retry: Option<Option<u32>>,
    pub(crate) retry_delay: Option<Duration>,
    pub(crate) retry_max_delay: Option<Duration>,
    pub(crate) retry_all_errors: Option<bool>,
    /// May hold a login.
    pub(crate) proxy: Option<Secret>,
    pub(crate) noproxy: Option<String>,
    pub(crate) ca_file: Option<String>,
    pub(crate) insecure: Option<bool>,
    pub(crate) ipv4: Option<bool>,
    pub(crate) ipv6: Option<bool>,
    pub(crate) resolve: Vec<Override>,
    pub(crate) config: Option<String>,
    pub(crate) quiet: Option<bool>,
    pub(crate) verbose: Option<u8>,
    pub(crate) log_format: Option<LogFormat>,
    pub(crate) color: Option<Color>,
    pub(crate) listen: Option<Duration>,
    pub(crate) all_regions: Option<bool>,
    pub(crate) strict: Option<bool>,
    pub(crate) json: Option<bool>,
    pub(crate) report: Option<String>,
    given: BTreeMap<&'static str, Source>,
}

/// Where a value came from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) layer: Layer,
    /// For people: `--port`, `PULSAR_HOST`, `/etc/tail8x8.conf line 3 (port)`.
    pub(crate) name: String,
}

/// The places a value may come from; the least goes before the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layer {
    CommandLine,
    Environment,
    ConfigFile,
    Default,
}

impl Args {
    /// Checks a value and keeps it, unless a layer before this one has said the same thing.
    pub(crate) fn set(
        &mut self,
        opt: &'static Opt,
        text: &str,
        source: Source,
    ) -> Result<(), Failure> {
        let hidden = OPTIONS.iter().filter(|other| other.group == opt.group).any(|other| {
            self.given.get(other.long).is_some_and(|given| given.layer < source.layer)
        });
        let mut unused = Args::default();
        let target = if hidden { &mut unused } else { &mut *self };
        (opt.set)(target, text).map_err(|reason| {
            let value = if opt.secret { "the value".to_owned() } else { values::quoted(text) };
            let problem = match source.layer {
                Layer::ConfigFile => Fault::BadContent,
                _ => Fault::Usage,
            };
            Failure::new(Step::Config, &source.name, problem, format!("{value} {reason}"))
        })?;
        if !hidden {
            self.given.insert(opt.long, source);
        }
        Ok(())
    }

    /// Whether an option was given at all.
    pub(crate) fn has(&self, long: &str) -> bool {
        self.given.contains_key(long)
    }

    /// The layer an option was given in.
    pub(crate) fn layer(&self, long: &str) -> Option<Layer> {
        self.given.get(long).map(|source| source.layer)
    }

    /// Where an option's value came from, for people.
    pub(crate) fn source(&self, long: &'static str) -> &str {
        self.given.get(long).map_or(long, |source| &source.name)
    }
}
