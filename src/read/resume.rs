//! Where to go on after a reconnect, and which messages came before: pure bookkeeping.
//!
//! A reader has no cursor at the service, so this is its memory. Ids are compared by meaning,
//! within one partition, where they only grow.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::cursor::Cursor;
use crate::message::{MessageId, Position};
use crate::progress::Reached;

/// Publish times are the producers' clocks. An event shown from just before the start is no
/// repeat, a dropped one is a loss: so a start by time leaves this much room.
const MARGIN: Duration = Duration::from_secs(5);

/// Producers' clocks differ, but not by more than this.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// What has been read so far.
#[derive(Debug)]
pub(crate) struct Resume {
    start: Position,
    /// The service's clock when the first session of all was open.
    began: Option<Timestamp>,
    /// The topic refused to go on after an id.
    partitioned: bool,
    /// This session replays what a start at `latest` has to leave out.
    replaying: bool,
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
        Resume { start, began: None, partitioned: false, replaying: false }
    }

    /// Goes on where an earlier run stopped.
    pub(crate) fn of(cursor: &Cursor) -> Resume {
        Resume {
            start: cursor.start.clone(),
            began: cursor.began,
            partitioned: cursor.partitioned,
            replaying: false,
        }
    }

    /// A session is open; `now` is the service's clock.
    pub(crate) fn opened(&mut self, now: Timestamp) {
        self.began.get_or_insert(now);
    }

    /// Where the first session began.
    pub(crate) fn start(&self) -> &Position {
        &self.start
    }

    /// What the next session has to ask for, after what was `taken`.
    pub(crate) fn position(&mut self, taken: &Reached) -> Position {
        let position = match (taken.newest(), &self.start) {
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
    pub(crate) fn read_from_earliest_instead(&mut self, taken: &Reached) -> bool {
        !std::mem::replace(&mut self.partitioned, true) && taken.newest().is_some()
    }

    /// Whether sessions read everything that is held, since the topic cannot be resumed by id.
    pub(crate) fn is_from_earliest(&self) -> bool {
        self.partitioned
    }

    /// What this message is to a run that has `taken` so much.
    pub(crate) fn seen(
        &self,
        taken: &Reached,
        id: &MessageId,
        published: Option<Timestamp>,
    ) -> Seen {
        match taken.of(id.partition) {
            Some(last) if id.place() > last.id.place() => Seen::New,
            Some(last) if self.is_later(published, last.published) => Seen::Anew,
            Some(_) => Seen::Repeat,
            None if self.began_before(published) => Seen::Before,
            None => Seen::New,
        }
    }

    /// Whether a message was published later than all that was taken, and so cannot have been
    /// taken. One from before a start at `latest` may seem so by its producer's clock.
    pub(crate) fn is_later(&self, published: Option<Timestamp>, taken: Option<Timestamp>) -> bool {
        let margin = match self.start {
            Position::Earliest => SignedDuration::ZERO,
            _ => SKEW,
        };
        let ahead = published.zip(taken).map(|(published, taken)| published.duration_since(taken));
        ahead.is_some_and(|ahead| ahead > margin)
    }

    /// Whether this session sends messages in the order they were sent first, without those from
    /// before the start.
    pub(crate) fn is_in_order(&self, partition: i64) -> bool {
        partition < 0 && !self.replaying
    }

    /// Whether the message is from before a start at `latest`. Only in a later session: what
    /// the first one delivers is new, whatever the producer's clock says.
    fn began_before(&self, published: Option<Timestamp>) -> bool {
        self.replaying
            && match (self.began, published) {
                (Some(began), Some(published)) => published < began - MARGIN,
                _ => false,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    fn message(partition: u8, entry: u8, second: i64) -> (MessageId, Option<Timestamp>) {
        let mut bytes = vec![8, 1, 16, entry];
        if partition > 0 {
            bytes.extend([24, partition]);
        }
        (MessageId::parse(&STANDARD.encode(bytes)).expect("an id"), Some(at(second)))
    }

    type Told = (MessageId, Option<Timestamp>);

    fn seen(resume: &Resume, taken: &Reached, (id, published): Told) -> Seen {
        resume.seen(taken, &id, published)
    }

    fn take(taken: &mut Reached, (id, published): Told) {
        taken.took(id, published);
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("in range")
    }

    #[test]
    fn a_reconnect_goes_on_after_the_last_message() {
        let (mut resume, mut taken) = (Resume::new(Position::Earliest), Reached::default());
        assert_eq!(resume.position(&taken), Position::Earliest);
        resume.opened(at(0));
        assert_eq!(seen(&resume, &taken, message(0, 1, 0)), Seen::New);
        take(&mut taken, message(0, 1, 0));
        take(&mut taken, message(0, 2, 0));
        assert_eq!(resume.position(&taken), Position::After(message(0, 2, 0).0));
        assert_eq!(seen(&resume, &taken, message(0, 2, 0)), Seen::Repeat);
        assert_eq!(seen(&resume, &taken, message(0, 3, 0)), Seen::New);
    }

    #[test]
    fn latest_with_nothing_received_replays_and_leaves_out_what_came_before() {
        let (mut resume, mut taken) = (Resume::new(Position::Latest), Reached::default());
        assert_eq!(resume.position(&taken), Position::Latest);
        resume.opened(at(100));
        // The first session's messages are new, even from a producer whose clock is behind.
        assert_eq!(seen(&resume, &taken, message(0, 9, 0)), Seen::New);
        assert_eq!(resume.position(&taken), Position::Earliest);
        assert_eq!(seen(&resume, &taken, message(0, 1, 94)), Seen::Before);
        assert_eq!(seen(&resume, &taken, message(0, 2, 96)), Seen::New);
        take(&mut taken, message(0, 2, 96));
        assert_eq!(seen(&resume, &taken, message(0, 3, 0)), Seen::New);
        assert_eq!(resume.position(&taken), Position::After(message(0, 2, 0).0));
    }

    #[test]
    fn a_partitioned_topic_is_read_anew_and_each_partition_has_its_own_place() {
        let (mut resume, mut taken) = (Resume::new(Position::Latest), Reached::default());
        resume.position(&taken);
        resume.opened(at(100));
        take(&mut taken, message(1, 5, 101));
        assert!(resume.read_from_earliest_instead(&taken));
        assert!(
            !resume.read_from_earliest_instead(&taken),
            "asked from earliest, it has no other excuse"
        );
        assert_eq!(resume.position(&taken), Position::Earliest);
        assert_eq!(seen(&resume, &taken, message(1, 5, 101)), Seen::Repeat);
        assert_eq!(seen(&resume, &taken, message(1, 6, 101)), Seen::New);
        assert_eq!(seen(&resume, &taken, message(2, 1, 50)), Seen::Before);
        assert_eq!(seen(&resume, &taken, message(2, 2, 102)), Seen::New);
    }

    #[test]
    fn a_topic_made_anew_is_noticed_by_its_times() {
        let (resume, mut taken) = (Resume::new(Position::Earliest), Reached::default());
        take(&mut taken, message(0, 50, 10));
        take(&mut taken, message(0, 51, 8));
        assert_eq!(seen(&resume, &taken, message(0, 1, 9)), Seen::Repeat);
        assert_eq!(seen(&resume, &taken, message(0, 1, 11)), Seen::Anew);
        take(&mut taken, message(0, 1, 11));
        assert_eq!(seen(&resume, &taken, message(0, 2, 11)), Seen::New);
    }
}
