//! The shape of the sources, read as text: who imports whom, how long a function is, what is forbidden.
//! A *room* is a file or a folder directly under `src`; *floors* are counted along imports from room
//! to room, so the number says how deep a reader may have to go.

mod circles;
mod lengths;
mod module;
mod modules;
mod selftests;
mod tokens;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};

use self::circles::Graph;
use self::modules::Modules;
use self::tokens::{tokens, without_tests};
use crate::support::trial;

const MOST_FLOORS: usize = 8;

/// Of a function and of a struct where the data's way is: there, what is long hides what is lost.
const MOST_LINES: usize = 60;
const MOST_FIELDS: usize = 12;
const MEASURED: &[&str] = &["src/read", "src/sink", "src/cursor"];

/// Text by path, both as a person would write them: `src/sink/mod.rs`.
type Sources = BTreeMap<String, String>;

pub fn trials() -> Vec<Trial> {
    let mut trials = selftests::trials();
    trials.push(test("no circle of imports between files", || {
        told("circles between files", circles_between(&files(&sources())))
    }));
    trials.push(test("no circle of imports between rooms", || {
        told("circles between rooms", circles_between(&rooms(&sources())))
    }));
    trials.push(test("few floors", few_floors));
    trials.push(test("no long function, no wide struct", || {
        told("too long or too wide", lengths::excesses(&sources(), MEASURED))
    }));
    trials.push(test("one clock for limits and waits", one_clock));
    trials.push(test("no unsafe code, and the lint that forbids it", no_unsafe));
    trials
}

fn test(name: &str, body: impl Fn() -> Result<(), Failed> + Send + 'static) -> Trial {
    trial::test(format!("structure: {name}"), body)
}

/// An error with everything that was found, one finding per paragraph.
fn told(what: &str, findings: Vec<String>) -> Result<(), Failed> {
    match findings.len() {
        0 => Ok(()),
        count => Err(format!("{count} {what}:\n{}", findings.join("\n")).into()),
    }
}

fn few_floors() -> Result<(), Failed> {
    let chain = rooms(&sources()).longest_chain();
    eprintln!("floors: {}, at most {MOST_FLOORS}: {}", chain.len(), chain.join(" > "));
    match chain.len() {
        0..=MOST_FLOORS => Ok(()),
        count => Err(format!(
            "{count} floors, at most {MOST_FLOORS}; rooms in a circle count as one:\n  {}",
            chain.join("\n  > ")
        )
        .into()),
    }
}

/// That of the standard library stands still while the machine is suspended.
fn one_clock() -> Result<(), Failed> {
    let other = ["time::{Duration, Instant}", "time::{Instant", "time::Instant"];
    let is_other = |line: &str| {
        !line.trim_start().starts_with("//")
            && other.iter().any(|other| line.contains(&format!("std::{other}")))
    };
    let mut findings = Vec::new();
    for (file, text) in sources() {
        let lines = text.lines().zip(1..).filter(|(line, _)| is_other(line));
        findings.extend(lines.map(|(line, number)| format!("  {file}:{number}: {}", line.trim())));
    }
    told("uses of another clock than `clock`'s", findings)
}

fn no_unsafe() -> Result<(), Failed> {
    let mut findings = Vec::new();
    for folder in ["src", "tests"] {
        for (file, text) in read(folder) {
            let found = tokens(&text).into_iter().filter(|token| token.text == "unsafe");
            findings.extend(found.map(|token| format!("  {file}:{}: unsafe", token.line)));
        }
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    if !manifest.lines().any(|line| line.trim() == r#"unsafe_code = "forbid""#) {
        findings.push(r#"  Cargo.toml lacks unsafe_code = "forbid""#.into());
    }
    told("traces of unsafe code", findings)
}

/// Imports from file to file, by the files' paths.
fn files(sources: &Sources) -> Graph {
    let modules = Modules::new(sources, without_tests);
    let mut graph = Graph::default();
    for import in modules.imports() {
        graph.add(modules.file(import.from), modules.file(import.to), &import.name);
    }
    graph
}

/// Imports from room to room, by the rooms' names.
fn rooms(sources: &Sources) -> Graph {
    let modules = Modules::new(sources, without_tests);
    let mut graph = Graph::default();
    for import in modules.imports() {
        let name = format!("{} ({})", import.name, modules.file(import.from));
        graph.add(modules.room(import.from), modules.room(import.to), &name);
    }
    graph
}

fn circles_between(graph: &Graph) -> Vec<String> {
    let circles = graph.circles().into_iter();
    circles.map(|circle| format!("  a circle\n{}", circle.join("\n"))).collect()
}

fn sources() -> Sources {
    read("src")
}

/// Every Rust file below `folder`.
fn read(folder: &str) -> Sources {
    let mut sources = Sources::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else if path.ends_with(".rs") {
                sources.insert(path, fs::read_to_string(entry.path()).unwrap());
            }
        }
    }
    sources
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
