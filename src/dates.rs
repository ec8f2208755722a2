//! The dates that are updated by hand for a release (see `.github/CONTRIBUTING.md`).

/// When the table of regions was last compared with 8x8's pages.
pub(crate) const REGIONS_AS_OF: &str = "July 2026";

/// When the list of event types was last compared with 8x8's event reference.
pub(crate) const EVENT_TYPES_AS_OF: &str = "July 2026";

/// The program's build date (2026-11-23) in seconds since 1970: a clock that shows an earlier time
/// is wrong.
pub(crate) const NOT_BEFORE: i64 = 1_795_392_000;
