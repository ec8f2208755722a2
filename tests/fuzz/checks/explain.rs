//! A pasted text.

use super::{assert_keyless, assert_printable, planted};
use crate::explain::explain;

pub(super) fn check(data: &[u8]) {
    let explanation = explain(&planted(data));
    let text = explanation.to_string();
    assert_keyless(&text);
    text.lines().for_each(assert_printable);
    assert!(!text.is_empty() && text.len() < 20_000, "{} bytes", text.len());
    assert_eq!(explanation.exit() as u8 == 0, !explanation.findings.is_empty());
    // What this program printed about a fault leads to the same fault.
    let first = explanation.findings.first();
    if let Some(code) = first.and_then(|finding| finding.topic.code()).filter(|_| data.len() < 32) {
        let again = explain(&format!("tail8x8: step subject: cause [{code}]"));
        assert_eq!(again.findings[0].topic.code(), Some(code));
    }
}
