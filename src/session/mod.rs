//! One open WebSocket: frames in, acknowledgements and pings out, and the wait between them.
//!
//! Acknowledgements are coalesced: [`Session::acknowledge`] only queues them, and everything queued
//! is sent in one write before each wait. That is several times cheaper than one write each, adds
//! no latency, and cannot stall the server, because nothing stays queued while we wait.

mod close;
mod life;
mod pings;

use std::io::ErrorKind;
use std::time::Duration;

use nix::poll::PollFlags;
use tungstenite::error::{CapacityError, ProtocolError};
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, Message, Utf8Bytes, WebSocket};

use crate::clock::Instant;
use crate::fault::{Failure, Fault, Step};
use crate::values::limits::Limits;
use crate::wait::{Wait, Wake, earlier};
use crate::wire::{OverWire as _, Stream, Wire};
use crate::words::duration;
use life::{Came, Life};
use pings::{Pings, has_overslept};

/// How long the server has to answer our Close.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// An open session with the service.
#[derive(Debug)]
pub(crate) struct Session {
    socket: WebSocket<Stream>,
    /// `host:port`, for failures.
    subject: String,
    pings: Pings,
    life: Life,
    /// How long the socket may take nothing of what is to be sent.
    patience: Duration,
    /// Something queued has not been sent yet.
    unflushed: bool,
    /// A time limit was over at the last wait, but there was something to read first.
    is_late: bool,
}

/// What [`Session::next`] found.
#[derive(Debug)]
pub(crate) enum Next {
    Message(Utf8Bytes),
    /// A message that is not UTF-8 text: the reason, for people, and its bytes, if the layer below
    /// kept them.
    Unreadable {
        reason: String,
        bytes: Option<Vec<u8>>,
    },
    /// Nothing more is ready: write, acknowledge, then wait.
    Nothing,
}

/// Why [`Session::wait`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woke {
    /// The socket is readable, or the host served something, such as room in the output.
    Ready,
    Deadline,
    /// The run is to stop.
    Stop,
}

impl Session {
    /// Takes over an open WebSocket; `server` names it in failures. Its limits say
    /// when to ping and how long the answer may take.
    pub(crate) fn new(mut socket: WebSocket<Stream>, server: String, limits: &Limits) -> Session {
        socket.get_mut().wire_mut().fill();
        let pings = Pings::new(limits.ping_interval, limits.ping_timeout);
        // A peer is given up after as long, whether it says nothing or takes nothing.
        let patience = limits.ping_interval.saturating_add(limits.ping_timeout);
        let life = Life::new(patience, Instant::now());
        let (unflushed, is_late) = (false, false);
        Session { socket, subject: server, pings, life, patience, unflushed, is_late }
    }

    /// Takes what has arrived from the network, for a session that is not waited for.
    pub(crate) fn fill(&mut self) {
        self.socket.get_mut().wire_mut().fill();
    }

