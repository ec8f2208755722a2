//! The files that a cursor names, after a crash or a failed sync: each is repaired, and any lines
//! in them beyond the cursor become unconfirmed.

use std::io;
use std::path::PathBuf;

use super::destination::Destination;
use super::repair::{self, Found, IsWhole, Keep};
use super::unconfirmed::{Tail, Unconfirmed};
use crate::cursor::Cursor;
use crate::files::FilePlace;
use crate::message::{LineRules, is_json_line};

/// What was recovered of the files.
#[derive(Debug, Default)]
pub(super) struct Recovered {
    pub(super) unconfirmed: Unconfirmed,
    /// For people: the files whose lines are no longer known, and why.
    pub(super) lost: Vec<String>,
}

/// A file that cannot be repaired.
type Unusable = (PathBuf, io::Error);

/// After a crash: lines beyond the cursor are kept if this run writes lines of the same form, and
/// cut if not.
///
/// # Errors
/// Those of the file system.
pub(super) fn after_death(cursor: &Cursor, writes_same: bool) -> Result<Recovered, Unusable> {
    let mut recovered = Recovered::default();
    let Recovered { unconfirmed: Unconfirmed { output, rejects, .. }, lost } = &mut recovered;
    let is_line = whole_lines(cursor);
    let is_kept = writes_same && may_be_repeated(cursor);
    for place in &cursor.output {
        make_whole(place, Some(&is_line as _).filter(|_| is_kept), output, lost)?;
    }
    for place in &cursor.rejects {
        make_whole(place, Some(&is_json_line as _).filter(|_| is_kept), rejects, lost)?;
    }
    Ok(recovered)
}

/// After a failed sync: lines that may be lost are cut from the open file and the rejects file.
/// Files finished before are on the disk, and keep their lines.
///
/// # Errors
/// Those of the file system.
pub(super) fn after_failed_sync(
    cursor: &Cursor,
    destination: &mut Destination,
) -> Result<Recovered, Unusable> {
    let mut recovered = Recovered::default();
    let Recovered { unconfirmed: Unconfirmed { output, rejects, .. }, lost } = &mut recovered;
    let is_line = whole_lines(cursor);
    for place in &cursor.output {
        // The open file may have been moved away, so it is cut by its descriptor.
        let files = destination.files_mut().filter(|files| files.open.is(place));
        if let Some(files) = files {
            files.open.cut(place.offset).map_err(|e| (files.open.path.clone(), e))?;
            output.files.push(place.clone());
        } else {
            let is_line = Some(&is_line as _).filter(|_| may_be_repeated(cursor));
            make_whole(place, is_line, output, lost)?;
        }
    }
    for place in &cursor.rejects {
        repair::repair(place, None)?;
    }
    rejects.files.clone_from(&cursor.rejects);
    Ok(recovered)
}

/// A test that tells a whole line, in the format of the cursor's run, from a torn one.
/// Whether the lines beyond the cursor are kept, to be confirmed by their repeats. Those of a
/// subscription are cut: their messages were never acknowledged, so the service delivers them
/// again, but perhaps to another consumer. A kept line could then only be confirmed by an equal
/// line of another message, which would be lost.
fn may_be_repeated(cursor: &Cursor) -> bool {
    cursor.belongs_to.subscription.is_empty()
}

fn whole_lines(cursor: &Cursor) -> impl Fn(&[u8]) -> bool {
    let format = LineRules::format_of(&cursor.lines);
    move |line| format.is_some_and(|format| format.is_whole_line(line))
}

/// Repairs one file, keeping the lines that `is_whole` accepts; without it they are all cut.
fn make_whole(
    place: &FilePlace,
    is_whole: Option<&IsWhole<'_>>,
    tail: &mut Tail,
    lost: &mut Vec<String>,
) -> Result<(), Unusable> {
    let keep = is_whole.map(|is_whole| Keep { is_whole, lines: &mut tail.lines });
    match repair::repair(place, keep)? {
        Found::Kept(place) => tail.files.push(place),
        Found::Lost(reason) => lost.push(reason),
        Found::Nothing => {}
    }
    Ok(())
}
