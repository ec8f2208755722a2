//! The answer of a proxy or a gateway, and the sentence in it that gives the reason.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::Value;

use crate::secret::{self, Gate};

/// What nginx calls 401, 405, 503 and 504 on its pages.
const NGINX_REASONS: [&str; 4] = [
    "Authorization Required",
    "Not Allowed",
    "Service Temporarily Unavailable",
    "Gateway Time-out",
];

/// The answer of a proxy or a gateway.
#[derive(Clone, Debug, Default)]
pub(crate) struct Response {
    /// The minor version: HTTP/1.0 or HTTP/1.1.
    pub(crate) minor_version: u8,
    pub(crate) status: u16,
    /// The server's own reason phrase.
    pub(crate) reason: String,
    pub(crate) headers: Vec<(String, String)>,
    /// The first 8 KiB of the body, without its chunked coding.
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// All values of one header, in order; names are compared without case.
    pub(crate) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers
            .iter()
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The first value of one header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// Whether a header's comma-separated list holds this token (RFC 9110 section 5.6.1).
    pub(crate) fn has_token(&self, name: &str, token: &str) -> bool {
        self.headers(name).any(|v| v.split(',').any(|t| t.trim().eq_ignore_ascii_case(token)))
    }

    /// `HTTP 401 Unauthorized`.
    pub(crate) fn status_line(&self) -> String {
        format!("HTTP {} {}", self.status, self.reason).trim_end().to_owned()
    }

    /// The server's clock, `Date` in the format of RFC 9110 section 5.6.7, which RFC 2822's
    /// includes.
    pub(crate) fn date(&self) -> Option<Timestamp> {
        Some(rfc2822::parse(self.header("Date")?.trim()).ok()?.timestamp())
    }

    /// Removes secrets from everything the server sent, before parts of it are taken, which could
    /// end within one.
    pub(super) fn remove(&mut self, gate: &Gate) {
        self.reason = gate.clean(&self.reason);
        for (_, value) in &mut self.headers {
            *value = gate.clean(value);
        }
        self.body = gate.clean(&String::from_utf8_lossy(&self.body)).into_bytes();
    }

    /// The server's own sentence: the `<title>` of an HTML page, a JSON member that gives a
    /// reason, or the first line of text.
    pub(crate) fn sentence(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.body);
        let found = match serde_json::from_str::<Value>(&text) {
            Ok(json) => json_reason(&json),
            Err(_) if text.trim_start().starts_with('<') => title(&text),
            Err(_) => text.lines().map(str::trim).find(|l| !l.is_empty()).map(str::to_owned),
        }?;
        // Titles from Jetty and nginx repeat the status, and nginx has its own names for some.
        let found = found.trim();
        let titles = [format!("Error {} ", self.status), format!("{} ", self.status)];
        let found = titles.iter().find_map(|title| found.strip_prefix(title)).unwrap_or(found);
        if found.eq_ignore_ascii_case(&self.reason) || NGINX_REASONS.contains(&found) {
            return None;
        }
        let short = secret::one_line(&without_json(found), 300);
        Some(short).filter(|s| !s.is_empty())
    }
}

/// Pulsar's proxy ends its sentence with the broker's answer as JSON: `errorMsg`, unless that is
/// empty, and numbers and addresses that mean nothing to a user.
fn without_json(sentence: &str) -> String {
    let Some(start) = sentence.find(r#"{"errorMsg":"#) else { return sentence.to_owned() };
    let (before, json) = sentence.split_at(start);
    let mut values = serde_json::Deserializer::from_str(json).into_iter::<Value>();
    match values.next().and_then(Result::ok).as_ref().and_then(json_reason) {
        Some(reason) if !reason.is_empty() => {
            format!("{before}{reason}{}", &json[values.byte_offset()..])
        }
        _ => sentence.to_owned(),
    }
}

/// The member that carries the reason, as Pulsar (`errorMsg`, `reason`) and gateways
/// (`message`, `error`) name it.
fn json_reason(json: &Value) -> Option<String> {
    if let Value::String(text) = json {
        return Some(text.clone());
    }
    ["message", "reason", "errorMsg", "error_description", "error", "detail"]
        .iter()
        .filter_map(|name| json.get(name))
        .find_map(|value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Object(_) => json_reason(value),
            _ => None,
        })
}

fn title(html: &str) -> Option<String> {
    // ASCII case folding keeps byte offsets, unlike to_lowercase.
    let lower = html.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find("</title").unwrap_or(lower.len() - start);
    Some(unescaped(html[start..end].trim()))
}

/// Replaces the entities that HTML generators use to escape text.
fn unescaped(text: &str) -> String {
    [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (entity, plain)| text.replace(entity, plain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn sentence(status: u16, body: &str) -> Option<String> {
        Response { status, body: body.as_bytes().to_vec(), ..Response::default() }.sentence()
    }

    #[test]
    fn a_secret_is_also_removed_from_a_body_that_is_not_utf_8() {
        let gate = Gate::of_key(&Secret::new("eght_canary".to_owned()));
        let long = [b"\xff", &[b'a'; 290][..], b"eght_canary"].concat();
        let mut response = Response { status: 401, body: long, ..Response::default() };
        response.remove(&gate);
        let sentence = response.sentence().expect("a sentence");
        assert!(sentence.starts_with('\u{fffd}') && !sentence.contains("eght"), "{sentence}");
    }

    #[test]
    fn the_sentence_is_found_in_every_kind_of_body() {
        let jetty = "<html>\n<head>\n<title>Error 500 Failed to create reader: {&quot;errorMsg&quot;:&quot;Namespace not found&quot;}</title></head>";
        assert_eq!(
            sentence(500, jetty).as_deref(),
            Some("Failed to create reader: Namespace not found")
        );
        let whole = r#"Failed: {"errorMsg":"busy","reqId":1, "local":"/127.0.0.1:2"}, sorry"#;
        assert_eq!(sentence(409, whole).as_deref(), Some("Failed: busy, sorry"));
        for kept in [r#"Failed: {"errorMsg":"","reqId":1}"#, r#"Failed: {"errorMsg":"cut"#] {
            assert_eq!(sentence(500, kept).as_deref(), Some(kept));
        }
        assert_eq!(sentence(401, r#"{"message":"no such key"}"#).as_deref(), Some("no such key"));
        assert_eq!(sentence(400, r#"{"error":{"reason":"bad"}}"#).as_deref(), Some("bad"));
        assert_eq!(sentence(503, "\n  try later\nmore").as_deref(), Some("try later"));
        assert_eq!(sentence(500, "<html><title>cut").as_deref(), Some("cut"));
        let nginx = |status: u16, title: &str| {
            let body = format!("<html><head><title>{status} {title}</title></head></html>");
            let reason = if status == 401 { "Unauthorized" } else { "Bad Gateway" }.to_owned();
            Response { status, reason, body: body.into_bytes(), ..Response::default() }.sentence()
        };
        assert_eq!(nginx(401, "Authorization Required"), None);
        assert_eq!(nginx(502, "Bad Gateway"), None);
        assert_eq!(nginx(502, "No pool").as_deref(), Some("No pool"));
        assert_eq!(sentence(500, ""), None);
        assert_eq!(sentence(500, "{}"), None);
    }
}
