//! What a run would find of its files, without changing any: for a diagnosis.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use nix::sys::statvfs::statvfs;
use nix::unistd::{AccessFlags, access};

use super::check::{self, Paths};
use super::lock::Lock;
use super::{cannot_create, open};
use crate::clock::Now;
use crate::cursor::CursorFile;
use crate::fault::{Failure, Fault, Step};
use crate::files::folder;
use crate::settings::Settings;

/// With less free space, in bytes, a run may soon have to wait.
const LITTLE: u64 = 16 << 20;

/// What was found.
#[derive(Debug)]
pub(crate) struct Inspection {
    /// What a run would end with, in the order in which it would notice.
    pub(crate) refusals: Vec<Failure>,
    /// What would hinder it: another run, or little space.
    pub(crate) obstacles: Vec<Failure>,
    /// The free space of each folder that is written to, in bytes.
    pub(crate) free: BTreeMap<PathBuf, u64>,
}

/// Looks at everything that a run with these settings would write.
pub(crate) fn inspect(settings: &Settings, now: Now) -> Inspection {
    let capture = &settings.capture;
    let mut found =
        Inspection { refusals: Vec::new(), obstacles: Vec::new(), free: BTreeMap::new() };
    let kind = found.noted(check::output(capture, now));
    let paths = kind.and_then(|kind| found.noted(Paths::of(capture, kind, now)));
    let is_trusted =
        paths.as_ref().is_some_and(|paths| found.noted(paths.check(capture.mode)).is_some());
    let cursor = found.noted(open::cursor_file(capture, false, &open::source(settings))).flatten();
    let open = paths.as_ref().and_then(|paths| paths.output.as_deref());
    if let Some((name, open)) = capture.output.as_ref().zip(open) {
        let tried = found.tried("output", name.given(), writable(open));
        found.noted(tried);
    }
    if let Some(path) = capture.rejects.as_ref().filter(|_| is_trusted) {
        let tried = found.tried("rejects", path, writable(path));
        found.noted(tried);
    }
    // This one and the next are replaced as a whole.
    if let Some(path) = cursor.as_ref().map(CursorFile::path) {
        let tried = found.tried("cursor", path, replaceable(path));
        found.noted(tried);
    }
    if let Some(path) = &capture.metrics {
        // A run goes on without it.
        let tried = found.tried("metrics file", path, replaceable(path));
        found.obstacles.extend(tried.err());
    }
    if let Some(paths) = &paths {
        let in_use = open::to_lock(capture, paths, cursor.as_ref()).filter_map(Lock::held);
        found.obstacles.extend(in_use);
    }
    let little = found.free.iter().filter(|(_, free)| **free < LITTLE).map(|(folder, free)| {
        let cause = format!("only {}", free_in(folder, *free));
        Failure::new(Step::Output, "disk", Fault::LittleSpace, cause)
    });
    found.obstacles.extend(little);
    found
}

impl Inspection {
    fn noted<T>(&mut self, result: Result<T, Failure>) -> Option<T> {
        result.map_err(|failure| self.refusals.push(failure)).ok()
    }

    /// Whether a file can be written; if so, the free space around it is found out, too.
    fn tried(&mut self, what: &str, path: &Path, can_be: io::Result<()>) -> Result<(), Failure> {
        can_be.map_err(|e| cannot_create(format!("{what} {}", path.display()), &e))?;
        if let Ok(space) = statvfs(folder(path)) {
            #[allow(clippy::unnecessary_cast)] // On machines of 32 bits these are `u32`.
            let free = space.blocks_available() as u64 * space.fragment_size() as u64;
            self.free.insert(folder(path).to_owned(), free);
        }
        Ok(())
    }
}

/// `12.3 GiB free in /var/lib/acme`.
pub(crate) fn free_in(folder: &Path, free: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let unit = units.into_iter().find(|(bits, _)| free >> bits > 0);
    let amount = unit.map_or(format!("{free} bytes"), |(bits, unit)| {
        format!("{}.{} {unit}", free >> bits, ((free % (1 << bits)) * 10) >> bits)
    });
    format!("{amount} free in {}", folder.display())
}

/// Whether a file can be written, or created where it is.
fn writable(path: &Path) -> io::Result<()> {
    let at = if path.exists() { path } else { folder(path) };
    Ok(access(at, AccessFlags::W_OK)?)
}

/// Whether another file can take its place.
fn replaceable(path: &Path) -> io::Result<()> {
    Ok(access(folder(path), AccessFlags::W_OK)?)
}
