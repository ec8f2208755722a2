//! A key that cannot be one is refused before anything is connected, by where in it something is
//! wrong and never by what it is.

use std::fs;

use libtest_mimic::Trial;

use super::test;
use crate::support::run::{Key, Run};
use crate::support::scratch::Scratch;
use crate::support::service::Service;

/// What no message may hold.
const INSIDE: &str = "n0b0dysBusiness";

/// What is wrong with it, the key, the words.
const TABLE: [(&str, &str, &str); 14] = [
    ("a space inside", "eght_n0b0dysBusiness x", "a space (column 21)"),
    ("a space at its start", " eght_n0b0dysBusiness", "a space at its start (column 1)"),
    ("a space at its end", "eght_n0b0dysBusiness ", "a space at its end (column 21)"),
    ("a tab", "eght_n0b0dysBusiness\tx", "a tab (column 21)"),
    ("a carriage return", "eght_n0b0dysBusiness\r", "a line break (column 21)"),
    ("two lines", "eght_n0b0dysBusiness\nx", "a line break (column 21)"),
    ("a control character", "eght_\u{1}n0b0dysBusiness", "a control character (column 6)"),
    ("a letter outside ASCII", "eght_\u{e9}n0b0dysBusiness", "outside ASCII (column 6)"),
    ("double quotes", "\"eght_n0b0dysBusiness\"", "quotes around it"),
    ("single quotes", "'eght_n0b0dysBusiness'", "quotes around it"),
    ("a whole header line", "X-API-Key: eght_n0b0dysBusiness", "a whole header line"),
    ("an assignment", "PULSAR_API_KEY=eght_n0b0dysBusiness", "an assignment"),
    ("a byte order mark", "\u{feff}eght_n0b0dysBusiness", "byte order mark"),
    ("nothing but a newline", "\n", "the key is empty"),
];

pub(super) fn trials() -> Vec<Trial> {
    let rows = TABLE.map(|(name, key, words)| {
        test(&format!("key hygiene: {name}"), move || {
            from_file(key, words);
            from_stdin(key, words);
            from_variable(key, words);
        })
    });
    let large = test("key hygiene: a file that is no key", || {
        from_file(&INSIDE.repeat(1000), "larger than 8 KiB");
    });
    rows.into_iter().chain([large]).collect()
}

fn from_file(key: &str, words: &str) {
    let scratch = Scratch::new("key");
    let path = scratch.join("key");
    fs::write(&path, key).unwrap();
    let source = format!("--x-api-key-file {}", path.display());
    refused(&source, words, |run| run.key(Key::None).arg("--x-api-key-file").arg(&path));
}

fn from_stdin(key: &str, words: &str) {
    refused("standard input", words, |run| {
        run.key(Key::None).args(&["--x-api-key-file", "-"]).stdin(key)
    });
}

fn from_variable(key: &str, words: &str) {
    refused("PULSAR_API_KEY", words, |run| run.key(Key::Text(key.to_owned())));
}

fn refused(source: &str, words: &str, with_key: impl Fn(Run) -> Run) {
    let service = Service::builder().may_be_unreached().start();
    let output = with_key(Run::against(&service)).run();
    output.assert_code(78).assert_stderr_has(words).assert_stderr_has("[config.content]");
    let start = format!("tail8x8: config {source}: ");
    assert!(output.stderr.starts_with(&start), "{}", output.whole());
    assert!(!output.trace.contains(&INSIDE[..8]), "{}", output.whole());
    assert_eq!(service.connections(), 0);
}
