//! The file system of a file: its name for people, and what it cannot do.

use std::io;
use std::path::{Path, PathBuf};

use nix::libc::{EINVAL, ENOLCK, ENOSYS, EOPNOTSUPP, EPERM};

use super::paths::resolved;

/// The file system that holds a file, for people: `file system vfat of /mnt/usb`.
pub(crate) fn shown(path: &Path) -> String {
    let path = resolved(path).unwrap_or_else(|_| path.to_owned());
    let mounts = mounts();
    // Of several in one place, the last is on top.
    let holder = mounts
        .iter()
        .filter(|(place, _)| path.starts_with(place))
        .max_by_key(|(place, _)| place.components().count());
    match holder {
        Some((place, kind)) => format!("file system {kind} of {}", place.display()),
        None => format!("the file system of {}", path.display()),
    }
}

/// Whether a file or folder is itself mounted, and so cannot be renamed or replaced.
pub(crate) fn is_mount(path: &Path) -> bool {
    mounts().iter().any(|(place, _)| place == path)
}

/// Whether the file system cannot do this at all, rather than having failed to.
pub(crate) fn lacks(e: &io::Error) -> bool {
    matches!(e.raw_os_error(), Some(EINVAL | EOPNOTSUPP | ENOSYS))
}

/// Whether the file system has no permissions. The owner of a file is never forbidden to set them.
pub(crate) fn lacks_permissions(e: &io::Error) -> bool {
    lacks(e) || e.raw_os_error() == Some(EPERM)
}

/// Whether the file system has no locks.
pub(crate) fn lacks_locks(e: &io::Error) -> bool {
    lacks(e) || e.raw_os_error() == Some(ENOLCK)
}

/// Where something is mounted, and the type of its file system; see proc_pid_mountinfo(5).
fn mounts() -> Vec<(PathBuf, String)> {
    let text = std::fs::read("/proc/self/mountinfo").unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mount = |line: &str| {
        let place = unescaped(line.split(' ').nth(4)?);
        let kind = line.split_once(" - ")?.1.split(' ').next()?;
        Some((PathBuf::from(place), kind.to_owned()))
    };
    text.lines().filter_map(mount).collect()
}

/// Blanks and the like are octal there: `\040`.
fn unescaped(text: &str) -> String {
    let mut pieces = text.split('\\');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let byte = piece.get(..3).and_then(|octal| u8::from_str_radix(octal, 8).ok());
        plain.push(byte.map_or('\\', char::from));
        plain.push_str(if byte.is_some() { &piece[3..] } else { piece });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_in_the_names_of_folders_are_read() {
        for (text, plain) in
            [("/a/b", "/a/b"), ("/a\\040b\\134", "/a b\\"), ("/a\\9", "/a\\9"), ("\\", "\\")]
        {
            assert_eq!(unescaped(text), plain);
        }
    }

    #[test]
    fn the_root_is_a_mount_and_holds_what_is_in_no_other() {
        assert!(is_mount(Path::new("/")) && !is_mount(Path::new("/proc/version")));
        assert_eq!(shown(Path::new("/proc/version")), "file system proc of /proc");
    }
}
