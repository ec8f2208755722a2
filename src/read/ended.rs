//! How a run, or one session of it, ended without a failure.

/// How a run ended without a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It reached its end, or nobody reads its output any more.
    Done,
    /// A signal stopped it; [`Signals::stop`](crate::wait::Signals::stop) says which.
    Stopped,
}

/// Why a session was left without a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// The run ends.
    End(Ended),
    /// It is reopened at once.
    Reopen,
}
