//! One line of pasted text, and how a clue of the table is found in it.
//!
//! A clue is written in lower case, with spaces for `_` and `-`. It matches whole words, so that
//! `eof` is not found in `typeof`:
//!
//! - `connection refused` — these words;
//! - `dial tcp & i/o timeout` — both in one line; the last one is the find, the others its
//!   context;
//! - `#status 401` — the number, with a word before it that makes it an HTTP status; likewise
//!   `#proxy`, `#close`, `#curl`, `#verify`, `#alert` and `#errno`;
//! - `=timeout` — nothing else in the line.

use memchr::memmem::Finder;

/// The words that give a number its meaning if they come shortly before it.
const NUMBERS: &[(&str, &[&str])] = &[
    (
        "status",
        &[
            "http",
            "status",
            "code",
            "response",
            "error",
            "received",
            "server",
            "returned",
            "rejected",
            "answered",
            "got",
            "failed",
            "http/1.1",
            "http/1.0",
            "statuscode",
            "returns",
        ],
    ),
    ("proxy", &["proxy", "tunnel", "proxyerror"]),
    (
        "close",
        &["close", "closed", "code", "received", "sent", "disconnected", "onclose", "websocket"],
    ),
    ("curl", &["curl"]),
    ("verify", &["verify", "x509verifyresult"]),
    ("alert", &["alert"]),
    ("errno", &["errno", "winerror", "os error", "wsa error"]),
];

/// How far before a number such a word may be.
const NEAR: usize = 32;

/// Words after a number that only counts something.
const UNITS: &[&str] =
    &["ms", "s", "sec", "seconds", "byte", "bytes", "kb", "mb", "messages", "events", "items"];

/// Phrases that contain "proxy" but are not about a proxy in between.
const NO_PROXY: &[&str] = &[
    "reverse proxy",
    "websocket proxy",
    "pulsar proxy",
    "pulsar.proxy",
    "websocket.proxy",
    "no proxy",
    "without proxy",
    "without a proxy",
    "not a proxy",
    "proxy none",
    "proxy: none",
    "proxy: (none)",
    "proxy=none",
    "proxy not used",
];

/// Converts a text to the form in which it is compared with clues.
pub(super) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let c = match c {
            '_' | '-' | '\u{2010}'..='\u{2014}' => ' ',
            '\u{2018}' | '\u{2019}' | '`' => '\'',
            '\u{201c}' | '\u{201d}' => '"',
            c if c.is_whitespace() || c.is_control() => ' ',
            c => c.to_ascii_lowercase(),
        };
        if c != ' ' || !out.ends_with(' ') {
            out.push(c);
        }
    }
    out.trim().to_owned()
}

/// A line in which finds are marked, so that a general clue does not match what an exact one has
/// already found.
#[derive(Debug)]
pub(super) struct Line {
    whole: String,
    left: Vec<u8>,
}

impl Line {
    pub(super) fn new(text: &str) -> Line {
        let mut whole = fold(text);
        for phrase in NO_PROXY {
            if whole.contains(phrase) {
                whole = whole.replace(phrase, " ");
            }
        }
        Line { left: whole.clone().into_bytes(), whole }
    }

    pub(super) fn has(&self, words: &str) -> bool {
        self.whole.contains(words)
    }

    /// Finds a clue and marks every place where it occurs. Returns the first one.
    pub(super) fn take(&mut self, clue: &Clue) -> Option<usize> {
        let (find, context) = clue.parts.split_last()?;
        if find.length() > self.left.len() {
            return None;
        }
        if context.iter().any(|part| part.find(&self.whole, self.whole.as_bytes(), 0).is_none()) {
            return None;
        }
        let mut first = None;
        let mut from = 0;
        while let Some((start, end)) = find.find(&self.whole, &self.left, from) {
            first.get_or_insert(start);
            self.left[start..end].fill(MARK);
            from = end;
        }
        if first.is_some() {
            for part in context {
                if let Some((start, end)) = part.find(&self.whole, &self.left, 0) {
                    self.left[start..end].fill(MARK);
                }
            }
        }
        first
    }

    /// Marks words that were found in another way.
    pub(super) fn mark(&mut self, words: &str) -> Option<usize> {
        self.take(&Clue { parts: vec![Part::Words(Finder::new(words).into_owned())] })
    }
}

/// Replaces text that has been found; no clue contains it.
const MARK: u8 = 0;

