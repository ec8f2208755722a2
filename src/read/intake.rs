//! Turns one frame into its effects: a line, a count or a warning, and the receipt by which it is
//! acknowledged.

use jiff::Timestamp;

use super::desk::Desk;
use super::ending::Ending;
use super::gap::GapCheck;
use super::resume::{Resume, Seen};
use super::unplaced::Unplaced;
use crate::clock::Instant;
use crate::fault::{Failure, Fault, Step};
use crate::message::{Envelope, Frame, Line, MessageId, OnReject, Place, parse, write_line};
use crate::progress::{Receipt, Reply};
use crate::secret;
use crate::settings::Settings;

/// The place in each partition is remembered, and saved with the cursor. No topic of the service comes
/// near so many.
const MOST_PARTITIONS: i64 = 4096;

/// Takes in the frames of a run.
pub(super) struct Intake<'a> {
    settings: &'a Settings,
    /// `host:port`, for failures.
    server: String,
    /// Only messages published at this time or later are written, and before the other; both are
    /// known once a session has shown the service's clock.
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    pub(super) gap: GapCheck,
    unplaced: Unplaced,
}

/// The parts of the run that a message reads and changes.
pub(super) struct Context<'r, 'a> {
    pub(super) desk: &'r mut Desk<'a>,
    pub(super) resume: &'r Resume,
    pub(super) ending: &'r mut Ending<'a>,
    pub(super) now: Instant,
}

fn last_place(desk: &Desk<'_>) -> Option<Place> {
    desk.output.progress().taken().newest().map(MessageId::place)
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It has a line.
    Event,
    NoEvent,
    /// It will be delivered again, so a run that waits for silence does not wait for it.
    SentBack,
}

impl Fate {
    /// What the service is told about the message.
    fn reply(self, id: &MessageId) -> Reply {
        match self {
            Fate::SentBack => Reply::NegativeAcknowledge(id.text()),
            Fate::Event | Fate::NoEvent => Reply::Acknowledge(id.text()),
        }
    }
}

/// A message that could not be used.
pub(super) struct Reject<'f> {
    /// For the counters: `frame`, `envelope` or `payload`.
    pub(super) kind: &'static str,
    /// The message's id as the service wrote it, if it has one.
    pub(super) id: Option<&'f str>,
    /// Why, for people.
    pub(super) reason: &'f str,
    /// The frame as received, if it is available.
    pub(super) frame: Option<&'f [u8]>,
}

