//! The findings for programs: one JSON document, the same members whatever happened.

use serde_json::{Value, json};

use super::check::{Check, Status};
use super::findings::Findings;
use super::observer::millis;

/// Changes when a member changes its meaning or goes; new ones may come.
const SCHEMA_VERSION: u32 = 1;

/// The document, with its final newline.
pub(crate) fn document(findings: &Findings) -> String {
    let verdict = match findings.verdict() {
        Status::Fail => "fail",
        Status::Warn => "warn",
        Status::Ok | Status::Skip => "ok",
    };
    let document = json!({
        "schema_version": SCHEMA_VERSION,
        "tool": "tail8x8",
        "version": env!("CARGO_PKG_VERSION"),
        "started_at": format!("{:.0}", findings.started),
        "duration_ms": millis(findings.began.elapsed()),
        "target": findings.target,
        "proxy": findings.proxy,
        "api_key": findings.api_key,
        "verdict": verdict,
        "exit_code": findings.ending.unwrap_or(findings.exit() as u8),
        "first_problem": findings.first_problem().and_then(|check| check.code.clone()),
        "summary": findings.result(1000),
        "checks": findings.checks.iter().map(check).collect::<Vec<Value>>(),
    });
    format!("{document}\n")
}

fn check(check: &Check) -> Value {
    json!({
        "id": check.id,
        "status": check.status.word().to_ascii_lowercase(),
        "code": check.code,
        "duration_ms": millis(check.elapsed),
        "summary": check.summary,
        "evidence": check.evidence,
        "notes": check.notes.iter().map(|(label, text)| format!("{label}: {text}")).collect::<Vec<_>>(),
        "fix": check.fix,
        "see": check.see,
    })
}
