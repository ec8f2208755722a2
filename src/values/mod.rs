//! The syntax of values: durations, sizes, times, numbers, names.
//!
//! An error says what is wrong with the value (`is empty`) or what it must be (`must be …`). The
//! caller adds the value and where it came from.

pub(crate) mod api_key;
mod bare;
pub(crate) mod capture;
pub(crate) mod choice;
pub(crate) mod file_name;
pub(crate) mod host;
pub(crate) mod limits;
pub(crate) mod moment;
pub(crate) mod proxy;
pub(crate) mod stop;
pub(crate) mod subscription;

use std::ffi::OsStr;
use std::fmt::Display;
use std::ops::{Bound, RangeBounds};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

pub(crate) use bare::{bare, checked};

/// The longest duration: far more than any run needs, and far less than would overflow a clock.
const LONGEST: Duration = Duration::from_secs(3650 * 86_400);

/// `500ms`, `45s`, `5m`, `2h`, `7d`, or a plain `0`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let millis = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => 0,
    };
    if number.is_empty() || millis == 0 {
        return Err("is not a valid duration: write a whole number and its unit, such as 500ms, \
                    45s, 5m, 2h or 7d"
            .to_owned());
    }
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(millis))
        .map(Duration::from_millis)
        .filter(|duration| *duration <= LONGEST)
        .ok_or_else(|| "must be at most 3650d".to_owned())
}

/// A duration of at least `least`.
pub(crate) fn duration_from(least: Duration, text: &str) -> Result<Duration, String> {
    let duration = duration(text)?;
    if duration < least {
        return Err(format!("must be at least {}ms", least.as_millis()));
    }
    Ok(duration)
}

/// A number of bytes: `500`, `100k`, `64M`, `1G`; the letters are powers of 1024.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let (number, factor) = match text.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&text[..at], 1 << 10),
        Some((at, 'm' | 'M')) => (&text[..at], 1 << 20),
        Some((at, 'g' | 'G')) => (&text[..at], 1 << 30),
        _ => (text, 1),
    };
    digits(number).and_then(|number: u64| number.checked_mul(factor)).ok_or_else(|| {
        "is not a valid size: write a whole number of bytes, or one with k, M or G, such as 64M"
            .to_owned()
    })
}

/// A whole number within limits, such as `1..=1000` or `1..`.
pub(crate) fn number<T>(range: impl RangeBounds<T>, text: &str) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    let number = digits(text).filter(|number| range.contains(number));
    number.ok_or_else(|| match (range.start_bound(), range.end_bound()) {
        (Bound::Included(low), Bound::Included(high)) => {
            format!("must be a whole number from {low} to {high}")
        }
        (Bound::Included(low), _) => format!("must be a whole number of at least {low}"),
        _ => "must be a whole number".to_owned(),
    })
}

/// One segment of the endpoint's path: a tenant, a namespace or a topic.
pub(crate) fn segment(text: &str) -> Result<String, String> {
    if text.contains('/') {
        return Err(
            "contains a `/`: give tenant, namespace and topic with their own options".to_owned()
        );
    }
    if text == "." || text == ".." {
        return Err("is not a valid name: in a path it means a folder".to_owned());
    }
    label(text)
}

/// Any text that is not empty and can be printed.
pub(crate) fn label(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    if text.contains(char::is_control) {
        return Err("contains a control character".to_owned());
    }
    if text.trim() != text {
        return Err("starts or ends with white space".to_owned());
    }
    Ok(text.to_owned())
}

/// The path of a file, which may hold any bytes that can be printed.
pub(crate) fn path(text: &OsStr) -> Result<PathBuf, String> {
    label(&text.to_string_lossy()).map(|_| text.into())
}

/// `A,B,C`: at least one name, none of them empty.
pub(crate) fn list(text: &str) -> Result<Vec<String>, String> {
    let names: Result<Vec<_>, _> = text.split(',').map(|name| label(name.trim())).collect();
    names.map_err(|_| "is not a list of names: write NAME or NAME,NAME".to_owned())
}

/// The value of a flag, if one is written.
pub(crate) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}

/// The user's text inside a message: in backticks, on one line, cut if long.
///
/// Text that looks like an API key in the wrong place is not shown.
pub(crate) fn quoted(text: &str) -> String {
    const MOST: usize = 80;
    if text.contains("eght_") {
        return "the value, which looks like an API key,".to_owned();
    }
    let mut shown: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// A number of digits only: `parse` alone would accept a sign.
fn digits<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, millis) in [
            ("0", 0),
            ("0s", 0),
            ("500ms", 500),
            ("45s", 45_000),
            ("5m", 300_000),
            ("2h", 7_200_000),
            ("7d", 604_800_000),
            ("3650d", 315_360_000_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "5", "s", "5 s", "-5s", "+5s", "1.5s", "5S", "5min", "s5", "٥s"] {
            assert!(duration(text).is_err_and(|e| e.contains("such as 500ms")), "{text}");
        }
        for text in ["3651d", "18446744073709551615d", "99999999999999999999s"] {
            assert!(duration(text).is_err_and(|e| e.contains("at most 3650d")), "{text}");
        }
        let least = Duration::from_millis(100);
        assert!(duration_from(least, "99ms").is_err_and(|e| e.contains("at least 100ms")));
        assert_eq!(duration_from(least, "100ms"), Ok(least));
    }

    #[test]
    fn sizes_and_numbers() {
        for (text, bytes) in
            [("0", 0), ("512", 512), ("100k", 102_400), ("64M", 64 << 20), ("1G", 1 << 30)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "k", "-1", "1T", "1.5M", "1 M", "99999999999G", "1é"] {
            assert!(size(text).is_err_and(|e| e.contains("such as 64M")), "{text}");
        }
        assert_eq!(number(1..=1000, "1000"), Ok(1000));
        for text in ["0", "1001", "", "+5", "x", "5 "] {
            assert!(
                number(1..=1000, text).is_err_and(|e| e.contains("a whole number from 1 to 1000")),
                "{text}"
            );
        }
        assert!(number(1_u64.., "0").is_err_and(|e| e.ends_with("of at least 1")));
    }

    #[test]
    fn names() {
        for good in ["acme", "event-v1", "Ünïcode", "a b", "a.b", "..."] {
            assert_eq!(segment(good).as_deref(), Ok(good));
        }
        for (bad, why) in [
            ("", "empty"),
            (" acme", "white space"),
            ("acme\u{a0}", "white space"),
            ("a/b", "`/`"),
            ("..", "folder"),
            ("a\nb", "control"),
            ("acme\n", "control"),
        ] {
            assert!(segment(bad).is_err_and(|e| e.contains(why)), "{bad:?}");
        }
        assert_eq!(list("A, B,C"), Ok(vec!["A".into(), "B".into(), "C".into()]));
        assert!(list("A,,B").is_err() && list("").is_err());
    }

    #[test]
    fn quoted_words_stay_on_one_line() {
        assert_eq!(quoted("a\n\u{1b}b"), "`a\\n\\u{1b}b`");
        assert!(quoted(&"x".repeat(1000)).chars().count() < 90);
    }
}
