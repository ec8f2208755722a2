//! The published schema of the document, and as much of JSON Schema (draft 2020-12) as it uses. A
//! keyword that is not known here is an error, so that no rule is passed over in silence.

use libtest_mimic::Trial;
use serde_json::{Map, Value, json};

use super::test;

/// Panics with everything in `document` that the schema does not allow.
#[track_caller]
pub fn assert_valid(document: &Value) {
    let mistakes = mistakes(document);
    assert!(mistakes.is_empty(), "not as the schema says: {mistakes:#?}\n{document:#}");
}

fn mistakes(document: &Value) -> Vec<String> {
    let root: Value = serde_json::from_str(include_str!("../diagnose.schema.json")).unwrap();
    let mut mistakes = Vec::new();
    Schema { root: &root }.check(&root, document, "", &mut mistakes);
    mistakes
}

struct Schema<'a> {
    root: &'a Value,
}

impl Schema<'_> {
    fn allows(&self, rules: &Value, value: &Value) -> bool {
        let mut mistakes = Vec::new();
        self.check(rules, value, "", &mut mistakes);
        mistakes.is_empty()
    }

    fn check(&self, rules: &Value, value: &Value, at: &str, mistakes: &mut Vec<String>) {
        let rules = match rules {
            Value::Object(rules) => rules,
            Value::Bool(true) => return,
            _ => return mistakes.push(format!("{at}: is one too many")),
        };
        for (keyword, rule) in rules {
            let holds = match keyword.as_str() {
                "$schema" | "title" | "description" | "$defs" | "format" => true,
                "$ref" => {
                    let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                    self.check(self.root.pointer(pointer).unwrap(), value, at, mistakes);
                    true
                }
                "type" => types(rule).any(|name| is_of_type(value, name)),
                "const" => value == rule,
                "enum" => rule.as_array().unwrap().contains(value),
                "minimum" => value.as_f64().is_none_or(|n| n >= rule.as_f64().unwrap()),
                "maximum" => value.as_f64().is_none_or(|n| n <= rule.as_f64().unwrap()),
                "minLength" => value.as_str().is_none_or(|s| s.chars().count() >= number(rule)),
                "minItems" => value.as_array().is_none_or(|list| list.len() >= number(rule)),
                "maxItems" => value.as_array().is_none_or(|list| list.len() <= number(rule)),
                "required" => value.as_object().is_none_or(|object| has_all(object, rule)),
                "properties" => {
                    for (name, value) in members(value) {
                        if let Some(rules) = rule.get(name) {
                            self.check(rules, value, &format!("{at}/{name}"), mistakes);
                        }
                    }
                    true
                }
                "additionalProperties" => {
                    let known = |name: &String| rules["properties"].get(name).is_some();
                    members(value).all(|(name, value)| known(name) || self.allows(rule, value))
                }
                "prefixItems" => {
                    for (number, (rules, value)) in list(rule).iter().zip(list(value)).enumerate() {
                        self.check(rules, value, &format!("{at}/{number}"), mistakes);
                    }
                    true
                }
                "items" => {
                    let before = rules.get("prefixItems").map_or(0, |rules| list(rules).len());
                    for (number, value) in list(value).iter().enumerate().skip(before) {
                        self.check(rule, value, &format!("{at}/{number}"), mistakes);
                    }
                    true
                }
                "if" => {
                    let branch = if self.allows(rule, value) { "then" } else { "else" };
                    if let Some(rules) = rules.get(branch) {
                        self.check(rules, value, at, mistakes);
                    }
                    true
                }
                "then" | "else" => true,
                other => panic!("the keyword {other:?} is not known here"),
            };
            if !holds {
                mistakes.push(format!("{at}: {value} against {keyword} {rule}"));
            }
        }
    }
}

fn types(rule: &Value) -> impl Iterator<Item = &str> {
    let one = rule.as_str().into_iter();
    one.chain(list(rule).iter().filter_map(Value::as_str))
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("the type {other:?} is not known here"),
    }
}

fn number(rule: &Value) -> usize {
    usize::try_from(rule.as_u64().unwrap()).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn has_all(object: &Map<String, Value>, names: &Value) -> bool {
    list(names).iter().all(|name| object.contains_key(name.as_str().unwrap()))
}

pub fn trials() -> Vec<Trial> {
    vec![test("the schema tells a wrong document from a right one", tells)]
}

fn tells() {
    let check = |id: &str| {
        json!({
            "id": id, "status": "skip", "code": null, "duration_ms": 0, "summary": "needs config",
            "evidence": {}, "notes": [], "fix": [], "see": null,
        })
    };
    let ids = ["config", "dns", "tcp", "proxy", "tls", "auth", "stream", "regions"];
    let right = json!({
        "schema_version": 1, "tool": "tail8x8", "version": "0.1.0",
        "started_at": "2026-11-23T22:00:00Z", "duration_ms": 5, "target": null, "proxy": null,
        "api_key": { "sent": false }, "verdict": "ok", "exit_code": 0, "first_problem": null,
        "summary": "nothing", "checks": ids.map(check),
    });
    assert_valid(&right);
    for (at, wrong) in [
        ("/schema_version", json!(2)),
        ("/duration_ms", json!(-1)),
        ("/duration_ms", json!(1.5)),
        ("/target", json!({})),
        ("/api_key", json!({ "sent": false, "key": "eght_" })),
        ("/verdict", json!("FAIL")),
        ("/exit_code", json!(256)),
        ("/summary", json!("")),
        ("/checks", json!(ids[..7].iter().map(|id| check(id)).collect::<Vec<_>>())),
        ("/checks/1", check("tcp")),
        ("/checks/2", json!({ "id": "tcp" })),
        ("/checks/3/status", json!("fail")),
        ("/checks/4/code", json!("tls.expired")),
        ("/checks/5/fix", json!(["do something"])),
        ("/checks/6/notes", json!([1])),
    ] {
        let mut document = right.clone();
        *document.pointer_mut(at).unwrap() = wrong.clone();
        assert!(!mistakes(&document).is_empty(), "{at} may not be {wrong}");
    }
    let mut long = right.clone();
    long["checks"].as_array_mut().unwrap().push(check("more"));
    let mut more = right;
    more["more"] = json!(1);
    for document in [long, more] {
        assert!(!mistakes(&document).is_empty(), "{document}");
    }
}
