//! What a test does to a subscription, and what it is told about one.

use super::consumer::Kind;
use super::seen::{Connection, Seen};
use super::state::State;
use super::topic::Id;
use super::{Service, full_name};

/// The sentences of a 409.
pub const BUSY: &str = "Exclusive consumer is already connected";
pub const OTHER_TYPE: &str = "Subscription is of different type.";

/// One subscription as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub kind: Kind,
    /// In the order in which they were acknowledged, over all its consumers.
    pub acked: Vec<Id>,
    /// How many are not acknowledged, sent or not.
    pub backlog: usize,
    /// Who is connected, oldest first, by the place in [`Seen::connections`].
    pub connections: Vec<usize>,
}

impl Service {
    /// `None` when there is no such subscription.
    pub fn subscription(&self, topic: &str, name: &str) -> Option<Told> {
        told(&self.shared.lock(), topic, name)
    }

    /// Waits until a subscription is there and as wanted.
    #[track_caller]
    pub fn wait_for_subscription(
        &self,
        topic: &str,
        name: &str,
        what: &str,
        done: impl Fn(&Told) -> bool,
    ) {
        self.shared.wait_for(&format!("subscription {name}: {what}"), |state| {
            told(state, topic, name).is_some_and(|it| done(&it))
        });
    }

    /// Waits until so many messages are acknowledged and no more is left.
    #[track_caller]
    pub fn wait_for_all_acked(&self, topic: &str, name: &str, count: usize) {
        let what = format!("{count} acknowledged, none left");
        self.wait_for_subscription(topic, name, &what, |it| {
            it.backlog == 0 && it.acked.len() == count
        });
    }

    /// Makes it before anybody connects, as an administrator does.
    pub fn make_subscription(&self, topic: &str, name: &str, kind: Kind, earliest: bool) {
        use super::subscription::Subscription;
        let topic = full_name(topic);
        let whole_batches = self.shared.settings.whole_batches;
        self.shared.change(|state| {
            let messages = state.topic(&topic);
            let made = Subscription::new(kind, messages, None, earliest, whole_batches);
            state.subscriptions.insert((topic, name.to_owned()), made);
        });
    }

    /// Deletes it under its consumers, as an administrator does by force: they hear nothing more.
    pub fn delete_subscription(&self, topic: &str, name: &str) {
        self.shared
            .change(|state| state.subscriptions.remove(&(full_name(topic), name.to_owned())));
    }

    /// The broker dies and comes back while its proxy lives: all that is not acknowledged comes again,
    /// on the same sessions, and so do the last `lost` of those that are.
    pub fn restart_broker(&self, topic: &str, name: &str, lost: usize) {
        self.shared.change(|state| {
            state.subscription(&full_name(topic), name).expect("it is there").restart(lost);
        });
    }

    /// The payloads of a topic, oldest first, partition by partition.
    pub fn payloads(&self, topic: &str) -> Vec<String> {
        let state = self.shared.lock();
        let topic = state.topics.get(&full_name(topic));
        let messages = topic.iter().flat_map(|topic| &topic.partitions).flat_map(|it| it.all());
        messages.map(|message| String::from_utf8_lossy(&message.payload).into_owned()).collect()
    }
}

fn told(state: &State, topic: &str, name: &str) -> Option<Told> {
    let subscription = state.subscriptions.get(&(full_name(topic), name.to_owned()))?;
    Some(Told {
        kind: subscription.kind(),
        acked: subscription.acked(),
        backlog: subscription.backlog(),
        connections: subscription.connections(),
    })
}

impl Seen {
    /// Those who asked for the consumer endpoint, refused ones too.
    pub fn consumers(&self) -> impl Iterator<Item = &Connection> {
        self.connections.iter().filter(|connection| {
            let request = connection.request.as_ref();
            request.is_some_and(|request| request.path.starts_with("/ws/v2/consumer/"))
        })
    }

    pub fn nacks(&self) -> Vec<Id> {
        self.connections.iter().flat_map(|connection| connection.nacks.iter().copied()).collect()
    }
}
