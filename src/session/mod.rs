//! One open WebSocket: frames in, acknowledgements and pings out, and the wait between them.
//!
//! Acknowledgements are coalesced: [`Session::acknowledge`] only queues, and everything queued
//! leaves in one write before each wait. That is several times cheaper than a write for each,
//! costs no latency, and cannot stall the server, which never waits while we do not.

mod close;
mod pings;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use nix::poll::PollFlags;
use tungstenite::error::{CapacityError, ProtocolError};
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, Message, Utf8Bytes, WebSocket};

use crate::fault::{Failure, Fault, Step};
use crate::wait::{Wait, Wake, earlier};
use crate::wire::{OverWire as _, Stream, Wire};
use crate::words::duration;
use pings::Pings;

/// How long the server has to answer our Close.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// An open session with the service.
#[derive(Debug)]
pub(crate) struct Session {
    socket: WebSocket<Stream>,
    /// `host:port`, for failures.
    subject: String,
    pings: Pings,
    /// Something queued has not left yet.
    unflushed: bool,
}

/// What [`Session::next`] found.
#[derive(Debug)]
pub(crate) enum Next {
    Message(Utf8Bytes),
    /// A message that is no text in UTF-8; the reason, for people, and what it was, where the
    /// layer below still has it.
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
    /// There is something to read, or something to look at: the output may have had room.
    Ready,
    Deadline,
    /// The run is to stop.
    Stop,
}

impl Session {
    /// Takes an open WebSocket over; `server` names it in failures. A ping is sent after
    /// `ping_interval` without a byte, and its answer may take `ping_timeout`.
    pub(crate) fn new(
        mut socket: WebSocket<Stream>,
        server: String,
        ping_interval: Duration,
        ping_timeout: Duration,
    ) -> Session {
        socket.get_mut().wire_mut().fill();
        let pings = Pings::new(ping_interval, ping_timeout);
        Session { socket, subject: server, pings, unflushed: false }
    }

