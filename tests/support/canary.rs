//! The key of all tests, and the search for it in whatever the program left behind. One key for the
//! whole process: what any run leaks, in any encoding we can think of, is found and fails that test.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::trial;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use libtest_mimic::Trial;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

const PREFIX: &str = "eght_";

/// So many characters of the key's random part in a row are a leak. 5 of them are looked up.
const LEAK: usize = 8;
const GRAM: usize = 5;
/// Any `LEAK` bytes in a row hold `GRAM` bytes that start at a multiple of this.
const STRIDE: usize = LEAK - GRAM;
/// The same of a form that has more characters than the key: fewer of them may stand there by chance.
const LONG_LEAK: usize = 12;

/// `eght_` and 43 random characters, `+ / =` among them since each encoding treats those differently.
pub fn key() -> &'static str {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(|| {
        let mut random = [0; 33];
        getrandom::fill(&mut random).unwrap();
        let text = STANDARD.encode(random);
        format!("{PREFIX}{}+/={}/+={}", &text[..14], &text[14..29], &text[29..])
    })
}

/// Panics when `bytes` hold the key or enough of it, plain or encoded. `what` names the bytes.
#[track_caller]
pub fn assert_absent(what: &str, bytes: &[u8]) {
    static SEARCH: OnceLock<Search> = OnceLock::new();
    let search = SEARCH.get_or_init(|| Search::new(key().strip_prefix(PREFIX).unwrap()));
    search.assert_absent(what, bytes);
}

/// The same for another secret than the key.
#[track_caller]
pub fn assert_other_absent(secret: &str, what: &str, bytes: &[u8]) {
    Search::new(secret).assert_absent(what, bytes);
}

struct Search {
    forms: Vec<(&'static str, Vec<u8>)>,
    /// Which two bytes begin a gram at all: one pass over megabytes must be cheap, unoptimised too.
    pairs: Vec<bool>,
    grams: HashMap<[u8; GRAM], Vec<(usize, usize)>>,
}

impl Search {
    fn new(secret: &str) -> Search {
        let forms = forms(secret);
        let mut pairs = vec![false; 1 << 16];
        let mut grams: HashMap<_, Vec<_>> = HashMap::new();
        for (form, (_, bytes)) in forms.iter().enumerate() {
            for (at, gram) in bytes.windows(GRAM).enumerate() {
                pairs[pair(gram)] = true;
                grams.entry(gram.try_into().unwrap()).or_default().push((form, at));
            }
        }
        Search { forms, pairs, grams }
    }

    #[track_caller]
    fn assert_absent(&self, what: &str, bytes: &[u8]) {
        let Some((form, at)) = self.find(bytes) else { return };
        let around = &bytes[at.saturating_sub(80)..bytes.len().min(at + 80)];
        let around = String::from_utf8_lossy(around);
        panic!("the secret leaked ({form}) in {what}, at byte {at}: …{around}…");
    }

    fn find(&self, text: &[u8]) -> Option<(&'static str, usize)> {
        let mut at = 0;
        while at + GRAM <= text.len() {
            if self.pairs[pair(&text[at..])] {
                let places = self.grams.get(&text[at..at + GRAM]);
                for &(form, place) in places.into_iter().flatten() {
                    let (name, bytes) = &self.forms[form];
                    let before = alike(bytes[..place].iter().rev(), text[..at].iter().rev());
                    let after = alike(bytes[place..].iter(), text[at..].iter());
                    let enough = if bytes.len() > self.forms[0].1.len() { LONG_LEAK } else { LEAK };
                    if before + after >= enough {
                        return Some((name, at));
                    }
                }
            }
            at += STRIDE;
        }
        None
    }
}

fn pair(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

fn alike<'a>(a: impl Iterator<Item = &'a u8>, b: impl Iterator<Item = &'a u8>) -> usize {
    a.zip(b).take_while(|(a, b)| a == b).count()
}

/// Every way in which the secret could be written down.
fn forms(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let escaped = |plus: &str, slash: &str, equal: &str| {
        secret.replace('+', plus).replace('/', slash).replace('=', equal).into_bytes()
    };
    let each = |write: fn(u8) -> String| secret.bytes().map(write).collect::<String>().into_bytes();
    let mut forms = vec![
        ("plain", secret.as_bytes().to_vec()),
        ("percent-encoded", percent.clone().into_bytes()),
        ("percent-encoded in lower case", percent.to_lowercase().into_bytes()),
        ("percent-encoded, letters kept", escaped("%2b", "%2f", "%3d")),
        ("percent-encoded twice", percent.replace('%', "%25").into_bytes()),
        ("percent-encoded throughout", each(|byte| format!("%{byte:02X}"))),
        ("percent-encoded throughout in lower case", each(|byte| format!("%{byte:02x}"))),
        ("percent-encoded twice throughout", each(|byte| format!("%25{byte:02x}"))),
        ("JSON throughout", each(|byte| format!("\\u{byte:04x}"))),
        ("JSON throughout in upper case", each(|byte| format!("\\u{byte:04X}"))),
        ("HTML throughout", each(|byte| format!("&#{byte};"))),
        ("HTML throughout in hex", each(|byte| format!("&#x{byte:x};"))),
        ("HTML throughout in HEX", each(|byte| format!("&#X{byte:X};"))),
        ("HTML with names", escaped("&plus;", "&sol;", "&equals;")),
        ("hex", hex.clone().into_bytes()),
        ("HEX", hex.to_uppercase().into_bytes()),
        ("JSON with escaped slashes", escaped("+", "\\/", "=")),
        ("JSON with escaped signs", escaped("\\u002b", "\\u002f", "\\u003d")),
        ("HTML", escaped("&#43;", "&#47;", "&#61;")),
        ("Rust bytes", format!("{:?}", secret.as_bytes()).into_bytes()),
    ];
    for shift in 0..3 {
        // Whatever stands before the secret, its base64 is one of three; the ends are others' bits.
        let shifted = [&[0; 3][..shift], secret.as_bytes()].concat();
        for (name, alphabet) in [("base64", &STANDARD), ("base64 for URLs", &URL_SAFE)] {
            let text = alphabet.encode(&shifted).into_bytes();
            forms.push((name, text[4..text.len() - 4].to_vec()));
        }
    }
    forms
}

pub fn selftests() -> Vec<Trial> {
    let found = |what: &str, text: &str| {
        let hit = Search::new(&key()[PREFIX.len()..]).find(text.as_bytes());
        assert!(hit.is_some(), "the search missed the key as {what}: {text}");
    };
    vec![trial::test("support::canary: the search finds every form and nothing else", move || {
        for shift in 0..8 {
            let before = "x".repeat(shift);
            found("plain", &format!("{before}{}", key()));
            found("a fragment", &format!("{before}{}", &key()[20..20 + LEAK]));
            found("a header", &STANDARD.encode(format!("{before}: {}", key())));
            found("a header", &URL_SAFE.encode(format!("{before}: {}", key())));
            let percent = utf8_percent_encode(key(), NON_ALPHANUMERIC);
            found("a query", &format!("{before}?x-api-key={percent}&"));
        }
        let short = &key()[20..20 + LEAK - 1];
        assert!(
            Search::new(&key()[PREFIX.len()..]).find(format!("-{short}-").as_bytes()).is_none()
        );
        assert!(Search::new(&key()[PREFIX.len()..]).find(PREFIX.repeat(20).as_bytes()).is_none());
        Ok(())
    })]
}
