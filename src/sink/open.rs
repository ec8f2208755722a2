//! Opening the output: first the locks, then the cursor of an earlier run and the repair of its
//! files, and only then the files of this run.

use std::io;
use std::path::Path;

use super::check::{self, OutputKind};
use super::destination::Destination;
use super::files::Files;
use super::lock::Lock;
use super::names::Names;
use super::pending::Pending;
use super::pipe::Pipe;
use super::recover::{self, Recovered};
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
use crate::message::OnReject;
use crate::progress::{AckAfter, Lately, Progress, Reached};
use crate::report::Log;
use crate::settings::Settings;
use crate::values::capture::Capture;
use crate::values::choice::Durability;
use crate::values::subscription::SubscriptionType;
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
    if let Some(path) = &capture.rejects {
        check::rejects(path)?;
    }
    let first = first_cursor(settings);
    let file = cursor_file(capture, durable, &first.belongs_to)?;
    let Some(locks) = locks(capture, kind, file.as_ref(), wait)? else { return Ok(None) };
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
            let is_last = locks.iter().all(|lock| lock.was_last(&cursor.run, cursor.commits));
            recover(cursor, &reached, &first.lines, is_last, log)?
        }
        None => Unconfirmed::default(),
    };
    // No other run of this process id can have begun at the same nanosecond.
    let run = format!("{} {}", std::process::id(), now.utc.as_nanosecond());
    sign(&locks, &run, settings.subscription.is_some());
    let destination = open_destination(capture, kind, durable, now)?;
    let rejects = open_rejects(capture, &destination, durable)?;
    if !unconfirmed.is_empty() {
        add_open_files(&mut unconfirmed, &destination, rejects.as_ref())?;
    }
    let ack_after = ack_after(settings, &destination, rejects.as_ref());
    let reached = remembering(reached, settings);
    let has_reached = reached.newest().is_some();
    let cursor = continued(found, has_reached, first, settings.start.is_given);
    let cursor = Cursor { run, commits: 0, ..cursor };
    let spool = Spool {
        pending: Pending::default(),
        progress: Progress::new(reached, ack_after),
        destination,
        rejects,
        cursor: file.map(|file| SavedCursor::new(file, cursor)),
        unconfirmed: Some(unconfirmed).filter(|unconfirmed| !unconfirmed.is_empty()),
        uncommitted: Uncommitted::new(most_uncommitted(settings, ack_after)),
        storage: Storage::default(),
        durability: capture.durability,
        locks,
    };
    Ok(Some(Opened { spool, has_new_lines }))
}

/// Names the run in all locks. Other runs that acknowledged what they wrote must be known even after
/// a power loss.
fn sign(locks: &[Lock], run: &str, is_consumer: bool) {
    for lock in locks {
        // See `Lock::sign` for what follows if it fails.
        let signed = lock.sign(run, 0);
        if is_consumer {
            let _ = signed.and_then(|()| lock.sync());
        }
    }
}

/// A reader's acknowledgements only ask for more messages, so they need not wait for a commit. A
/// consumer's are for ever.
fn ack_after(settings: &Settings, to: &Destination, rejects: Option<&Rejects>) -> AckAfter {
    let has_file = to.files().is_some() || rejects.is_some();
    match settings.subscription.is_some() && has_file {
        true => AckAfter::Commit,
        false => AckAfter::Write,
    }
}

/// With half a receiver queue acknowledged at once, the service always has some to send.
fn most_uncommitted(settings: &Settings, ack_after: AckAfter) -> Option<u64> {
    let half = u64::from(settings.topic.receiver_queue_size / 2).max(1);
    (ack_after == AckAfter::Commit).then_some(half)
}

/// Where the order of messages means nothing, those taken lately have to be remembered. A cursor
/// that has begun to remember them goes on, whatever the type is now.
fn remembering(mut reached: Reached, settings: &Settings) -> Reached {
    let Some(subscription) = &settings.subscription else { return reached };
    let is_in_order = subscription.kind == SubscriptionType::Exclusive
        && settings.lines.on_reject != OnReject::Nack;
    let lately = match reached.lately.take() {
        Some(lately) => lately,
        None if is_in_order => return reached,
        None => {
            let mut lately = Lately::default();
            reached.partitions().for_each(|last| lately.add_all_up_to(&last.id));
            lately
        }
    };
    reached.lately = Some(lately.for_queue(settings.topic.receiver_queue_size));
    reached
}

/// The cursor of a first run.
fn first_cursor(settings: &Settings) -> Cursor {
    let source = Source {
        host: settings.target.host.clone(),
        tenant: settings.topic.tenant.clone(),
        namespace: settings.topic.namespace.clone(),
        topic: settings.topic.topic.clone(),
        subscription: settings.subscription.as_ref().map_or("", |it| &it.name).to_owned(),
    };
    let start = &settings.start;
    Cursor::new(source, start.position.clone(), start.since, settings.lines.shape())
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

/// Adds the open files to those that the cursor names while lines are unconfirmed.
fn add_open_files(
    unconfirmed: &mut Unconfirmed,
    destination: &Destination,
    rejects: Option<&Rejects>,
) -> Result<(), Failure> {
    if let Some(files) = destination.files() {
        let open = files.open.place();
        unconfirmed.output.open(open.map_err(|e| cannot_create(files.shown(), &e))?);
    }
    if let Some(rejects) = rejects {
        let place = rejects.place();
        unconfirmed.rejects.open(place.map_err(|e| cannot_create(rejects.shown(), &e))?);
    }
    Ok(())
}

/// The cursor's file, if there is to be one.
///
/// # Errors
/// If the file or its content cannot be used.
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

/// The locks for everything that is written, or `None` if a signal came first.
fn locks(
    capture: &Capture,
    kind: OutputKind,
    cursor: Option<&CursorFile>,
    wait: &mut dyn Wait,
) -> Result<Option<Vec<Lock>>, Failure> {
    // The unexpanded name: one run keeps its lock from file to file.
    let output = capture.output.as_ref().filter(|_| kind == OutputKind::File);
    let files = [
        cursor.map(|file| ("cursor", file.path())),
        output.map(|name| ("output", Path::new(name.as_str()))),
        capture.rejects.as_deref().map(|path| ("rejects", path)),
    ];
    let mut locks = Vec::new();
    for (what, path) in files.into_iter().flatten() {
        // Waiting for the lock before may have taken time.
        let now = Now::read().instant;
        match Lock::take(what, path, capture.lock_wait, wait, now)? {
            Some(lock) => locks.push(lock),
            None => return Ok(None),
        }
    }
    Ok(Some(locks))
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
            Failure::new(Step::Output, name.as_str(), Fault::CannotCreate, cause)
        }
        _ => cannot_create(name.as_str().to_owned(), &e),
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
    log: &mut Log,
) -> Result<Unconfirmed, Failure> {
    let recovered = recover::after_death(cursor, cursor.lines == lines, is_last);
    let Recovered { unconfirmed, lost } =
        recovered.map_err(|(path, e)| cannot_create(path.display().to_string(), &e))?;
    if !lost.is_empty() {
        let newest = reached.newest();
        let after = newest.map_or("from the start".to_owned(), |id| format!("after message {id}"));
        log.report.warning(format!(
            "the last run did not end cleanly, and {}: continuing {after}; up to a second of events may be repeated",
            lost.join(", and ")
        ));
    }
    Ok(unconfirmed)
}
