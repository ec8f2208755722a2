//! A second reader at `latest`, beside the run's session: whatever it receives first was published
//! after the run began, so `-e` ends there.

use std::time::Duration;

use super::desk::Desk;
use super::ending::Ending;
use super::opener::Opener;
use crate::clock::Instant;
use crate::connect::Halt;
use crate::fault::{Failure, RetryClass, row};
use crate::message::{Frame, MessageId, Position, parse};
use crate::session::{Next, Session};
use crate::wait::earlier;

/// The time limit on its connect steps, during which the run's own session waits.
const CONNECT: Duration = Duration::from_secs(10);

/// How long to wait before another one, if it cannot be opened, is lost or stays silent.
const AGAIN: Duration = Duration::from_secs(10);

/// After so many in a row that could not be opened, there is none to be had.
const TRIES: u32 = 3;

/// How often to look whether it has received something. It is needed only while messages arrive on
/// the run's own session, so it is not polled.
const LOOK: Duration = Duration::from_millis(200);

/// The second reader, while one is needed.
#[derive(Debug, Default)]
pub(super) struct Latest {
    session: Option<Session>,
    /// When to open another.
    next: Option<Instant>,
    /// How many in a row could not be opened.
    failed: u32,
}

impl Latest {
    /// Opens it if it is needed, and takes what it has received.
    pub(super) fn look(
        &mut self,
        desk: &mut Desk<'_>,
        opener: &mut Opener<'_>,
        ending: &mut Ending<'_>,
        now: Instant,
    ) {
        if !ending.wants_place() {
            if let Some(session) = self.session.take() {
                session.close(desk);
            }
            return;
        }
        if self.next.is_none_or(|next| now >= next) {
            self.open(desk, opener, ending, now);
        }
        if let Some(session) = &mut self.session
            && let Err(failure) = take_in(session, ending)
        {
            desk.log.report.debug(format!("second reader at latest: {failure}"));
            self.session = None;
        }
    }

    /// When to look again if nothing else happens.
    pub(super) fn next_look(&self, now: Instant) -> Option<Instant> {
        let look = self.session.as_ref().map(|_| now + LOOK);
        earlier(look, self.next.filter(|&next| next > now))
    }

    fn open(
        &mut self,
        desk: &mut Desk<'_>,
        opener: &mut Opener<'_>,
        ending: &mut Ending<'_>,
        now: Instant,
    ) {
        self.session = None;
        self.next = Some(now + AGAIN);
        match opener.connect_beside(desk, &Position::Latest, CONNECT) {
            Ok(session) => (self.session, self.failed) = (Some(session), 0),
            Err(Halt::Stopped) => {}
            Err(Halt::Failed(failure)) => {
                desk.log.report.debug(format!("no second reader at latest: {failure}"));
                self.failed += 1;
                if row(failure.fault).retry == RetryClass::Stop || self.failed >= TRIES {
                    ending.has_no_place();
                }
            }
        }
    }
}

/// # Errors
/// The failure that ended its session.
fn take_in(session: &mut Session, ending: &mut Ending<'_>) -> Result<(), Failure> {
    session.fill();
    loop {
        match session.next()? {
            Next::Message(text) => {
                let id = match parse(&text) {
                    Frame::Message(message) => Some(message.id),
                    Frame::Reject { id, .. } => id.and_then(|id| MessageId::parse(&id).ok()),
                    Frame::Control => continue,
                };
                id.iter().for_each(|id| ending.ends_before(id));
                session.acknowledge(id.as_ref().map_or("", MessageId::as_str))?;
            }
            Next::Unreadable { .. } => {}
            Next::Nothing => return session.flush(),
        }
    }
}
