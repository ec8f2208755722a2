//! logrotate itself, with the shipped file: under a capture that runs, between runs that catch up,
//! and with a death between the renaming and the signal.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use libtest_mimic::Trial;
use nix::sys::signal::Signal;
use serde_json::Value;

use super::machine::{Machine, assert_events, wait_for_lines, while_publishing};
use super::needing;
use super::shipped::{CATCH_UP, LOGROTATE, SERVICE};
use crate::support::canary;
use crate::support::pulsar::process::wait_until;
use crate::support::service::Service;

const ROTATIONS: usize = 20;

pub(super) fn trials() -> Vec<Trial> {
    let needing = |name: &str, test: fn()| needing("logrotate", name, test);
    vec![
        needing("operations: logrotate understands the shipped file", is_understood),
        needing("operations: logrotate under a running capture", under_a_running_capture),
        needing("operations: logrotate and deaths before the signal", deaths_before_the_signal),
        needing("operations: logrotate and deaths in quick succession", deaths_in_succession),
        needing("operations: logrotate between runs that catch up", between_runs),
        needing("operations: logrotate under runs that catch up", under_runs),
    ]
}

fn is_understood() {
    let service = Service::builder().may_be_unreached().start();
    let machine = Machine::new(&service);
    fs::write(output_file(&machine), "{}\n").unwrap();
    let output = logrotate(&machine, LOGROTATE, &["--debug"], "exit 1");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && !said.contains("error"), "{said}");
    assert!(said.contains("considering log") && said.contains("events.ndjson"), "{said}");
    assert!(output_file(&machine).exists(), "only looked at");
}

fn under_a_running_capture() {
    let service = Service::start();
    let machine = Machine::new(&service);
    let count = while_publishing(&service, || {
        let mut running = machine.unit(SERVICE).spawn();
        for _ in 0..ROTATIONS {
            wait_for_lines(&output_file(&machine));
            rotate(&machine, LOGROTATE, &format!("kill -s HUP {}", running.pid()));
        }
        wait_for_lines(&output_file(&machine));
        running.signal(Signal::SIGTERM);
        running.finish().assert_code(0).assert_silent();
    });
    assert_holds(&machine, count);
}

/// Each run had a second: what is compressed at its end is no longer needed by the next.
fn deaths_before_the_signal() {
    let service = Service::start();
    let machine = Machine::new(&service);
    let count = while_publishing(&service, || {
        for _ in 0..ROTATIONS {
            die(&machine, LOGROTATE, || {
                wait_until("the cursor is past the last file", || {
                    let cursor = fs::read(machine.path("var/events.cursor")).unwrap_or_default();
                    let cursor: Value = serde_json::from_slice(&cursor).unwrap_or_default();
                    let output = cursor["output"].as_array().map_or(0, Vec::len);
                    output == 1 && cursor["output"][0]["offset"].as_u64() > Some(0)
                })
            });
        }
    });
    assert_holds(&machine, count);
}

/// No run gets as far as saving its cursor again: each looks for what all before it left.
fn deaths_in_succession() {
    let service = Service::start();
    let machine = Machine::new(&service);
    let uncompressed = LOGROTATE.replace("    compress\n", "");
    assert_ne!(uncompressed, LOGROTATE);
    let count = while_publishing(&service, || {
        for _ in 0..ROTATIONS {
            die(&machine, &uncompressed, || {});
        }
    });
    assert_holds(&machine, count);
}

/// Lives until there are lines, and something more, and dies between the renaming and the signal.
#[track_caller]
fn die(machine: &Machine, configuration: &str, and: impl FnOnce()) {
    let running = machine.unit(SERVICE).spawn();
    wait_for_lines(&output_file(machine));
    and();
    rotate(machine, configuration, &format!("kill -s KILL {}", running.pid()));
    running.finish().assert_signal(Signal::SIGKILL).assert_silent();
}

fn between_runs() {
    let service = Service::start();
    let machine = Machine::new(&service);
    let count = while_publishing(&service, || {
        for _ in 0..ROTATIONS {
            machine.unit(CATCH_UP).run().assert_code(0).assert_silent();
            rotate(&machine, LOGROTATE, "exit 1");
        }
    });
    assert_holds(&machine, count);
}

/// Nobody tells such a run: it ends in the file that was renamed.
fn under_runs() {
    let service = Service::start();
    let machine = Machine::new(&service);
    let count = while_publishing(&service, || {
        for _ in 0..ROTATIONS {
            let running = machine.unit(CATCH_UP).spawn();
            wait_for_lines(&output_file(&machine));
            rotate(&machine, LOGROTATE, "exit 1");
            running.finish().assert_code(0).assert_silent();
        }
    });
    assert_holds(&machine, count);
}

/// Rotates for once, as if the day were over. `systemctl` is what `systemctl` does: there is no
/// systemd to ask here.
#[track_caller]
fn rotate(machine: &Machine, configuration: &str, systemctl: &str) {
    let output = logrotate(machine, configuration, &["--force"], systemctl);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
    assert!(rotated(machine, 1).exists(), "nothing was rotated");
}

#[track_caller]
fn logrotate(machine: &Machine, configuration: &str, args: &[&str], systemctl: &str) -> Output {
    let (file, fake) = (machine.path("logrotate.conf"), machine.path("bin/systemctl"));
    fs::write(&file, machine.fitted(configuration)).unwrap();
    fs::write(&fake, format!("#!/bin/sh\n{systemctl}\n")).unwrap();
    fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
    // Whoever installed it may not have its folder on the path.
    let path = format!("{}:/usr/sbin:/usr/bin:/bin", machine.path("bin").display());
    let mut command = Command::new("/usr/bin/env");
    command.arg("logrotate").args(args).arg("--state").arg(machine.path("state"));
    let output = command.arg(file).env("PATH", path).output().unwrap();
    canary::assert_absent("stderr", &output.stderr);
    output
}

/// A last run takes what is left; then the rotated files and the open one hold each event once.
#[track_caller]
fn assert_holds(machine: &Machine, count: usize) {
    let last = machine.unit(CATCH_UP).args(&["--idle-timeout", "1s"]).run();
    last.assert_code(0).assert_silent();
    let mut bytes = Vec::new();
    for number in (1..=ROTATIONS).rev() {
        bytes.extend(read(rotated(machine, number)));
    }
    bytes.extend(fs::read(output_file(machine)).unwrap_or_default());
    assert_events(&bytes, count);
}

/// All but the newest are compressed.
#[track_caller]
fn read(file: PathBuf) -> Vec<u8> {
    if file.exists() {
        return fs::read(file).unwrap();
    }
    let output =
        Command::new("gzip").arg("-dc").arg(format!("{}.gz", file.display())).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn output_file(machine: &Machine) -> PathBuf {
    machine.path("var/events.ndjson")
}

fn rotated(machine: &Machine, number: usize) -> PathBuf {
    machine.path(&format!("var/events.ndjson.{number}"))
}
