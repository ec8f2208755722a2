//! Where lines go, and which messages may be acknowledged because theirs are out.

mod stdout;

pub(crate) use stdout::{Stdout, Written};
