//! Opening the output: what must hold before anything is touched, the locks, and what an earlier
//! run left to be made whole.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::rc::Rc;

use jiff::Timestamp;

use super::{Destination, News, Output, Saved, cannot_create, standard_output};
use crate::cursor::{Cursor, CursorFile, Source, shape};
use crate::fault::Fault;
use crate::fault::{Failure, Step};
use crate::files::FilePlace;
use crate::progress::Progress;
use crate::report::{Counters, Report};
use crate::settings::{Capture, Settings};
use crate::sink::disk::Disk;
use crate::sink::held::{Held, Lines};
use crate::sink::lock::Lock;
use crate::sink::pending::Pending;
use crate::sink::pipe::Pipe;
use crate::sink::rejects::Rejects;
use crate::sink::series::Series;
use crate::sink::start::{self, Found};
use crate::values::choice::Durability;
use crate::wait::Signals;

const NO_FOLDER: &str = "its folder does not exist";

/// What the output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A pipe or a device, which has no place to go on from.
    Stream,
    /// A regular file, or one to be made.
    File,
}

impl Output {
    /// Opens the output, after whatever an earlier run left behind was made whole. `None` if a
    /// signal came while another run was waited for.
    ///
    /// # Errors
    /// Whatever makes the output or the cursor unusable; nothing has been changed then.
    pub(crate) fn open(
        settings: &Settings,
        report: &Rc<Report>,
        counters: &Rc<Counters>,
        signals: &Signals,
    ) -> Result<Option<Output>, Failure> {
        let capture = &settings.capture;
        let durable = capture.durability != Durability::None;
        let kind = check_output(capture)?;
        if let Some(path) = &capture.rejects {
            check_rejects(path)?;
        }
        let source = Source::of(settings);
        let file = cursor_file(capture, durable, &source)?;
        let Some(locks) = locks(capture, kind, file.as_ref(), signals)? else { return Ok(None) };
        // Once more, now that nobody else can change it.
        let found = file.as_ref().map(|file| file.load(&source)).transpose()?.flatten();
        let held = match found.as_ref().filter(|cursor| !cursor.clean) {
            Some(cursor) => repair(cursor, &shape(settings), report)?,
            None => Held::default(),
        };
        let target = open_target(capture, kind, durable)?;
        let rejects = open_rejects(capture, &target, durable)?;
        let cursor = file.map(|file| Saved {
            file,
            cursor: Cursor::continued(found, settings),
            is_announced: false,
        });
        let mut output = Output {
            pending: Pending::default(),
            target,
            rejects,
            progress: cursor
                .as_ref()
                .map_or_else(Progress::default, |saved| saved.cursor.progress.clone()),
            cursor,
            durability: capture.durability,
            released: VecDeque::new(),
            lines: 0,
            lines_named: 0,
            news: News::default(),
            reject: None,
            held: Some(held).filter(|held| !held.is_empty()),
            is_listening: false,
            disk: Disk::new(settings.retry.clone()),
            turning: None,
            doubtful: false,
            unproven: false,
            rolled_back: None,
            is_following: settings.is_following(),
            report: Rc::clone(report),
            counters: Rc::clone(counters),
            _locks: locks,
        };
        if let (Some(held), Destination::Files(series)) = (&mut output.held, &output.target) {
            let open = series.open.place();
            held.hold(open.map_err(|e| cannot_create(series.shown(), &e))?);
        }
        if let (Some(held), Some(rejects)) = (&mut output.held, &output.rejects) {
            let place = rejects.place();
            held.hold_rejects(place.map_err(|e| cannot_create(rejects.shown(), &e))?);
        }
        Ok(Some(output))
    }
}

/// What the output is, if it can be one.
fn check_output(capture: &Capture) -> Result<Kind, Failure> {
    let Some(name) = &capture.output else { return Ok(Kind::Stream) };
    let path = name.at(Timestamp::now());
    let create =
        |cause: &str| Failure::new(Step::Output, name.as_str(), Fault::CannotCreate, cause);
    match fs::metadata(&path) {
        Ok(meta) if meta.is_file() => Ok(Kind::File),
        Ok(meta) if meta.is_dir() => Err(create("is a folder")),
        Ok(_) if capture.rotation.is_on() || capture.cursor.is_some() => {
            let with = if capture.cursor.is_some() { "--cursor-file" } else { "rotation" };
            let subject = format!("--output {}", name.as_str());
            let cause = format!("is a pipe or a device, which does not go with {with}");
            Err(Failure::new(Step::Config, subject, Fault::NotARegularFile, cause))
        }
        Ok(_) => Ok(Kind::Stream),
        Err(e) if e.kind() == ErrorKind::NotFound && has_folder(&path) => Ok(Kind::File),
        Err(e) if e.kind() == ErrorKind::NotFound => Err(create(NO_FOLDER)),
        Err(e) => Err(cannot_create(name.as_str().to_owned(), &e)),
    }
}

