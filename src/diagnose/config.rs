//! The first check, before anything is sent: the settings, the key, the certificates, the files, and a
//! clock that cannot be right.

use std::time::Duration;

use jiff::Timestamp;

use super::case::Case;
use super::check::Check;
use super::evidence::{self, Evidence};
use super::files;
use super::key::{Key, KeyKind};
use super::trust::{self, Store, StoreTrouble};
use crate::clock::{Instant, Now};
use crate::dates::NOT_BEFORE;
use crate::endpoint;
use crate::fault::{Fault, Step};
use crate::message::Position;
use crate::regions::DEFAULT_HOST;
use crate::settings::Settings;
use crate::values::choice::AuthStyle;
use crate::values::host::authority;

/// The lines above the checks.
pub(super) fn head(settings: &Settings, key: Option<&Key>) -> Vec<(&'static str, String)> {
    let (target, topic) = (&settings.target, &settings.topic);
    let scheme = if target.plain { "ws" } else { "wss" };
    let path = endpoint::reader(topic, &Position::Latest, topic.receiver_queue_size);
    let path = path.split('?').next().unwrap_or_default();
    let url = format!("{scheme}://{}{path}", target.authority());
    let region = match target.region {
        Some(region) => format!("region {region} ({})", target.chosen_by),
        None => format!("host from {}", target.chosen_by),
    };
    let proxy = match &target.proxy.proxy {
        Some(proxy) => format!("{} ({})", authority(&proxy.host, proxy.port), target.proxy.rule),
        None => format!("none ({})", target.proxy.rule),
    };
    let mut using = format!("{region}; proxy {proxy}");
    if let Some(key) = key {
        using = format!("{using}; key: {key}, from {}", settings.credentials.source);
    }
    vec![("target", url), ("using", using)]
}

/// How the key was sent, and its description.
pub(super) fn sent(settings: &Settings, key: &Key) -> String {
    let way = match settings.credentials.style {
        AuthStyle::Header => "header X-API-Key",
        AuthStyle::Query => "query parameter x-api-key",
    };
    format!("{way}; {key}, from {}", settings.credentials.source)
}

/// Makes the check.
pub(super) fn check(settings: &Settings, key: &Key, now: Timestamp) -> Check {
    let began = Instant::now();
    let mut check = Check::ok(Step::Config, Duration::ZERO, "settings and key look right");
    let free;
    (check, free) = files::look(check, settings, Now { instant: began, utc: now });
    for warning in &settings.warnings {
        check = check.worth_a_look(&warning.text, Fault::SettingWarning);
    }
    check = clock(the_key(region(check, settings), settings, key), now);
    let mut roots = None;
    if !settings.target.plain {
        let (store, extra) = (store(), settings.target.trust.extra_roots.len());
        check = certificates(check, settings, &store);
        roots = Some((store, extra));
    }
    check.elapsed = began.elapsed();
    let is_of_tenant = key.is_of(&settings.topic.tenant);
    check.with(Evidence::Config(evidence::Config { is_of_tenant, roots, free }))
}

/// Adds a warning with the table's own text.
fn plainly(check: Check, fault: Fault) -> Check {
    let case = Case::from(fault);
    check.worth_a_look(case.means(), case)
}

fn region(check: Check, settings: &Settings) -> Check {
    let target = &settings.target;
    if target.host == DEFAULT_HOST && target.chosen_by == "default" {
        return plainly(check, Fault::DefaultRegion);
    }
    check
}

fn the_key(check: Check, settings: &Settings, key: &Key) -> Check {
    let tenant = &settings.topic.tenant;
    match (key.is_of(tenant), key.user()) {
        (Some(false), Some(user)) => {
            let text = format!(
                "the token's user \"{user}\" differs from --tenant \"{tenant}\"; they are usually the same"
            );
            let case = Case::from(Fault::OtherTenant).with("user", user).with("tenant", tenant);
            check.worth_a_look(text, case)
        }
        (None, _) if key.kind == KeyKind::Unknown => plainly(check, Fault::KeyKind),
        _ => check,
    }
}

fn clock(check: Check, now: Timestamp) -> Check {
    if now.as_second() >= NOT_BEFORE {
        return check;
    }
    let text =
        format!("this machine's clock shows {now:.0}, earlier than this program's build date");
    check.worth_a_look(text, Fault::OldClock)
}

fn certificates(mut check: Check, settings: &Settings, store: &Store) -> Check {
    let trust = &settings.target.trust;
    if trust.insecure {
        return plainly(check, Fault::InsecureSetting);
    }
    for trouble in store.troubles() {
        // A root given with `--ca-file` is enough.
        if trouble != StoreTrouble::NoRoots || trust.extra_roots.is_empty() {
            check = check.worth_a_look(trouble.to_string(), trouble.case());
        }
    }
    check
}

/// The system's root certificates.
pub(super) fn store() -> Store {
    Store::read(trust::places_here())
}
