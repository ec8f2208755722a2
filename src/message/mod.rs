//! What one WebSocket message says: pure functions over bytes, no I/O.

mod envelope;
mod id;
mod line;

pub(crate) use envelope::{Envelope, Frame, parse};
pub(crate) use id::MessageId;
pub(crate) use line::{Line, write_line};
