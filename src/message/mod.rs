//! The content of one WebSocket message: pure functions over bytes, no I/O.

mod envelope;
mod format;
mod id;
mod line;
mod members;
mod payload;
mod position;
mod rules;
mod write;

pub(crate) use envelope::{Envelope, Frame, parse};
pub(crate) use format::Format;
#[cfg(test)]
pub(crate) use id::testing;
pub(crate) use id::{MessageId, Place};
pub(crate) use line::{Line, RejectReason, is_json_line};
pub(crate) use position::Position;
pub(crate) use rules::{LineRules, OnReject};
pub(crate) use write::write_line;
