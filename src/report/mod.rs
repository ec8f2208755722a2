//! Everything the program prints to standard error: notices, errors, warnings, traces.
//!
//! What is printed depends on the reader. A person at a terminal sees what the run is doing; a log
//! gets one line when an outage begins and one when it ends; a cron job that works prints nothing
//! at all. It owns the gate: secrets are removed from every text that leaves the program, here and
//! elsewhere.

mod counters;
mod left_out;
mod unsaid;

use std::fmt::Display;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::time::Duration;

use jiff::Timestamp;
use nix::errno::Errno;
use nix::libc::PIPE_BUF;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::write;
use serde_json::Value;

use crate::clock::Instant;
use crate::fault::{self, Failure, Fault, Page};
use crate::secret::{self, Gate, Secret};
use crate::values::choice::{Color, LogFormat};
use crate::words::{self, wrap};

pub(crate) use counters::Counters;
use unsaid::Unsaid;

/// The report and the counters of a run. The loop owns them and passes them to everything that
/// prints or counts something.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) report: Report,
    pub(crate) counters: Counters,
}

impl Log {
    /// Updates the live line if it is time.
    pub(crate) fn live(&mut self) {
        self.report.live(&self.counters);
    }

    /// Prints the counters, on request (SIGUSR1).
    pub(crate) fn tell_counters(&mut self) {
        self.report.counters(&self.counters);
    }
}

/// What stands for warnings that were not printed.
fn more(kind: &str, count: u64) -> String {
    format!("… and {count} more warnings like these ({kind})")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Error,
    Warning,
    Notice,
    Debug,
    Trace,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Notice => "notice",
            Level::Debug => "debug",
            Level::Trace => "trace",
        }
    }

    /// The label before the text. Errors and notices have none.
    fn label(self) -> &'static str {
        match self {
            Level::Error | Level::Notice => "",
            Level::Warning => "warning: ",
            Level::Debug => "debug: ",
            Level::Trace => "trace: ",
        }
    }
}

/// How much is printed, and how.
#[derive(Clone, Debug)]
pub(crate) struct Talk {
    pub(crate) quiet: bool,
    /// 0 to 2: `-v` prints each step, `-vv` each frame.
    pub(crate) verbose: u8,
    pub(crate) log_format: LogFormat,
    pub(crate) color: Color,
}

impl Default for Talk {
    fn default() -> Talk {
        Talk { quiet: false, verbose: 0, log_format: LogFormat::Text, color: Color::Auto }
    }
}

/// Prints messages to standard error.
#[derive(Debug)]
pub(crate) struct Report {
    talk: Talk,
    /// Standard error is a terminal.
    terminal: bool,
    /// Standard error is a terminal and standard output is not: room for the live line.
    has_live_line: bool,
    color: bool,
    gate: Gate,
    live: Live,
    /// The fault whose advice was printed last, so that it is not repeated at each try.
    advised: Option<Fault>,
    /// Standard error did not take the last line.
    stuck: bool,
    /// It took only a part of it.
    torn: bool,
    unsaid: Unsaid,
}

/// The line that is redrawn in place.
#[derive(Debug)]
struct Live {
    shown: bool,
    drawn: Instant,
    next: Instant,
    events_before: u64,
}

/// The most characters in one line, whatever a server sends.
const LONGEST: usize = 1000;

/// How long to wait for standard error to take a line.
const PATIENCE_MS: u16 = 500;

/// How often the live line is updated.
const LIVE: Duration = Duration::from_secs(1);

impl Report {
    /// A report behind this gate.
    pub(crate) fn new(talk: Talk, gate: Gate) -> Report {
        let terminal = io::stderr().is_terminal();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
            || std::env::var_os("TERM").is_some_and(|v| v == "dumb");
        Report {
            terminal,
            has_live_line: terminal
                && !io::stdout().is_terminal()
                && !talk.quiet
                && talk.log_format == LogFormat::Text
                && std::env::var_os("TERM").is_none_or(|v| v != "dumb"),
            color: match talk.color {
                Color::Auto => terminal && !plain,
                Color::Always => true,
                Color::Never => false,
            },
            talk,
            gate,
            live: Live {
                shown: false,
                drawn: Instant::now(),
                next: Instant::now(),
                events_before: 0,
            },
            stuck: false,
            torn: false,
            advised: None,
            unsaid: Unsaid::default(),
        }
    }

