//! Files that somebody removes while the program has them open: what would only be in a file without
//! a name is read again into a new one, which is said once. A file that was only renamed is left alone.

use std::fs;
use std::os::unix::fs::MetadataExt;

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use super::small_disk::SmallDisk;
use super::spool::assert_same;
use super::{Spool, ended, event, events, kill, stop, test, test_if, wait_until};
use crate::support::run::{Run, Running};
use crate::support::service::{Odd, Service};

pub(super) fn trials() -> Vec<Trial> {
    let mount = SmallDisk::missing();
    vec![
        test("vanished: the output, under load", under_load),
        test("vanished: the output, without a cursor", without_a_cursor),
        test("vanished: the output, shortly before the end", before_the_end),
        test("vanished: the output, then told to stop", then_stopped),
        test("vanished: the output, rotated", rotated),
        test("vanished: the output, while lines of a dead run are awaited", awaited),
        test("vanished: the output, with its folder", with_its_folder),
        test("vanished: the output, kept by the file system under a hidden name", hidden),
        test("vanished: another file is moved over the output", moved_over),
        test("vanished: the rejects", rejects),
        test("vanished: cursor and locks do no harm", cursor_and_locks),
        test("vanished: another file gets the output's name", name_taken),
        test("vanished: a renamed output goes on until the signal", renamed),
        test_if(&mount, "vanished: the output, to free a full disk", full_disk),
    ]
}

const SAID: &str = "[output.gone]";

/// A follower whose first five events are in the cursor.
fn following(service: &Service, spool: &Spool, run: Run) -> Running {
    let run = run.spawn();
    service.publish_many("all", 5, event);
    spool.wait_lines(5);
    spool.wait_committed();
    run
}

#[track_caller]
fn said_once(run: Running, subject: &str) {
    let output = ended(run);
    assert_eq!(output.stderr.matches(SAID).count(), 1, "{}", output.whole());
    output.assert_stderr_has(&format!("tail8x8: warning: output {subject}"));
}

fn under_load() {
    let service = Service::start();
    let spool = Spool::new();
    let mut run = following(&service, &spool, spool.run(&service).verbosity(0));
    let mut count = 5;
    for _ in 0..3 {
        spool.wait_committed();
        fs::remove_file(spool.output()).unwrap();
        let first = count;
        for _ in 0..20 {
            service.publish_many("all", 50, |n| event(count + n));
            count += 50;
        }
        spool.wait_lines(count - first);
        spool.assert_lines(&events(first..count));
    }
    run.wait_stderr(SAID);
    let output = ended(run);
    assert_eq!(output.stderr.matches(SAID).count(), 3, "{}", output.whole());
    assert_eq!(output.stderr.lines().count(), 3, "{}", output.whole());
    let last = spool.lines();
    spool.catch_up(&service);
    spool.assert_lines(&last);
}

fn without_a_cursor() {
    let service = Service::start();
    let spool = Spool::new();
    let run = Run::against(&service).args(&["--message-id", "earliest", "-o"]).arg(spool.output());
    let run = run.verbosity(0).spawn();
    service.publish_many("all", 5, event);
    spool.wait_lines(5);
    // Whatever was committed by then: nothing after that is missing, and nothing is doubled.
    fs::remove_file(spool.output()).unwrap();
    service.publish_many("all", 5, |n| event(5 + n));
    wait_until("the output is there again", || spool.lines().len() >= 5);
    said_once(run, spool.output().to_str().unwrap());
    let lines = spool.lines();
    assert_same(&events(10 - lines.len()..10), &lines);
}

fn before_the_end() {
    let service = Service::start();
    let spool = Spool::new();
    let run = following(&service, &spool, spool.run(&service).args(&["-n", "8"]).verbosity(0));
    fs::remove_file(spool.output()).unwrap();
    service.publish_many("all", 3, |n| event(5 + n));
    let output = run.finish();
    output.assert_code(0).assert_stderr_has(SAID);
    spool.assert_lines(&events(5..8));
    spool.catch_up(&service);
    spool.assert_lines(&events(5..8));
}

fn then_stopped() {
    let service = Service::start();
    let spool = Spool::new();
    let run = following(&service, &spool, spool.run(&service).verbosity(0));
    let before = service.seen().acks();
    fs::remove_file(spool.output()).unwrap();
    service.publish_many("all", 3, |n| event(5 + n));
    service.wait_for_acks(before + 3);
    stop(run);
    spool.catch_up(&service);
    spool.assert_lines(&events(5..8));
}

