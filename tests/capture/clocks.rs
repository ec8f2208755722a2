//! Rotation by the UTC clock: at the boundary, also without traffic, and names made of the time.

use std::fs;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use libtest_mimic::Trial;

use super::spool::{assert_same, finished_at};
use super::{Spool, event, events, kill, stop, test, wait_until};
use crate::support::service::Service;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("clock: rotated at the boundary, also without traffic", boundaries),
        test("clock: at the boundary, also while the service is away", away),
        test("clock: by size and time at once", both),
        test("clock: an overdue file is finished by the next start", || overdue(true)),
        test("clock: an overdue file is finished after a death, too", || overdue(false)),
        test("clock: a name of the time changes with it", names_of_the_time),
        test("clock: a name of the time, with a death in between", names_over_a_death),
        test("clock: a name of the time, rotated", rotated_names_of_the_time),
        test("clock: a percent sign in a name", percent),
    ]
}

/// The first multiple of `every` seconds after the file's last write is in its name.
fn assert_finished_at_its_boundary(spool: &Spool, name: &str, every: i64) {
    let modified = fs::metadata(spool.join(name)).unwrap().modified().unwrap();
    let boundary = |written: SystemTime| {
        let written = Timestamp::try_from(written).unwrap().as_second();
        let boundary = Timestamp::from_second((written / every + 1) * every).unwrap();
        boundary.strftime("%Y%m%dT%H%M%S").to_string()
    };
    // The kernel stamps files by a clock that is a few milliseconds behind.
    let expected = [boundary(modified), boundary(modified + Duration::from_millis(20))];
    let finished = finished_at(name).unwrap().0;
    assert!(expected.contains(&finished), "{finished}, last written at {modified:?}: {expected:?}");
}

fn boundaries() {
    let service = Service::start();
    let spool = Spool::new();
    let run = spool.run(&service).args(&["--rotate-interval", "2s"]).spawn();
    for round in 0..3 {
        service.publish("all", event(round));
        wait_until("a file is finished", || spool.finished().len() > round);
        // Nothing comes, yet it is there. A second is the promise, the rest is for a busy machine.
        let (stamp, _) = finished_at(&spool.finished()[round]).unwrap();
        let boundary = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%S", &stamp).unwrap();
        let boundary = jiff::tz::Offset::UTC.to_timestamp(boundary).unwrap();
        let late = Timestamp::now().duration_since(boundary);
        assert!((0..35).contains(&late.as_secs()), "finished {late} after its boundary");
    }
    // Over an interval without a line: no empty file is finished.
    let later = Timestamp::now() + Duration::from_millis(4500);
    wait_until("two more boundaries have passed", || Timestamp::now() > later);
    assert_eq!(spool.finished().len(), 3, "{:?}", spool.names());
    stop(run);
    for name in spool.finished() {
        assert_finished_at_its_boundary(&spool, &name, 2);
    }
    assert_same(&events(0..3), &spool.rotated_lines());
}

fn away() {
    let service = Service::start();
    let spool = Spool::new();
    let args = ["--rotate-interval", "3s", "--retry-delay", "20s", "--retry-max-delay", "20s"];
    let mut run = spool.run(&service).args(&args).spawn();
    service.publish("all", event(0));
    wait_until("it is written", || spool.rotated_lines().len() == 1);
    service.stop_listening();
    service.cut_connections();
    run.wait_stderr("trying again");
    wait_until("a file is finished", || spool.finished().len() == 1);
    assert_finished_at_its_boundary(&spool, &spool.finished()[0], 3);
    stop(run);
}

