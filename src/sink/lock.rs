//! One run at a time on one output and one cursor.
//!
//! The lock is on a file of its own that is never removed: a lock on a file that is renamed or
//! replaced protects nothing.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::fault::Fault;
use crate::fault::{Failure, Step};
use crate::files;
use crate::wait::Signals;
use crate::words;

/// How often a lock that another run holds is tried again.
const PAUSE: Duration = Duration::from_millis(100);

/// Held until it is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a file, waiting up to a limit while another run holds it. `None` if a
    /// signal asks to stop meanwhile.
    ///
    /// # Errors
    /// That another run holds it, or that the lock's file cannot be made.
    pub(super) fn take(
        what: &str,
        path: &Path,
        wait: Duration,
        signals: &Signals,
    ) -> Result<Option<Lock>, Failure> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let name = PathBuf::from(name);
        let subject = format!("{what} {}", path.display());
        let cannot = |e: &io::Error| {
            let cause = format!("its lock {}: {}", name.display(), words::reason(e));
            Failure::new(Step::Output, &subject, Fault::CannotCreate, cause)
        };
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        let mut file = options.open(&name).map_err(|e| cannot(&e))?;
        let deadline = Instant::now() + wait;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(e)) => return Err(cannot(&e)),
                Err(TryLockError::WouldBlock) => {}
            }
            let now = Instant::now();
            if now >= deadline {
                let holder = files::read_text(&name, 32).unwrap_or_default();
                let holder = holder.trim();
                let by = match holder.bytes().all(|b| b.is_ascii_digit()) && !holder.is_empty() {
                    true => format!("process {holder}"),
                    false => "another process".to_owned(),
                };
                let cause = format!("in use: its lock {} is held by {by}", name.display());
                return Err(Failure::new(Step::Config, subject, Fault::Locked, cause));
            }
            signals.wait(&mut Vec::new(), Some(deadline.min(now + PAUSE)));
            if signals.is_stopping() {
                return Ok(None);
            }
        }
        // Only for whoever wonders; without it the lock holds all the same.
        let _ = file
            .set_len(0)
            .and_then(|()| file.write_all(format!("{}\n", std::process::id()).as_bytes()));
        Ok(Some(Lock { _file: file }))
    }
}
