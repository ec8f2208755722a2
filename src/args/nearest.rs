//! What an unknown word was probably meant to be.

use crate::args::command::Command;
use crate::args::opt::Opt;
use crate::args::options::{OPTIONS, by_long};
use crate::fault::{Failure, Fault, Step};
use crate::words;

/// The failure for an unknown option, with the most similar one.
pub(super) fn unknown_option(word: &str) -> Failure {
    let word = split(word).0;
    match nearest(word) {
        Some(opt) => Failure::new(Step::Config, shown(word), Fault::NearOption, "unknown option")
            .with("nearest", opt.long),
        None => Failure::usage(shown(word), "unknown option"),
    }
}

/// The failure for an unknown command, with the most similar one, or a list of all.
pub(super) fn unknown_command(word: &str) -> Failure {
    let failure = |fault| Failure::new(Step::Config, shown(word), fault, "unknown command");
    match Command::ALL.iter().find(|command| edits(command.name(), word) <= 2) {
        Some(command) => failure(Fault::NearCommand).with("nearest", command.name()),
        None => failure(Fault::UnknownCommand).with("commands", Command::list()),
    }
}

/// The option with the most similar name, if any is similar enough.
pub(crate) fn nearest(name: &str) -> Option<&'static Opt> {
    let known = OPTIONS.iter().map(|opt| opt.long);
    words::nearest(name.trim_start_matches('-'), known).and_then(by_long)
}

/// Splits `name=value`.
pub(super) fn split(word: &str) -> (&str, Option<&str>) {
    match word.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (word, None),
    }
}

/// In how many letters a word differs from a name.
pub(super) fn edits(name: &str, word: &str) -> usize {
    match word.len() {
        ..=words::LONGEST_NAME => strsim::damerau_levenshtein(name, word),
        _ => usize::MAX,
    }
}

/// The beginning of a word, as far as it looks like a name. A word that is neither an option nor a
/// command may be a key in the wrong place, so the rest is not shown.
fn shown(word: &str) -> String {
    const MOST: usize = 24;
    let plain = |c: char| c == '-' || c.is_ascii_lowercase();
    let mut shown: String = word.chars().take(MOST).take_while(|c| plain(*c)).collect();
    if shown.len() < word.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The comparison takes a number of steps and of bytes that is many times the word's length.
    #[test]
    fn a_very_long_word_is_like_none() {
        let word = format!("--{}", "tenant".repeat(1_000_000));
        assert!(nearest(&word).is_none());
        assert_eq!(edits("tenant", &word), usize::MAX);
        assert_eq!(unknown_option(&word).subject, "--tenanttenanttenanttena…");
        assert_eq!(unknown_command(&word).fault, Fault::UnknownCommand);
    }
}
