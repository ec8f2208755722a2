//! Rotation by size, and what holds for every rotation: whole files by rename, never overwritten, the
//! oldest deleted if asked, and the open one left for the next run. By the clock: `clocks`.

use std::fs;

use libtest_mimic::Trial;

use super::spool::{assert_same, is_stamp};
use super::{Spool, stop, test, wait_until};
use crate::support::service::Service;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("rotation: by size, each file whole and about as large", by_size),
        test("rotation: a line larger than a file is a file", large_line),
        test("rotation: names that are taken are left alone", taken),
        test("rotation: --rotate-keep deletes its own oldest and nothing else", keep),
        test("rotation: --rotate-keep over several runs", keep_over_runs),
        test("rotation: --rotate-keep after a clock that was ahead", keep_after_the_future),
        test("rotation: --rotate-keep counts what was compressed", keep_compressed),
        test("rotation: a name is taken by what was compressed, too", taken_by_compressed),
        test("rotation: the open file stays .part at the end, and is gone on with", goes_on),
        test("rotation: a death in the middle of one", death_in_the_middle),
        test("rotation: an output without an extension", without_extension),
        test("rotation: turned on for a file that was not rotated", turned_on),
    ]
}

fn wide(n: usize) -> String {
    format!(r#"{{"n":{},"text":"{}"}}"#, 10_000 + n, "x".repeat(80))
}

fn wides(count: usize) -> Vec<String> {
    (0..count).map(wide).collect()
}

fn by_size() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many("all", 100, wide);
    let output = spool.catching_up(&service).args(&["--rotate-size", "1k"]).run();
    output.assert_code(0).assert_silent();
    let line = wide(0).len() + 1;
    let finished = spool.finished();
    for name in &finished {
        let length = fs::metadata(spool.join(name)).unwrap().len() as usize;
        assert!(length.abs_diff(1024) <= line, "{name} has {length} bytes");
    }
    let whole = 100 * line / 1024;
    assert!(finished.len().abs_diff(whole) <= 2, "{finished:?}");
    assert_same(&wides(100), &spool.rotated_lines());
    assert!(!spool.output().exists(), "{:?}", spool.names());
}

