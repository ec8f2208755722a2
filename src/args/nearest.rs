//! What an unknown word may have been meant to be.

use crate::args::command::Command;
use crate::args::opt::Opt;
use crate::args::options::OPTIONS;
use crate::fault::{Failure, Fault, Step};

/// That there is no such option, and which one is nearest.
pub(super) fn unknown_option(word: &str) -> Failure {
    let word = split(word).0;
    match nearest(word) {
        Some(opt) => Failure::new(Step::Config, shown(word), Fault::NearOption, "unknown option")
            .with("nearest", opt.long),
        None => Failure::usage(shown(word), "unknown option"),
    }
}

/// That there is no such command, and which one is nearest, or which ones there are.
pub(super) fn unknown_command(word: &str) -> Failure {
    let failure = |fault| Failure::new(Step::Config, shown(word), fault, "unknown command");
    match Command::ALL.iter().find(|command| edits(command.name(), word) <= 2) {
        Some(command) => failure(Fault::NearCommand).with("nearest", command.name()),
        None => failure(Fault::UnknownCommand).with("commands", Command::list()),
    }
}

/// The option whose name is most like this one, if any is near.
pub(crate) fn nearest(name: &str) -> Option<&'static Opt> {
    let name = name.trim_start_matches('-').to_ascii_lowercase();
    let likeness = |opt: &Opt| {
        if name.len() > 3 && opt.long.contains(&name) {
            return 0.9;
        }
        strsim::normalized_damerau_levenshtein(opt.long, &name)
    };
    let scored = OPTIONS.iter().map(|opt| (likeness(opt), opt));
    let (score, opt) = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (score >= 0.6).then_some(opt)
}

/// `name=value` taken apart.
pub(super) fn split(word: &str) -> (&str, Option<&str>) {
    match word.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (word, None),
    }
}

pub(super) fn edits(a: &str, b: &str) -> usize {
    strsim::damerau_levenshtein(a, b)
}

/// A word that is neither an option nor a command may be a key in the wrong place: only what looks
/// like a name is shown.
fn shown(word: &str) -> String {
    const MOST: usize = 24;
    let plain = |c: char| c == '-' || c.is_ascii_lowercase();
    let mut shown: String = word.chars().take(MOST).take_while(|c| plain(*c)).collect();
    if shown.len() < word.len() {
        shown.push('…');
    }
    shown
}
