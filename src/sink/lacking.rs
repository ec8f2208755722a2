//! What the file systems of a run cannot do. It shows at the locks, which are the first files of a run
//! and lie beside all others, before anything is written.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use crate::fault::{Failure, Fault, Step};
use crate::files::{self, system};
use crate::words;

/// The warnings so far, each once.
#[derive(Debug)]
pub(super) struct Lacking {
    /// Files are synced, so it matters whether folders can be.
    durable: bool,
    pub(super) warnings: Vec<String>,
}

impl Lacking {
    pub(super) fn new(durable: bool) -> Lacking {
        Lacking { durable, warnings: Vec::new() }
    }

    /// Sets the permissions of a new lock. Where that cannot be done, no file of the run gets those it
    /// was meant to have.
    ///
    /// # Errors
    /// Those of the file system, unless it has no permissions.
    pub(super) fn permissions(&mut self, name: &Path, file: &File, mode: u32) -> io::Result<()> {
        let reason = match file.set_permissions(Permissions::from_mode(mode)) {
            Err(e) if system::lacks_permissions(&e) => words::reason(&e),
            Err(e) => return Err(e),
            Ok(()) if file.metadata()?.mode() & 0o777 == mode => return Ok(()),
            Ok(()) => "they stay as they are".to_owned(),
        };
        let has = file.metadata()?.mode() & 0o777;
        self.warn(format!(
            "{} cannot set permissions ({reason}): new files get mode {has:04o}, whatever --file-mode says",
            system::shown(name)
        ));
        Ok(())
    }

    /// Syncs the folder of a lock.
    ///
    /// # Errors
    /// Those of the file system, unless it cannot sync folders.
    pub(super) fn folder_sync(&mut self, name: &Path) -> io::Result<()> {
        if !self.durable {
            return Ok(());
        }
        match files::try_sync_folder(name) {
            Err(e) if system::lacks(&e) => self.warn(format!(
                "{} cannot sync folders ({}): a power loss may undo the creation or renaming of a file; --sync none hides this warning",
                system::shown(name),
                words::reason(&e)
            )),
            result => result?,
        }
        Ok(())
    }

    /// There are no locks.
    ///
    /// # Errors
    /// If they are needed: two runs with one cursor would each lose what the other has saved.
    pub(super) fn locks(
        &mut self,
        what: &str,
        name: &Path,
        subject: &str,
        e: &io::Error,
    ) -> Result<(), Failure> {
        let cause = format!("{} has no locks ({})", system::shown(name), words::reason(e));
        if what == "cursor" {
            return Err(Failure::new(Step::Output, subject, Fault::NoLocks, cause));
        }
        self.warn(format!("{cause}: a second run with the same {what} would not be noticed"));
        Ok(())
    }

    fn warn(&mut self, text: String) {
        if !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }
}