/// Rejects are written late: what cannot work is said early.
fn check_rejects(path: &Path) -> Result<(), Failure> {
    let cause = match fs::metadata(path) {
        Ok(meta) if meta.is_file() => return Ok(()),
        Ok(_) => "is no regular file",
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

/// The cursor's file, if what is in it can be used.
fn cursor_file(
    capture: &Capture,
    durable: bool,
    source: &Source,
) -> Result<Option<CursorFile>, Failure> {
    let Some(path) = &capture.cursor else { return Ok(None) };
    let file = CursorFile::new(path, durable)
        .map_err(|e| cannot_create(format!("cursor {}", path.display()), &e))?;
    file.check()?;
    file.load(source)?;
    Ok(Some(file))
}

/// The locks of everything that is written, or `None` if a signal came first.
fn locks(
    capture: &Capture,
    kind: Kind,
    cursor: Option<&CursorFile>,
    signals: &Signals,
) -> Result<Option<Vec<Lock>>, Failure> {
    // The name before its expansion: the run is the same when the file is another.
    let output = capture.output.as_ref().filter(|_| kind == Kind::File);
    let files = [
        cursor.map(|file| ("cursor", file.path())),
        output.map(|name| ("output", Path::new(name.as_str()))),
        capture.rejects.as_deref().map(|path| ("rejects", path)),
    ];
    let mut locks = Vec::new();
    for (what, path) in files.into_iter().flatten() {
        match Lock::take(what, path, capture.lock_wait, signals)? {
            Some(lock) => locks.push(lock),
            None => return Ok(None),
        }
    }
    Ok(Some(locks))
}

fn open_target(capture: &Capture, kind: Kind, durable: bool) -> Result<Destination, Failure> {
    let Some(name) = &capture.output else {
        return Pipe::stdout().map(Destination::Pipe).map_err(|e| standard_output(&e));
    };
    let opened = match kind {
        Kind::Stream => Pipe::open(&name.at(Timestamp::now())).map(Destination::Pipe),
        Kind::File => Series::start(name.clone(), capture.rotation, capture.mode, durable)
            .map(Destination::Files),
    };
    opened.map_err(|e: io::Error| match e.raw_os_error() {
        Some(nix::libc::ENXIO) => {
            let cause = "is a pipe that nobody reads";
            Failure::new(Step::Output, name.as_str(), Fault::CannotCreate, cause)
        }
        _ => cannot_create(name.as_str().to_owned(), &e),
    })
}

fn open_rejects(
    capture: &Capture,
    target: &Destination,
    durable: bool,
) -> Result<Option<Rejects>, Failure> {
    let path = match (&capture.rejects, target) {
        (Some(path), _) => path.clone(),
        (None, Destination::Pipe(_)) => return Ok(None),
        (None, Destination::Files(series)) => series.beside(".rejects"),
    };
    let absolute =
        std::path::absolute(&path).map_err(|e| cannot_create(path.display().to_string(), &e))?;
    Ok(Some(Rejects::new(absolute, capture.rejects.is_none(), capture.mode, durable)))
}

/// Makes the files of a run that did not end well whole again.
fn repair(cursor: &Cursor, shape: &str, report: &Report) -> Result<Held, Failure> {
    let mut held = Held::default();
    let mut lost = Vec::new();
    let mut repair = |place: &FilePlace, lines: &mut Lines| match start::repair(
        place,
        cursor.lines == shape,
        lines,
    ) {
        Ok(Found::Kept(place)) => Ok(Some(place)),
        Ok(Found::Nothing) => Ok(None),
        Ok(Found::Lost(reason)) => {
            lost.push(reason);
            Ok(None)
        }
        Err((path, e)) => Err(cannot_create(path.display().to_string(), &e)),
    };
    for place in &cursor.output {
        held.output.extend(repair(place, &mut held.lines)?);
    }
    for place in &cursor.rejects {
        held.rejects_files.extend(repair(place, &mut held.rejects)?);
    }
    if !lost.is_empty() {
        let newest = cursor.progress.newest();
        let after = newest.map_or("from the start".to_owned(), |id| format!("after message {id}"));
        report.warning(format!(
            "the last run did not end well, and {}: going on {after}; up to a second of events may be repeated",
            lost.join(", and ")
        ));
    }
    Ok(held)
}
