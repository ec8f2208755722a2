//! Parses the words after the program's name.

use std::ffi::{OsStr, OsString};

use crate::args::command::Command;
use crate::args::items::{Item, Items};
use crate::args::nearest::split;
use crate::args::nearest::unknown_command;
use crate::args::{Document, Given, Layer, OPTIONS, Opt};
use crate::fault::Failure;

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Parsed {
    Read(Vec<Given>),
    Diagnose(Vec<Given>),
    /// The text to explain; if empty, it is read from standard input.
    Explain(String),
    Regions(Vec<Given>),
    /// `-h`.
    ShortHelp,
    /// `--help`.
    LongHelp,
    Version,
    Generate(Document),
}

/// Parses the words after the program's name. Help, version and generated documents are provided
/// whatever else is on the line.
///
/// # Errors
/// The first mistake.
pub(crate) fn parse(words: &[OsString]) -> Result<Parsed, Failure> {
    read(words).or_else(|failure| asked_anyway(words).ok_or(failure))
}

/// The parts of a line with a mistake that can be understood: its command and options decide in
/// which form the mistake is reported.
pub(crate) fn understood(words: &[OsString]) -> (Command, Vec<Given>) {
    let mut line = CommandLine::new(words);
    while line.command != Some(Command::Explain) {
        match line.next() {
            Ok(Some(Said::Nothing)) | Err(_) => {}
            Ok(Some(Said::Special(_))) => {}
            Ok(None) => break,
        }
    }
    (line.command(), line.given)
}

fn read(words: &[OsString]) -> Result<Parsed, Failure> {
    let mut line = CommandLine::new(words);
    while let Some(said) = line.next()? {
        if let Said::Special(parsed) = said {
            return Ok(parsed);
        }
        if line.command == Some(Command::Explain) {
            break;
        }
    }
    let command = line.command();
    let given_to = |opt: &Opt| line.given.iter().rev().find(|given| given.opt.long == opt.long);
    let foreign = OPTIONS.iter().filter(|opt| !opt.commands.include(command)).find_map(given_to);
    if let Some(given) = foreign {
        let cause = format!("is not an option of `{}`", command.name());
        return Err(Failure::usage(&given.source, cause));
    }
    Ok(match command {
        Command::Read => Parsed::Read(line.given),
        Command::Diagnose => Parsed::Diagnose(line.given),
        Command::Explain => explain(&line.items.rest()),
        Command::Regions => Parsed::Regions(line.given),
    })
}

/// A command line, as far as it was read.
struct CommandLine {
    items: Items,
    command: Option<Command>,
    given: Vec<Given>,
}

/// What an item means for the line.
enum Said {
    /// It is a normal part of the line.
    Nothing,
    /// It asks for help, the version or a document.
    Special(Parsed),
}

impl CommandLine {
    fn new<'a>(words: impl IntoIterator<Item = &'a OsString>) -> CommandLine {
        CommandLine { items: Items::new(words), command: None, given: Vec::new() }
    }

    /// The command that was named, or the default.
    fn command(&self) -> Command {
        self.command.unwrap_or(Command::DEFAULT)
    }

    /// Takes the next option with its value, or the command. `None` at the end of the line.
    fn next(&mut self) -> Result<Option<Said>, Failure> {
        match self.items.next()? {
            None => return Ok(None),
            Some(Item::Word(word)) => self.name_command(&word)?,
            Some(Item::Option { opt, spelled, text }) => {
                if let Some(parsed) = special(opt, &spelled, &text) {
                    return Ok(Some(Said::Special(parsed)));
                }
                self.given.push(Given::new(opt, text, Layer::CommandLine, spelled)?);
            }
        }
        Ok(Some(Said::Nothing))
    }

    fn name_command(&mut self, word: &str) -> Result<(), Failure> {
        let named = Command::ALL.into_iter().find(|command| command.name() == word);
        let command = named.ok_or_else(|| unknown_command(word))?;
        if let Some(before) = self.command {
            let cause = format!("a second command: `{}` was already given", before.name());
            return Err(Failure::usage(word, cause));
        }
        self.command = Some(command);
        Ok(())
    }
}

/// Everything after `explain` is text, even if it looks like options: error messages are full of
/// dashes.
fn explain(words: &[String]) -> Parsed {
    match words {
        [word] if ["-h", "--help", "-help"].contains(&word.as_str()) => Parsed::LongHelp,
        words => Parsed::Explain(words.join(" ")),
    }
}

fn special(opt: &Opt, spelled: &str, text: &OsStr) -> Option<Parsed> {
    match opt.long {
        "help" if spelled == "-h" => Some(Parsed::ShortHelp),
        "help" => Some(Parsed::LongHelp),
        "version" => Some(Parsed::Version),
        "generate" => Document::named(text.to_str()?).ok().map(Parsed::Generate),
        _ => None,
    }
}