    /// The next message, without waiting.
    ///
    /// # Errors
    /// Why the session is over; it must be dropped then.
    pub(crate) fn next(&mut self) -> Result<Next, Failure> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => return Ok(Next::Message(text)),
                // The documentation allows binary frames for the same JSON.
                Ok(Message::Binary(bytes)) => {
                    return Ok(match Utf8Bytes::try_from(bytes.clone()) {
                        Ok(text) => Next::Message(text),
                        Err(e) => Next::Unreadable {
                            reason: format!("frame is not UTF-8: {e}"),
                            bytes: Some(bytes.to_vec()),
                        },
                    });
                }
                // The answer is queued by the layer below and leaves with the next flush.
                Ok(Message::Ping(_)) => self.unflushed = true,
                Ok(Message::Pong(_)) => self.pings.pong(Instant::now()),
                Ok(Message::Frame(_)) => {}
                Ok(Message::Close(frame)) => {
                    let _ = self.socket.flush();
                    return Err(self.failure(Fault::StreamClosed, close::words(frame)));
                }
                Err(Error::Utf8(e)) => {
                    // A Close with such a reason looks the same: ask whether anyone is there.
                    self.ping()?;
                    let reason = format!("frame is not UTF-8: {e}");
                    return Ok(Next::Unreadable { reason, bytes: None });
                }
                Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock => return Ok(Next::Nothing),
                Err(e) => return Err(self.explain(e)),
            }
        }
    }

    /// Queues the acknowledgement of one message.
    ///
    /// # Errors
    /// Why the session is over.
    pub(crate) fn acknowledge(&mut self, id: &str) -> Result<(), Failure> {
        self.queue(Message::text(format!(r#"{{"messageId":{}}}"#, serde_json::Value::from(id))))
    }

    /// Sends what is queued, as far as the socket takes it; the rest follows during waits.
    ///
    /// # Errors
    /// Why the session is over.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        match self.socket.flush() {
            Ok(()) => self.unflushed = false,
            Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock => self.unflushed = true,
            Err(e) => return Err(self.explain(e)),
        }
        Ok(())
    }

    /// Waits for the server, or for what else the host serves, and keeps the pings going meanwhile.
    ///
    /// `is_listening` is false while more messages cannot be taken, which also suspends the limit
    /// on a pong that could not be read anyway.
    ///
    /// # Errors
    /// Why the session is over.
    pub(crate) fn wait(
        &mut self,
        host: &mut dyn Wait,
        is_listening: bool,
        until: Option<Instant>,
    ) -> Result<Woke, Failure> {
        loop {
            if self.unflushed {
                self.flush()?;
            }
            let due = self.pings.due(self.wire().last_received(), is_listening);
            let mut events = PollFlags::empty();
            events.set(PollFlags::POLLIN, is_listening);
            events.set(PollFlags::POLLOUT, self.unflushed);
            let wake = match events.is_empty() {
                // A broken socket is always ready: polled for nothing, it would never let us rest.
                true => host.wait(&mut [], earlier(until, Some(due))),
                false => {
                    let socket = self.wire().interest_in(events);
                    host.wait(&mut [socket], earlier(until, Some(due)))
                }
            };
            let now = Instant::now();
            match wake {
                Wake::Stop => return Ok(Woke::Stop),
                Wake::Ready => {
                    if is_listening {
                        self.socket.get_mut().wire_mut().fill();
                    }
                    return Ok(Woke::Ready);
                }
                Wake::Deadline if now >= due => self.ping_or_give_up(now, is_listening)?,
                Wake::Deadline => return Ok(Woke::Deadline),
            }
        }
    }

    /// A ping, or the answer to one, is due, and nothing was there to be read.
    fn ping_or_give_up(&mut self, now: Instant, is_listening: bool) -> Result<(), Failure> {
        if self.pings.is_peer_gone(now, is_listening) {
            return Err(self.no_pong(self.pings.timeout()));
        }
        self.ping()?;
        self.flush()
    }

    /// The failure of a peer that did not answer a ping for so long.
    pub(crate) fn no_pong(&self, silence: Duration) -> Failure {
        let cause = format!("no answer to a ping within {}", duration(silence));
        self.failure(Fault::NoPong, cause)
    }

    /// Queues a ping.
    ///
    /// # Errors
    /// Why the session is over.
    pub(crate) fn ping(&mut self) -> Result<(), Failure> {
        self.pings.sent(Instant::now());
        self.queue(Message::Ping(Default::default()))
    }

    /// When the last pong came.
    pub(crate) fn last_pong(&self) -> Option<Instant> {
        self.pings.last_pong()
    }

    /// Queues the question whether the topic was terminated; the answer is a control message.
    ///
    /// # Errors
    /// Why the session is over.
    pub(crate) fn ask_end_of_topic(&mut self) -> Result<(), Failure> {
        self.queue(Message::text(r#"{"type":"isEndOfTopic"}"#))
    }

    /// Ends the session in good order: Close 1000, then reads on until the server's Close, so
    /// that unread data does not reset the connection and take what we sent with it.
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
                    self.socket.get_mut().wire_mut().fill();
                }
                // Answered, closed or broken: the end in any case.
                Err(_) => break,
            }
            result = match self.socket.read() {
                Ok(Message::Close(_)) => break,
                other => other.map(drop),
            };
        }
        self.wire().shutdown();
    }

    fn wire(&self) -> &Wire {
        self.socket.get_ref().wire()
    }

    fn queue(&mut self, message: Message) -> Result<(), Failure> {
        self.unflushed = true;
        match self.socket.write(message) {
            Ok(()) => Ok(()),
            // Queued all the same: sending it again would double it.
            Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(e) => Err(self.explain(e)),
        }
    }

    fn failure(&self, problem: Fault, cause: impl Into<String>) -> Failure {
        Failure::new(Step::Stream, &self.subject, problem, cause)
    }

    fn explain(&self, e: Error) -> Failure {
        let (problem, cause) = match e {
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
        self.failure(problem, cause)
    }
}
