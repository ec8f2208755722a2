//! `tail8x8 diagnose`: walks the same connector as a reader, and says of every step what it found,
//! what is wrong and what to do.
//!
//! The checks are data ([`check`]); what is printed are renderings of it. Nobody is contacted but
//! the target, its proxy, the configured nameservers and, when asked, the other regions.

mod addresses;
mod certificate;
mod check;
mod config;
mod findings;
mod json;
mod judge;
mod key;
mod listen;
mod look;
mod names;
mod observer;
mod refusal;
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

use crate::args::Args;
use crate::connect::{Connection, Connector, Event, Request};
use crate::exit::Exit;
use crate::fault::{Failure, Step};
use crate::message::Position;
use crate::report::Report;
use crate::secret::Secret;
use crate::settings::Settings;
use crate::values::choice::Color;
use crate::wait::Signals;
use check::{Check, IDS, Status};
use findings::Findings;
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
            listen: args.listen,
            all_regions: args.all_regions,
            strict: args.strict,
            json: args.json,
            report: args.report.as_ref().map(PathBuf::from),
        }
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
    let connect = settled.as_ref().map_or(Duration::ZERO, |s| s.limits.connect_timeout);
    let deadline = Instant::now() + connect + options.listen + stream::PROBE_TIME;
    let mut diagnosis = Diagnosis {
        options,
        report,
        signals,
        findings: Findings::new(options.strict),
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

        let mut connector = Connector::new(&settings.target, Rc::clone(self.signals));
        let Some(connection) = self.connect(settings, &mut connector, &key) else {
            let failed = self.findings.checks.last().filter(|c| c.status == Status::Fail);
            if self.options.all_regions && failed.is_some_and(|c| ["dns", "auth"].contains(&c.id)) {
                self.skip_before("regions");
                let regions = self.regions(settings, &key, true);
                self.add(regions);
            }
            return;
        };
        let stream = self.stream(settings, &mut connector, &key, connection);
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

    /// Climbs the connector and adds a check for each of its steps.
    fn connect(
        &mut self,
        settings: &Settings,
        connector: &mut Connector<'_>,
        key: &Secret,
    ) -> Option<Connection> {
        let mut observer = Observer::new(settings, config::sent(settings, key));
        // An id is tried, as it may be what is refused; otherwise only news tell that events arrive.
        let start = match &settings.start.position {
            Position::Latest | Position::Earliest => &Position::Latest,
            after => after,
        };
        let request =
            Request::reader(settings, key.clone(), start, settings.topic.receiver_queue_size);
        let timeout = settings.limits.connect_timeout;
        let connected = connector.connect(&request, timeout, &mut |event| {
            observer.take(&event);
            self.findings.key_sent |= matches!(event, Event::Began { step: Step::Auth, .. });
            for check in observer.finished() {
                let check = match check.id {
                    "dns" => {
                        names::doubt(check, &settings.target, observer.replies(), self.signals)
                    }
                    _ => check,
                };
                self.add(check);
            }
        });
        match connected {
            // It came while the nameservers were asked.
            Ok(_) if self.signals.stop().is_some() => None,
            Ok(connection) => Some(connection),
            Err(_) => {
                // The connector stops at the first reason; there is more to be seen.
                let replies = observer.replies().to_vec();
                if let Some(check) = observer.failed() {
                    let check = match check.id {
                        "dns" => names::explain(
                            check,
                            &settings.target,
                            &replies,
                            self.signals,
                            self.deadline,
                        ),
                        "tls" => {
                            let limit = self.left().min(settings.limits.connect_timeout);
                            tls::explain(check, settings, connector, limit, self.proxy_date())
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

    /// The time that is left for what the connector's own walk does not tell.
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

    /// Adds the checks before this one that were not made, and why.
    fn skip_before(&mut self, end: &str) {
        let failed = self.findings.checks.iter().find(|c| c.status == Status::Fail).map(|c| c.id);
        let why = match (failed, self.signals.stop()) {
            (Some(id), _) => format!("needs {id}"),
            (None, Some(signal)) => format!("stopped by {signal}"),
            (None, None) => "not made".to_owned(),
        };
        for id in IDS.into_iter().take_while(|id| *id != end) {
            if self.findings.checks.iter().all(|check| check.id != id) {
                self.add(Check::skip(id, why.clone()));
            }
        }
    }

    /// The checks that were not made, the result, the report; then the exit code.
    fn finish(mut self) -> Exit {
        self.skip_before("");
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
}
