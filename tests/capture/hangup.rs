//! SIGHUP: what logrotate does between its rename and its signal loses nothing, also when the program
//! dies between the two.

use std::fs;

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use super::spool::assert_same;
use super::{Spool, ended, event, events, kill, stop, test, wait_until};
use crate::support::run::Running;
use crate::support::service::{Odd, Service};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("hang-up: renamed and reopened, twenty times under load", renamed),
        test("hang-up: without a rename the same file goes on", without_a_rename),
        test("hang-up: without a cursor", without_a_cursor),
        test("hang-up: a death between the rename and the signal", death_between),
        test("hang-up: a death right after the signal", death_after),
        test("hang-up: the rejects are reopened, too", rejects),
        test("hang-up: without -o it is the end", the_end),
        test("hang-up: while the service is away", away),
        test("hang-up: while lines of an earlier run are awaited", || awaited(false)),
        test("hang-up: while lines of an earlier run are awaited, twice", || awaited(true)),
    ]
}

fn rename(spool: &Spool, number: usize) {
    fs::rename(spool.output(), spool.join(&format!("events.ndjson.{number:02}"))).unwrap();
}

/// Renamed ones in order, then the open one.
fn all(spool: &Spool) -> Vec<String> {
    let names = spool.names();
    let renamed = names.iter().filter(|name| {
        let suffix = name.strip_prefix("events.ndjson.").unwrap_or("");
        suffix.parse::<usize>().is_ok()
    });
    let mut lines: Vec<_> = renamed.flat_map(|name| spool.lines_of(name)).collect();
    lines.extend(spool.lines());
    lines
}

#[track_caller]
fn hang_up(spool: &Spool, run: &mut Running) {
    run.signal(Signal::SIGHUP);
    wait_until("the output is there again", || spool.output().exists());
}

fn renamed() {
    let service = Service::start();
    let spool = Spool::new();
    let mut run = spool.run(&service).verbosity(0).spawn();
    let mut count = 0;
    for round in 0..20 {
        service.publish_many("all", 50, |n| event(count + n));
        count += 50;
        wait_until("something of it is written", || spool.lines().len() > 10);
        rename(&spool, round);
        // Written to the renamed file, as the program does not know yet.
        service.publish_many("all", 5, |n| event(count + n));
        count += 5;
        hang_up(&spool, &mut run);
    }
    wait_until("all is written", || all(&spool).len() >= count);
    ended(run).assert_silent();
    assert_same(&events(0..count), &all(&spool));
    spool.catch_up(&service);
    assert_same(&events(0..count), &all(&spool));
}

fn without_a_rename() {
    let service = Service::start();
    let spool = Spool::new();
    let mut run = spool.run(&service).spawn();
    for round in 0..3 {
        service.publish("all", event(round));
        spool.wait_lines(round + 1);
        run.signal(Signal::SIGHUP);
    }
    service.publish("all", event(3));
    spool.wait_lines(4);
    stop(run);
    spool.assert_lines(&events(0..4));
}

fn without_a_cursor() {
    let service = Service::start();
    let spool = Spool::new();
    let run = crate::support::run::Run::against(&service).arg("-o").arg(spool.output());
    let mut run = run.args(&["--message-id", "earliest"]).spawn();
    service.publish("all", event(0));
    spool.wait_lines(1);
    rename(&spool, 0);
    hang_up(&spool, &mut run);
    service.publish("all", event(1));
    spool.wait_lines(1);
    stop(run);
    assert_same(&events(0..2), &all(&spool));
    spool.assert_lines(&events(1..2));
}

fn death_between() {
    let service = Service::start();
    let spool = Spool::new();
    for round in 0..10 {
        let run = spool.run(&service).verbosity(0).spawn();
        service.publish_many("all", 10, |n| event(round * 20 + n));
        wait_until("it is written", || all(&spool).len() >= round * 20 + 10);
        rename(&spool, round);
        service.publish_many("all", 10, |n| event(round * 20 + 10 + n));
        if round % 2 == 0 {
            wait_until("it is written", || all(&spool).len() >= round * 20 + 20);
        }
        kill(run);
    }
    let last = spool.catching_up(&service).run();
    last.assert_code(0).assert_silent();
    assert_same(&events(0..200), &all(&spool));
}

fn death_after() {
    let service = Service::start();
    let spool = Spool::new();
    for round in 0..10 {
        let mut run = spool.run(&service).verbosity(0).spawn();
        service.publish_many("all", 10, |n| event(round * 10 + n));
        wait_until("it is written", || all(&spool).len() >= round * 10 + 10);
        rename(&spool, round);
        run.signal(Signal::SIGHUP);
        std::thread::sleep(std::time::Duration::from_micros(300 * round as u64));
        kill(run);
    }
    spool.catch_up(&service);
    assert_same(&events(0..100), &all(&spool));
}

fn rejects() {
    let service = Service::start();
    let spool = Spool::new();
    let mut run = spool.run(&service).spawn();
    let name = "events.ndjson.rejects";
    service.publish_odd("all", Odd::NotBase64);
    spool.wait_lines_of(name, 1);
    fs::rename(spool.join(name), spool.join("old.rejects")).unwrap();
    run.signal(Signal::SIGHUP);
    // The signal is acted on before the next message only if it came before; so several.
    wait_until("a reject is in the new file", || {
        service.publish_odd("all", Odd::NotBase64);
        std::thread::sleep(std::time::Duration::from_millis(20));
        !spool.lines_of(name).is_empty()
    });
    let published = service.seen().last().sent.len();
    service.wait_for_acks(published);
    stop(run);
    let count = spool.lines_of(name).len() + spool.lines_of("old.rejects").len();
    assert_eq!(count, service.seen().last().sent.len(), "each once");
}

fn the_end() {
    let service = Service::start();
    let spool = Spool::new();
    for (round, args) in [&[][..], &["-o", "-"][..]].into_iter().enumerate() {
        service.publish("all", event(round));
        let mut run = spool.run_with_cursor(&service).args(args).spawn();
        run.wait_stdout_lines(1);
        run.signal(Signal::SIGHUP);
        run.finish().assert_code(0).assert_lines(&[event(round)]);
        assert_eq!(spool.cursor_json()["clean"], true);
    }
}

fn away() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish("all", event(0));
    let run = spool.run(&service).args(&["--retry-delay", "500ms"]);
    let mut run = run.args(&["--retry-max-delay", "500ms"]).spawn();
    spool.wait_lines(1);
    service.stop_listening();
    service.cut_connections();
    run.wait_stderr("trying again");
    rename(&spool, 0);
    hang_up(&spool, &mut run);
    service.publish("all", event(1));
    service.listen_again();
    spool.wait_lines(1);
    stop(run);
    assert_same(&events(0..2), &all(&spool));
}

/// The cursor stays where it was until all lines came again, and has to name more and more files.
fn awaited(twice: bool) {
    let service = Service::start();
    let spool = Spool::new();
    spool.die(&service, 3, &events(0..9));
    service.publish_many("all", 3, |n| event(9 + n));
    service.pause_delivery();
    let sessions = service.seen().upgraded();
    let mut run = spool.run(&service).spawn();
    service.wait_for_connections(sessions + 1);
    for number in 0..1 + usize::from(twice) {
        rename(&spool, number);
        hang_up(&spool, &mut run);
    }
    kill(run);
    let run = spool.run(&service).spawn();
    service.wait_for_connections(sessions + 2);
    service.resume_delivery();
    wait_until("all is written", || all(&spool).len() >= 12);
    kill(run);
    spool.catch_up(&service);
    assert_same(&events(0..12), &all(&spool));
}