fn rotated() {
    let service = Service::start();
    let spool = Spool::new();
    let run = spool.run(&service).args(&["--rotate-size", "1k"]).verbosity(0).spawn();
    service.publish_many("all", 5, event);
    let part = spool.join("events.ndjson.part");
    spool.wait_lines_of("events.ndjson.part", 5);
    wait_until("it is committed", || {
        spool.cursor_json()["output"][0]["offset"].as_u64()
            == Some(fs::metadata(&part).unwrap().len())
    });
    fs::remove_file(&part).unwrap();
    service.publish_many("all", 200, |n| event(5 + n));
    wait_until("all is written", || spool.rotated_lines().len() >= 200);
    said_once(run, part.to_str().unwrap());
    assert_same(&events(5..205), &spool.rotated_lines());
}

fn awaited() {
    let service = Service::start();
    let spool = Spool::new();
    spool.die(&service, 3, &events(0..6));
    service.pause_delivery();
    let sessions = service.seen().upgraded();
    let run = spool.run(&service).verbosity(0).spawn();
    service.wait_for_connections(sessions + 1);
    wait_until("the cursor names the file", || spool.cursor_json()["clean"] == false);
    fs::remove_file(spool.output()).unwrap();
    service.resume_delivery();
    service.publish_many("all", 4, |n| event(6 + n));
    spool.wait_lines(7);
    stop(run);
    spool.assert_lines(&events(3..10));
}

fn with_its_folder() {
    let service = Service::start();
    let spool = Spool::new();
    let folder = spool.join("folder");
    fs::create_dir(&folder).unwrap();
    let output = folder.join("out");
    let run = spool.run_with_cursor(&service).arg("-o").arg(&output).verbosity(0);
    let mut run = run.spawn();
    let lines = || super::spool::lines(&fs::read(&output).unwrap_or_default());
    service.publish_many("all", 5, event);
    wait_until("it is committed", || {
        let length = fs::metadata(&output).map_or(0, |it| it.len());
        lines().len() == 5 && spool.cursor_json()["output"][0]["offset"].as_u64() == Some(length)
    });
    fs::remove_dir_all(&folder).unwrap();
    service.publish_many("all", 5, |n| event(5 + n));
    run.wait_stderr("no such file or directory");
    fs::create_dir(&folder).unwrap();
    wait_until("all is written", || lines().len() >= 5);
    run.wait_stderr("written again after");
    ended(run).assert_stderr_has(SAID);
    assert_same(&events(5..10), &lines());
}

/// As NFS and FUSE do it with a removed file that is open.
fn hidden() {
    for name in [".nfs0000000001a2b3c400000001", ".fuse_hidden0000000a00000001"] {
        let service = Service::start();
        let spool = Spool::new();
        let run = following(&service, &spool, spool.run(&service).verbosity(0));
        fs::rename(spool.output(), spool.join(name)).unwrap();
        service.publish_many("all", 5, |n| event(5 + n));
        spool.wait_lines(5);
        said_once(run, spool.output().to_str().unwrap());
        spool.assert_lines(&events(5..10));
    }
}

