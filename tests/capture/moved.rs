//! An output that is not where it was. After a clean end that is somebody's business, and normal;
//! after a death the file is looked for beside its place and mended there.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::MetadataExt;

use libtest_mimic::Trial;

use super::spool::assert_same;
use super::{Spool, event, events, test};
use crate::support::service::Service;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("moved: renamed after a clean end", || after_a_clean_end(renamed)),
        test("moved: taken away after a clean end", || after_a_clean_end(removed)),
        test("moved: emptied after a clean end", || after_a_clean_end(emptied)),
        test("moved: replaced by an empty file after a clean end", || {
            after_a_clean_end(|spool| {
                renamed(spool);
                fs::write(spool.output(), "").unwrap();
            });
        }),
        test("moved: renamed after a death, and mended where it is", mended),
        test("moved: renamed after a death, and another one is in its place", mended_and_replaced),
        test("moved: a file that only has the lost one's inode number is left alone", reused_inode),
        test("moved: taken away after a death is said", || not_found(removed)),
        test("moved: emptied after a death is said", || not_found(emptied)),
        test("moved: shortened within a line after a death is said", || {
            not_found(|spool| {
                OpenOptions::new().write(true).open(spool.output()).unwrap().set_len(3).unwrap();
            });
        }),
    ]
}

fn renamed(spool: &Spool) {
    fs::rename(spool.output(), spool.join("events.ndjson.1")).unwrap();
}

fn removed(spool: &Spool) {
    fs::remove_file(spool.output()).unwrap();
}

fn emptied(spool: &Spool) {
    OpenOptions::new().write(true).open(spool.output()).unwrap().set_len(0).unwrap();
}

/// Silent: `take` and `catch_up` see to that.
fn after_a_clean_end(change: fn(&Spool)) {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many("all", 3, event);
    spool.catch_up(&service);
    spool.assert_lines(&events(0..3));
    change(&spool);
    spool.catch_up(&service);
    spool.assert_lines(&[]);
    service.publish_many("all", 3, |n| event(3 + n));
    spool.catch_up(&service);
    spool.assert_lines(&events(3..6));
}

fn mended() {
    let service = Service::start();
    let spool = Spool::new();
    spool.die(&service, 3, &events(0..6));
    renamed(&spool);
    let moved = spool.join("events.ndjson.1");
    OpenOptions::new().append(true).open(moved).unwrap().write_all(b"{\"n\":").unwrap();
    service.publish_many("all", 4, |n| event(6 + n));
    spool.catch_up(&service);
    union_is(&spool, 10);
    assert!(fs::read(spool.join("events.ndjson.1")).unwrap().ends_with(b"\n"), "mended");
}

fn mended_and_replaced() {
    let service = Service::start();
    let spool = Spool::new();
    spool.die(&service, 3, &events(0..6));
    renamed(&spool);
    fs::write(spool.output(), "").unwrap();
    service.publish_many("all", 4, |n| event(6 + n));
    spool.catch_up(&service);
    union_is(&spool, 10);
    spool.assert_lines(&events(6..10));
}

/// File systems give the number of a deleted file to the next one that is made.
fn reused_inode() {
    for known in [1, 3] {
        let service = Service::start();
        let spool = Spool::new();
        spool.die(&service, known, &events(0..6));
        removed(&spool);
        let notes = spool.join("notes.txt");
        let text = "1234567\n1234567\n1234567\nsomebody's notes, which are no JSON\n";
        fs::write(&notes, text).unwrap();
        let inode = fs::metadata(&notes).unwrap().ino();
        spool.edit_cursor(|cursor| cursor["output"][0]["inode"] = inode.into());
        spool.catching_up(&service).run().assert_code(0);
        assert_eq!(fs::read_to_string(notes).unwrap(), text, "somebody else's file was cut");
    }
}

fn not_found(change: fn(&Spool)) {
    let service = Service::start();
    let spool = Spool::new();
    spool.die(&service, 3, &events(0..6));
    change(&spool);
    service.publish("all", event(6));
    let output = spool.catching_up(&service).run();
    output.assert_code(0).assert_stderr_has("up to a second of events may be repeated");
    output.assert_stderr_has("tail8x8: warning: ");
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
    let lines = spool.lines();
    let repeated = &lines[lines.len() - 4..];
    assert_same(&events(3..7), repeated);
    // From here on all is as usual.
    service.publish("all", event(7));
    spool.catch_up(&service);
    assert_eq!(spool.lines().len(), lines.len() + 1);
}

fn union_is(spool: &Spool, count: usize) {
    let mut all = spool.lines_of("events.ndjson.1");
    all.extend(spool.lines());
    assert_same(&events(0..count), &all);
}
