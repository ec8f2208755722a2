//! Checks made before anything is changed: whether the output and the rejects file can be written
//! at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use super::cannot_create;
use super::names::Names;
use crate::clock::Now;
use crate::fault::{Failure, Fault, Step};
use crate::files::{folder, owner};
use crate::values::capture::Capture;
use crate::values::file_name::FileName;

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
    let create = |cause: &str| Failure::new(Step::Output, name.shown(), Fault::CannotCreate, cause);
    match fs::metadata(&path) {
        Ok(meta) if meta.is_file() => Ok(OutputKind::File),
        Ok(meta) if meta.is_dir() => Err(create("is a folder")),
        Ok(_) if capture.rotation.is_on() || capture.cursor.is_some() => {
            let with = if capture.cursor.is_some() { "--cursor-file" } else { "rotation" };
            let subject = format!("--output {}", name.shown());
            let cause = format!("is a pipe or a device, which cannot be combined with {with}");
            Err(Failure::new(Step::Config, subject, Fault::NotARegularFile, cause))
        }
        Ok(_) => trusted(&format!("output {}", path.display()), &path).map(|()| OutputKind::Stream),
        Err(e) if e.kind() == ErrorKind::NotFound && has_folder(&path) => Ok(OutputKind::File),
        Err(e) if e.kind() == ErrorKind::NotFound => Err(create(NO_FOLDER)),
        Err(e) => Err(cannot_create(name.shown(), &e)),
    }
}

/// Checks that the program was started with a standard output, if events go there. In place of a
/// closed one, std opens `/dev/null` for reading and writing; a shell's `> /dev/null` is only for
/// writing.
pub(super) fn standard_output(capture: &Capture) -> Result<(), Failure> {
    let is_null = || {
        let stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?).metadata()?;
        let null = fs::metadata("/dev/null")?;
        io::Result::Ok(stdout.file_type().is_char_device() && stdout.rdev() == null.rdev())
    };
    let flags = fcntl(io::stdout(), FcntlArg::F_GETFL).map(OFlag::from_bits_truncate);
    let is_for_both = flags.is_ok_and(|flags| flags & OFlag::O_ACCMODE == OFlag::O_RDWR);
    if capture.output.is_none() && is_for_both && is_null().unwrap_or(false) {
        let cause = "was closed when the program was started";
        return Err(Failure::new(Step::Output, "stdout", Fault::NoStandardOutput, cause));
    }
    Ok(())
}

/// The files that a run writes and others may have made: where each is, and what it is. A stream
/// counts as none.
#[derive(Debug)]
pub(super) struct Paths {
    pub(super) output: Option<PathBuf>,
    pub(super) rejects: Option<PathBuf>,
    pub(super) cursor: Option<PathBuf>,
}

impl Paths {
    /// The paths at the start of a run.
    ///
    /// # Errors
    /// If the current folder cannot be found out.
    pub(super) fn of(capture: &Capture, kind: OutputKind, now: Now) -> Result<Paths, Failure> {
        let is_file = |_: &&FileName| kind == OutputKind::File;
        let (mut output, mut beside) = (None, None);
        if let Some(name) = capture.output.as_ref().filter(is_file) {
            let names = Names { name: name.clone(), rotation: capture.rotation, durable: false };
            let open = names.open_at(now.utc);
            let open = open.map_err(|e| cannot_create(name.shown(), &e))?;
            beside = Some(names.rejects_beside(&open));
            output = Some(open);
        }
        let rejects = capture.rejects.clone().or(beside);
        Ok(Paths { output, rejects, cursor: capture.cursor.clone() })
    }

    /// Checks them: whether the rejects file can be written, and who else can write any of them.
    /// Returns warnings.
    ///
    /// # Errors
    /// The file that cannot be written, or that another user may have put there.
    pub(super) fn check(&self, mode: u32) -> Result<Vec<String>, Failure> {
        let mut warnings = Vec::new();
        if let Some(path) = &self.rejects {
            rejects(path)?;
        }
        let files = [
            ("cursor", &self.cursor, 0),
            ("output", &self.output, mode),
            ("rejects", &self.rejects, mode),
        ];
        for (what, path, asked_for) in files {
            let Some(path) = path else { continue };
            let subject = format!("{what} {}", path.display());
            trusted(&subject, path)?;
            if let Some(mode) = owner::changeable(path, asked_for) {
                warnings.push(format!(
                    "{subject} can be changed by other users (mode {mode:04o}): use chmod go-w"
                ));
            }
        }
        Ok(warnings)
    }
}

/// Checks the rejects file. It is only written at the first reject, so problems are found early
/// here.
fn rejects(path: &Path) -> Result<(), Failure> {
    let cause = match fs::metadata(path) {
        Ok(meta) if meta.is_file() => return Ok(()),
        Ok(_) => "is not a regular file",
        Err(_) if has_folder(path) => return Ok(()),
        Err(_) => NO_FOLDER,
    };
    let subject = format!("rejects {}", path.display());
    Err(Failure::new(Step::Output, subject, Fault::CannotCreate, cause))
}

/// Checks that no other user can have put a file there.
fn trusted(subject: &str, path: &Path) -> Result<(), Failure> {
    let failure = |reason| Failure::new(Step::Config, subject, Fault::ForeignFile, reason);
    owner::distrust(path).map_or(Ok(()), |reason| Err(failure(reason)))
}

fn has_folder(path: &Path) -> bool {
    folder(path).is_dir()
}
