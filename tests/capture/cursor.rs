//! The cursor file: what is in it, and which ones are refused, and how. What is made of it: `resuming`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use libtest_mimic::Trial;
use serde_json::Value;

use super::{Spool, event, test};
use crate::support::run::Output;
use crate::support::service::{Id, Service};

/// What is wrong with it, what to do to it, and words on the line.
type Row = (&'static str, fn(&mut Value), &'static [&'static str]);

#[rustfmt::skip]
const FOREIGN: &[Row] = &[
    ("another host", |it| it["host"] = "elsewhere.example".into(), &["elsewhere.example"]),
    ("another tenant", |it| it["tenant"] = "emca".into(), &["emca", "acme"]),
    ("another namespace", |it| it["namespace"] = "agent-v1".into(), &["agent-v1"]),
    ("another topic", |it| it["topic"] = "7".into(), &["7"]),
    ("another version", |it| it["version"] = 2.into(), &["version", "2"]),
    ("no version", |it| drop(it.as_object_mut().unwrap().remove("version")), &["version"]),
    ("a version that is no number", |it| it["version"] = "1".into(), &["version"]),
    ("an id that is none", |it| it["newest"] = "AAAA".into(), &[]),
    ("no output", |it| drop(it.as_object_mut().unwrap().remove("output")), &[]),
    ("a negative offset", |it| it["output"][0]["offset"] = (-1).into(), &[]),
];

const DAMAGED: &[(&str, &[u8])] = &[
    ("is empty", b""),
    ("is half a one", b"{\"version\":1,\"host\":\"127.0"),
    ("is zeros", &[0; 300]),
    ("is a list", b"[]\n"),
    ("is somebody else's JSON", b"{\"cursor\":1}\n"),
    ("is a message id", b"CAsQAA==\n"),
];

pub(super) fn trials() -> Vec<Trial> {
    let foreign = FOREIGN.iter().map(|&(name, edit, words)| {
        test(&format!("cursor: refused with {name}"), move || {
            refused(words, |spool| spool.edit_cursor(edit));
        })
    });
    let damaged = DAMAGED.iter().map(|&(name, bytes)| {
        test(&format!("cursor: refused when it {name}"), move || {
            refused(&[], |spool| fs::write(spool.cursor(), bytes).unwrap());
        })
    });
    let others = [
        test("cursor: one that cannot be read is 66", unreadable),
        test("cursor: what is in it", members),
    ];
    foreign.chain(damaged).chain(others).collect()
}

/// 78, told which cursor it is, and how to go on; nothing is changed.
fn refused(words: &[&str], change: impl FnOnce(&Spool)) {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many("all", 3, event);
    spool.catch_up(&service);
    change(&spool);
    let (before, connections) = (contents(&spool), service.connections());
    let output = spool.catching_up(&service).run();
    assert_refused(&output, &spool.cursor(), 78, "config.cursor");
    for word in words {
        output.assert_stderr_has(word);
    }
    assert_eq!(contents(&spool), before, "nothing is touched");
    assert_eq!(service.connections(), connections, "nothing is connected");
}

fn unreadable() {
    let service = Service::builder().may_be_unreached().start();
    let spool = Spool::new();
    fs::create_dir(spool.cursor()).unwrap();
    let output = spool.catching_up(&service).run();
    assert_refused(&output, &spool.cursor(), 66, "config.file");
    assert_eq!(spool.names(), ["cursor"]);
    assert_eq!(service.connections(), 0);
}

fn assert_refused(output: &Output, cursor: &Path, code: i32, name: &str) {
    output.assert_code(code).assert_stderr_has(&format!("[{name}]; "));
    output.assert_stderr_has(cursor.to_str().unwrap());
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
}

fn members() {
    let service = Service::start();
    let spool = Spool::new();
    let ids = service.publish_many("all", 3, event);
    spool.catch_up(&service);
    let cursor = spool.cursor_json();
    for (name, value) in
        [("host", "127.0.0.1"), ("tenant", "acme"), ("namespace", "event-v1"), ("topic", "all")]
    {
        assert_eq!(cursor[name], value, "{cursor}");
    }
    assert_eq!(cursor["version"], 1, "{cursor}");
    assert_eq!(cursor["clean"], true, "{cursor}");
    assert_eq!(cursor["partitioned"], false, "{cursor}");
    assert_eq!(Id::parse(cursor["newest"].as_str().unwrap()), Some(ids[2]), "{cursor}");
    let length = fs::metadata(spool.output()).unwrap().len();
    assert_eq!(cursor["output"][0]["offset"], length, "{cursor}");
    let began: jiff::Timestamp = cursor["began"].as_str().unwrap().parse().unwrap();
    let age = jiff::Timestamp::now().duration_since(began);
    assert!(age.as_secs().abs() < 120, "began {began}");
    assert_eq!(
        spool.names(),
        ["cursor", "cursor.tail8x8.lock", "events.ndjson", "events.ndjson.tail8x8.lock"]
    );
}

pub(super) fn contents(spool: &Spool) -> BTreeMap<String, Vec<u8>> {
    let read = |name: String| (name.clone(), fs::read(spool.join(&name)).unwrap_or_default());
    spool.names().into_iter().map(read).collect()
}
