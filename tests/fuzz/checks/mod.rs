//! What must hold for whatever comes from outside. Each check takes any bytes; `tests/fuzz/run` makes
//! them up for as long as one likes, and a unit test repeats the corpus of earlier runs.
//!
//! The checks are part of the program's own crate, because what they check is private to it: to a
//! fuzzer as to any other crate, a program shows nothing. For the fuzzer alone, `src/main.rs` is
//! also built as a library.

mod args;
mod cursor;
mod explain;
mod ids;
mod message;
mod secrets;
mod values;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::utf8_percent_encode;

use crate::fault::Failure;
use crate::secret::QUERY_VALUE;
use crate::{connect, diagnose, settings};
pub(crate) use args::settle;

/// The key of all checks, with characters that each encoding treats in its own way.
pub(crate) const KEY: &str = "eght_fuzz+canary/0123456789\"=";

/// One kind of input.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub name: &'static str,
    /// Panics if something does not hold.
    pub check: fn(&[u8]),
    /// So long an input must take no long time.
    pub long: usize,
    /// The inputs that are known to reach most of it.
    pub corpus: &'static str,
}

macro_rules! targets {
    ($($name:literal: $check:path, $kib:literal KiB;)+) => {
        [$(Target {
            name: $name,
            check: $check,
            long: $kib * 1024,
            corpus: include_str!(concat!("../corpus/", $name)),
        },)+]
    };
}

pub const TARGETS: [Target; 11] = targets! {
    "args": args::check, 16 KiB;
    "certificate": diagnose::fuzz::certificate, 256 KiB;
    "config": settings::fuzz::config, 256 KiB;
    "cursor": cursor::check, 256 KiB;
    "dns": connect::fuzz::dns, 256 KiB;
    "explain": explain::check, 256 KiB;
    "http": connect::fuzz::http, 256 KiB;
    "ids": ids::check, 256 KiB;
    "message": message::check, 256 KiB;
    "secrets": secrets::check, 64 KiB;
    "values": values::check, 256 KiB;
};

/// The inputs of a corpus: one on each line, with Rust's escapes. A line that begins with `#` is a
/// comment.
pub fn inputs(corpus: &str) -> impl Iterator<Item = Vec<u8>> {
    corpus.lines().filter(|line| !line.starts_with('#')).map(unescaped)
}

/// The line of an input, as [`inputs`] reads it.
pub fn line(input: &[u8]) -> String {
    let line = input.escape_ascii().to_string();
    line.strip_prefix('#').map_or_else(|| line.clone(), |rest| format!("\\x23{rest}"))
}

fn unescaped(line: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = line.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match (byte, byte == b'\\') {
            (byte, false) => byte,
            _ => match bytes.next().expect("an escape is whole") {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'x' => {
                    let mut digit = || {
                        let digit = bytes.next().map(char::from).and_then(|c| c.to_digit(16));
                        digit.and_then(|digit| u8::try_from(digit).ok()).expect("a digit")
                    };
                    digit() << 4 | digit()
                }
                other => other,
            },
        });
    }
    out
}

/// The input with its middle repeated up to this length: an effort that grows faster than the input
/// takes far longer then than a fuzzer waits.
pub fn stretched(data: &[u8], length: usize) -> Vec<u8> {
    let (start, rest) = data.split_at(data.len() / 3);
    let (middle, end) = rest.split_at(rest.len() / 2);
    let times = length.checked_div(middle.len()).unwrap_or(0).max(1);
    [start, &middle.repeat(times), end].concat()
}

/// The first byte, which chooses between variants of a check, and the rest.
pub(crate) fn choice(data: &[u8]) -> (u8, &[u8]) {
    data.split_first().map_or((0, data), |(first, rest)| (*first, rest))
}

/// The text with the key for `{key}`, and encoded for `{percent}`, `{twice}`, `{base64}`, `{hex}` and
/// `{json}`.
pub(crate) fn planted(data: &[u8]) -> String {
    let json = serde_json::Value::from(KEY).to_string();
    let percent = utf8_percent_encode(KEY, QUERY_VALUE).to_string();
    String::from_utf8_lossy(data)
        .replace("{key}", KEY)
        .replace("{twice}", &percent.replace('%', "%25"))
        .replace("{percent}", &percent)
        .replace("{hex}", &KEY.bytes().map(|byte| format!("{byte:02x}")).collect::<String>())
        .replace("{base64}", &STANDARD.encode(KEY))
        .replace("{json}", &json[1..json.len() - 1])
}

/// Checks what a failure says about an input of this length.
#[track_caller]
pub(crate) fn check_failure(failure: &Failure, length: usize) {
    let (text, advice) = (failure.to_string(), failure.advice());
    assert_keyless(&text);
    assert_keyless(&advice);
    assert_printable(&advice);
    assert!(text.len() + advice.len() <= 4 * length + 4000, "{} bytes", text.len());
}

#[track_caller]
pub(crate) fn assert_printable(text: &str) {
    assert!(!text.contains(char::is_control), "{text:?}");
}

#[track_caller]
pub(crate) fn assert_keyless(text: &str) {
    assert!(!text.contains(KEY), "{text}");
}

/// Checks that not even a part of the key is there that would help a finder.
#[track_caller]
pub(crate) fn assert_no_part(text: &str) {
    let mut parts = (0..KEY.len() - 8).map(|from| &KEY[from..from + 8]);
    assert!(parts.all(|part| !text.contains(part)), "{text}");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_corpus_holds() {
        for Target { name, check, corpus, .. } in TARGETS {
            let inputs: BTreeSet<_> = inputs(corpus).collect();
            assert!(inputs.len() >= 10, "{name} has a corpus");
            for input in inputs {
                // In a panic, this says which input it was.
                let name = format!("{name}: {}", line(&input));
                let thread = std::thread::Builder::new().name(name);
                thread.spawn(move || check(&input)).expect("a thread").join().expect("it holds");
            }
        }
    }

    #[test]
    fn an_input_is_one_line() {
        for input in [&b"#\n\r\t\\\"'\0\xff a"[..], b"", "é".as_bytes()] {
            let line = line(input);
            assert!(line.is_ascii() && !line.contains('\n') && !line.starts_with('#'), "{line}");
            assert_eq!(inputs(&format!("# text\n{line}\n")).collect::<Vec<_>>(), [input]);
        }
        assert_eq!(stretched(b"abcdefghi", 6), b"abcdefdefghi");
        assert_eq!(stretched(b"a", 6), b"a");
    }
}
