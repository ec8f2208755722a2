//! Files: which options about them go together.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::args::Args;
use crate::fault::Failure;
use crate::settings::settle::HAS_DEFAULT;
use crate::settings::{Capture, Rotation};

pub(super) fn settle(args: &mut Args) -> Result<Capture, Failure> {
    let rotation = rotation(args)?;
    let output = args.output.take().filter(|name| !name.is_stdout());
    let path = |text: Option<String>| text.map(PathBuf::from);
    let capture = Capture {
        rotation,
        output,
        mode: args.file_mode.expect(HAS_DEFAULT),
        rejects: path(args.rejects.take()),
        cursor: path(args.cursor_file.take()),
        durability: args.sync.expect(HAS_DEFAULT),
        lock_wait: args.lock_wait.expect(HAS_DEFAULT),
        metrics: path(args.metrics_file.take()),
    };
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
            return Err(Failure::usage(subject, "name the same file"));
        }
    }
    Ok(capture)
}

/// Whether two names lead to one file, however they are written.
fn is_same(a: &Path, b: &Path) -> bool {
    let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    whole(a) == whole(b)
}

fn rotation(args: &Args) -> Result<Rotation, Failure> {
    let rotation = Rotation {
        size: args.rotate_size,
        interval: args.rotate_interval,
        keep: args.rotate_keep.map(|n| usize::try_from(n).unwrap_or(usize::MAX)),
    };
    let given = ["rotate-size", "rotate-interval", "rotate-keep"];
    let Some(first) = given.into_iter().find(|name| args.has(name)).map(|name| args.source(name))
    else {
        return Ok(rotation);
    };
    let Some(name) = args.output.as_ref().filter(|name| !name.is_stdout()) else {
        return Err(Failure::usage(first, "needs --output FILE: standard output has no files"));
    };
    if !rotation.is_on() {
        return Err(Failure::usage(first, "needs --rotate-size or --rotate-interval"));
    }
    if let (Some(interval), Some(every)) = (rotation.interval, name.changes_every())
        && every > interval
    {
        let cause = format!(
            "the name changes only every {}, less often than {}",
            unit(every),
            args.source("rotate-interval")
        );
        return Err(Failure::usage(args.source("output"), cause)
            .hint("add the finer fields to the name, such as %H or %M, or take all % out of it"));
    }
    Ok(rotation)
}

/// The unit a name changes with.
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