fn both() {
    let service = Service::start();
    let spool = Spool::new();
    let wide = |n: usize| format!(r#"{{"n":{n},"text":"{}"}}"#, "x".repeat(200));
    let run = spool.run(&service);
    let run = run.args(&["--rotate-interval", "2s", "--rotate-size", "1k"]).spawn();
    for round in 0..3 {
        let finished = spool.finished().len();
        // Two files by size, and a rest for the clock.
        service.publish_many("all", 12, |n| wide(round * 12 + n));
        wait_until("the rest is finished", || {
            spool.finished().len() > finished
                && spool.lines_of("events.ndjson.part").is_empty()
                && spool.rotated_lines().len() == round * 12 + 12
        });
    }
    stop(run);
    assert!(spool.finished().len() >= 6, "{:?}", spool.names());
    assert_same(&(0..36).map(wide).collect::<Vec<_>>(), &spool.rotated_lines());
}

fn overdue(clean: bool) {
    let service = Service::start();
    let spool = Spool::new();
    let hourly = || spool.catching_up(&service).args(&["--rotate-interval", "1h"]);
    service.publish_many("all", 3, event);
    hourly().run().assert_code(0).assert_silent();
    assert!(spool.finished().is_empty(), "{:?}", spool.names());
    let part = spool.join("events.ndjson.part");
    let yesterday = SystemTime::now() - Duration::from_secs(26 * 3600);
    let file = fs::OpenOptions::new().append(true).open(&part).unwrap();
    file.set_modified(yesterday).unwrap();
    spool.edit_cursor(|cursor| cursor["clean"] = clean.into());
    service.publish_many("all", 2, |n| event(3 + n));
    hourly().run().assert_code(0).assert_silent();
    let finished = spool.finished();
    assert_eq!(finished.len(), 1, "{:?}", spool.names());
    assert_same(&events(0..3), &spool.lines_of(&finished[0]));
    assert_same(&events(3..5), &spool.lines_of("events.ndjson.part"));
    assert_finished_at_its_boundary(&spool, &finished[0], 3600);
}

/// Names of seconds: `ev-20261002T090000.ndjson`.
const TEMPLATE: &str = "ev-%Y%m%dT%H%M%S.ndjson";

fn of_the_time(spool: &Spool) -> Vec<String> {
    let mut names = spool.names();
    names.retain(|name| name.starts_with("ev-2") && name.ends_with(".ndjson"));
    // The next one may be there before there is anything to write.
    names.retain(|name| !spool.lines_of(name).is_empty());
    names
}

fn names_of_the_time() {
    let service = Service::start();
    let spool = Spool::new();
    let run = spool.run_with_cursor(&service).arg("-o").arg(spool.join(TEMPLATE)).spawn();
    for round in 0..3 {
        service.publish("all", event(round));
        wait_until("it is in a file", || all_of_the_time(&spool).len() > round);
        let name = of_the_time(&spool).pop().unwrap();
        let now = || Timestamp::now().strftime(TEMPLATE).to_string();
        wait_until("the second is over", || now() > name);
    }
    stop(run);
    assert_eq!(of_the_time(&spool).len(), 3, "{:?}", spool.names());
    assert_same(&events(0..3), &all_of_the_time(&spool));
    assert!(spool.join(&format!("{TEMPLATE}.tail8x8.lock")).exists(), "{:?}", spool.names());
}

fn all_of_the_time(spool: &Spool) -> Vec<String> {
    of_the_time(spool).iter().flat_map(|name| spool.lines_of(name)).collect()
}

fn names_over_a_death() {
    let service = Service::start();
    let spool = Spool::new();
    let run = || spool.run_with_cursor(&service).arg("-o").arg(spool.join(TEMPLATE));
    for round in 0..4 {
        let running = run().verbosity(0).spawn();
        service.publish_many("all", 10, |n| event(round * 10 + n));
        wait_until("all is in a file", || all_of_the_time(&spool).len() >= round * 10 + 10);
        kill(running);
    }
    let last = run().args(&["-e", "--idle-timeout", "500ms"]).verbosity(0).run();
    last.assert_code(0).assert_silent();
    assert_same(&events(0..40), &all_of_the_time(&spool));
}

/// The finished file has the time at which it began.
fn rotated_names_of_the_time() {
    let service = Service::start();
    let spool = Spool::new();
    let run = spool.run_with_cursor(&service).arg("-o").arg(spool.join(TEMPLATE));
    let run = run.args(&["--rotate-interval", "2s"]).spawn();
    for round in 0..2 {
        let before = Timestamp::now().strftime(TEMPLATE).to_string();
        service.publish("all", event(round));
        wait_until("it is finished", || of_the_time(&spool).len() > round);
        let name = of_the_time(&spool).pop().unwrap();
        let after = Timestamp::now().strftime(TEMPLATE).to_string();
        assert!(name < after, "{name} is of the time it began, before {after}");
        // The file may have been opened by the rotation before, an interval ago.
        assert!(round > 0 || name[..11] >= before[..11], "{name} after {before}");
    }
    service.publish("all", event(2));
    let part = || spool.names().into_iter().find(|name| name.ends_with(".ndjson.part"));
    wait_until("the third is written", || {
        part().is_some_and(|name| !spool.lines_of(&name).is_empty())
            || of_the_time(&spool).len() > 2
    });
    stop(run);
    let mut all = all_of_the_time(&spool);
    all.extend(part().map(|name| spool.lines_of(&name)).unwrap_or_default());
    assert_same(&events(0..3), &all);
}

fn percent() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish("all", event(0));
    let run = spool.run_with_cursor(&service).arg("-o").arg(spool.join("100%%.ndjson"));
    run.args(&["-n", "1"]).run().assert_code(0);
    assert_same(&events(0..1), &spool.lines_of("100%.ndjson"));
}
