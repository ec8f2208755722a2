//! Removes secrets from a text, in whatever form a server may have written them down.
//!
//! A text is compared as it is, and with its escapes undone layer by layer. What is removed is not
//! only a whole secret but any part of it that is long enough to help a finder, since a limit on
//! length (ours or the server's) may have cut it.

use std::fmt;
use std::ops::Range;

use super::forms::{self, Form};
use super::units::{self, Unit, Value};
use super::{CUT, Secret};

/// How often escapes may be escaped again.
const LAYERS: usize = 5;

/// Stands where a secret was.
const REMOVED: &str = "(redacted)";

/// The secrets of a run.
#[derive(Default)]
pub(crate) struct Gate {
    forms: Vec<Form>,
    pairs: Pairs,
}

/// What is removed from a text.
#[derive(Debug)]
struct Leak {
    place: Range<usize>,
    /// It is only the beginning of a secret, before a cut: the cut should have been before it.
    is_beginning: bool,
}

impl Gate {
    /// A gate for one API key.
    pub(crate) fn of_key(key: &Secret) -> Gate {
        let mut gate = Gate::default();
        gate.keep_key(key);
        gate
    }

    /// A gate for one `user:password`.
    pub(crate) fn of_login(login: &Secret) -> Gate {
        let mut gate = Gate::default();
        gate.keep_login(login);
        gate
    }

    /// Removes this API key from now on.
    pub(crate) fn keep_key(&mut self, key: &Secret) {
        self.keep(forms::of_key(key.expose()));
    }

    /// Removes this `user:password` from now on, but not the user alone.
    pub(crate) fn keep_login(&mut self, login: &Secret) {
        self.keep(forms::of_login(login.expose()));
    }

    fn keep(&mut self, forms: Vec<Form>) {
        for form in forms {
            if !self.forms.contains(&form) {
                form.bytes().windows(2).for_each(|pair| self.pairs.add(pair[0], pair[1]));
                self.forms.push(form);
            }
        }
    }

    /// The text without any secret.
    pub(crate) fn clean(&self, text: &str) -> String {
        if self.forms.is_empty() {
            return text.to_owned();
        }
        let (mut leaks, mut units) = (Vec::new(), units::of(text));
        for _ in 0..LAYERS {
            self.find(&units, &mut leaks);
            match units::unescaped(&units) {
                Some(fewer) => units = fewer,
                None => break,
            }
        }
        without(text, leaks)
    }

    fn find(&self, units: &[Unit], leaks: &mut Vec<Leak>) {
        for (at, pair) in units.windows(2).enumerate() {
            let [Value::Byte(first), Value::Byte(second)] = [pair[0].value, pair[1].value] else {
                continue;
            };
            if self.pairs.has(first, second) {
                leaks.extend(self.forms.iter().filter_map(|form| leak(form, &units[at..])));
            }
        }
    }
}

/// The longest part of this form that the units begin with, if it gives the form away.
fn leak(form: &Form, units: &[Unit]) -> Option<Leak> {
    let bytes = form.bytes();
    let length = |from: usize| {
        let alike = bytes[from..].iter().zip(units);
        alike.take_while(|(byte, unit)| unit.value == Value::Byte(**byte)).count()
    };
    let whole = (0..bytes.len()).map(|from| (from, length(from)));
    let whole = whole.filter(|(from, length)| form.is_given_away_by(*from, *length));
    if let Some(length) = whole.map(|(_, length)| length).max() {
        let place = units[0].start..units[length - 1].end;
        return Some(Leak { place, is_beginning: false });
    }
    let begun = length(0);
    let cut = units.get(begun).filter(|cut| cut.value == Value::Cut && form.is_begun_by(begun))?;
    // The mark stays, without an escape that was cut in two.
    let place = units[0].start..cut.end - CUT.len_utf8();
    Some(Leak { place, is_beginning: true })
}

fn without(text: &str, mut leaks: Vec<Leak>) -> String {
    leaks.sort_by_key(|leak| leak.place.start);
    let (mut out, mut end) = (String::with_capacity(text.len()), 0);
    let mut leaks = leaks.into_iter().peekable();
    while let Some(Leak { mut place, mut is_beginning }) = leaks.next() {
        // Parts of one secret, or of two without anything between them.
        while let Some(next) = leaks.next_if(|next| next.place.start <= place.end) {
            place.end = place.end.max(next.place.end);
            is_beginning &= next.is_beginning;
        }
        out.push_str(&text[end..place.start]);
        if !is_beginning {
            out.push_str(REMOVED);
        }
        end = place.end;
    }
    out + &text[end..]
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gate({} forms)", self.forms.len())
    }
}

/// Which two bytes stand beside each other in any form: most of a text is passed over by them.
#[derive(Default)]
struct Pairs(Vec<u64>);

impl Pairs {
    fn add(&mut self, first: u8, second: u8) {
        self.0.resize(1 << 10, 0);
        let (word, bit) = Pairs::place(first, second);
        self.0[word] |= bit;
    }

    fn has(&self, first: u8, second: u8) -> bool {
        let (word, bit) = Pairs::place(first, second);
        self.0.get(word).is_some_and(|bits| bits & bit != 0)
    }

