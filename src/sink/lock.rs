//! One run at a time on one output and one cursor.
//!
//! The lock is on a separate file that is never removed: a lock on a file that is renamed or
//! replaced would protect nothing. It also names the run that wrote last, so that a consumer cuts
//! only its own lines.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use nix::libc::{O_NOFOLLOW, O_NONBLOCK};

use super::lacking::Lacking;
use crate::clock::Instant;
use crate::fault::{Failure, Fault, Step};
use crate::files::{self, owner, system};
use crate::values::capture::LOCK;
use crate::wait::Wait;

/// How often a lock that another run holds is tried again.
const PAUSE: Duration = Duration::from_millis(100);

/// Longer than the file of any lock, in bytes.
const LONGEST: u64 = 200;

const MODE: u32 = 0o600;

/// What is to be locked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'a> {
    /// `cursor`, `output` or `rejects`.
    pub(super) what: &'static str,
    /// The lock is beside this name.
    pub(super) name: &'a Path,
    /// The file that is written, which another run may know by another name.
    pub(super) file: &'a Path,
}

/// A lock, held until it is dropped or the process ends in any way. Its file contains the number of
/// the process; a consumer adds a line, in one word, with its run and how many commits it has made.
#[derive(Debug)]
pub(super) struct Lock {
    pub(super) what: &'static str,
    file: File,
    last: String,
}

impl Lock {
    /// Takes the lock for a file, waiting up to a limit while another run holds it or has the file
    /// open. `None` if a signal asks to stop meanwhile.
    ///
    /// # Errors
    /// If another run still has it, or the lock's file cannot be created or is not ours.
    pub(super) fn take(
        target: Target<'_>,
        limit: Duration,
        lacking: &mut Lacking,
        wait: &mut dyn Wait,
        now: Instant,
    ) -> Result<Option<Lock>, Failure> {
        let Target { what, name, file: target_file } = target;
        let subject = format!("{what} {}", name.display());
        let name = files::beside(name, LOCK);
        let file = open(&name, &subject, lacking)?;
        let deadline = now + limit;
        let mut next = now;
        loop {
            let is_held = match file.try_lock() {
                Ok(()) => true,
                Err(TryLockError::WouldBlock) => false,
                Err(TryLockError::Error(e)) if system::lacks_locks(&e) => {
                    lacking.locks(what, &name, &subject, &e)?;
                    true
                }
                Err(TryLockError::Error(e)) => return Err(cannot(&name, &subject, &e)),
            };
            if is_held && !files::is_in_use(target_file) {
                break;
            }
            if next >= deadline {
                return Err(in_use(target, is_held));
            }
            next = deadline.min(next + PAUSE);
            wait.wait(&mut [], Some(next));
            if wait.is_stopping() {
                return Ok(None);
            }
        }
        let mut text = Vec::new();
        let read = (&file).take(LONGEST).read_to_end(&mut text);
        read.map_err(|e| cannot(&name, &subject, &e))?;
        let Some(last) = last_run(&text) else {
            return Err(taken(&name, &subject, "holds something else"));
        };
        let lock = Lock { what, file, last: last.to_owned() };
        // The process id is only for messages; the lock holds even if it cannot be written.
        let _ = lock.write(&lock.last);
        Ok(Some(lock))
    }

    /// The failure of a run that does not wait, if another one holds the lock or has the file open
    /// now. Nothing is created, and another run that takes the lock just now is not kept from it for
    /// long.
    pub(super) fn held(target: Target<'_>) -> Option<Failure> {
        let name = files::beside(target.name, LOCK);
        let is_held = files::is_in_use(&name);
        (is_held || files::is_in_use(target.file)).then(|| in_use(target, !is_held))
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

/// The failure of a run that does not wait. With `is_free`, the lock is free, but not the file.
fn in_use(target: Target<'_>, is_free: bool) -> Failure {
    let Target { what, name, .. } = target;
    let (lock, subject) = (files::beside(name, LOCK), format!("{what} {}", name.display()));
    let cause = match is_free {
        true => "in use: another run has opened it by another name".to_owned(),
        false => format!("in use: its lock {} is held by {}", lock.display(), holder(&lock)),
    };
    Failure::new(Step::Config, subject, Fault::Locked, cause)
}

/// Opens the file of a lock, without following a link to another file or waiting for a pipe's other
/// end.
fn open(name: &Path, subject: &str, lacking: &mut Lacking) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(MODE).custom_flags(O_NOFOLLOW | O_NONBLOCK);
    let opened = match options.clone().create_new(true).open(name) {
        Ok(file) => lacking.permissions(name, &file, MODE).map(|()| file),
        Err(e) if e.kind() == ErrorKind::AlreadyExists => options.open(name),
        Err(e) => Err(e),
    };
    let file = match opened {
        Err(_) if fs::symlink_metadata(name).is_ok_and(|it| !it.is_file()) => {
            return Err(taken(name, subject, "is not a regular file"));
        }
        Ok(file) if !file.metadata().is_ok_and(|it| it.is_file()) => {
            return Err(taken(name, subject, "is not a regular file"));
        }
        opened => opened.map_err(|e| cannot(name, subject, &e))?,
    };
    if let Some(reason) = owner::distrust(name) {
        let cause = format!("its lock {} {reason}", name.display());
        return Err(Failure::new(Step::Config, subject, Fault::ForeignFile, cause));
    }
    lacking.folder_sync(name).map_err(|e| cannot(name, subject, &e))?;
    Ok(file)
}

fn cannot(name: &Path, subject: &str, e: &io::Error) -> Failure {
    let failure = Failure::of_call(Step::Output, subject, Fault::CannotCreate, e);
    Failure { cause: format!("its lock {}: {}", name.display(), failure.cause), ..failure }
}

fn taken(name: &Path, subject: &str, what: &str) -> Failure {
    let cause = format!("its lock {} {what}", name.display());
    Failure::new(Step::Output, subject, Fault::NameTaken, cause)
}

/// The run that a lock names, empty if it names none; `None` if no lock of ours looks like this.
fn last_run(text: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(text).ok()?;
    let mut lines = text.lines();
    let (process, last) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let is_ours = is_number(process)
        && (last.is_empty() || last.rsplit_once('/').is_some_and(|(_, count)| is_number(count)))
        && lines.next().is_none();
    is_ours.then_some(last)
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
        let path = folder.join("file");
        let target = Target { what: "output", name: &path, file: &path };
        let take = || {
            let (mut waits, mut lacking) = (Waits::default(), Lacking::new(false));
            let taken =
                Lock::take(target, Duration::ZERO, &mut lacking, &mut waits, Instant::now());
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
    fn a_lock_of_ours_is_known_by_what_it_holds() {
        for (text, last) in
            [("", Some("")), ("77\n", Some("")), ("77\nrun-1-2/3\n", Some("run-1-2/3"))]
        {
            assert_eq!(last_run(text.as_bytes()), last, "{text}");
        }
        for text in ["notes\n", "77\nmy notes\n", "1\n2\n3\n", "\u{0}"] {
            assert_eq!(last_run(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_lock_is_waited_for_up_to_its_limit() {
        let folder = Scratch::new("lock");
        let (path, now) = (folder.join("file"), Instant::now());
        let target = Target { what: "output", name: &path, file: &path };
        let take = |limit, wait: &mut Waits| {
            Lock::take(target, limit, &mut Lacking::new(false), wait, now)
        };
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
