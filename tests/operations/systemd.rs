//! The units: what systemd's own checker says of them, and what they run, told and asked what
//! systemd would. There is no systemd to run them in a test.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use super::machine::{Machine, assert_events, while_publishing};
use super::needing;
use super::shipped::{CATCH_UP, SERVICE, TIMER, value};
use crate::support::service::Service;
use crate::support::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        needing("systemd-analyze", "operations: systemd understands the units", are_understood),
        needing("systemd-analyze", "operations: the service has few rights", has_few_rights),
        trial::test("operations: the service, as systemd starts, reloads and stops it", || {
            starts_reloads_stops();
            Ok(())
        }),
    ]
}

const UNITS: [(&str, &str); 3] = [
    ("tail8x8.service", SERVICE),
    ("tail8x8-catch-up.service", CATCH_UP),
    ("tail8x8-catch-up.timer", TIMER),
];

fn are_understood() {
    let said = analyze(&["verify", "--man=no"]);
    // It follows dependencies into units of the machine, which are not ours to judge.
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("tail8x8")).collect();
    assert!(ours.is_empty(), "{said}");
}

fn has_few_rights() {
    // From 0 to 100; an ordinary service has 96.
    analyze(&["security", "--offline=yes", "--threshold=30", "--no-pager"]);
}

/// Runs it over the units and gives what it complained of.
#[track_caller]
fn analyze(args: &[&str]) -> String {
    let service = Service::builder().may_be_unreached().start();
    let machine = Machine::new(&service);
    let mut command = Command::new("systemd-analyze");
    command.args(args);
    for (name, text) in UNITS {
        let is_checked = args[0] == "verify" || name == "tail8x8.service";
        fs::write(machine.path(name), machine.fitted(text)).unwrap();
        command.args(is_checked.then(|| machine.path(name)));
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success(),
        "{}: {said}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout)
    );
    said
}

fn starts_reloads_stops() {
    let service = Service::start();
    let machine = Machine::new(&service);
    let manager = UnixDatagram::bind(machine.path("notify")).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let count = while_publishing(&service, || {
        let mut running =
            machine.unit(SERVICE).env("NOTIFY_SOCKET", machine.path("notify")).spawn();
        wait_for_state(&manager, "READY=1");
        let open = machine.path("var/events.ndjson");
        super::machine::wait_for_lines(&open);
        fs::rename(&open, machine.path("var/before.ndjson")).unwrap();
        let reload = format!("MAINPID={}; {}", running.pid(), value(SERVICE, "ExecReload"));
        assert!(machine.sh(&reload).status.success());
        super::machine::wait_for_lines(&open);
        running.signal(Signal::SIGTERM);
        wait_for_state(&manager, "STOPPING=1");
        running.finish().assert_code(0).assert_silent();
    });
    // A timer that takes over from the service, with its files.
    machine.unit(CATCH_UP).args(&["--idle-timeout", "1s"]).run().assert_code(0).assert_silent();
    let files = ["var/before.ndjson", "var/events.ndjson"];
    let bytes = files.map(|file| fs::read(machine.path(file)).unwrap()).concat();
    assert_events(&bytes, count);
}

#[track_caller]
fn wait_for_state(manager: &UnixDatagram, state: &str) {
    let mut told = [0; 4096];
    loop {
        let length = manager.recv(&mut told).unwrap_or_else(|error| panic!("no {state}: {error}"));
        let told = String::from_utf8_lossy(&told[..length]);
        if told.lines().any(|line| line == state) {
            return;
        }
    }
}
