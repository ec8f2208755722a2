//! The options of `diagnose` besides those of a reader.

use std::path::PathBuf;
use std::time::Duration;

use crate::args::Args;

/// The options of `diagnose` besides those of a reader.
#[derive(Debug)]
pub(crate) struct Options {
    /// How long to wait for a first message.
    pub(crate) listen: Duration,
    pub(crate) all_regions: bool,
    /// A warning exits with 10.
    pub(crate) strict: bool,
    pub(crate) json: bool,
    /// The file for the report to 8x8 support, which must not exist yet.
    pub(crate) report: Option<PathBuf>,
}

impl Options {
    pub(crate) fn of(args: &Args) -> Options {
        Options {
            listen: args.listen,
            all_regions: args.all_regions,
            strict: args.strict,
            json: args.json,
            report: args.report.clone(),
        }
    }
}
