//! Whose a file is. What another user can put in the place of a file of ours, or write into it, is
//! not believed.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::geteuid;

use super::paths::{folder, resolved};

const GROUP_WRITES: u32 = 0o020;
const ANYONE_WRITES: u32 = 0o002;

/// Why a file that exists is not believed, for people.
///
/// The file of another user is one that somebody else may have put there if others, too, can write
/// its folder. In a folder that only its owner can write, it is one that root looks after for a service
/// account. A link of another user may lead to any file, so it is followed only to that user's own.
pub(crate) fn distrust(path: &Path) -> Option<String> {
    let link = fs::symlink_metadata(path).ok()?;
    if is_planted(&link, path) {
        return Some(format!("belongs to user {}, and others can write its folder", link.uid()));
    }
    let target = fs::metadata(path).ok().filter(|_| link.is_symlink());
    if link.is_symlink()
        && !is_trusted(&link)
        && target.as_ref().map(Metadata::uid) != Some(link.uid())
    {
        return Some(format!("is a symbolic link of user {} to a file of another", link.uid()));
    }
    let target =
        target.filter(|target| resolved(path).is_ok_and(|path| is_planted(target, &path)))?;
    Some(format!("leads to a file of user {} in a folder that others can write", target.uid()))
}

/// The permissions of a file that other users can change, unless they were asked for.
pub(crate) fn changeable(path: &Path, asked_for: u32) -> Option<u32> {
    let mode = fs::metadata(path).ok().filter(Metadata::is_file)?.mode() & 0o7777;
    (mode & (GROUP_WRITES | ANYONE_WRITES) & !asked_for != 0).then_some(mode)
}

fn is_trusted(file: &Metadata) -> bool {
    [0, geteuid().as_raw()].contains(&file.uid())
}

fn is_planted(file: &Metadata, path: &Path) -> bool {
    let Ok(folder) = fs::metadata(folder(path)) else { return false };
    let is_own_group = folder.uid() == file.uid();
    let is_shared =
        folder.mode() & ANYONE_WRITES != 0 || (folder.mode() & GROUP_WRITES != 0 && !is_own_group);
    is_shared && !is_trusted(file)
}
