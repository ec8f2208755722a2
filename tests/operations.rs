//! Running it for weeks: the unit files, the crontab line and the logrotate file that are shipped in
//! `operations/`, each checked by the program it is written for where that is installed, and each
//! run.

mod cron;
mod endurance;
mod logrotate;
mod machine;
mod shipped;
mod systemd;

use std::path::Path;

use libtest_mimic::Trial;

use crate::support::trial;

pub fn trials() -> Vec<Trial> {
    [shipped::trials(), systemd::trials(), cron::trials(), logrotate::trials(), endurance::trials()]
        .into_iter()
        .flatten()
        .collect()
}

/// A test that needs a foreign program: ignored, with the reason as its kind, where that is not
/// installed; failed there where `TAIL8X8_REQUIRE_TOOLS=1` says that it must be.
fn needing(program: &str, name: &str, test: impl FnOnce() + Send + 'static) -> Trial {
    if installed(program) {
        return trial::test(name, move || {
            test();
            Ok(())
        });
    }
    let required = std::env::var("TAIL8X8_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
    let missing = format!("{program} not installed");
    let kind = missing.clone();
    trial::test(name, move || Err(missing.into())).with_kind(kind).with_ignored_flag(!required)
}

/// Debian keeps some where an ordinary user's path does not lead.
fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([Path::new("/usr/sbin").to_owned()])
        .any(|folder| folder.join(program).is_file())
}
