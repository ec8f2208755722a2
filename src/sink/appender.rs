//! One regular file that whole lines are appended to.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileExt, MetadataExt as _};
use std::path::{Path, PathBuf};

use crate::files::{self, FilePlace, Identity};

/// An open file.
#[derive(Debug)]
pub(super) struct Appender {
    pub(super) path: PathBuf,
    file: File,
    identity: Identity,
    /// Written since the last sync.
    unsynced: bool,
    /// The file ends in the middle of a line, whose rest is still to be written.
    torn: bool,
    /// No other run can open it, by whatever name.
    is_locked: bool,
    /// Something failed, and not for lack of room: lines since the last sync may be lost, and the
    /// descriptor may be dead for good.
    is_suspect: bool,
}

/// What a file system calls a removed file that is still open.
const HIDDEN: [&[u8]; 2] = [b".nfs", b".fuse_hidden"];

impl Appender {
    /// Opens the file, creating it if it does not exist. If the last line has no newline, one is
    /// written, so that nothing is ever appended to that line.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn open(path: &Path, mode: u32, durable: bool) -> io::Result<Appender> {
        let mut file = files::append(path, mode, durable)?;
        let meta = file.metadata()?;
        if !meta.is_file() {
            return Err(io::Error::other("is not a regular file"));
        }
        let mut last = [b'\n'];
        if meta.len() > 0 {
            file.read_exact_at(&mut last, meta.len() - 1)?;
        }
        let unsynced = last != [b'\n'];
        if unsynced {
            file.write_all(b"\n")?;
        }
        let identity = Identity::of(&meta);
        let (torn, is_locked, is_suspect) = (false, false, false);
        let path = path.to_owned();
        Ok(Appender { path, file, identity, unsynced, torn, is_locked, is_suspect })
    }

    /// Locks the file for this run, until it is closed: the lock beside the output does not hold
    /// against a run that knows the file by another name. At the latest this is done before the
    /// first line; if this run still has an older descriptor of the file, it must not be done
    /// before that is closed.
    ///
    /// # Errors
    /// If another run has locked it.
    pub(super) fn lock(&mut self) -> io::Result<()> {
        if !self.is_locked {
            files::lock(&self.file)?;
            self.is_locked = true;
        }
        Ok(())
    }

    /// Whether a place saved in a cursor is this file, even if the file has been renamed.
    pub(super) fn is(&self, place: &FilePlace) -> bool {
        place.identity.is_some_and(|identity| identity.is(&self.identity))
    }

    /// Whether this path names the file. Others may have renamed or removed it.
    ///
    /// # Errors
    /// Those of stat(2).
    pub(super) fn is_at(&self, path: &Path) -> io::Result<bool> {
        Ok(files::place(path)?.identity == Some(self.identity))
    }

    /// Whether another file has its path now.
    pub(super) fn is_replaced(&self) -> bool {
        let there = files::place(&self.path).ok().and_then(|place| place.identity);
        there.is_some_and(|there| there != self.identity)
    }

    /// Whether the file has no name any more, so that its lines end with its descriptor.
    ///
    /// # Errors
    /// Those of fstat(2).
    pub(super) fn is_gone(&self) -> io::Result<bool> {
        Ok(self.file.metadata()?.nlink() == 0 || (self.is_hidden() && !self.is_at(&self.path)?))
    }

    fn is_hidden(&self) -> bool {
        let link = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        let name = std::fs::read_link(link).unwrap_or_default();
        let name = name.file_name().unwrap_or_default().as_encoded_bytes();
        HIDDEN.iter().any(|prefix| name.starts_with(prefix))
    }

    /// Whether lines since the last sync may be lost, and the descriptor dead.
    pub(super) fn is_suspect(&self) -> bool {
        // A dead one cannot even tell its length.
        self.is_suspect || self.len().is_err()
    }

    /// The file's current length, which others may have changed.
    ///
    /// # Errors
    /// Those of fstat(2).
    pub(super) fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// The file's place, as it is saved in a cursor.
    ///
    /// # Errors
    /// Those of fstat(2).
    pub(super) fn place(&self) -> io::Result<FilePlace> {
        let (name, identity) = (self.path.clone(), Some(self.identity));
        Ok(FilePlace { name, identity, offset: self.len()? })
    }

    /// Appends lines. The first value is how many of their bytes are in the file, even after a
    /// failure: a torn line is cut off and does not count.
    pub(super) fn append(&mut self, lines: &[u8]) -> (usize, io::Result<()>) {
        if let Err(e) = self.lock() {
            return (0, Err(e));
        }
        self.unsynced = true;
        let mut written = 0;
        while written < lines.len() {
            match self.file.write(&lines[written..]) {
                Ok(n) if n > 0 => written += n,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                result => {
                    let e = result.err().unwrap_or_else(|| ErrorKind::WriteZero.into());
                    self.is_suspect |= !is_lack_of_room(&e);
                    return (self.without_torn_line(&lines[..written]), Err(e));
                }
            }
        }
        self.torn = false;
        (written, Ok(()))
    }

    /// Whether the file ends in the middle of a line that could not be cut off.
    pub(super) fn is_torn(&self) -> bool {
        self.torn
    }

    /// Cuts off a torn line. Returns how many of the bytes written remain: all of them if it
    /// cannot be cut, so that the rest of the line follows later.
    fn without_torn_line(&mut self, written: &[u8]) -> usize {
        let whole = memchr::memrchr(b'\n', written).map_or(0, |at| at + 1);
        let torn = (written.len() - whole) as u64;
        let cut = torn == 0
            || self.len().is_ok_and(|len| self.file.set_len(len.saturating_sub(torn)).is_ok());
        self.torn = !cut || (self.torn && whole == 0);
        if cut { whole } else { written.len() }
    }

    /// Cuts the file to an earlier length.
    ///
    /// # Errors
    /// Those of ftruncate(2).
    pub(super) fn cut(&mut self, len: u64) -> io::Result<()> {
        if self.len()? > len {
            self.file.set_len(len)?;
        }
        (self.torn, self.unsynced, self.is_suspect) = (false, true, false);
        Ok(())
    }

    /// Syncs the file, so that its lines survive a power loss.
    ///
    /// # Errors
    /// Those of fdatasync(2). Anything appended since the last sync may then be lost.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.unsynced {
            let result = self.file.sync_data();
            self.is_suspect |= result.is_err();
            result?;
            self.unsynced = false;
        }
        Ok(())
    }
}

fn is_lack_of_room(e: &io::Error) -> bool {
    use ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull, WriteZero};
    matches!(e.kind(), StorageFull | QuotaExceeded | FileTooLarge | WriteZero)
}
