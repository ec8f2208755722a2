//! Paths are bytes: a folder named in another encoding than UTF-8 is a folder like any other.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use libtest_mimic::Trial;

use super::spool::{assert_same, lines};
use super::{events, kill, test, wait_until};
use crate::support::ca::Ca;
use crate::support::canary;
use crate::support::run::{Key, Run};
use crate::support::scratch::Scratch;
use crate::support::service::{Odd, Service};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("bytes: a death in a folder of another encoding", || death(false)),
        test("bytes: a death with options of another encoding", || death(true)),
        test("bytes: --rotate-keep in a folder of another encoding", keep),
        test("bytes: the key and the roots in files of another encoding", settings),
        test("bytes: a message shows what can be shown", message),
    ]
}

/// `café` in Latin-1.
fn folder(scratch: &Scratch) -> PathBuf {
    let folder = scratch.join("").join(OsStr::from_bytes(b"caf\xe9"));
    fs::create_dir(&folder).unwrap();
    folder
}

fn run(service: &Service, scratch: &Scratch, name: &str, with_folder: bool) -> Run {
    let folder = scratch.join("").join(OsStr::from_bytes(b"caf\xe9"));
    let base = if with_folder { folder.clone() } else { PathBuf::new() };
    let run = Run::against(service).few_roots().verbosity(0).within(&folder);
    let run = run.arg("-o").arg(base.join(name)).arg("--cursor-file").arg(base.join("cursor"));
    let run = run.arg("--rejects").arg(base.join("rejects"));
    run.arg("--metrics-file").arg(base.join("metrics"))
}

fn death(with_folder: bool) {
    let service = Service::start();
    let scratch = Scratch::new("bytes");
    let folder = folder(&scratch);
    let output = || lines(&fs::read(folder.join("out")).unwrap_or_default());
    let rejects = || lines(&fs::read(folder.join("rejects")).unwrap_or_default());
    for round in 0..4 {
        let run = run(&service, &scratch, "out", with_folder).spawn();
        service.publish_odd("all", Odd::NotBase64);
        service.publish_many("all", 10, |n| super::event(round * 10 + n));
        wait_until("it is written", || output().len() == round * 10 + 10);
        kill(run);
    }
    let last = run(&service, &scratch, "out", with_folder).args(&["-e", "--idle-timeout", "500ms"]);
    last.run().assert_code(0).assert_stderr_lacks("repeated");
    assert_same(&events(0..40), &output());
    assert_eq!(rejects().len(), 4);
}

fn keep() {
    let service = Service::start();
    let scratch = Scratch::new("bytes");
    let folder = folder(&scratch);
    service.publish_many("all", 1000, super::event);
    let run = run(&service, &scratch, "out.ndjson", false);
    let args = ["-e", "--idle-timeout", "500ms", "--rotate-size", "1k", "--rotate-keep", "3"];
    run.args(&args).run().assert_code(0).assert_silent();
    let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    let names: Vec<_> = names.filter(|name| name.as_bytes().ends_with(b".ndjson")).collect();
    assert_eq!(names.len(), 3, "{names:?}");
}

fn settings() {
    let service = Service::start();
    service.publish("all", super::event(0));
    let scratch = Scratch::new("bytes");
    let folder = folder(&scratch);
    let file = |name: &[u8], bytes: &[u8]| {
        let path = folder.join(OsStr::from_bytes(name));
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    };
    let key = file(b"k\xe9y", canary::key().as_bytes());
    let roots = file(b"r\xe9", &fs::read(Ca::shared().root_pem()).unwrap());
    let config = file(b"c\xe9", b"num-messages = 1\nmessage-id = earliest\n");
    for by_variable in [false, true] {
        let run = Run::against(&service).key(Key::None).verbosity(0);
        let run = run.arg("--ca-file").arg(&roots).arg("--config").arg(&config);
        let run = match by_variable {
            true => run.env("PULSAR_API_KEY_FILE", &key),
            false => run.arg("--x-api-key-file").arg(&key),
        };
        run.run().assert_code(0).assert_silent().assert_lines(&events(0..1));
    }
}

fn message() {
    let service = Service::builder().may_be_unreached().start();
    let run = Run::against(&service).arg("-o").arg(OsStr::from_bytes(b"caf\xe9/out"));
    let output = run.verbosity(0).fails_with("output.create", 73);
    output.assert_stderr_has("output caf\u{fffd}/out: its folder does not exist");
}
