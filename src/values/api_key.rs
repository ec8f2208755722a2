//! Checks the form of an API key.

/// The longest key accepted, in bytes: far longer than any that 8x8 issues.
pub(crate) const LONGEST: usize = 8 * 1024;

/// What is said of a longer one.
pub(crate) const TOO_LARGE: &str = "is larger than 8 KiB, too large for an API key";

/// What people copy along with a key.
const NAMES: [&str; 3] = ["X-API-Key:", "X-API-Key=", "PULSAR_API_KEY="];

fn starts(key: &[u8], text: &str) -> bool {
    key.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text.as_bytes()))
}

/// What is secret in a text that may not be a valid key: all but its name and white space.
pub(crate) fn secret_part(text: &str) -> &str {
    let name = NAMES.iter().find(|name| starts(text.as_bytes(), name));
    text[name.map_or(0, |name| name.len())..].trim()
}

/// The key without the one line break it may end with.
///
/// # Errors
/// What is wrong with it and where. The error never contains any part of the key.
pub(crate) fn parse(bytes: &[u8]) -> Result<String, String> {
    let key = bytes.strip_suffix(b"\n").map_or(bytes, |key| key.strip_suffix(b"\r").unwrap_or(key));
    if key.is_empty() {
        return Err("the key is empty".to_owned());
    }
    if key.len() > LONGEST {
        return Err(TOO_LARGE.to_owned());
    }
    match NAMES.iter().find(|name| starts(key, name)) {
        Some(name) if name.ends_with(':') => {
            let cause = "contains a whole header line; keep only what follows `X-API-Key:`";
            return Err(cause.to_owned());
        }
        Some(_) => {
            return Err("contains an assignment; keep only what follows the `=`".to_owned());
        }
        None => {}
    }
    if starts(key, "\u{feff}") {
        return Err("starts with a byte order mark; save the file as plain ASCII".to_owned());
    }
    if let [quote @ (b'"' | b'\'' | b'`'), .., end] = key
        && quote == end
    {
        return Err("the key has quotes around it; remove them".to_owned());
    }
    for (column, byte) in (1..).zip(key) {
        let what = match byte {
            b'!'..=b'~' => continue,
            b' ' if column == 1 => "a space at its start",
            b' ' if column == key.len() => "a space at its end",
            b' ' => "a space",
            b'\t' => "a tab",
            b'\n' | b'\r' => "a line break",
            0..=31 | 127 => "a control character",
            _ => "a character outside ASCII",
        };
        return Err(format!("the key has {what} (column {column})"));
    }
    String::from_utf8(key.to_vec()).map_err(|_| "the key is not text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_line_break_at_the_end_is_left_out() {
        for text in ["canary", "canary\n", "canary\r\n"] {
            assert_eq!(parse(text.as_bytes()).as_deref(), Ok("canary"), "{text:?}");
        }
        assert_eq!(parse(b"dXNlcjpwYXNz=").as_deref(), Ok("dXNlcjpwYXNz="));
        assert!(parse(&[b'k'; LONGEST]).is_ok());
    }

    #[test]
    fn what_is_wrong_with_a_key_is_said_by_its_place_and_never_by_its_content() {
        for (text, reason) in [
            (&b""[..], "is empty"),
            (b"\n", "is empty"),
            (b"\r\n", "is empty"),
            (b"canary\n\n", "a line break (column 7)"),
            (b"canary\r", "a line break (column 7)"),
            (b"canary\nsecond\n", "a line break (column 7)"),
            (b" canary", "a space at its start (column 1)"),
            (b"canary \n", "a space at its end (column 7)"),
            (b"can ary", "a space (column 4)"),
            (b"can\tary", "a tab (column 4)"),
            (b"can\0ary", "a control character (column 4)"),
            (b"can\x7fary", "a control character (column 4)"),
            (b"can\xc3\xa9ary", "outside ASCII (column 4)"),
            (b"\"canary\"", "quotes"),
            (b"'canary'\n", "quotes"),
            (b"\xef\xbb\xbfcanary", "byte order mark"),
            (b"X-API-Key: canary", "a whole header line"),
            (b"PULSAR_API_KEY=canary", "an assignment"),
            (&[b'k'; LONGEST + 1], "larger than 8 KiB"),
        ] {
            let error = parse(text).expect_err(reason);
            assert!(error.contains(reason), "{error}");
            assert!(!error.contains("canary") && !error.contains("ary "), "{error}");
        }
    }
}
