//! Messages that cannot be lines of the output: kept in a file of their own, as JSON lines.

use std::fs;
use std::os::unix::fs::MetadataExt;

use libtest_mimic::Trial;
use serde_json::Value;

use super::{Spool, event, events, test};
use crate::support::service::{Fault, Odd, Service};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("rejects: kept beside the output, made at the first one", beside),
        test("rejects: in the file that --rejects names", named),
        test("rejects: the frame is kept as it came", frames),
        test("rejects: none is lost or doubled over a clean end", over_runs),
        test("rejects: the last message is rejected once, not by each run", last),
        test("rejects: without an id, once in a run", without_an_id),
        test("rejects: after a death, too", over_a_death),
        test("rejects: after a death that took only lines of the output", over_lost_lines),
    ]
}

fn beside() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish("all", event(0));
    spool.catch_up(&service);
    assert!(!spool.join("events.ndjson.rejects").exists(), "made without need");
    let id = service.publish_odd("all", Odd::NotBase64);
    service.publish("all", event(1));
    let output = spool.catching_up(&service).args(&["--file-mode", "0640"]).run();
    output.assert_code(0);
    spool.assert_lines(&events(0..2));
    let reject = only(&spool, "events.ndjson.rejects");
    assert_eq!(reject["messageId"], id.encode());
    assert!(reject["reason"].as_str().unwrap().contains("base64"), "{reject}");
    let mode = fs::metadata(spool.join("events.ndjson.rejects")).unwrap().mode();
    assert_eq!(mode & 0o7777, 0o640);
}

/// An id that can be read has its place, though the rest of the envelope cannot.
fn last() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish("all", event(0));
    service.publish_odd("all", Odd::NoPayload);
    spool.catching_up(&service).run().assert_code(0);
    for _ in 0..2 {
        spool.catch_up(&service);
    }
    only(&spool, "events.ndjson.rejects");
}

/// Every session delivers it again, since it has no place to resume after.
fn without_an_id() {
    let service = Service::builder().faults([Fault::Reset, Fault::Reset]).fault_after(3).start();
    let spool = Spool::new();
    service.publish("all", event(0));
    (0..2).for_each(|_| _ = service.publish_odd("all", Odd::NotJson));
    let output = spool.catching_up(&service).args(&["--retry-delay", "10ms"]).run();
    output.assert_code(0);
    assert_eq!(spool.lines_of("events.ndjson.rejects").len(), 2, "two that are alike");
    assert!(service.seen().upgraded() >= 3);
}

fn named() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_odd("all", Odd::NotJsonPayload);
    let run = spool.catching_up(&service).arg("--rejects").arg(spool.join("bad"));
    run.run().assert_code(0);
    assert!(only(&spool, "bad")["reason"].is_string());
    assert!(!spool.join("events.ndjson.rejects").exists());
}

fn frames() {
    for (odd, has_id) in [
        (Odd::NotJson, false),
        (Odd::NoPayload, true),
        (Odd::NumberPayload, true),
        (Odd::NotBase64, true),
        (Odd::CutPayload, true),
        (Odd::RawNewlineInString, true),
    ] {
        let service = Service::start();
        let spool = Spool::new();
        let id = service.publish_odd("all", odd);
        spool.catching_up(&service).run().assert_code(0);
        let reject = only(&spool, "events.ndjson.rejects");
        if has_id {
            assert_eq!(reject["messageId"], id.encode(), "{odd:?}: {reject}");
            let frame: Value = serde_json::from_str(reject["frame"].as_str().unwrap()).unwrap();
            assert_eq!(frame["messageId"], id.encode(), "{odd:?}");
        } else {
            assert!(reject.get("messageId").is_none(), "{odd:?}: {reject}");
            assert_eq!(reject["frame"], "this is no JSON");
        }
    }
}

fn over_runs() {
    let service = Service::start();
    let spool = Spool::new();
    for n in 0..4 {
        service.publish_odd("all", Odd::NotBase64);
        service.publish("all", event(n));
        spool.catching_up(&service).run().assert_code(0);
        assert_eq!(spool.lines_of("events.ndjson.rejects").len(), n + 1);
    }
    spool.assert_lines(&events(0..4));
}

fn over_a_death() {
    let service = Service::start();
    let spool = Spool::new();
    for n in 0..4 {
        service.publish("all", event(n));
        service.publish_odd("all", Odd::NotBase64);
    }
    spool.catching_up(&service).args(&["-n", "2"]).run().assert_code(0);
    let cursor = fs::read(spool.cursor()).unwrap();
    spool.catching_up(&service).run().assert_code(0);
    assert_eq!(spool.lines_of("events.ndjson.rejects").len(), 4);
    fs::write(spool.cursor(), cursor).unwrap();
    spool.edit_cursor(|cursor| cursor["clean"] = false.into());
    spool.catching_up(&service).run().assert_code(0);
    spool.assert_lines(&events(0..4));
    assert_eq!(spool.lines_of("events.ndjson.rejects").len(), 4, "each once");
}

/// As a power loss leaves it, or a death between the two cuts of a rollback.
fn over_lost_lines() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish("all", event(0));
    spool.catch_up(&service);
    let cursor = fs::read(spool.cursor()).unwrap();
    let known = fs::metadata(spool.output()).unwrap().len();
    service.publish("all", event(1));
    service.publish_odd("all", Odd::NotBase64);
    service.publish("all", event(2));
    spool.catching_up(&service).run().assert_code(0);
    only(&spool, "events.ndjson.rejects");
    fs::write(spool.cursor(), cursor).unwrap();
    spool.edit_cursor(|cursor| cursor["clean"] = false.into());
    fs::File::options().write(true).open(spool.output()).unwrap().set_len(known).unwrap();
    spool.catching_up(&service).run().assert_code(0);
    spool.assert_lines(&events(0..3));
    only(&spool, "events.ndjson.rejects");
}

/// Of one line of a rejects file.
pub(super) fn message_id(reject: &str) -> String {
    let reject: Value = serde_json::from_str(reject).expect(reject);
    reject["messageId"].as_str().unwrap().to_owned()
}

fn only(spool: &Spool, name: &str) -> Value {
    let lines = spool.lines_of(name);
    assert_eq!(lines.len(), 1, "{name}: {lines:?}");
    serde_json::from_str(&lines[0]).unwrap()
}
