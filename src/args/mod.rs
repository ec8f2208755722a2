//! The command line: what was typed, checked word by word.
//!
//! [`options`] is the table everything else here is made from. What several options, the
//! environment and the config file mean together is settled in [`crate::settings`].

mod checks;
mod command;
mod complete;
mod document;
mod given;
mod help;
mod items;
mod man;
mod nearest;
mod opt;
mod options;
mod parse;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::message::{LineRules, Position};
use crate::report::Talk;
use crate::retry::Retry;
use crate::secret::Secret;
use crate::settings::{Capture, Limits, Stop};
use crate::values::choice::AuthStyle;
use crate::values::host::Override;

pub(crate) use command::Command;
pub(crate) use document::Document;
pub(crate) use given::{Given, Layer};
pub(crate) use help::{long as long_help, short as short_help};
pub(crate) use nearest::nearest;
#[cfg(test)]
pub(crate) use opt::Fallback;
pub(crate) use opt::Opt;
pub(crate) use options::{OPTIONS, by_long};
pub(crate) use parse::{Parsed, parse, understood};

/// The value of every option: the program's default, or what was given on top of it, each checked
/// by itself. `None` is only where the absence of a value means something.
///
/// Where an option needs no other to be understood, its field is already the one of the part of
/// [`Settings`](crate::settings::Settings) that uses it, with its default there.
#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) tenant: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) cluster: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) namespace: String,
    pub(crate) topic: String,
    pub(crate) reader_name: Option<String>,
    pub(crate) receiver_queue_size: u16,
    pub(crate) x_api_key: Option<Secret>,
    pub(crate) x_api_key_file: Option<String>,
    pub(crate) auth_style: AuthStyle,
    pub(crate) message_id: Option<Position>,
    pub(crate) since: Option<Timestamp>,
    pub(crate) stop: Stop,
    pub(crate) lines: LineRules,
    pub(crate) capture: Capture,
    pub(crate) limits: Limits,
    pub(crate) retry: Retry,
    /// May hold a login.
    pub(crate) proxy: Option<Secret>,
    pub(crate) noproxy: Option<String>,
    pub(crate) ca_file: Option<String>,
    pub(crate) insecure: bool,
    pub(crate) ipv4: bool,
    pub(crate) ipv6: bool,
    pub(crate) resolve: Vec<Override>,
    pub(crate) listen: Duration,
    pub(crate) all_regions: bool,
    pub(crate) strict: bool,
    pub(crate) json: bool,
    pub(crate) report: Option<String>,
    pub(crate) config: Option<String>,
    pub(crate) talk: Talk,
    /// Where each option that was given was written.
    given: BTreeMap<&'static str, (Layer, String)>,
}

/// The defaults of the program.
impl Default for Args {
    fn default() -> Args {
        Args {
            tenant: None,
            region: None,
            cluster: None,
            host: None,
            port: None,
            namespace: "event-v1".to_owned(),
            topic: "all".to_owned(),
            reader_name: None,
            receiver_queue_size: 1000,
            x_api_key: None,
            x_api_key_file: None,
            auth_style: AuthStyle::Header,
            message_id: None,
            since: None,
            stop: Stop::default(),
            lines: LineRules::default(),
            capture: Capture::default(),
            limits: Limits::default(),
            retry: Retry::default(),
            proxy: None,
            noproxy: None,
            ca_file: None,
            insecure: false,
            ipv4: false,
            ipv6: false,
            resolve: Vec::new(),
            listen: Duration::from_secs(30),
            all_regions: false,
            strict: false,
            json: false,
            report: None,
            config: None,
            talk: Talk::default(),
            given: BTreeMap::new(),
        }
    }
}

impl Args {
    /// Puts what was given on top of the defaults, the lowest layer first. What a higher layer says
    /// by an option hides what lower ones say by any option of its group.
    pub(crate) fn of(given: &[Given]) -> Args {
        let mut args = Args::default();
        for layer in Layer::ALL {
            for one in given.iter().filter(|one| one.layer == layer && !one.is_hidden_by(given)) {
                // It was checked when it was given.
                if one.apply(&mut args).is_ok() {
                    args.given.insert(one.opt.long, (layer, one.source.clone()));
                }
            }
        }
        args
    }

    /// Whether an option was given at all.
    pub(crate) fn has(&self, long: &str) -> bool {
        self.given.contains_key(long)
    }

    /// The layer an option was given in.
    pub(crate) fn layer(&self, long: &str) -> Option<Layer> {
        self.given.get(long).map(|(layer, _)| *layer)
    }

    /// Where an option's value came from, for people.
    pub(crate) fn source(&self, long: &'static str) -> &str {
        self.given.get(long).map_or(long, |(_, source)| source)
    }
}
