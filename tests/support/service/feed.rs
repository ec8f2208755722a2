//! Who gets which message: a reader has a place of its own, consumers share a subscription that
//! outlives them and takes back what they did not acknowledge.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::topic::{Id, Message, Topic};

/// Where a reader begins.
#[derive(Clone, Debug)]
pub(super) enum Start {
    Earliest,
    Latest,
    After(Id),
}

/// What one session is fed from.
#[derive(Debug)]
pub(super) enum Feed {
    Reader(Reader),
    Consumer { topic: String, subscription: String },
}

/// A reader's places: all partitions by turns, or one.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) topic: String,
    places: Vec<(usize, usize)>,
    turn: usize,
}

impl Reader {
    pub(super) fn new(name: &str, topic: &Topic, only: Option<usize>, start: &Start) -> Reader {
        let all = 0..topic.partitions.len();
        let mine = all.filter(|number| only.is_none_or(|only| only == *number));
        let places = mine.map(|number| {
            let partition = &topic.partitions[number];
            let place = match start {
                Start::Earliest => 0,
                Start::Latest => partition.end(),
                Start::After(id) => partition.after(id),
            };
            (number, place)
        });
        Reader { topic: name.into(), places: places.collect(), turn: 0 }
    }

    pub(super) fn next(&mut self, topic: &Topic) -> Option<Arc<Message>> {
        for _ in 0..self.places.len() {
            let turn = self.turn % self.places.len();
            self.turn += 1;
            let (number, place) = &mut self.places[turn];
            if let Some(message) = topic.partitions[*number].at(place) {
                *place += 1;
                return Some(message);
            }
        }
        None
    }
}

/// A message on its way, and how often it was sent back.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) message: Arc<Message>,
    pub(super) redeliveries: u32,
}

/// A durable subscription.
#[derive(Debug)]
pub(super) struct Subscription {
    kind: String,
    waiting: VecDeque<Delivery>,
    consumers: Vec<Consumer>,
    turn: usize,
    /// Each acknowledged id: a message acknowledged before must not come again.
    pub(super) acked: Vec<Id>,
}

#[derive(Debug)]
struct Consumer {
    connection: usize,
    window: usize,
    outbox: VecDeque<Delivery>,
    unacked: HashMap<Id, Delivery>,
}

impl Subscription {
    pub(super) fn new(kind: &str, topic: &Topic, only: Option<usize>, earliest: bool) -> Self {
        let mut subscription = Subscription {
            kind: kind.into(),
            waiting: VecDeque::new(),
            consumers: Vec::new(),
            turn: 0,
            acked: Vec::new(),
        };
        let start = if earliest { Start::Earliest } else { Start::Latest };
        let mut reader = Reader::new("", topic, only, &start);
        while let Some(message) = reader.next(topic) {
            subscription.waiting.push_back(Delivery { message, redeliveries: 0 });
        }
        subscription
    }

    /// Refuses as the service does: the sentence goes with a 409.
    pub(super) fn join(
        &mut self,
        connection: usize,
        kind: &str,
        window: usize,
    ) -> Result<(), &'static str> {
        if !self.consumers.is_empty() && self.kind != kind {
            return Err("Subscription is of different type");
        }
        if !self.consumers.is_empty() && kind == "Exclusive" {
            return Err("Exclusive consumer is already connected");
        }
        self.kind = kind.into();
        let (outbox, unacked) = Default::default();
        self.consumers.push(Consumer { connection, window, outbox, unacked });
        self.dispatch();
        Ok(())
    }

    pub(super) fn publish(&mut self, message: &Arc<Message>) {
        self.waiting.push_back(Delivery { message: Arc::clone(message), redeliveries: 0 });
        self.dispatch();
    }

    pub(super) fn next(&mut self, connection: usize) -> Option<Delivery> {
        let consumer = self.consumer(connection)?;
        let delivery = consumer.outbox.pop_front()?;
        consumer.unacked.insert(delivery.message.id, delivery.clone());
        Some(delivery)
    }

    pub(super) fn ack(&mut self, connection: usize, id: &Id) {
        if let Some(consumer) = self.consumer(connection)
            && consumer.unacked.remove(id).is_some()
        {
            self.acked.push(*id);
            self.dispatch();
        }
    }

    pub(super) fn nack(&mut self, connection: usize, id: &Id) {
        if let Some(consumer) = self.consumer(connection)
            && let Some(delivery) = consumer.unacked.remove(id)
        {
            let redeliveries = delivery.redeliveries + 1;
            self.waiting.push_front(Delivery { redeliveries, ..delivery });
            self.dispatch();
        }
    }

    /// What it did not acknowledge comes again, with the count it had: the service does not raise it.
    pub(super) fn leave(&mut self, connection: usize) {
        let Some(at) = self.consumers.iter().position(|it| it.connection == connection) else {
            return;
        };
        let consumer = self.consumers.remove(at);
        self.waiting.extend(consumer.outbox);
        self.waiting.extend(consumer.unacked.into_values());
        self.waiting.make_contiguous().sort_by_key(|delivery| {
            let id = delivery.message.id;
            (id.position(), id.partition)
        });
        self.dispatch();
    }

    pub(super) fn consumers(&self) -> usize {
        self.consumers.len()
    }

    fn consumer(&mut self, connection: usize) -> Option<&mut Consumer> {
        self.consumers.iter_mut().find(|consumer| consumer.connection == connection)
    }

    fn dispatch(&mut self) {
        while let Some(at) = self.choose() {
            self.consumers[at].outbox.extend(self.waiting.pop_front());
        }
    }

    /// Who gets the first of the waiting, if that one's window has room.
    fn choose(&mut self) -> Option<usize> {
        let delivery = self.waiting.front()?;
        let count = self.consumers.len();
        let has_room = |at: &usize| self.consumers[*at].has_room();
        match self.kind.as_str() {
            _ if count == 0 => None,
            "Shared" => {
                let mut turns = (0..count).map(|step| (self.turn + step) % count);
                let at = turns.find(has_room)?;
                self.turn = at + 1;
                Some(at)
            }
            "Key_Shared" => {
                let key = delivery.message.key.as_deref().unwrap_or("");
                let hash = key
                    .bytes()
                    .fold(7_usize, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
                Some(hash % count).filter(has_room)
            }
            // Exclusive has only one, Failover's first is the active one.
            _ => Some(0).filter(has_room),
        }
    }
}

impl Consumer {
    fn has_room(&self) -> bool {
        self.outbox.len() + self.unacked.len() < self.window
    }
}
