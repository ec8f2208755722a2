//! What an earlier run left behind, and how it is made whole.
//!
//! After an unclean end a file may be longer than its cursor says. Whatever follows the file
//! takes a shorter one for a new one, so only what is no whole line is cut: a torn last line, and
//! all from the first line on that is not whole, as a power loss leaves it. The lines in between
//! are kept, and left out when the service sends them again.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, ErrorKind, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::held::Lines;
use crate::files;
use crate::files::{FilePlace, Identity};

/// What was found in one file.
#[derive(Debug)]
pub(super) enum Found {
    /// The file, and where the lines begin that were kept.
    Kept(FilePlace),
    /// The file is gone, or shorter, or changed by someone else; the reason, for people.
    Lost(String),
    /// It was about to be made, and was not.
    Nothing,
}

/// Makes one file whole, whatever its name is by now. `is_whole` tells a whole line, with its line
/// break, from a torn one.
///
/// # Errors
/// Those of the file system, with the file they are about.
pub(super) fn repair(
    place: &FilePlace,
    is_whole: impl Fn(&[u8]) -> bool,
    kept: &mut Lines,
) -> Result<Found, (PathBuf, io::Error)> {
    let shown = place.name.display();
    let Some(path) = locate(place) else {
        return Ok(match place.identity {
            Some(_) => Found::Lost(format!("{shown} is not where the last run left it")),
            None => Found::Nothing,
        });
    };
    let result = repair_at(&path, place, is_whole, kept);
    result.map_err(|e| (path, e))
}

fn repair_at(
    path: &Path,
    place: &FilePlace,
    is_whole: impl Fn(&[u8]) -> bool,
    kept: &mut Lines,
) -> io::Result<Found> {
    let shown = path.display();
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        // Whoever renamed it may have taken it away from us.
        Err(e) if e.kind() == ErrorKind::PermissionDenied => {
            return Ok(Found::Lost(format!("{shown} cannot be written any more")));
        }
        file => file?,
    };
    let meta = file.metadata()?;
    if meta.len() < place.offset {
        return Ok(Found::Lost(format!(
            "{shown} has {} bytes, and had {} when the cursor was saved",
            meta.len(),
            place.offset
        )));
    }
    let mut before = [b'\n'];
    if place.offset > 0 {
        file.read_exact_at(&mut before, place.offset - 1)?;
    }
    if before != [b'\n'] {
        return Ok(Found::Lost(format!("{shown} was changed by something else")));
    }
    let end = keep_lines(&file, place.offset, is_whole, kept)?;
    if end < meta.len() {
        file.set_len(end)?;
    }
    if place.offset < end {
        // What is kept counts as written once it was sent again. A sync that failed before it
        // died has left pages that look clean: only what is written anew is synced again.
        write_again(&file, place.offset, end)?;
    }
    if place.offset < meta.len() {
        file.sync_data()?;
    }
    let identity = Some(Identity::of(&meta));
    Ok(Found::Kept(FilePlace { name: path.to_owned(), identity, offset: place.offset }))
}

/// Writes a part of a file over itself.
fn write_again(file: &File, mut offset: u64, end: u64) -> io::Result<()> {
    let mut chunk = [0; 64 * 1024];
    while offset < end {
        let length = chunk.len().min(usize::try_from(end - offset).unwrap_or(usize::MAX));
        file.read_exact_at(&mut chunk[..length], offset)?;
        file.write_all_at(&chunk[..length], offset)?;
        offset += length as u64;
    }
    Ok(())
}

/// Takes the whole lines behind an offset; where they end.
fn keep_lines(
    file: &File,
    offset: u64,
    is_whole: impl Fn(&[u8]) -> bool,
    kept: &mut Lines,
) -> io::Result<u64> {
    let mut reader = BufReader::new(file);
    reader.seek(SeekFrom::Start(offset))?;
    let (mut end, mut line) = (offset, Vec::new());
    loop {
        line.clear();
        reader.read_until(b'\n', &mut line)?;
        if !is_whole(&line) {
            return Ok(end);
        }
        kept.add(&line);
        end += line.len() as u64;
    }
}

/// Where the file is now: under its name, or renamed beside it.
fn locate(place: &FilePlace) -> Option<PathBuf> {
    let here = files::place(&place.name).ok()?.identity;
    match (place.identity, here) {
        (None, here) => here.map(|_| place.name.clone()),
        (Some(ours), Some(here)) if ours.is(&here) => Some(place.name.clone()),
        (Some(ours), _) => files::find(place.name.parent()?, &ours),
    }
}
