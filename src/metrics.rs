//! The counters as a file for Prometheus, in its text format, for a node exporter's textfile
//! folder. Names follow <https://prometheus.io/docs/practices/naming/>.

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{Instant, Now};
use crate::files::Replaced;
use crate::report::Counters;

/// How often the file is written; scrapers do not read it more often.
const EVERY: Duration = Duration::from_secs(15);

/// The file's permissions: the exporter runs as another user.
const MODE: u32 = 0o644;

/// The file, rewritten as a whole.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// As it was given.
    path: PathBuf,
    file: Replaced,
    next: Instant,
}

impl Metrics {
    pub(crate) fn new(path: PathBuf) -> Metrics {
        let file = Replaced::new(&path, MODE, false);
        Metrics { path, file, next: Instant::now() }
    }

    /// When the next write is due.
    pub(crate) fn due(&self) -> Instant {
        self.next
    }

    /// Writes the file.
    ///
    /// # Errors
    /// Those of the file system; the old file then remains.
    pub(crate) fn write(&mut self, counters: &Counters, now: Now) -> io::Result<()> {
        self.next = now.instant + EVERY;
        self.file.replace(text(counters, now.utc).as_bytes())
    }

    /// The file, for people.
    pub(crate) fn shown(&self) -> String {
        self.path.display().to_string()
    }
}

fn text(counters: &Counters, now: Timestamp) -> String {
    let mut out = String::new();
    let mut family = |name: &str, help: &str, samples: &[(String, String)]| {
        write_family(&mut out, name, "counter", help, samples);
    };
    let labelled = |label: &str, counts: Vec<(&'static str, u64)>| -> Vec<(String, String)> {
        let sample = |(value, n): (&str, u64)| (format!("{{{label}=\"{value}\"}}"), n.to_string());
        counts.into_iter().map(sample).collect()
    };
    family("events_total", "Lines handed to the output.", &one(counters.events.to_string()));
    family("bytes_total", "Bytes of these lines.", &one(counters.bytes.to_string()));
    family(
        "rejects_total",
        "Messages that could not be decoded.",
        &labelled("reason", counters.rejects.each()),
    );
    family(
        "repeats_total",
        "Messages that came again and were left out.",
        &one(counters.repeats.to_string()),
    );
    family(
        "reconnects_total",
        "Sessions reopened, by what ended the previous one.",
        &labelled("cause", counters.reconnects.each()),
    );
    family(
        "disk_errors_total",
        "Writes that the file system refused.",
        &one(counters.disk_errors.to_string()),
    );
    gauges(&mut out, counters, now);
    out
}

fn gauges(out: &mut String, counters: &Counters, now: Timestamp) {
    let mut family = |name: &str, help: &str, samples: &[(String, String)]| {
        write_family(out, name, "gauge", help, samples);
    };
    if let Some(newest) = counters.newest {
        let lag = (now.as_millisecond() - newest.as_millisecond()).max(0);
        family("lag_seconds", "Age of the newest event when this was written.", &one(seconds(lag)));
        family(
            "last_event_timestamp_seconds",
            "When the newest event was published.",
            &one(seconds(newest.as_millisecond())),
        );
    }
    family(
        "connected",
        "Whether a session is open.",
        &one(u8::from(counters.connected.is_some()).to_string()),
    );
    let version = format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    family("build_info", "The program's version.", &[(version, "1".to_owned())]);
}

fn write_family(
    out: &mut String,
    name: &str,
    kind: &str,
    help: &str,
    samples: &[(String, String)],
) {
    let _ = writeln!(out, "# HELP tail8x8_{name} {help}\n# TYPE tail8x8_{name} {kind}");
    for (labels, value) in samples {
        let _ = writeln!(out, "tail8x8_{name}{labels} {value}");
    }
}

/// The only sample of a family without labels.
fn one(value: String) -> [(String, String); 1] {
    [(String::new(), value)]
}

/// Milliseconds as seconds.
fn seconds(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    let millis = millis.unsigned_abs();
    format!("{sign}{}.{:03}", millis / 1000, millis % 1000)
}