/// The help, version or document that a line asks for, although it has a mistake elsewhere.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Args;
    use crate::message::Format;
    use crate::values::choice::LogFormat;

    fn parsed(line: &str) -> Result<Parsed, Failure> {
        parse(&line.split(' ').filter(|word| !word.is_empty()).map(Into::into).collect::<Vec<_>>())
    }

    fn args(line: &str) -> Args {
        match parsed(line) {
            Ok(Parsed::Read(given)) => Args::of(&given),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn long_names_take_one_dash_or_two_and_come_before_short_ones() {
        for line in ["-tenant acme", "--tenant acme", "-tenant=acme", "--tenant=acme"] {
            assert_eq!(args(line).tenant.as_deref(), Some("acme"), "{line}");
        }
        assert_eq!(args("-host h").host.as_deref(), Some("h"));
        assert_eq!(args("-event A").lines.events, ["A"]);
        assert_eq!(args("-n5 -format=envelope").stop.num_messages, Some(5));
        assert_eq!(args("-n 5").stop.num_messages, args("-n=5").stop.num_messages);
        assert_eq!(args("--x-api-key-file -").x_api_key_file, Some("-".into()));
        assert_eq!(args("--noproxy=").noproxy.as_deref(), Some(""));
        assert_eq!(args("-tenant=a=b").tenant.as_deref(), Some("a=b"));
    }

    /// As written on 8x8's troubleshooting page and in its tables.
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
            let insecure = line.contains("-insecure") && !line.contains("false");
            assert_eq!(args.insecure, insecure, "{line}");
        }
    }

    #[test]
    fn flags() {
        let talk = |line| (args(line).talk.quiet, args(line).talk.verbose);
        assert_eq!(talk("-v"), (false, 1));
        assert_eq!(talk("-vv"), (false, 2));
        assert_eq!(talk("-v --verbose -vvv"), (false, 2));
        assert_eq!(talk("-q -v"), (false, 1));
        assert_eq!(talk("-v -q"), (true, 0));
        assert!(args("-e true --fail-if-empty false read").stop.at_end);
        assert!(!args("-e true --fail-if-empty false read").stop.fail_if_empty);
        assert!(args("--insecure --tenant a").insecure);
    }

    #[test]
    fn given_twice_the_last_wins_but_lists_add_up() {
        assert_eq!(args("-n 1 -n 2").stop.num_messages, Some(2));
        assert_eq!(args("-J --format payload").lines.format, Format::Payload);
        assert_eq!(args("--event A,B --event C").lines.events, ["A", "B", "C"]);
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
    fn help_version_and_documents_are_provided_whatever_else_is_on_the_line() {
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
            ("--rotate-size 512", "--rotate-size", "must be at least 1k, not `512`", ""),
            ("--rotate-interval 7h", "--rotate-interval", "divide a day", ""),
            ("--file-mode 0400", "--file-mode", "at least 0600", ""),
            ("--file-mode 640x", "--file-mode", "octal", ""),
            ("-o ev-%y", "-o", "`%y`", ""),
            ("--sync always", "--sync", "must be one of none, cursor, message", ""),
            ("-ev", "-ev", "unknown option", ""),
            ("-vq", "-vq", "unknown option", ""),
            (
                "frobnicate",
                "frobnicate",
                "unknown command",
                "commands: read (the default), diagnose, explain, regions",
            ),
            ("region", "region", "unknown command", "did you mean `regions`?"),
            ("--tenant a eght_canary", "eght…", "unknown command", ""),
            ("-x-api-keyeght_canary", "-x-api-keyeght…", "unknown option", ""),
            ("read regions", "regions", "a second command", ""),
            ("regions --tenant a", "--tenant", "not an option of `regions`", ""),
            ("--tenant", "--tenant", "needs a value", "--tenant TENANT"),
            ("-n", "-n", "needs a value", "-n N"),
            ("--x-api-key -insecure", "--x-api-key", "--insecure follows", ""),
            ("--tenant a/b", "--tenant", "`a/b` contains a `/`", ""),
            ("-port 70000", "-port", "must be a whole number from 1 to 65535, not `70000`", ""),
            ("--receiver-queue-size 0", "--receiver-queue-size", "never delivers", ""),
            ("--receiver-queue-size 1001", "--receiver-queue-size", "1 to 1000", ""),
            ("--message-id now", "--message-id", "`now` is neither earliest", ""),
            ("-format=pretty", "-format", "must be one of payload, envelope, not `pretty`", ""),
            ("--on-reject drop", "--on-reject", "must be one of warn, stop, nack, not `drop`", ""),
            ("--connect-timeout 0", "--connect-timeout", "must be at least 1ms", ""),
            ("--connect-timeout 45", "--connect-timeout", "such as 500ms", ""),
            ("--ping-interval 99ms", "--ping-interval", "at least 100ms", ""),
            ("--max-message-size 1", "--max-message-size", "1k to 1G", ""),
            ("--max-message-size 2G", "--max-message-size", "1k to 1G", ""),
            ("--retry -1", "--retry", "must be a whole number or `unlimited`", ""),
            ("-n 0", "-n", "a whole number of at least 1, not `0`", ""),
            ("--insecure=yes", "--insecure", "must be true or false, not `yes`", ""),
            ("--generate html", "--generate", "must be one of man, complete-bash", ""),
            ("--proxy socks5://u:canary@h:1", "--proxy", "the value is a SOCKS", ""),
            ("--host wss://h/?x-api-key=canary", "--host", "the value has a path", ""),
            ("--since yesterday", "--since", "RFC 3339", ""),
        ] {
            let failure = parsed(line).expect_err(line);
            assert_eq!(failure.subject, subject, "{line}");
            assert!(failure.cause.contains(cause), "{line}: {failure}");
            assert!(failure.advice().contains(advice), "{line}: {}", failure.advice());
            assert_eq!(failure.exit() as u8, 64, "{line}");
            assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
            // Even with a mistake, the options that decide how it is reported are understood.
            let line = format!("diagnose {line} --json --log-format json");
            let words: Vec<_> = line.split(' ').map(OsString::from).collect();
            let (command, given) = understood(&words);
            let args = Args::of(&given);
            assert!(args.json && args.talk.log_format == LogFormat::Json, "{line}: {args:?}");
            assert_eq!(command, Command::Diagnose, "{line}");
        }
        use std::os::unix::ffi::OsStringExt;
        let failure = parse(&[OsString::from_vec(vec![b'-', 0xff])]).expect_err("not UTF-8");
        assert!(failure.cause.contains("UTF-8"));
    }
}
