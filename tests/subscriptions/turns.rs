//! One file that several runs wrote: a consumer cuts the lines that it had not acknowledged when it
//! died, but never what somebody else may have acknowledged.

use std::fs;

use libtest_mimic::Trial;

use super::{NAME, TOPIC, capture, test};
use crate::capture::spool::{Spool, assert_same};
use crate::capture::{ended, event, events, kill, stop, wait_until};
use crate::support::run::Run;
use crate::support::service::Service;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("a dead consumer's lines are cut when it starts again", cut),
        test("what another run appended since then is not", appended),
        test("nor is what a cursor of long ago does not know", old_cursor),
    ]
}

const NOT_OURS: &str = "may have been written by another run";

/// What a death leaves: twenty lines, of which ten are acknowledged and covered by the cursor. The
/// other ten wait to be committed, within a second, so it may take several tries.
fn dead() -> (Service, Spool) {
    for _ in 0..30 {
        let (service, spool) = (Service::start(), Spool::new());
        let run = capture(&spool, &service).spawn();
        service.publish_many(TOPIC, 10, event);
        service.wait_for_all_acked(TOPIC, NAME, 10);
        service.publish_many(TOPIC, 10, |n| event(10 + n));
        spool.wait_lines(20);
        kill(run);
        service.wait_for_no_connections();
        if covered(&spool) == length(&events(0..10)) {
            spool.assert_lines(&events(0..20));
            return (service, spool);
        }
    }
    panic!("it never died between a line and its commit");
}

/// How much of the output the cursor knows, in bytes.
fn covered(spool: &Spool) -> Option<u64> {
    spool.cursor_json()["output"].as_array()?.last()?["offset"].as_u64()
}

fn length(lines: &[String]) -> Option<u64> {
    Some(lines.iter().map(|line| line.len() as u64 + 1).sum())
}

fn cut() {
    let (service, spool) = dead();
    service.pause_delivery();
    let run = capture(&spool, &service).spawn();
    wait_until("they are cut", || spool.lines().len() == 10);
    service.resume_delivery();
    service.wait_for_all_acked(TOPIC, NAME, 20);
    ended(run).assert_stderr_lacks(NOT_OURS);
    spool.assert_lines(&events(0..20));
}

/// Into the same file, through a subscription and with a cursor of its own.
fn another(spool: &Spool, service: &Service) -> Run {
    let run = Run::against(service).few_roots().args(&["--subscription", "another"]);
    run.arg("-o").arg(spool.output()).arg("--cursor-file").arg(spool.join("another.cursor"))
}

fn appended() {
    let (service, spool) = dead();
    another(&spool, &service).args(&["-n", "20"]).run().assert_code(0);
    service.wait_for_all_acked(TOPIC, "another", 20);
    let both = [events(0..20), events(0..20)].concat();
    spool.assert_lines(&both);

    let output = capture(&spool, &service).args(&["-n", "10"]).run();
    output.assert_code(0).assert_stderr_has(NOT_OURS);
    service.wait_for_all_acked(TOPIC, NAME, 20);
    // Its own lines are still there, too, and so are doubled.
    let all = [both, events(10..20)].concat();
    spool.assert_lines(&all);

    // And that is that: the file is its own again.
    service.publish(TOPIC, event(20));
    let output = capture(&spool, &service).args(&["-n", "1"]).run();
    output.assert_code(0).assert_silent();
    spool.assert_lines(&[all, events(20..21)].concat());
}

/// Of the same run, as a backup taken meanwhile would be.
fn old_cursor() {
    const SINCE: usize = 300;
    let service = Service::start();
    let spool = Spool::new();
    let run = capture(&spool, &service).spawn();
    service.publish_many(TOPIC, 5, event);
    service.wait_for_all_acked(TOPIC, NAME, 5);
    let cursor = fs::read(spool.cursor()).unwrap();
    service.publish_many(TOPIC, SINCE, |n| event(5 + n));
    service.wait_for_all_acked(TOPIC, NAME, 5 + SINCE);
    kill(run);
    service.wait_for_no_connections();
    fs::write(spool.cursor(), cursor).unwrap();
    assert_eq!(covered(&spool), length(&events(0..5)), "it is behind");

    let mut run = capture(&spool, &service).spawn();
    run.wait_stderr(NOT_OURS);
    service.publish(TOPIC, event(5 + SINCE));
    service.wait_for_all_acked(TOPIC, NAME, 5 + SINCE + 1);
    stop(run);
    assert_same(&events(0..5 + SINCE + 1), &spool.lines());
}
