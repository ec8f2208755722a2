//! `tail8x8 diagnose`: walks the same ladder as a reader, and says of every step what it found,
//! what is wrong and what to do.
//!
//! The checks are data ([`check`]); what is printed are renderings of it. Nobody is contacted but
//! the target, its proxy, the configured nameservers and, when asked, the other regions.

mod check;
mod config;
mod dns;
mod json;
mod judge;
mod key;
mod look;
mod names;
mod observer;
mod regions;
mod stream;
mod support;
mod text;
mod tls;
mod trust;

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::{Value, json};

use crate::args::Args;
use crate::connect::{Connection, Event, Ladder, Request, authority};
use crate::exit::Exit;
use crate::failure::{Failure, Step};
use crate::reader_endpoint;
use crate::report::Report;
use crate::secret::Secret;
use crate::settings::{Color, Position, Settings, Topic};
use crate::sys::Signals;
use crate::words;
use check::{Check, IDS, Status};
use observer::Observer;

/// What `diagnose` takes beside the options of a reader.
#[derive(Debug)]
pub(crate) struct Options {
    /// How long to wait for a first message.
    pub(crate) listen: Duration,
    pub(crate) all_regions: bool,
    /// A warning exits 10.
    pub(crate) strict: bool,
    pub(crate) json: bool,
    /// Where the findings go for 8x8 support; a file that must not exist yet.
    pub(crate) report: Option<PathBuf>,
}

impl Options {
    pub(crate) fn of(args: &Args) -> Options {
        Options {
            listen: args.listen.unwrap_or(LISTEN),
            all_regions: args.all_regions.unwrap_or(false),
            strict: args.strict.unwrap_or(false),
            json: args.json.unwrap_or(false),
            report: args.report.as_ref().map(PathBuf::from),
        }
    }
}

impl Default for Options {
    fn default() -> Options {
        Options::of(&Args::default())
    }
}

/// As the options table says.
const LISTEN: Duration = Duration::from_secs(30);

/// Everything found so far.
#[derive(Debug)]
pub(crate) struct Findings {
    started: Timestamp,
    began: Instant,
    /// The lines above the checks: a label and its text.
    head: Vec<(&'static str, String)>,
    target: Value,
    proxy: Value,
    api_key: Value,
    checks: Vec<Check>,
    /// Blocks may be drawn as blocks.
    is_utf8: bool,
    strict: bool,
    /// A request with the key has left.
    key_sent: bool,
    /// How the process ends, where the checks do not decide: by a signal, or without its report.
    ending: Option<u8>,
}

impl Findings {
    /// The worst check.
    fn verdict(&self) -> Status {
        self.checks.iter().map(|check| check.status).max().unwrap_or(Status::Skip)
    }

    /// The check that matters most, where something is wrong: what failed, else what the stream
    /// says, else the first warning.
    fn first_problem(&self) -> Option<&Check> {
        let verdict = self.verdict();
        let mut worst = self.checks.iter().filter(|c| c.is_problem() && c.status == verdict);
        worst.clone().find(|check| check.id == "stream").or_else(|| worst.next())
    }

    /// The steps that were made and are well.
    fn working(&self) -> String {
        let steps = ["dns", "tcp", "proxy", "tls", "auth"];
        let is_ok = |check: &&Check| check.status == Status::Ok && steps.contains(&check.id);
        let names: Vec<&str> = self.checks.iter().filter(is_ok).map(|check| check.id).collect();
        names.join(", ")
    }

    /// Where the events are, if they are in another region.
    fn elsewhere(&self) -> Option<&str> {
        let is_it = |check: &&Check| check.code.as_deref() == Some(regions::ELSEWHERE);
        Some(&self.checks.iter().find(is_it)?.notes.first()?.1)
    }

    fn exit(&self) -> Exit {
        match self.first_problem() {
            Some(check) if check.status == Status::Fail => check.exit,
            Some(_) if self.strict => Exit::Empty,
            _ => Exit::Ok,
        }
    }

