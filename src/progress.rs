//! How far a topic was read: the last message of each partition. Ids are compared by meaning,
//! within one partition, where they only grow.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::message::MessageId;

/// The last message of each partition, and of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    newest: Option<MessageId>,
    partitions: BTreeMap<i64, Last>,
}

/// The last message of one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Last {
    pub(crate) id: MessageId,
    /// The latest publish time of it and all before it.
    pub(crate) published: Option<Timestamp>,
}

impl Progress {
    /// Takes one more message.
    pub(crate) fn took(&mut self, id: MessageId, published: Option<Timestamp>) {
        match self.partitions.get_mut(&id.partition) {
            Some(last) => {
                last.published = last.published.max(published);
                last.id = id.clone();
            }
            None => {
                self.partitions.insert(id.partition, Last { id: id.clone(), published });
            }
        }
        self.newest = Some(id);
    }

    /// The message taken last.
    pub(crate) fn newest(&self) -> Option<&MessageId> {
        self.newest.as_ref()
    }

    /// The last message of a partition.
    pub(crate) fn of(&self, partition: i64) -> Option<&Last> {
        self.partitions.get(&partition)
    }

    /// The last message of each partition.
    pub(crate) fn partitions(&self) -> impl Iterator<Item = &Last> {
        self.partitions.values()
    }
}
