//! Paths: the folder of a file, what lies beside it, and whether two are of one file.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

/// The folder that holds a file.
pub(crate) fn folder(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(if path.has_root() { "/" } else { "." }))
}

/// The path with this behind its name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The absolute path without symbolic links, whether or not the file exists yet.
pub(crate) fn resolved(path: &Path) -> io::Result<PathBuf> {
    let mut path = std::path::absolute(path)?;
    // As many as the kernel follows.
    for _ in 0..40 {
        if let Ok(path) = fs::canonicalize(&path) {
            return Ok(path);
        }
        let Ok(target) = fs::read_link(&path) else {
            let parts = fs::canonicalize(folder(&path)).ok().zip(path.file_name());
            return Ok(parts.map_or(path.clone(), |(folder, name)| folder.join(name)));
        };
        path = folder(&path).join(target);
    }
    Err(Errno::ELOOP.into())
}

/// Whether two paths are those of one file, however they are written.
pub(crate) fn is_same(a: &Path, b: &Path) -> bool {
    let identity = |path| fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()));
    let whole = |path| resolved(path).unwrap_or_else(|_| path.to_owned());
    whole(a) == whole(b) || identity(a).is_some_and(|a| identity(b) == Some(a))
}