    /// The next message, without waiting.
    ///
    /// # Errors
    /// The failure that ended the session, which must then be dropped.
    pub(crate) fn next(&mut self) -> Result<Next, Failure> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    self.life.came(Came::Life);
                    return Ok(Next::Message(text));
                }
                // The documentation allows the same JSON in binary frames.
                Ok(Message::Binary(bytes)) => {
                    self.life.came(Came::Life);
                    return Ok(match Utf8Bytes::try_from(bytes.clone()) {
                        Ok(text) => Next::Message(text),
                        Err(e) => Next::Unreadable {
                            reason: format!("frame is not UTF-8: {e}"),
                            bytes: Some(bytes.to_vec()),
                        },
                    });
                }
                // The layer below queues the answer, and the next flush sends it.
                Ok(Message::Ping(_)) => {
                    self.life.came(Came::Frame);
                    self.unflushed = true;
                }
                Ok(Message::Pong(_)) => {
                    self.life.came(Came::Life);
                    self.pings.pong(Instant::now());
                }
                Ok(Message::Frame(_)) => {}
                Ok(Message::Close(frame)) => {
                    let _ = self.socket.flush();
                    return Err(self.failure(Fault::StreamClosed, close::words(frame)));
                }
                Err(Error::Utf8(e)) => {
                    // A close frame with such a reason looks the same, so a ping checks whether
                    // the server is still there.
                    self.life.came(Came::Frame);
                    self.ping()?;
                    let reason = format!("frame is not UTF-8: {e}");
                    return Ok(Next::Unreadable { reason, bytes: None });
                }
                Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock => {
                    let (received, at) = self.received();
                    self.life.settle(received, at);
                    return Ok(Next::Nothing);
                }
                Err(e) => return Err(self.explain(e)),
            }
        }
    }

    /// Queues the acknowledgement of one message.
    ///
    /// # Errors
    /// The failure that ended the session.
    pub(crate) fn acknowledge(&mut self, id: &str) -> Result<(), Failure> {
        self.queue(Message::text(format!(r#"{{"messageId":{}}}"#, serde_json::Value::from(id))))
    }

    /// Queues the request to deliver one message of a subscription again.
    ///
    /// # Errors
    /// The failure that ended the session.
    pub(crate) fn negative_acknowledge(&mut self, id: &str) -> Result<(), Failure> {
        let id = serde_json::Value::from(id);
        self.queue(Message::text(format!(r#"{{"type":"negativeAcknowledge","messageId":{id}}}"#)))
    }

    /// Queues the request to remove the subscription. It is not answered.
    ///
    /// # Errors
    /// The failure that ended the session.
    pub(crate) fn unsubscribe(&mut self) -> Result<(), Failure> {
        self.queue(Message::text(r#"{"type":"unsubscribe"}"#))
    }

    /// Sends as much of what is queued as the socket takes; the rest follows during waits.
    ///
    /// # Errors
    /// The failure that ended the session.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        match self.socket.flush() {
            Ok(()) => self.unflushed = false,
            Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock => self.unflushed = true,
            Err(e) => return Err(self.explain(e)),
        }
        Ok(())
    }

    /// Waits for the server, or for anything else the host serves, and sends pings meanwhile.
    ///
    /// `is_listening` is false while no more messages can be taken. Since a pong could not be read
    /// either, its time limit is then suspended.
    ///
    /// # Errors
    /// The failure that ended the session.
    pub(crate) fn wait(
        &mut self,
        host: &mut dyn Wait,
        is_listening: bool,
        until: Option<Instant>,
    ) -> Result<Woke, Failure> {
        if !is_listening {
            self.life.pause();
        }
        loop {
            if self.unflushed {
                self.flush()?;
            }
            let (received, at) = self.received();
            let due = self.pings.due(self.life.last(received, at), is_listening);
            let limit = self.taken_by(is_listening).map_or(due, |taken_by| taken_by.min(due));
            let events = self.events(is_listening);
            let until = earlier(until, Some(limit));
            let wake = match events.is_empty() {
                // A broken socket is always ready, so polling it for no event would turn the wait
                // into a busy loop.
                true => host.wait(&mut [], until),
                false => host.wait(&mut [self.wire().interest_in(events)], until),
            };
            let now = Instant::now();
            let is_over = now >= limit;
            // What is there is read before anything is concluded, but only once: it may never end.
            let is_first = !std::mem::replace(&mut self.is_late, is_over && wake == Wake::Ready);
            match wake {
                Wake::Stop => return Ok(Woke::Stop),
                Wake::Ready if is_first || !is_over => {
                    if events.contains(PollFlags::POLLIN) {
                        self.fill();
                    }
                    return Ok(Woke::Ready);
                }
                _ if is_over => self.judge(now, limit, is_listening)?,
                _ => return Ok(Woke::Deadline),
            }
        }
    }

    /// What to poll the socket for.
    fn events(&self, is_listening: bool) -> PollFlags {
        let is_full = self.wire().full_since().is_some();
        let has_unread = !self.wire().buffered().is_empty();
        // TLS may have to read before it can write (a renegotiation), and to write before it can
        // read on.
        let is_read = match is_full {
            true => is_listening && !has_unread,
            false => is_listening || self.unflushed && !has_unread,
        };
        let mut events = PollFlags::empty();
        events.set(PollFlags::POLLIN, is_read);
        events.set(PollFlags::POLLOUT, is_full && (is_listening || self.unflushed));
        events
    }

    /// When the socket must have taken something of what it has refused so far.
    fn taken_by(&self, is_listening: bool) -> Option<Instant> {
        let since = self.wire().full_since().filter(|_| is_listening || self.unflushed)?;
        since.checked_add(self.patience)
    }

    /// A time limit is over: fails, or sends a ping.
    fn judge(&mut self, now: Instant, limit: Instant, is_listening: bool) -> Result<(), Failure> {
        if has_overslept(now, limit) {
            let cause = format!("nothing was sent for {}", duration(now - limit));
            return Err(self.failure(Fault::Slept, cause));
        }
        if self.taken_by(is_listening).is_some_and(|taken_by| now >= taken_by) {
            let time = duration(self.patience);
            let cause = format!("the server took nothing of what was sent to it for {time}");
            return Err(self.failure(Fault::NotRead, cause));
        }
        self.ping_or_give_up(now, is_listening)
    }

    /// Sends a ping that is due, or fails if the answer to the last one is overdue.
    fn ping_or_give_up(&mut self, now: Instant, is_listening: bool) -> Result<(), Failure> {
        if self.pings.is_peer_gone(now, is_listening) {
            return Err(self.no_pong(self.pings.timeout()));
        }
        self.ping()?;
        self.flush()
    }

    /// The failure of a server that did not answer a ping for this long.
    pub(crate) fn no_pong(&self, silence: Duration) -> Failure {
        let cause = format!("no answer to a ping within {}", duration(silence));
        self.failure(Fault::NoPong, cause)
    }

    /// The failure of a server that delivers nothing for this long, though there is something.
    pub(crate) fn no_message(&self, silence: Duration) -> Failure {
        let cause = format!(
            "a second reader receives newer messages, but this one received none for {}",
            duration(silence)
        );
        self.failure(Fault::Silence, cause)
    }

    /// Queues a ping.
    ///
    /// # Errors
    /// The failure that ended the session.
    pub(crate) fn ping(&mut self) -> Result<(), Failure> {
        self.pings.sent(Instant::now());
        self.queue(Message::Ping(Default::default()))
    }

    /// When the last pong arrived.
    pub(crate) fn last_pong(&self) -> Option<Instant> {
        self.pings.last_pong()
    }

    /// Queues the question whether the topic was terminated; the answer is a control message.
    ///
    /// # Errors
    /// The failure that ended the session.
    pub(crate) fn ask_end_of_topic(&mut self) -> Result<(), Failure> {
        self.queue(Message::text(r#"{"type":"isEndOfTopic"}"#))
    }

    /// Sends what is queued, and leaves the server this much time with it.
    ///
    /// # Errors
    /// The failure that ended the session.
    pub(crate) fn linger(&mut self, host: &mut dyn Wait, time: Duration) -> Result<(), Failure> {
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.wait(host, false, Some(until))?;
        }
        Ok(())
    }

    /// Ends the session cleanly: sends close code 1000, then reads until the server's close frame.
    /// Closing with unread data would reset the connection and could discard what we sent.
    pub(crate) fn close(mut self, host: &mut dyn Wait) {
        let deadline = Instant::now() + CLOSE_LIMIT;
        let frame = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::default() };
        let mut result = self.socket.close(Some(frame));
        loop {
            match result {
                Ok(()) => {}
                Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock => {
                    let mut events = PollFlags::POLLIN;
                    events.set(PollFlags::POLLOUT, self.socket.flush().is_err());
                    host.wait(&mut [self.wire().interest_in(events)], Some(deadline));
                    if Instant::now() >= deadline {
                        break;
                    }
                    self.fill();
                }
                // Answered, closed or broken: the session ends in any case.
                Err(_) => break,
            }
            result = match self.socket.read() {
                Ok(Message::Close(_)) => break,
                other => other.map(drop),
            };
        }
        self.wire().shutdown();
    }

    /// How many bytes have come, and when the last of them, of TLS itself too.
    fn received(&self) -> (u64, Instant) {
        (self.socket.get_ref().received(), self.wire().last_received())
    }

    fn wire(&self) -> &Wire {
        self.socket.get_ref().wire()
    }

    fn queue(&mut self, message: Message) -> Result<(), Failure> {
        self.unflushed = true;
        match self.socket.write(message) {
            Ok(()) => Ok(()),
            // It is queued all the same; writing it again would send it twice.
            Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(e) => Err(self.explain(e)),
        }
    }

    fn failure(&self, fault: Fault, cause: impl Into<String>) -> Failure {
        Failure::new(Step::Stream, &self.subject, fault, cause)
    }

    fn explain(&self, e: Error) -> Failure {
        let (fault, cause) = match e {
            Error::ConnectionClosed | Error::AlreadyClosed => {
                (Fault::StreamClosed, "connection closed".to_owned())
            }
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                (Fault::StreamClosed, "connection closed without a close frame (EOF)".to_owned())
            }
            Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => (
                Fault::TooLarge,
                format!("a message of {size} bytes exceeds the limit of {max_size} bytes"),
            ),
            Error::WriteBufferFull(_) => (
                Fault::NotRead,
                "the server does not read: too many acknowledgements wait to be sent".to_owned(),
            ),
            Error::Io(e) => match e.kind() {
                ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                    (Fault::StreamReset, "connection reset by peer".to_owned())
                }
                ErrorKind::TimedOut => (Fault::StreamReset, "the network path was lost".to_owned()),
                ErrorKind::Other => (Fault::ProtocolViolation, format!("broken TLS data: {e}")),
                _ => (Fault::StreamReset, e.to_string()),
            },
            e => (Fault::ProtocolViolation, e.to_string()),
        };
        self.failure(fault, cause)
    }
}
