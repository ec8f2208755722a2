//! What carries bytes to the server and back, without ever waiting: the socket, and TLS over it.

mod socket;
mod stream;

pub(crate) use socket::Wire;
pub(crate) use stream::{OverWire, Stream};
