//! One run at a time on one output and one cursor.
//!
//! The lock is on a separate file that is never removed: a lock on a file that is renamed or
//! replaced would protect nothing. It also names the run that wrote last, so that a consumer cuts
//! only its own lines.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::libc::O_NONBLOCK;

use crate::clock::Instant;
use crate::fault::{Failure, Fault, Step};
use crate::files;
use crate::wait::Wait;

/// How often a lock that another run holds is tried again.
const PAUSE: Duration = Duration::from_millis(100);

/// Longer than the file of any lock, in bytes.
const LONGEST: u64 = 200;

/// A lock, held until it is dropped or the process ends in any way. Its file contains the number of
/// the process; a consumer adds a line, in one word, with its run and how many commits it has made.
#[derive(Debug)]
pub(super) struct Lock {
    /// What is locked: `cursor`, `output` or `rejects`.
    pub(super) what: &'static str,
    file: File,
    last: String,
}

impl Lock {
    /// Takes the lock for a file, waiting up to a limit while another run holds it. `None` if a
    /// signal asks to stop meanwhile.
    ///
    /// # Errors
    /// If another run still holds it, or the lock's file cannot be created.
    pub(super) fn take(
        what: &'static str,
        path: &Path,
        limit: Duration,
        wait: &mut dyn Wait,
        now: Instant,
    ) -> Result<Option<Lock>, Failure> {
        let name = name_of(path);
        let subject = format!("{what} {}", path.display());
        let cannot = |e: &io::Error| {
            let failure = Failure::of_call(Step::Output, &subject, Fault::CannotCreate, e);
            Failure { cause: format!("its lock {}: {}", name.display(), failure.cause), ..failure }
        };
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true).mode(0o600);
        let file = options.open(&name).map_err(|e| cannot(&e))?;
        let deadline = now + limit;
        let mut next = now;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(e)) => return Err(cannot(&e)),
                Err(TryLockError::WouldBlock) => {}
            }
            if next >= deadline {
                return Err(in_use(what, path));
            }
            next = deadline.min(next + PAUSE);
            wait.wait(&mut [], Some(next));
            if wait.is_stopping() {
                return Ok(None);
            }
        }
        let mut text = String::new();
        // What cannot be read names no run.
        let _ = (&file).take(LONGEST).read_to_string(&mut text);
        let last = text.lines().nth(1).unwrap_or_default().to_owned();
        let lock = Lock { what, file, last };
        // The process id is only for messages; the lock holds even if it cannot be written.
        let _ = lock.write(&lock.last);
        Ok(Some(lock))
    }

    /// The failure of a run that does not wait, if another one holds the lock now. Nothing is
    /// created, and another run that takes the lock just now is not kept from it for long.
    pub(super) fn held(what: &'static str, path: &Path) -> Option<Failure> {
        let file =
            OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(name_of(path)).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(in_use(what, path)),
            _ => None,
        }
    }

    /// Whether the run of this name was the last to write, and had made no more commits than these.
    pub(super) fn was_last(&self, run: &str, commits: u64) -> bool {
        let last = self.last.rsplit_once('/');
        last.is_some_and(|(last, count)| {
            last == run && count.parse().is_ok_and(|n: u64| n <= commits)
        })
    }

    /// Names the run that writes, and counts its commits.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn sign(&self, run: &str, commits: u64) -> io::Result<()> {
        self.write(&format!("{run}/{commits}"))
    }

    /// Names no run: a reader writes, and acknowledges nothing.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn sign_as_reader(&self) -> io::Result<()> {
        self.write("")
    }

    /// Syncs the file.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn write(&self, last: &str) -> io::Result<()> {
        let pid = std::process::id();
        let text = if last.is_empty() { format!("{pid}\n") } else { format!("{pid}\n{last}\n") };
        self.file.write_all_at(text.as_bytes(), 0)?;
        self.file.set_len(text.len() as u64)
    }
}

fn name_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

fn in_use(what: &str, path: &Path) -> Failure {
    let (name, subject) = (name_of(path), format!("{what} {}", path.display()));
    let cause = format!("in use: its lock {} is held by {}", name.display(), holder(&name));
    Failure::new(Step::Config, subject, Fault::Locked, cause)
}

/// Who holds a lock, for people.
fn holder(name: &Path) -> String {
    let holder = files::read_text(name, LONGEST).unwrap_or_default();
    let holder = holder.lines().next().unwrap_or_default();
    match holder.bytes().all(|b| b.is_ascii_digit()) && !holder.is_empty() {
        true => format!("process {holder}"),
        false => "another process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::scratch::Scratch;
    use crate::wait::{Interest, Signals, Wake};

    /// Waits in no time, and remembers until when.
    #[derive(Default)]
    struct Waits {
        until: Vec<Instant>,
        stop_at: Option<usize>,
        release: Option<(usize, Lock)>,
    }

    impl Wait for Waits {
        fn signals(&mut self) -> &mut Signals {
            unreachable!("its waits take no time")
        }

        fn wait(&mut self, _: &mut [Interest<'_>], until: Option<Instant>) -> Wake {
            self.until.push(until.expect("a lock is tried again"));
            self.release.take_if(|(at, _)| *at == self.until.len());
            Wake::Deadline
        }

        fn is_stopping(&self) -> bool {
            self.stop_at.is_some_and(|at| self.until.len() >= at)
        }
    }

    #[test]
    fn the_last_run_is_known_by_its_name_and_its_commits() {
        let folder = Scratch::new("lock");
        let take = || {
            let path = folder.join("file");
            let taken =
                Lock::take("output", &path, Duration::ZERO, &mut Waits::default(), Instant::now());
            taken.expect("no trouble").expect("it is free")
        };
        assert!(!take().was_last("", 0), "there was none");
        take().sign("7 1", 2).expect("no trouble");
        for (run, commits, was_last) in
            [("7 1", 2, true), ("7 1", 3, true), ("7 1", 1, false), ("7", 2, false)]
        {
            assert_eq!(take().was_last(run, commits), was_last, "{run} {commits}");
        }
    }

    #[test]
    fn a_lock_is_waited_for_up_to_its_limit() {
        let folder = Scratch::new("lock");
        let (path, now) = (folder.join("file"), Instant::now());
        let take = |limit, wait: &mut Waits| Lock::take("output", &path, limit, wait, now);
        let held =
            take(Duration::ZERO, &mut Waits::default()).expect("no trouble").expect("it is free");

        let mut waits = Waits::default();
        let failure = take(Duration::from_millis(250), &mut waits).expect_err("it is held");
        assert_eq!(waits.until, [100, 200, 250].map(|n| now + Duration::from_millis(n)));
        assert_eq!(failure.fault, Fault::Locked);
        let us = format!("process {}", std::process::id());
        assert!(failure.cause.ends_with(&us), "{}", failure.cause);

        let mut waits = Waits { stop_at: Some(2), ..Waits::default() };
        assert!(
            take(Duration::from_secs(9), &mut waits).expect("no trouble").is_none(),
            "told to stop"
        );

        let mut waits = Waits { release: Some((3, held)), ..Waits::default() };
        assert!(take(Duration::from_secs(9), &mut waits).expect("no trouble").is_some());
        assert_eq!(waits.until.len(), 3);
    }
}
