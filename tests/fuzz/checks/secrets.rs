//! Text of a server that echoes the key.

use super::{KEY, assert_no_part, planted};
use crate::secret::{Gate, Secret, one_line};

pub(super) fn check(data: &[u8]) {
    let text = planted(data);
    let clean = Gate::of_key(&Secret::new(KEY.to_owned())).clean(&text);
    assert_no_part(&clean);
    check_rest(&text, &clean);
    assert!(one_line(&clean, usize::MAX).len() <= 10 * clean.len());

    // Any text may be a login. Of one that repeats itself, the search takes time beyond proportion.
    if text.len() > 4096 {
        return;
    }
    let (login, text) = text.split_once('\n').unwrap_or((&text, &text));
    let password = login.split_once(':').map_or(login, |(_, password)| password);
    let is_odd = login.contains(|c: char| c.is_control() || c == '…');
    let is_seen = |c: &char| !one_line(&c.to_string(), 1).starts_with('\\');
    let is_long = password.chars().filter(is_seen).count() >= 4;
    if login.len() <= 100 && is_long && !is_odd {
        let text = format!("{text}{login}{text}");
        let clean = Gate::of_login(&Secret::new(login.to_owned())).clean(&text);
        let is_mark = "(redacted)(redacted)".contains(password);
        assert!(!clean.contains(password) || is_mark, "{login:?}: {clean:?}");
        check_rest(&text, &clean);
    }
}

/// Nothing else is removed, and not much is written instead.
fn check_rest(text: &str, clean: &str) {
    assert!(clean.len() <= 3 * text.len(), "{} of {} bytes", clean.len(), text.len());
    if !clean.contains("(redacted)") && !text.contains('…') {
        assert_eq!(clean, text);
    }
}
