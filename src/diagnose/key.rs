//! Describes an API key without showing it: its kind, its length, and for a Contact Center token
//! the user it was issued for. The settings know where the key comes from.

use std::fmt;

use crate::secret::{self, Secret};

/// The start of keys from 8x8's Admin Console.
const ADMIN_CONSOLE: &str = "eght_";

/// The two kinds of keys that 8x8 issues, and anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    AdminConsole,
    /// Base64 of `user:password`.
    ContactCenter {
        user: String,
    },
    Unknown,
}

/// A key's description. It contains no part of the key except a token's user name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) kind: KeyKind,
    /// In characters.
    pub(crate) length: usize,
}

impl Key {
    pub(crate) fn of(key: &Secret) -> Key {
        let text = key.expose();
        let kind = if text.starts_with(ADMIN_CONSOLE) {
            KeyKind::AdminConsole
        } else {
            user(text).map_or(KeyKind::Unknown, |user| KeyKind::ContactCenter { user })
        };
        Key { kind, length: text.chars().count() }
    }

    /// The stable name of its kind, for programs.
    pub(crate) fn kind_id(&self) -> &'static str {
        match self.kind {
            KeyKind::AdminConsole => "admin_console",
            KeyKind::ContactCenter { .. } => "cc_token",
            KeyKind::Unknown => "unknown",
        }
    }

    /// A token's user, if the key is a token.
    pub(crate) fn user(&self) -> Option<&str> {
        match &self.kind {
            KeyKind::ContactCenter { user } => Some(user),
            _ => None,
        }
    }

    /// Whether a token was issued for this tenant; `None` if the key does not show it. The
    /// service's names are case-sensitive, so the comparison is too.
    pub(crate) fn is_of(&self, tenant: &str) -> Option<bool> {
        self.user().map(|user| user == tenant)
    }
}

/// `Admin Console key (eght_), 41 chars`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            KeyKind::AdminConsole => write!(f, "Admin Console key ({ADMIN_CONSOLE})")?,
            KeyKind::ContactCenter { user } => {
                write!(f, "CC token (base64 user:password), user \"{user}\"")?;
            }
            KeyKind::Unknown => f.write_str("key of unknown kind")?,
        }
        write!(f, ", {} chars", self.length)
    }
}

/// The user of a token. Any text of the right length decodes to something, so it counts only if
/// both halves could have been typed by a person.
fn user(key: &str) -> Option<String> {
    let login = secret::login_in(key)?;
    let (user, password) = login.expose().split_once(':')?;
    let typed = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
    let is_name = user.chars().all(|c| c.is_ascii_graphic());
    (typed(user) && typed(password) && is_name).then(|| user.to_owned())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose;

    use super::*;

    fn key(text: &str) -> Key {
        Key::of(&Secret::new(text.to_owned()))
    }

    fn token(text: &str) -> String {
        general_purpose::STANDARD.encode(text)
    }

    #[test]
    fn each_kind_is_told_by_its_form() {
        let admin = key("eght_abc+/=");
        assert_eq!((admin.kind_id(), admin.user(), admin.length), ("admin_console", None, 11));
        assert_eq!(admin.to_string(), "Admin Console key (eght_), 11 chars");
        let given = token("acmecorp01:secret-word");
        for form in [given.as_str(), given.trim_end_matches('=')] {
            let token = key(form);
            assert_eq!((token.kind_id(), token.user()), ("cc_token", Some("acmecorp01")));
            assert!(token.to_string().starts_with("CC token (base64 user:password), user"));
        }
        let url_safe = general_purpose::URL_SAFE.encode("acme:????>>>>");
        assert!(url_safe.contains(['-', '_']));
        assert_eq!(key(&url_safe).user(), Some("acme"));
    }

    #[test]
    fn what_only_looks_like_a_token_is_unknown() {
        let binary = general_purpose::STANDARD.encode([0xff, b':', 0xfe, 1]);
        for text in [
            "hunter2",
            "acmecorp01:secret",
            "",
            &token("no colon"),
            &token(":password"),
            &token("user:"),
            &token("two words:password"),
            &token("us\u{1b}[1mer:password"),
            &token("user:pass\nword"),
            &binary,
        ] {
            assert_eq!(key(text).kind, KeyKind::Unknown, "{text}");
        }
        assert_eq!(key("hunter2").to_string(), "key of unknown kind, 7 chars");
    }

    #[test]
    fn a_token_knows_its_tenant() {
        let token = key(&token("acmecorp01:secret"));
        assert_eq!(token.is_of("acmecorp01"), Some(true));
        assert_eq!(token.is_of("acmecorp1"), Some(false));
        assert_eq!(token.is_of("ACMECORP01"), Some(false));
        assert_eq!(key("eght_acmecorp01").is_of("acmecorp01"), None);
    }

    #[test]
    fn nothing_of_the_key_is_shown() {
        let password = "canary-password";
        let token = token(&format!("user:{password}"));
        for text in [token.as_str(), "eght_canary-password", "canary-password"] {
            let key = key(text);
            let shown = format!("{key:?} {key}");
            assert!(!shown.contains("canary") && !shown.contains(text), "{shown}");
        }
    }
}
