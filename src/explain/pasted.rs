//! Cleans text pasted from terminals, logs and web pages.

/// The text without colours, and without the escapes of logs and web pages.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        out.push_str(&rest[..at]);
        rest = after_escape(&rest[at + 1..]);
    }
    out.push_str(rest);
    const ESCAPES: [(&str, &str); 9] = [
        ("\\\"", "\""),
        ("\\n", "\n"),
        ("\\r", " "),
        ("\\t", " "),
        ("\t", " "),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
    ];
    for (escaped, plain) in ESCAPES {
        if out.contains(escaped) {
            out = out.replace(escaped, plain);
        }
    }
    out
}

/// The text after a terminal's control sequence.
fn after_escape(text: &str) -> &str {
    let end = match text.chars().next() {
        // Parameters and intermediate bytes, then the final one (ECMA-48 section 5.4).
        Some('[') => {
            let end = text.find(|c: char| c != '[' && !(' '..='?').contains(&c));
            end.map(|at| at + usize::from(matches!(text.as_bytes()[at], b'@'..=b'~')))
        }
        Some(']') => text.find(['\u{7}', '\u{1b}']).map(|i| i + 1),
        other => other.map(char::len_utf8),
    };
    &text[end.unwrap_or(0)..]
}

/// Whether a line belongs to a stack trace. Its file names and line numbers are not messages.
pub(super) fn is_stack_frame(line: &str) -> bool {
    const FILES: [&str; 8] =
        [".java:", ".kt:", ".js:", ".mjs:", ".ts:", "node:", "Native Method", "Unknown Source"];
    let line = line.trim();
    line.starts_with("File \"") || line.starts_with("at ") && FILES.iter().any(|f| line.contains(f))
}
