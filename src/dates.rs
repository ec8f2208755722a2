//! The two dates that are bumped by hand at a release (see `.github/CONTRIBUTING.md`).

/// When the table of regions was last compared with 8x8's pages.
pub(crate) const REGIONS_AS_OF: &str = "July 2026";

/// The program did not exist before this time (2026-11-23), in seconds since 1970: a clock that
/// shows an earlier one is wrong.
pub(crate) const NOT_BEFORE: i64 = 1_795_392_000;
