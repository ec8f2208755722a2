//! The forms in which a secret may be written down, apart from escapes of single characters, which
//! [`units`](super::units) undoes.

use base64::Engine as _;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::general_purpose::STANDARD_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Secret;
use super::shown::is_acting;
use super::units::fold;

/// A shorter secret hides nothing that a guess would not find, and is a part of many words: without
/// it, no text could be read.
const SHORTEST: usize = 4;

/// So many bytes of a longer form in a row give it away.
const ENOUGH: usize = 8;

/// One form.
#[derive(PartialEq, Eq)]
pub(super) struct Form {
    text: Secret,
    /// Where the secret part begins: the user of a login is none.
    from: usize,
}

impl Form {
    /// Its bytes, folded as units are.
    pub(super) fn bytes(&self) -> &[u8] {
        self.text.expose().as_bytes()
    }

    /// Whether so many bytes from `start` give it away.
    pub(super) fn is_given_away_by(&self, start: usize, length: usize) -> bool {
        length >= ENOUGH.min(self.bytes().len()) && start + length > self.from
    }

    /// Whether so many bytes at its start begin the secret.
    pub(super) fn is_begun_by(&self, length: usize) -> bool {
        length > self.from.max(1)
    }
}

/// The forms of an API key. Some are base64 of `user:password`.
pub(super) fn of_key(key: &str) -> Vec<Form> {
    let mut forms = of_value(key, 0);
    if let Some(login) = login_in(key) {
        forms.extend(of_login(login.expose()));
    }
    forms
}

/// The forms of `user:password`: also of the password alone, and of what HTTP sends.
pub(super) fn of_login(login: &str) -> Vec<Form> {
    let password = login.find(':').map_or(0, |colon| colon + 1);
    let sent = Secret::new(STANDARD_NO_PAD.encode(login));
    let mut forms = of_value(login, password);
    forms.extend(of_value(&login[password..], 0));
    forms.extend(of_value(sent.expose(), 0));
    forms
}

/// The `user:password` that a token consists of, if it is one.
pub(crate) fn login_in(token: &str) -> Option<Secret> {
    let decoded = [STANDARD, URL_SAFE].iter().find_map(|alphabet| decode(alphabet, token))?;
    let login = String::from_utf8(decoded).map_err(|e| super::wipe(e.into_bytes())).ok()?;
    let login = Secret::new(login);
    login.expose().contains(':').then_some(login)
}

fn decode(alphabet: &Alphabet, token: &str) -> Option<Vec<u8>> {
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(alphabet, lenient).decode(token).ok()
}

fn of_value(value: &str, from: usize) -> Vec<Form> {
    if value.len() - from < SHORTEST {
        return Vec::new();
    }
    let hex = |digits: &[u8; 16]| {
        let digit = |value: u8| char::from(digits[usize::from(value)]);
        value.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect::<String>()
    };
    let mut forms = vec![
        form(value.to_owned(), from),
        form(hex(b"0123456789abcdef"), 2 * from),
        form(hex(b"0123456789ABCDEF"), 2 * from),
    ];
    // Whatever stands before it, its base64 is one of three. The first letters depend on that.
    for (before, dependent) in [(0, 0), (1, 2), (2, 3)] {
        let bytes = [&[0; 2][..before], value.as_bytes()].concat();
        let text = Secret::new(STANDARD_NO_PAD.encode(&bytes));
        super::wipe(bytes);
        forms.push(form(text.expose()[dependent..].to_owned(), 0));
    }
    forms.retain(|form| form.bytes().len() >= form.from + SHORTEST);
    forms
}

fn form(text: String, from: usize) -> Form {
    // As in units: without characters that cannot be seen.
    let seen = |text: &str| text.chars().filter(|c| !is_acting(*c)).map(char::len_utf8).sum();
    let from = seen(&text[..from]);
    let mut folded = String::with_capacity(text.len());
    let c = |c: char| u8::try_from(c).map_or(c, |byte| char::from(fold(byte)));
    folded.extend(text.chars().filter(|c| !is_acting(*c)).map(c));
    super::wipe(text.into_bytes());
    Form { text: Secret::new(folded), from }
}
