//! A flow of a known length, of numbered messages.

use std::ops::Range;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::support::pulsar::producer::{Outgoing, numbered};
use crate::support::pulsar::topic::Topic;

/// Publishes numbered messages in groups from now on, each with the key that `key` gives it. To be
/// joined for the end. The broker has to live meanwhile.
#[track_caller]
pub(super) fn flow(
    topic: &Topic,
    numbers: Range<u64>,
    group: usize,
    key: fn(u64) -> Option<String>,
) -> JoinHandle<()> {
    let mut producer = topic.producer(None);
    let numbers: Vec<u64> = numbers.collect();
    thread::spawn(move || {
        for group in numbers.chunks(group) {
            let message =
                |&number: &u64| Outgoing { key: key(number), ..Outgoing::from(numbered(number)) };
            producer.send_all(group.iter().map(message)).unwrap();
            thread::sleep(Duration::from_millis(50));
        }
    })
}

pub(super) fn no_key(_: u64) -> Option<String> {
    None
}
