//! One consumer of a subscription: what it asked for, what it was sent and what is on its way to it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::topic::{Id, Message};

/// A message on its way, and how often it was sent back.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) message: Arc<Message>,
    pub(super) redeliveries: u32,
}

impl Delivery {
    pub(super) fn first(message: Arc<Message>) -> Delivery {
        Delivery { message, redeliveries: 0 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Exclusive,
    Failover,
    Shared,
    KeyShared,
}

impl Kind {
    pub(super) fn parse(text: &str) -> Option<Kind> {
        Some(match text {
            "Exclusive" => Kind::Exclusive,
            "Failover" => Kind::Failover,
            "Shared" => Kind::Shared,
            "Key_Shared" => Kind::KeyShared,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Exclusive => "Exclusive",
            Kind::Failover => "Failover",
            Kind::Shared => "Shared",
            Kind::KeyShared => "Key_Shared",
        }
    }

    /// One consumer at a time gets everything.
    pub(super) fn is_single(self) -> bool {
        matches!(self, Kind::Exclusive | Kind::Failover)
    }
}

/// What a consumer asks for in its query.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) kind: Kind,
    /// At most so many messages sent and not yet settled.
    pub(super) window: usize,
    pub(super) nack_delay: Duration,
    /// Sent back more often than that, a message goes to the dead letter topic.
    pub(super) dead_letters: Option<(u32, String)>,
}

#[derive(Debug)]
pub(super) struct Consumer {
    pub(super) connection: usize,
    pub(super) options: Options,
    pub(super) outbox: VecDeque<Delivery>,
    pub(super) unacked: HashMap<Id, Delivery>,
    /// Messages sent less acknowledgements heard, the negative ones too.
    pub(super) pending: usize,
    /// What was sent back, and when it comes again.
    pub(super) nacked: Vec<(Instant, Id)>,
}

impl Consumer {
    pub(super) fn new(connection: usize, options: Options) -> Consumer {
        let (outbox, unacked, pending, nacked) = Default::default();
        Consumer { connection, options, outbox, unacked, pending, nacked }
    }

    /// Whether the window has room.
    pub(super) fn has_room(&self) -> bool {
        self.outbox.len() + self.pending < self.options.window
    }

    /// An acknowledgement was heard, whatever its id.
    pub(super) fn settled(&mut self) {
        self.pending = self.pending.saturating_sub(1);
    }

    /// The message, sent or about to be.
    pub(super) fn take(&mut self, id: &Id) -> Option<Delivery> {
        self.unacked.remove(id).or_else(|| {
            let at = self.outbox.iter().position(|delivery| delivery.message.id == *id)?;
            self.outbox.remove(at)
        })
    }

    /// All that is not acknowledged.
    pub(super) fn give_back(&mut self) -> Vec<Delivery> {
        self.nacked.clear();
        let unacked = self.unacked.drain().map(|(_, delivery)| delivery);
        unacked.chain(self.outbox.drain(..)).collect()
    }
}
