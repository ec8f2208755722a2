//! What an option is: the type of one row of the table in [`super::options`].

use std::ffi::OsStr;

use crate::args::Args;
use crate::args::command::Commands;

/// One option, with everything parser, help, man page and completions need to know about it.
#[derive(Debug)]
pub(crate) struct Opt {
    /// Without dashes; also its name in a config file.
    pub(crate) long: &'static str,
    pub(crate) short: Option<char>,
    /// The name of its value in the help; `None` for a flag.
    pub(crate) metavar: Option<&'static str>,
    /// The only values allowed, if they can be listed.
    pub(crate) choices: &'static [&'static str],
    /// Values that shell completion offers besides `choices`.
    pub(crate) suggest: fn() -> Vec<&'static str>,
    /// May be given more than once, and adds up.
    pub(crate) repeated: bool,
    /// The environment variable that is read if the command line does not have the option.
    pub(crate) env: Option<&'static str>,
    pub(crate) default: Fallback,
    pub(crate) section: Section,
    pub(crate) commands: Commands,
    /// Options of one group are alternatives: one in a higher layer overrides all in lower ones.
    pub(crate) group: &'static str,
    pub(crate) endpoint: Endpoint,
    /// Its value must not appear in a message.
    pub(crate) secret: bool,
    /// For `-h`: a few words.
    pub(crate) short_text: &'static str,
    /// For `--help` and the man page: paragraphs of plain text with an empty line between them.
    pub(crate) long_text: &'static str,
    /// Checks the value and stores it; `true` or `false` for a flag. The error says what is wrong
    /// about the value (`is empty`) or what is allowed (`must …`).
    pub(crate) set: Setter,
}

/// What takes an option's value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Setter {
    Text(fn(&mut Args, &str) -> Result<(), String>),
    /// A path may hold any bytes.
    Path(fn(&mut Args, &OsStr) -> Result<(), String>),
}

impl Setter {
    /// Checks a value and stores it.
    ///
    /// # Errors
    /// What is wrong about it.
    pub(crate) fn apply(self, args: &mut Args, value: &OsStr) -> Result<(), String> {
        match self {
            Setter::Path(set) => set(args, value),
            Setter::Text(set) => set(args, value.to_str().ok_or("is not UTF-8 text")?),
        }
    }
}

/// An option's default, for people; the value itself is in [`Args::default`](super::Args).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fallback {
    Nothing,
    /// As if this had been given.
    Value(&'static str),
    /// It depends; the words say on what.
    Words(&'static str),
}

/// Which of the service's endpoints an option is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Any,
    /// The reader's, so not with a subscription: the reason, and what to do instead.
    Reader {
        why: &'static str,
    },
    /// The consumer's, so only with a subscription.
    Consumer,
}

/// The sections of the help and the man page, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Service,
    Key,
    Range,
    Subscription,
    Output,
    Capture,
    Limits,
    Retry,
    Network,
    Diagnose,
    General,
}

impl Section {
    pub(crate) const ALL: [Section; 11] = [
        Section::Service,
        Section::Key,
        Section::Range,
        Section::Subscription,
        Section::Output,
        Section::Capture,
        Section::Limits,
        Section::Retry,
        Section::Network,
        Section::Diagnose,
        Section::General,
    ];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Section::Service => "Service and topic",
            Section::Key => "API key",
            Section::Range => "Where to start and when to end",
            Section::Subscription => "Subscription",
            Section::Output => "Output",
            Section::Capture => "Capture in files",
            Section::Limits => "Limits of the connection",
            Section::Retry => "Retries",
            Section::Network => "Proxy, certificates and addresses",
            Section::Diagnose => "Diagnosis",
            Section::General => "Messages and general",
        }
    }
}

/// An option that is followed by a value.
pub(crate) const fn value(
    long: &'static str,
    metavar: &'static str,
    section: Section,
    short_text: &'static str,
    long_text: &'static str,
    set: fn(&mut Args, &str) -> Result<(), String>,
) -> Opt {
    Opt { metavar: Some(metavar), ..flag(long, section, short_text, long_text, set) }
}

