//! What secret stores, shells and editors leave around a value: quotes, line breaks, byte order
//! marks. It is named, since the value itself looks right to whoever has written it.

/// What `parse` makes of a value that has nothing around it.
///
/// # Errors
/// What is around the value, or else the error of `parse`.
pub(crate) fn checked<T>(
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, String> {
    bare(text)?;
    parse(text).map_err(|reason| match text.trim() == text {
        true => reason,
        // Where it does no harm, such as in a list, it is accepted.
        false => around(&[WHITE_SPACE]),
    })
}

/// Checks that nothing but white space is around a value, and no line break in it.
///
/// # Errors
/// What is there, and that it must be removed.
pub(crate) fn bare(text: &str) -> Result<(), String> {
    let (mut rest, mut found) = (text, Vec::new());
    while let Some((what, inner)) = peeled(rest) {
        rest = inner;
        if !found.contains(&what) {
            found.push(what);
        }
    }
    if found.iter().any(|what| *what != WHITE_SPACE) {
        return Err(around(&found));
    }
    match rest.contains(is_line_break) {
        true => Err("contains a line break".to_owned()),
        false => Ok(()),
    }
}

const WHITE_SPACE: &str = "white space";

/// The outermost thing around a value, and the value without it.
fn peeled(text: &str) -> Option<(&'static str, &str)> {
    const QUOTES: [(char, char); 5] =
        [('"', '"'), ('\'', '\''), ('`', '`'), ('\u{201c}', '\u{201d}'), ('\u{2018}', '\u{2019}')];
    type IsIt = fn(char) -> bool;
    const CHARACTERS: [(&str, IsIt); 4] = [
        ("a byte order mark", |c| c == '\u{feff}'),
        ("a line break", is_line_break),
        (WHITE_SPACE, |c| c.is_whitespace() && !is_line_break(c)),
        ("an invisible character", |c| {
            matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}')
        }),
    ];
    let trimmed = CHARACTERS.iter().map(|(what, is_it)| (*what, text.trim_matches(is_it)));
    let mut trimmed = trimmed.filter(|(_, inner)| inner.len() < text.len());
    trimmed.next().or_else(|| {
        let inner = |(open, close)| text.strip_prefix(open)?.strip_suffix(close);
        QUOTES.into_iter().find_map(inner).map(|inner| ("quotes", inner))
    })
}

fn is_line_break(c: char) -> bool {
    c == '\n' || c == '\r'
}

/// `has quotes around it; remove them`.
fn around(found: &[&str]) -> String {
    let them = if matches!(found, [one] if *one != "quotes") { "it" } else { "them" };
    let (last, others) = found.split_last().unwrap_or((&"", &[]));
    let list = match others {
        [] => (*last).to_owned(),
        others => format!("{} and {last}", others.join(", ")),
    };
    format!("has {list} around it; remove {them}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_around_a_value_is_named() {
        for (text, what) in [
            ("\"a\"", "has quotes around it; remove them"),
            ("''", "has quotes around it; remove them"),
            ("a\r\n", "has a line break around it; remove it"),
            ("\u{feff}a", "has a byte order mark around it; remove it"),
            ("\u{2060}a", "has an invisible character around it; remove it"),
            ("'\"a\" '\n", "has a line break, quotes and white space around it; remove them"),
            ("a\nb", "contains a line break"),
        ] {
            assert_eq!(bare(text), Err(what.to_owned()), "{text:?}");
        }
        for text in ["", "a", "a\"", "\"a", "\"", " a ", "it's", "a b", "\"a\" or \"b"] {
            assert_eq!(bare(text), Ok(()), "{text:?}");
        }
        let refuse = |_: &str| Err::<(), _>("wrong".to_owned());
        assert_eq!(checked("a", refuse), Err("wrong".to_owned()));
        let white = Err("has white space around it; remove it".to_owned());
        assert_eq!(checked("a\t", refuse), white);
        assert_eq!(checked(" a", |_| Ok(1)), Ok(1));
    }
}
