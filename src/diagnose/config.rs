//! The first check, before anything is sent: what was asked for, the key, the certificates and
//! the clock.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::check::Check;
use super::key::Key;
use super::trust;
use crate::connect::authority;
use crate::dates::NOT_BEFORE;
use crate::endpoint;
use crate::message::Position;
use crate::regions::DEFAULT_HOST;
use crate::secret::Secret;
use crate::settings::Settings;
use crate::values::choice::AuthStyle;

const CERTIFICATES: Option<&str> = Some("TLS/SSL Certificate Errors");
const REGION: Option<&str> = Some("Wrong Regional Endpoint");
const UNAUTHORIZED: Option<&str> = Some("401 Unauthorized");

/// The lines above the checks.
pub(super) fn head(settings: &Settings, key: Option<&Secret>) -> Vec<(&'static str, String)> {
    let (target, topic) = (&settings.target, &settings.topic);
    let scheme = if target.plain { "ws" } else { "wss" };
    let path = endpoint::reader(topic, &Position::Latest, topic.receiver_queue_size);
    let path = path.split('?').next().unwrap_or_default();
    let url = format!("{scheme}://{}{path}", authority(&target.host, target.port));
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
        using = format!("{using}; key: {}, from {}", Key::of(key), settings.credentials.source);
    }
    vec![("target", url), ("using", using)]
}

/// The target, as the JSON document has it.
pub(super) fn target(settings: &Settings) -> Value {
    let (target, topic) = (&settings.target, &settings.topic);
    json!({
        "host": target.host,
        "port": target.port,
        "tenant": topic.tenant,
        "namespace": topic.namespace,
        "topic": topic.topic,
        "endpoint": "reader",
        "region": target.region,
        "region_source": target.chosen_by,
    })
}

/// The proxy, as the JSON document has it.
pub(super) fn proxy(settings: &Settings) -> Value {
    let proxy = &settings.target.proxy;
    match &proxy.proxy {
        Some(at) => json!({ "host": at.host, "port": at.port, "rule": proxy.rule }),
        None => Value::Null,
    }
}

/// The key, as the JSON document has it.
pub(super) fn api_key(settings: &Settings, key: &Secret) -> Value {
    let described = Key::of(key);
    json!({
        "kind": described.kind_id(),
        "user": described.user(),
        "length": described.length,
        "source": settings.credentials.source.to_string(),
        "style": match settings.credentials.style {
            AuthStyle::Header => "header",
            AuthStyle::Query => "query",
        },
        "sent": false,
    })
}

/// How the key was sent, and which.
pub(super) fn sent(settings: &Settings, key: &Secret) -> String {
    let way = match settings.credentials.style {
        AuthStyle::Header => "header X-API-Key",
        AuthStyle::Query => "query parameter x-api-key",
    };
    format!("{way}; {}, from {}", Key::of(key), settings.credentials.source)
}

/// The check itself.
pub(super) fn check(settings: &Settings, key: &Secret) -> Check {
    let began = Instant::now();
    let mut check = Check::ok("config", Duration::ZERO, "settings, key and clock look right");
    for warning in &settings.warnings {
        check = worth_a_look(check, &warning.text, "config.warning", None);
    }
    check = clock(the_key(region(check, settings), settings, key));
    if !settings.target.plain {
        check = certificates(check, settings);
    }
    check.elapsed = began.elapsed();
    check
}

/// A warning: the first is the summary, the others stand below it.
fn worth_a_look(
    mut check: Check,
    text: impl Into<String>,
    code: &str,
    see: Option<&'static str>,
) -> Check {
    match check.is_problem() {
        true => check = check.note("note", text),
        false => check.summary = text.into(),
    }
    check.warn(code, see)
}

fn region(check: Check, settings: &Settings) -> Check {
    let target = &settings.target;
    if target.host == DEFAULT_HOST && target.chosen_by == "default" {
        let text =
            "no region was chosen, so this looks at UK3; with events elsewhere it stays silent";
        return worth_a_look(check, text, "config.default_region", REGION)
            .fix("name your region (--region) or cluster (--cluster, the vcc-<cluster> name)");
    }
    check
}

fn the_key(check: Check, settings: &Settings, key: &Secret) -> Check {
    let described = Key::of(key);
    let tenant = &settings.topic.tenant;
    let check = check.evidence("tenant_matches_key_user", described.is_of(tenant));
    match (described.is_of(tenant), described.user()) {
        (Some(false), Some(user)) => {
            let text = format!(
                "the token's user \"{user}\" differs from --tenant \"{tenant}\"; they are usually the same"
            );
            worth_a_look(check, text, "config.other_tenant", UNAUTHORIZED)
        }
        (None, _) if described.kind_id() == "unknown" => {
            let text =
                "the key is of neither kind 8x8 gives out (eght_..., or base64 of user:password)";
            worth_a_look(check, text, "config.key_kind", UNAUTHORIZED)
        }
        _ => check,
    }
}

fn clock(check: Check) -> Check {
    let now = Timestamp::now();
    if now.as_second() >= NOT_BEFORE {
        return check;
    }
    let text = format!("this machine's clock shows {now:.0}, before this program was made");
    worth_a_look(check, text, "config.clock", CERTIFICATES)
        .fix("set the clock (NTP): with a wrong one no certificate can be verified")
}

fn certificates(check: Check, settings: &Settings) -> Check {
    let store = store();
    let extra = settings.target.trust.extra_roots.len();
    let mut places: Vec<String> = store
        .places
        .iter()
        .map(|(place, content)| format!("{}: {content}", place.path.display()))
        .collect();
    places.dedup();
    let mut check = check
        .evidence("roots", store.roots)
        .evidence("extra_roots", extra)
        .evidence("stores", places);
    if settings.target.trust.insecure {
        let text =
            "--insecure: the server is not verified, and whoever is in between can read the key";
        return worth_a_look(check, text, "config.insecure", CERTIFICATES);
    }
    for trouble in store.troubles() {
        if trouble.is_empty && extra > 0 {
            continue;
        }
        check =
            worth_a_look(check, trouble.reason, "config.ca_store", CERTIFICATES).fix(trouble.fix);
    }
    check
}

/// The system's root certificates.
pub(super) fn store() -> trust::Store {
    trust::Store::read(trust::places_here())
}
