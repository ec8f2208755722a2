//! Every option's value, typed, and the layer it was given in.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::message::{LineRules, Position};
use crate::report::Talk;
use crate::retry::Retry;
use crate::secret::Secret;
use crate::values::capture::Capture;
use crate::values::choice::AuthStyle;
use crate::values::host::Override;
use crate::values::limits::Limits;
use crate::values::moment::Moment;
use crate::values::stop::Stop;
use crate::values::subscription::{InitialPosition, Subscription};

/// The places an option can be given in. A later one overrides an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layer {
    ConfigFile,
    Environment,
    CommandLine,
}

impl Layer {
    /// Lowest first.
    pub(crate) const ALL: [Layer; 3] = [Layer::ConfigFile, Layer::Environment, Layer::CommandLine];
}

/// The value of every option: the default or the value given, each checked by itself. It is `None`
/// only if the absence of a value has a meaning.
///
/// Options that do not depend on others are already grouped in the parts of
/// [`Settings`](crate::settings::Settings) that use them, which also define their defaults.
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
    /// Its name is empty unless `--subscription` is given.
    pub(crate) subscription: Subscription,
    pub(crate) initial_position: Option<InitialPosition>,
    pub(crate) at_most_once: bool,
    pub(crate) unsubscribe: bool,
    pub(crate) yes: bool,
    pub(crate) x_api_key: Option<Secret>,
    pub(crate) x_api_key_file: Option<PathBuf>,
    pub(crate) auth_style: AuthStyle,
    pub(crate) message_id: Option<Position>,
    pub(crate) since: Option<Moment>,
    pub(crate) stop: Stop,
    pub(crate) lines: LineRules,
    pub(crate) capture: Capture,
    pub(crate) limits: Limits,
    pub(crate) retry: Retry,
    /// May hold a login.
    pub(crate) proxy: Option<Secret>,
    pub(crate) noproxy: Option<String>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) insecure: bool,
    pub(crate) ipv4: bool,
    pub(crate) ipv6: bool,
    pub(crate) resolve: Vec<Override>,
    pub(crate) listen: Duration,
    pub(crate) all_regions: bool,
    pub(crate) strict: bool,
    pub(crate) json: bool,
    pub(crate) report: Option<PathBuf>,
    pub(crate) config: Option<PathBuf>,
    pub(crate) talk: Talk,
    /// Where each given option was written.
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
            subscription: Subscription::default(),
            initial_position: None,
            at_most_once: false,
            unsubscribe: false,
            yes: false,
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
    /// Records where an option was given.
    pub(super) fn note(&mut self, long: &'static str, layer: Layer, source: &str) {
        self.given.insert(long, (layer, source.to_owned()));
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
