//! Checks of single options' values, beyond the general ones in [`crate::values`].

use std::time::Duration;

use crate::values;

/// A time limit; 0 means never, which is `None`.
pub(super) fn limit(text: &str) -> Result<Option<Duration>, String> {
    values::duration(text).map(|duration| Some(duration).filter(|duration| !duration.is_zero()))
}

pub(super) fn queue_size(text: &str) -> Result<u16, String> {
    if text == "0" {
        return Err(
            "is not supported: the service never delivers anything then; use 1 to 1000".to_owned()
        );
    }
    values::number(1..=1000, text)
}

/// A time that the service takes as a number of milliseconds of at most 31 bits.
pub(super) fn service_time(least: Duration, text: &str) -> Result<Duration, String> {
    match values::duration_from(least, text)? {
        time if time.as_millis() <= i32::MAX as u128 => Ok(time),
        _ => Err("must be at most 24d".to_owned()),
    }
}

/// The name of a subscription, which is the last part of a path.
pub(super) fn subscription(text: &str) -> Result<String, String> {
    match text {
        "." | ".." => Err("is not a valid name: in a path it means a folder".to_owned()),
        text => values::label(text),
    }
}

/// The name of a topic, or `persistent://TENANT/NAMESPACE/TOPIC`.
pub(super) fn whole_topic(text: &str) -> Result<String, String> {
    match text.strip_prefix("persistent://") {
        Some(rest) if rest.split('/').filter(|part| !part.is_empty()).count() == 3 => {
            values::label(text)
        }
        None if !text.contains('/') => values::label(text),
        _ => Err("must be the name of a topic or persistent://TENANT/NAMESPACE/TOPIC".to_owned()),
    }
}

pub(super) fn message_size(text: &str) -> Result<usize, String> {
    let size = values::size(text)?;
    match usize::try_from(size) {
        Ok(size) if (1 << 10..=1 << 30).contains(&size) => Ok(size),
        _ => Err("must be from 1k to 1G".to_owned()),
    }
}

/// A size below 1k can only be a mistake in the unit.
pub(super) fn rotate_size(text: &str) -> Result<u64, String> {
    match values::size(text)? {
        size if size >= 1 << 10 => Ok(size),
        _ => Err("must be at least 1k".to_owned()),
    }
}

/// A time that divides a day evenly, or whole days.
pub(super) fn rotate_interval(text: &str) -> Result<Duration, String> {
    let interval = values::duration_from(Duration::from_secs(1), text)?;
    let (day, millis) = (86_400_000, interval.as_millis());
    if day % millis == 0 || millis % day == 0 {
        return Ok(interval);
    }
    Err("must divide a day evenly, such as 15m or 6h, or be whole days".to_owned())
}

pub(super) fn rotate_keep(text: &str) -> Result<usize, String> {
    values::number(1..=1_000_000, text)
}

/// Permissions that still let this program read and write the file.
pub(super) fn file_mode(text: &str) -> Result<u32, String> {
    let digits = (3..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| digits && *mode <= 0o777);
    match mode {
        Some(mode) if mode & 0o600 == 0o600 => Ok(mode),
        Some(_) => Err("would lock out the file's owner: use at least 0600".to_owned()),
        None => Err("is not a valid mode: write three octal digits, such as 0640".to_owned()),
    }
}

/// A number of retries; `None` means unlimited.
pub(super) fn retry(text: &str) -> Result<Option<u32>, String> {
    if text == "unlimited" {
        return Ok(None);
    }
    let number = values::number(0.., text);
    number.map(Some).map_err(|_| "must be a whole number or `unlimited`".to_owned())
}

/// At least a second: a shorter silence is no sign of trouble, and each one costs a connection.
pub(super) fn max_silence(text: &str) -> Result<Option<Duration>, String> {
    match limit(text)? {
        None => Ok(None),
        Some(_) => values::duration_from(Duration::from_secs(1), text).map(Some),
    }
}

/// The verbosity after one more `-v`, up to 2, or after a number.
pub(super) fn verbosity(before: u8, text: &str) -> Result<u8, String> {
    match text {
        "true" => Ok((before + 1).min(2)),
        "false" | "0" => Ok(0),
        "1" => Ok(1),
        "2" => Ok(2),
        _ => Err("must be true, false or a number from 0 to 2".to_owned()),
    }
}
