//! Where to go on after a reconnect, and which messages came before: pure bookkeeping.
//!
//! A reader has no cursor at the service, so this is its memory. Ids are compared by meaning,
//! within one partition, where they only grow.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::message::{Envelope, MessageId};
use crate::settings::Position;

/// Publish times are the producers' clocks. An event shown from just before the start is no
/// repeat, a dropped one is a loss: so a start by time leaves this much room.
const MARGIN: Duration = Duration::from_secs(5);

/// What has been read so far.
#[derive(Debug)]
pub(crate) struct Resume {
    start: Position,
    /// The service's clock when the first session opened.
    began: Option<Timestamp>,
    /// The topic refused to go on after an id.
    partitioned: bool,
    /// This session replays what a start at `latest` has to leave out.
    replaying: bool,
    newest: Option<MessageId>,
    partitions: BTreeMap<i64, Last>,
}

/// The last message taken of one partition.
#[derive(Debug)]
struct Last {
    place: (u64, u64, i64),
    /// The latest publish time of all that were taken.
    published: Option<Timestamp>,
}

/// What a message is to this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    New,
    /// New, though its id is not: the topic was deleted and made anew.
    Anew,
    /// Taken before.
    Repeat,
    /// Published before the run that was to begin at `latest`.
    Before,
}

impl Resume {
    pub(crate) fn new(start: Position) -> Resume {
        Resume {
            start,
            began: None,
            partitioned: false,
            replaying: false,
            newest: None,
            partitions: BTreeMap::new(),
        }
    }

    /// A session is open; `now` is the service's clock.
    pub(crate) fn opened(&mut self, now: Timestamp) {
        self.began.get_or_insert(now);
    }

    /// The service's clock when the first session opened.
    pub(crate) fn began(&self) -> Option<Timestamp> {
        self.began
    }

    /// The last message taken.
    pub(crate) fn newest(&self) -> Option<&MessageId> {
        self.newest.as_ref()
    }

    /// What the next session has to ask for.
    pub(crate) fn position(&mut self) -> Position {
        let position = match (&self.newest, &self.start) {
            (Some(_), _) if self.partitioned => Position::Earliest,
            (Some(id), _) => Position::After(id.clone()),
            // There is no id to go on after, but what was published meanwhile must not be lost.
            (None, Position::Latest) if self.began.is_some() => Position::Earliest,
            (None, start) => start.clone(),
        };
        self.replaying = self.start == Position::Latest && position == Position::Earliest;
        position
    }

    /// The service refuses to go on after an id, as it does for partitioned topics. Whether
    /// there is another way: the position was ours, and is not needed to find the place.
    pub(crate) fn read_from_earliest_instead(&mut self) -> bool {
        !std::mem::replace(&mut self.partitioned, true) && self.newest.is_some()
    }

    /// What this message is to the run.
    pub(crate) fn seen(&self, message: &Envelope<'_>) -> Seen {
        match self.partitions.get(&message.id.partition) {
            Some(last) if message.id.place() > last.place => Seen::New,
            // Nothing published later than all that was taken can have been taken.
            Some(last) if message.published_after(last.published) => Seen::Anew,
            Some(_) => Seen::Repeat,
            None if self.began_before(message) => Seen::Before,
            None => Seen::New,
        }
    }

    /// The message was handed to the output, or needs none.
    pub(crate) fn took(&mut self, message: Envelope<'_>) {
        let Envelope { id, publish_time, .. } = message;
        let last = self
            .partitions
            .entry(id.partition)
            .or_insert(Last { place: id.place(), published: publish_time });
        last.place = id.place();
        last.published = last.published.max(publish_time);
        self.newest = Some(id);
    }

    /// Whether the message is from before a start at `latest`. Only in a later session: what
    /// the first one delivers is new, whatever the producer's clock says.
    fn began_before(&self, message: &Envelope<'_>) -> bool {
        self.replaying
            && match (self.began, message.publish_time) {
                (Some(began), Some(published)) => published < began - MARGIN,
                _ => false,
            }
    }
}

impl Envelope<'_> {
    fn published_after(&self, time: Option<Timestamp>) -> bool {
        matches!((self.publish_time, time), (Some(published), Some(time)) if published > time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    fn message(partition: u8, entry: u8, second: i64) -> Envelope<'static> {
        let mut bytes = vec![8, 1, 16, entry];
        if partition > 0 {
            bytes.extend([24, partition]);
        }
        Envelope {
            id: MessageId::parse(&STANDARD.encode(bytes)).expect("an id"),
            payload: "".into(),
            publish_time: Some(at(second)),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("in range")
    }

    #[test]
    fn a_reconnect_goes_on_after_the_last_message() {
        let mut resume = Resume::new(Position::Earliest);
        assert_eq!(resume.position(), Position::Earliest);
        resume.opened(at(0));
        assert_eq!(resume.seen(&message(0, 1, 0)), Seen::New);
        resume.took(message(0, 1, 0));
        resume.took(message(0, 2, 0));
        assert_eq!(resume.position(), Position::After(message(0, 2, 0).id));
        assert_eq!(resume.seen(&message(0, 2, 0)), Seen::Repeat);
        assert_eq!(resume.seen(&message(0, 3, 0)), Seen::New);
    }

    #[test]
    fn latest_with_nothing_received_replays_and_leaves_out_what_came_before() {
        let mut resume = Resume::new(Position::Latest);
        assert_eq!(resume.position(), Position::Latest);
        resume.opened(at(100));
        // The first session's messages are new, even from a producer whose clock is behind.
        assert_eq!(resume.seen(&message(0, 9, 0)), Seen::New);
        assert_eq!(resume.position(), Position::Earliest);
        assert_eq!(resume.seen(&message(0, 1, 94)), Seen::Before);
        assert_eq!(resume.seen(&message(0, 2, 96)), Seen::New);
        resume.took(message(0, 2, 96));
        assert_eq!(resume.seen(&message(0, 3, 0)), Seen::New);
        assert_eq!(resume.position(), Position::After(message(0, 2, 0).id));
    }

    #[test]
    fn a_partitioned_topic_is_read_anew_and_each_partition_has_its_own_place() {
        let mut resume = Resume::new(Position::Latest);
        resume.position();
        resume.opened(at(100));
        resume.took(message(1, 5, 101));
        assert!(resume.read_from_earliest_instead());
        assert!(
            !resume.read_from_earliest_instead(),
            "asked from earliest, it has no other excuse"
        );
        assert_eq!(resume.position(), Position::Earliest);
        assert_eq!(resume.seen(&message(1, 5, 101)), Seen::Repeat);
        assert_eq!(resume.seen(&message(1, 6, 101)), Seen::New);
        assert_eq!(resume.seen(&message(2, 1, 50)), Seen::Before);
        assert_eq!(resume.seen(&message(2, 2, 102)), Seen::New);
    }

    #[test]
    fn a_topic_made_anew_is_noticed_by_its_times() {
        let mut resume = Resume::new(Position::Earliest);
        resume.took(message(0, 50, 10));
        resume.took(message(0, 51, 8));
        assert_eq!(resume.seen(&message(0, 1, 9)), Seen::Repeat);
        assert_eq!(resume.seen(&message(0, 1, 11)), Seen::Anew);
        resume.took(message(0, 1, 11));
        assert_eq!(resume.seen(&message(0, 2, 11)), Seen::New);
    }
}
