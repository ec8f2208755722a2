//! From one frame to what becomes of it: a line, a count, a warning, and the mark that will
//! acknowledge it.

use super::{Ended, Leave, Run};
use crate::connect::authority;
use crate::fault::Fault;
use crate::fault::{Failure, Step};
use crate::message::{Envelope, Frame, Line, MessageId, OnReject, parse, write_line};
use crate::report::add;
use crate::resume::Seen;
use crate::sink::Receipt;
use crate::words;

impl Run<'_> {
    /// Takes one frame in. `Some` when the run has reached its end with it.
    pub(super) fn take(&mut self, frame: &str) -> Result<Option<Leave>, Failure> {
        let message = match parse(frame) {
            Frame::Message(message) => message,
            Frame::Control => {
                self.report.trace(|| format!("< control message, {} bytes", frame.len()));
                return Ok(None);
            }
            Frame::Reject { id, reason } => {
                return self.reject_envelope(id.as_deref(), &reason, frame).map(|()| None);
            }
        };
        self.report.trace(|| format!("< message {}, {} bytes", message.id, frame.len()));
        let newest = self.counters.newest.get().max(message.publish_time);
        self.counters.newest.set(newest);
        if self.resume.is_from_earliest() && self.compared.insert(message.id.partition) {
            self.compare(&message.id, message.publish_time)?;
        }
        let ack = message.id.text();
        let events = self.counters.events.get();
        let seen = self.resume.seen(&message.id, message.publish_time);
        let place = matches!(seen, Seen::New | Seen::Anew)
            .then(|| (message.id.clone(), message.publish_time));
        match seen {
            Seen::New => self.write_message(message, frame)?,
            Seen::Anew => {
                self.refuse_foreign(&message.id, message.publish_time)?;
                self.report.warning(format!(
                    "message {} is older by its id, but newer by its time, than what was written before: the topic was made anew; going on with it",
                    message.id
                ));
                self.write_message(message, frame)?;
            }
            Seen::Repeat => {
                add(&self.counters.repeats, 1);
                self.out().repeats();
            }
            Seen::Before => add(&self.counters.filtered, 1),
        }
        let is_event = self.counters.events.get() > events;
        self.out().mark(Receipt { place, ack: Some(ack), reject: None, is_event });
        let limit = self.settings.stop.num_messages;
        let is_enough = limit.is_some_and(|limit| self.counters.events.get() >= limit);
        Ok(is_enough.then_some(Leave::End(Ended::Done)))
    }

    fn write_message(&mut self, message: Envelope<'_>, frame: &str) -> Result<(), Failure> {
        self.has_received = true;
        self.is_silent = false;
        if let Some(end) = &mut self.end {
            end.saw(message.id.partition, message.publish_time);
        }
        let is_in_time = self.is_in_time(&message);
        let mut out = self.out.borrow_mut();
        let start = out.buffer().len();
        let line = match is_in_time {
            true => write_line(&message, frame, &self.settings.lines, out.buffer()),
            false => Line::Filtered,
        };
        match line {
            Line::Written if out.end_line(start) => {
                if self.resume.is_in_order(message.id.partition) {
                    out.no_more_repeats();
                }
                add(&self.counters.events, 1);
                add(&self.counters.bytes, (out.buffer().len() - start) as u64);
            }
            Line::Written => add(&self.counters.repeats, 1),
            Line::Tombstone => add(&self.counters.tombstones, 1),
            Line::Filtered => add(&self.counters.filtered, 1),
            Line::Reject(reason) => {
                drop(out);
                self.count_reject(
                    "payload",
                    Some(message.id.as_str()),
                    &reason.to_string(),
                    Some(frame.as_bytes()),
                )?;
            }
        }
        self.resume.took(message.id, message.publish_time);
        Ok(())
    }

    /// Whether the message is between `--since` and `--until`; one without a time is.
    fn is_in_time(&self, message: &Envelope<'_>) -> bool {
        let Some(published) = message.publish_time else { return true };
        self.since.is_none_or(|since| published >= since)
            && self.settings.stop.until.is_none_or(|until| published < until)
    }

    /// A message whose envelope cannot be used. One with an id has its place all the same, so that
    /// it is not rejected by every session anew.
    fn reject_envelope(
        &mut self,
        id: Option<&str>,
        reason: &str,
        frame: &str,
    ) -> Result<(), Failure> {
        let place = id.and_then(|id| MessageId::parse(id).ok());
        let seen = place.as_ref().map(|id| self.resume.seen(id, None));
        if matches!(seen, Some(Seen::Repeat)) {
            add(&self.counters.repeats, 1);
            let ack = id.map(Into::into);
            self.out().mark(Receipt { place: None, ack, reject: None, is_event: false });
            return Ok(());
        }
        if let Some(id) = &place {
            self.resume.took(id.clone(), None);
        }
        self.reject("envelope", id, place, reason, Some(frame.as_bytes()))
    }

    /// What cannot be used is kept as a reject and acknowledged.
    pub(super) fn reject(
        &mut self,
        kind: &'static str,
        id: Option<&str>,
        place: Option<MessageId>,
        reason: &str,
        frame: Option<&[u8]>,
    ) -> Result<(), Failure> {
        self.has_received = true;
        self.is_silent = false;
        self.count_reject(kind, id, reason, frame)?;
        // Any acknowledgement frees the place that this message takes in the server's window.
        let ack = Some(id.unwrap_or_default().into());
        let place = place.map(|id| (id, None));
        self.out().mark(Receipt { place, ack, reject: None, is_event: false });
        Ok(())
    }

    fn count_reject(
        &self,
        kind: &'static str,
        id: Option<&str>,
        reason: &str,
        frame: Option<&[u8]>,
    ) -> Result<(), Failure> {
        self.counters.rejects.add(kind);
        let subject = id.map_or("message without an id".to_owned(), |id| {
            format!("message {}", words::one_line(id, 100))
        });
        match self.settings.lines.on_reject {
            OnReject::Warn => {
                let is_kept = self.out().reject(id, reason, frame);
                let then = if is_kept { "written to the rejects file" } else { "skipped" };
                self.report.warning(format!("{subject}: {reason}; {then}"));
                Ok(())
            }
            OnReject::Stop => {
                let target = &self.settings.target;
                let server = authority(&target.host, target.port);
                let cause = format!("{subject}: {reason}");
                Err(Failure::new(Step::Stream, server, Fault::BadPayload, cause))
            }
        }
    }
}
