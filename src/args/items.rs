//! Turns the words of a command line into items: options with their values, and other words.
//!
//! Long names take one dash or two, since 8x8's own clients take one; they are matched as whole
//! words, before short options. Short options cannot be combined, except `-vv`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use lexopt::Arg;

use crate::args::nearest::{edits, split, unknown_option};
use crate::args::opt::Opt;
use crate::args::options::{OPTIONS, by_long, by_short};
use crate::fault::{Failure, Fault, Step};

/// An item: one or two words.
pub(super) enum Item {
    /// An option, how it was spelled, and its value.
    Option {
        opt: &'static Opt,
        spelled: String,
        text: OsString,
    },
    Word(String),
}

/// The words of a command line.
pub(super) struct Items {
    parser: lexopt::Parser,
    /// After `--` nothing is an option.
    only_words: bool,
}

impl Items {
    pub(super) fn new<'a>(words: impl IntoIterator<Item = &'a OsString>) -> Items {
        Items { parser: lexopt::Parser::from_args(words), only_words: false }
    }

    /// The remaining words, unchanged.
    pub(super) fn rest(&mut self) -> Vec<String> {
        let words = self.parser.raw_args().into_iter().flatten();
        words.map(|word| word.to_string_lossy().into_owned()).collect()
    }

    /// The next item; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Item>, Failure> {
        if let Some(option) = self.long_with_one_dash()? {
            return self.with_value(option).map(Some);
        }
        let arg = self.parser.next();
        let (opt, spelled) = match arg.map_err(|e| Failure::usage("command line", e.to_string()))? {
            None => return Ok(None),
            Some(Arg::Value(word)) => return Ok(Some(Item::Word(utf8(&word)?.to_owned()))),
            Some(Arg::Long(name)) => {
                let spelled = format!("--{name}");
                (Some(by_long(name).ok_or_else(|| unknown_option(&spelled))?), spelled)
            }
            Some(Arg::Short(char::REPLACEMENT_CHARACTER)) => return Err(not_utf8()),
            Some(Arg::Short(letter)) => (by_short(letter), format!("-{letter}")),
        };
        let attached = self.parser.optional_value();
        let Some(opt) = opt else {
            let attached = attached.unwrap_or_default();
            return Err(unknown_option(&(spelled + &attached.to_string_lossy())));
        };
        let attached = match attached {
            Some(text) if !spelled.starts_with("--") => Some(short_with_text(opt, &spelled, text)?),
            attached => attached,
        };
        self.with_value(Spelled { opt, spelled, attached }).map(Some)
    }

    /// Takes a long name with one dash: `-tenant` or `-tenant=acme`.
    fn long_with_one_dash(&mut self) -> Result<Option<Spelled>, Failure> {
        if self.only_words {
            return Ok(None);
        }
        let Some(mut words) = self.parser.try_raw_args() else { return Ok(None) };
        let Some(word) = words.peek().map(|word| word.as_bytes()) else { return Ok(None) };
        self.only_words = word == b"--";
        let Some(word) = word.strip_prefix(b"-") else { return Ok(None) };
        let at = memchr::memchr(b'=', word);
        let name = str::from_utf8(&word[..at.unwrap_or(word.len())]).unwrap_or_default();
        let Some(opt) = by_long(name) else { return Ok(None) };
        let spelled = format!("-{name}");
        let attached = at.map(|at| OsStr::from_bytes(&word[at + 1..]).to_owned());
        words.next();
        Ok(Some(Spelled { opt, spelled, attached }))
    }

    /// The option with its value, which is attached or in the next word.
    fn with_value(&mut self, option: Spelled) -> Result<Item, Failure> {
        let Spelled { opt, spelled, attached } = option;
        let text = match (opt.metavar, attached) {
            (_, Some(text)) => text,
            (Some(metavar), None) => following_value(&mut self.parser, &spelled, metavar)?,
            (None, None) => following_boolean(&mut self.parser).unwrap_or_else(|| "true".into()),
        };
        Ok(Item::Option { opt, spelled, text })
    }
}

/// An option as it was written, and the value attached to it.
struct Spelled {
    opt: &'static Opt,
    spelled: String,
    attached: Option<OsString>,
}

/// The value in `-n5` or `-vv`. Other bundles and mistyped long names are unknown options.
fn short_with_text(opt: &'static Opt, spelled: &str, text: OsString) -> Result<OsString, Failure> {
    let word = format!("{spelled}{}", text.display());
    if opt.long == "verbose" && text.as_bytes().iter().all(|c| *c == b'v') {
        return Ok((1 + text.len()).min(2).to_string().into());
    }
    let same_start = |long: &str| long.starts_with(&spelled[1..]) && edits(long, &word[1..]) <= 2;
    let fits = opt.metavar.is_some() || text == "true" || text == "false";
    if !fits || OPTIONS.iter().any(|o| same_start(o.long)) {
        return Err(unknown_option(&word));
    }
    Ok(text)
}

fn following_value(
    parser: &mut lexopt::Parser,
    spelled: &str,
    metavar: &str,
) -> Result<OsString, Failure> {
    let missing = |found: &str| {
        let cause = format!("needs a value{found}");
        Failure::new(Step::Config, spelled, Fault::MissingValue, cause)
            .with("option", spelled)
            .with("value", metavar)
    };
    let Some(mut words) = parser.try_raw_args() else { return Err(missing("")) };
    let Some(word) = words.peek() else { return Err(missing("")) };
    // `--tenant --insecure`: nobody has a tenant of that name.
    let word = word.to_string_lossy();
    let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-')).unwrap_or_default();
    if let Some(opt) = by_long(split(name).0) {
        return Err(missing(&format!(", but --{} follows", opt.long)));
    }
    Ok(words.next().unwrap_or_default())
}

/// The value of a flag in the next word, as in `--insecure false`.
fn following_boolean(parser: &mut lexopt::Parser) -> Option<OsString> {
    let mut words = parser.try_raw_args()?;
    words.next_if(|word| word == "true" || word == "false")
}

fn utf8(word: &(impl AsRef<OsStr> + ?Sized)) -> Result<&str, Failure> {
    word.as_ref().to_str().ok_or_else(not_utf8)
}

fn not_utf8() -> Failure {
    Failure::usage("command line", "contains a word that is not UTF-8 text")
}
