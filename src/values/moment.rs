//! A time as a user gives it.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::duration;
use crate::words;

/// A time, or how long before the run it is. The second is counted back on the service's clock,
/// because this machine's may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    At(Timestamp),
    Ago(Duration),
}

impl Moment {
    /// Reads an RFC 3339 time, or a duration.
    ///
    /// # Errors
    /// What is wrong with the text, as the end of a sentence.
    pub(crate) fn parse(text: &str) -> Result<Moment, String> {
        if let Ok(ago) = duration(text) {
            return Ok(Moment::Ago(ago));
        }
        text.parse().map(Moment::At).map_err(|_| {
            "is not a valid time: write RFC 3339 with its zone, such as 2026-07-01T09:00:00Z or \
             2026-07-01T09:00:00+02:00, or how long ago, such as 2h or 7d"
                .to_owned()
        })
    }

    /// The time it means, where it is `now`.
    pub(crate) fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Moment::At(time) => time,
            Moment::Ago(ago) => now.checked_sub(ago).unwrap_or(Timestamp::MIN),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Moment::At(time) => write!(f, "{time}"),
            Moment::Ago(ago) => write!(f, "{} ago", words::duration(*ago)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_or_ago() {
        let now: Timestamp = "2026-07-01T12:00:00Z".parse().expect("a time");
        for (text, expected) in [
            ("2h", "2026-07-01T10:00:00Z"),
            ("7d", "2026-06-24T12:00:00Z"),
            ("0", "2026-07-01T12:00:00Z"),
            ("2026-07-01T09:00:00+02:00", "2026-07-01T07:00:00Z"),
            ("2026-07-01T09:00:00.250Z", "2026-07-01T09:00:00.25Z"),
        ] {
            let moment = Moment::parse(text).expect("a moment");
            assert_eq!(moment.at(now).to_string(), expected, "{text}");
        }
        for text in ["", "yesterday", "2026-07-01", "2026-07-01T09:00:00", "1751360400"] {
            assert!(Moment::parse(text).is_err_and(|e| e.contains("RFC 3339")), "{text}");
        }
    }
}
