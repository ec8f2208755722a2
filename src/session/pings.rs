//! When to send a ping, and when a missing answer means that the peer is gone.

use std::time::Duration;

use crate::clock::Instant;

/// If a pong's deadline is noticed later than this, the delay is our own: a process that was
/// stopped or suspended must not conclude that the peer is gone.
const OWN_STALL: Duration = Duration::from_secs(1);

/// The service closes a session on which nothing moves for so long.
const SESSION_LIFE: Duration = Duration::from_secs(5 * 60);

/// Whether a time limit is noticed so late that the session is over: this machine, or the process, was
/// suspended.
pub(super) fn has_overslept(now: Instant, limit: Instant) -> bool {
    now - limit >= SESSION_LIFE
}

/// The pings of one session.
#[derive(Debug)]
pub(super) struct Pings {
    /// A ping is sent after this long without a sign of life.
    interval: Duration,
    /// How long the answer to a ping may take.
    timeout: Duration,
    /// When the last ping was sent, if there was no sign of life since.
    sent: Option<Instant>,
    last_pong: Option<Instant>,
}

impl Pings {
    pub(super) fn new(interval: Duration, timeout: Duration) -> Pings {
        Pings { interval, timeout, sent: None, last_pong: None }
    }

    /// How long the answer to a ping may take.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// When the last pong arrived.
    pub(super) fn last_pong(&self) -> Option<Instant> {
        self.last_pong
    }

    /// When the next ping is due, or the answer to the last one. `life` is when the last sign of life
    /// came. While we are not listening no answer is due, but pings are still sent.
    pub(super) fn due(&mut self, life: Instant, is_listening: bool) -> Instant {
        self.sent = self.sent.filter(|&sent| life <= sent);
        match self.sent {
            Some(sent) if is_listening => sent + self.timeout,
            Some(sent) => sent + self.interval,
            None => life + self.interval,
        }
    }

    /// Whether the answer to the last ping is overdue, and not because of our own delay.
    pub(super) fn is_peer_gone(&self, now: Instant, is_listening: bool) -> bool {
        is_listening && self.sent.is_some_and(|sent| now < sent + self.timeout + OWN_STALL)
    }

    /// A ping was sent.
    pub(super) fn sent(&mut self, now: Instant) {
        self.sent = Some(now);
    }

    /// A pong arrived.
    pub(super) fn pong(&mut self, now: Instant) {
        self.last_pong = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(30);
    const TIMEOUT: Duration = Duration::from_secs(10);

    #[test]
    fn a_ping_follows_silence_and_its_answer_has_a_limit() {
        let (mut pings, life) = (Pings::new(INTERVAL, TIMEOUT), Instant::now());
        let due = pings.due(life, true);
        assert_eq!(due, life + INTERVAL);
        assert!(!pings.is_peer_gone(due, true), "nothing was asked yet");
        pings.sent(due);
        assert_eq!(pings.due(life, true), due + TIMEOUT);
        assert!(pings.is_peer_gone(due + TIMEOUT, true));
        assert_eq!(pings.due(due + TIMEOUT, true), due + TIMEOUT + INTERVAL, "an answer came");
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_never_due_and_a_stall_of_ours_is_forgiven() {
        let (mut pings, life) = (Pings::new(INTERVAL, TIMEOUT), Instant::now());
        pings.sent(life);
        assert_eq!(pings.due(life, false), life + INTERVAL);
        assert!(!pings.is_peer_gone(life + TIMEOUT, false));
        assert!(!pings.is_peer_gone(life + TIMEOUT + OWN_STALL, true));
    }

    #[test]
    fn after_a_long_sleep_there_is_no_session() {
        let limit = Instant::now();
        assert!(!has_overslept(limit + Duration::from_secs(299), limit));
        assert!(has_overslept(limit + Duration::from_secs(3600), limit));
        assert!(!has_overslept(limit, limit + Duration::from_secs(3600)));
    }
}
