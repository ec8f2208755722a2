//! What all connections of a service share, behind one lock; whoever changes it wakes the others.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use openssl::ssl::SslAcceptor;

use super::Version;
use super::consumer::Delivery;
use super::fault::Fault;
use super::feed::Feed;
use super::seen::{Connection, Seen};
use super::subscription::Subscription;
use super::topic::{Message, New, Topic};
use super::wire::Remote;

/// How long a test waits for what must happen.
const LIMIT: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What is settled before the service starts.
pub(super) struct Settings {
    /// None: plain `ws://`.
    pub(super) acceptor: Option<SslAcceptor>,
    pub(super) version: Version,
    pub(super) check_key: bool,
    pub(super) idle_limit: Option<Duration>,
    /// By how many seconds the service's clock is ahead of ours; None: no `Date` at all.
    pub(super) date_skew: Option<i64>,
    pub(super) fault_after: usize,
    pub(super) whole_batches: bool,
}

pub(super) struct Shared {
    pub(super) settings: Settings,
    state: Mutex<State>,
    changed: Condvar,
}

pub(super) struct State {
    pub(super) namespaces: HashSet<String>,
    pub(super) keys: Vec<String>,
    pub(super) forbidden_keys: Vec<String>,
    pub(super) script: VecDeque<Fault>,
    /// What connections get when the script is over.
    pub(super) always: Fault,
    /// Nothing is read, written or answered.
    pub(super) frozen: bool,
    /// All is answered, but no message is sent.
    pub(super) paused: bool,
    pub(super) seen: Seen,
    pub(super) remotes: Vec<Arc<Remote>>,
    pub(super) topics: HashMap<String, Topic>,
    /// By topic and name.
    pub(super) subscriptions: HashMap<(String, String), Subscription>,
}

impl Shared {
    pub(super) fn new(settings: Settings, state: State) -> Arc<Shared> {
        Arc::new(Shared { settings, state: Mutex::new(state), changed: Condvar::new() })
    }

    /// A panic of one connection must not hide behind a poisoned lock: `Service` reports it.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Changes the state, wakes the connections and whoever waits for them.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state);
        state.remotes.iter().for_each(|remote| remote.wake());
        drop(state);
        self.changed.notify_all();
        result
    }

    /// Notes what connection `number` has seen; wakes only those who wait for that.
    pub(super) fn note<T>(&self, number: usize, note: impl FnOnce(&mut Connection) -> T) -> T {
        let result = note(&mut self.lock().seen.connections[number]);
        self.changed.notify_all();
        result
    }

    pub(super) fn noted(&self) {
        self.changed.notify_all();
    }

    #[track_caller]
    pub(super) fn wait_for(&self, what: &str, done: impl Fn(&State) -> bool) {
        let deadline = Instant::now() + LIMIT;
        let mut state = self.lock();
        while !done(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let summary = state.seen.summary();
                drop(state);
                panic!("waited {LIMIT:?} for: {what}\nthe service saw {summary}");
            }
            // Some changes come by time alone, and tell nobody.
            state = match self.changed.wait_timeout(state, left.min(LOOK_AGAIN)) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}

impl State {
    pub(super) fn topic(&mut self, name: &str) -> &mut Topic {
        self.topics.entry(name.into()).or_insert_with(|| Topic::new(None))
    }

    pub(super) fn publish(
        &mut self,
        name: &str,
        batch: Vec<New>,
        batched: bool,
    ) -> Vec<Arc<Message>> {
        let published = self.topic(name).publish(batch, batched);
        for ((topic, _), subscription) in &mut self.subscriptions {
            for message in &published {
                let part = message.id.partition.map(|number| partition_name(name, number as usize));
                if topic == name || Some(topic) == part.as_ref() {
                    subscription.publish(message);
                }
            }
        }
        published
    }

    /// The next message for one connection.
    pub(super) fn next(&mut self, connection: usize, feed: &mut Feed) -> Option<Delivery> {
        match feed {
            Feed::Reader(reader) => {
                let message = reader.next(&self.topics[&reader.topic])?;
                Some(Delivery::first(message))
            }
            Feed::Consumer { topic, subscription } => {
                self.release(topic, subscription);
                self.subscription(topic, subscription)?.next(connection)
            }
        }
    }

    /// Sends again what was sent back and is due by now, to whoever is to have it.
    fn release(&mut self, topic: &str, name: &str) {
        let now = Instant::now();
        let Some(subscription) = self.subscription(topic, name) else { return };
        if subscription.due().is_some_and(|due| due <= now) {
            for (dead_letter_topic, message) in subscription.release(now) {
                self.publish(&dead_letter_topic, vec![message.again()], false);
            }
            self.remotes.iter().for_each(|remote| remote.wake());
        }
    }

    pub(super) fn subscription(&mut self, topic: &str, name: &str) -> Option<&mut Subscription> {
        self.subscriptions.get_mut(&(topic.to_owned(), name.to_owned()))
    }

    /// A topic by the name in a URL: itself, or one partition of a partitioned one.
    pub(super) fn find(&mut self, name: &str) -> (String, Option<usize>) {
        if let Some((parent, number)) = name.rsplit_once("-partition-")
            && let Ok(number) = number.parse::<usize>()
            && let Some(topic) = self.topics.get(parent)
            && topic.partitioned
            && number < topic.partitions.len()
        {
            return (parent.into(), Some(number));
        }
        self.topic(name);
        (name.into(), None)
    }
}

fn partition_name(topic: &str, number: usize) -> String {
    format!("{topic}-partition-{number}")
}
