//! Opening the output: first the locks, then the cursor of an earlier run and the repair of its
//! files, and only then the files of this run.

use std::io;
use std::path::{Path, PathBuf};

use super::check::{self, OutputKind, Paths};
use super::consumer;
use super::destination::Destination;
use super::files::Files;
use super::lacking::Lacking;
use super::lock::{Lock, Target};
use super::names::Names;
use super::own;
use super::pending::Pending;
use super::pipe::Pipe;
use super::recover;
use super::rejects::Rejects;
use super::saved::SavedCursor;
use super::spool::Spool;
use super::storage::Storage;
use super::uncommitted::Uncommitted;
use super::unconfirmed::Unconfirmed;
use super::{cannot_create, standard_output};
use crate::clock::Now;
use crate::cursor::{Cursor, CursorFile, Source};
use crate::fault::{Failure, Fault, Step};
use crate::progress::{Progress, Reached};
use crate::report::Log;
use crate::settings::Settings;
use crate::values::capture::Capture;
use crate::values::choice::Durability;
use crate::wait::Wait;

/// An output that is open.
pub(super) struct Opened {
    pub(super) spool: Spool,
    /// No earlier run with this cursor wrote lines like those of this run.
    pub(super) has_new_lines: bool,
}

/// Takes the locks, repairs what an earlier run left behind, and opens the output. `None` if a
/// signal came while waiting for another run.
///
/// # Errors
/// If the output or the cursor cannot be used; nothing has then been changed.
pub(super) fn open(
    settings: &Settings,
    log: &mut Log,
    wait: &mut dyn Wait,
    now: Now,
) -> Result<Option<Opened>, Failure> {
    let capture = &settings.capture;
    let durable = capture.durability != Durability::None;
    let kind = check::output(capture, now)?;
    let paths = Paths::of(capture, kind, now)?;
    paths.check(capture.mode)?.iter().for_each(|text| log.report.warning(text));
    check::standard_output(capture)?;
    let first = first_cursor(settings);
    let file = cursor_file(capture, durable, &first.belongs_to)?;
    let Some(locks) = locks(capture, &paths, file.as_ref(), log, wait)? else { return Ok(None) };
    // Another run may have held them for a long time.
    let now = Now::read();
    // Load the cursor again, now that nobody else can change it.
    let found = file.as_ref().map(|file| file.load(&first.belongs_to)).transpose()?.flatten();
    let (found, reached) =
        found.map_or((None, Reached::default()), |(cursor, reached)| (Some(cursor), reached));
    let is_alike = |cursor: &Cursor| cursor.lines == first.lines;
    let has_new_lines = file.is_some() && !found.as_ref().is_some_and(is_alike);
    let mut unconfirmed = match found.as_ref().filter(|cursor| !cursor.clean) {
        Some(cursor) => {
            let is_last = is_last(cursor, capture, &locks);
            recover(cursor, &reached, &first.lines, is_last, capture, log)?
        }
        None => Unconfirmed::default(),
    };
    // No other run of this process id can have begun at the same nanosecond.
    let name = || format!("run-{}-{}", std::process::id(), now.utc.as_nanosecond());
    let run = settings.subscription.as_ref().map(|_| name());
    sign(&locks, run.as_deref())?;
    let destination = open_destination(capture, kind, durable, now)?;
    let rejects = open_rejects(capture, &destination, durable)?;
    if !unconfirmed.is_empty() {
        let rejects = rejects.as_ref();
        recover::add_open_files(&mut unconfirmed, &destination, rejects).map_err(unusable)?;
    }
    let ack_after = consumer::ack_after(settings, &destination, rejects.as_ref());
    let reached = consumer::with_recent_ids(reached, settings);
    let has_reached = reached.newest().is_some();
    let cursor = continued(found, has_reached, first, settings.start.is_given);
    let cursor = Cursor { run: run.unwrap_or_default(), commits: 0, ..cursor };
    let spool = Spool {
        pending: Pending::default(),
        progress: Progress::new(reached, ack_after),
        destination,
        rejects,
        cursor: SavedCursor::new(file, cursor),
        unconfirmed: Some(unconfirmed).filter(|unconfirmed| !unconfirmed.is_empty()),
        uncommitted: Uncommitted::new(consumer::most_uncommitted(settings, ack_after)),
        storage: Storage::default(),
        durability: capture.durability,
        locks,
    };
    Ok(Some(Opened { spool, has_new_lines }))
}

/// Whether nobody but the cursor's own run has written to the files that it names.
fn is_last(cursor: &Cursor, capture: &Capture, locks: &[Lock]) -> bool {
    let is_ours = |what| {
        let lock = locks.iter().find(|lock| lock.what == what);
        lock.is_some_and(|lock| lock.was_last(&cursor.run, cursor.commits))
    };
    // Without a lock of its own, the rejects file is beside the output and goes with it.
    let rejects = capture.rejects.as_deref().and_then(|path| std::path::absolute(path).ok());
    let is_named = |path: &Path| cursor.rejects.iter().any(|place| place.name == path);
    (cursor.output.is_empty() || is_ours("output"))
        && (!rejects.is_some_and(|path| is_named(&path)) || is_ours("rejects"))
}

/// Names the run in all locks. What a consumer writes is acknowledged, so no other run may ever take
/// it for its own, even after a power loss.
fn sign(locks: &[Lock], run: Option<&str>) -> Result<(), Failure> {
    for lock in locks {
        let Some(run) = run else {
            let _ = lock.sign_as_reader();
            continue;
        };
        let signed = lock.sign(run, 0);
        signed.map_err(|e| cannot_create(format!("the lock of the {}", lock.what), &e))?;
        // A disk that cannot sync refuses the first commit, too.
        let _ = lock.sync();
    }
    Ok(())
}

