//! A real TLS gateway with a key check in front of a real Pulsar: nginx, with a certificate of the
//! made-up CA.
//!
//! It passes WebSocket frames untouched, answers 401 and 403 itself, and 502 while Pulsar is down.
//! Breaking connections is left to the [`Resetter`] that can stand before it.

mod resetter;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

pub use self::resetter::Resetter;
use super::ca::{Ca, Leaf};
use super::canary;
use super::pulsar::process::{Process, free_port, tail, wait_until};
use super::scratch::Scratch;

const CONFIGURATION: &str = include_str!("../pulsar/nginx.conf");

/// A key the gateway knows but lets read nothing: 403.
pub const FORBIDDEN_KEY: &str = "eght_known-but-not-for-this-topic";

/// A gateway that runs, until it is dropped.
#[derive(Debug)]
pub struct Gateway {
    // Above the scratch folder: the process is gone before its files. None after it was killed.
    process: Option<Process>,
    port: u16,
    scratch: Scratch,
}

impl Gateway {
    /// Starts one in front of a WebSocket service, which need not run yet. The canary key passes,
    /// in the header or in the query.
    #[track_caller]
    pub fn start(websocket_port: u16) -> Gateway {
        // Another process may take the port between the look and nginx's own.
        let started = (0..5).find_map(|_| Gateway::on(free_port(), websocket_port));
        started.expect("one port in five is free")
    }

    /// Where it listens on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills it and starts it again on the same port.
    #[track_caller]
    pub fn restart(&mut self) {
        self.process.take().expect("it runs").end("KILL");
        let process = self.process.insert(run(&self.scratch));
        assert!(
            process.alive(),
            "nginx does not come back: {}",
            tail(&self.scratch.join("error.log"))
        );
    }

    /// The process it consists of.
    pub fn pid(&self) -> u32 {
        self.process.as_ref().expect("it runs").pid()
    }

    /// One line for each request that has ended.
    pub fn access_log(&self) -> String {
        fs::read_to_string(self.scratch.join("access.log")).unwrap_or_default()
    }

    /// None if the port was taken meanwhile.
    #[track_caller]
    fn on(port: u16, websocket: u16) -> Option<Gateway> {
        let scratch = Scratch::new("nginx");
        let (certificate, private_key) =
            Ca::shared().issue(&Leaf::default()).write_to(scratch.path());
        let configuration = CONFIGURATION
            .replace("{key}", &pattern(canary::key()))
            .replace("{forbidden}", &pattern(FORBIDDEN_KEY))
            .replace("{port}", &port.to_string())
            .replace("{certificate}", certificate.to_str().unwrap())
            .replace("{private_key}", private_key.to_str().unwrap())
            .replace("{websocket}", &websocket.to_string());
        fs::write(scratch.join("nginx.conf"), configuration).unwrap();

        let process = run(&scratch);
        if process.alive() {
            return Some(Gateway { process: Some(process), port, scratch });
        }
        let log = tail(&scratch.join("error.log"));
        assert!(log.contains("Address already in use"), "nginx does not start: {log}");
        None
    }
}

/// Starts nginx in a folder that has its configuration, and waits until it listens or has ended.
#[track_caller]
fn run(scratch: &Scratch) -> Process {
    let folder = scratch.path().to_str().unwrap();
    let command =
        [&program(), "-p", folder, "-c", "nginx.conf", "-e", "error.log"].map(str::to_owned);
    let pid = scratch.join("nginx.pid");
    let _ = fs::remove_file(&pid);
    let process = Process::start(&command, scratch.path(), &scratch.join("error.log"));
    // The file is written once the port is open.
    let listening = || fs::read(&pid).is_ok_and(|pid| !pid.is_empty());
    wait_until("nginx listens", || listening() || !process.alive());
    process
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!(
                "nginx ran: {}; {}",
                self.process.as_ref().is_some_and(Process::alive),
                tail(&self.scratch.join("error.log"))
            );
        }
    }
}

/// Matches a key as it is and percent-encoded, as a query has it.
fn pattern(key: &str) -> String {
    key.bytes().fold(String::new(), |mut pattern, byte| {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => pattern.push(byte.into()),
            _ => write!(pattern, r"(?:\x{byte:02x}|%(?i:{byte:02x}))").unwrap(),
        }
        pattern
    })
}

/// Debian keeps it where an ordinary user's path does not lead.
fn program() -> String {
    let debian = PathBuf::from("/usr/sbin/nginx");
    let program = if debian.is_file() { &debian } else { Path::new("nginx") };
    program.to_str().unwrap().to_owned()
}
