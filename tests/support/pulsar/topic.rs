//! Names on a real Pulsar: a namespace of the tenant, the topics in it, and what the admin
//! interface says of them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::ca::Ca;
use super::admin::{Admin, TENANT};
use super::process::retry;
use super::producer::{Producer, RetryingProducer};

/// A namespace that keeps everything published in it.
#[derive(Clone, Debug)]
pub struct Namespace {
    admin: Admin,
    websocket: u16,
    pub name: String,
}

/// A topic; it comes into being when somebody first connects to it.
#[derive(Clone, Debug)]
pub struct Topic {
    namespace: Namespace,
    pub name: String,
    /// How many, if it was made a partitioned one.
    pub partitions: Option<usize>,
}

impl Namespace {
    #[track_caller]
    pub(super) fn create(admin: Admin, websocket: u16, name: &str) -> Namespace {
        admin.create_namespace(name);
        Namespace { admin, websocket, name: name.to_owned() }
    }

    pub fn topic(&self, name: &str) -> Topic {
        Topic { namespace: self.clone(), name: name.to_owned(), partitions: None }
    }

    /// Creates a topic of several partitions.
    #[track_caller]
    pub fn partitioned(&self, name: &str, partitions: usize) -> Topic {
        let topic = Topic { partitions: Some(partitions), ..self.topic(name) };
        self.admin.until_done("PUT", &format!("{}/partitions", topic.path()), &partitions);
        topic
    }
}

impl Topic {
    /// A connection for publishing, with batches of so many messages where a number is given.
    #[track_caller]
    pub fn producer(&self, batching: Option<usize>) -> Producer {
        let what = format!("a producer connects to {}:", self.path());
        retry(&what, || Producer::connect(self, batching))
    }

    /// Publishes numbered messages from now on, whatever happens to the broker meanwhile.
    pub fn keep_publishing(&self, batching: Option<usize>) -> RetryingProducer {
        RetryingProducer::start(self.clone(), batching)
    }

    /// One partition, which can be read under a name of its own.
    pub fn partition(&self, number: usize) -> Topic {
        Topic {
            name: format!("{}-partition-{number}", self.name),
            partitions: None,
            ..self.clone()
        }
    }

    /// What leads the program to it through a gateway on this port of `localhost`.
    pub fn args(&self, gateway: u16) -> Vec<String> {
        let (port, root) = (gateway.to_string(), Ca::shared().root_pem());
        let root = root.to_str().unwrap();
        ["--tenant", TENANT, "--namespace", &self.namespace.name, "--topic", &self.name]
            .into_iter()
            .chain(["--host", "localhost", "--port", &port, "--ca-file", root])
            .map(str::to_owned)
            .collect()
    }

    /// `persistent/{tenant}/{namespace}/{topic}`, as URLs of the service have it.
    pub fn path(&self) -> String {
        format!("persistent/{TENANT}/{}/{}", self.namespace.name, self.name)
    }

    /// A URL of the WebSocket service, past any gateway.
    pub fn url(&self, endpoint: &str, query: &str) -> String {
        format!(
            "ws://127.0.0.1:{}/ws/v2/{endpoint}/{}?{query}",
            self.namespace.websocket,
            self.path()
        )
    }

    /// Ends the topic: nothing can be published any more, and readers are told so at the end.
    #[track_caller]
    pub fn terminate(&self) {
        let last = if self.partitions.is_some() { "terminate/partitions" } else { "terminate" };
        self.admin().until_done("POST", &format!("{}/{last}", self.path()), &Value::Null);
    }

    /// Deletes it with everything in it, also under those who are connected.
    #[track_caller]
    pub fn delete(&self) {
        let what = if self.partitions.is_some() { "/partitions" } else { "" };
        self.admin().until_done(
            "DELETE",
            &format!("{}{what}?force=true", self.path()),
            &Value::Null,
        );
    }

    #[track_caller]
    pub fn stats(&self) -> Value {
        let what = if self.partitions.is_some() { "partitioned-stats" } else { "stats" };
        self.look(what).unwrap()
    }

    #[track_caller]
    pub fn subscriptions(&self) -> Vec<String> {
        let names = self.look("subscriptions").unwrap();
        names.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    }

    /// How many messages (entries, where they come in batches) a subscription has not seen
    /// acknowledged; all of them while there is no such subscription.
    #[track_caller]
    pub fn backlog(&self, subscription: &str) -> u64 {
        let what = if self.partitions.is_some() { "partitioned-stats" } else { "stats" };
        let stats = retry("the backlog", || self.look(&format!("{what}?getPreciseBacklog=true")));
        stats["subscriptions"][subscription]["msgBacklog"].as_u64().unwrap_or(u64::MAX)
    }

    /// Deletes a subscription, also under those who are connected.
    #[track_caller]
    pub fn delete_subscription(&self, subscription: &str) {
        let path = format!("{}/subscription/{subscription}?force=true", self.path());
        self.admin().until_done("DELETE", &path, &Value::Null);
    }

    /// Ledger and entry of the last message; none while there is no message.
    #[track_caller]
    pub fn last(&self) -> Option<(u64, u64)> {
        // A broker that has just come back refuses until it has taken over the topic.
        let what = format!("the last id of {}:", self.path());
        let id = retry(&what, || self.look("lastMessageId"));
        id["ledgerId"].as_u64().zip(id["entryId"].as_u64())
    }

    /// How many entries each ledger of a topic that is not partitioned has; none where it has none.
    #[track_caller]
    pub fn entries(&self) -> BTreeMap<u64, u64> {
        let stats = retry("the ledgers", || self.look("internalStats"));
        let mut ledgers: BTreeMap<u64, u64> = stats["ledgers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|ledger| {
                (ledger["ledgerId"].as_u64().unwrap(), ledger["entries"].as_u64().unwrap())
            })
            .collect();
        // The one that is still written to is told apart.
        if let Some(mut open) = ledgers.last_entry() {
            *open.get_mut() = stats["currentLedgerEntries"].as_u64().unwrap();
        }
        ledgers.retain(|_, entries| *entries > 0);
        ledgers
    }

    fn admin(&self) -> Admin {
        self.namespace.admin
    }

    fn look(&self, what: &str) -> Result<Value, String> {
        self.admin().look(&format!("{}/{what}", self.path()))
    }
}
