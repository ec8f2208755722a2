//! Which of the files that a cursor names are this run's own. A cursor that somebody else could write
//! must not lead to any other file.

use std::fs;
use std::path::Path;

use super::cannot_create;
use super::repair::locate;
use crate::cursor::Cursor;
use crate::fault::Failure;
use crate::files::{self, FilePlace, owner};
use crate::values::capture::Capture;

/// The cursor with only the files of this run, and why the others are left alone, for people.
///
/// # Errors
/// If another run has one of them open.
pub(super) fn places(cursor: &Cursor, capture: &Capture) -> Result<(Cursor, Vec<String>), Failure> {
    let mut own = cursor.clone();
    let mut left = Vec::new();
    let mut keep = |places: &mut Vec<FilePlace>, is_own: &dyn Fn(&Path) -> bool| {
        places.retain(|place| match why_not(place, is_own) {
            None => true,
            Some(reason) => {
                left.push(format!("{} {reason}", place.name.display()));
                false
            }
        });
    };
    keep(&mut own.output, &|path| capture.may_be_output(path));
    keep(&mut own.rejects, &|path| capture.may_be_rejects(path));
    let mut paths = own.output.iter().chain(&own.rejects).filter_map(locate);
    match paths.find(|path| files::is_in_use(path)) {
        Some(path) => Err(cannot_create(path.display().to_string(), &files::in_use())),
        None => Ok((own, left)),
    }
}

/// Why a file is left alone.
fn why_not(place: &FilePlace, is_own: &dyn Fn(&Path) -> bool) -> Option<String> {
    // One that was renamed is known only by its number, which is the cursor's word, too.
    let path = locate(place).unwrap_or_else(|| place.name.clone());
    if !is_own(&place.name) || !is_own(&path) {
        return Some("is not a file of this run".to_owned());
    }
    match fs::metadata(&path) {
        Ok(meta) if !meta.is_file() => Some("is not a regular file".to_owned()),
        _ => owner::distrust(&path),
    }
}
