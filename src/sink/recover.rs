//! The files that a cursor names, after a crash or a failed sync: each is repaired, and any lines
//! in them beyond the cursor become unconfirmed.

use std::io;
use std::path::PathBuf;

use super::destination::Destination;
use super::files::Files;
use super::rejects::Rejects;
use super::repair::{self, Beyond, Found, IsWhole};
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
/// Those of a subscription are always cut: their messages were never acknowledged, so the service
/// delivers them again, but perhaps to another consumer. A line that is kept could then only be
/// confirmed by an equal line of another message, which would be lost. `is_last` says whether they
/// can only be of the cursor's own run; if not, they may have been acknowledged, and stay.
///
/// # Errors
/// Those of the file system.
pub(super) fn after_death(
    cursor: &Cursor,
    writes_same: bool,
    is_last: bool,
) -> Result<Recovered, Unusable> {
    let mut recovered = Recovered::default();
    let Recovered { unconfirmed: Unconfirmed { output, rejects, .. }, lost } = &mut recovered;
    let is_line = whole_lines(cursor);
    let is_reader = cursor.belongs_to.subscription.is_empty();
    let otherwise = || if is_reader || is_last { Beyond::Cut } else { Beyond::Leave };
    let is_kept = is_reader && writes_same;
    for place in &cursor.output {
        make_whole(place, Some(&is_line as _).filter(|_| is_kept), otherwise(), output, lost)?;
    }
    for place in &cursor.rejects {
        let is_line = Some(&is_json_line as _).filter(|_| is_kept);
        make_whole(place, is_line, otherwise(), rejects, lost)?;
    }
    Ok(recovered)
}

/// After a failed sync, or whatever else may have lost lines: they are cut from the open file, which
/// is opened anew, and from the rejects file. Files finished before are on the disk, and keep their
/// lines.
///
/// # Errors
/// Those of the file system.
pub(super) fn after_failed_sync(cursor: &Cursor, files: &mut Files) -> Result<Recovered, Unusable> {
    let mut before = files.renew().map_err(|e| (files.open.path.clone(), e))?;
    let mut recovered = Recovered::default();
    let Recovered { unconfirmed: Unconfirmed { output, rejects, .. }, lost } = &mut recovered;
    let is_line = whole_lines(cursor);
    for place in &cursor.output {
        if files.open.is(place) {
            files.open.cut(place.offset).map_err(|e| (files.open.path.clone(), e))?;
        } else if let Some(before) = before.as_mut().filter(|before| before.is(place)) {
            // It was moved away, so it is cut by its descriptor, or where it is found.
            if before.cut(place.offset).is_err() {
                make_whole(place, None, Beyond::Cut, output, lost)?;
            }
        } else {
            make_whole(place, Some(&is_line), Beyond::Cut, output, lost)?;
        }
    }
    for place in &cursor.rejects {
        repair::repair(place, Beyond::Cut)?;
    }
    rejects.files.clone_from(&cursor.rejects);
    Ok(recovered)
}

/// Adds the open files to those that the cursor names while lines are unconfirmed.
///
/// # Errors
/// Those of the file system.
pub(super) fn add_open_files(
    unconfirmed: &mut Unconfirmed,
    destination: &Destination,
    rejects: Option<&Rejects>,
) -> Result<(), Unusable> {
    if let Some(files) = destination.files() {
        let open = files.open.place();
        unconfirmed.output.open(open.map_err(|e| (files.open.path.clone(), e))?);
    }
    if let Some(rejects) = rejects {
        let place = rejects.place();
        unconfirmed.rejects.open(place.map_err(|e| (rejects.path().to_owned(), e))?);
    }
    Ok(())
}

/// A test that tells a whole line, in the format of the cursor's run, from a torn one.
fn whole_lines(cursor: &Cursor) -> impl Fn(&[u8]) -> bool {
    let format = LineRules::format_of(&cursor.lines);
    move |line| format.is_some_and(|format| format.is_whole_line(line))
}

/// Repairs one file, keeping the lines that `is_whole` accepts, if there is such a test.
fn make_whole(
    place: &FilePlace,
    is_whole: Option<&IsWhole<'_>>,
    otherwise: Beyond<'_>,
    tail: &mut Tail,
    lost: &mut Vec<String>,
) -> Result<(), Unusable> {
    let beyond = match is_whole {
        Some(is_whole) => Beyond::Keep { is_whole, lines: &mut tail.lines },
        None => otherwise,
    };
    match repair::repair(place, beyond)? {
        Found::Kept(place) => tail.files.push(place),
        Found::Lost(reason) => lost.push(reason),
        Found::Nothing => {}
    }
    Ok(())
}
