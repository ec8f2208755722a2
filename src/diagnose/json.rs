//! The findings for programs: one JSON document, which always has the same members.

use serde_json::{Value, json};

use super::check::{Check, Status};
use super::evidence::{members, millis};
use super::findings::Findings;
use super::key::Key;
use crate::fault::Page;
use crate::secret;
use crate::settings::Settings;
use crate::values::choice::AuthStyle;

/// Increased if a member is removed or changes its meaning, but not if one is added.
const SCHEMA_VERSION: u32 = 1;

/// The document, with its final newline; `clean` removes the secrets from a text.
pub(crate) fn document(findings: &Findings<'_>, clean: &dyn Fn(&str) -> String) -> String {
    let verdict = match findings.verdict() {
        Status::Fail => "fail",
        Status::Warn => "warn",
        Status::Ok | Status::Skip => "ok",
    };
    let mut document = json!({
        "schema_version": SCHEMA_VERSION,
        "tool": "tail8x8",
        "version": env!("CARGO_PKG_VERSION"),
        "started_at": format!("{:.0}", findings.started),
        "duration_ms": millis(findings.began.elapsed()),
        "target": findings.settings.map(target),
        "proxy": findings.settings.and_then(proxy),
        "api_key": api_key(findings),
        "verdict": verdict,
        "exit_code": findings.ending.unwrap_or(findings.exit() as u8),
        "first_problem": findings.first_problem().and_then(Check::code),
        "summary": findings.result(),
        "checks": findings.checks.iter().map(of_check).collect::<Value>(),
    });
    each_text(&mut document, clean);
    secret::plain_json(&format!("{document}\n"))
}

fn target(settings: &Settings) -> Value {
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

fn proxy(settings: &Settings) -> Option<Value> {
    let proxy = &settings.target.proxy;
    let at = proxy.proxy.as_ref()?;
    Some(json!({ "host": at.host, "port": at.port, "rule": proxy.rule }))
}

/// The key's description. If no key was found, it only says that none was sent.
fn api_key(findings: &Findings<'_>) -> Value {
    let (Some(settings), Some(key)) = (findings.settings, &findings.key) else {
        return json!({ "sent": findings.key_sent });
    };
    let Key { length, .. } = key;
    json!({
        "kind": key.kind_id(),
        "user": key.user(),
        "length": length,
        "source": settings.credentials.source.to_string(),
        "style": match settings.credentials.style {
            AuthStyle::Header => "header",
            AuthStyle::Query => "query",
        },
        "sent": findings.key_sent,
    })
}

fn of_check(check: &Check) -> Value {
    let pages = check.see();
    let notes = check.notes.iter().map(|note| format!("{}: {}", note.label, note.text));
    json!({
        "id": check.step.name(),
        "status": check.status.word().to_ascii_lowercase(),
        "code": check.code(),
        "duration_ms": millis(check.elapsed),
        "summary": check.summary,
        "evidence": members(&check.evidence),
        "notes": notes.collect::<Vec<_>>(),
        "fix": check.fixes(),
        "see": (!pages.is_empty()).then(|| Page::list(pages)),
    })
}

/// Changes every string of a value.
fn each_text(value: &mut Value, change: &dyn Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        Value::Object(members) => members.values_mut().for_each(|item| each_text(item, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