impl<'a> Intake<'a> {
    pub(super) fn new(settings: &'a Settings, server: String, is_resumed: bool) -> Intake<'a> {
        let gap = GapCheck::new(server.clone(), is_resumed, settings.subscription.is_none());
        let unplaced = Unplaced::default();
        Intake { settings, server, since: None, until: None, gap, unplaced }
    }

    /// A session is open. Times are counted back from the service's clock when the very first one
    /// opened; of several runs with one cursor, the first decides.
    pub(super) fn opened(&mut self, desk: &Desk<'_>, resume: &Resume) {
        let Some(began) = resume.began() else { return };
        let cursor = desk.output.cursor();
        let since = self.settings.start.since.map(|since| since.at(began));
        self.since = cursor.map_or(since, |cursor| cursor.since);
        self.until = self.settings.stop.until.map(|until| until.at(began));
        let is_resumed = self.settings.subscription.is_none() && !resume.is_from_earliest();
        self.unplaced.session_opened(last_place(desk).filter(|_| is_resumed));
    }

    /// Takes in one frame.
    ///
    /// # Errors
    /// A message that cannot be decoded, under `--on-reject stop`, or one of another topic.
    pub(super) fn take(&mut self, on: &mut Context<'_, 'a>, frame: &str) -> Result<Fate, Failure> {
        let message = match parse(frame) {
            Frame::Message(message) => message,
            Frame::Control => {
                let trace = || format!("< control message, {} bytes", frame.len());
                on.desk.log.report.trace(trace);
                return Ok(Fate::NoEvent);
            }
            Frame::Reject { id, reason } => {
                let (id, frame) = (id.as_deref(), Some(frame.as_bytes()));
                let reject = Reject { kind: "envelope", id, reason: &reason, frame };
                return self.reject_envelope(on, &reject);
            }
        };
        on.desk.log.report.trace(|| format!("< message {}, {} bytes", message.id, frame.len()));
        self.check_partition(&message.id)?;
        on.desk.assigned(&self.settings.target.host);
        let newest = on.desk.log.counters.newest.max(message.publish_time);
        on.desk.log.counters.newest = newest;
        self.gap.saw(on.desk, on.resume, (&message.id, message.publish_time))?;
        let taken = on.desk.output.progress().taken();
        let seen = on.resume.seen(taken, &message.id, message.publish_time);
        let (id, published) = (message.id.clone(), message.publish_time);
        let fate = match seen {
            Seen::New => self.write_message(on, &message, frame)?,
            Seen::Recreated => {
                self.gap.refuse_foreign(on.desk, on.resume, (&id, published))?;
                let text = format!(
                    "message {id} is older by its id, but newer by its time, than what was written before: the topic was recreated; continuing with it"
                );
                on.desk.log.report.warning_of("recreated", text, on.now);
                self.write_message(on, &message, frame)?
            }
            Seen::Repeat => {
                // One that was asked for again is not worth counting.
                on.desk.log.counters.repeats += u64::from(!on.ending.is_proving());
                on.desk.output.repeats(on.now);
                on.ending.skipped(&id, on.now);
                Fate::NoEvent
            }
            Seen::Before => {
                on.desk.log.counters.filtered += 1;
                on.ending.skipped(&id, on.now);
                Fate::NoEvent
            }
        };
        let is_new = matches!(seen, Seen::New | Seen::Recreated) && fate != Fate::SentBack;
        if is_new {
            on.ending.received();
            on.ending.saw(&id, published, on.now);
        }
        on.desk.output.take(Receipt {
            reply: Some(fate.reply(&id)),
            place: is_new.then_some((id, published)),
            is_event: fate == Fate::Event,
            at: on.now,
        });
        Ok(fate)
    }

    fn check_partition(&self, id: &MessageId) -> Result<(), Failure> {
        if id.partition < MOST_PARTITIONS {
            return Ok(());
        }
        let cause = format!(
            "message {id} is of partition {}, and no more than {MOST_PARTITIONS} partitions can be followed",
            id.partition
        );
        Err(Failure::new(Step::Stream, &self.server, Fault::TooManyPartitions, cause))
    }

    /// Whether the run now has all the lines it was asked for.
    pub(super) fn has_enough(&self, desk: &Desk<'_>) -> bool {
        self.settings.stop.num_messages.is_some_and(|limit| desk.log.counters.events >= limit)
    }

    /// Writes the message's line, if it gets one.
    fn write_message(
        &self,
        on: &mut Context<'_, 'a>,
        message: &Envelope<'_>,
        frame: &str,
    ) -> Result<Fate, Failure> {
        let (output, counters) = (&mut on.desk.output, &mut on.desk.log.counters);
        let start = output.buffer().len();
        if !self.is_in_time(message) {
            counters.filtered += 1;
            return Ok(Fate::NoEvent);
        }
        match write_line(message, frame, &self.settings.lines, output.buffer()) {
            Line::Written if output.end_line(start) => {
                if on.resume.is_in_order(message.id.partition) {
                    output.no_more_repeated_lines();
                }
                counters.events += 1;
                counters.bytes += (output.buffer().len() - start) as u64;
                return Ok(Fate::Event);
            }
            Line::Written => counters.repeats += 1,
            Line::Tombstone => counters.tombstones += 1,
            Line::Filtered(event) => {
                counters.filtered += 1;
                if counters.events == 0 {
                    counters.left_out.add(event.as_deref());
                }
            }
            Line::Reject(reason) => {
                let (id, frame) = (Some(message.id.as_str()), Some(frame.as_bytes()));
                let reason = &reason.to_string();
                let reject = Reject { kind: "payload", id, reason, frame };
                return self.count(on, &reject, true);
            }
        }
        Ok(Fate::NoEvent)
    }

    /// Whether the message is between `--since` and `--until`. One without a publish time counts
    /// as being between them.
    fn is_in_time(&self, message: &Envelope<'_>) -> bool {
        let Some(published) = message.publish_time else { return true };
        self.since.is_none_or(|since| published >= since)
            && self.until.is_none_or(|until| published < until)
    }

    /// Rejects a message whose envelope cannot be used. If it has an id, its place is recorded all
    /// the same, so that not every session rejects it again.
    fn reject_envelope(
        &mut self,
        on: &mut Context<'_, 'a>,
        reject: &Reject<'_>,
    ) -> Result<Fate, Failure> {
        let place = reject.id.and_then(|id| MessageId::parse(id).ok());
        place.iter().try_for_each(|id| self.check_partition(id))?;
        let taken = on.desk.output.progress().taken();
        let is_repeat = |id: &&MessageId| on.resume.seen(taken, id, None) == Seen::Repeat;
        match place.as_ref().filter(is_repeat) {
            Some(id) => {
                on.ending.skipped(id, on.now);
                Ok(Self::skip(on, Some(Fate::NoEvent.reply(id))))
            }
            None => self.reject(on, reject, place),
        }
    }

    /// Counts and reports a reject, and queues its acknowledgement.
    ///
    /// # Errors
    /// Under `--on-reject stop`.
    pub(super) fn reject(
        &mut self,
        on: &mut Context<'_, 'a>,
        reject: &Reject<'_>,
        place: Option<MessageId>,
    ) -> Result<Fate, Failure> {
        let is_answered = place.is_some() || self.settings.subscription.is_none();
        // From a reader any acknowledgement, even an empty one, frees this message's slot in the
        // server's window. From a consumer an unreadable one ends the session.
        let unplaced = || is_answered.then(|| Reply::Acknowledge(reject.id.unwrap_or("").into()));
        let content = reject.frame.unwrap_or(reject.reason.as_bytes());
        if place.is_none() && self.unplaced.is_repeat(content, last_place(on.desk)) {
            return Ok(Self::skip(on, unplaced()));
        }
        let fate = self.count(on, reject, is_answered)?;
        if fate != Fate::SentBack {
            on.ending.received();
            place.iter().for_each(|id| on.ending.rejected(id, on.now));
        }
        let reply = place.as_ref().map_or_else(unplaced, |id| Some(fate.reply(id)));
        let place = place.filter(|_| fate != Fate::SentBack).map(|id| (id, None));
        on.desk.output.take(Receipt { place, reply, is_event: false, at: on.now });
        Ok(fate)
    }

    /// Skips a message that was rejected before.
    fn skip(on: &mut Context<'_, 'a>, reply: Option<Reply>) -> Fate {
        on.desk.log.counters.repeats += u64::from(!on.ending.is_proving());
        on.desk.output.take(Receipt { place: None, reply, is_event: false, at: on.now });
        Fate::NoEvent
    }

    /// `is_answered`: the service can be told about the message.
    fn count(
        &self,
        on: &mut Context<'_, 'a>,
        reject: &Reject<'_>,
        is_answered: bool,
    ) -> Result<Fate, Failure> {
        let Reject { kind, id, reason, frame } = *reject;
        on.desk.log.counters.rejects.add(kind);
        let subject = id.map_or("message without an id".to_owned(), |id| {
            format!("message {}", secret::one_line(id, 100))
        });
        let again = match is_answered {
            true => "",
            false => {
                "; without a usable id it cannot be acknowledged: it stays with the subscription and comes again with the next session"
            }
        };
        match self.settings.lines.on_reject {
            OnReject::Warn => {
                let is_kept = on.desk.output.reject(id, reason, frame);
                let then = if is_kept { "written to the rejects file" } else { "skipped" };
                let text = format!("{subject}: {reason}; {then}{again}");
                on.desk.log.report.warning_of(kind, text, on.now);
                Ok(Fate::NoEvent)
            }
            OnReject::Nack => {
                let then = if is_answered { "sent back to the service" } else { "left out" };
                let text = format!("{subject}: {reason}; {then}{again}");
                on.desk.log.report.warning_of(kind, text, on.now);
                Ok(Fate::SentBack)
            }
            OnReject::Stop => {
                let cause = format!("{subject}: {reason}");
                Err(Failure::new(Step::Stream, &self.server, Fault::BadPayload, cause))
            }
        }
    }
}
