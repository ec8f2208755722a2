//! When the peer last showed that it is there: with a message, or with a pong. Neither single bytes
//! nor pings of its own prove that it works through what we send, or that a frame ever ends.

use std::time::Duration;

use crate::clock::Instant;

/// A message that has begun counts as life while it comes at this rate, in bytes a second.
const RATE: u64 = 1024;

/// The signs of life in one session.
#[derive(Debug)]
pub(super) struct Life {
    /// Any rate is good enough for this long after a message has begun.
    patience: Duration,
    /// When the last message or pong arrived.
    heard: Instant,
    /// When bytes first came after that.
    begun: Option<Instant>,
    /// How many bytes had come in all when the last frame of any kind ended.
    whole: u64,
    /// What has arrived since [`Life::settle`] was last called.
    came: Came,
}

/// What arrived, most telling last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Came {
    #[default]
    Nothing,
    /// A frame that anything on the way could have sent: a ping.
    Frame,
    /// A message or a pong.
    Life,
}

impl Life {
    pub(super) fn new(patience: Duration, now: Instant) -> Life {
        Life { patience, heard: now, begun: None, whole: 0, came: Came::Nothing }
    }

    /// A whole frame arrived.
    pub(super) fn came(&mut self, came: Came) {
        self.came = self.came.max(came);
    }

    /// Nothing more is ready to be read. `received` is how many bytes have come in all, `at` when
    /// the last of them came.
    pub(super) fn settle(&mut self, received: u64, at: Instant) {
        match std::mem::take(&mut self.came) {
            Came::Life => (self.heard, self.begun, self.whole) = (at, None, received),
            Came::Frame => self.whole = received,
            Came::Nothing => {}
        }
        if at > self.heard {
            self.begun.get_or_insert(at);
        }
    }

    /// Nothing is read for now, so what has begun cannot go on.
    pub(super) fn pause(&mut self) {
        self.begun = None;
    }

    /// When the last sign of life came, with `received` and `at` as in [`Life::settle`].
    pub(super) fn last(&self, received: u64, at: Instant) -> Instant {
        let allowed = self.patience + Duration::from_secs((received - self.whole) / RATE);
        match self.begun {
            Some(begun) if at.duration_since(begun) <= allowed => at,
            _ => self.heard,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(40);

    /// The last sign of life when so many bytes come every second, in seconds from the start.
    fn last_of(bytes: u64, seconds: u64, frame: Option<Came>) -> u64 {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let mut life = Life::new(PATIENCE, start);
        for second in 1..=seconds {
            life.came(frame.unwrap_or_default());
            life.settle(second * bytes, at(second));
        }
        life.last(seconds * bytes, at(seconds)).duration_since(start).as_secs()
    }

    #[test]
    fn a_message_is_life_and_a_drip_is_none() {
        assert_eq!(last_of(50, 100, Some(Came::Life)), 100);
        assert_eq!(last_of(1, 41, None), 41, "it may still become a small message");
        assert_eq!(last_of(1, 42, None), 0);
        assert_eq!(last_of(RATE, 4000, None), 4000, "a large message on a slow line");
        assert_eq!(last_of(RATE / 2, 100, None), 0);
    }

    #[test]
    fn pings_of_the_peer_are_no_life_however_many_they_are() {
        for bytes in [2, 100 * RATE] {
            assert_eq!(last_of(bytes, 42, Some(Came::Frame)), 0);
        }
    }

    #[test]
    fn what_comes_while_nothing_is_read_has_no_time_limit() {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let mut life = Life::new(PATIENCE, start);
        life.settle(1, at(1));
        life.pause();
        life.settle(2, at(100));
        assert_eq!(life.last(2, at(100)), at(100));
    }
}
