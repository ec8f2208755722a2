//! A text as bytes to compare, with the escapes of HTML, JSON and URLs undone layer by layer. Each
//! byte knows what it stands for in the text.

use super::CUT;
use super::shown::is_acting;

/// No escape is longer, with leading zeroes or a long name.
const LONGEST: usize = 20;

/// A byte, and what it stands for: a part of the text, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    pub(super) value: Value,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Folded by [`fold`].
    Byte(u8),
    /// The text was cut here; escapes cut in two are a part of it.
    Cut,
}

impl Value {
    fn ascii(self) -> Option<char> {
        match self {
            Value::Byte(byte) => Some(char::from(byte)).filter(char::is_ascii),
            Value::Cut => None,
        }
    }
}

/// Makes the two alphabets of base64 one.
pub(super) fn fold(byte: u8) -> u8 {
    match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    }
}

/// The text as it is, without characters that cannot be seen.
pub(super) fn of(text: &str) -> Vec<Unit> {
    let mut units = Vec::with_capacity(text.len());
    for (start, c) in text.char_indices() {
        let end = start + c.len_utf8();
        match c {
            CUT => units.push(Unit { value: Value::Cut, start, end }),
            c => push(&mut units, c, start, end),
        }
    }
    units
}

fn push(units: &mut Vec<Unit>, c: char, start: usize, end: usize) {
    if !is_acting(c) {
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            units.push(Unit { value: Value::Byte(fold(byte)), start, end });
        }
    }
}

/// What an escape stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Byte(u8),
    Char(char),
    Cut,
}

/// The same with one layer of escapes undone; `None` if there are none.
pub(super) fn unescaped(units: &[Unit]) -> Option<Vec<Unit>> {
    let mut out = Vec::with_capacity(units.len());
    let (mut at, mut has_escapes) = (0, false);
    while at < units.len() {
        let Some((length, meaning)) = escape(&units[at..]) else {
            out.push(units[at]);
            at += 1;
            continue;
        };
        let (start, end) = (units[at].start, units[at + length - 1].end);
        match meaning {
            Meaning::Byte(byte) => out.push(Unit { value: Value::Byte(fold(byte)), start, end }),
            Meaning::Char(c) => push(&mut out, c, start, end),
            Meaning::Cut => out.push(Unit { value: Value::Cut, start, end }),
        }
        (at, has_escapes) = (at + length, true);
    }
    has_escapes.then_some(out)
}

/// The escape that these units begin with: its length in units, and what it stands for.
fn escape(units: &[Unit]) -> Option<(usize, Meaning)> {
    let (first, rest) = units.split_first()?;
    let undo = match first.value {
        Value::Byte(b'%') => percent,
        Value::Byte(b'&') => entity,
        Value::Byte(b'\\') => backslash,
        _ => return None,
    };
    let text: String = rest.iter().take(LONGEST).map_while(|unit| unit.value.ascii()).collect();
    if let Some((length, meaning)) = undo(&text) {
        return Some((1 + length, meaning));
    }
    let is_cut = rest.get(text.len()).is_some_and(|unit| unit.value == Value::Cut)
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '#');
    is_cut.then_some((2 + text.len(), Meaning::Cut))
}

/// `2B`.
fn percent(text: &str) -> Option<(usize, Meaning)> {
    Some((2, Meaning::Byte(u8::try_from(hex(text.get(..2)?)?).ok()?)))
}

/// `"`, `/`, `u002b` of JSON; `'`, `x2b` and `u{2b}` of programming languages.
fn backslash(text: &str) -> Option<(usize, Meaning)> {
    let c = |digits: Option<&str>| char::from_u32(hex(digits?)?).map(Meaning::Char);
    match text.chars().next()? {
        'u' if text.starts_with("u{") => {
            let end = text.find('}')?;
            Some((end + 1, c(text.get(2..end))?))
        }
        'u' => Some((5, c(text.get(1..5))?)),
        'x' => Some((3, c(text.get(1..3))?)),
        sign @ ('"' | '\'' | '/' | '\\') => Some((1, Meaning::Char(sign))),
        _ => None,
    }
}

/// `#43;`, `#x2b;`, `plus;`. Of a number, the `;` may be left out.
fn entity(text: &str) -> Option<(usize, Meaning)> {
    if let Some(number) = text.strip_prefix('#') {
        let (digits, radix) = match number.strip_prefix(['x', 'X']) {
            Some(digits) => (digits, 16),
            None => (number, 10),
        };
        let count = digits.chars().take_while(|c| c.is_digit(radix)).count();
        let c = char::from_u32(u32::from_str_radix(&digits[..count], radix).ok()?)?;
        let end = text.len() - digits.len() + count;
        return Some((end + usize::from(text[end..].starts_with(';')), Meaning::Char(c)));
    }
    let name = text.split_once(';')?.0;
    let (_, c) = NAMED.iter().find(|(names, _)| names.split(' ').any(|known| known == name))?;
    Some((name.len() + 1, Meaning::Char(*c)))
}

fn hex(digits: &str) -> Option<u32> {
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

/// The names that HTML has for the signs of ASCII.
const NAMED: [(&str, char); 31] = [
    ("excl", '!'),
    ("quot QUOT", '"'),
    ("num", '#'),
    ("dollar", '$'),
    ("percnt", '%'),
    ("amp AMP", '&'),
    ("apos", '\''),
    ("lpar", '('),
    ("rpar", ')'),
    ("ast midast", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("period", '.'),
    ("sol", '/'),
    ("colon", ':'),
    ("semi", ';'),
    ("lt LT", '<'),
    ("equals", '='),
    ("gt GT", '>'),
    ("quest", '?'),
    ("commat", '@'),
    ("lsqb lbrack", '['),
    ("bsol", '\\'),
    ("rsqb rbrack", ']'),
    ("Hat", '^'),
    ("lowbar UnderBar", '_'),
    ("grave DiacriticalGrave", '`'),
    ("lcub lbrace", '{'),
    ("verbar vert VerticalLine", '|'),
    ("rcub rbrace", '}'),
    ("tilde", '~'),
];