/// An option that is followed by the path of a file.
pub(crate) const fn file(
    long: &'static str,
    section: Section,
    short_text: &'static str,
    long_text: &'static str,
    set: fn(&mut Args, &OsStr) -> Result<(), String>,
) -> Opt {
    let other = value(long, "FILE", section, short_text, long_text, |_, _| Ok(()));
    Opt { set: Setter::Path(set), ..other }
}

/// A flag: an option without a value.
pub(crate) const fn flag(
    long: &'static str,
    section: Section,
    short_text: &'static str,
    long_text: &'static str,
    set: fn(&mut Args, &str) -> Result<(), String>,
) -> Opt {
    Opt {
        long,
        short: None,
        metavar: None,
        choices: &[],
        suggest: Vec::new,
        repeated: false,
        env: None,
        default: Fallback::Nothing,
        section,
        commands: match section {
            Section::Service | Section::Key | Section::Limits | Section::Network => {
                Commands::Connecting
            }
            Section::Diagnose => Commands::Diagnose,
            Section::General => Commands::Any,
            Section::Range
            | Section::Subscription
            | Section::Output
            | Section::Capture
            | Section::Retry => Commands::Read,
        },
        group: long,
        endpoint: match section {
            Section::Subscription => Endpoint::Consumer,
            _ => Endpoint::Any,
        },
        secret: false,
        short_text,
        long_text,
        set: Setter::Text(set),
    }
}

impl Opt {
    pub(crate) const fn short(self, short: char) -> Opt {
        Opt { short: Some(short), ..self }
    }

    pub(crate) const fn choices(self, choices: &'static [&'static str]) -> Opt {
        Opt { choices, ..self }
    }

    pub(crate) const fn suggest(self, suggest: fn() -> Vec<&'static str>) -> Opt {
        Opt { suggest, ..self }
    }

    pub(crate) const fn repeated(self) -> Opt {
        Opt { repeated: true, ..self }
    }

    pub(crate) const fn env(self, variable: &'static str) -> Opt {
        Opt { env: Some(variable), ..self }
    }

    pub(crate) const fn default(self, value: &'static str) -> Opt {
        Opt { default: Fallback::Value(value), ..self }
    }

    pub(crate) const fn default_words(self, words: &'static str) -> Opt {
        Opt { default: Fallback::Words(words), ..self }
    }

    pub(crate) const fn commands(self, commands: Commands) -> Opt {
        Opt { commands, ..self }
    }

    pub(crate) const fn group(self, group: &'static str) -> Opt {
        Opt { group, ..self }
    }

    pub(crate) const fn reader_only(self, why: &'static str) -> Opt {
        Opt { endpoint: Endpoint::Reader { why }, ..self }
    }

    pub(crate) const fn secret(self) -> Opt {
        Opt { secret: true, ..self }
    }

    /// `-n, --num-messages N`.
    pub(crate) fn usage(&self) -> String {
        let short = self.short.map_or_else(|| "    ".to_owned(), |c| format!("-{c}, "));
        let value = self.metavar.map_or_else(String::new, |m| format!(" {m}"));
        format!("{short}--{}{value}", self.long)
    }

    /// Its default, for people.
    pub(crate) fn default_text(&self) -> Option<&'static str> {
        match self.default {
            Fallback::Nothing => None,
            Fallback::Value(text) | Fallback::Words(text) => Some(text),
        }
    }

    /// Whether its value is a path, which may hold any bytes.
    pub(crate) fn is_path(&self) -> bool {
        matches!(self.set, Setter::Path(_))
    }

    /// Whether a config file or the environment may set it.
    pub(crate) fn is_setting(&self) -> bool {
        !matches!(self.long, "config" | "help" | "version" | "generate")
    }
}