    /// Removes this API key from every text from now on.
    pub(crate) fn keep_key(&mut self, key: &Secret) {
        self.gate.keep_key(key);
    }

    /// Whether standard error is a terminal, so that a person is likely to read it.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Prints the failure that ends the run.
    pub(crate) fn failure(&mut self, failure: &Failure) {
        self.advised = None;
        self.fail(Level::Error, failure, None);
    }

    /// Prints a failure that is retried, and what happens next.
    pub(crate) fn trouble(&mut self, failure: &Failure, next: &str) {
        if !self.talk.quiet {
            self.fail(Level::Warning, failure, Some(next));
        }
    }

    fn fail(&mut self, level: Level, failure: &Failure, next: Option<&str>) {
        if self.talk.log_format == LogFormat::Json {
            let row = fault::row(failure.fault);
            return self.json(
                level,
                [
                    ("step", failure.step.to_string().into()),
                    ("subject", failure.subject.as_str().into()),
                    ("cause", failure.cause.as_str().into()),
                    ("code", row.code.into()),
                    ("advice", failure.advice().into()),
                    ("fixes", failure.fixes().into()),
                    ("see", Page::list(row.pages).into()),
                    ("next", next.unwrap_or("stop").into()),
                ],
            );
        }
        let next = next.map_or(String::new(), |next| format!("; {next}"));
        if !self.terminal {
            self.say(level, &format!("{failure}; {}{next}", failure.advice()));
        } else if self.advised.replace(failure.fault) == Some(failure.fault) {
            self.say(level, &format!("{failure}{next}"));
        } else {
            let mut below = String::new();
            for advice in failure.advices() {
                wrap(&mut below, &self.one_line(&advice), 8);
            }
            self.say_below(level, &format!("{failure}{next}"), &below);
        }
        for page in fault::row(failure.fault).pages {
            self.debug(format!("see 8x8's troubleshooting page, \"{page}\""));
        }
    }

    /// Prints a warning.
    pub(crate) fn warning(&mut self, text: impl Display) {
        if !self.talk.quiet {
            self.alarm(text);
        }
    }

    /// Prints a warning that any message may cause: of each kind only the first few within a minute.
    pub(crate) fn warning_of(&mut self, kind: &'static str, text: String, now: Instant) {
        let (is_told, before) = self.unsaid.count(kind, now);
        if before > 0 {
            self.warning(more(kind, before));
        }
        if is_told {
            self.warning(text);
        }
    }

    /// When to call [`Report::tell_unsaid`]; `None` if there is nothing to tell.
    pub(crate) fn unsaid_due(&self) -> Option<Instant> {
        self.unsaid.due()
    }

    /// Prints how many warnings were not printed since that was last told.
    pub(crate) fn tell_unsaid(&mut self) {
        for (kind, count) in self.unsaid.take() {
            self.warning(more(kind, count));
        }
    }

    /// Prints a warning that not even -q silences.
    pub(crate) fn alarm(&mut self, text: impl Display) {
        self.say(Level::Warning, &text.to_string());
    }

    /// Prints a notice at a terminal; elsewhere only at -v.
    pub(crate) fn notice(&mut self, text: impl Display) {
        if self.terminal && !self.talk.quiet {
            self.say(Level::Notice, &text.to_string());
        } else {
            self.debug(text);
        }
    }

    /// Prints a change of state that also belongs in a log.
    pub(crate) fn event(&mut self, text: impl Display) {
        self.advised = None;
        if !self.talk.quiet {
            self.say(Level::Notice, &text.to_string());
        }
    }

    /// Prints a detail at -v: each step.
    pub(crate) fn debug(&mut self, text: impl Display) {
        if self.talk.verbose >= 1 {
            self.say(Level::Debug, &text.to_string());
        }
    }

    /// Prints a detail at -vv: each frame. The text is made only if it is printed.
    pub(crate) fn trace(&mut self, text: impl FnOnce() -> String) {
        if self.talk.verbose >= 2 {
            self.say(Level::Trace, &text());
        }
    }

