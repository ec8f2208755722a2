//! Where to resume after a reconnect, and which messages are repeats: pure bookkeeping.
//!
//! The service keeps no cursor for a reader, so this is its memory. Ids are compared by ledger and
//! entry, within one partition, where they only grow.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::cursor::Cursor;
use crate::message::{MessageId, Position};
use crate::progress::Reached;

/// Publish times come from the producers' clocks, so a start by time allows this much error: an
/// extra event from just before the start does no harm, a dropped one is a loss.
const MARGIN: Duration = Duration::from_secs(5);

/// Producers' clocks are assumed to differ by no more than this.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// What has been read so far.
#[derive(Debug)]
pub(crate) struct Resume {
    start: Position,
    /// The service's clock when the very first session opened.
    began: Option<Timestamp>,
    /// The topic refused to resume by message id.
    partitioned: bool,
    /// This session also delivers messages from before a start at `latest`, which are skipped.
    replaying: bool,
}

/// How a message relates to those this run has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    New,
    /// New, although its id is older: the topic was deleted and created again.
    Recreated,
    /// Taken before.
    Repeat,
    /// Published before the run's start at `latest`.
    Before,
}

impl Resume {
    pub(crate) fn new(start: Position) -> Resume {
        Resume { start, began: None, partitioned: false, replaying: false }
    }

    /// Resumes where an earlier run stopped.
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

    /// The service's clock when the very first session opened.
    pub(crate) fn began(&self) -> Option<Timestamp> {
        self.began
    }

    /// Where the first session began.
    pub(crate) fn start(&self) -> &Position {
        &self.start
    }

    /// The position to request for the next session, given the messages `taken` so far.
    pub(crate) fn position(&mut self, taken: &Reached) -> Position {
        let position = match (taken.newest(), &self.start) {
            (Some(_), _) if self.partitioned => Position::Earliest,
            (Some(id), _) => Position::After(id.clone()),
            // There is no id to resume from, but messages published meanwhile must not be lost.
            (None, Position::Latest) if self.began.is_some() => Position::Earliest,
            (None, start) => start.clone(),
        };
        self.replaying = self.start == Position::Latest && position == Position::Earliest;
        position
    }

    /// The position from which the service delivers the last of the messages `taken` again, if any
    /// is to be, and what follows it.
    pub(crate) fn position_of_last(&mut self, taken: &Reached) -> Position {
        match self.position(taken) {
            Position::After(id) if taken.newest() == Some(&id) => Position::After(id.before()),
            position => position,
        }
    }

    /// The service refused to resume by message id, as it does for partitioned topics. Returns
    /// whether to read from the earliest message instead, which works if the refused id was one
    /// this program took: repeats are then recognised.
    pub(crate) fn read_from_earliest_instead(&mut self, taken: &Reached) -> bool {
        !std::mem::replace(&mut self.partitioned, true) && taken.newest().is_some()
    }

    /// Whether sessions read everything the service holds, because the topic cannot be resumed by
    /// message id.
    pub(crate) fn is_from_earliest(&self) -> bool {
        self.partitioned
    }

    /// How this message relates to those `taken`.
    pub(crate) fn seen(
        &self,
        taken: &Reached,
        id: &MessageId,
        published: Option<Timestamp>,
    ) -> Seen {
        if taken.recent.as_ref().is_some_and(|recent| !recent.contains(id)) {
            return Seen::New;
        }
        match taken.of(id.partition) {
            Some(last) if taken.recent.is_none() && id.place() > last.id.place() => Seen::New,
            Some(last) if self.is_later(published, last.published) => Seen::Recreated,
            Some(_) => Seen::Repeat,
            None if self.began_before(published) => Seen::Before,
            None => Seen::New,
        }
    }

    /// Whether a message was published later than everything taken, and so cannot have been taken
    /// before. Except for a start at `earliest`, this allows for the skew of producers' clocks: a
    /// message from before the start may only seem to be later.
    pub(crate) fn is_later(&self, published: Option<Timestamp>, taken: Option<Timestamp>) -> bool {
        let margin = match self.start {
            Position::Earliest => SignedDuration::ZERO,
            _ => SKEW,
        };
        let ahead = published.zip(taken).map(|(published, taken)| published.duration_since(taken));
        ahead.is_some_and(|ahead| ahead > margin)
    }

    /// Whether this session delivers messages in their first order, without any from before the
    /// start.
    pub(crate) fn is_in_order(&self, partition: i64) -> bool {
        partition < 0 && !self.replaying
    }

    /// Whether the message is from before a start at `latest`. This is checked only in later
    /// sessions: whatever the first one delivers is new, even if the producer's clock is behind.
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
        taken.reach(id, published);
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
    fn a_partitioned_topic_is_read_again_and_each_partition_has_its_own_place() {
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
    fn a_recreated_topic_is_noticed_by_its_times() {
        let (resume, mut taken) = (Resume::new(Position::Earliest), Reached::default());
        take(&mut taken, message(0, 50, 10));
        take(&mut taken, message(0, 51, 8));
        assert_eq!(seen(&resume, &taken, message(0, 1, 9)), Seen::Repeat);
        assert_eq!(seen(&resume, &taken, message(0, 1, 11)), Seen::Recreated);
        take(&mut taken, message(0, 1, 11));
        assert_eq!(seen(&resume, &taken, message(0, 2, 11)), Seen::New);
    }
}
