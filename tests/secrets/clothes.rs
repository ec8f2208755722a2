//! The forms in which servers write down what they were sent.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// A secret in every form; `header` is the line in which it was sent.
pub(super) fn of(secret: &str, header: &str) -> Vec<(&'static str, String)> {
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let mixed = percent.replace("%2B", "%2b").replace("%3D", "%3d");
    let each = |write: fn(u8) -> String| secret.bytes().map(write).collect::<String>();
    let signs = |plus: &str, slash: &str, equal: &str| {
        secret.replace('+', plus).replace('/', slash).replace('=', equal)
    };
    vec![
        ("plain", secret.to_owned()),
        ("percent-encoded", percent.clone()),
        ("percent-encoded in mixed case", mixed),
        ("percent-encoded twice", percent.replace('%', "%25")),
        ("percent-encoded throughout", each(|byte| format!("%{byte:02x}"))),
        ("HTML by number", signs("&#43;", "&#47;", "&#61;")),
        ("HTML by number in hex", signs("&#x2b;", "&#X2F;", "&#x003D;")),
        ("HTML by name", signs("&plus;", "&sol;", "&equals;")),
        ("HTML throughout", each(|byte| format!("&#{byte};"))),
        ("HTML of HTML", signs("&amp;#43;", "&amp;#47;", "&amp;#61;")),
        ("percent-encoded HTML", signs("%26%2343%3B", "%26%2347%3b", "%26%2361%3B")),
        ("JSON", signs("\\u002b", "\\/", "\\u003D")),
        ("JSON throughout", each(|byte| format!("\\u{byte:04x}"))),
        ("base64", STANDARD.encode(secret)),
        ("base64 without padding", STANDARD_NO_PAD.encode(secret)),
        ("base64 for URLs", URL_SAFE.encode(secret)),
        ("base64 for URLs without padding", URL_SAFE_NO_PAD.encode(secret)),
        ("base64 of the header", STANDARD.encode(header)),
        ("base64 of more headers", STANDARD.encode(format!("Host: h\r\n{header}\r\nA: b"))),
        (
            "percent-encoded base64",
            utf8_percent_encode(&STANDARD.encode(header), NON_ALPHANUMERIC).to_string(),
        ),
        ("hex", each(|byte| format!("{byte:02x}"))),
        ("HEX", each(|byte| format!("{byte:02X}"))),
        ("hex of the header", header.bytes().map(|byte| format!("{byte:02x}")).collect()),
        ("with marks between", secret.chars().flat_map(|c| [c, '\u{200b}']).collect()),
        ("a part of it", secret[secret.len() / 3..].chars().take(12).collect()),
    ]
}
