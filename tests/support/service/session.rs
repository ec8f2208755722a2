//! The WebSocket side of one connection: messages out as the window allows, acknowledgements in,
//! pings answered, the idle limit, and the faults of the stream.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use nix::poll::PollFlags;
use serde_json::Value;

use super::Version;
use super::fault::{BROKEN_RECORD, Fault, Then};
use super::feed::Feed;
use super::frames::{self, Frames};
use super::seen::{Ack, Close};
use super::state::Shared;
use super::topic::{Id, New};
use super::wire::{Ending, Order, Wire};

/// So much may wait to be written before more messages are taken.
const OUT_LIMIT: usize = 256 * 1024;

/// The pause between two pieces of a slow message.
const SLOW: Duration = Duration::from_millis(100);

/// How long the other side has to answer a close frame.
const CLOSE_LIMIT: Duration = Duration::from_secs(3);

pub(super) struct Session<'a> {
    shared: &'a Shared,
    number: usize,
    feed: Feed,
    window: usize,
    fault: &'a Fault,
    struck: bool,
    unacked: usize,
    sent: usize,
    out: VecDeque<u8>,
    frames: Frames,
    last: Instant,
    then: Then,
    /// Since when our close frame is out.
    closing: Option<Instant>,
    /// Nothing after the other side's close frame counts.
    closed: bool,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        shared: &'a Shared,
        number: usize,
        feed: Feed,
        window: usize,
        fault: &'a Fault,
    ) -> Session<'a> {
        Session {
            shared,
            number,
            feed,
            window,
            fault,
            struck: false,
            unacked: 0,
            sent: 0,
            out: VecDeque::new(),
            frames: Frames::default(),
            last: Instant::now(),
            then: Then::GoOn,
            closing: None,
            closed: false,
        }
    }

    /// Bytes that go out in one piece with the first frame.
    pub(super) fn say_first(&mut self, bytes: Vec<u8>) {
        self.out.extend(bytes);
    }

    pub(super) fn run(mut self, wire: &mut Wire) -> Ending {
        wire.socket_mut().patient = false;
        let ending = self.turn_until_end(wire);
        self.leave();
        wire.socket_mut().patient = true;
        ending
    }

    /// Gives back what a consumer did not acknowledge.
    pub(super) fn leave(&self) {
        if let Feed::Consumer { topic, subscription } = &self.feed {
            self.shared.change(|state| {
                if let Some(subscription) = state.subscription(topic, subscription) {
                    subscription.leave(self.number);
                }
            });
        }
    }

    fn turn_until_end(&mut self, wire: &mut Wire) -> Ending {
        let remote = std::sync::Arc::clone(&wire.socket().remote);
        loop {
            match remote.take_order() {
                Some(Order::End(ending)) => return ending,
                Some(Order::Close(code, reason)) => self.close(code, &reason),
                None => {}
            }
            if self.shared.lock().frozen || (self.then == Then::Freeze && self.out.is_empty()) {
                remote.poll(None, None);
                continue;
            }
            self.fill();
            self.strike(wire);
            if let (Fault::Peer(peer), true) = (self.fault, self.struck && self.out.is_empty()) {
                return peer.run(wire);
            }
            let more = self.fill();
            if let Err(ending) = self.write(wire) {
                return ending;
            }
            if let (Then::End(ending), true) = (self.then, self.out.is_empty()) {
                return ending;
            }
            if self.closed && self.out.is_empty() {
                return Ending::Fin;
            }
            if self.closing.is_some_and(|since| since.elapsed() > CLOSE_LIMIT) {
                return Ending::RudeFin;
            }
            self.limit_idleness();
            match self.read(wire) {
                Ok(true) => {}
                Ok(false) if more && self.out.is_empty() => {}
                // Only a read that found nothing makes it safe to wait: TLS has a buffer too.
                Ok(false) => {
                    let mut flags = PollFlags::POLLIN;
                    flags.set(PollFlags::POLLOUT, !self.out.is_empty());
                    remote.poll(Some((&wire.socket().tcp, flags)), self.deadline());
                }
                Err(ending) => return ending,
            }
        }
    }

    /// Lets the fault happen when its time has come.
    fn strike(&mut self, wire: &mut Wire) {
        if self.struck || self.sent < self.shared.settings.fault_after {
            return;
        }
        self.struck = true;
        if let Fault::Odd(odd) = self.fault {
            let topic = self.topic().to_owned();
            self.shared.change(|state| state.publish(&topic, vec![New::odd(*odd)], false));
        }
        if matches!(self.fault, Fault::BrokenRecord) {
            while !self.out.is_empty() && self.write(wire).is_ok() {}
            let _ = wire.socket_mut().write_all(BROKEN_RECORD);
        }
        if let Some((bytes, then)) = self.fault.in_stream() {
            self.out.extend(bytes);
            self.then = then;
            self.closing = (then == Then::AwaitClose).then(Instant::now);
        }
    }

    /// Takes as many messages as the window allows; `true` when it was only too much at once.
    fn fill(&mut self) -> bool {
        if self.closing.is_some() || self.closed || self.then != Then::GoOn {
            return false;
        }
        let mut state = self.shared.lock();
        if state.paused {
            return false;
        }
        let mut batch = Vec::new();
        let mut bytes = Vec::new();
        let mut more = false;
        while self.has_room() && !self.fault_is_due() {
            more = self.out.len() + bytes.len() >= OUT_LIMIT;
            if more {
                break;
            }
            let Some(delivery) = state.next(self.number, &mut self.feed) else {
                break;
            };
            let frame = delivery.message.frame(delivery.redeliveries);
            self.fault.append_message(&mut bytes, frame.as_bytes());
            self.sent += 1;
            if delivery.message.counts() {
                self.unacked += 1;
                batch.push(delivery.message.id);
            }
        }
        if !bytes.is_empty() {
            let seen = &mut state.seen.connections[self.number];
            seen.sent.append(&mut batch);
            seen.most_unacked = seen.most_unacked.max(self.unacked);
            drop(state);
            self.shared.noted();
            self.out.extend(bytes);
        }
        more
    }

    fn has_room(&self) -> bool {
        match self.feed {
            Feed::Reader(_) => self.unacked < self.window,
            // The subscription hands out no more than the window.
            Feed::Consumer { .. } => true,
        }
    }

    fn fault_is_due(&self) -> bool {
        !self.struck && self.sent >= self.shared.settings.fault_after
    }

    fn write(&mut self, wire: &mut Wire) -> Result<(), Ending> {
        while !self.out.is_empty() {
            let (bytes, _) = self.out.as_slices();
            let piece = match self.fault {
                Fault::FramesInPieces => &bytes[..bytes.len().min(7)],
                Fault::SlowMessage if self.struck => {
                    wire.socket().remote.pause(Some(Instant::now() + SLOW))?;
                    &bytes[..bytes.len().min(8 * 1024)]
                }
                _ => bytes,
            };
            match wire.write(piece) {
                Ok(count) => {
                    self.out.drain(..count);
                    self.last = Instant::now();
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return Err(Ending::RudeFin),
            }
        }
        Ok(())
    }

    fn limit_idleness(&mut self) {
        if let Some(limit) = self.shared.settings.idle_limit
            && self.closing.is_none()
            && self.last.elapsed() >= limit
        {
            let limit = limit.as_millis();
            let reason = format!(
                "java.util.concurrent.TimeoutException: Idle timeout expired: {limit}/{limit} ms"
            );
            self.close(1001, &reason);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let closing = self.closing.map(|since| since + CLOSE_LIMIT);
        let idle = self.shared.settings.idle_limit.map(|limit| self.last + limit);
        match closing {
            Some(closing) => Some(closing),
            None => idle.into_iter().chain(self.nacked_until()).min(),
        }
    }

    /// When a message that was sent back is due: somebody's thread must then look.
    fn nacked_until(&self) -> Option<Instant> {
        match &self.feed {
            Feed::Reader(_) => None,
            Feed::Consumer { topic, subscription } => {
                self.shared.lock().subscription(topic, subscription)?.due()
            }
        }
    }

    fn close(&mut self, code: u16, reason: &str) {
        if self.closing.is_none() {
            let mut bytes = Vec::new();
            frames::append_close(&mut bytes, Some(code), reason);
            self.out.extend(bytes);
            self.closing = Some(Instant::now());
        }
    }

    /// Reads what is there; `false` when there was nothing.
    fn read(&mut self, wire: &mut Wire) -> Result<bool, Ending> {
        let mut chunk = [0; 32 * 1024];
        let count = match wire.read(&mut chunk) {
            Ok(0) => return Err(Ending::RudeFin),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(_) => return Err(Ending::RudeFin),
        };
        self.last = Instant::now();
        self.frames.push(&chunk[..count]);
        let mut acks = Vec::new();
        let mut ended = Ok(true);
        while ended.is_ok()
            && self.then != Then::Freeze
            && let Some((opcode, payload)) = self.frames.next()
        {
            ended = self.hear(opcode, payload, &mut acks).map(|()| true);
        }
        self.count(acks);
        ended
    }

    fn hear(&mut self, opcode: u8, payload: Vec<u8>, acks: &mut Vec<Ack>) -> Result<(), Ending> {
        let mut answer = Vec::new();
        match opcode {
            frames::TEXT => {
                let text = String::from_utf8(payload).expect("the client's text is UTF-8");
                return self.hear_text(text, acks);
            }
            frames::PING => {
                self.shared.note(self.number, |seen| seen.pings += 1);
                if !matches!(self.fault, Fault::NoPongs) {
                    frames::append(&mut answer, frames::PONG, &payload);
                }
            }
            frames::PONG => self.shared.note(self.number, |seen| seen.pongs += 1),
            frames::CLOSE => {
                let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                let reason = String::from_utf8_lossy(payload.get(2..).unwrap_or_default()).into();
                self.shared.note(self.number, |seen| seen.close = Some(Close { code, reason }));
                if self.closing.is_none() {
                    frames::append(&mut answer, frames::CLOSE, &payload);
                }
                self.closed = true;
            }
            _ => self.shared.note(self.number, |seen| seen.binaries += 1),
        }
        self.out.extend(answer);
        Ok(())
    }

    fn hear_text(&mut self, text: String, acks: &mut Vec<Ack>) -> Result<(), Ending> {
        let strict = self.shared.settings.version == Version::V4_0;
        let object = match serde_json::from_str::<Value>(&text) {
            Ok(Value::Object(object)) => object,
            Ok(Value::Null) => {
                self.close(1011, "Server error");
                return Ok(());
            }
            _ => {
                self.shared.note(self.number, |seen| seen.texts.push(text));
                return if strict { Err(Ending::Fin) } else { Ok(()) };
            }
        };
        let kind = object.get("type").and_then(Value::as_str).unwrap_or_default();
        let raw_id = object.get("messageId").and_then(Value::as_str);
        let id = raw_id.and_then(Id::parse);
        match (&self.feed, kind) {
            (_, "isEndOfTopic") => {
                let answer = format!(r#"{{"endOfTopic":{}}}"#, self.terminated());
                let mut bytes = Vec::new();
                frames::append(&mut bytes, frames::TEXT, answer.as_bytes());
                self.out.extend(bytes);
            }
            (Feed::Reader(_), _) => {
                acks.push(Ack { raw: text, id });
                return Ok(());
            }
            (Feed::Consumer { .. }, "permit") => {}
            (Feed::Consumer { .. }, "unsubscribe") => {
                self.shared.note(self.number, |seen| seen.texts.push(text));
                return self.unsubscribe();
            }
            (Feed::Consumer { .. }, "negativeAcknowledge") if id.is_some() => {
                id.into_iter().for_each(|id| self.nack(id));
                return Ok(());
            }
            (Feed::Consumer { .. }, _) if id.is_some() => {
                acks.push(Ack { raw: text, id });
                return Ok(());
            }
            (Feed::Consumer { .. }, _) if strict => return Err(Ending::Fin),
            (Feed::Consumer { .. }, _) => {}
        }
        self.shared.note(self.number, |seen| seen.texts.push(text));
        Ok(())
    }

    fn nack(&mut self, id: Id) {
        self.unacked = self.unacked.saturating_sub(1);
        let Feed::Consumer { topic, subscription } = &self.feed else { return };
        self.shared.change(|state| {
            if let Some(subscription) = state.subscription(topic, subscription) {
                subscription.nack(self.number, &id, Instant::now());
            }
            state.seen.connections[self.number].nacks.push(id);
        });
    }

    /// Carried out without a word; or the session ends and the subscription stays.
    fn unsubscribe(&mut self) -> Result<(), Ending> {
        let Feed::Consumer { topic, subscription } = &self.feed else { return Ok(()) };
        if matches!(self.fault, Fault::UnsubscribeRefused) {
            return Err(Ending::Fin);
        }
        if matches!(self.fault, Fault::UnsubscribeSilent) {
            self.then = Then::Freeze;
            return Ok(());
        }
        self.shared.change(|state| {
            let place = (topic.clone(), subscription.clone());
            if state.subscriptions.get(&place).is_some_and(|it| it.connections().len() > 1) {
                return Err(Ending::Fin);
            }
            state.subscriptions.remove(&place);
            Ok(())
        })
    }

    fn terminated(&self) -> bool {
        self.shared.lock().topics.get(self.topic()).is_some_and(|topic| topic.terminated)
    }

    fn topic(&self) -> &str {
        match &self.feed {
            Feed::Reader(super::feed::Reader { topic, .. }) | Feed::Consumer { topic, .. } => topic,
        }
    }

    fn count(&mut self, mut acks: Vec<Ack>) {
        if acks.is_empty() {
            return;
        }
        match self.fault {
            Fault::AcksLost => {}
            Fault::AcksRefused => self.close(1011, "acknowledgements are not taken here"),
            _ => {
                self.unacked = self.unacked.saturating_sub(acks.len());
                self.settle(&acks);
            }
        }
        self.shared.note(self.number, |seen| seen.acks.append(&mut acks));
    }

    fn settle(&self, acks: &[Ack]) {
        let Feed::Consumer { topic, subscription } = &self.feed else { return };
        self.shared.change(|state| {
            if let Some(subscription) = state.subscription(topic, subscription) {
                let ids = acks.iter().filter_map(|ack| ack.id);
                ids.for_each(|id| subscription.ack(self.number, &id));
            }
        });
    }
}
