//! Everything that was found: the verdict, the exit code and the last line are made from it.

use std::time::Instant;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::check::{Check, Status};
use super::{regions, stream};
use crate::exit::Exit;
use crate::words;

/// Everything found so far.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) started: Timestamp,
    pub(super) began: Instant,
    /// The lines above the checks: a label and its text.
    pub(super) head: Vec<(&'static str, String)>,
    pub(super) target: Value,
    pub(super) proxy: Value,
    pub(super) api_key: Value,
    pub(super) checks: Vec<Check>,
    pub(super) strict: bool,
    /// A request with the key has left.
    pub(super) key_sent: bool,
    /// How the process ends, where the checks do not decide: by a signal, or without its report.
    pub(super) ending: Option<u8>,
}

impl Findings {
    pub(super) fn new(strict: bool) -> Findings {
        Findings {
            started: Timestamp::now(),
            began: Instant::now(),
            head: Vec::new(),
            target: Value::Null,
            proxy: Value::Null,
            api_key: json!({ "sent": false }),
            checks: Vec::new(),
            strict,
            key_sent: false,
            ending: None,
        }
    }

    /// The worst check.
    pub(super) fn verdict(&self) -> Status {
        self.checks.iter().map(|check| check.status).max().unwrap_or(Status::Skip)
    }

    /// The check that matters most, where something is wrong: what failed, else what the stream
    /// says, else the first warning.
    pub(super) fn first_problem(&self) -> Option<&Check> {
        let verdict = self.verdict();
        let mut worst = self.checks.iter().filter(|c| c.is_problem() && c.status == verdict);
        worst.clone().find(|check| check.id == "stream").or_else(|| worst.next())
    }

    /// The steps that were made and are well.
    fn working(&self) -> String {
        let steps = ["dns", "tcp", "proxy", "tls", "auth"];
        let is_ok = |check: &&Check| check.status == Status::Ok && steps.contains(&check.id);
        let names: Vec<&str> = self.checks.iter().filter(is_ok).map(|check| check.id).collect();
        match names.split_last() {
            Some((last, [])) => format!("{last} works"),
            Some((last, names)) => format!("{} and {last} work", names.join(", ")),
            None => "nothing is known to work".to_owned(),
        }
    }

    /// Where the events are, if they are in another region.
    fn elsewhere(&self) -> Option<&str> {
        let is_it = |check: &&Check| check.code.as_deref() == Some(regions::ELSEWHERE);
        Some(&self.checks.iter().find(is_it)?.notes.first()?.1)
    }

    pub(super) fn exit(&self) -> Exit {
        match self.first_problem() {
            Some(check) if check.status == Status::Fail => check.exit,
            Some(_) if self.strict => Exit::Empty,
            _ => Exit::Ok,
        }
    }

    /// The last line, in a sentence of at most so many characters.
    pub(super) fn result(&self, room: usize) -> String {
        let cut = |summary: &str, more: usize| clauses(summary, room.saturating_sub(more));
        let key = match self.key_sent {
            true => "",
            false => " The API key was not sent.",
        };
        match self.first_problem() {
            Some(check) if check.status == Status::Fail => {
                let summary = check.headline.as_ref().unwrap_or(&check.summary);
                let why = self.elsewhere().map_or(String::new(), |why| format!("; {why}"));
                let summary = cut(summary, 18 + key.len() + why.len());
                format!("FAIL at {} - {summary}{why}.{key}", check.id)
            }
            Some(_) if let Some(why) = self.elsewhere() => {
                format!("warn - connected and authorised, but silent: {why}.")
            }
            Some(check) if check.code.as_deref() == Some(stream::SILENT_CODE) => {
                format!("warn - connected and authorised, but silent: {}.", cut(&check.summary, 46))
            }
            Some(check) => format!("warn - {}: {}.", check.id, cut(&check.summary, 20)),
            None => match self.checks.iter().find(|c| c.id == "stream" && c.status == Status::Ok) {
                Some(stream) if stream.evidence.get("arrived") == Some(&Value::Bool(true)) => {
                    format!("ok - {}, and events arrive.", self.working())
                }
                Some(_) => {
                    format!("ok - {}, and events can flow: older ones were read.", self.working())
                }
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
