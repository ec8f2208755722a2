//! How many lines a function has, and how many fields a struct.

use super::tokens::{Token, behind_brackets, tokens, without_tests};
use super::{MOST_FIELDS, MOST_LINES, Sources};

/// What is over a limit in the files of `rooms`.
pub(super) fn excesses(sources: &Sources, rooms: &[&str]) -> Vec<String> {
    let mut excesses = Vec::new();
    for (file, text) in sources {
        let inside = |room: &&str| {
            let rest = file.strip_prefix(*room);
            rest.is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
        };
        if rooms.iter().any(inside) {
            let code = without_tests(tokens(text));
            excesses.extend((0..code.len()).filter_map(|at| {
                let (line, name) = (code[at].line, code.get(at + 1)?.text);
                let told = match code[at].text {
                    "fn" => over(lines(&code[at..])?, MOST_LINES, "lines")?,
                    "struct" => over(fields(&code[at..]), MOST_FIELDS, "fields")?,
                    _ => return None,
                };
                Some(format!("  {file}:{line}: {name} has {told}"))
            }));
        }
    }
    excesses
}

fn over(count: usize, most: usize, what: &str) -> Option<String> {
    (count > most).then(|| format!("{count} {what}, at most {most}"))
}

/// From `fn` to the closing brace; `None` without a body.
fn lines(code: &[Token<'_>]) -> Option<usize> {
    let body = opening(code).filter(|&at| code[at].text == "{")?;
    let end = code[behind_brackets(code, body) - 1];
    Some(end.line - code[0].line + 1)
}

/// Named ones; the few of a tuple struct do not matter.
fn fields(code: &[Token<'_>]) -> usize {
    let Some(body) = opening(code).filter(|&at| code[at].text == "{") else { return 0 };
    let end = behind_brackets(code, body) - 1;
    let (mut at, mut count) = (body + 1, 0);
    while at < end {
        match code[at].text {
            "(" | "[" | "{" => at = behind_brackets(code, at),
            sign => {
                count += usize::from(sign == ":");
                at += 1;
            }
        }
    }
    count
}

/// Where the body begins, or the `;` in its place.
fn opening(code: &[Token<'_>]) -> Option<usize> {
    let mut at = 0;
    while at < code.len() {
        match code[at].text {
            "{" | ";" => return Some(at),
            "(" | "[" => at = behind_brackets(code, at),
            _ => at += 1,
        }
    }
    None
}
