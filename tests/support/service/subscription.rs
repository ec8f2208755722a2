//! A durable subscription: what waits, who is connected, and what was sent and is not settled yet. It
//! outlives its consumers and takes back what they did not acknowledge.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use super::consumer::{Consumer, Delivery, Kind, Options};
use super::feed::{Reader, Start};
use super::subscriptions::{BUSY, OTHER_TYPE};
use super::topic::{Id, Message, Topic};

#[derive(Debug)]
pub(super) struct Subscription {
    kind: Kind,
    waiting: VecDeque<Delivery>,
    consumers: Vec<Consumer>,
    turn: usize,
    /// Key_Shared: on whose connection a key is.
    owners: HashMap<String, usize>,
    /// In the order in which they were acknowledged.
    acked: Vec<Arc<Message>>,
    /// An entry is settled as a whole, as in a broker without acknowledgements of batch indexes.
    whole_batches: bool,
}

/// For one consumer.
impl Subscription {
    pub(super) fn new(
        kind: Kind,
        waiting: &Topic,
        only: Option<usize>,
        earliest: bool,
        whole_batches: bool,
    ) -> Self {
        let start = if earliest { Start::Earliest } else { Start::Latest };
        let mut reader = Reader::new("", waiting, only, &start);
        let waiting = std::iter::from_fn(|| reader.next(waiting)).map(Delivery::first).collect();
        let (turn, owners, acked, consumers) = Default::default();
        Subscription { kind, waiting, consumers, turn, owners, acked, whole_batches }
    }

    /// Refuses as the service does: the sentence goes with a 409.
    pub(super) fn join(&mut self, connection: usize, options: Options) -> Result<(), String> {
        let kind = options.kind;
        if !self.consumers.is_empty() && self.kind != kind {
            return Err(format!(
                "{OTHER_TYPE} Active subscription type of '{}' is different than the connecting consumer's type '{}'.",
                self.kind.name(),
                kind.name()
            ));
        }
        if !self.consumers.is_empty() && kind == Kind::Exclusive {
            return Err(BUSY.into());
        }
        self.kind = kind;
        self.consumers.push(Consumer::new(connection, options));
        self.dispatch();
        Ok(())
    }

    pub(super) fn publish(&mut self, message: &Arc<Message>) {
        self.waiting.push_back(Delivery::first(Arc::clone(message)));
        self.dispatch();
    }

    pub(super) fn next(&mut self, connection: usize) -> Option<Delivery> {
        let consumer = self.consumer(connection)?;
        let delivery = consumer.outbox.pop_front()?;
        if delivery.message.counts() {
            consumer.pending += 1;
            consumer.unacked.insert(delivery.message.id, delivery.clone());
        }
        Some(delivery)
    }

    /// Settles a message for ever, whoever has it. An id that nobody has opens the window all the same.
    pub(super) fn ack(&mut self, connection: usize, id: &Id) {
        let Some(consumer) = self.consumer(connection) else { return };
        consumer.settled();
        let own = consumer.take(id);
        if let Some(delivery) = own.or_else(|| self.take(id)) {
            self.acked.push(delivery.message);
        }
        self.dispatch();
    }

    pub(super) fn nack(&mut self, connection: usize, id: &Id, now: Instant) {
        let Some(consumer) = self.consumer(connection) else { return };
        consumer.settled();
        if consumer.unacked.contains_key(id) {
            consumer.nacked.push((now + consumer.options.nack_delay, *id));
        }
        self.dispatch();
    }

    /// What it did not acknowledge comes again, with the count it had: the service does not raise it.
    pub(super) fn leave(&mut self, connection: usize) {
        let Some(at) = self.consumers.iter().position(|it| it.connection == connection) else {
            return;
        };
        let mut consumer = self.consumers.remove(at);
        self.owners.retain(|_, owner| *owner != connection);
        let back = consumer.give_back();
        self.take_back(back);
    }

    fn consumer(&mut self, connection: usize) -> Option<&mut Consumer> {
        self.consumers.iter_mut().find(|consumer| consumer.connection == connection)
    }

    fn take(&mut self, id: &Id) -> Option<Delivery> {
        if let Some(at) = self.waiting.iter().position(|delivery| delivery.message.id == *id) {
            return self.waiting.remove(at);
        }
        self.consumers.iter_mut().find_map(|consumer| consumer.take(id))
    }
}

