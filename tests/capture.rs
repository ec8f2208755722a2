//! Capture: files that hold each event exactly once, whatever kills the program. Driven against the
//! scripted service; what only a real Pulsar or a real logrotate can show is tested beside them.
//!
//! Here is what all of them share; the folder of a capture and what is looked at in it is in `spool`.

mod bad_input;
mod bytes;
mod clocks;
mod cursor;
mod dead;
mod disk;
mod hangup;
pub(crate) mod kill;
mod lacking;
mod locks;
mod metrics;
mod moved;
mod order;
mod others;
mod rejects;
mod resuming;
mod rotation;
pub(crate) mod small_disk;
pub(crate) mod spool;
mod start;
mod stdout;
mod steps;
pub(crate) mod systemd;
mod vanished;

use std::path::Path;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use self::spool::Spool;
use crate::support::run::{Output, Run, Running};
use crate::support::trial;

pub fn trials() -> Vec<Trial> {
    [
        start::trials(),
        moved::trials(),
        bytes::trials(),
        vanished::trials(),
        dead::trials(),
        cursor::trials(),
        resuming::trials(),
        rejects::trials(),
        rotation::trials(),
        clocks::trials(),
        hangup::trials(),
        stdout::trials(),
        locks::trials(),
        others::trials(),
        lacking::trials(),
        metrics::trials(),
        systemd::trials(),
        order::trials(),
        disk::trials(),
        bad_input::trials(),
        kill::trials(),
        steps::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn test(name: &str, body: impl Fn() + Send + 'static) -> Trial {
    trial::test(format!("capture: {name}"), move || {
        body();
        Ok(())
    })
}

/// For those that tell how soon something comes.
fn alone(name: &str, body: impl Fn() + Send + 'static) -> Trial {
    trial::alone(format!("capture: {name}"), move || {
        body();
        Ok(())
    })
}

/// A trial that needs what not every machine has: ignored there, with the reason as its kind.
fn test_if(missing: &Option<String>, name: &str, body: impl Fn() + Send + 'static) -> Trial {
    ignored_if(missing, test(name, body))
}

pub(crate) fn ignored_if(missing: &Option<String>, trial: Trial) -> Trial {
    match missing {
        None => trial,
        Some(reason) => trial.with_kind(reason).with_ignored_flag(true),
    }
}

pub(crate) fn event(n: usize) -> String {
    format!(r#"{{"n":{n}}}"#)
}

pub(crate) fn events(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(event).collect()
}

/// What a failed test tells beside its failure.
pub(crate) struct ToldOnFailure(pub(crate) String);

impl Drop for ToldOnFailure {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0);
        }
    }
}

/// Generous: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

#[track_caller]
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Starts it by other words before it, such as `prlimit` and its options.
pub(crate) fn through(run: Run, words: &[&str]) -> Run {
    words.iter().rev().fold(run, |run, word| run.through(word))
}

/// Where each call of this name fails with `error`, such as `EIO` or, only once, `EIO:when=1`; if a path
/// is given, only those on that file.
pub(crate) fn failing(run: Run, call: &str, error: &str, only: Option<&Path>) -> Run {
    let (trace, inject) = (format!("trace={call}"), format!("inject={call}:error={error}"));
    let mut words = vec!["strace", "-f", "-o", "/dev/null", "-e", &trace, "-e", &inject];
    words.extend(only.iter().flat_map(|path| ["-P", path.to_str().unwrap()]));
    through(run, &words)
}

/// Ends a follower, which ends well.
#[track_caller]
pub(crate) fn stop(run: Running) {
    ended(run).assert_code(0);
}

/// The same, with what it said.
#[track_caller]
pub(crate) fn ended(mut run: Running) -> Output {
    run.signal(nix::sys::signal::Signal::SIGTERM);
    let output = run.finish();
    output.assert_code(0);
    output
}

/// The end that nothing can prepare for.
#[track_caller]
pub(crate) fn kill(mut run: Running) {
    run.signal(nix::sys::signal::Signal::SIGKILL);
    run.finish().assert_signal(nix::sys::signal::Signal::SIGKILL);
}

/// Which of the programs a test needs is not there.
pub(crate) fn missing(program: &str, args: &[&str]) -> Option<String> {
    match std::process::Command::new(program).args(args).output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Some(format!("{program} does not work here: {}", said.trim()))
        }
        Err(error) => Some(format!("{program}: {error}")),
    }
}
