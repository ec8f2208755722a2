//! File operations that std does not provide. Each is written so that a crash or a power loss in
//! the middle leaves either the old state or the new one.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirEntryExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

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
    // Opening a pipe would wait for its writer.
    match fs::metadata(path)? {
        meta if meta.is_file() => {}
        meta if meta.is_dir() => return Err(ErrorKind::IsADirectory.into()),
        _ => return Err(io::Error::other("is not a regular file")),
    }
    let mut text = String::new();
    File::open(path)?.take(longest).read_to_string(&mut text)?;
    Ok(text)
}

/// Opens a file for appending, creating it if it does not exist.
pub(crate) fn append(path: &Path, mode: u32, durable: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).mode(mode);
    let file = match options.clone().create_new(true).open(path) {
        Ok(file) => {
            // The mode was asked for, so the umask must not change it.
            file.set_permissions(fs::Permissions::from_mode(mode))?;
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

/// Replaces a file's content as a whole.
pub(crate) fn replace(path: &Path, content: &[u8], mode: u32, durable: bool) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let temporary = PathBuf::from(temporary);
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&temporary)?;
    // Neither the umask nor a leftover of an earlier crash may decide the mode.
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.write_all(content)?;
    if durable {
        file.sync_all()?;
    }
    fs::rename(&temporary, path)?;
    if durable { sync_folder(path) } else { Ok(()) }
}

/// Renames a file, but fails with [`ErrorKind::AlreadyExists`] if the new name is taken.
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(target_env = "gnu")]
    {
        use nix::errno::Errno;
        use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
        match renameat2(AT_FDCWD, from, AT_FDCWD, to, RenameFlags::RENAME_NOREPLACE) {
            // The file system cannot do both in one step.
            Err(Errno::EINVAL | Errno::ENOSYS) => {}
            result => return result.map_err(io::Error::from),
        }
    }
    match fs::symlink_metadata(to) {
        Ok(_) => Err(ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(from, to),
    }
}

/// Syncs a file's folder, so that files created or renamed there survive a power loss.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
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
