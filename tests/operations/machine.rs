//! A machine to run the shipped files on: what they call /etc/tail8x8 and /var/lib/tail8x8 are
//! folders of the test's own, and the service they lead to is the local one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::support::canary;
use crate::support::pulsar::process::wait_until;
use crate::support::run::{Key, Run, write_key};
use crate::support::scratch::Scratch;
use crate::support::service::Service;

pub(super) const PROGRAM: &str = env!("CARGO_BIN_EXE_tail8x8");

pub(super) struct Machine {
    scratch: Scratch,
}

impl Machine {
    #[track_caller]
    pub(super) fn new(service: &Service) -> Machine {
        let machine = Machine { scratch: Scratch::new("machine") };
        for folder in ["etc", "var", "bin"] {
            fs::create_dir(machine.scratch.join(folder)).unwrap();
        }
        // `--tenant acme` on a command line is `tenant = acme` in a file.
        let args = service.args();
        let options = args.chunks(2).map(|pair| format!("{} = {}\n", &pair[0][2..], pair[1]));
        fs::write(machine.scratch.join("etc/config"), options.collect::<String>()).unwrap();
        write_key(&machine.scratch.join("etc/x-api-key"), canary::key(), 0o600);
        machine
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.scratch.join(name)
    }

    /// A shipped text with the places of this machine.
    pub(super) fn fitted(&self, text: &str) -> String {
        let place = |name: &str| self.path(name).to_str().unwrap().to_owned();
        text.replace("/usr/local/bin/tail8x8", PROGRAM)
            .replace("/etc/tail8x8", &place("etc"))
            .replace("/var/lib/tail8x8", &place("var"))
    }

    /// What systemd runs for a unit, with the key where its `LoadCredential` puts it.
    #[track_caller]
    pub(super) fn unit(&self, text: &str) -> Run {
        let fitted = self.fitted(text);
        let command = fitted.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
        let (program, args) = command.split_once(' ').unwrap();
        assert_eq!(program, PROGRAM);
        let args: Vec<&str> = args.split(' ').collect();
        Run::new(&args)
            .key(Key::None)
            .few_roots()
            .env("CREDENTIALS_DIRECTORY", self.path("etc"))
            .verbosity(0)
            .limit(Duration::from_secs(120))
    }

    /// A command of cron's: nothing around it but a shell, a home and a short path.
    #[track_caller]
    pub(super) fn sh(&self, command: &str) -> Output {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", command]).env_clear().current_dir(self.scratch.path());
        shell.env("HOME", self.scratch.path()).env("PATH", "/usr/bin:/bin");
        let output = shell.output().unwrap();
        canary::assert_absent("stdout", &output.stdout);
        canary::assert_absent("stderr", &output.stderr);
        output
    }

    /// The folder with the output.
    pub(super) fn var(&self) -> PathBuf {
        self.path("var")
    }
}

/// Event `number` of a flow: numbered ones, and some that are all alike.
pub(super) fn event(number: usize) -> String {
    match number % 7 {
        0 | 1 => r#"{"beat":true}"#.to_owned(),
        _ => format!(r#"{{"number":{number}}}"#),
    }
}

/// Publishes events in the topic `all` as long as `work` lasts, and tells how many there were.
#[track_caller]
pub(super) fn while_publishing(service: &Service, work: impl FnOnce()) -> usize {
    struct Stop<'a>(&'a AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Release);
        }
    }
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let publisher = scope.spawn(|| {
            let mut published = 0;
            while !stop.load(Ordering::Acquire) {
                service.publish_many("all", 3, |number| event(published + number));
                published += 3;
                std::thread::sleep(Duration::from_millis(2));
            }
            published
        });
        // Also when the work panics.
        let stopping = Stop(&stop);
        work();
        drop(stopping);
        publisher.join().unwrap()
    })
}

/// These bytes are the first `count` events, once each and in order.
#[track_caller]
pub(super) fn assert_events(bytes: &[u8], count: usize) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines();
    for number in 0..count {
        assert_eq!(lines.next(), Some(&event(number)[..]), "event {number} of {count}");
    }
    assert_eq!(lines.next(), None, "only {count} events were published");
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is torn");
}

/// Waits until there is such a file with something in it.
#[track_caller]
pub(super) fn wait_for_lines(file: &Path) {
    let has_lines = || fs::metadata(file).is_ok_and(|file| file.len() > 0);
    wait_until(&format!("events in {}", file.display()), has_lines);
}
