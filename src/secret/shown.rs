//! Text as it is shown: characters that act on a terminal do not. They cannot be seen, so they may
//! also hide a secret.

use std::fmt::Write as _;

use super::CUT;

/// Whether a character acts on a terminal instead of being shown, or hides in the text: control
/// characters, marks of direction and of no width, separators of lines, and tags.
pub(super) fn is_acting(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Text from outside as one line of limited length, which can neither fake a line of ours nor act
/// on the terminal: line breaks become spaces, other characters that act are shown by number.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::with_capacity(text.len().min(limit));
    for c in text.chars().take(limit) {
        match c {
            '\t' | '\n' | '\r' => line.push(' '),
            c if is_acting(c) => line.extend(c.escape_unicode()),
            c => line.push(c),
        }
    }
    if text.chars().nth(limit).is_some() {
        line.push(CUT);
    }
    line
}

/// JSON whose strings do not act on a terminal; its values stay the same. Outside of strings, valid
/// JSON has no such characters but white space.
pub(crate) fn plain_json(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\t' | '\n' | '\r' => plain.push(c),
            c if is_acting(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(plain, "\\u{unit:04x}");
                }
            }
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_shown_by_number() {
        assert_eq!(one_line("a\r\nb\u{1b}[2J\u{9b}\u{202e}", 9), "a  b\\u{1b}[2J\\u{9b}…");
        assert_eq!(one_line("naïve 😀", 9), "naïve 😀");
        let json = "{\"a\" :\t\"\u{7f}\u{85}\u{2066}\u{e0041}é\"}\n";
        let plain = "{\"a\" :\t\"\\u007f\\u0085\\u2066\\udb40\\udc41é\"}\n";
        assert_eq!(plain_json(json), plain);
        let value = |text| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(value(json), value(plain));
    }
}
