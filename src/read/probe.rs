//! What the service still holds: whether something is missing between the cursor and what comes,
//! and whether the cursor's ids are this topic's at all.
//!
//! A message id is believed blindly. One that retention has passed is answered with what is left,
//! one of another topic with silence; so the oldest message that is held is looked at once.

use std::rc::Rc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::Run;
use crate::connect::{Halt, authority};
use crate::fault::Fault;
use crate::fault::{Failure, Step};
use crate::message::{Envelope, Frame, MessageId, Position, parse};
use crate::progress::Last;
use crate::session::{Next, Session, Woke};

/// The look may take so long; the oldest message comes at once, if there is one.
const CONNECT: Duration = Duration::from_secs(10);
const LISTEN: Duration = Duration::from_secs(2);

impl Run<'_> {
    /// Looks once, in the first session that goes on after a cursor. That the look itself fails
    /// is no failure of the run.
    ///
    /// # Errors
    /// The cursor belongs to another topic.
    pub(super) fn probe(&mut self) -> Result<(), Failure> {
        // A partitioned topic is read from its oldest message anyway.
        if !std::mem::take(&mut self.to_probe) || self.resume.is_from_earliest() {
            return Ok(());
        }
        let looked = self.oldest();
        match looked {
            Ok(Some((id, published))) => self.compare(&id, published),
            Ok(None) => {
                self.report.debug("the service holds nothing older to compare the cursor with");
                Ok(())
            }
            Err(Halt::Stopped) => Ok(()),
            Err(Halt::Failed(failure)) => {
                self.report.debug(format!("cannot look at the oldest message: {failure}"));
                Ok(())
            }
        }
    }

    /// The oldest message that the service holds.
    fn oldest(&mut self) -> Result<Option<(MessageId, Option<Timestamp>)>, Halt> {
        let settings = self.settings;
        let request = self.request(&Position::Earliest, 1)?;
        let limit = settings.link.connect_timeout.min(CONNECT);
        let connection = self.connector.connect(&request, limit, &mut |_| {})?;
        let mut session = Session::new(connection.socket, Rc::clone(self.signals), settings);
        let until = Instant::now() + LISTEN;
        let oldest = loop {
            match session.next()? {
                Next::Message(text) => {
                    if let Frame::Message(Envelope { id, publish_time, .. }) = parse(&text) {
                        break Some((id, publish_time));
                    }
                }
                Next::Unreadable { .. } => break None,
                Next::Nothing => match session.wait(None, true, Some(until))? {
                    Woke::Stop => return Err(Halt::Stopped),
                    Woke::Deadline => break None,
                    Woke::Server | Woke::Output => {}
                },
            }
        };
        session.close();
        Ok(oldest)
    }

    /// Compares the oldest message that is held of a partition with the last one written.
    pub(super) fn compare(
        &mut self,
        oldest: &MessageId,
        published: Option<Timestamp>,
    ) -> Result<(), Failure> {
        let Some(last) = self.resume.progress().of(oldest.partition).cloned() else {
            return Ok(());
        };
        if is_gap(&last, oldest) {
            self.report.warning(format!(
                "the service no longer holds what follows message {}{}: the oldest it has is {oldest}{}; what was published in between, if anything, is missing (retention, or a topic made anew)",
                last.id,
                time(last.published),
                time(published),
            ));
        }
        if oldest.place() < last.id.place() {
            self.refuse_foreign(oldest, published)?;
        }
        Ok(())
    }

    /// Stops where going on would mix two topics: by its id the message is old, by its time new.
    pub(super) fn refuse_foreign(
        &self,
        id: &MessageId,
        published: Option<Timestamp>,
    ) -> Result<(), Failure> {
        let out = self.out.borrow();
        let Some(path) = out.cursor_path() else { return Ok(()) };
        let last = self.resume.progress().of(id.partition);
        let (Some(last), Some(published)) = (last, published) else { return Ok(()) };
        let Some(written) = last.published else { return Ok(()) };
        if !self.resume.is_later(Some(published), last.published) {
            return Ok(());
        }
        let cause = format!(
            "message {id} (published {published}) is older by its id but newer by its time than message {} (published {written}), the last one written: the topic was made anew, or the cursor belongs to another",
            last.id
        );
        let server = authority(&self.settings.target.host, self.settings.target.port);
        Err(Failure::new(Step::Stream, server, Fault::ForeignIds, cause)
            .with("cursor", path.display().to_string())
            .with("written", written.to_string()))
    }
}

/// Whether messages may have been between the two. Pulsar's retention drops whole ledgers: while
/// the last message's own is there, so is everything behind it.
pub(super) fn is_gap(last: &Last, oldest: &MessageId) -> bool {
    oldest.place() > last.id.place() && oldest.ledger > last.id.ledger
}

fn time(time: Option<Timestamp>) -> String {
    time.map_or(String::new(), |time| format!(" (published {time})"))
}
