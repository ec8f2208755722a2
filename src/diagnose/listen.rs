//! One session of a diagnosis: reads so many messages, acknowledges each, and asks meanwhile
//! whether the other end lives and whether its topic was ended.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::heard::Heard;
use crate::connect::Connection;
use crate::fault::Failure;
use crate::session::{Next, Session, Woke};
use crate::settings::Settings;
use crate::values::host::authority;
use crate::wait::Wait;

/// How long the answers to our questions are waited for once a message has come.
const PATIENCE: Duration = Duration::from_secs(1);

/// So many messages and no answer to a question between them: the answers are not waited for.
const FLOOD: u64 = 25;

/// How much is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// So many messages,
    pub(super) count: u64,
    /// for so long;
    pub(super) limit: Duration,
    /// a peer that answers no ping may have longer, but not beyond this.
    pub(super) at_last: Instant,
}

/// Reads what there is within these bounds, acknowledging each message. What was heard is kept
/// also when the session fails.
pub(super) fn listen(
    settings: &Settings,
    host: &mut dyn Wait,
    connection: Connection,
    bounds: Bounds,
    heard: &mut Heard,
) -> Result<(), Failure> {
    let (target, limits) = (&settings.target, &settings.limits);
    let server = authority(&target.host, target.port);
    let (interval, timeout) = (limits.ping_interval, limits.ping_timeout);
    let mut session = Session::new(connection.socket, server, interval, timeout);
    let mut listener = Listener::new(&mut session, bounds, timeout);
    let result = listener.run(host, heard);
    heard.ping = heard.ping.or(listener.pong());
    heard.ended = Timestamp::now();
    // Whoever presses Ctrl-C does not want to wait for the other end.
    if result.is_ok() && !host.is_stopping() {
        session.close(host);
    }
    result
}

/// A session as it is listened to.
struct Listener<'s> {
    session: &'s mut Session,
    bounds: Bounds,
    ping_timeout: Duration,
    began: Instant,
    /// When silence is believed of a peer that answers.
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
        // A flood is read as far as was asked, its answers to our questions included.
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
            // Once more, before the silence is believed: the peer may have frozen meanwhile, and
            // Pulsar's proxy does not know at once that a topic was terminated.
            self.session.ping()?;
            self.session.ask_end_of_topic()?;
            self.last_ping = now;
            self.deadline = now + PATIENCE / 2;
        }
        self.session.flush()
    }

    /// Takes what is ready; `false` when nothing is, and all that was queued has left.
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

    /// How long the last pong took, from the beginning.
    fn pong(&self) -> Option<Duration> {
        self.session.last_pong().map(|pong| pong - self.began)
    }

    fn is_alive(&self) -> bool {
        self.session.last_pong().is_some_and(|pong| pong >= self.last_ping)
    }

    /// When to stop waiting for more; `None` when all there is to know is known.
    fn give_up(&self, heard: &Heard) -> Option<Instant> {
        // The answers to both questions belong to the evidence.
        let is_answered = heard.ping.is_some() && heard.end_of_topic.is_some();
        let has_enough = heard.messages >= self.bounds.count;
        Some(match heard.messages {
            _ if has_enough && is_answered => return None,
            _ if has_enough => self.began + PATIENCE.min(self.bounds.limit),
            // Silence means something only from a peer that answers.
            _ if !self.is_alive() => {
                let last_chance = self.last_ping + self.ping_timeout + PATIENCE;
                self.deadline.max(last_chance).min(self.bounds.at_last)
            }
            0 => self.deadline,
            // What is retained comes in one go.
            _ => self.deadline.min(self.last_heard + 2 * PATIENCE),
        })
    }
}