fn moved_over() {
    let service = Service::start();
    let spool = Spool::new();
    let run = following(&service, &spool, spool.run(&service).verbosity(0));
    fs::write(spool.join("mine"), "{\"mine\":1}\n").unwrap();
    fs::rename(spool.join("mine"), spool.output()).unwrap();
    service.publish_many("all", 5, |n| event(5 + n));
    spool.wait_lines(6);
    said_once(run, spool.output().to_str().unwrap());
    let mut expected = vec![r#"{"mine":1}"#.to_owned()];
    expected.extend(events(5..10));
    spool.assert_lines(&expected);
}

fn rejects() {
    let service = Service::start();
    let spool = Spool::new();
    let name = "events.ndjson.rejects";
    let run = following(&service, &spool, spool.run(&service).verbosity(0));
    service.publish_odd("all", Odd::NotBase64);
    spool.wait_lines_of(name, 1);
    wait_until("it is committed", || {
        let length = fs::metadata(spool.join(name)).unwrap().len();
        spool.cursor_json()["rejects"][0]["offset"].as_u64() == Some(length)
    });
    let inode = fs::metadata(spool.output()).unwrap().ino();
    fs::remove_file(spool.join(name)).unwrap();
    let id = service.publish_odd("all", Odd::NotBase64).encode();
    service.publish_many("all", 5, |n| event(5 + n));
    spool.wait_lines_of(name, 1);
    spool.wait_lines(10);
    spool.wait_committed();
    let output = ended(run);
    assert_eq!(output.stderr.matches(SAID).count(), 1, "{}", output.whole());
    let kept: Vec<_> =
        spool.lines_of(name).iter().map(|line| super::rejects::message_id(line)).collect();
    assert_same(&[id], &kept);
    spool.assert_lines(&events(0..10));
    assert_eq!(fs::metadata(spool.output()).unwrap().ino(), inode, "the output is as it was");
}

fn cursor_and_locks() {
    let service = Service::start();
    let spool = Spool::new();
    let run = following(&service, &spool, spool.run(&service).verbosity(0));
    let mut names = spool.names();
    names.retain(|name| name == "cursor" || name.ends_with(".lock"));
    assert_eq!(names.len(), 3, "{names:?}");
    names.iter().for_each(|name| fs::remove_file(spool.join(name)).unwrap());
    service.publish_many("all", 5, |n| event(5 + n));
    spool.wait_lines(10);
    wait_until("the cursor is there again", || spool.cursor().exists());
    spool.wait_committed();
    kill(run);
    spool.catch_up(&service);
    spool.assert_lines(&events(0..10));
}

/// As logrotate's `create` does it, before its signal.
fn name_taken() {
    let service = Service::start();
    let spool = Spool::new();
    let mut run = following(&service, &spool, spool.run(&service).verbosity(0));
    let moved = spool.join("events.ndjson.1");
    fs::rename(spool.output(), &moved).unwrap();
    fs::write(spool.output(), "").unwrap();
    let mut count = 5;
    wait_until("it goes on under the name", || {
        service.publish("all", event(count));
        count += 1;
        std::thread::sleep(std::time::Duration::from_millis(50));
        !spool.lines().is_empty()
    });
    run.signal(Signal::SIGHUP);
    service.publish("all", event(count));
    let all = || [spool.lines_of("events.ndjson.1"), spool.lines()].concat();
    wait_until("all is written", || all().len() > count);
    ended(run).assert_silent();
    assert_same(&events(0..count + 1), &all());
}

fn renamed() {
    let service = Service::start();
    let spool = Spool::new();
    let mut run = following(&service, &spool, spool.run(&service).verbosity(0));
    fs::rename(spool.output(), spool.join("events.ndjson.1")).unwrap();
    for round in 0..3 {
        service.publish_many("all", 5, |n| event(5 + round * 5 + n));
        wait_until("it is committed", || {
            let length = fs::metadata(spool.join("events.ndjson.1")).unwrap().len();
            spool.lines_of("events.ndjson.1").len() == 10 + round * 5
                && spool.cursor_json()["output"][0]["offset"].as_u64() == Some(length)
        });
    }
    assert!(!spool.output().exists(), "nobody asked for it");
    run.signal(Signal::SIGHUP);
    wait_until("the output is there again", || spool.output().exists());
    service.publish_many("all", 5, |n| event(20 + n));
    spool.wait_lines(5);
    ended(run).assert_silent();
    assert_same(&events(0..25), &[spool.lines_of("events.ndjson.1"), spool.lines()].concat());
}

fn full_disk() {
    let service = Service::start();
    let (spool, disk) = (Spool::new(), SmallDisk::new("256k"));
    let wide = |n: usize| format!(r#"{{"n":{n},"text":"{}"}}"#, "x".repeat(190));
    let mut run = disk.output_here(&spool, &service).verbosity(0).spawn();
    service.publish_many("all", 300, wide);
    wait_until("it is committed", || {
        let length = fs::metadata(disk.outside("events.ndjson")).map_or(0, |it| it.len());
        disk.lines_of("events.ndjson").len() == 300
            && spool.cursor_json()["output"][0]["offset"].as_u64() == Some(length)
    });
    disk.fill_but(2);
    service.publish_many("all", 100, |n| wide(300 + n));
    run.wait_stderr("no space left on device");
    fs::remove_file(disk.outside("events.ndjson")).unwrap();
    run.wait_stderr("written again after");
    wait_until("all is written", || disk.lines_of("events.ndjson").len() >= 100);
    ended(run).assert_stderr_has(SAID);
    assert_same(&(300..400).map(wide).collect::<Vec<_>>(), &disk.lines_of("events.ndjson"));
}
