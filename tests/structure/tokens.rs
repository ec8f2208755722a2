//! Rust's text as tokens: as much of the grammar as tells code from comments, strings and tests.

/// An identifier, a number, a lifetime, `::`, or a single sign. A string or character literal is
/// just `"` or `'`: what is in it is nobody's business here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    /// From 1.
    pub(super) line: usize,
}

pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (length, shown) = if first.is_whitespace() {
            (first.len_utf8(), None)
        } else if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), None)
        } else if rest.starts_with("/*") {
            (block_comment(rest), None)
        } else if let Some(length) = string(rest) {
            (length, Some("\""))
        } else if first == '\'' {
            match character(rest) {
                Some(length) => (length, Some("'")),
                None => (1 + word(&rest[1..]), Some(&rest[..1 + word(&rest[1..])])),
            }
        } else {
            let length = match word(rest) {
                0 if rest.starts_with("::") => 2,
                0 => first.len_utf8(),
                length => length,
            };
            (length, Some(&rest[..length]))
        };
        tokens.extend(shown.map(|text| Token { text, line }));
        line += rest[..length].matches('\n').count();
        at += length;
    }
    tokens
}

fn word(rest: &str) -> usize {
    rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
}

/// They nest.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// The length of a string literal of any kind, if `rest` begins with one.
fn string(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|it| {
        let behind = rest.strip_prefix(*it).unwrap_or_default();
        behind.starts_with('"') || it.ends_with('r') && behind.trim_start_matches('#') != behind
    })?;
    let behind = &rest[prefix.len()..];
    if prefix.ends_with('r') {
        let hashes = behind.len() - behind.trim_start_matches('#').len();
        let body = behind[hashes..].strip_prefix('"')?; // else `r#name`
        let end = format!("\"{}", &behind[..hashes]);
        let length = body.find(&end).map_or(body.len(), |at| at + end.len());
        return Some(prefix.len() + hashes + 1 + length);
    }
    let mut escaped = false;
    for (at, c) in behind.char_indices().skip(1) {
        match c {
            '"' if !escaped => return Some(prefix.len() + at + 1),
            c => escaped = c == '\\' && !escaped,
        }
    }
    Some(rest.len())
}

/// The length of a character literal; `None` is a lifetime.
fn character(rest: &str) -> Option<usize> {
    let mut chars = rest.char_indices().skip(1);
    let (_, first) = chars.next()?;
    let (_, second) = chars.next()?;
    if first == '\\' {
        return rest[3..].find('\'').map(|at| 3 + at + 1);
    }
    (second == '\'').then(|| 2 + first.len_utf8())
}

/// What remains without the items that only tests have, or tests and the fuzzer.
pub(super) fn without_tests(all: Vec<Token<'_>>) -> Vec<Token<'_>> {
    let marks = ["#[cfg(test)]", "#[cfg(any(test,fuzzing))]"].map(tokens);
    let mut kept = Vec::new();
    let mut at = 0;
    while at < all.len() {
        let begins = |mark: &&Vec<Token<'_>>| {
            let found = all[at..].iter().zip(*mark).take_while(|(a, b)| a.text == b.text);
            found.count() == mark.len()
        };
        if let Some(mark) = marks.iter().find(begins) {
            at = behind_item(&all, at + mark.len());
        } else {
            kept.push(all[at]);
            at += 1;
        }
    }
    kept
}

/// Behind the item that begins at `at`, further attributes included.
fn behind_item(all: &[Token<'_>], mut at: usize) -> usize {
    while all.get(at).is_some_and(|token| token.text == "#") {
        at = behind_brackets(all, at + 1);
    }
    let is_use = all[at..].iter().take_while(|token| token.text != ";").any(|it| it.text == "use");
    let is_use =
        is_use && !all[at..].iter().take_while(|it| it.text != "use").any(|it| it.text == "{");
    while at < all.len() {
        match all[at].text {
            ";" => return at + 1,
            "{" if !is_use => return behind_brackets(all, at),
            "(" | "[" | "{" => at = behind_brackets(all, at),
            _ => at += 1,
        }
    }
    at
}

/// Behind the bracket that closes the one at `at`.
pub(super) fn behind_brackets(all: &[Token<'_>], at: usize) -> usize {
    let mut depth = 0;
    for (number, token) in all.iter().enumerate().skip(at) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return number + 1;
        }
    }
    all.len()
}
