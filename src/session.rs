//! One open WebSocket: frames in, acknowledgements and pings out, and the wait between them.
//!
//! Acknowledgements are coalesced: [`Session::acknowledge`] only queues, and everything queued
//! leaves in one write before each wait. That is several times cheaper than a write for each,
//! costs no latency, and cannot stall the server, which never waits while we do not.

use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags};
use tungstenite::error::{CapacityError, ProtocolError};
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, Message, Utf8Bytes, WebSocket};

use crate::connect::{Stream, authority};
use crate::fault::Fault;
use crate::fault::{Failure, Step};
use crate::settings::Settings;
use crate::wait::{Signals, Wake, earlier, is_ready};
use crate::words::duration;

/// How long the server has to answer our Close.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// How far past its time a pong's deadline must be noticed for the delay to be our own: a
/// stopped or suspended process must not call the other end dead.
const OWN_STALL: Duration = Duration::from_secs(1);

/// An open session with the service.
#[derive(Debug)]
pub(crate) struct Session {
    socket: WebSocket<Stream>,
    signals: Rc<Signals>,
    /// `host:port`, for failures.
    subject: String,
    ping_interval: Duration,
    ping_timeout: Duration,
    /// When the ping was sent that nothing has been received since.
    ping_sent: Option<Instant>,
    /// When the last pong came.
    last_pong: Option<Instant>,
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
    /// There is something to read.
    Server,
    /// The output has room, or is broken.
    Output,
    Deadline,
    /// A signal asks to stop.
    Stop,
}

impl Session {
    /// Takes an open WebSocket over; from now on only [`Session::wait`] blocks.
    pub(crate) fn new(
        mut socket: WebSocket<Stream>,
        signals: Rc<Signals>,
        settings: &Settings,
    ) -> Session {
        let (target, limits) = (&settings.target, &settings.limits);
        socket.get_mut().wire_mut().permit();
        Session {
            socket,
            signals,
            subject: authority(&target.host, target.port),
            ping_interval: limits.ping_interval,
            ping_timeout: limits.ping_timeout,
            ping_sent: None,
            last_pong: None,
            unflushed: false,
        }
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
                Ok(Message::Pong(_)) => self.last_pong = Some(Instant::now()),
                Ok(Message::Frame(_)) => {}
                Ok(Message::Close(frame)) => {
                    let _ = self.socket.flush();
                    return Err(self.failure(Fault::StreamClosed, close_words(frame)));
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

    /// Waits for the server, the output or a signal, and keeps the pings going meanwhile.
    ///
    /// `output` is polled as it is given; `listening` is false while more messages cannot be
    /// taken, which also suspends the limit on a pong that could not be read anyway.
    ///
    /// # Errors
    /// Why the session is over.
    pub(crate) fn wait(
        &mut self,
        output: Option<PollFd<'_>>,
        listening: bool,
        until: Option<Instant>,
    ) -> Result<Woke, Failure> {
        loop {
            if self.unflushed {
                self.flush()?;
            }
            let due = self.ping_due(listening);
            let mut events = PollFlags::empty();
            events.set(PollFlags::POLLIN, listening);
            events.set(PollFlags::POLLOUT, self.unflushed);
            let mut fds = Vec::from_iter(output.clone());
            // A broken socket is always ready: polled for nothing, it would never let us rest.
            if !events.is_empty() {
                fds.push(PollFd::new(self.socket.get_ref().as_fd(), events));
            }
            let wake = self.signals.wait(&mut fds, earlier(until, Some(due)));
            let output_ready = output.is_some() && is_ready(&fds[0]);
            let socket_ready = !events.is_empty() && fds.last().is_some_and(is_ready);
            if socket_ready {
                self.socket.get_mut().wire_mut().permit();
            }
            let now = Instant::now();
            match wake {
                Wake::Stop => return Ok(Woke::Stop),
                Wake::Ready if output_ready => return Ok(Woke::Output),
                Wake::Ready if listening => return Ok(Woke::Server),
                // The socket takes more of what is queued.
                Wake::Ready => {}
                Wake::Deadline if now >= due => self.ping_or_give_up(listening)?,
                Wake::Deadline => return Ok(Woke::Deadline),
            }
        }
    }

    /// When a ping is due, or the answer to the last one. An answer that is not listened for is
    /// never due; pings go on all the same.
    fn ping_due(&mut self, listening: bool) -> Instant {
        let life = self.socket.get_ref().wire().last_received();
        self.ping_sent = self.ping_sent.filter(|&sent| life <= sent);
        match self.ping_sent {
            Some(sent) if listening => sent + self.ping_timeout,
            Some(sent) => sent + self.ping_interval,
            None => life + self.ping_interval,
        }
    }

    /// That time has come, and nothing was there to be read.
    fn ping_or_give_up(&mut self, listening: bool) -> Result<(), Failure> {
        let now = Instant::now();
        if let Some(sent) = self.ping_sent
            && listening
            && now < sent + self.ping_timeout + OWN_STALL
        {
            let limit = duration(self.ping_timeout);
            return Err(self.failure(Fault::NoPong, format!("no answer to a ping within {limit}")));
        }
        self.ping()?;
        self.flush()
    }

    /// Queues a ping.
    ///
    /// # Errors
    /// Why the session is over.
    pub(crate) fn ping(&mut self) -> Result<(), Failure> {
        self.ping_sent = Some(Instant::now());
        self.queue(Message::Ping(Default::default()))
    }

    /// When the last pong came.
    pub(crate) fn last_pong(&self) -> Option<Instant> {
        self.last_pong
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
    pub(crate) fn close(mut self) {
        let deadline = Instant::now() + CLOSE_LIMIT;
        let frame = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::default() };
        let mut result = self.socket.close(Some(frame));
        loop {
            match result {
                Ok(()) => {}
                Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock => {
                    self.unflushed = self.socket.flush().is_err();
                    let mut events = PollFlags::POLLIN;
                    events.set(PollFlags::POLLOUT, self.unflushed);
                    let mut fds = vec![PollFd::new(self.socket.get_ref().as_fd(), events)];
                    self.signals.wait(&mut fds, Some(deadline));
                    if Instant::now() >= deadline {
                        break;
                    }
                    self.socket.get_mut().wire_mut().permit();
                }
                // Answered, closed or broken: the end in any case.
                Err(_) => break,
            }
            result = match self.socket.read() {
                Ok(Message::Close(_)) => break,
                other => other.map(drop),
            };
        }
        self.socket.get_ref().wire().shutdown();
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

/// The server's Close in words (RFC 6455 section 7.4.1).
fn close_words(frame: Option<CloseFrame>) -> String {
    let Some(CloseFrame { code, reason }) = frame else {
        return "closed by the server without a code".to_owned();
    };
    let meaning = match code {
        CloseCode::Normal => "normal",
        CloseCode::Away => "going away",
        // The layer below replaces a code that must not be sent by this one.
        CloseCode::Protocol if reason.as_str() == "Protocol violation" => {
            return "closed by the server with an illegal close code".to_owned();
        }
        CloseCode::Protocol => "protocol error",
        CloseCode::Policy => "policy violation",
        CloseCode::Size => "message too big",
        CloseCode::Error => "server error",
        CloseCode::Restart => "service restart",
        CloseCode::Again => "try again later",
        _ => "",
    };
    let mut words = format!("closed by the server with {}", u16::from(code));
    if !meaning.is_empty() {
        words = format!("{words} ({meaning})");
    }
    if !reason.is_empty() {
        words = format!("{words}: {reason}");
    }
    words
}
