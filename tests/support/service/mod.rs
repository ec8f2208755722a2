//! The scripted local service: Apache Pulsar's WebSocket endpoints behind a gateway that checks the
//! key, over real TLS, on loopback. It behaves as the real one does, except where a test asks for a
//! [`Fault`], and remembers everything it saw ([`Seen`]). One thread per connection.
//!
//! `gateway` speaks HTTP, `session` WebSocket, `topic` holds the messages, `feed` and `subscription` say
//! who gets which, `fault` is the list of what can go wrong, `control` and `subscriptions` are what a
//! test does while all this is running.

mod answer;
mod consumer;
mod control;
mod fault;
mod feed;
mod frames;
mod gateway;
mod listener;
mod odd;
mod peer;
pub mod proxy;
mod says;
mod seen;
mod selftests;
mod session;
mod state;
mod subscription;
mod subscriptions;
mod topic;
mod wire;

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openssl::ssl::{SslAcceptor, SslMethod, SslVerifyMode};

pub use self::answer::Body;
#[allow(unused_imports)] // named by tests that keep one
pub use self::consumer::Kind;
pub use self::fault::Fault;
use self::listener::Port;
pub use self::odd::Odd;
pub use self::peer::Peer;
#[allow(unused_imports)] // named by tests that keep one
pub use self::says::Place;
#[allow(unused_imports)] // named by tests that keep one
pub use self::seen::{Ack, Close, Connection, Request, Seen};
pub use self::selftests::selftests;
use self::state::{Settings, Shared, State};
#[allow(unused_imports)] // named by tests that keep one
pub use self::subscriptions::{BUSY, OTHER_TYPE, Told};
use self::topic::Topic;
#[allow(unused_imports)] // named by tests that keep one
pub use self::topic::{Id, Message, New};
use super::ca::{Ca, Identity, Leaf};
use super::canary;

/// Which Pulsar's words and habits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    V4_0,
    V4_2,
}

/// A running service. Dropping it ends it, and fails the test if it was never reached or if one of
/// its threads panicked (the client broke the protocol).
#[must_use]
pub struct Service {
    shared: Arc<Shared>,
    port: Mutex<Port>,
    address: IpAddr,
    number: u16,
    may_be_unreached: bool,
}

/// A service to be.
#[must_use]
pub struct Builder {
    plain: bool,
    address: IpAddr,
    number: u16,
    leaf: Leaf,
    always: Fault,
    settings: Settings,
    state: State,
    may_be_unreached: bool,
}

/// Tenant and namespace of topics that are named by their last part only.
pub const HOME: &str = "acme/event-v1";

impl Service {
    /// TLS on 127.0.0.1, the canary as its key, `acme/event-v1`, topics made on demand.
    #[track_caller]
    pub fn start() -> Service {
        Service::builder().start()
    }

    /// The same, with one fault on every connection.
    #[track_caller]
    pub fn with(fault: Fault) -> Service {
        Service::builder().always(fault).start()
    }

    pub fn builder() -> Builder {
        Builder {
            plain: false,
            address: IpAddr::from([127, 0, 0, 1]),
            number: 0,
            leaf: Leaf::default(),
            always: Fault::None,
            may_be_unreached: false,
            settings: Settings {
                acceptor: None,
                version: Version::V4_0,
                check_key: true,
                idle_limit: None,
                date_skew: Some(0),
                whole_batches: false,
                fault_after: 0,
            },
            state: State {
                namespaces: HashSet::from([HOME.to_owned()]),
                keys: vec![canary::key().to_owned()],
                forbidden_keys: Vec::new(),
                script: Default::default(),
                always: Fault::None,
                frozen: false,
                paused: false,
                seen: Seen::default(),
                remotes: Vec::new(),
                topics: HashMap::new(),
                subscriptions: HashMap::new(),
            },
        }
    }
}

impl Builder {
    /// `ws://` instead of `wss://`.
    pub fn plain(mut self) -> Builder {
        self.plain = true;
        self
    }

    /// A port of its own choice: that of another service, on another address.
    pub fn port(mut self, number: u16) -> Builder {
        self.number = number;
        self
    }

    /// Another loopback address: `::1`, `127.0.0.2`.
    pub fn address(mut self, address: &str) -> Builder {
        self.address = address.parse().unwrap();
        assert!(self.address.is_loopback());
        self
    }

