//! The name of an output file, which may contain the time: `events-%Y%m%d.ndjson`.
//!
//! Times are in UTC, as are the boundaries of rotation. If the user's name contains no time, the
//! names of finished files get one: `STEM.%Y%m%dT%H%M%S.EXT`.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

/// The fields a name may contain, where each stands in `2026-10-02T09:07:05Z` (RFC 3339), and how many
/// seconds each stays the same.
const FIELDS: [(char, Range<usize>, u64); 6] = [
    ('Y', 0..4, 365 * 86_400),
    ('m', 5..7, 28 * 86_400),
    ('d', 8..10, 86_400),
    ('H', 11..13, 3600),
    ('M', 14..16, 60),
    ('S', 17..19, 1),
];

/// A valid name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileName {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field(char),
}

impl FileName {
    /// Reads a name with its fields.
    ///
    /// # Errors
    /// Why the name is not valid.
    pub(crate) fn parse(text: &str) -> Result<FileName, String> {
        super::label(text)?;
        if matches!(text.rsplit('/').next(), Some("" | "." | "..")) {
            return Err("is a folder, not a file".to_owned());
        }
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                plain.push(c);
                continue;
            }
            match chars.next() {
                Some('%') => plain.push('%'),
                Some(c) if FIELDS.iter().any(|(field, ..)| *field == c) => {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    pieces.push(Piece::Field(c));
                }
                other => {
                    let other = other.map(String::from).unwrap_or_default();
                    return Err(format!(
                        "has `%{other}`: only %Y, %m, %d, %H, %M, %S and %% are allowed"
                    ));
                }
            }
        }
        pieces.push(Piece::Text(plain));
        let folder = text.rsplit_once('/').map_or("", |(folder, _)| folder);
        if folder.replace("%%", "").contains('%') {
            return Err("has a folder that changes with the time: only the last part of the name \
                        can"
            .to_owned());
        }
        Ok(FileName { text: text.to_owned(), pieces })
    }

    /// Whether the name is `-`, which means standard output.
    pub(crate) fn is_stdout(&self) -> bool {
        self.text == "-"
    }

    /// The name as it was given.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The shortest time the name stays the same; `None` if it never changes.
    pub(crate) fn changes_every(&self) -> Option<Duration> {
        let fields = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Field(c) => FIELDS.iter().find(|(field, ..)| field == c),
            Piece::Text(_) => None,
        });
        fields.map(|(.., seconds)| Duration::from_secs(*seconds)).min()
    }

    /// The name at this time.
    pub(crate) fn at(&self, time: Timestamp) -> PathBuf {
        let time = time.to_string();
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Field(c) => &time[place(*c)],
        });
        pieces.collect::<String>().into()
    }

    /// The name for finished files, which always contains the time.
    pub(crate) fn finished(&self) -> FileName {
        if self.changes_every().is_some() {
            return self.clone();
        }
        let (stem, extension) = split(Path::new(&self.text));
        let text = format!("{stem}.%Y%m%dT%H%M%S{extension}");
        FileName::parse(&text).expect("a name with fields we know")
    }

    /// The same path with a number before the extension, for when the path itself is taken.
    pub(crate) fn numbered(&self, path: &Path, number: u64) -> PathBuf {
        let extension = self.extension();
        let text = path.to_string_lossy();
        let stem = text.strip_suffix(extension).unwrap_or(&text);
        format!("{stem}-{number}{extension}").into()
    }

    /// The number that a path has beyond the name `whole`; 0 if it has none, and `None` if it is
    /// another name.
    pub(crate) fn number(&self, path: &Path, whole: &Path) -> Option<u64> {
        if path == whole {
            return Some(0);
        }
        let (path, whole, extension) = (path.to_str()?, whole.to_str()?, self.extension());
        let number = path.strip_prefix(whole.strip_suffix(extension)?)?.strip_prefix('-')?;
        number.strip_suffix(extension)?.parse().ok()
    }

    /// Whether a path is this name at some time, with or without a number.
    pub(crate) fn fits(&self, path: &Path) -> bool {
        let Some(found) = path.to_str() else { return false };
        let extension = self.extension();
        let numbered = found.strip_suffix(extension).and_then(|stem| stem.rsplit_once('-'));
        let plain = numbered.filter(|(_, number)| {
            !number.is_empty()
                && !number.starts_with('0')
                && number.bytes().all(|b| b.is_ascii_digit())
        });
        self.is_at_some_time(path)
            || plain.is_some_and(|(plain, _)| {
                self.is_at_some_time(Path::new(&format!("{plain}{extension}")))
            })
    }

    /// Whether a path is this name at some time. Only the last part of the path is compared.
    pub(crate) fn is_at_some_time(&self, path: &Path) -> bool {
        let Some(found) = path.file_name().and_then(|name| name.to_str()) else { return false };
        self.matches(found)
    }

    /// Whether the last part of a path begins as this name does at some time, up to its extension,
    /// and then goes on with no letter, as in `events.1.ndjson` or `events-20261002.ndjson.gz`.
    pub(crate) fn begins(&self, path: &Path) -> bool {
        let stem = FileName::parse(&split(Path::new(&self.text)).0);
        stem.is_ok_and(|stem| begins_as(path, |head| stem.matches(head)))
    }

    /// The extension with its dot; empty if it contains a field.
    fn extension(&self) -> &str {
        let extension = split(Path::new(&self.text)).1;
        let at = self.text.len() - extension.len();
        if extension.contains('%') { "" } else { &self.text[at..] }
    }

    fn matches(&self, found: &str) -> bool {
        let Some(slash) = self
            .pieces
            .iter()
            .rposition(|piece| matches!(piece, Piece::Text(text) if text.contains('/')))
        else {
            return matches(&self.pieces, found);
        };
        let mut pieces = self.pieces[slash..].to_vec();
        if let Some(Piece::Text(text)) = pieces.first_mut() {
            *text = text.rsplit('/').next().unwrap_or_default().to_owned();
        }
        matches(&pieces, found)
    }
}

