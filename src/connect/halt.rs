//! Why the connect steps ended early.

use crate::fault::Failure;

/// Why the steps ended early.
#[derive(Debug)]
pub(crate) enum Halt {
    Failed(Box<Failure>),
    /// The run is to stop.
    Stopped,
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Halt {
        Halt::Failed(Box::new(failure))
    }
}
