//! Values that must not reach any output: their type, which prints as `(redacted)` and wipes its
//! memory, and the [`Gate`] that removes them from every text that leaves the program.
//!
//! Only the upgrade, the proxy login and code that checks or describes a secret read its value.

mod forms;
mod gate;
mod shown;
mod units;

use std::fmt;
use std::hint::black_box;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

pub(crate) use forms::login_in;
pub(crate) use gate::Gate;
pub(crate) use shown::{one_line, plain_json};

/// Encodes all but the unreserved characters of RFC 3986 section 2.3.
pub(crate) const QUERY_VALUE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Ends a text that was cut to a limit. The [`Gate`] looks before it for the beginning of a secret.
pub(crate) const CUT: char = '…';

/// A value that must not reach any output. Its memory is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(value: String) -> Secret {
        Secret(value)
    }

    /// One secret of these parts, made without copies that would stay in memory.
    pub(crate) fn of(parts: &[&str]) -> Secret {
        // Of the full size at once: memory that is outgrown is not wiped.
        let mut value = String::with_capacity(parts.iter().map(|part| part.len()).sum());
        value.extend(parts.iter().copied());
        Secret(value)
    }

    /// The value itself, for the one header or query parameter it is meant for.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        wipe(std::mem::take(&mut self.0).into_bytes());
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(redacted)")
    }
}

/// Overwrites bytes that may hold a secret before their memory is freed.
pub(crate) fn wipe(mut bytes: Vec<u8>) {
    // Also what was there before the bytes became fewer.
    let whole = bytes.capacity();
    bytes.clear();
    bytes.resize(whole, 0);
    // The compiler must assume that someone reads the zeroes.
    black_box(&mut bytes);
}