/// The same as [`FileName::begins`] with a name that never changes.
pub(crate) fn begins(path: &Path, name: &Path) -> bool {
    begins_as(path, |head| name.file_stem().is_some_and(|stem| stem == head))
}

fn begins_as(path: &Path, is_stem: impl Fn(&str) -> bool) -> bool {
    let Some(found) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let mut parts = (1..=found.len()).filter_map(|at| found.split_at_checked(at));
    parts.any(|(head, rest)| !rest.starts_with(char::is_alphabetic) && is_stem(head))
}

fn matches(pieces: &[Piece], found: &str) -> bool {
    let Some((first, rest)) = pieces.split_first() else { return found.is_empty() };
    let left = match first {
        Piece::Text(text) => found.strip_prefix(text.as_str()),
        Piece::Field(c) => {
            let digits = place(*c).len();
            let is_field =
                found.len() >= digits && found.as_bytes()[..digits].iter().all(u8::is_ascii_digit);
            is_field.then(|| &found[digits..])
        }
    };
    left.is_some_and(|left| matches(rest, left))
}

/// Where a field stands in a time.
fn place(field: char) -> Range<usize> {
    FIELDS.iter().find(|(name, ..)| *name == field).map_or(0..0, |(_, place, _)| place.clone())
}

/// The path up to its extension, and the extension with its dot.
fn split(path: &Path) -> (String, String) {
    let text = path.to_string_lossy().into_owned();
    let extension = path.extension().map_or(String::new(), |e| format!(".{}", e.to_string_lossy()));
    (text[..text.len() - extension.len()].to_owned(), extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> FileName {
        FileName::parse(text).expect("a name")
    }

    #[test]
    fn fields_are_filled_in_utc() {
        let at: Timestamp = "2026-10-02T09:07:05Z".parse().expect("a time");
        assert_eq!(name("a/%Y%m%d-%H%M%S%%.x").at(at), Path::new("a/20261002-090705%.x"));
        assert_eq!(name("plain").at(at), Path::new("plain"));
        for wrong in ["%", "%y", "a%", "%e.x", "", "a/", "%Y/a", ".", "a/..", "a.x/.", "a.\u{e9}/."]
        {
            assert!(FileName::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_changes_with_its_finest_field() {
        let every = |text| name(text).changes_every().map(|every| every.as_secs());
        assert_eq!(every("%Y-%m-%d"), Some(86_400));
        assert_eq!(every("%d%H"), Some(3600));
        assert_eq!(every("%%Y"), None);
    }

    #[test]
    fn renamed_files_are_known_by_how_they_begin() {
        let ours = ["ev-09.log", "ev-09.log.1", "ev-09-20261002.log.gz", "ev-09.1.log", "ev-09"];
        for found in ours {
            assert!(name("/x/ev-%H.log").begins(Path::new(found)), "{found}");
            assert!(begins(Path::new(found), Path::new("/x/ev-09.log")), "{found}");
        }
        for other in ["ev-0x.log", "ev-09old.log", "e", "xev-09.log"] {
            assert!(!name("/x/ev-%H.log").begins(Path::new(other)), "{other}");
            assert!(!begins(Path::new(other), Path::new("/x/ev-09.log")), "{other}");
        }
    }

    #[test]
    fn finished_files_are_known_by_their_names() {
        let finished = name("/x/ev%%.ndjson").finished();
        let at: Timestamp = "2026-10-02T09:07:05Z".parse().expect("a time");
        let path = finished.at(at);
        assert_eq!(path, Path::new("/x/ev%.20261002T090705.ndjson"));
        let second = finished.numbered(&path, 2);
        assert_eq!(second, Path::new("/x/ev%.20261002T090705-2.ndjson"));
        assert_eq!(
            (finished.number(&path, &path), finished.number(&second, &path)),
            (Some(0), Some(2))
        );
        assert!(finished.fits(&path) && finished.fits(&second));
        for other in [
            "/x/ev%.ndjson",
            "/x/ev%.ndjson.part",
            "/x/ev%.20261002T09070.ndjson",
            "/x/ev%.20261002T090705-.ndjson",
            "/x/ev%.20261002T090705-02.ndjson",
            "/x/ev%.20261002T090705-2.ndjson.gz",
            "/x/ev%.important.ndjson",
        ] {
            assert!(!finished.fits(Path::new(other)), "{other}");
        }
        assert_eq!(name("a.%d").finished(), name("a.%d"));
        let bare = name("noext").finished();
        assert_eq!(bare.at(at), Path::new("noext.20261002T090705"));
        assert_eq!(bare.numbered(&bare.at(at), 1), Path::new("noext.20261002T090705-1"));
        assert!(bare.fits(Path::new("noext.20261002T090705-1")));
    }
}
