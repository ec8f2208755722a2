//! What the service still holds: whether messages are missing between the cursor and the first
//! one delivered, and whether the cursor's ids belong to this topic at all.
//!
//! The service accepts any message id. For one that retention has removed it sends what is left;
//! for one of another topic it sends nothing. So the oldest message it holds is compared with the
//! cursor once.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::desk::Desk;
use super::opener::Opener;
use super::resume::Resume;
use crate::clock::Instant;
use crate::connect::Halt;
use crate::fault::{Failure, Fault, Step};
use crate::message::{Envelope, Frame, MessageId, Position, parse};
use crate::progress::Last;
use crate::session::{Next, Woke};

/// Limits on the look at the oldest message, which arrives at once if there is one.
const CONNECT: Duration = Duration::from_secs(10);
const LISTEN: Duration = Duration::from_secs(2);

/// Compares the oldest messages the service holds with the last ones written.
#[derive(Debug)]
pub(super) struct GapCheck {
    /// `host:port`, for failures.
    server: String,
    is_of_reader: bool,
    /// The run resumes from a cursor, and the oldest message has not been looked at yet.
    is_due: bool,
    /// The partitions whose oldest message has been compared with the cursor.
    compared: BTreeSet<i64>,
}

/// A message's id and publish time.
type Told<'a> = (&'a MessageId, Option<Timestamp>);

impl GapCheck {
    pub(super) fn new(server: String, is_resumed: bool, is_of_reader: bool) -> GapCheck {
        // The service itself keeps a subscription's place.
        let is_due = is_resumed && is_of_reader;
        GapCheck { server, is_of_reader, is_due, compared: BTreeSet::new() }
    }

    /// Looks at the oldest message once, in the first session that resumes from a cursor. If that
    /// look fails, the run continues all the same.
    ///
    /// # Errors
    /// The cursor belongs to another topic.
    pub(super) fn look(
        &mut self,
        desk: &mut Desk<'_>,
        opener: &mut Opener<'_>,
        resume: &Resume,
    ) -> Result<(), Failure> {
        // A partitioned topic is read from its oldest message anyway.
        if !std::mem::take(&mut self.is_due) || resume.is_from_earliest() {
            return Ok(());
        }
        match oldest(desk, opener) {
            Ok(Some((id, published))) => return self.compare(desk, resume, (&id, published)),
            Ok(None) => {
                desk.log.report.debug("the service holds nothing older to compare the cursor with");
            }
            Err(Halt::Stopped) => {}
            Err(Halt::Failed(failure)) => {
                desk.log.report.debug(format!("cannot look at the oldest message: {failure}"));
            }
        }
        Ok(())
    }

    /// Compares a message if it is its partition's oldest: the first one of a partition, in a
    /// topic that is read from its beginning.
    ///
    /// # Errors
    /// The cursor belongs to another topic.
    pub(super) fn saw(
        &mut self,
        desk: &mut Desk<'_>,
        resume: &Resume,
        oldest: Told<'_>,
    ) -> Result<(), Failure> {
        match resume.is_from_earliest() && self.compared.insert(oldest.0.partition) {
            true => self.compare(desk, resume, oldest),
            false => Ok(()),
        }
    }

    fn compare(
        &self,
        desk: &mut Desk<'_>,
        resume: &Resume,
        oldest: Told<'_>,
    ) -> Result<(), Failure> {
        let (id, published) = oldest;
        let Some(last) = desk.output.progress().taken().of(id.partition).cloned() else {
            return Ok(());
        };
        if is_gap(&last, id) {
            desk.log.report.warning(format!(
                "the service no longer holds what follows message {}{}: the oldest it has is {id}{}; what was published in between, if anything, is missing (retention, or a recreated topic)",
                last.id,
                time(last.published),
                time(published),
            ));
        }
        match id.place() < last.id.place() {
            true => self.refuse_foreign(desk, resume, oldest),
            false => Ok(()),
        }
    }

    /// Stops the run if continuing would mix two topics: the message is older than the last one
    /// written by its id, but newer by its time.
    ///
    /// # Errors
    /// In that case, if the run has a cursor.
    pub(super) fn refuse_foreign(
        &self,
        desk: &Desk<'_>,
        resume: &Resume,
        (id, published): Told<'_>,
    ) -> Result<(), Failure> {
        let Some(path) = desk.output.cursor_path() else { return Ok(()) };
        let last = desk.output.progress().taken().of(id.partition);
        let (Some(last), Some(published)) = (last, published) else { return Ok(()) };
        let Some(written) = last.published else { return Ok(()) };
        if !resume.is_later(Some(published), last.published) {
            return Ok(());
        }
        let cause = format!(
            "message {id} (published {published}) is older by its id but newer by its time than message {} (published {written}), the last one written: the topic was recreated, or the cursor belongs to another topic",
            last.id
        );
        let fault = if self.is_of_reader { Fault::ForeignIds } else { Fault::ForeignConsumerIds };
        Err(Failure::new(Step::Stream, &self.server, fault, cause)
            .with("cursor", path.display().to_string())
            .with("written", written.to_string()))
    }
}

/// Asks the service for the oldest message it holds.
fn oldest(
    desk: &mut Desk<'_>,
    opener: &mut Opener<'_>,
) -> Result<Option<(MessageId, Option<Timestamp>)>, Halt> {
    let mut session = opener.connect_beside(desk, &Position::Earliest, CONNECT)?;
    let until = Instant::now() + LISTEN;
    let oldest = loop {
        match session.next()? {
            Next::Message(text) => {
                if let Frame::Message(Envelope { id, publish_time, .. }) = parse(&text) {
                    break Some((id, publish_time));
                }
            }
            Next::Unreadable { .. } => break None,
            Next::Nothing => match session.wait(desk, true, Some(until))? {
                Woke::Stop => return Err(Halt::Stopped),
                Woke::Deadline => break None,
                Woke::Ready => {}
            },
        }
    };
    session.close(desk);
    Ok(oldest)
}

/// Whether messages between the two may be missing. Pulsar's retention drops whole ledgers: as
/// long as the last message's ledger is there, so is everything after it.
fn is_gap(last: &Last, oldest: &MessageId) -> bool {
    oldest.place() > last.id.place() && oldest.ledger > last.id.ledger
}

fn time(time: Option<Timestamp>) -> String {
    time.map_or(String::new(), |time| format!(" (published {time})"))
}
