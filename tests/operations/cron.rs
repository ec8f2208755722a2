//! The crontab line: run as cron runs it, again and again, it leaves each event once and not a word,
//! since every word would be a mail.
//!
//! A run takes a second, and so there are ten, forty in full; two hundred in a row by
//! `TAIL8X8_CRON_RUNS=200 cargo test --test tests -- "runs of the crontab"`.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use libtest_mimic::Trial;

use super::machine::{Machine, assert_events, while_publishing};
use super::shipped::CRONTAB;
use crate::support::counts::count_from;
use crate::support::service::Service;
use crate::support::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial::test("operations: many runs of the crontab line in a row, each event once", || {
            many_runs();
            Ok(())
        }),
        trial::test(
            "operations: the crontab line on an empty topic ends after half a minute",
            || {
                an_empty_topic();
                Ok(())
            },
        ),
        trial::test("operations: the crontab line has one line for a failure", || {
            one_line_for_a_failure();
            Ok(())
        }),
    ]
}

fn many_runs() {
    let service = Service::start();
    let machine = Machine::new(&service);
    let command = machine.fitted(&command());
    let count = while_publishing(&service, || {
        for number in 0..runs() {
            let output = machine.sh(&command);
            assert!(output.status.success(), "run {number}: {output:?}");
            assert!([&output.stdout, &output.stderr].iter().all(|it| it.is_empty()), "{output:?}");
        }
    });
    // Nothing more comes, and so this one ends after ten seconds of silence.
    assert!(machine.sh(&command).status.success());
    assert_events(&written(&machine), count);
}

fn runs() -> usize {
    count_from("TAIL8X8_CRON_RUNS", 10, 40)
}

fn an_empty_topic() {
    let service = Service::start();
    let machine = Machine::new(&service);
    for _ in 0..2 {
        let start = Instant::now();
        let output = machine.sh(&machine.fitted(&command()));
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let seconds = start.elapsed().as_secs();
        assert!((29..60).contains(&seconds), "it took {seconds} s");
    }
    assert_eq!(written(&machine), b"");
}

fn one_line_for_a_failure() {
    let service = Service::start();
    let machine = Machine::new(&service);
    service.set_key("another");
    let output = machine.sh(&machine.fitted(&command()));
    assert_eq!(output.status.code(), Some(77), "{output:?}");
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("[auth.unauthorized]") && said.lines().count() == 1, "{said}");
}

/// The line as crontab(5) reads it: five fields of time, then the command, in which a `%` would be a
/// newline were it not escaped.
#[track_caller]
fn command() -> String {
    let line = CRONTAB.strip_suffix('\n').unwrap();
    assert_eq!(line.lines().count(), 1, "one line");
    let mut fields = line.splitn(6, ' ');
    for field in fields.by_ref().take(5) {
        let is_time = |byte: u8| byte.is_ascii_digit() || b"*/,-".contains(&byte);
        assert!(!field.is_empty() && field.bytes().all(is_time), "{field} is no time");
    }
    let command = fields.next().unwrap();
    assert!(!command.replace("\\%", "").contains('%'), "a bare % ends the command");
    command.replace("\\%", "%")
}

/// What the files of all days hold.
#[track_caller]
fn written(machine: &Machine) -> Vec<u8> {
    let names = fs::read_dir(machine.var()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        names.filter(|path| path.extension().is_some_and(|it| it == "ndjson")).collect();
    files.sort();
    files.iter().flat_map(|file| fs::read(file).unwrap()).collect()
}