    /// The last line, in a sentence of at most so many characters.
    fn result(&self, room: usize) -> String {
        let cut = |summary: &str, more: usize| clauses(summary, room.saturating_sub(more));
        let key = match self.key_sent {
            true => "",
            false => " The API key was not sent.",
        };
        match self.first_problem() {
            Some(check) if check.status == Status::Fail => {
                let summary = check.headline.as_ref().unwrap_or(&check.summary);
                let summary = cut(summary, 18 + key.len());
                format!("FAIL at {} - {summary}.{key}", check.id)
            }
            Some(_) if let Some(why) = self.elsewhere() => {
                format!("warn - connected and authorised, but silent: {why}.")
            }
            Some(check) => format!("warn - {}: {}.", check.id, cut(&check.summary, 20)),
            None => match self.checks.iter().find(|c| c.id == "stream" && c.status == Status::Ok) {
                Some(stream) if stream.evidence.get("arrived") == Some(&Value::Bool(true)) => {
                    format!("ok - {} work, and events arrive.", self.working())
                }
                Some(_) => format!(
                    "ok - {} work and events can flow: older ones were read.",
                    self.working()
                ),
                None => "stopped before the end; nothing wrong was found until then.".to_owned(),
            },
        }
    }
}

/// As many whole clauses of a summary as there is room for; the rest is above in full.
fn clauses(summary: &str, room: usize) -> String {
    let summary = words::one_line(summary, 1000);
    if summary.chars().count() <= room {
        return summary;
    }
    let ends = [": ", "; ", ", ", " (", " - "].iter().flat_map(|end| summary.match_indices(end));
    let count = |at: usize, letter: char| summary[..at].matches(letter).count();
    let fitting = ends
        .map(|(at, _)| at)
        .filter(|&at| summary[..at].chars().count() <= room && count(at, '(') == count(at, ')'));
    match fitting.max() {
        Some(at) if at > room / 4 => summary[..at].to_owned(),
        _ => words::one_line(&summary, room.saturating_sub(1)),
    }
}

/// One diagnosis, as it goes on.
struct Diagnosis<'a> {
    options: &'a Options,
    report: &'a Report,
    signals: &'a Rc<Signals>,
    findings: Findings,
    /// Where `--report` goes, created before anything else is done.
    file: Option<File>,
    color: bool,
    has_output: bool,
    /// When everything but the other regions is to be over.
    deadline: Instant,
}

/// Makes every check and prints what it found.
pub(crate) fn diagnose(
    settled: &Result<Settings, Failure>,
    options: &Options,
    report: &Report,
    signals: &Rc<Signals>,
) -> Exit {
    let color = match settled.as_ref().map_or(Color::Auto, |settings| settings.talk.color) {
        Color::Auto => {
            io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
        }
        Color::Always => true,
        Color::Never => false,
    };
    let connect = settled.as_ref().map_or(Duration::ZERO, |s| s.link.connect_timeout);
    let deadline = Instant::now() + connect + options.listen + stream::PROBE_TIME;
    let findings = Findings {
        started: Timestamp::now(),
        began: Instant::now(),
        head: Vec::new(),
        target: Value::Null,
        proxy: Value::Null,
        api_key: json!({ "sent": false }),
        checks: Vec::new(),
        is_utf8: is_utf8(),
        strict: options.strict,
        key_sent: false,
        ending: None,
    };
    let mut diagnosis = Diagnosis {
        options,
        report,
        signals,
        findings,
        file: None,
        color,
        has_output: true,
        deadline,
    };
    diagnosis.run(settled);
    diagnosis.finish()
}

