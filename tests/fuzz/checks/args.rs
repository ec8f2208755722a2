//! A command line, and the settings it leads to.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use super::{KEY, check_failure};
use crate::args::{Args, Parsed, parse, understood};
use crate::endpoint;
use crate::settings::{Environment, Settings};
use crate::values::subscription::InitialPosition;

/// One word on each line.
pub(super) fn check(data: &[u8]) {
    let words = data.split(|byte| *byte == b'\n');
    let words: Vec<OsString> = words.map(|word| OsString::from_vec(with_key(word))).collect();
    let length = words.iter().map(|word| word.len()).sum();
    match parse(&words) {
        Ok(Parsed::Read(given) | Parsed::Diagnose(given)) => settle(Args::of(&given), length),
        Ok(_) => {}
        Err(failure) => {
            check_failure(&failure, length);
            let (_, given) = understood(&words);
            settle(Args::of(&given), length);
        }
    }
}

/// Unlike [`super::planted`], this keeps what is no UTF-8.
fn with_key(word: &[u8]) -> Vec<u8> {
    match memchr::memmem::find(word, b"{key}") {
        Some(at) => [&word[..at], KEY.as_bytes(), &word[at + 5..]].concat(),
        None => word.to_vec(),
    }
}

/// Settles options, except where that would read a file.
pub(crate) fn settle(args: Args, length: usize) {
    if args.x_api_key_file.is_some() || args.ca_file.is_some() {
        return;
    }
    let settings = match Settings::settle(args, &Environment::from_iter([("", "")]), Vec::new()) {
        Ok(settings) => settings,
        Err(failure) => return check_failure(&failure, length),
    };
    // What goes into the request: nothing that would end its line or its path.
    let path = match &settings.subscription {
        Some(consumer) => endpoint::consumer(&settings.topic, consumer, InitialPosition::Latest, 1),
        None => endpoint::reader(&settings.topic, &settings.start.position, 1),
    };
    let authority = settings.target.authority();
    for text in [path, authority] {
        assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text:?}");
        assert!(text.len() <= 12 * length + 1000, "{text}");
    }
}
