//! The files of a run that a config file names: whether they can be used is found out without making
//! or changing any. And what is said of the clock.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use libtest_mimic::Trial;
use serde_json::Value;

use super::document::{assert_ends, assert_says, check, document, text};
use super::test;
use crate::capture::small_disk::SmallDisk;
use crate::capture::spool::Spool;
use crate::capture::{event, ignored_if};
use crate::support::run::{Output, Run};
use crate::support::service::{Body, Fault, Service};

pub fn trials() -> Vec<Trial> {
    let disk = SmallDisk::missing();
    vec![
        test("files: new ones, in a folder that may be written", new_files),
        test("files: those of an earlier run", earlier),
        test("files: what a run would be refused for", refused),
        test("files: a cursor of another topic or a subscription", another),
        test("files: another run writes them", locked),
        test("files: beside other trouble", beside),
        ignored_if(&disk, test("files: a disk that is read-only", read_only)),
        ignored_if(&disk, test("files: a disk that is full", full)),
        test("clock: only a server that tells the time shows it", clock),
        test("clock: an answer that refuses shows it, too", clock_of_a_refusal),
    ]
}

const FILES: &str = "output = FOLDER/events.ndjson\ncursor-file = FOLDER/cursor\n\
                     rejects = FOLDER/bad\nmetrics-file = FOLDER/metrics.prom\n";

/// A diagnosis with these lines in its config file, `FOLDER` being the spool.
fn run(service: &Service, spool: &Spool, lines: &str) -> Run {
    let config = spool.join("acme.conf");
    let folder = spool.join("");
    fs::write(&config, lines.replace("FOLDER/", folder.to_str().unwrap())).unwrap();
    let run = Run::against(service).args(&["diagnose", "--json", "--listen", "300ms"]);
    run.arg("--config").arg(config)
}

fn service() -> Service {
    let service = Service::start();
    service.publish_many("all", 30, event);
    service
}

/// Everything in the folder: names, contents and times.
fn all_of(folder: &Path) -> BTreeMap<String, (Vec<u8>, std::time::SystemTime)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: std::path::PathBuf| {
        let modified = fs::symlink_metadata(&path).unwrap().modified().unwrap();
        let bytes = if path.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        (path.display().to_string(), (bytes, modified))
    };
    entries.map(of).collect()
}

/// The document of a diagnosis, which must have changed nothing.
#[track_caller]
fn diagnosed(service: &Service, spool: &Spool, lines: &str, code: i32) -> Value {
    let run = run(service, spool, lines);
    let before = all_of(&spool.join(""));
    let output = run.run();
    output.assert_code(code).assert_silent();
    assert_eq!(all_of(&spool.join("")), before, "{}", output.whole());
    document(&output)
}

#[track_caller]
fn config(document: &Value) -> &Value {
    // The way to the service is checked, whatever the files are like.
    assert_ends(check(document, "auth"), "ok", None);
    check(document, "config")
}

fn new_files() {
    let (service, spool) = (service(), Spool::new());
    for lines in
        [FILES, "output = FOLDER/%Y%m%d.ndjson\nrotate-size = 1M\n", "cursor-file = FOLDER/c\n"]
    {
        let document = diagnosed(&service, &spool, lines, 0);
        let config = config(&document);
        assert_ends(config, "ok", None);
        assert_says(config, "settings, key and files look right");
        let folder = spool.join("");
        let folder = folder.to_str().unwrap().trim_end_matches('/');
        assert_says(config, &format!("free in {folder}"));
        let free = &config["evidence"]["free_bytes"][folder];
        assert!(free.as_u64().is_some_and(|free| free > 0), "{config:#}");
    }
    let document = diagnosed(&service, &spool, "", 0);
    assert_says(config(&document), "settings and key look right");
    assert!(config(&document)["evidence"]["free_bytes"].is_null());
}

fn earlier() {
    let (service, spool) = (service(), Spool::new());
    spool.catch_up(&service);
    let lines = "output = FOLDER/events.ndjson\ncursor-file = FOLDER/cursor\n";
    let document = diagnosed(&service, &spool, lines, 0);
    assert_ends(config(&document), "ok", None);
    assert_eq!(document["verdict"], "ok", "{document:#}");
}

fn refused() {
    let (service, spool) = (service(), Spool::new());
    fs::create_dir(spool.join("folder")).unwrap();
    fs::write(spool.join("file"), "no cursor").unwrap();
    for (lines, code, exit, words) in [
        ("output = FOLDER/nowhere/out", "output.create", 73, "nowhere"),
        ("output = FOLDER/folder", "output.create", 73, "is a folder"),
        ("output = FOLDER/out\nrejects = FOLDER/nowhere/bad", "output.create", 73, "nowhere"),
        ("cursor-file = FOLDER/nowhere/cursor", "output.create", 73, "nowhere"),
        ("cursor-file = FOLDER/folder", "config.file", 66, "is a directory"),
        ("cursor-file = FOLDER/file", "config.cursor", 78, "is damaged"),
        ("output = /dev/null\ncursor-file = FOLDER/c", "config.usage", 64, "cannot be combined"),
    ] {
        let document = diagnosed(&service, &spool, &format!("{lines}\n"), exit);
        let config = config(&document);
        assert_ends(config, "fail", Some(code));
        assert_says(config, words);
        assert!(!config["fix"].as_array().unwrap().is_empty(), "{config:#}");
        let summary = document["summary"].as_str().unwrap();
        assert!(summary.starts_with("FAIL at config - "), "{summary}");
    }
    // A run goes on without this one.
    let lines = "metrics-file = FOLDER/nowhere/metrics\n";
    let document = diagnosed(&service, &spool, lines, 0);
    assert_ends(config(&document), "warn", Some("output.create"));
    assert_says(config(&document), "nowhere");
    let lines = "output = FOLDER/folder\ncursor-file = FOLDER/file\n";
    let document = diagnosed(&service, &spool, lines, 73);
    assert_says(config(&document), "is a folder");
    assert_says(config(&document), "is damaged");
}

