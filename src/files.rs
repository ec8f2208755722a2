//! File operations that std does not provide. Each is written so that a crash or a power loss in
//! the middle leaves either the old state or the new one.

pub(crate) mod owner;
mod paths;
mod replaced;
pub(crate) mod system;

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{DirEntryExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use nix::libc::{O_NOCTTY, O_NONBLOCK};

pub(crate) use paths::{beside, folder, is_same};
pub(crate) use replaced::Replaced;

/// A file, and how much of it belongs to messages that the cursor covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilePlace {
    /// Absolute.
    pub(crate) name: PathBuf,
    /// Which file it is, whatever its name; `None` if it was about to be created.
    pub(crate) identity: Option<Identity>,
    pub(crate) offset: u64,
}

/// What identifies a file in stat(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    /// When it was created, if the file system records it: inode numbers are soon reused.
    pub(crate) born: Option<Timestamp>,
}

impl Identity {
    pub(crate) fn of(file: &Metadata) -> Identity {
        let born = file.created().ok().and_then(|born| Timestamp::try_from(born).ok());
        Identity { device: file.dev(), inode: file.ino(), born }
    }

    /// Whether both are the same file. The device is not compared, since its number may change at a
    /// boot.
    pub(crate) fn is(&self, other: &Identity) -> bool {
        let same_birth = self.born.zip(other.born).is_none_or(|(a, b)| a == b);
        self.inode == other.inode && same_birth
    }
}

/// The first `longest` bytes of a regular file, as text.
pub(crate) fn read_text(path: &Path, longest: u64) -> io::Result<String> {
    // Opening a pipe would wait for its writer, and opening a device may do anything.
    match fs::metadata(path)? {
        meta if meta.is_file() => {}
        meta if meta.is_dir() => return Err(ErrorKind::IsADirectory.into()),
        _ => return Err(io::Error::other("is not a regular file")),
    }
    let mut text = String::new();
    let file = OpenOptions::new().read(true).custom_flags(O_NONBLOCK | O_NOCTTY).open(path)?;
    file.take(longest).read_to_string(&mut text)?;
    Ok(text)
}

/// Opens a file for appending, creating it if it does not exist.
pub(crate) fn append(path: &Path, mode: u32, durable: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).mode(mode);
    let file = match options.clone().create_new(true).open(path) {
        Ok(file) => {
            set_mode(&file, mode)?;
            file
        }
        // It exists, or is a link to a file that does not exist yet.
        Err(e) if e.kind() == ErrorKind::AlreadyExists => options.create(true).open(path)?,
        Err(e) => return Err(e),
    };
    if durable {
        // Even if the file existed: the process that created it may have crashed before this.
        sync_folder(path)?;
    }
    Ok(file)
}

/// Sets the permissions of a new file; neither the umask nor a file system without them decides
/// whether the file can be used.
fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    match file.set_permissions(fs::Permissions::from_mode(mode)) {
        Err(e) if system::lacks_permissions(&e) => Ok(()),
        result => result,
    }
}

/// Renames a file, but fails with [`ErrorKind::AlreadyExists`] if the new name is taken.
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(target_env = "gnu")]
    {
        use nix::errno::Errno;
        use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
        match renameat2(AT_FDCWD, from, AT_FDCWD, to, RenameFlags::RENAME_NOREPLACE) {
            // The file system cannot do both in one step.
            Err(Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP) => {}
            result => return result.map_err(io::Error::from),
        }
    }
    match fs::symlink_metadata(to) {
        Ok(_) => Err(ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(from, to),
    }
}

/// Syncs a file's folder, so that files created or renamed there survive a power loss. Where folders
/// cannot be synced, which is said at the start of a run, this does nothing.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    match try_sync_folder(path) {
        Err(e) if system::lacks(&e) => Ok(()),
        result => result,
    }
}

/// The same, but fails where folders cannot be synced.
pub(crate) fn try_sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

/// Locks a file itself, whatever its names, until it is closed; where there are no locks, this does
/// nothing.
///
/// # Errors
/// [`ErrorKind::WouldBlock`] if another run has locked it.
pub(crate) fn lock(file: &File) -> io::Result<()> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(in_use()),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

/// The error of [`lock`].
pub(crate) fn in_use() -> io::Error {
    io::Error::new(ErrorKind::WouldBlock, "is in use by another run")
}

/// Whether another run has locked a file itself.
pub(crate) fn is_in_use(path: &Path) -> bool {
    // Another run may replace it meanwhile, but not each time.
    for _ in 0..10 {
        if !path.is_file() {
            return false;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(O_NONBLOCK | O_NOCTTY);
        let Ok(file) = options.open(path) else { return false };
        // Two that only look are not in each other's way.
        if matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
            return true;
        }
        let identity = |meta: io::Result<Metadata>| meta.ok().map(|meta| Identity::of(&meta));
        if identity(file.metadata()) == identity(fs::metadata(path)) {
            return false;
        }
    }
    true
}

/// Finds this file in a folder, whatever its name.
pub(crate) fn find(folder: &Path, file: &Identity) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let is_it = |meta: &Metadata| meta.is_file() && Identity::of(meta).is(file);
    entries
        .filter(|entry| entry.ino() == file.inode)
        .find(|entry| entry.metadata().is_ok_and(|meta| is_it(&meta)))
        .map(|entry| entry.path())
}

/// A file's place, as it is saved in a cursor, whether or not the file exists yet.
pub(crate) fn place(path: &Path) -> io::Result<FilePlace> {
    let name = std::path::absolute(path)?;
    match fs::metadata(path) {
        Ok(meta) => {
            let identity = Some(Identity::of(&meta));
            Ok(FilePlace { name, identity, offset: meta.len() })
        }
        Err(e) if e.kind() == ErrorKind::NotFound => {
            Ok(FilePlace { name, identity: None, offset: 0 })
        }
        Err(e) => Err(e),
    }
}
