//! One session of a diagnosis: reads a number of messages and acknowledges each. Meanwhile it asks
//! whether the server is alive and whether the topic was terminated.

use std::time::Duration;

use jiff::Timestamp;

use super::heard::Heard;
use crate::clock::Instant;
use crate::connect::Connection;
use crate::fault::Failure;
use crate::session::{Next, Session, Woke};
use crate::settings::Settings;
use crate::wait::Wait;

/// How long to wait for the answers to our questions once a message has arrived.
const PATIENCE: Duration = Duration::from_secs(1);

/// After this many messages without an answer between them, stop waiting for the answers.
const FLOOD: u64 = 25;

/// How much is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// The number of messages.
    pub(super) count: u64,
    /// How long to read.
    pub(super) limit: Duration,
    /// The last moment up to which a peer that has not answered a ping gets more time.
    pub(super) at_last: Instant,
}

/// Reads messages within these bounds and acknowledges each. `heard` is filled even if the session
/// fails.
pub(super) fn listen(
    settings: &Settings,
    host: &mut dyn Wait,
    connection: Connection,
    bounds: Bounds,
    heard: &mut Heard,
) -> Result<(), Failure> {
    let Settings { target, limits, .. } = settings;
    let mut session = Session::new(connection.socket, target.authority(), limits);
    let mut listener = Listener::new(&mut session, bounds, limits.ping_timeout);
    let result = listener.run(host, heard);
    heard.ping = heard.ping.or(listener.pong());
    heard.ended = Timestamp::now();
    // After Ctrl-C nobody wants to wait for the server.
    if result.is_ok() && !host.is_stopping() {
        session.close(host);
    }
    result
}

/// Listens to one session.
struct Listener<'s> {
    session: &'s mut Session,
    bounds: Bounds,
    ping_timeout: Duration,
    began: Instant,
    /// When silence counts, if the peer answers pings.
    deadline: Instant,
    last_heard: Instant,
    last_ping: Instant,
    has_asked_again: bool,
}

impl<'s> Listener<'s> {
    fn new(session: &'s mut Session, bounds: Bounds, ping_timeout: Duration) -> Listener<'s> {
        let began = Instant::now();
        Listener {
            session,
            bounds,
            ping_timeout,
            began,
            deadline: began + bounds.limit,
            last_heard: began,
            last_ping: began,
            has_asked_again: false,
        }
    }

    fn run(&mut self, host: &mut dyn Wait, heard: &mut Heard) -> Result<(), Failure> {
        self.session.ping()?;
        self.session.ask_end_of_topic()?;
        // In a flood, the answers to our questions may come among the messages.
        while heard.messages < self.bounds.count.max(FLOOD) {
            if self.take_next(heard)? {
                continue;
            }
            heard.ping = heard.ping.or(self.pong());
            let Some(give_up) = self.give_up(heard) else { break };
            let now = Instant::now();
            if now < give_up {
                if self.session.wait(host, true, Some(give_up))? == Woke::Stop {
                    break;
                }
                continue;
            }
            let has_enough = heard.messages >= self.bounds.count;
            if !has_enough && !self.is_alive() {
                return Err(self.session.no_pong(now - self.last_ping));
            }
            if has_enough || std::mem::replace(&mut self.has_asked_again, true) {
                break;
            }
            // Ask again before the silence counts: the peer may have frozen meanwhile, and
            // Pulsar's proxy does not notice at once that a topic was terminated.
            self.session.ping()?;
            self.session.ask_end_of_topic()?;
            self.last_ping = now;
            self.deadline = now + PATIENCE / 2;
        }
        self.session.flush()
    }

    /// Takes the next message; `false` if none is ready. Then everything queued is also sent.
    fn take_next(&mut self, heard: &mut Heard) -> Result<bool, Failure> {
        match self.session.next()? {
            Next::Message(text) => {
                self.last_heard = Instant::now();
                if let Some(id) = heard.take(&text) {
                    self.session.acknowledge(&id)?;
                }
            }
            Next::Unreadable { reason, .. } => heard.unreadable(reason),
            Next::Nothing => {
                self.session.flush()?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The time from the beginning to the last pong.
    fn pong(&self) -> Option<Duration> {
        self.session.last_pong().map(|pong| pong - self.began)
    }

    fn is_alive(&self) -> bool {
        self.session.last_pong().is_some_and(|pong| pong >= self.last_ping)
    }

    /// When to stop waiting for more; `None` if everything is known.
    fn give_up(&self, heard: &Heard) -> Option<Instant> {
        // The answers to both questions are part of the evidence.
        let is_answered = heard.ping.is_some() && heard.end_of_topic.is_some();
        let has_enough = heard.messages >= self.bounds.count;
        Some(match heard.messages {
            _ if has_enough && is_answered => return None,
            _ if has_enough => self.began + PATIENCE.min(self.bounds.limit),
            // Silence means something only if the peer answers pings.
            _ if !self.is_alive() => {
                let last_chance = self.last_ping + self.ping_timeout + PATIENCE;
                self.deadline.max(last_chance).min(self.bounds.at_last)
            }
            0 => self.deadline,
            // Retained messages arrive all at once.
            _ => self.deadline.min(self.last_heard + 2 * PATIENCE),
        })
    }
}