fn another() {
    let (service, spool) = (service(), Spool::new());
    spool.catch_up(&service);
    let lines = "output = FOLDER/events.ndjson\ncursor-file = FOLDER/cursor\n";
    for (more, words) in [
        ("topic = GuestChatEnd\n", "belongs to topic all, but this run reads topic GuestChatEnd"),
        ("subscription = mine\n", "belongs to a reader, but this run reads subscription mine"),
    ] {
        let document = diagnosed(&service, &spool, &format!("{lines}{more}"), 78);
        assert_ends(config(&document), "fail", Some("config.cursor"));
        assert_says(config(&document), words);
    }
}

fn locked() {
    let (service, spool) = (service(), Spool::new());
    let running = spool.run(&service).spawn();
    spool.wait_lines(30);
    let lines = "output = FOLDER/events.ndjson\ncursor-file = FOLDER/cursor\n";
    let output = run(&service, &spool, lines).run();
    output.assert_code(0).assert_silent();
    let document = document(&output);
    assert_ends(config(&document), "warn", Some("config.locked"));
    assert_says(config(&document), &format!("is held by process {}", running.pid()));
    // The run goes on, and so does one that would have begun meanwhile.
    service.publish("all", event(30));
    spool.wait_lines(31);
    crate::capture::stop(running);
    spool.catch_up(&service);
}

/// What the connection fails for is found all the same.
fn beside() {
    let service = Service::with(Fault::Status(401, Body::None));
    let spool = Spool::new();
    let output = run(&service, &spool, "output = FOLDER/nowhere/out\n").run();
    output.assert_code(73).assert_silent();
    let found = document(&output);
    assert_ends(check(&found, "config"), "fail", Some("output.create"));
    assert_ends(check(&found, "auth"), "fail", Some("auth.unauthorized"));
    assert_eq!(check(&found, "stream")["summary"], "needs auth");
    let output = run(&service, &spool, "output = FOLDER/nowhere/out\njson = false\n");
    let lines = text(&output.arg("--json=false").run());
    assert!(lines.iter().any(|line| line.contains("FAIL  config")), "{lines:#?}");
}

fn on_disk(disk: &SmallDisk, service: &Service) -> Output {
    let spool = Spool::new();
    let lines = format!("output = {}\n", disk.inside("events.ndjson").display());
    disk.run(run(service, &spool, &lines)).run()
}

fn read_only() {
    let (service, disk) = (service(), SmallDisk::new("256k"));
    let args = [&format!("--target={}", disk.pid()), "--mount", "mount", "-o", "remount,ro"];
    let status = Command::new("nsenter").args(args).arg(disk.inside("")).status().unwrap();
    assert!(status.success());
    let output = on_disk(&disk, &service);
    output.assert_code(73);
    let document = document(&output);
    assert_ends(config(&document), "fail", Some("output.create"));
    assert_says(config(&document), "read-only file system");
}

fn full() {
    let (service, disk) = (service(), SmallDisk::new("256k"));
    disk.fill();
    let output = on_disk(&disk, &service);
    output.assert_code(0);
    let document = document(&output);
    assert_ends(config(&document), "warn", Some("output.space"));
    assert_says(config(&document), "0 bytes free in ");
    assert_says(config(&document), "make room");
}

fn clock() {
    for (service, words) in [
        (Service::builder().start(), "agrees with the server's"),
        (Service::builder().date_skew(20).start(), "agrees with the server's to the minute"),
        (
            Service::builder().no_date().start(),
            "nothing has shown whether this machine's clock is right",
        ),
    ] {
        service.publish_many("all", 30, event);
        let run = Run::against(&service).args(&["diagnose", "--json", "--listen", "300ms"]);
        let output = run.run();
        output.assert_code(0);
        let document = document(&output);
        assert_ends(check(&document, "config"), "ok", None);
        let summary = check(&document, "config")["summary"].as_str().unwrap();
        assert!(!summary.contains("clock"), "{summary}");
        assert_ends(check(&document, "auth"), "ok", None);
        assert_says(check(&document, "auth"), words);
    }
}

fn clock_of_a_refusal() {
    let refused = Fault::Status(401, Body::None);
    let service = Service::builder().always(refused).date_skew(3600).start();
    let output = Run::against(&service).args(&["diagnose", "--json"]).run();
    output.assert_code(77);
    let document = document(&output);
    assert_ends(check(&document, "auth"), "fail", Some("auth.unauthorized"));
    assert_says(check(&document, "auth"), "behind the server's");
    assert_says(check(&document, "auth"), "timedatectl set-ntp true");
}
