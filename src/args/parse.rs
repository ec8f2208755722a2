//! From words to options.
//!
//! Long names take one dash or two, since the service's own clients take one; they are matched
//! as whole words before short options. Short options do not bundle, save `-vv`.

use std::ffi::{OsStr, OsString};

use lexopt::Arg;

use crate::args::opt::{Command, Opt};
use crate::args::options::{OPTIONS, by_long, by_short};
use crate::args::{Args, Document, Layer, Parsed, Source};
use crate::fault::Failure;

/// What the words after the program's name ask for. Help, version and generated documents are
/// given whatever else is on the line.
pub(crate) fn parse(words: &[OsString]) -> Result<Parsed, Failure> {
    read(words).or_else(|failure| asked_anyway(words).ok_or(failure))
}

/// What can be understood of a line with a mistake: whoever tells of it wants to know the command,
/// and the form of its messages.
pub(crate) fn understood(words: &[OsString]) -> (Command, Args) {
    let mut args = Args::default();
    let mut command = None;
    let words = words.iter().filter(|word| word.to_str().is_some());
    let mut parser = lexopt::Parser::from_args(words);
    let mut only_words = false;
    while command != Some(Command::Explain) {
        match item(&mut parser, &mut only_words, command, &mut args) {
            Ok(Some(Given::Command(found))) => command = Some(found),
            Ok(None) => break,
            Ok(Some(_)) | Err(_) => {}
        }
    }
    (command.unwrap_or(Command::Read), args)
}

fn read(words: &[OsString]) -> Result<Parsed, Failure> {
    let mut parser = lexopt::Parser::from_args(words);
    let mut args = Args::default();
    let mut command = None;
    let mut only_words = false;
    while let Some(given) = item(&mut parser, &mut only_words, command, &mut args)? {
        match given {
            Given::Setting => {}
            Given::Special(parsed) => return Ok(parsed),
            Given::Command(named) => command = Some(named),
        }
        if command == Some(Command::Explain) {
            break;
        }
    }
    let command = command.unwrap_or(Command::Read);
    if let Some(opt) = OPTIONS.iter().find(|o| args.has(o.long) && !o.commands.include(command)) {
        let cause = format!("is no option of `{}`", command.name());
        return Err(Failure::usage(args.source(opt.long), cause));
    }
    Ok(match command {
        Command::Read => Parsed::Read(Box::new(args)),
        Command::Diagnose => Parsed::Diagnose(Box::new(args)),
        Command::Explain => explain(&mut parser),
        Command::Regions => Parsed::Regions(Box::new(args)),
    })
}

/// What one or two words have turned out to be.
enum Given {
    /// Is in the arguments now.
    Setting,
    /// Help, version or a document.
    Special(Parsed),
    Command(Command),
}

/// Takes the next option with its value, or the next word.
fn item(
    parser: &mut lexopt::Parser,
    only_words: &mut bool,
    command: Option<Command>,
    args: &mut Args,
) -> Result<Option<Given>, Failure> {
    let (opt, spelled, attached) = match next(parser, only_words)? {
        None => return Ok(None),
        Some(Item::Option(opt, spelled, attached)) => (opt, spelled, attached),
        Some(Item::Word(word)) => {
            return known_command(&word, command).map(Given::Command).map(Some);
        }
    };
    let text = match (opt.metavar, attached) {
        (Some(_), Some(text)) => text,
        (Some(metavar), None) => following_value(parser, &spelled, metavar)?,
        (None, Some(text)) => text,
        (None, None) => following_boolean(parser).unwrap_or_else(|| "true".to_owned()),
    };
    if let Some(special) = special(opt, &spelled, &text) {
        return Ok(Some(Given::Special(special)));
    }
    args.set(opt, &text, Source { layer: Layer::CommandLine, name: spelled })?;
    Ok(Some(Given::Setting))
}

/// What follows `explain` is text, whatever it looks like: error messages are full of dashes.
fn explain(parser: &mut lexopt::Parser) -> Parsed {
    let words = parser.raw_args().into_iter().flatten();
    let words: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["-h" | "--help" | "-help"] => Parsed::LongHelp,
        ref words => Parsed::Explain(words.join(" ")),
    }
}

