//! The shipped texts, and that the README leads to them.

use libtest_mimic::Trial;

use crate::support::trial;

pub(super) const SERVICE: &str = include_str!("tail8x8.service");
pub(super) const CATCH_UP: &str = include_str!("tail8x8-catch-up.service");
pub(super) const TIMER: &str = include_str!("tail8x8-catch-up.timer");
pub(super) const CRONTAB: &str = include_str!("crontab");
pub(super) const LOGROTATE: &str = include_str!("logrotate.conf");

const README: &str = include_str!("../../README.md");

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial::test("operations: the README leads to every shipped file", || {
            let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/operations");
            for entry in std::fs::read_dir(shipped).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                let link = format!("](tests/operations/{name})");
                assert!(name.ends_with(".rs") || README.contains(&link), "{name}");
            }
            Ok(())
        }),
        trial::test("operations: what is shipped agrees with itself", || {
            agree();
            Ok(())
        }),
    ]
}

/// What has to be the same in several of them, and in the exit codes of the README.
fn agree() {
    let codes = value(SERVICE, "RestartPreventExitStatus");
    assert_eq!(codes, "64 66 77 78");
    for code in codes.split(' ') {
        assert!(README.contains(&format!("\n| {code} | ")), "{code} is no exit code of ours");
    }
    for unit in [SERVICE, CATCH_UP] {
        assert_eq!(value(unit, "LoadCredential"), "x-api-key:/etc/tail8x8/x-api-key");
        assert_eq!(value(unit, "StateDirectory"), "tail8x8");
        // So that the one can take over the other's files and cursor.
        let files = |unit| value(unit, "ExecStart").split_once(" --output ").unwrap().1.to_owned();
        assert_eq!(files(unit), files(SERVICE));
        assert_eq!(value(unit, "DynamicUser"), "yes");
    }
    assert_eq!(value(SERVICE, "Type"), "notify");
    assert_eq!(value(CATCH_UP, "Type"), "oneshot");
    assert!(value(CATCH_UP, "ExecStart").contains(" --exit-at-end "));
    assert!(CRONTAB.contains(" --exit-at-end "));
    for place in ["/etc/tail8x8/config", "/var/lib/tail8x8/events.cursor"] {
        for text in [SERVICE, CATCH_UP, CRONTAB] {
            assert!(text.contains(place), "{place} is not in\n{text}");
        }
    }
}

/// The one value of a setting in a unit file.
#[track_caller]
pub(super) fn value<'a>(unit: &'a str, name: &str) -> &'a str {
    let mut values = unit.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let value = values.next().unwrap_or_else(|| panic!("{name} is not set in\n{unit}"));
    assert_eq!(values.next(), None, "{name} is set twice in\n{unit}");
    value
}
