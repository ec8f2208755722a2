//! Who gets which message: a reader has a place of its own, consumers share a subscription.

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
