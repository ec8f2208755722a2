//! The order of the checks: what each one needs, and which are skipped after a failure.

use std::fs::File;
use std::time::Duration;

use jiff::Timestamp;

use super::check::Check;
use super::evidence::Evidence;
use super::findings::Findings;
use super::key::Key;
use super::observer::Observer;
use super::options::Options;
use super::print::Printer;
use super::regions::RegionsCheck;
use super::stream::StreamCheck;
use super::{config, names, silence, stream, support, tls};
use crate::clock::Instant;
use crate::connect::{Connection, Connector, Event, Request, Watched};
use crate::exit::Exit;
use crate::fault::{Failure, Step};
use crate::message::Position;
use crate::report::Report;
use crate::secret::Secret;
use crate::settings::Settings;
use crate::values::choice::Color;
use crate::wait::Signals;

/// The steps that a diagnosis checks, in order.
fn steps() -> impl Iterator<Item = Step> {
    Step::ALL.into_iter().filter(|step| *step != Step::Output)
}

/// One diagnosis and its state.
pub(super) struct Diagnosis<'a> {
    options: &'a Options,
    signals: &'a mut Signals,
    printer: Printer<'a>,
    findings: Findings<'a>,
    /// The file for `--report`, created before anything else is done.
    file: Option<File>,
    /// When everything but the check of the other regions must be done.
    deadline: Instant,
}

