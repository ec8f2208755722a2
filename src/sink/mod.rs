//! Where lines go: standard output or files, and what makes sure that each is there once.
//!
//! [`Output`] keeps the order of a capture: write, sync, save the cursor, acknowledge.

mod appender;
mod disk;
mod held;
mod lock;
mod output;
mod pending;
mod pipe;
mod rejects;
mod series;
mod start;

use std::rc::Rc;

use jiff::Timestamp;

use crate::message::MessageId;

pub(crate) use output::{Output, standard_output};

/// What is due once a message's line is out.
#[derive(Debug)]
pub(crate) struct Receipt {
    /// The place in the topic that is reached with it; `None` where it tells none.
    pub(crate) place: Option<(MessageId, Option<Timestamp>)>,
    /// The id to acknowledge, as the server wrote it, while its session lasts.
    pub(crate) ack: Option<Rc<str>>,
    /// Its line for the rejects file.
    pub(crate) reject: Option<String>,
    /// It had a line: what failed before is history.
    pub(crate) is_event: bool,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// Everything is out.
    All,
    /// The reader is slower than we are, or the disk refuses.
    Blocked,
    /// Nobody reads any more.
    Closed,
}