enum Item {
    /// The option, how it was spelled, and the value that was attached to it.
    Option(&'static Opt, String, Option<String>),
    Word(String),
}

fn next(parser: &mut lexopt::Parser, only_words: &mut bool) -> Result<Option<Item>, Failure> {
    if let Some(mut words) = parser.try_raw_args()
        && !*only_words
        && let Some(word) = words.peek().map(utf8).transpose()?
    {
        *only_words = word == "--";
        if let Some(name) = word.strip_prefix('-').filter(|name| !name.starts_with('-')) {
            let (name, attached) = split(name);
            if let Some(opt) = by_long(name) {
                let item = Item::Option(opt, format!("-{name}"), attached.map(str::to_owned));
                words.next();
                return Ok(Some(item));
            }
        }
    }
    let item = match parser.next().map_err(|e| Failure::usage("command line", e.to_string()))? {
        None => return Ok(None),
        Some(Arg::Value(word)) => return Ok(Some(Item::Word(utf8(&word)?.to_owned()))),
        Some(Arg::Long(name)) => match by_long(name) {
            Some(opt) => (Some(opt), format!("--{name}")),
            None => return Err(unknown(&format!("--{name}"))),
        },
        Some(Arg::Short(letter)) => (by_short(letter), format!("-{letter}")),
    };
    let attached =
        parser.optional_value().map(|text| utf8(&text).map(str::to_owned)).transpose()?;
    let (opt, spelled) = match item {
        (Some(opt), spelled) => (opt, spelled),
        (None, spelled) => return Err(unknown(&(spelled + &attached.unwrap_or_default()))),
    };
    match attached {
        Some(text) if !spelled.starts_with("--") => short_with_text(opt, spelled, text).map(Some),
        attached => Ok(Some(Item::Option(opt, spelled, attached))),
    }
}

/// `-n5` and `-vv`, but no other bundle, and no long name with a mistake in it.
fn short_with_text(opt: &'static Opt, spelled: String, text: String) -> Result<Item, Failure> {
    let word = format!("{spelled}{text}");
    if opt.long == "verbose" && text.chars().all(|c| c == 'v') {
        let level = (1 + text.len()).min(2).to_string();
        return Ok(Item::Option(opt, spelled, Some(level)));
    }
    let same_start = |long: &str| long.starts_with(&spelled[1..]) && edits(long, &word[1..]) <= 2;
    let fits = opt.metavar.is_some() || text == "true" || text == "false";
    if !fits || OPTIONS.iter().any(|o| same_start(o.long)) {
        return Err(unknown(&word));
    }
    Ok(Item::Option(opt, spelled, Some(text)))
}

fn following_value(
    parser: &mut lexopt::Parser,
    spelled: &str,
    metavar: &str,
) -> Result<String, Failure> {
    let missing = |found: &str| {
        Failure::usage(spelled, format!("needs a value{found}"))
            .hint(format!("write {spelled} {metavar} or {spelled}={metavar}"))
    };
    let Some(mut words) = parser.try_raw_args() else { return Err(missing("")) };
    let Some(word) = words.peek() else { return Err(missing("")) };
    // `--tenant --insecure`: nobody has a tenant of that name.
    let word = word.to_string_lossy();
    let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-')).unwrap_or_default();
    if let Some(opt) = by_long(split(name).0) {
        return Err(missing(&format!(", and what follows is --{}", opt.long)));
    }
    let value = words.next().unwrap_or_default();
    Ok(utf8(&value)?.to_owned())
}

/// `--insecure false`: no command is called so.
fn following_boolean(parser: &mut lexopt::Parser) -> Option<String> {
    let mut words = parser.try_raw_args()?;
    let word = words.next_if(|word| word == "true" || word == "false")?;
    word.into_string().ok()
}

fn special(opt: &Opt, spelled: &str, text: &str) -> Option<Parsed> {
    match opt.long {
        "help" if spelled == "-h" => Some(Parsed::ShortHelp),
        "help" => Some(Parsed::LongHelp),
        "version" => Some(Parsed::Version),
        "generate" => Document::named(text).ok().map(Parsed::Generate),
        _ => None,
    }
}

/// Help, version or a document, asked for on a line that has a mistake elsewhere.
fn asked_anyway(words: &[OsString]) -> Option<Parsed> {
    let words = words.iter().map(|word| word.to_str().unwrap_or_default());
    let words: Vec<&str> = words.take_while(|word| *word != "--").collect();
    words.iter().enumerate().find_map(|(at, word)| match *word {
        "-h" => Some(Parsed::ShortHelp),
        "--help" | "-help" => Some(Parsed::LongHelp),
        "-V" | "--version" | "-version" => Some(Parsed::Version),
        word => {
            let (name, attached) = split(word);
            let value = attached.or_else(|| words.get(at + 1).copied())?;
            let is_it = name == "--generate" || name == "-generate";
            is_it.then(|| Document::named(value).ok().map(Parsed::Generate)).flatten()
        }
    })
}

fn known_command(word: &str, before: Option<Command>) -> Result<Command, Failure> {
    let Some(command) = Command::ALL.into_iter().find(|command| command.name() == word) else {
        let failure = Failure::usage(shown(word), "unknown command");
        let near = Command::ALL.iter().find(|command| edits(command.name(), word) <= 2);
        return Err(match near {
            Some(command) => failure.hint(format!("did you mean `{}`?", command.name())),
            None => failure.hint(
                "the commands are `read`, which needs not be named, `diagnose`, `explain` and `regions`",
            ),
        });
    };
    match before {
        Some(_) => Err(Failure::usage(word, "a command is named already")),
        None => Ok(command),
    }
}

fn unknown(word: &str) -> Failure {
    let word = split(word).0;
    let failure = Failure::usage(shown(word), "unknown option");
    match nearest(word) {
        Some(opt) => failure.hint(format!("did you mean --{}?", opt.long)),
        None => failure,
    }
}

/// The option whose name is most like this one.
pub(crate) fn nearest(name: &str) -> Option<&'static Opt> {
    let name = name.trim_start_matches('-').to_ascii_lowercase();
    let likeness = |opt: &Opt| {
        if name.len() > 3 && opt.long.contains(&name) {
            return 0.9;
        }
        strsim::normalized_damerau_levenshtein(opt.long, &name)
    };
    let scored = OPTIONS.iter().map(|opt| (likeness(opt), opt));
    let (score, opt) = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (score >= 0.6).then_some(opt)
}

