//! The proof that a silence is the end: a fresh session in which the service delivers the last
//! message again, and nothing after it. Pure: the clock is an argument.
//!
//! A silent stream looks the same whether everything was read, the peer froze, or the broker is
//! gone behind a proxy that answers pings. Only a fresh upgrade goes through to the broker, and only
//! a message comes out of its storage.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Instant;
use crate::message::{MessageId, Place};

/// What follows the last message is delivered with it, so it need not be waited for long.
const FOLLOWS: Duration = Duration::from_secs(1);

/// How long to wait where no message can be delivered again: an empty topic, a partition that has
/// not delivered any, a subscription. A broker reads again 15 s after a read that failed.
const SHORTEST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(20);

/// The second look at a silence.
#[derive(Debug)]
pub(super) struct Proof {
    /// How long a silence without a message must last.
    limit: Duration,
    /// The last message of each partition, until it is delivered again.
    awaited: BTreeMap<i64, Place>,
    /// There may be partitions that have delivered nothing yet.
    is_partitioned: bool,
    /// A message was delivered again.
    has_repeat: bool,
    /// When the session opened, or last delivered a message.
    heard: Option<Instant>,
}

/// What a second look has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// The service delivers messages, and there are no more.
    NoMore,
    /// No message, for so long that there are none, if the connection is alive.
    Nothing,
}

impl Proof {
    /// Begins a second look, after a silence as long as this.
    pub(super) fn new(silence: Duration) -> Proof {
        Proof::of((silence * 2).clamp(SHORTEST, LONGEST))
    }

    fn of(limit: Duration) -> Proof {
        let awaited = BTreeMap::new();
        Proof { limit, awaited, is_partitioned: false, has_repeat: false, heard: None }
    }

    /// How long a silence without a message must last.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// A fresh session is open.
    pub(super) fn opened(&mut self, now: Instant) {
        *self = Proof { heard: Some(now), ..Proof::of(self.limit) };
    }

    /// The session has ended.
    pub(super) fn closed(&mut self) {
        self.heard = None;
    }

    /// The session was asked to deliver this message again.
    pub(super) fn awaits(&mut self, id: &MessageId) {
        self.awaited.insert(id.partition, id.place());
        self.is_partitioned |= id.partition >= 0;
    }

    /// A message was delivered again, or the output was blocked: the wait starts again.
    pub(super) fn repeat(&mut self, id: &MessageId, now: Instant) {
        if self.awaited.get(&id.partition).is_some_and(|&last| id.place() >= last) {
            self.awaited.remove(&id.partition);
            self.has_repeat = true;
        }
        self.wait_again(now);
    }

    /// The output was blocked, so the service may have been waiting for acknowledgements.
    pub(super) fn wait_again(&mut self, now: Instant) {
        self.heard = self.heard.map(|_| now);
    }

    /// What has been shown by now. `is_behind`: it is known that there is more.
    pub(super) fn shown(&self, now: Instant, is_behind: bool) -> Option<Shown> {
        let shown = if self.is_whole() { Shown::NoMore } else { Shown::Nothing };
        (now >= self.due(is_behind)?).then_some(shown)
    }

    /// When [`Proof::shown`] has an answer, if no message arrives.
    pub(super) fn due(&self, is_behind: bool) -> Option<Instant> {
        let is_all = self.is_whole() && !self.is_partitioned && !is_behind;
        let wait = if is_all { FOLLOWS } else { self.limit };
        self.heard.map(|heard| heard + wait)
    }

    fn is_whole(&self) -> bool {
        self.has_repeat && self.awaited.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::testing::id;

    #[test]
    fn the_last_message_of_each_partition_comes_again_and_nothing_more() {
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        let mut proof = Proof::new(Duration::from_secs(10));
        assert_eq!(
            (proof.due(false), proof.shown(at(99), false)),
            (None, None),
            "there is no session"
        );
        proof.opened(now);
        proof.awaits(&id(0, 7));
        proof.awaits(&id(1, 3));
        proof.repeat(&id(0, 6), at(1));
        proof.repeat(&id(0, 7), at(2));
        assert_eq!(proof.shown(at(3), false), None, "one is missing");
        proof.repeat(&id(1, 3), at(4));
        assert_eq!((proof.shown(at(23), false), proof.due(false)), (None, Some(at(24))));
        assert_eq!(proof.shown(at(24), false), Some(Shown::NoMore), "nor one that is not known");
        proof.closed();
        assert_eq!(proof.shown(at(99), false), None);
        proof.opened(at(100));
        assert_eq!(proof.shown(at(101), false), None, "each session proves by itself");
    }

    #[test]
    fn where_nothing_can_come_again_it_takes_longer() {
        let now = Instant::now();
        for (silence, limit) in [(1, 5), (6, 12), (10, 20), (60, 20)] {
            let mut proof = Proof::new(Duration::from_secs(silence));
            proof.opened(now);
            assert_eq!(proof.due(false), Some(now + Duration::from_secs(limit)));
            assert_eq!(proof.shown(now + Duration::from_secs(limit), false), Some(Shown::Nothing));
        }
    }
}