    fn place(first: u8, second: u8) -> (usize, u64) {
        let number = u16::from_be_bytes([first, second]);
        (usize::from(number >> 6), 1 << (number & 63))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(key: &str) -> Gate {
        Gate::of_key(&Secret::new(key.to_owned()))
    }

    #[test]
    fn a_key_is_removed_in_every_form() {
        let gate = gate("eght_a+b/c=\"");
        for form in [
            "eght_a+b/c=\"",
            "eght_a%2Bb%2Fc%3D%22",
            "eght%5Fa%2Bb%2Fc%3D%22",
            "eght%5fa%2bb%2Fc%3d%22",
            "eght%255Fa%252bb%2Fc%3d%22",
            "eght&lowbar;a&#43;b&#x2F;c&equals;&quot;",
            "eght_a&amp;#43;b/c=&#0034;",
            "ZWdodF9hK2IvYz0i",
            "656768745f612b622f633d22",
            "656768745F612B622F633D22",
            "eght_a+b/c=\\\"",
            "eght_a\\u002Bb\\/c=\\x22",
            "eg\u{200b}ht_a\n+b/c=\"",
            "eg\\u{200b}ht_a\\u{2b}b/c=\\\"",
        ] {
            assert_eq!(gate.clean(&format!("<{form}>")), "<(redacted)>", "{form}");
        }
        assert_eq!(format!("{gate:?}"), "Gate(6 forms)");
        assert_eq!(Gate::default().clean("text"), "text");
    }

    #[test]
    fn base64_is_found_wherever_the_key_stands_in_what_is_encoded() {
        use base64::Engine as _;
        use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
        let gate = gate("eght_??>>~~canary");
        for before in ["", "a", "ab", "X-API-Key: "] {
            let text = format!("{before}eght_??>>~~canary and more");
            for coded in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                let clean = gate.clean(&coded);
                assert!(clean.contains(REMOVED), "{before}: {coded}: {clean}");
                assert!(clean.len() < coded.len() - 8, "{before}: {coded}: {clean}");
            }
        }
    }

    #[test]
    fn a_part_is_removed_if_it_is_long_or_before_a_cut() {
        let gate = gate("eght_Canary+canary");
        for (text, clean) in [
            ("of eght_ keys", "of eght_ keys"),
            ("a Canary+c b", "a (redacted) b"),
            ("a Canary+ b", "a Canary+ b"),
            ("said eght_Ca…", "said …"),
            ("said eght_Canary+ca…", "said (redacted)…"),
            ("said eght_Ca%2…", "said …"),
            ("said eght&#9…", "said …"),
            ("said ZWdo…", "said …"),
            ("one…", "one…"),
            ("eght_Canary+canaryeght_Canary+canary", "(redacted)"),
        ] {
            assert_eq!(gate.clean(text), clean, "{text}");
        }
    }

    #[test]
    fn any_part_of_any_text_is_taken() {
        let gate = gate("eght_Canary+canary");
        let text =
            "&#4…%2\\u00&amp;#x2b;eght_Canary…é\u{200b}%25252Beght_Can&#97;ry%2Bc…&#\\x…eg…é";
        let ends = || text.char_indices().map(|(at, _)| at).chain([text.len()]);
        for start in ends() {
            for end in ends().filter(|end| *end >= start) {
                let clean = gate.clean(&text[start..end]);
                assert!(!clean.contains("ght_Cana"), "{start}..{end}: {clean}");
            }
        }
    }

    #[test]
    fn of_a_login_the_password_is_secret_and_not_the_user() {
        let mut gate = Gate::default();
        gate.keep_login(&Secret::new("acmecorp01:pa/ss+word".to_owned()));
        for (text, clean) in [
            ("user acmecorp01 is unknown", "user acmecorp01 is unknown"),
            ("of acmecorp01:pa/ss+word", "of (redacted)"),
            ("pa%2Fss%2bword!", "(redacted)!"),
            ("Basic YWNtZWNvcnAwMTpwYS9zcyt3b3Jk", "Basic (redacted)"),
        ] {
            assert_eq!(gate.clean(text), clean);
        }
        gate.keep_login(&Secret::new("u:pass\u{200b}phr\u{ad}ase".to_owned()));
        for text in ["pass\u{200b}phr\u{ad}ase", "passphrase", "pass&#8203;phr&#173;ase"] {
            assert_eq!(gate.clean(&format!("of {text}!")), "of (redacted)!");
        }
        let token = self::gate("YWNtZWNvcnAwMTpwYS9zcyt3b3Jk");
        assert_eq!(token.clean("acmecorp01: pa/ss+word"), "acmecorp01: (redacted)");
    }

    #[test]
    fn a_short_secret_leaves_the_text_as_it_is() {
        let mut gate = Gate::default();
        gate.keep_login(&Secret::new("u:a".to_owned()));
        gate.keep_login(&Secret::new("u:".to_owned()));
        gate.keep_key(&Secret::new(String::new()));
        assert_eq!(gate.clean("a user is a banana"), "a user is a banana");
        assert_eq!(gate.clean("Basic dTph"), "Basic (redacted)");
        assert_eq!(gate.clean("a pass"), "a pass");
    }
}
