//! Checks that the options about files can be combined.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::args::Args;
use crate::fault::{Failure, Fault, Step};
use crate::values::capture::Capture;

/// The files of a run.
///
/// # Errors
/// Options that cannot be combined.
pub(super) fn settle(args: &Args) -> Result<Capture, Failure> {
    check_rotation(args)?;
    let mut capture = args.capture.clone();
    capture.output = capture.output.filter(|name| !name.is_stdout());
    check_names(args, &capture)?;
    Ok(capture)
}

/// Checks that no two options name the same file.
fn check_names(args: &Args, capture: &Capture) -> Result<(), Failure> {
    let output = capture.output.as_ref().map(|name| PathBuf::from(name.as_str()));
    let files = [
        ("output", output.as_deref()),
        ("rejects", capture.rejects.as_deref()),
        ("cursor-file", capture.cursor.as_deref()),
        ("metrics-file", capture.metrics.as_deref()),
    ];
    for (at, (name, file)) in files.iter().enumerate() {
        let same = |other: &Path| file.is_some_and(|file| is_same(file, other));
        if let Some((other, _)) = files[..at].iter().find(|(_, other)| other.is_some_and(same)) {
            let subject = format!("{} and {}", args.source(other), args.source(name));
            return Err(Failure::usage(subject, "conflict: both name the same file"));
        }
    }
    Ok(())
}

/// Whether two names mean the same file, however they are written.
fn is_same(a: &Path, b: &Path) -> bool {
    let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    whole(a) == whole(b)
}

/// Checks that the rotation options fit together, and fit the file's name.
fn check_rotation(args: &Args) -> Result<(), Failure> {
    let rotation = args.capture.rotation;
    let given = ["rotate-size", "rotate-interval", "rotate-keep"];
    let Some(first) = given.into_iter().find(|name| args.has(name)).map(|name| args.source(name))
    else {
        return Ok(());
    };
    let Some(name) = args.capture.output.as_ref().filter(|name| !name.is_stdout()) else {
        return Err(Failure::usage(first, "needs --output FILE: standard output has no files"));
    };
    if !rotation.is_on() {
        return Err(Failure::usage(first, "needs --rotate-size or --rotate-interval"));
    }
    if let (Some(interval), Some(every)) = (rotation.interval, name.changes_every())
        && every > interval
    {
        let interval = args.source("rotate-interval");
        let cause =
            format!("the name changes only every {}, less often than {interval}", unit(every));
        return Err(Failure::new(Step::Config, args.source("output"), Fault::CoarseName, cause));
    }
    Ok(())
}

/// The unit of time with which a name changes.
fn unit(every: Duration) -> &'static str {
    match every.as_secs() {
        1 => "second",
        60 => "minute",
        3600 => "hour",
        86_400 => "day",
        2_419_200 => "month",
        _ => "year",
    }
}
