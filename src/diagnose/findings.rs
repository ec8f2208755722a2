//! Everything that was found: the verdict, the exit code and the last line are derived from it.

use jiff::Timestamp;

use super::check::{Check, Status};
use super::evidence::Evidence;
use super::key::Key;
use super::silence;
use crate::clock::Instant;
use crate::exit::Exit;
use crate::fault::{Fault, Step};
use crate::settings::Settings;

/// The steps on the way to an open stream.
const CONNECTING: [Step; 5] = [Step::Dns, Step::Tcp, Step::Proxy, Step::Tls, Step::Auth];

/// Everything found so far.
#[derive(Debug)]
pub(super) struct Findings<'a> {
    pub(super) started: Timestamp,
    pub(super) began: Instant,
    /// `None` if they are not valid.
    pub(super) settings: Option<&'a Settings>,
    pub(super) key: Option<Key>,
    pub(super) checks: Vec<Check>,
    pub(super) strict: bool,
    /// A request with the key was sent.
    pub(super) key_sent: bool,
    /// The exit code, if not decided by the checks: after a signal, or without the report.
    pub(super) ending: Option<u8>,
}

impl Findings<'_> {
    pub(super) fn new(strict: bool) -> Findings<'static> {
        Findings {
            started: Timestamp::now(),
            began: Instant::now(),
            settings: None,
            key: None,
            checks: Vec::new(),
            strict,
            key_sent: false,
            ending: None,
        }
    }

    pub(super) fn of(&self, step: Step) -> Option<&Check> {
        self.checks.iter().find(|check| check.step == step)
    }

    /// The last check that failed: what would have come after it was not checked.
    pub(super) fn failed(&self) -> Option<&Check> {
        self.checks.iter().rev().find(|check| check.status == Status::Fail)
    }

    /// The worst check.
    pub(super) fn verdict(&self) -> Status {
        self.checks.iter().map(|check| check.status).max().unwrap_or(Status::Skip)
    }

    /// The check that matters most, if something is wrong: among the worst checks that of the
    /// stream, else the first.
    pub(super) fn first_problem(&self) -> Option<&Check> {
        let verdict = self.verdict();
        let mut worst = self.checks.iter().filter(|c| c.is_problem() && c.status == verdict);
        worst.clone().find(|check| check.step == Step::Stream).or_else(|| worst.next())
    }

    pub(super) fn exit(&self) -> Exit {
        match self.first_problem() {
            Some(check) if check.status == Status::Fail => check.exit(),
            Some(_) if self.strict => Exit::Empty,
            _ => Exit::Ok,
        }
    }

    /// The last line, as one sentence.
    pub(super) fn result(&self) -> String {
        let Some(check) = self.first_problem() else { return self.good() };
        let headline = check.headline();
        let elsewhere = self.of(Step::Regions).filter(|c| c.fault() == Some(Fault::Elsewhere));
        if check.status == Status::Fail {
            let more =
                elsewhere.map_or(String::new(), |regions| format!("; {}", regions.headline()));
            let key = if self.key_sent { "" } else { " The API key was not sent." };
            return format!("FAIL at {} - {headline}{more}.{key}", check.step);
        }
        let is_silent = silence::is_silence(check.fault());
        match elsewhere {
            Some(regions) => {
                format!("warn - connected and authorised, but silent: {}.", regions.headline())
            }
            None if is_silent => {
                format!("warn - connected and authorised, but silent: {headline}.")
            }
            None => format!("warn - {}: {headline}.", check.step),
        }
    }

    /// The last line if nothing is wrong.
    fn good(&self) -> String {
        let stream = self.of(Step::Stream).filter(|check| check.status == Status::Ok);
        match stream.map(|check| &check.evidence) {
            Some(Evidence::Stream(stream)) if stream.arrived == Some(true) => {
                format!("ok - {}, and events arrive.", self.working())
            }
            Some(_) => {
                format!("ok - {}, and events can flow: older ones were read.", self.working())
            }
            None => "stopped before the end; nothing wrong was found until then.".to_owned(),
        }
    }

    /// The connect steps that work.
    fn working(&self) -> String {
        let is_ok = |check: &&Check| check.status == Status::Ok && CONNECTING.contains(&check.step);
        let names: Vec<&str> = self.checks.iter().filter(is_ok).map(|c| c.step.name()).collect();
        match names.split_last() {
            Some((last, [])) => format!("{last} works"),
            Some((last, names)) => format!("{} and {last} work", names.join(", ")),
            None => "nothing is known to work".to_owned(),
        }
    }
}