/// A compiled clue.
#[derive(Debug)]
pub(super) struct Clue {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Words(Finder<'static>),
    Number(&'static [&'static str], Finder<'static>),
    Alone(&'static str),
}

impl Clue {
    pub(super) fn new(text: &'static str) -> Clue {
        Clue { parts: text.split(" & ").map(Part::new).collect() }
    }
}

impl Part {
    fn new(text: &'static str) -> Part {
        if let Some(text) = text.strip_prefix('=') {
            return Part::Alone(text);
        }
        let number = text.strip_prefix('#').and_then(|text| text.split_once(' '));
        match number {
            Some((kind, number)) => {
                let known = NUMBERS.iter().find(|(name, _)| *name == kind);
                let (_, before) = known.expect("a test builds every clue of the table");
                Part::Number(before, Finder::new(number))
            }
            None => Part::Words(Finder::new(text)),
        }
    }

    fn length(&self) -> usize {
        match self {
            Part::Words(finder) | Part::Number(_, finder) => finder.needle().len(),
            Part::Alone(text) => text.len(),
        }
    }

    /// The first place after `from` in the unmarked rest of the line.
    fn find(&self, whole: &str, left: &[u8], mut from: usize) -> Option<(usize, usize)> {
        let finder = match self {
            Part::Words(finder) | Part::Number(_, finder) => finder,
            Part::Alone(text) => {
                return (from == 0 && whole == *text && left == text.as_bytes())
                    .then_some((0, whole.len()));
            }
        };
        let length = self.length();
        while let Some(offset) = finder.find(left.get(from..)?) {
            let (start, end) = (from + offset, from + offset + length);
            let fits = is_word(whole.as_bytes(), start, end)
                && match self {
                    Part::Number(before, _) => is_number(whole, start, end, before),
                    _ => true,
                };
            if fits {
                return Some((start, end));
            }
            from = end;
        }
        None
    }
}

/// Whether both ends are at word boundaries.
fn is_word(text: &[u8], start: usize, end: usize) -> bool {
    let runs_on = |a: Option<&u8>, b: Option<&u8>| {
        a.is_some_and(u8::is_ascii_alphanumeric) && b.is_some_and(u8::is_ascii_alphanumeric)
    };
    let before = start.checked_sub(1).and_then(|i| text.get(i));
    !runs_on(before, text.get(start)) && !runs_on(text.get(end - 1), text.get(end))
}

/// Whether the number has the meaning that these words before it give it. It has not if it is part
/// of a time, a decimal, an address or a port, or if it counts something.
fn is_number(line: &str, start: usize, end: usize, words: &[&str]) -> bool {
    let text = line.as_bytes();
    let glue = |i: usize, j: usize| {
        matches!(text.get(i), Some(b'.' | b':' | b','))
            && text.get(j).is_some_and(u8::is_ascii_digit)
    };
    if start >= 2 && glue(start - 1, start - 2) || glue(end, end + 1) {
        return false;
    }
    // No unit is as long as this, while a word of a hostile text may be as long as the text.
    let next = String::from_utf8_lossy(&text[end..text.len().min(end + NEAR)]);
    let next = next.split_whitespace().next().unwrap_or_default();
    if UNITS.contains(&next.trim_end_matches(|c: char| !c.is_alphanumeric())) {
        return false;
    }
    let near = &text[start.saturating_sub(NEAR)..start];
    words.iter().any(|word| {
        let mut from = 0;
        while let Some(at) = memchr::memmem::find(&near[from..], word.as_bytes()) {
            let (a, b) = (from + at, from + at + word.len());
            if is_word(near, a, b) {
                return true;
            }
            from = b;
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(clue: &'static str, line: &str) -> bool {
        Line::new(line).take(&Clue::new(clue)).is_some()
    }

    #[test]
    fn words_are_whole_and_in_any_case_and_spelling() {
        assert!(found("self signed cert", "code: 'DEPTH_ZERO_SELF_SIGNED_CERT'"));
        assert!(found("eof", "read: EOF."));
        assert!(!found("eof", "typeof x"));
        assert!(found("couldn't connect", "Couldn\u{2019}t  connect"));
        assert!(found("dial tcp & i/o timeout", "dial tcp 1.2.3.4:443: i/o timeout"));
        assert!(!found("dial tcp & i/o timeout", "read: i/o timeout"));
        assert!(found("=timeout", " Timeout ") && !found("=timeout", "Timeout : 7200 (sec)"));
    }

    #[test]
    fn a_number_needs_a_word_that_says_what_it_is() {
        for line in ["HTTP 401", "status: 401", "HTTP/1.1 401 x", "Unexpected server response: 401"]
        {
            assert!(found("#status 401", line), "{line}");
        }
        for line in [
            "took 401 ms",
            "response in 401 ms",
            "code 12:00:401",
            "error at 10.0.0.401",
            "401",
            "http 1401",
        ] {
            assert!(!found("#status 401", line), "{line}");
        }
    }

    #[test]
    fn what_has_been_found_is_not_found_again() {
        let mut line = Line::new("certificate has expired");
        assert!(line.take(&Clue::new("certificate has expired")).is_some());
        assert!(line.take(&Clue::new("expired")).is_none());
    }

    #[test]
    fn a_long_line_takes_no_long_time() {
        let mut line = Line::new(&"eof ".repeat(250_000));
        assert_eq!(line.take(&Clue::new("eof")), Some(0));
        assert_eq!(line.take(&Clue::new("eof")), None);
    }
}
