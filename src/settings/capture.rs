//! Checks that the options about files can be combined.

use std::path::Path;
use std::time::Duration;

use crate::args::Args;
use crate::fault::{Failure, Fault, Step};
use crate::files;
use crate::values::capture::{Capture, LOCK};

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

/// Checks that no two options name the same file, and that none names a file that the program makes
/// itself.
fn check_names(args: &Args, capture: &Capture) -> Result<(), Failure> {
    let output = capture.output.as_ref().map(|name| name.given().to_owned());
    let given = [
        ("output", output.as_deref()),
        ("rejects", capture.rejects.as_deref()),
        ("cursor-file", capture.cursor.as_deref()),
        ("metrics-file", capture.metrics.as_deref()),
    ];
    let given: Vec<_> = given.into_iter().filter_map(|(name, file)| Some((name, file?))).collect();
    for (at, (name, file)) in given.iter().enumerate() {
        for (other, others) in &given[..at] {
            let cause = match () {
                () if files::is_same(file, others) => "both name the same file".to_owned(),
                () if is_lock(file, others) => format!("--{name} names the lock of --{other}"),
                () if is_lock(others, file) => format!("--{other} names the lock of --{name}"),
                () if *other != "output" => continue,
                () if is_output(capture, file) => format!("--{name} names a file of the output"),
                () if capture.rejects.is_none() && capture.is_beside_output(file) => {
                    format!("--{name} names the file for rejects")
                }
                () => continue,
            };
            let subject = format!("{} and {}", args.source(other), args.source(name));
            return Err(Failure::usage(subject, format!("conflict: {cause}")));
        }
    }
    Ok(())
}

fn is_lock(file: &Path, of: &Path) -> bool {
    files::is_same(file, &files::beside(of, LOCK))
}

/// Whether a file of the output has, or will have, this path.
fn is_output(capture: &Capture, path: &Path) -> bool {
    let is_changing = capture.rotation.is_on()
        || capture.output.as_ref().is_some_and(|name| name.changes_every().is_some());
    is_changing && capture.is_output(path)
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