impl Diagnosis<'_> {
    fn run(&mut self, settled: &Result<Settings, Failure>) {
        let (settings, key) = match self.config(settled) {
            Ok(found) => found,
            Err(failure) => {
                self.print_head();
                return self.add(Check::failed(Duration::ZERO, &failure));
            }
        };
        self.print_head();
        self.add(config::check(settings, &key));

        let mut ladder = Ladder::new(&settings.target, Rc::clone(self.signals));
        let Some(connection) = self.climb(settings, &mut ladder, &key) else {
            let failed = self.findings.checks.last().filter(|c| c.status == Status::Fail);
            if self.options.all_regions && failed.is_some_and(|c| ["dns", "auth"].contains(&c.id)) {
                let regions = self.regions(settings, &key, true);
                self.add(Check::skip("stream", "needs a region that accepts the key"));
                self.add(regions);
            }
            return;
        };
        let stream = self.stream(settings, &mut ladder, &key, connection);
        let is_silent = stream.code.as_deref() == Some(stream::SILENT_CODE);
        if self.signals.stop().is_some() {
            return self.add(stream);
        }
        self.add(stream);
        let regions = match self.options.all_regions {
            true => self.regions(settings, &key, is_silent),
            false => Check::skip("regions", "ask for it with --all-regions"),
        };
        self.add(regions);
    }

    /// What was settled, the key, and the lines above the checks.
    fn config<'s>(
        &mut self,
        settled: &'s Result<Settings, Failure>,
    ) -> Result<(&'s Settings, Secret), Failure> {
        if let Some(path) = &self.options.report {
            self.file = Some(support::create(path)?);
        }
        let settings = settled.as_ref().map_err(Failure::clone)?;
        if let Some(login) = settings.target.proxy.proxy.as_ref().and_then(|p| p.login.as_ref()) {
            self.report.keep_secret(login);
        }
        let findings = &mut self.findings;
        findings.target = config::target(settings);
        findings.proxy = config::proxy(settings);
        findings.head = config::head(settings, None);
        let key = settings.credentials.load()?;
        self.report.keep_secret(&key);
        findings.api_key = config::api_key(settings, &key);
        findings.head = config::head(settings, Some(&key));
        Ok((settings, key))
    }

    /// Climbs the ladder and adds a check for each of its steps.
    fn climb(
        &mut self,
        settings: &Settings,
        ladder: &mut Ladder<'_>,
        key: &Secret,
    ) -> Option<Connection> {
        let mut observer = Observer::new(&settings.target, config::sent(settings, key));
        // An id is tried, as it may be what is refused; otherwise only news tell that events arrive.
        let start = match &settings.start.position {
            Position::Latest | Position::Earliest => &Position::Latest,
            after => after,
        };
        let request = request(settings, key, start, settings.topic.receiver_queue_size);
        let timeout = settings.link.connect_timeout;
        let climbed = ladder.climb(&request, timeout, &mut |event| {
            observer.take(&event);
            self.findings.key_sent |= matches!(event, Event::Began { step: Step::Auth, .. });
            for check in observer.finished() {
                self.add(check);
            }
        });
        match climbed {
            Ok(connection) => Some(connection),
            Err(_) => {
                // The ladder stops at the first reason; there is more to be seen.
                if let Some(check) = observer.failed() {
                    let check = match check.id {
                        "dns" => names::explain(check, settings, self.signals, self.deadline),
                        "tls" => {
                            let limit = self.left().min(settings.link.connect_timeout);
                            tls::explain(check, settings, ladder, limit, self.proxy_date())
                        }
                        _ => check,
                    };
                    self.add(check);
                }
                None
            }
        }
    }

    /// The clock of the proxy, where there is one and it told.
    fn proxy_date(&self) -> Option<Timestamp> {
        let proxy = self.findings.checks.iter().find(|check| check.id == "proxy")?;
        Some(rfc2822::parse(proxy.evidence.get("date")?.as_str()?).ok()?.timestamp())
    }

    /// The time that is left for what the ladder's own walk does not tell.
    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Adds a check, and prints it where text is wanted.
    fn add(&mut self, check: Check) {
        // Before any wrapping, which could cut a secret in two.
        let check = check.cleaned(&|text| self.report.without_secrets(text));
        if !self.options.json {
            let text = text::check(&check, self.color);
            self.print(&self.report.without_secrets(&text));
        }
        self.findings.checks.push(check);
    }

    /// The checks that were not made, the result, the report; then the exit code.
    fn finish(mut self) -> Exit {
        let failed = self.findings.checks.iter().find(|c| c.status == Status::Fail).map(|c| c.id);
        let why = match (failed, self.signals.stop()) {
            (Some(id), _) => format!("needs {id}"),
            (None, Some(signal)) => format!("stopped by {signal}"),
            (None, None) => "not made".to_owned(),
        };
        for id in IDS {
            if self.findings.checks.iter().all(|check| check.id != id) {
                self.add(Check::skip(id, why.clone()));
            }
        }
        self.findings.api_key["sent"] = self.findings.key_sent.into();
        let exit = match self.write_report() {
            Ok(()) => self.findings.exit(),
            Err(exit) => {
                self.findings.ending = Some(exit as u8);
                exit
            }
        };
        if let Some(signal) = self.signals.stop() {
            self.findings.ending = u8::try_from(128 + signal as i32).ok();
        }
        let text = match self.options.json {
            true => json::document(&self.findings),
            false => self.report.without_secrets(&text::tail(&self.findings)),
        };
        self.print(&text);
        exit
    }

    /// `--report`: the findings once more, with what support asks for.
    fn write_report(&self) -> Result<(), Exit> {
        let (Some(path), Some(file)) = (&self.options.report, &self.file) else { return Ok(()) };
        let without_secrets = |text: &str| self.report.without_secrets(text);
        support::write(file, path, &self.findings, without_secrets).map_err(|failure| {
            self.report.failure(&failure);
            failure.exit()
        })
    }

    fn print_head(&mut self) {
        if !self.options.json {
            let head = text::head(&self.findings);
            self.print(&self.report.without_secrets(&head));
        }
    }

    /// What is printed holds no secret any more.
    fn print(&mut self, text: &str) {
        if self.has_output {
            let mut out = io::stdout().lock();
            self.has_output = out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok();
        }
    }

    /// The server, for failures of the session.
    fn server(settings: &Settings) -> String {
        authority(&settings.target.host, settings.target.port)
    }
}

/// What a reader would ask for, but from another place or with another window.
fn request(settings: &Settings, key: &Secret, position: &Position, window: u16) -> Request {
    let Topic { tenant, namespace, topic, reader_name, .. } = &settings.topic;
    let topic = Topic {
        tenant: tenant.clone(),
        namespace: namespace.clone(),
        topic: topic.clone(),
        reader_name: reader_name.clone(),
        receiver_queue_size: window,
    };
    Request {
        path: reader_endpoint::path(&topic, position),
        key: key.clone(),
        style: settings.credentials.style,
        max_message_size: settings.link.max_message_size,
    }
}

/// Whether the terminal's locale is UTF-8 (POSIX: the first of these that is set decides).
fn is_utf8() -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty())
        .is_some_and(|value| {
            let value = value.to_ascii_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        })
}
