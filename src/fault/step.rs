//! The steps from the command line to the event.

use std::fmt;

/// The step in which something went wrong. Users read these names in every message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Config,
    Dns,
    Tcp,
    Proxy,
    Tls,
    Auth,
    Stream,
    /// The other regions, which only a diagnosis checks.
    Regions,
    Output,
}

impl Step {
    /// All steps, in order.
    pub(crate) const ALL: [Step; 9] = [
        Step::Config,
        Step::Dns,
        Step::Tcp,
        Step::Proxy,
        Step::Tls,
        Step::Auth,
        Step::Stream,
        Step::Regions,
        Step::Output,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Step::Config => "config",
            Step::Dns => "dns",
            Step::Tcp => "tcp",
            Step::Proxy => "proxy",
            Step::Tls => "tls",
            Step::Auth => "auth",
            Step::Stream => "stream",
            Step::Regions => "regions",
            Step::Output => "output",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
