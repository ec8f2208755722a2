//! Checks made before anything is changed: whether the output and the rejects file can be written
//! at all.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::cannot_create;
use crate::clock::Now;
use crate::fault::{Failure, Fault, Step};
use crate::values::capture::Capture;

const NO_FOLDER: &str = "its folder does not exist";

/// What the output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutputKind {
    /// A pipe or a device, which cannot be resumed from a place in it.
    Stream,
    /// A regular file, or one that does not exist yet.
    File,
}

/// What kind of output it is.
///
/// # Errors
/// If it cannot be written, or does not go with the other options.
pub(super) fn output(capture: &Capture, now: Now) -> Result<OutputKind, Failure> {
    let Some(name) = &capture.output else { return Ok(OutputKind::Stream) };
    let path = name.at(now.utc);
    let create =
        |cause: &str| Failure::new(Step::Output, name.as_str(), Fault::CannotCreate, cause);
    match fs::metadata(&path) {
        Ok(meta) if meta.is_file() => Ok(OutputKind::File),
        Ok(meta) if meta.is_dir() => Err(create("is a folder")),
        Ok(_) if capture.rotation.is_on() || capture.cursor.is_some() => {
            let with = if capture.cursor.is_some() { "--cursor-file" } else { "rotation" };
            let subject = format!("--output {}", name.as_str());
            let cause = format!("is a pipe or a device, which cannot be combined with {with}");
            Err(Failure::new(Step::Config, subject, Fault::NotARegularFile, cause))
        }
        Ok(_) => Ok(OutputKind::Stream),
        Err(e) if e.kind() == ErrorKind::NotFound && has_folder(&path) => Ok(OutputKind::File),
        Err(e) if e.kind() == ErrorKind::NotFound => Err(create(NO_FOLDER)),
        Err(e) => Err(cannot_create(name.as_str().to_owned(), &e)),
    }
}

/// Checks the rejects file. It is only written at the first reject, so problems are found early
/// here.
pub(super) fn rejects(path: &Path) -> Result<(), Failure> {
    let cause = match fs::metadata(path) {
        Ok(meta) if meta.is_file() => return Ok(()),
        Ok(_) => "is not a regular file",
        Err(_) if has_folder(path) => return Ok(()),
        Err(_) => NO_FOLDER,
    };
    let subject = format!("rejects {}", path.display());
    Err(Failure::new(Step::Output, subject, Fault::CannotCreate, cause))
}

fn has_folder(path: &Path) -> bool {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.is_none_or(Path::is_dir)
}