fn edits(a: &str, b: &str) -> usize {
    strsim::damerau_levenshtein(a, b)
}

/// A word that is no option and no command may be a key that slipped: only what looks like a
/// name is shown.
fn shown(word: &str) -> String {
    const MOST: usize = 24;
    let plain = |c: char| c == '-' || c.is_ascii_lowercase();
    let mut shown: String = word.chars().take(MOST).take_while(|c| plain(*c)).collect();
    if shown.len() < word.len() {
        shown.push('…');
    }
    shown
}

fn split(word: &str) -> (&str, Option<&str>) {
    match word.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (word, None),
    }
}

fn utf8(word: &(impl AsRef<OsStr> + ?Sized)) -> Result<&str, Failure> {
    word.as_ref()
        .to_str()
        .ok_or_else(|| Failure::usage("command line", "a word of it is no UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Parsed, Failure> {
        parse(&line.split(' ').filter(|word| !word.is_empty()).map(Into::into).collect::<Vec<_>>())
    }

    fn args(line: &str) -> Args {
        match parsed(line) {
            Ok(Parsed::Read(args)) => *args,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn long_names_take_one_dash_or_two_and_come_before_short_ones() {
        for line in ["-tenant acme", "--tenant acme", "-tenant=acme", "--tenant=acme"] {
            assert_eq!(args(line).tenant.as_deref(), Some("acme"), "{line}");
        }
        assert_eq!(args("-host h").host.as_deref(), Some("h"));
        assert_eq!(args("-event A").event, ["A"]);
        assert_eq!(args("-n5 -format=envelope").num_messages, Some(5));
        assert_eq!(args("-n 5").num_messages, args("-n=5").num_messages);
        assert_eq!(args("--x-api-key-file -").x_api_key_file.as_deref(), Some("-"));
        assert_eq!(args("--noproxy=").noproxy.as_deref(), Some(""));
        assert_eq!(args("-tenant=a=b").tenant.as_deref(), Some("a=b"));
    }

    /// As 8x8's troubleshooting page and tables write them.
    #[test]
    fn the_lines_of_the_official_clients_are_understood() {
        for line in [
            "-insecure -tenant YOUR_TENANT -x-api-key YOUR_KEY",
            "-tenant YOUR_TENANT -x-api-key YOUR_KEY",
            "-tenant YOUR_TENANT -x-api-key YOUR_KEY -message-id earliest",
            "-tenant YOUR_TENANT -x-api-key YOUR_KEY -insecure true",
            "-tenant YOUR_TENANT -x-api-key YOUR_KEY -insecure=false",
        ] {
            let args = args(line);
            assert_eq!(args.tenant.as_deref(), Some("YOUR_TENANT"), "{line}");
            assert!(args.x_api_key.is_some_and(|key| key.expose() == "YOUR_KEY"), "{line}");
            let insecure = line.contains("-insecure").then(|| !line.contains("false"));
            assert_eq!(args.insecure, insecure, "{line}");
        }
    }

    #[test]
    fn flags() {
        assert_eq!(args("-v").verbose, Some(1));
        assert_eq!(args("-vv").verbose, Some(2));
        assert_eq!(args("-v --verbose -vvv").verbose, Some(2));
        assert_eq!((args("-q -v").quiet, args("-q -v").verbose), (None, Some(1)));
        assert_eq!((args("-v -q").quiet, args("-v -q").verbose), (Some(true), None));
        assert_eq!(args("-e true --fail-if-empty false read").exit_at_end, Some(true));
        assert_eq!(args("--insecure --tenant a").insecure, Some(true));
    }

    #[test]
    fn given_twice_the_last_counts_but_lists_add_up() {
        assert_eq!(args("-n 1 -n 2").num_messages, Some(2));
        assert_eq!(args("-J --format payload").format, args("-f payload").format);
        assert_eq!(args("--event A,B --event C").event, ["A", "B", "C"]);
        assert_eq!(args("--resolve a:1:::1 --resolve b:1:::1").resolve.len(), 2);
    }

    #[test]
    fn commands() {
        assert!(matches!(parsed(""), Ok(Parsed::Read(_))));
        assert!(matches!(parsed("--tenant a read -v"), Ok(Parsed::Read(_))));
        assert!(matches!(parsed("regions"), Ok(Parsed::Regions(_))));
        assert!(matches!(parsed("-v -- regions"), Ok(Parsed::Regions(_))));
    }

    #[test]
    fn help_version_and_documents_are_given_whatever_else_is_there() {
        for rest in ["", "--bogus", "frobnicate", "--port 0", "-n", "--tenant --host", "-xyz"] {
            assert!(matches!(parsed(&format!("{rest} -h")), Ok(Parsed::ShortHelp)), "{rest}");
            assert!(matches!(parsed(&format!("{rest} -help")), Ok(Parsed::LongHelp)), "{rest}");
            assert!(matches!(parsed(&format!("--help {rest}")), Ok(Parsed::LongHelp)), "{rest}");
            assert!(matches!(parsed(&format!("{rest} -V")), Ok(Parsed::Version)), "{rest}");
            let line = format!("{rest} --generate man");
            assert!(matches!(parsed(&line), Ok(Parsed::Generate(Document::Man))), "{rest}");
            let line = format!("--generate=complete-zsh {rest}");
            assert!(matches!(parsed(&line), Ok(Parsed::Generate(Document::Zsh))), "{rest}");
        }
        assert_eq!(args("--tenant=-h").tenant.as_deref(), Some("-h"));
        assert!(parsed("--bogus -- -h").is_err());
    }

    #[test]
    fn mistakes_name_the_option_the_value_and_the_way_out() {
        for (line, subject, cause, advice) in [
            ("--tennant a", "--tennant", "unknown option", "did you mean --tenant?"),
            ("-tennant a", "-tennant", "unknown option", "did you mean --tenant?"),
            ("-formt envelope", "-formt", "unknown option", "did you mean --format?"),
            ("-hosst x", "-hosst", "unknown option", "did you mean --host?"),
            ("--api-key=canary", "--api-key", "unknown option", "--x-api-key"),
            ("--messageId x", "--message…", "unknown option", "did you mean --message-id?"),
            ("--receiverQueueSize=1", "--receiver…", "unknown option", "--receiver-queue-size"),
            ("--rotate-size 512", "--rotate-size", "less than 1k", ""),
            ("--rotate-interval 7h", "--rotate-interval", "divide a day", ""),
            ("--file-mode 0400", "--file-mode", "at least 0600", ""),
            ("--file-mode 640x", "--file-mode", "octal", ""),
            ("-o ev-%y", "-o", "`%y`", ""),
            ("--sync always", "--sync", "none of none, cursor, message", ""),
            ("-ev", "-ev", "unknown option", ""),
            ("-vq", "-vq", "unknown option", ""),
            ("frobnicate", "frobnicate", "unknown command", "`regions`"),
            ("region", "region", "unknown command", "did you mean `regions`?"),
            ("--tenant a eght_canary", "eght…", "unknown command", ""),
            ("-x-api-keyeght_canary", "-x-api-keyeght…", "unknown option", ""),
            ("read regions", "regions", "named already", ""),
            ("regions --tenant a", "--tenant", "no option of `regions`", ""),
            ("--tenant", "--tenant", "needs a value", "--tenant TENANT"),
            ("-n", "-n", "needs a value", "-n N"),
            ("--x-api-key -insecure", "--x-api-key", "what follows is --insecure", ""),
            ("--tenant a/b", "--tenant", "`a/b` has a `/`", ""),
            ("-port 70000", "-port", "`70000` is no whole number from 1 to 65535", ""),
            ("--receiver-queue-size 0", "--receiver-queue-size", "never delivers", ""),
            ("--receiver-queue-size 1001", "--receiver-queue-size", "1 to 1000", ""),
            ("--message-id now", "--message-id", "`now` is neither earliest", ""),
            ("-format=pretty", "-format", "none of payload, envelope", ""),
            ("--on-reject nack", "--on-reject", "none of warn, stop", ""),
            ("--connect-timeout 0", "--connect-timeout", "too short", ""),
            ("--connect-timeout 45", "--connect-timeout", "such as 500ms", ""),
            ("--ping-interval 99ms", "--ping-interval", "at least 100ms", ""),
            ("--max-message-size 1", "--max-message-size", "1k to 1G", ""),
            ("--max-message-size 2G", "--max-message-size", "1k to 1G", ""),
            ("--retry -1", "--retry", "nor `unlimited`", ""),
            ("-n 0", "-n", "from 1 on", ""),
            ("--insecure=yes", "--insecure", "neither true nor false", ""),
            ("--generate html", "--generate", "none of man", ""),
            ("--proxy socks5://u:canary@h:1", "--proxy", "the value asks for a SOCKS", ""),
            ("--host wss://h/?x-api-key=canary", "--host", "the value has a path", ""),
            ("--since yesterday", "--since", "RFC 3339", ""),
        ] {
            let failure = parsed(line).expect_err(line);
            assert_eq!(failure.subject, subject, "{line}");
            assert!(failure.cause.contains(cause), "{line}: {failure}");
            assert!(failure.advice().contains(advice), "{line}: {}", failure.advice());
            assert_eq!(failure.exit() as u8, 64, "{line}");
            assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
            // Whatever else is wrong, the form of what is said about it holds.
            let line = format!("diagnose {line} --json --log-format json");
            let words: Vec<_> = line.split(' ').map(OsString::from).collect();
            let (command, args) = understood(&words);
            assert!(args.json == Some(true) && args.log_format.is_some(), "{line}: {args:?}");
            assert_eq!(command, Command::Diagnose, "{line}");
        }
        use std::os::unix::ffi::OsStringExt;
        let failure = parse(&[OsString::from_vec(vec![b'-', 0xff])]).expect_err("no UTF-8");
        assert!(failure.cause.contains("UTF-8"));
    }
}
