//! `-h` and `--help`, from the options table.

use std::fmt::Write as _;

use crate::args::opt::Section;
use crate::args::options::OPTIONS;
use crate::args::{Command, Document};
use crate::words::wrap;

/// The ways to call the program, one per line.
pub(crate) fn synopsis() -> Vec<String> {
    let commands = Command::ALL.map(|command| command.usage().to_owned());
    let documents = format!("tail8x8 --generate {}", Document::NAMES.join("|"));
    commands.into_iter().chain([documents]).collect()
}

/// `-h`: one line for each option.
pub(crate) fn short() -> String {
    let mut out = head();
    let width = OPTIONS.iter().map(|opt| opt.usage().len()).max().unwrap_or_default();
    for section in Section::ALL {
        let _ = writeln!(out, "\n{}:", section.title());
        for opt in OPTIONS.iter().filter(|opt| opt.section == section) {
            let _ = writeln!(out, "  {:width$}  {}", opt.usage(), opt.short_text);
        }
    }
    out.push_str("\nLong options take one dash or two. `tail8x8 --help` explains them.\n");
    out
}

/// `--help`: the full texts, wrapped.
pub(crate) fn long() -> String {
    let mut out = head();
    for section in Section::ALL {
        let _ = writeln!(out, "\n{}:", section.title());
        for opt in OPTIONS.iter().filter(|opt| opt.section == section) {
            let _ = writeln!(out, "\n  {}", opt.usage());
            for paragraph in opt.long_text.split("\n\n") {
                wrap(&mut out, paragraph, 10);
            }
            for (label, text) in facts(opt) {
                wrap(&mut out, &format!("{label}: {text}"), 10);
            }
        }
    }
    out.push('\n');
    wrap(&mut out, NOTES, 0);
    out
}

/// The short facts below an option's text: default, choices, variable.
pub(crate) fn facts(opt: &crate::args::Opt) -> impl Iterator<Item = (&'static str, String)> {
    let choices = (!opt.choices.is_empty()).then(|| opt.choices.join(", "));
    [
        ("Values", choices),
        ("Default", opt.default_text().map(str::to_owned)),
        ("Environment", opt.env.map(str::to_owned)),
    ]
    .into_iter()
    .filter_map(|(label, text)| Some((label, text?)))
}

const NOTES: &str = "Long options take one dash or two: -tenant acme, --tenant acme, \
    --tenant=acme. Short options cannot be combined, except -vv. If an option is given twice, \
    the last one wins; --event and --resolve add up. A flag may be followed by true or false. \
    Times are written 500ms, 45s, 5m, 2h or 7d. The command line takes precedence over the \
    environment, and the environment over the file of --config. Exit codes are in the man page: \
    tail8x8 --generate man | man -l -";

fn head() -> String {
    let mut out =
        "tail8x8 prints the events of an 8x8 Contact Center, one line of JSON each.\n\n".to_owned();
    for (number, line) in synopsis().iter().enumerate() {
        let _ = writeln!(out, "{} {line}", if number == 0 { "Usage:" } else { "      " });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::by_long;
    use crate::exit;

    #[test]
    fn both_helps_have_every_option_and_fit_a_terminal() {
        for text in [short(), long()] {
            for opt in OPTIONS {
                assert!(text.contains(&format!("\n  {}", opt.usage())), "{}", opt.long);
            }
            for line in text.lines() {
                assert!(
                    line.chars().count() <= crate::words::WIDTH && line == line.trim_end(),
                    "{line:?}"
                );
            }
        }
        assert!(long().contains("Default: 60s") && long().contains("Environment: PULSAR_TENANT"));
    }

    #[test]
    fn wrapped_text_loses_no_word() {
        let mut out = String::new();
        wrap(&mut out, NOTES, 10);
        assert_eq!(
            out.split_whitespace().collect::<Vec<_>>(),
            NOTES.split_whitespace().collect::<Vec<_>>()
        );
        assert!(out.lines().all(|line| line.starts_with("          ")));
    }

    #[test]
    fn the_readme_names_only_options_and_exit_codes_that_exist() {
        let readme = include_str!("../../README.md");
        let cargo = ["example", "features", "ignored", "nocapture", "path", "release", "test"];
        for name in readme.split("--").skip(1).filter(|name| name.starts_with(char::is_alphabetic))
        {
            let end = name.find(|c: char| !c.is_ascii_lowercase() && c != '-');
            let name = &name[..end.unwrap_or(name.len())];
            assert!(by_long(name).is_some() || cargo.contains(&name), "--{name}");
        }
        // A table row that begins with a number.
        let is_row = |line: &&str| {
            line.strip_prefix("| ").and_then(|l| l.split(' ').next()?.parse::<u8>().ok()).is_some()
        };
        let rows: Vec<_> = readme.lines().filter(is_row).collect();
        let table: Vec<_> = exit::TABLE
            .iter()
            .map(|(code, text)| format!("| {} | {text} |", *code as u8))
            .collect();
        assert_eq!(rows, table);
    }
}
