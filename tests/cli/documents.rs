//! Help, version, man page, completions, the table of regions, and what the README promises.

use std::collections::BTreeSet;
use std::path::Path;

use libtest_mimic::Trial;

use super::test;
use crate::support::run::{Key, Output, Run};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("-h fits a screen and names every option", short_help),
        test("--help explains every option", long_help),
        test("--version names program and version", version),
        test("documents are printed whatever else is on the line", whatever_else),
        test("the man page is the one in man/", man),
        test("the completions of every shell know every option", completions),
        test("regions lists regions, clusters and hosts", regions),
        test("a reader of a document may go away", gone),
        test("a document that cannot be written is exit code 74", unwritable),
        test("README: every option it names exists", readme_options),
        test("README: its two commands exist", readme_commands),
    ]
}

fn document(args: &[&str]) -> String {
    let output = print(args);
    output.assert_code(0);
    assert!(output.trace.is_empty(), "{}", output.whole());
    String::from_utf8(output.stdout).unwrap()
}

fn print(args: &[&str]) -> Output {
    Run::new(args).key(Key::None).verbosity(0).run()
}

/// The long names that the short help lists.
fn options() -> BTreeSet<String> {
    let help = document(&["-h"]);
    let options: BTreeSet<String> = help.lines().skip(5).flat_map(names_in).collect();
    assert!(options.len() > 40, "{options:?}");
    options
}

/// Every `--name` of a text.
fn names_in(text: &str) -> Vec<String> {
    let name = |rest: &str| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        rest[..end.unwrap_or(rest.len())].to_owned()
    };
    text.split("--").skip(1).map(name).filter(|name| !name.is_empty()).collect()
}

fn short_help() {
    let help = document(&["-h"]);
    assert!(help.contains("Usage: tail8x8"), "{help}");
    assert!(help.lines().all(|line| line.len() <= 80), "{help}");
    for name in ["tenant", "x-api-key-file", "message-id", "retry", "proxy", "config", "help"] {
        assert!(options().contains(name), "{name}");
    }
}

fn long_help() {
    let help = document(&["--help"]);
    for name in options() {
        assert!(help.contains(&format!("--{name}")), "{name}");
    }
    assert!(help.len() > 2 * document(&["-h"]).len());
    assert_eq!(help, document(&["-help"]));
}

fn version() {
    let version = concat!("tail8x8 ", env!("CARGO_PKG_VERSION"), "\n");
    for spelling in ["--version", "-version", "-V"] {
        assert_eq!(document(&[spelling]), version);
    }
}

fn whatever_else() {
    let help = document(&["-h"]);
    assert_eq!(document(&["--tenant", "a/b", "--bogus", "-h"]), help);
    assert_eq!(document(&["-h", "no-command"]), help);
    assert!(document(&["--bogus", "--generate", "man"]).starts_with(".TH"));
}

fn man() {
    let page = std::fs::read_to_string(in_project("man/tail8x8.1")).unwrap();
    assert!(document(&["--generate", "man"]) == page, "make it anew with --generate man");
}

fn completions() {
    for (shell, written) in [("bash", "--"), ("zsh", "--"), ("fish", "-l ")] {
        let text = document(&["--generate", &format!("complete-{shell}")]);
        for name in options() {
            let found = text.match_indices(&format!("{written}{name}")).any(|(at, found)| {
                let next = text[at + found.len()..].chars().next();
                next.is_none_or(|next| !next.is_ascii_alphanumeric() && next != '-')
            });
            assert!(found, "{shell} does not know --{name}");
        }
        assert!(text.contains("envelope") && text.contains("regions"), "{shell}: {text}");
    }
}

fn regions() {
    let table = document(&["regions"]);
    for row in [
        ["UK3", "pulsar-ws-euw2.8x8.com", "EU14"],
        ["US1", "pulsar-ws-use1.8x8.com", "NA12"],
        ["US2", "pulsar-ws-usw2.8x8.com", "NA39"],
        ["HK1", "not yet deployed", "AP1"],
    ] {
        let holds = |line: &str| row.iter().all(|word| line.contains(word));
        assert!(table.lines().any(holds), "{row:?}\n{table}");
    }
    assert!(table.contains("2026"), "{table}");
    let wrong = print(&["regions", "--tenant", "acme"]);
    wrong.assert_code(64).assert_stderr_has("--tenant");
}

fn gone() {
    let run = Run::new(&["--help"]).key(Key::None).verbosity(0);
    let output = run.stdout(crate::support::run::Stdout::Closed).run();
    output.assert_code(0).assert_silent();
}

fn unwritable() {
    let full = crate::support::run::Stdout::File("/dev/full".into());
    let output = Run::new(&["--help"]).key(Key::None).verbosity(0).stdout(full).run();
    output.assert_code(74).assert_stderr_has("no space left on device [output.failed]");
}

fn readme_options() {
    let readme = std::fs::read_to_string(in_project("README.md")).unwrap();
    let known = options();
    // Cargo's own.
    let of_cargo = ["example", "features", "ignored", "nocapture", "path", "release", "test"];
    let named: Vec<String> = names_in(&readme);
    assert!(named.len() > 10, "{named:?}");
    for name in named.iter().filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase())) {
        assert!(known.contains(name) || of_cargo.contains(&name.as_str()), "--{name}");
    }
}

fn readme_commands() {
    let readme = std::fs::read_to_string(in_project("README.md")).unwrap();
    let manifest = std::fs::read_to_string(in_project("Cargo.toml")).unwrap();
    assert!(readme.contains("cargo run --example demo") && readme.contains("cargo test"));
    assert!(manifest.contains("name = \"demo\"") && in_project("tests/demo.rs").exists());
}

fn in_project(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