fn large_line() {
    let service = Service::start();
    let spool = Spool::new();
    let large = |n: usize| format!(r#"{{"n":{n},"text":"{}"}}"#, "y".repeat(5000));
    service.publish_many("all", 3, large);
    let output = spool.catching_up(&service).args(&["--rotate-size", "1k"]).run();
    output.assert_code(0).assert_silent();
    assert_same(&(0..3).map(large).collect::<Vec<_>>(), &spool.rotated_lines());
    assert!(spool.finished().len() >= 2, "{:?}", spool.names());
}

/// Whatever second it will be.
fn taken() {
    let service = Service::start();
    let spool = Spool::new();
    let now = jiff::Timestamp::now().as_second();
    let mine: Vec<_> = (now - 1..now + 120)
        .map(|second| {
            let time = jiff::Timestamp::from_second(second).unwrap();
            let name = time.strftime("events.%Y%m%dT%H%M%S.ndjson").to_string();
            fs::write(spool.join(&name), format!("{second}\n")).unwrap();
            (name, format!("{second}\n"))
        })
        .collect();
    service.publish_many("all", 40, wide);
    let output = spool.catching_up(&service).args(&["--rotate-size", "1k"]).run();
    output.assert_code(0).assert_silent();
    let mut lines = Vec::new();
    for name in spool.finished() {
        if let Some((_, text)) = mine.iter().find(|(mine, _)| *mine == name) {
            assert_eq!(&fs::read_to_string(spool.join(&name)).unwrap(), text, "{name}");
        } else {
            lines.extend(spool.lines_of(&name));
        }
    }
    lines.extend(spool.lines_of("events.ndjson.part"));
    assert_same(&wides(40), &lines);
}

const FOREIGN: &[&str] = &[
    "events.ndjson.1",
    "events.20200101T000000.ndjson.gz.tmp",
    "events.20200101T000000.ndjson.zip",
    "events.20200101T000000.log",
    "events.20200101T0000.ndjson",
    "events.20200101T000000-x.ndjson",
    "events.2020.ndjson",
    "events.ndjson",
    "other.20200101T000000.ndjson",
    "20200101T000000.ndjson",
    "events-20200101T000000.ndjson",
    "events.20200101T000000.ndjson.part",
];

fn keep() {
    let service = Service::start();
    let spool = Spool::new();
    let old = ["events.20200101T000000.ndjson", "events.20200101T000000-1.ndjson"];
    for name in FOREIGN.iter().chain(&old) {
        fs::write(spool.join(name), "{}\n").unwrap();
    }
    fs::create_dir(spool.join("events.20200102T000000.ndjson")).unwrap();
    service.publish_many("all", 100, wide);
    let args = ["--rotate-size", "1k", "--rotate-keep", "2"];
    let output = spool.catching_up(&service).args(&args).run();
    output.assert_code(0);
    for name in FOREIGN {
        assert!(spool.join(name).is_file(), "{name} was deleted: {:?}", spool.names());
    }
    assert!(spool.join("events.20200102T000000.ndjson").is_dir(), "a folder was deleted");
    for name in old {
        assert!(!spool.join(name).exists(), "{name} was kept");
    }
    fs::remove_dir(spool.join("events.20200102T000000.ndjson")).unwrap();
    assert_eq!(spool.finished().len(), 2, "{:?}", spool.names());
    let lines = spool.rotated_lines();
    assert_same(&wides(100)[100 - lines.len()..], &lines);
}

fn keep_over_runs() {
    let service = Service::start();
    let spool = Spool::new();
    for round in 0..4 {
        service.publish_many("all", 30, |n| wide(round * 30 + n));
        let args = ["--rotate-size", "1k", "--rotate-keep", "3"];
        let output = spool.catching_up(&service).args(&args).run();
        output.assert_code(0).assert_silent();
        assert!(spool.finished().len() <= 3, "{:?}", spool.names());
    }
    let lines = spool.rotated_lines();
    assert_same(&wides(120)[120 - lines.len()..], &lines);
}

/// Neither the times in the names nor those of the files are to be believed then.
fn keep_after_the_future() {
    let service = Service::start();
    let spool = Spool::new();
    let ahead = std::time::SystemTime::now() + std::time::Duration::from_secs(1 << 31);
    for n in 0..3 {
        let file = fs::File::create(spool.join(&format!("events.2099010{n}T000000.ndjson")));
        file.unwrap().set_modified(ahead).unwrap();
    }
    service.publish_many("all", 100, wide);
    let args = ["--rotate-size", "1k", "--rotate-keep", "2"];
    spool.catching_up(&service).args(&args).run().assert_code(0).assert_silent();
    assert_eq!(spool.finished().len(), 2, "{:?}", spool.names());
    let lines = spool.rotated_lines();
    assert!(lines.len() > 10, "{:?}", spool.names());
    assert_same(&wides(100)[100 - lines.len()..], &lines);
}

fn keep_compressed() {
    let service = Service::start();
    let spool = Spool::new();
    let run = |round: usize| {
        service.publish_many("all", 40, |n| wide(round * 40 + n));
        let args = ["--rotate-size", "1k", "--rotate-keep", "3"];
        spool.catching_up(&service).args(&args).run().assert_code(0).assert_silent();
    };
    run(0);
    for (name, extension) in spool.finished().iter().zip(["gz", "zst", "xz", "bz2"]) {
        fs::rename(spool.join(name), spool.join(&format!("{name}.{extension}"))).unwrap();
    }
    let compressed = || {
        let names = spool.names();
        names
            .into_iter()
            .filter(|name| !name.ends_with(".lock") && name.contains("ndjson."))
            .count()
            - 1
    };
    assert_eq!((compressed(), spool.finished().len()), (3, 0), "{:?}", spool.names());
    run(1);
    assert_eq!((compressed(), spool.finished().len()), (0, 3), "{:?}", spool.names());
}

fn taken_by_compressed() {
    let service = Service::start();
    let spool = Spool::new();
    let run = |round: usize| {
        service.publish_many("all", 12, |n| wide(round * 12 + n));
        let run = spool.run_with_cursor(&service).arg("-o").arg(spool.join("events.%Y.ndjson"));
        let args = ["-e", "--idle-timeout", "500ms", "--rotate-size", "1k"];
        run.args(&args).verbosity(0).run().assert_code(0).assert_silent();
    };
    let finished = || {
        let mut names = spool.names();
        names.retain(|name| name.ends_with(".ndjson"));
        names
    };
    run(0);
    let first = finished();
    assert_eq!(first.len(), 1, "{:?}", spool.names());
    fs::rename(spool.join(&first[0]), spool.join(&format!("{}.gz", first[0]))).unwrap();
    run(1);
    assert!(!finished().is_empty() && !finished().contains(&first[0]), "{:?}", spool.names());
}

fn goes_on() {
    let service = Service::start();
    let spool = Spool::new();
    for round in 0..5 {
        service.publish_many("all", 3, |n| wide(round * 3 + n));
        let output = spool.catching_up(&service).args(&["--rotate-size", "1M"]).run();
        output.assert_code(0).assert_silent();
        assert_same(&wides(round * 3 + 3), &spool.lines_of("events.ndjson.part"));
    }
    assert!(spool.finished().is_empty(), "{:?}", spool.names());
}

/// Every point of a rotation that leaves traces is gone through: the cursor before it, after it, and
/// the file under its old and its new name.
fn death_in_the_middle() {
    let service = Service::start();
    let spool = Spool::new();
    let run = || spool.catching_up(&service).args(&["--rotate-size", "1k"]);
    service.publish_many("all", 9, wide);
    run().run().assert_code(0);
    let before = fs::read(spool.cursor()).unwrap();
    service.publish_many("all", 10, |n| wide(9 + n));
    run().run().assert_code(0);
    let finished = spool.finished();
    assert_eq!(finished.len(), 1, "one rotation: {:?}", spool.names());

    // The new file does not exist yet, and the cursor still tells of the old one.
    let part = spool.join("events.ndjson.part");
    fs::remove_file(&part).unwrap();
    fs::write(spool.cursor(), &before).unwrap();
    spool.edit_cursor(|cursor| cursor["clean"] = false.into());
    run().run().assert_code(0).assert_silent();
    assert_same(&wides(19), &spool.rotated_lines());

    // The rotation is in the cursor, the rename did not happen.
    fs::remove_file(&part).unwrap();
    fs::rename(spool.join(&finished[0]), &part).unwrap();
    fs::write(spool.cursor(), &before).unwrap();
    spool.edit_cursor(|cursor| {
        cursor["clean"] = false.into();
        cursor["rotation"] = spool.join(&finished[0]).to_str().unwrap().into();
    });
    run().run().assert_code(0).assert_silent();
    assert_same(&wides(19), &spool.rotated_lines());
}

fn without_extension() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many("all", 30, wide);
    let run = spool.run_with_cursor(&service).arg("-o").arg(spool.join("events")).verbosity(0);
    let args = ["-e", "--idle-timeout", "500ms", "--rotate-size", "1k"];
    run.args(&args).run().assert_code(0).assert_silent();
    let mut names = spool.names();
    names.retain(|name| name.starts_with("events.") && !name.ends_with(".lock"));
    let parts = names.iter().filter(|name| *name == "events.part").count();
    assert_eq!(parts, 1, "{names:?}");
    for name in names.iter().filter(|name| *name != "events.part") {
        let stamp = name.strip_prefix("events.").unwrap();
        assert!(is_stamp(stamp.split('-').next().unwrap()), "{name}");
    }
    assert!(names.len() >= 3, "{names:?}");
}

fn turned_on() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many("all", 3, wide);
    spool.catch_up(&service);
    service.publish_many("all", 20, |n| wide(3 + n));
    let run = spool.run(&service).args(&["--rotate-size", "1k"]).spawn();
    wait_until("all is there", || spool.rotated_lines().len() + spool.lines().len() >= 23);
    stop(run);
    let all = [spool.lines(), spool.rotated_lines()].concat();
    assert_same(&wides(23), &all);
}
