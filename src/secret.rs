//! The type of the API key: it prints as `(redacted)`. Only the upgrade, the proxy login and code
//! that checks or describes a secret read its value.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Encodes all but the unreserved characters of RFC 3986 section 2.3.
pub(crate) const QUERY_VALUE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A value that must not reach any output.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(value: String) -> Secret {
        Secret(value)
    }

    /// The value itself, for the one header or query parameter it is meant for.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// The text without this value, in any form in which it was sent or a server may echo it.
    pub(crate) fn remove_from(&self, text: &str) -> String {
        let json = serde_json::Value::from(self.0.as_str()).to_string();
        let everything = utf8_percent_encode(&self.0, NON_ALPHANUMERIC).to_string();
        let forms = [
            STANDARD.encode(&self.0),
            percent_lowercase(&everything),
            everything,
            utf8_percent_encode(&self.0, QUERY_VALUE).to_string(),
            json[1..json.len() - 1].to_owned(),
            self.0.clone(),
        ];
        // Removing one to three letters would hide nothing and garble the text.
        let forms = forms.iter().filter(|form| form.len() > 3);
        forms.fold(text.to_owned(), |text, form| text.replace(form, "(redacted)"))
    }
}

/// Converts `%2B` to `%2b`, and leaves everything else unchanged.
fn percent_lowercase(text: &str) -> String {
    let mut parts = text.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (hex, rest) = part.split_at(2);
        out.extend(["%", &hex.to_ascii_lowercase(), rest]);
    }
    out
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_removed_in_every_form() {
        let secret = Secret::new("eght_a+b/c=\"".to_owned());
        for form in [
            "eght_a+b/c=\"",
            "eght_a%2Bb%2Fc%3D%22",
            "eght%5Fa%2Bb%2Fc%3D%22",
            "eght%5fa%2bb%2fc%3d%22",
            "ZWdodF9hK2IvYz0i",
            "eght_a+b/c=\\\"",
        ] {
            assert_eq!(secret.remove_from(&format!("<{form}>")), "<(redacted)>", "{form}");
        }
        assert_eq!(Secret::new(String::new()).remove_from("text"), "text");
        assert_eq!(format!("{secret:?}"), "(redacted)");
    }
}
