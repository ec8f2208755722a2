//! Text for people: durations, and paragraphs that fit a terminal.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

/// The width of the narrowest terminal that people use, in columns.
pub(crate) const WIDTH: usize = 80;

/// A duration for people: `850ms`, `45s`, `2m5s`, `3h20m`, `4d2h`.
pub(crate) fn duration(d: Duration) -> String {
    let seconds = d.as_secs();
    let two = |a: u64, unit: &str, b: u64, smaller: &str| match b {
        0 => format!("{a}{unit}"),
        _ => format!("{a}{unit}{b}{smaller}"),
    };
    match seconds {
        0 => format!("{}ms", d.as_millis()),
        1..10 if d.subsec_millis() >= 100 => format!("{seconds}.{}s", d.subsec_millis() / 100),
        1..60 => format!("{seconds}s"),
        60..3600 => two(seconds / 60, "m", seconds % 60, "s"),
        3600..86_400 => two(seconds / 3600, "h", seconds % 3600 / 60, "m"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    }
}

/// The reason for an I/O error, in the style of all other messages.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// A longer word, in bytes, is like no name: comparing it would take time and memory many times its
/// length.
pub(crate) const LONGEST_NAME: usize = 64;

/// The most similar of these names, in any case, if one is similar enough.
pub(crate) fn nearest(
    name: &str,
    known: impl IntoIterator<Item = &'static str>,
) -> Option<&'static str> {
    if name.len() > LONGEST_NAME {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let likeness = |known: &str| {
        let known = known.to_ascii_lowercase();
        if known != name && name.len() > 3 && known.contains(&name) {
            return 0.9;
        }
        strsim::normalized_damerau_levenshtein(&known, &name)
    };
    let scored = known.into_iter().map(|known| (likeness(known), known));
    let (score, known) = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (score >= 0.6).then_some(known)
}

/// Appends a paragraph, wrapped at [`WIDTH`] and indented.
pub(crate) fn wrap(out: &mut String, text: &str, indent: usize) {
    wrap_after(out, &" ".repeat(indent), text, WIDTH);
}

/// Appends a paragraph, wrapped at `width` columns. Its first line follows a label, and the others
/// are indented by the label's width.
pub(crate) fn wrap_after(out: &mut String, label: &str, text: &str, width: usize) {
    let indent = label.chars().count();
    let mut column = indent;
    for (number, word) in text.split_whitespace().enumerate() {
        let length = word.chars().count();
        if number == 0 {
            out.push_str(label);
        } else if column + 1 + length > width {
            let _ = write!(out, "\n{:indent$}", "");
            column = indent;
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        let text = |ms| duration(Duration::from_millis(ms));
        assert_eq!(
            [0, 850, 1000, 1500, 45_400, 125_000, 12_000_000, 360_000_000].map(text),
            ["0ms", "850ms", "1s", "1.5s", "45s", "2m5s", "3h20m", "4d4h"]
        );
    }

    #[test]
    fn reasons_are_lower_case_and_without_numbers() {
        assert_eq!(reason(&io::Error::from_raw_os_error(2)), "no such file or directory");
        assert_eq!(reason(&io::Error::other("Odd")), "odd");
    }

    #[test]
    fn a_paragraph_goes_on_below_itself() {
        let mut out = String::new();
        wrap_after(&mut out, "fix: ", "one two three four", 13);
        assert_eq!(out, "fix: one two\n     three\n     four\n");
        out.clear();
        wrap(&mut out, &"word ".repeat(16), 2);
        let word = "word ".repeat(15);
        assert_eq!(out, format!("  {}\n  word\n", word.trim_end()));
    }
}