/// The cursor of a first run.
fn first_cursor(settings: &Settings) -> Cursor {
    let start = &settings.start;
    Cursor::new(source(settings), start.position.clone(), settings.lines.shape())
}

/// What is read.
pub(super) fn source(settings: &Settings) -> Source {
    Source {
        host: settings.target.host.clone(),
        tenant: settings.topic.tenant.clone(),
        namespace: settings.topic.namespace.clone(),
        topic: settings.topic.topic.clone(),
        subscription: settings.subscription.as_ref().map_or("", |it| &it.name).to_owned(),
    }
}

/// The cursor to continue with: the one found, or a new one. If the one found has reached no
/// message yet, a different start given by the user replaces it.
fn continued(found: Option<Cursor>, has_reached: bool, first: Cursor, is_given: bool) -> Cursor {
    let is_continued = |found: &Cursor| has_reached || !is_given || found.start == first.start;
    match found.filter(is_continued) {
        Some(found) => Cursor { lines: first.lines, ..found },
        None => first,
    }
}

/// The cursor's file, if there is to be one.
///
/// # Errors
/// If the file or its content cannot be used.
pub(super) fn cursor_file(
    capture: &Capture,
    durable: bool,
    source: &Source,
) -> Result<Option<CursorFile>, Failure> {
    let Some(path) = &capture.cursor else { return Ok(None) };
    let file = CursorFile::new(path, durable);
    file.check()?;
    file.load(source)?;
    Ok(Some(file))
}

/// The locks for everything that is written, or `None` if a signal came first.
fn locks(
    capture: &Capture,
    paths: &Paths,
    cursor: Option<&CursorFile>,
    log: &mut Log,
    wait: &mut dyn Wait,
) -> Result<Option<Vec<Lock>>, Failure> {
    let mut lacking = Lacking::new(capture.durability != Durability::None);
    let mut locks = Vec::new();
    for target in to_lock(capture, paths, cursor) {
        // Waiting for the lock before may have taken time.
        let now = Now::read().instant;
        match Lock::take(target, capture.lock_wait, &mut lacking, wait, now)? {
            Some(lock) => locks.push(lock),
            None => return Ok(None),
        }
    }
    lacking.warnings.iter().for_each(|text| log.report.warning(text));
    Ok(Some(locks))
}

/// What is locked, and under which names.
pub(super) fn to_lock<'a>(
    capture: &'a Capture,
    paths: &'a Paths,
    cursor: Option<&'a CursorFile>,
) -> impl Iterator<Item = Target<'a>> {
    // The unexpanded name: one run keeps its lock from file to file.
    let name = capture.output.as_ref().map(|name| name.given());
    let output = name.zip(paths.output.as_deref());
    let rejects = capture.rejects.as_deref();
    let targets = [
        cursor.map(|file| Target { what: "cursor", name: file.path(), file: file.path() }),
        output.map(|(name, file)| Target { what: "output", name, file }),
        rejects.map(|path| Target { what: "rejects", name: path, file: path }),
    ];
    targets.into_iter().flatten()
}

fn open_destination(
    capture: &Capture,
    kind: OutputKind,
    durable: bool,
    now: Now,
) -> Result<Destination, Failure> {
    let Some(name) = &capture.output else {
        return Pipe::stdout().map(Destination::Pipe).map_err(|e| standard_output(&e));
    };
    let opened = match kind {
        OutputKind::Stream => Pipe::open(&name.at(now.utc)).map(Destination::Pipe),
        OutputKind::File => {
            let names = Names { name: name.clone(), rotation: capture.rotation, durable };
            Files::start(names, capture.mode, now).map(Box::new).map(Destination::Files)
        }
    };
    opened.map_err(|e: io::Error| match e.raw_os_error() {
        Some(nix::libc::ENXIO) => {
            let cause = "is a pipe with no reader";
            Failure::new(Step::Output, name.shown(), Fault::CannotCreate, cause)
        }
        _ => cannot_create(name.shown(), &e),
    })
}

fn open_rejects(
    capture: &Capture,
    destination: &Destination,
    durable: bool,
) -> Result<Option<Rejects>, Failure> {
    let path = match (&capture.rejects, destination) {
        (Some(path), _) => path.clone(),
        (None, Destination::Pipe(_)) => return Ok(None),
        (None, Destination::Files(files)) => files.rejects_beside(),
    };
    let absolute =
        std::path::absolute(&path).map_err(|e| cannot_create(path.display().to_string(), &e))?;
    Ok(Some(Rejects::new(absolute, capture.rejects.is_none(), capture.mode, durable)))
}

/// Repairs the files of a run that did not end cleanly.
fn recover(
    cursor: &Cursor,
    reached: &Reached,
    lines: &str,
    is_last: bool,
    capture: &Capture,
    log: &mut Log,
) -> Result<Unconfirmed, Failure> {
    let (own, mut lost) = own::places(cursor, capture)?;
    let recovered = recover::after_death(&own, cursor.lines == lines, is_last);
    let recovered = recovered.map_err(unusable)?;
    let unconfirmed = recovered.unconfirmed;
    lost.extend(recovered.lost);
    if !lost.is_empty() {
        let newest = reached.newest();
        let after = match newest {
            _ if !cursor.belongs_to.subscription.is_empty() => String::new(),
            Some(id) => format!(" after message {id}"),
            None => " from the start".to_owned(),
        };
        log.report.warning(format!(
            "the last run did not end cleanly, and {}: continuing{after}; up to a second of events may be repeated",
            lost.join(", and ")
        ));
    }
    Ok(unconfirmed)
}

fn unusable((path, e): (PathBuf, io::Error)) -> Failure {
    cannot_create(path.display().to_string(), &e)
}
