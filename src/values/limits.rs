//! Time and size limits.

use std::time::Duration;

/// Time and size limits of one connection.
#[derive(Debug)]
pub(crate) struct Limits {
    /// For one attempt to connect, from the name lookup to the 101.
    pub(crate) connect_timeout: Duration,
    /// A ping is sent after this long without a sign of life.
    pub(crate) ping_interval: Duration,
    /// How long the answer to a ping may take.
    pub(crate) ping_timeout: Duration,
    /// After this long without a message the session is reopened.
    pub(crate) max_silence: Option<Duration>,
    /// The largest WebSocket message accepted, in bytes.
    pub(crate) max_message_size: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connect_timeout: Duration::from_secs(60),
            ping_interval: Duration::from_secs(30),
            ping_timeout: Duration::from_secs(10),
            max_silence: None,
            max_message_size: 8 << 20,
        }
    }
}
