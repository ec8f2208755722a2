//! The name of an output file, which may contain the time: `events-%Y%m%d.ndjson`.
//!
//! Times are in UTC, as are the boundaries of rotation. If the user's name contains no time, the
//! names of finished files get one: `STEM.%Y%m%dT%H%M%S.EXT`.

use std::ffi::{OsStr, OsString};
use std::ops::Range;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
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

/// A valid name. It may hold any bytes, as file systems allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileName {
    text: OsString,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Vec<u8>),
    /// Its place in [`FIELDS`].
    Field(usize),
}

/// The time in a file's name, by [`FIELDS`]; 0 for those that the name does not have.
type Time = [u16; FIELDS.len()];

/// The time in a finished file's name, and the number behind it.
pub(crate) type Stamp = (Time, u64);

impl FileName {
    /// Reads a name with its fields.
    ///
    /// # Errors
    /// Why the name is not valid.
    pub(crate) fn parse(text: &OsStr) -> Result<FileName, String> {
        super::path(text)?;
        let bytes = text.as_bytes();
        if matches!(bytes.rsplit(|byte| *byte == b'/').next(), Some(b"" | b"." | b"..")) {
            return Err("is a folder, not a file".to_owned());
        }
        let mut pieces = Vec::new();
        let mut plain = Vec::new();
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            if byte != b'%' {
                plain.push(byte);
                continue;
            }
            let named = rest.first().copied();
            rest = rest.get(1..).unwrap_or_default();
            match FIELDS.iter().position(|(field, ..)| named == Some(*field as u8)) {
                _ if named == Some(b'%') => plain.push(b'%'),
                Some(field) => {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    pieces.push(Piece::Field(field));
                }
                None => {
                    let named = named.map(|named| char::from(named).to_string());
                    return Err(format!(
                        "has `%{}`: only %Y, %m, %d, %H, %M, %S and %% are allowed",
                        named.unwrap_or_default()
                    ));
                }
            }
        }
        pieces.push(Piece::Text(plain));
        let is_field = |piece: &Piece| matches!(piece, Piece::Field(_));
        let has_slash = |piece: &Piece| matches!(piece, Piece::Text(text) if text.contains(&b'/'));
        let first = pieces.iter().position(is_field).unwrap_or(pieces.len());
        if pieces[first..].iter().any(has_slash) {
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
    pub(crate) fn given(&self) -> &Path {
        Path::new(&self.text)
    }

    /// The name as it was given, for people.
    pub(crate) fn shown(&self) -> String {
        self.given().display().to_string()
    }

    /// The shortest time the name stays the same; `None` if it never changes.
    pub(crate) fn changes_every(&self) -> Option<Duration> {
        let fields = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Field(field) => Some(FIELDS[*field].2),
            Piece::Text(_) => None,
        });
        fields.map(Duration::from_secs).min()
    }

    /// The name at this time.
    pub(crate) fn at(&self, time: Timestamp) -> PathBuf {
        let time = time.to_string();
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Field(field) => &time.as_bytes()[FIELDS[*field].1.clone()],
        });
        OsString::from_vec(pieces.collect::<Vec<_>>().concat()).into()
    }

    /// The name for finished files, which always contains the time.
    pub(crate) fn finished(&self) -> FileName {
        if self.changes_every().is_some() {
            return self.clone();
        }
        let (stem, extension) = split(&self.text);
        let text = OsString::from_vec([stem, b".%Y%m%dT%H%M%S", extension].concat());
        FileName::parse(&text).expect("a name with fields we know")
    }

    /// The same path with a number before the extension, for when the path itself is taken.
    pub(crate) fn numbered(&self, path: &Path, number: u64) -> PathBuf {
        let (path, extension) = (path.as_os_str().as_bytes(), self.extension());
        let stem = path.strip_suffix(extension).unwrap_or(path);
        let number = format!("-{number}");
        OsString::from_vec([stem, number.as_bytes(), extension].concat()).into()
    }

    /// The time and number in a path that is this name at some time, with or without a number. Only
    /// the last part of the path is compared.
    pub(crate) fn stamp(&self, path: &Path) -> Option<Stamp> {
        let found = path.file_name()?.as_bytes();
        let time = |found: &[u8]| read(&self.pieces_of_last_part(), found, Default::default());
        time(found).map(|time| (time, 0)).or_else(|| {
            let extension = self.extension();
            let stem = found.strip_suffix(extension)?;
            let at = memchr::memrchr(b'-', stem)?;
            let number = std::str::from_utf8(&stem[at + 1..]).ok()?;
            let is_number = number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0');
            let number = number.parse().ok().filter(|_| is_number)?;
            time(&[&stem[..at], extension].concat()).map(|time| (time, number))
        })
    }

    /// Whether a path is this name at some time, without a number.
    pub(crate) fn is_at_some_time(&self, path: &Path) -> bool {
        self.stamp(path).is_some_and(|(_, number)| number == 0)
    }

    /// Whether the last part of a path begins as this name does at some time, up to its extension,
    /// and then goes on with no letter, as in `events.1.ndjson` or `events-20261002.ndjson.gz`.
    pub(crate) fn begins(&self, path: &Path) -> bool {
        let Ok(stem) = FileName::parse(OsStr::from_bytes(split(&self.text).0)) else {
            return false;
        };
        let pieces = stem.pieces_of_last_part();
        begins_as(path, |head| read(&pieces, head, Default::default()).is_some())
    }

    /// The extension with its dot; empty if it contains a field.
    fn extension(&self) -> &[u8] {
        let extension = split(&self.text).1;
        if extension.contains(&b'%') { b"" } else { extension }
    }

    fn pieces_of_last_part(&self) -> Vec<Piece> {
        let mut pieces = self.pieces.clone();
        // Only the first text can have folders.
        if let Some(Piece::Text(text)) = pieces.first_mut()
            && let Some(slash) = memchr::memrchr(b'/', text)
        {
            text.drain(..=slash);
        }
        pieces
    }
}

