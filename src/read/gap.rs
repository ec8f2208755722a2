//! What the service still holds: whether something is missing between the cursor and what comes,
//! and whether the cursor's ids are this topic's at all.
//!
//! A message id is believed blindly. One that retention has passed is answered with what is left,
//! one of another topic with silence; so the oldest message that is held is looked at once.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::desk::Desk;
use super::opener::Opener;
use super::resume::Resume;
use crate::connect::Halt;
use crate::fault::{Failure, Fault, Step};
use crate::message::{Envelope, Frame, MessageId, parse};
use crate::progress::Last;
use crate::session::{Next, Woke};

/// The look may take so long; the oldest message comes at once, if there is one.
const CONNECT: Duration = Duration::from_secs(10);
const LISTEN: Duration = Duration::from_secs(2);

/// The comparison of the oldest messages that are held with the last ones written.
#[derive(Debug)]
pub(super) struct GapCheck {
    /// `host:port`, for failures.
    server: String,
    /// The run goes on after a cursor, and what the service still holds was not asked yet.
    is_due: bool,
    /// The partitions whose oldest message was compared with the cursor.
    compared: BTreeSet<i64>,
}

/// A message's id and publish time.
type Told<'a> = (&'a MessageId, Option<Timestamp>);

impl GapCheck {
    pub(super) fn new(server: String, is_resumed: bool) -> GapCheck {
        GapCheck { server, is_due: is_resumed, compared: BTreeSet::new() }
    }

    /// Looks once, in the first session that goes on after a cursor. That the look itself fails
    /// is no failure of the run.
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

    /// The first message of each partition of a topic that is read from its beginning is its
    /// oldest.
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
                "the service no longer holds what follows message {}{}: the oldest it has is {id}{}; what was published in between, if anything, is missing (retention, or a topic made anew)",
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

    /// Stops where going on would mix two topics: by its id the message is old, by its time new.
    ///
    /// # Errors
    /// Exactly then, where there is a cursor.
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
            "message {id} (published {published}) is older by its id but newer by its time than message {} (published {written}), the last one written: the topic was made anew, or the cursor belongs to another",
            last.id
        );
        Err(Failure::new(Step::Stream, &self.server, Fault::ForeignIds, cause)
            .with("cursor", path.display().to_string())
            .with("written", written.to_string()))
    }
}

/// The oldest message that the service holds.
fn oldest(
    desk: &mut Desk<'_>,
    opener: &mut Opener<'_>,
) -> Result<Option<(MessageId, Option<Timestamp>)>, Halt> {
    let mut session = opener.connect_beside(desk, CONNECT)?;
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

/// Whether messages may have been between the two. Pulsar's retention drops whole ledgers: while
/// the last message's own is there, so is everything behind it.
fn is_gap(last: &Last, oldest: &MessageId) -> bool {
    oldest.place() > last.id.place() && oldest.ledger > last.id.ledger
}

fn time(time: Option<Timestamp>) -> String {
    time.map_or(String::new(), |time| format!(" (published {time})"))
}