    /// Prints the counters, on request (SIGUSR1).
    pub(crate) fn counters(&mut self, counters: &Counters) {
        self.say(Level::Notice, &counters.to_string());
    }

    /// When the live line is due for an update; `None` if there is no live line.
    pub(crate) fn next_live(&self) -> Option<Instant> {
        self.has_live_line.then_some(self.live.next)
    }

    /// Updates the live line if it is time.
    pub(crate) fn live(&mut self, counters: &Counters) {
        let now = Instant::now();
        if self.next_live().is_none_or(|next| now < next) {
            return;
        }
        let events = counters.events;
        let millis = (now - self.live.drawn).as_millis().max(1000);
        let rate = u128::from(events - self.live.events_before) * 1000 / millis;
        self.live = Live { shown: true, drawn: now, next: now + LIVE, events_before: events };
        // A line that wraps could not be redrawn in place.
        let text: String =
            format!("tail8x8: {counters}; {rate}/s").chars().take(words::WIDTH - 1).collect();
        let line = format!("\r\x1b[K{text}");
        self.write(&line);
    }

    /// Removes the live line before something else is written or the program ends.
    pub(crate) fn clear_live(&mut self) {
        if std::mem::take(&mut self.live.shown) {
            self.write("\r\x1b[K");
        }
    }

    fn say(&mut self, level: Level, text: &str) {
        self.say_below(level, text, "");
    }

    /// Prints `text` as one line, even if a server put line breaks into it, and our own lines
    /// below it.
    fn say_below(&mut self, level: Level, text: &str, below: &str) {
        if self.talk.log_format == LogFormat::Json {
            return self.json(level, [("message", text.into())]);
        }
        self.clear_live();
        let (on, off) = match level {
            Level::Error if self.color => ("\x1b[31m", "\x1b[0m"),
            Level::Warning if self.color => ("\x1b[33m", "\x1b[0m"),
            Level::Debug | Level::Trace if self.color => ("\x1b[2m", "\x1b[0m"),
            _ => ("", ""),
        };
        let text = self.one_line(text);
        let line = format!("{on}tail8x8: {}{off}{text}\n{below}", level.label());
        self.write(&line);
    }

    fn json<const N: usize>(&mut self, level: Level, members: [(&str, Value); N]) {
        let mut object = serde_json::Map::new();
        object.insert("time".to_owned(), format!("{:.3}", Timestamp::now()).into());
        object.insert("level".to_owned(), level.name().into());
        for (name, mut value) in members {
            self.clean(&mut value);
            object.insert(name.to_owned(), value);
        }
        self.write(&format!("{}\n", secret::plain_json(&Value::from(object).to_string())));
    }

    fn clean(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.without_secrets(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.clean(item)),
            _ => {}
        }
    }

    /// Writes without blocking for long: a standard error that nobody reads (a stopped terminal, a
    /// stuck log) must not stop the program. Text that it does not take is lost.
    fn write(&mut self, text: &str) {
        let stderr = io::stderr();
        let end = if std::mem::take(&mut self.torn) { "\n" } else { "" };
        let text = format!("{end}{text}");
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let patience = if self.stuck { 0 } else { PATIENCE_MS };
            let mut fds = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
            self.stuck = match poll(&mut fds, PollTimeout::from(patience)) {
                Err(Errno::EINTR) => continue,
                // Where poll itself fails, there is no better way than to try.
                polled => polled == Ok(0),
            };
            // A pipe with room takes this much without blocking. If standard error cannot be written,
            // there is nowhere to report it.
            let part = &rest[..rest.len().min(PIPE_BUF)];
            let written = if self.stuck { 0 } else { write(&stderr, part).unwrap_or(0) };
            if written == 0 {
                self.torn = rest.len() < text.len() || !end.is_empty();
                return;
            }
            rest = &rest[written..];
        }
    }

    /// The text without any secret.
    pub(crate) fn without_secrets(&self, text: &str) -> String {
        self.gate.clean(text)
    }

    /// The text as one line, without any secret, which does not act on a terminal.
    pub(crate) fn one_line(&self, text: &str) -> String {
        secret::one_line(&self.gate.clean(text), LONGEST)
    }
}
