//! How a run, or one session of it, ended without a failure.

/// How a run ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// At an end of its own, or because nobody reads its output any more.
    Done,
    /// [`Signals::stop`](crate::wait::Signals::stop) says by which signal.
    Stopped,
}

/// Why a session was left without a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// For good.
    End(Ended),
    /// To be reopened at once.
    Reopen,
}