    /// Another certificate on every connection.
    pub fn identity(mut self, leaf: Leaf) -> Builder {
        self.leaf = leaf;
        self
    }

    /// Another key than the canary.
    pub fn key(mut self, key: &str) -> Builder {
        self.state.keys = vec![key.into()];
        self
    }

    /// A key that is valid but may not read: 403.
    pub fn forbidden_key(mut self, key: &str) -> Builder {
        self.state.forbidden_keys.push(key.into());
        self
    }

    pub fn no_key_check(mut self) -> Builder {
        self.settings.check_key = false;
        self
    }

    /// The first connections in turn; then all is normal.
    pub fn faults(mut self, faults: impl IntoIterator<Item = Fault>) -> Builder {
        self.state.script.extend(faults);
        self
    }

    /// What a connection gets when the script is over.
    pub fn always(mut self, fault: Fault) -> Builder {
        self.always = fault;
        self
    }

    /// Faults of the stream happen after so many messages of their connection.
    pub fn fault_after(mut self, messages: usize) -> Builder {
        self.settings.fault_after = messages;
        self
    }

    pub fn pulsar(mut self, version: Version) -> Builder {
        self.settings.version = version;
        self
    }

    pub fn partitioned(mut self, topic: &str, partitions: usize) -> Builder {
        self.state.topics.insert(full_name(topic), Topic::new(Some(partitions)));
        self
    }

    pub fn namespace(mut self, tenant: &str, namespace: &str) -> Builder {
        self.state.namespaces.insert(format!("{tenant}/{namespace}"));
        self
    }

    /// A session on which nothing moves for so long is closed with 1001.
    pub fn idle_limit(mut self, limit: Duration) -> Builder {
        self.settings.idle_limit = Some(limit);
        self
    }

    /// The service's clock is ahead by so many seconds, in `Date`.
    pub fn date_skew(mut self, seconds: i64) -> Builder {
        self.settings.date_skew = Some(seconds);
        self
    }

    pub fn no_date(mut self) -> Builder {
        self.settings.date_skew = None;
        self
    }

    /// A subscription settles a batch as a whole: until all of it is acknowledged, all of it comes again.
    pub fn whole_batches(mut self) -> Builder {
        self.settings.whole_batches = true;
        self
    }

    pub fn may_be_unreached(mut self) -> Builder {
        self.may_be_unreached = true;
        self
    }

    #[track_caller]
    pub fn start(mut self) -> Service {
        let in_script = self.state.script.iter().any(Fault::is_of_the_port);
        assert!(!in_script, "a port refuses as a whole: `always`, `with` or `stop_listening`");
        if !self.plain {
            let identity = Ca::shared().issue(&self.leaf);
            self.settings.acceptor = Some(acceptor(&identity, false));
        }
        let of_the_port = self.always.is_of_the_port();
        self.state.always = self.always.clone();
        let shared = Shared::new(self.settings, self.state);
        let (port, number) = match &self.always {
            Fault::Refuse => Port::refusing(self.address, 0),
            Fault::BacklogFull => Port::full(self.address),
            _ => Port::listening(self.address, self.number, &shared),
        };
        Service {
            shared,
            port: Mutex::new(port),
            address: self.address,
            number,
            // Whoever is refused by the kernel has reached nobody.
            may_be_unreached: self.may_be_unreached || of_the_port,
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let port = self.port.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner());
        let panics = port.end(&self.shared);
        if std::thread::panicking() {
            return;
        }
        assert!(panics.is_empty(), "the service's own threads panicked: {panics:?}");
        let reached = !self.shared.lock().seen.connections.is_empty();
        assert!(reached || self.may_be_unreached, "the service was never reached");
    }
}

fn full_name(topic: &str) -> String {
    match topic.contains('/') {
        true => topic.into(),
        false => format!("{HOME}/{topic}"),
    }
}

fn acceptor(identity: &Identity, client_certificate: bool) -> SslAcceptor {
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    // Weak keys must be servable: it is the client who has to object.
    acceptor.set_security_level(0);
    acceptor.set_private_key(&identity.key).unwrap();
    acceptor.set_certificate(&identity.cert).unwrap();
    for cert in &identity.chain {
        acceptor.add_extra_chain_cert(cert.clone()).unwrap();
    }
    if client_certificate {
        acceptor.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    }
    acceptor.build()
}
