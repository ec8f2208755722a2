//! What one diagnosis printed, as a document or as text, and what must hold of each of them.

use serde_json::Value;

use super::schema;
use crate::support::run::Output;

/// The checks, in their order.
pub const IDS: [&str; 8] = ["config", "dns", "tcp", "proxy", "tls", "auth", "stream", "regions"];

/// The document on stdout, the only thing there, valid, and of the exit code that it names.
#[track_caller]
pub fn document(output: &Output) -> Value {
    let whole = output.whole();
    let document: Value = serde_json::from_slice(&output.stdout).expect(&whole);
    assert!(output.stdout.ends_with(b"\n"), "no newline at the end\n{whole}");
    assert_eq!(output.lines().len(), 1, "more than a line\n{whole}");
    schema::assert_valid(&document);
    // As a shell counts it.
    let code = output.code.or(output.signal.map(|signal| 128 + signal)).unwrap();
    assert_eq!(document["exit_code"], code, "{whole}");
    let checks = document["checks"].as_array().unwrap();
    for check in checks {
        let is_skip = check["status"] == "skip";
        assert!(!is_skip || check["summary"].as_str().unwrap().len() > 5, "no reason: {check:#}");
        let fixes = check["fix"].as_array().unwrap();
        let is_new = |number: usize| !fixes[..number].contains(&fixes[number]);
        assert!((0..fixes.len()).all(is_new), "the same fix twice: {check:#}");
    }
    let worst = |status: &str| {
        let mut worst = checks.iter().filter(|check| check["status"] == status);
        worst.clone().find(|check| check["id"] == "stream").or_else(|| worst.next())
    };
    let (verdict, problem) = match (worst("fail"), worst("warn")) {
        (Some(check), _) => ("fail", &check["code"]),
        (None, Some(check)) => ("warn", &check["code"]),
        (None, None) => ("ok", &Value::Null),
    };
    assert_eq!((&document["verdict"], &document["first_problem"]), (&verdict.into(), problem));
    document
}

#[track_caller]
pub fn check<'a>(document: &'a Value, id: &str) -> &'a Value {
    let checks = document["checks"].as_array().unwrap();
    checks.iter().find(|check| check["id"] == id).unwrap()
}

/// Whether the check says so anywhere: summary, notes, fixes.
#[track_caller]
pub fn assert_says(check: &Value, words: &str) {
    let lists = ["notes", "fix"].map(|name| check[name].as_array().unwrap());
    let texts = lists.into_iter().flatten().chain([&check["summary"]]);
    let mut texts = texts.map(|text| text.as_str().unwrap());
    assert!(texts.any(|text| text.contains(words)), "{words:?} is nowhere in {check:#}");
}

#[track_caller]
pub fn assert_ends(check: &Value, status: &str, code: Option<&str>) {
    let expected = (&Value::from(status), &Value::from(code));
    assert_eq!((&check["status"], &check["code"]), expected, "{check:#}");
}

/// The lines of the text: all checks in their order, the result last, nothing too long.
#[track_caller]
pub fn text(output: &Output) -> Vec<String> {
    let (whole, lines) = (output.whole(), output.lines());
    for line in &lines {
        assert!(line.chars().count() <= 100, "more than 100 columns: {line}\n{whole}");
        assert!(!line.contains('\x1b'), "colour without a terminal\n{whole}");
    }
    let last = lines.last().expect(&whole);
    assert!(last.starts_with("RESULT: "), "the last line is no result: {last}\n{whole}");
    let marked = lines.iter().filter_map(|line| {
        let mut words = line.strip_prefix("  ")?.split_whitespace();
        let status = words.next()?;
        ["ok", "warn", "FAIL", "skip"].contains(&status).then(|| words.next())?
    });
    assert!(marked.eq(IDS), "not all checks in their order\n{whole}");
    lines
}
