//! A file that is replaced as a whole: the new content is written to a file beside it that only this
//! run can have made, which is then renamed. So it holds either the old content or the new.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use nix::libc::{O_NOFOLLOW, O_NONBLOCK};
use nix::unistd::geteuid;

use super::paths::{self, folder, resolved};
use super::{set_mode, sync_folder};

/// What the name of a new file ends with until it is renamed.
const ENDING: &str = ".tail8x8.tmp";

/// A file that is replaced as a whole.
#[derive(Debug)]
pub(crate) struct Replaced {
    path: PathBuf,
    mode: u32,
    /// Each replacement is synced to the disk before it counts.
    durable: bool,
    /// The file as this run made it last. It stays open because its lock tells other runs that it
    /// is in use.
    current: Option<File>,
}

impl Replaced {
    /// If the path is a symbolic link, it stays one, and the file that it points to is replaced.
    pub(crate) fn new(path: &Path, mode: u32, durable: bool) -> Replaced {
        // What cannot be resolved cannot be replaced either, which is said then.
        let path = resolved(path).unwrap_or_else(|_| path.to_owned());
        Replaced { path, mode, durable, current: None }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the content. The file keeps its owner, even if this user is another one.
    ///
    /// # Errors
    /// If there is something else than a regular file, and those of the file system. The old content
    /// then remains.
    pub(crate) fn replace(&mut self, content: &[u8]) -> io::Result<()> {
        let old = self.old()?;
        if self.current.is_none() {
            self.remove_leftovers();
        }
        let temporary = self.beside(&format!(".{:016x}{ENDING}", getrandom::u64()?));
        // This neither opens what exists nor follows a link.
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        let filled = self.fill(&file, content, old.as_ref());
        // This closes the one before: some file systems replace no file that is open.
        self.current = Some(file);
        if let Err(e) = filled.and_then(|()| fs::rename(&temporary, &self.path)) {
            let _ = fs::remove_file(&temporary);
            return Err(match e.kind() {
                ErrorKind::ResourceBusy => io::Error::other("is a mount, which cannot be replaced"),
                _ => e,
            });
        }
        if self.durable { sync_folder(&self.path) } else { Ok(()) }
    }

    /// The file that is about to be replaced, if there is one.
    fn old(&self) -> io::Result<Option<Metadata>> {
        match fs::symlink_metadata(&self.path) {
            Ok(meta) if meta.is_file() => Ok(Some(meta)),
            Ok(_) => Err(io::Error::other("is not a regular file")),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn fill(&self, mut file: &File, content: &[u8], old: Option<&Metadata>) -> io::Result<()> {
        // Without a lock it is taken for a leftover of a dead run, and nothing worse follows.
        let _ = file.try_lock();
        if let Some(old) = old.filter(|old| geteuid().is_root() && old.uid() != 0) {
            // A file system without owners gives all files the same one.
            let _ = fchown(file, Some(old.uid()), Some(old.gid()));
        }
        set_mode(file, self.mode)?;
        file.write_all(content)?;
        if self.durable { file.sync_data() } else { Ok(()) }
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        paths::beside(&self.path, suffix)
    }

    /// Removes what runs left behind that died before the rename.
    fn remove_leftovers(&self) {
        let Some(name) = self.path.file_name() else { return };
        let entries = fs::read_dir(folder(&self.path)).into_iter().flatten().flatten();
        for entry in
            entries.filter(|entry| is_temporary(name.as_encoded_bytes(), &entry.file_name()))
        {
            if is_leftover(&entry.path()).unwrap_or(false) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// Whether this is how [`Replaced::replace`] names a new file.
fn is_temporary(name: &[u8], found: &OsString) -> bool {
    let rest = found.as_encoded_bytes().strip_prefix(name);
    let digits = rest.and_then(|rest| rest.strip_prefix(b".")?.strip_suffix(ENDING.as_bytes()));
    digits.is_some_and(|it| it.len() == 16 && it.iter().all(u8::is_ascii_hexdigit))
}

/// Whether this user made the file, and no run that lives is about to rename it.
fn is_leftover(path: &Path) -> io::Result<bool> {
    let file = OpenOptions::new().read(true).custom_flags(O_NOFOLLOW | O_NONBLOCK).open(path)?;
    let meta = file.metadata()?;
    let is_ours = meta.is_file() && meta.nlink() == 1 && meta.uid() == geteuid().as_raw();
    Ok(is_ours && file.try_lock().is_ok())
}