impl<'a> Diagnosis<'a> {
    pub(super) fn new(
        settled: &Result<Settings, Failure>,
        options: &'a Options,
        report: &'a mut Report,
        signals: &'a mut Signals,
    ) -> Diagnosis<'a> {
        let settings = settled.as_ref().ok();
        let color = settings.map_or(Color::Auto, |settings| settings.talk.color);
        let connect = settings.map_or(Duration::ZERO, |settings| settings.limits.connect_timeout);
        Diagnosis {
            options,
            signals,
            printer: Printer::new(report, options.json, color),
            findings: Findings::new(options.strict),
            file: None,
            deadline: Instant::now() + connect + options.listen + stream::PROBE_TIME,
        }
    }

    /// Makes every check that can be made.
    pub(super) fn run(&mut self, settled: &'a Result<Settings, Failure>) {
        let (settings, key) = match self.prepare(settled) {
            Ok(found) => found,
            Err(failure) => {
                self.printer.head(&self.findings, self.signals);
                return self.add(Check::failed(Step::Config, Duration::ZERO, &failure));
            }
        };
        self.printer.head(&self.findings, self.signals);
        self.add(config::check(settings, &Key::of(&key), Timestamp::now()));

        let mut connector = Connector::new(&settings.target);
        let Some(connection) = self.connect(settings, &mut connector, &key) else {
            // The key may be valid in another region, or this region's name may be wrong.
            let failed = self.findings.failed().map(|check| check.step);
            if self.options.all_regions && matches!(failed, Some(Step::Dns | Step::Auth)) {
                self.skip_before(Step::Regions);
                self.regions(settings, &key, true);
            }
            return;
        };
        let stream = StreamCheck {
            settings,
            connector: &mut connector,
            key: &key,
            signals: self.signals,
            listen: self.options.listen,
            deadline: self.deadline,
            asks_others: self.options.all_regions,
        };
        let stream = stream.make(connection);
        let is_silent = silence::is_silence(stream.fault());
        self.add(stream);
        if self.signals.stop().is_none() {
            self.regions(settings, &key, is_silent);
        }
    }

    /// The settings and the key. As far as they are available, they are also added to the findings.
    fn prepare(
        &mut self,
        settled: &'a Result<Settings, Failure>,
    ) -> Result<(&'a Settings, Secret), Failure> {
        if let Some(path) = &self.options.report {
            self.file = Some(support::create(path)?);
        }
        let settings = settled.as_ref().map_err(Failure::clone)?;
        self.findings.settings = Some(settings);
        let key = settings.credentials.load()?;
        self.printer.report.keep_key(&key);
        self.findings.key = Some(Key::of(&key));
        Ok((settings, key))
    }

    /// Runs the connect steps and adds a check for each.
    fn connect(
        &mut self,
        settings: &Settings,
        connector: &mut Connector<'_>,
        key: &Secret,
    ) -> Option<Connection> {
        let mut observer = Observer::new(settings, config::sent(settings, &Key::of(key)));
        // A message id is tried, since it may be the reason for a refusal. Otherwise the stream
        // starts at latest, because only new messages show that events arrive.
        let start = match &settings.start.position {
            Position::Latest | Position::Earliest => &Position::Latest,
            after => after,
        };
        let request =
            Request::reader(settings, key.clone(), start, settings.topic.receiver_queue_size);
        let timeout = settings.limits.connect_timeout;
        let (printer, findings) = (&mut self.printer, &mut self.findings);
        let mut watched = Watched::new(self.signals, |host, event| {
            observer.take(event);
            findings.key_sent |= matches!(event, Event::Began { step: Step::Auth, .. });
            for check in observer.finished() {
                let check = match check.step {
                    Step::Dns => names::doubt(check, &settings.target, host),
                    _ => check,
                };
                printer.check(&check, host);
                findings.checks.push(check);
            }
        });
        let connected = connector.connect(&request, timeout, &mut watched);
        match connected {
            // The signal came while the nameservers were asked.
            Ok(_) if self.signals.stop().is_some() => None,
            Ok(connection) => Some(connection),
            Err(_) => {
                if let Some(check) = observer.failed() {
                    let check = self.explain(check, settings, connector);
                    self.add(check);
                }
                None
            }
        }
    }

    /// Adds more to a failed check: the connector stops at the first reason.
    fn explain(&mut self, check: Check, settings: &Settings, connector: &Connector<'_>) -> Check {
        let target = &settings.target;
        let check = match check.step {
            Step::Dns => names::explain(check, target, self.signals, self.deadline),
            Step::Tls => {
                let left = self.deadline.duration_since(Instant::now());
                let limit = left.min(settings.limits.connect_timeout);
                let proxy_date = self.proxy_date();
                tls::explain(check, settings, connector, self.signals, limit, proxy_date)
            }
            _ => check,
        };
        match self.findings.of(Step::Dns).map(|dns| &dns.evidence) {
            Some(Evidence::Lookup(found)) => {
                names::blame_search_domain(check, found, target, self.signals, self.deadline)
            }
            _ => check,
        }
    }

    /// The proxy's clock, if there is a proxy and it sent one.
    fn proxy_date(&self) -> Option<Timestamp> {
        match &self.findings.of(Step::Proxy)?.evidence {
            Evidence::Response(response) => response.date(),
            _ => None,
        }
    }

    /// Checks the regions; `is_silent` says whether the chosen one has shown no message.
    fn regions(&mut self, settings: &Settings, key: &Secret, is_silent: bool) {
        if !self.options.all_regions {
            return self.add(Check::skip(Step::Regions, "ask for it with --all-regions"));
        }
        let mut regions =
            RegionsCheck { settings, key, signals: self.signals, is_silent, key_sent: false };
        let check = regions.make();
        self.findings.key_sent |= regions.key_sent;
        self.add(check);
    }

    /// Adds a check, and prints it if the output is text.
    fn add(&mut self, check: Check) {
        self.printer.check(&check, self.signals);
        self.findings.checks.push(check);
    }

    /// Adds a skipped check, with the reason, for each step before `end` (or each step) that was
    /// not checked.
    fn skip_before(&mut self, end: impl Into<Option<Step>>) {
        let why = match (self.findings.failed(), self.signals.stop()) {
            (None, _) if self.signals.failed().is_some() => "this machine cannot wait".to_owned(),
            (Some(check), _) => format!("needs {}", check.step),
            (None, Some(signal)) => format!("stopped by {signal}"),
            (None, None) => "not made".to_owned(),
        };
        let end = end.into();
        for step in steps().take_while(|step| Some(*step) != end) {
            if self.findings.of(step).is_none() {
                self.add(Check::skip(step, why.clone()));
            }
        }
    }

    /// Adds the skipped checks, writes the report, and prints the result. Returns the exit code.
    pub(super) fn finish(mut self) -> Exit {
        self.skip_before(None);
        let exit = match self.write_report() {
            Ok(()) => self.findings.exit(),
            Err(exit) => {
                self.findings.ending = Some(exit as u8);
                exit
            }
        };
        if self.signals.failed().is_some() {
            self.findings.ending = Some(Exit::Unavailable as u8);
        } else if let Some(signal) = self.signals.stop() {
            self.findings.ending = u8::try_from(128 + signal as i32).ok();
        }
        self.printer.end(&self.findings, self.signals);
        exit
    }

    /// Writes the `--report`: the findings again, with what support asks for.
    fn write_report(&mut self) -> Result<(), Exit> {
        let (Some(path), Some(file)) = (&self.options.report, &self.file) else { return Ok(()) };
        let report = &mut *self.printer.report;
        let clean = |text: &str| report.without_secrets(text);
        support::write(file, path, &self.findings, &clean).map_err(|failure| {
            report.failure(&failure);
            failure.exit()
        })
    }
}
