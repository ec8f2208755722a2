//! Whether a run could use its files. Looking changes none of them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::check::{Check, Status};
use crate::clock::Now;
use crate::settings::Settings;
use crate::sink::{self, Inspection};

/// Adds what was found to the check of the settings, and returns the free space of each folder that
/// is written to.
pub(super) fn look(
    mut check: Check,
    settings: &Settings,
    now: Now,
) -> (Check, BTreeMap<PathBuf, u64>) {
    let Inspection { refusals, obstacles, free } = sink::inspect(settings, now);
    if !free.is_empty() {
        check.summary = "settings, key and files look right".to_owned();
    }
    for failure in &refusals {
        let text = format!("{}: {}", failure.subject, failure.cause);
        check = match check.status {
            Status::Fail => check.worth_a_look(text, failure),
            _ => Check { summary: text, ..check }.fail(failure),
        };
    }
    for failure in &obstacles {
        check = check.worth_a_look(format!("{}: {}", failure.subject, failure.cause), failure);
    }
    for (folder, free) in &free {
        check = check.note("disk", sink::free_in(folder, *free));
    }
    (check, free)
}