/// What comes again.
impl Subscription {
    /// When the next message that was sent back is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.consumers.iter().flat_map(|it| &it.nacked).map(|(due, _)| *due).min()
    }

    /// Delivers again what is due by now. Gives what was sent back too often, with the topic for it.
    pub(super) fn release(&mut self, now: Instant) -> Vec<(String, Arc<Message>)> {
        let single = self.kind.is_single();
        let (mut back, mut dead) = (Vec::new(), Vec::new());
        for consumer in &mut self.consumers {
            let (due, later) = consumer.nacked.iter().partition(|(due, _)| *due <= now);
            consumer.nacked = later;
            let due: Vec<(Instant, Id)> = due;
            if single && !due.is_empty() {
                // There the broker can only begin again behind the last message acknowledged in order.
                back.extend(consumer.give_back());
                continue;
            }
            for (_, id) in due {
                let Some(mut delivery) = consumer.unacked.remove(&id) else { continue };
                delivery.redeliveries += 1;
                match &consumer.options.dead_letters {
                    Some((most, topic)) if delivery.redeliveries > *most => {
                        dead.push((topic.clone(), Arc::clone(&delivery.message)));
                        self.acked.push(delivery.message);
                    }
                    _ => back.push(delivery),
                }
            }
        }
        self.take_back(back);
        dead
    }

    /// The broker dies and comes back behind its proxy: what is not settled comes again on the same
    /// sessions, and so do the last `lost` that were acknowledged.
    pub(super) fn restart(&mut self, lost: usize) {
        let mut back: Vec<_> = self.consumers.iter_mut().flat_map(Consumer::give_back).collect();
        let at = self.acked.len().saturating_sub(lost);
        back.extend(self.acked.split_off(at).into_iter().map(Delivery::first));
        self.take_back(back);
    }

    fn take_back(&mut self, mut back: Vec<Delivery>) {
        if self.whole_batches {
            back.extend(self.acked_of_open_batches(&back));
        }
        let place = |delivery: &Delivery| {
            let id = delivery.message.id;
            (id.position(), id.partition)
        };
        if self.kind == Kind::Shared {
            // In any order, so in one that nobody expects.
            back.sort_by_key(place);
            back.into_iter().for_each(|delivery| self.waiting.push_front(delivery));
        } else {
            self.waiting.extend(back);
            self.waiting.make_contiguous().sort_by_key(place);
        }
        self.dispatch();
    }

    fn acked_of_open_batches(&mut self, back: &[Delivery]) -> Vec<Delivery> {
        let entry = |id: &Id| (id.partition, id.ledger, id.entry);
        let open = back.iter().chain(&self.waiting).map(|delivery| delivery.message.id);
        let open: HashSet<_> =
            open.filter(|id| id.batch_index.is_some()).map(|id| entry(&id)).collect();
        let acked = std::mem::take(&mut self.acked).into_iter();
        let (again, settled) = acked.partition(|message| open.contains(&entry(&message.id)));
        self.acked = settled;
        let again: Vec<Arc<Message>> = again;
        again.into_iter().map(Delivery::first).collect()
    }
}

/// Who gets what.
impl Subscription {
    fn dispatch(&mut self) {
        match self.kind {
            _ if self.consumers.is_empty() => {}
            Kind::Shared => self.dispatch_by_turns(),
            Kind::KeyShared => self.dispatch_by_key(),
            // Of several, the oldest is the active one.
            Kind::Exclusive | Kind::Failover => {
                let active = &mut self.consumers[0];
                while active.has_room() && !self.waiting.is_empty() {
                    active.outbox.extend(self.waiting.pop_front());
                }
            }
        }
    }

    fn dispatch_by_turns(&mut self) {
        let count = self.consumers.len();
        while !self.waiting.is_empty() {
            let mut turns = (0..count).map(|step| (self.turn + step) % count);
            let Some(at) = turns.find(|at| self.consumers[*at].has_room()) else { return };
            self.turn = at + 1;
            self.consumers[at].outbox.extend(self.waiting.pop_front());
        }
    }

    /// A key stays where it is, and what waits for its consumer holds up no other.
    fn dispatch_by_key(&mut self) {
        let mut kept = VecDeque::new();
        while self.consumers.iter().any(Consumer::has_room)
            && let Some(delivery) = self.waiting.pop_front()
        {
            let key = delivery.message.key.as_deref().unwrap_or_default();
            let connection = match self.owners.get(key) {
                Some(connection) => *connection,
                None => {
                    let at = hash(key) % self.consumers.len();
                    let connection = self.consumers[at].connection;
                    self.owners.insert(key.to_owned(), connection);
                    connection
                }
            };
            match self.consumer(connection) {
                Some(consumer) if consumer.has_room() => consumer.outbox.push_back(delivery),
                _ => kept.push_back(delivery),
            }
        }
        kept.append(&mut self.waiting);
        self.waiting = kept;
    }
}

/// What a test wants to know.
impl Subscription {
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn connections(&self) -> Vec<usize> {
        self.consumers.iter().map(|consumer| consumer.connection).collect()
    }

    pub(super) fn acked(&self) -> Vec<Id> {
        self.acked.iter().map(|message| message.id).collect()
    }

    /// How many are not acknowledged, wherever they are.
    pub(super) fn backlog(&self) -> usize {
        let held = self.consumers.iter().map(|it| it.outbox.len() + it.unacked.len());
        self.waiting.len() + held.sum::<usize>()
    }
}

fn hash(key: &str) -> usize {
    key.bytes().fold(7, |hash: usize, byte| hash.wrapping_mul(31).wrapping_add(byte.into()))
}
