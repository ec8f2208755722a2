//! Repairs a file that an earlier run left behind.
//!
//! After an unclean end a file may be longer than its cursor says. A program that follows the file
//! (such as `tail -F`) takes a file that got shorter for a new one, so as little as possible is
//! cut: everything from the first line on that is not a whole line of ours, such as a torn last
//! line or what a power loss leaves. The lines before that are kept, and are not written again
//! when the service repeats them. With a subscription all of them are cut (see [`super::recover`]).

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, ErrorKind, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::unconfirmed::CountedLines;
use crate::files::{self, FilePlace, Identity};

/// What was found in one file.
#[derive(Debug)]
pub(super) enum Found {
    /// The file, and the offset at which the kept lines begin.
    Kept(FilePlace),
    /// The file is gone, shorter, or changed by someone else; the reason, for people.
    Lost(String),
    /// The file was announced but never created.
    Nothing,
}

/// Tells a whole line, with its newline, from a torn one.
pub(super) type IsWhole<'f> = dyn Fn(&[u8]) -> bool + 'f;

/// What happens to lines after the saved place.
pub(super) enum Beyond<'k> {
    /// Whole ones are kept, and counted in `lines`.
    Keep {
        is_whole: &'k IsWhole<'k>,
        lines: &'k mut CountedLines,
    },
    Cut,
    /// They may be another run's, and stay.
    Leave,
}

/// Repairs one file, even if it was renamed.
///
/// # Errors
/// Those of the file system, with the path of the file.
pub(super) fn repair(place: &FilePlace, beyond: Beyond<'_>) -> Result<Found, (PathBuf, io::Error)> {
    let shown = place.name.display();
    let Some(path) = locate(place) else {
        return Ok(match place.identity {
            Some(_) => Found::Lost(format!("{shown} is not where the last run left it")),
            None => Found::Nothing,
        });
    };
    let result = repair_at(&path, place, beyond);
    result.map_err(|e| (path, e))
}

fn repair_at(path: &Path, place: &FilePlace, beyond: Beyond<'_>) -> io::Result<Found> {
    let shown = path.display();
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        // Someone may have moved it and changed its permissions.
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
    let end = match beyond {
        Beyond::Keep { is_whole, lines } => keep_lines(&file, place.offset, is_whole, lines)?,
        Beyond::Cut => place.offset,
        Beyond::Leave if meta.len() == place.offset => place.offset,
        Beyond::Leave => {
            return Ok(Found::Lost(format!(
                "{shown} is longer than its cursor says, and may have been written by another run"
            )));
        }
    };
    if end < meta.len() {
        file.set_len(end)?;
    }
    if place.offset < end {
        // After a failed sync in the earlier run, the kernel may hold unsynced pages as clean. Only
        // rewriting the lines makes sure that they are synced before they count as confirmed.
        write_again(&file, place.offset, end)?;
    }
    if place.offset < meta.len() {
        file.sync_data()?;
    }
    let identity = Some(Identity::of(&meta));
    Ok(Found::Kept(FilePlace { name: path.to_owned(), identity, offset: place.offset }))
}

/// Rewrites a part of a file with its own content.
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

/// Counts the whole lines after an offset, and returns where they end.
fn keep_lines(
    file: &File,
    offset: u64,
    is_whole: &IsWhole<'_>,
    lines: &mut CountedLines,
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
        lines.add(&line);
        end += line.len() as u64;
    }
}

/// Where the file is now: under its name, or renamed beside it.
pub(super) fn locate(place: &FilePlace) -> Option<PathBuf> {
    let here = files::place(&place.name).ok()?.identity;
    match (place.identity, here) {
        (None, here) => here.map(|_| place.name.clone()),
        (Some(ours), Some(here)) if ours.is(&here) => Some(place.name.clone()),
        (Some(ours), _) => files::find(place.name.parent()?, &ours),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::message::is_json_line;
    use crate::testing::scratch::Scratch;
    use std::fs;

    /// Repairs a file of this content whose cursor is at 4. What is in it then.
    fn repaired(content: &[u8], beyond: Beyond<'_>) -> (Found, Vec<u8>) {
        let folder = Scratch::new("repair");
        let path = folder.join("file");
        fs::write(&path, content).unwrap();
        let place = FilePlace { offset: 4, ..files::place(&path).unwrap() };
        // Whatever its name is by now.
        let renamed = folder.join("renamed");
        fs::rename(&path, &renamed).unwrap();
        let found = repair(&place, beyond).unwrap();
        (found, fs::read(renamed).unwrap())
    }

    #[test]
    fn whole_lines_are_kept_and_all_from_the_first_other_one_is_cut() {
        for (tail, left) in [
            ("", ""),
            ("{\"n\":2}\n", "{\"n\":2}\n"),
            ("{\"n\":2}\n{\"n\":", "{\"n\":2}\n"),
            ("{\"n\":2}\n\0\0\0\n{\"n\":3}\n", "{\"n\":2}\n"),
            ("{\"n\":2}", ""),
        ] {
            let mut kept = CountedLines::default();
            let beyond = Beyond::Keep { is_whole: &is_json_line, lines: &mut kept };
            let (found, bytes) = repaired(format!("{{ }}\n{tail}").as_bytes(), beyond);
            assert!(matches!(found, Found::Kept(place) if place.offset == 4), "{tail:?}");
            assert_eq!(bytes, format!("{{ }}\n{left}").as_bytes(), "{tail:?}");
            let expected = left.lines().count();
            assert_eq!(kept.len(), expected as u64, "{tail:?}");
        }
    }

    #[test]
    fn lines_are_cut_only_if_they_are_our_own() {
        let content = b"{ }\n{\"n\":2}\n{\"n\"";
        let (found, bytes) = repaired(content, Beyond::Cut);
        assert!(matches!(found, Found::Kept(_)));
        assert_eq!(bytes, b"{ }\n");
        let (found, bytes) = repaired(content, Beyond::Leave);
        assert!(matches!(found, Found::Lost(_)));
        assert_eq!(bytes, content);
        let (found, _) = repaired(b"{ }\n", Beyond::Leave);
        assert!(matches!(found, Found::Kept(_)), "there is nothing beyond");
    }

    #[test]
    fn a_file_that_others_have_changed_is_left_alone() {
        for content in [&b"{ }"[..], b"{  }\n{}\n"] {
            let (found, bytes) = repaired(content, Beyond::Cut);
            assert!(matches!(found, Found::Lost(_)));
            assert_eq!(bytes, content);
        }
    }
}