/// The same as [`FileName::begins`] with a name that never changes.
pub(crate) fn begins(path: &Path, name: &Path) -> bool {
    begins_as(path, |head| name.file_stem().is_some_and(|stem| stem.as_bytes() == head))
}

fn begins_as(path: &Path, is_stem: impl Fn(&[u8]) -> bool) -> bool {
    let Some(found) = path.file_name().map(OsStr::as_bytes) else { return false };
    (1..=found.len()).map(|at| found.split_at(at)).any(|(head, rest)| {
        // What is no UTF-8 may be a letter, or the rest of one.
        let next = rest.utf8_chunks().next().map(|chunk| chunk.valid().chars().next());
        next.is_none_or(|next| next.is_some_and(|c| !c.is_alphabetic())) && is_stem(head)
    })
}

/// The time that these pieces have in a name.
fn read(pieces: &[Piece], found: &[u8], mut time: Time) -> Option<Time> {
    let Some((first, rest)) = pieces.split_first() else { return found.is_empty().then_some(time) };
    match first {
        Piece::Text(text) => read(rest, found.strip_prefix(&text[..])?, time),
        Piece::Field(field) => {
            let (digits, left) = found.split_at_checked(FIELDS[*field].1.len())?;
            let digits = std::str::from_utf8(digits).ok()?;
            // A number may have a sign.
            let is_field = digits.bytes().all(|b| b.is_ascii_digit());
            time[*field] = digits.parse().ok().filter(|_| is_field)?;
            read(rest, left, time)
        }
    }
}

/// The path up to its extension, and the extension with its dot.
fn split(path: &OsStr) -> (&[u8], &[u8]) {
    let extension = Path::new(path).extension().map_or(0, |extension| 1 + extension.len());
    path.as_bytes().split_at(path.len() - extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> FileName {
        FileName::parse(text.as_ref()).expect("a name")
    }

    #[test]
    fn fields_are_filled_in_utc() {
        let at: Timestamp = "2026-10-02T09:07:05Z".parse().expect("a time");
        assert_eq!(name("a/%Y%m%d-%H%M%S%%.x").at(at), Path::new("a/20261002-090705%.x"));
        assert_eq!(name("plain").at(at), Path::new("plain"));
        for wrong in ["%", "%y", "a%", "%e.x", "", "a/", "%Y/a", ".", "a/..", "a.x/.", "a.\u{e9}/."]
        {
            assert!(FileName::parse(wrong.as_ref()).is_err(), "{wrong}");
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
        assert_eq!(finished.stamp(&path), Some(([2026, 10, 2, 9, 7, 5], 0)));
        assert_eq!(finished.stamp(&second), Some(([2026, 10, 2, 9, 7, 5], 2)));
        assert!(finished.is_at_some_time(&path) && !finished.is_at_some_time(&second));
        for other in [
            "/x/ev%.ndjson",
            "/x/ev%.ndjson.part",
            "/x/ev%.20261002T09070.ndjson",
            "/x/ev%.20261002T090705-.ndjson",
            "/x/ev%.20261002T090705-02.ndjson",
            "/x/ev%.20261002T090705-2.ndjson.gz",
            "/x/ev%.important.ndjson",
        ] {
            assert_eq!(finished.stamp(Path::new(other)), None, "{other}");
        }
        assert_eq!(name("a.%d").finished(), name("a.%d"));
        let bare = name("noext").finished();
        assert_eq!(bare.at(at), Path::new("noext.20261002T090705"));
        assert_eq!(bare.numbered(&bare.at(at), 1), Path::new("noext.20261002T090705-1"));
        assert!(bare.stamp(Path::new("noext.20261002T090705-1")).is_some());
    }

    #[test]
    fn any_bytes_are_a_name() {
        let bytes = |bytes: &[u8]| PathBuf::from(OsString::from_vec(bytes.to_vec()));
        let name = FileName::parse(bytes(b"caf\xe9/\xe9.l\xe9").as_os_str()).expect("a name");
        let at: Timestamp = "2026-10-02T09:07:05Z".parse().expect("a time");
        let path = name.finished().at(at);
        assert_eq!(path, bytes(b"caf\xe9/\xe9.20261002T090705.l\xe9"));
        let second = name.finished().numbered(&path, 1);
        assert_eq!(second, bytes(b"caf\xe9/\xe9.20261002T090705-1.l\xe9"));
        assert_eq!(name.finished().stamp(&second), Some(([2026, 10, 2, 9, 7, 5], 1)));
    }
}
