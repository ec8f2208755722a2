//! Carries bytes to the server and back, without ever blocking: the socket, and TLS over it.

mod socket;
mod stream;

pub(crate) use socket::Wire;
pub(crate) use stream::{OverWire, Stream};
