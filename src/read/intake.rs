//! From one frame to what becomes of it: a line, a count, a warning, and the mark that will
//! acknowledge it.

use super::{Ended, Leave, Receipt, Run};
use crate::advice::Problem;
use crate::connect::authority;
use crate::failure::{Failure, Step};
use crate::message::{Envelope, Frame, Line, parse, write_line};
use crate::report::add;
use crate::resume::Seen;
use crate::settings::OnReject;
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
                self.reject(id.as_deref(), &reason)?;
                return Ok(None);
            }
        };
        self.report.trace(|| format!("< message {}, {} bytes", message.id, frame.len()));
        let newest = self.counters.newest.get().max(message.publish_time);
        self.counters.newest.set(newest);
        let ack = message.id.text();
        let events = self.counters.events.get();
        match self.resume.seen(&message) {
            Seen::New => self.write_message(message, frame)?,
            Seen::Anew => {
                self.report.warning(format!(
                    "message {} is older by its id, but newer by its time, than what was written before: the topic was made anew; going on with it",
                    message.id
                ));
                self.write_message(message, frame)?;
            }
            Seen::Repeat => add(&self.counters.repeats, 1),
            Seen::Before => add(&self.counters.filtered, 1),
        }
        self.out.mark(Receipt { id: ack, is_event: self.counters.events.get() > events });
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
        let out = self.out.buffer();
        let before = out.len();
        let line = match self.is_in_time(&message) {
            true => write_line(&message, frame, &self.settings.lines, self.out.buffer()),
            false => Line::Filtered,
        };
        match line {
            Line::Written => {
                add(&self.counters.events, 1);
                add(&self.counters.bytes, (self.out.buffer().len() - before) as u64);
            }
            Line::Tombstone => add(&self.counters.tombstones, 1),
            Line::Filtered => add(&self.counters.filtered, 1),
            Line::Reject(reason) => self.count_reject(Some(message.id.as_str()), &reason)?,
        }
        self.resume.took(message);
        Ok(())
    }

    /// Whether the message is between `--since` and `--until`; one without a time is.
    fn is_in_time(&self, message: &Envelope<'_>) -> bool {
        let Some(published) = message.publish_time else { return true };
        self.settings.start.since.is_none_or(|since| published >= since)
            && self.settings.stop.until.is_none_or(|until| published < until)
    }

    /// A frame without a usable envelope: warned about and acknowledged.
    pub(super) fn reject(&mut self, id: Option<&str>, reason: &str) -> Result<(), Failure> {
        self.has_received = true;
        self.is_silent = false;
        self.count_reject(id, reason)?;
        // Any acknowledgement frees the place that this message takes in the server's window.
        self.out.mark(Receipt { id: id.unwrap_or_default().into(), is_event: false });
        Ok(())
    }

    fn count_reject(&self, id: Option<&str>, reason: &str) -> Result<(), Failure> {
        add(&self.counters.rejects, 1);
        let subject = id.map_or("message without an id".to_owned(), |id| {
            format!("message {}", words::one_line(id, 100))
        });
        match self.settings.lines.on_reject {
            OnReject::Warn => {
                self.report.warning(format!("{subject}: {reason}; skipped"));
                Ok(())
            }
            OnReject::Stop => {
                let target = &self.settings.target;
                let server = authority(&target.host, target.port);
                let cause = format!("{subject}: {reason}");
                Err(Failure::new(Step::Stream, server, Problem::BadPayload, cause))
            }
        }
    }
}
