//! Prints a diagnosis: text while it runs, or one document at its end.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::libc::PIPE_BUF;
use nix::unistd::write;

use super::check::Check;
use super::findings::Findings;
use super::json;
use super::text::Style;
use crate::clock::Instant;
use crate::report::Report;
use crate::values::choice::Color;
use crate::wait::{Interest, Wait, Wake};

/// How long a reader may take to read what is left once the diagnosis is to stop.
const PATIENCE: Duration = Duration::from_secs(1);

/// Prints to standard output, as long as someone reads it.
pub(super) struct Printer<'a> {
    /// It removes the secrets it knows from everything printed.
    pub(super) report: &'a mut Report,
    json: bool,
    color: bool,
    has_output: bool,
}

impl<'a> Printer<'a> {
    pub(super) fn new(report: &'a mut Report, json: bool, color: Color) -> Printer<'a> {
        let color = match color {
            Color::Auto => {
                io::stdout().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
            Color::Always => true,
            Color::Never => false,
        };
        Printer { report, json, color, has_output: true }
    }

    /// The lines above the checks.
    pub(super) fn head(&mut self, findings: &Findings<'_>, host: &mut dyn Wait) {
        self.text(|style| style.head(findings), host);
    }

    pub(super) fn check(&mut self, check: &Check, host: &mut dyn Wait) {
        self.text(|style| style.check(check), host);
    }

    /// Prints the result, or the document.
    pub(super) fn end(&mut self, findings: &Findings<'_>, host: &mut dyn Wait) {
        if self.json {
            let document = json::document(findings, &|text| self.report.without_secrets(text));
            self.write(&document, host);
        }
        self.text(|style| style.tail(findings), host);
    }

    fn text(&mut self, render: impl FnOnce(Style<'_>) -> String, host: &mut dyn Wait) {
        if !self.json {
            let clean = |text: &str| self.report.without_secrets(text);
            let text = render(Style { color: self.color, clean: &clean });
            self.write(&text, host);
        }
    }

    /// Writes a text whose secrets are already removed, and waits for a reader that is slow. Once the
    /// diagnosis is to stop, a reader that does not read is left alone.
    fn write(&mut self, text: &str, host: &mut dyn Wait) {
        let out = io::stdout();
        let mut rest = text.as_bytes();
        let mut until = host.is_stopping().then(|| Instant::now() + PATIENCE);
        while self.has_output && !rest.is_empty() {
            let mut room = [Interest::writable(out.as_fd())];
            // Where waiting fails, there is no better way than to try.
            let can_wait = host.signals().failed().is_none();
            let wake = if can_wait { host.wait(&mut room, until) } else { Wake::Ready };
            match wake {
                Wake::Stop => until = Some(Instant::now() + PATIENCE),
                Wake::Deadline => self.has_output = false,
                Wake::Ready if can_wait && !room[0].is_ready => {}
                // A pipe with room takes this much without blocking.
                Wake::Ready => match write(&out, &rest[..rest.len().min(PIPE_BUF)]) {
                    Ok(n) => rest = &rest[n..],
                    Err(Errno::EINTR | Errno::EAGAIN) => {}
                    Err(_) => self.has_output = false,
                },
            }
        }
    }
}
