//! The config file: one `name = value` per line, named as on the command line but without dashes.

use std::fs;
use std::io;
use std::path::Path;

use crate::args::{self, Args, Given, Layer, Opt};
use crate::fault::{Failure, Fault, Step};
use crate::input;
use crate::secret::{self, Secret};
use crate::settings::{Warning, permissions};

/// The longest config file, in bytes.
const LONGEST: usize = 1024 * 1024;

/// The option that each line of a config file gives, or what is wrong with the line. `named_by` is
/// the option or variable that named the file. A file that cannot be read counts as one mistake.
pub(crate) fn read(file: &Path, named_by: &str) -> Vec<Result<Given, Failure>> {
    let path = &file.display().to_string();
    let unreadable = |e: io::Error| {
        let subject = format!("{named_by} {path}");
        vec![Err(Failure::of_call(Step::Config, subject, Fault::UnreadableFile, &e))]
    };
    let bytes = input::open(file).and_then(|file| input::read(file, LONGEST, input::PATIENCE));
    match bytes.map(String::from_utf8) {
        // It may hold the key. Some editors put a byte order mark at the start of every text.
        Ok(Ok(text)) => lines(path, Secret::new(text).expose().trim_start_matches('\u{feff}')),
        Ok(Err(e)) => {
            secret::wipe(e.into_bytes());
            unreadable(io::Error::other("is not UTF-8 text"))
        }
        Err(e) => unreadable(e),
    }
}

/// Warnings about other users who can read or change the file.
pub(crate) fn warnings(path: &Path, args: &Args) -> Vec<Warning> {
    let Ok(file) = fs::metadata(path) else { return Vec::new() };
    let path = path.display();
    let mut warnings = Vec::new();
    if permissions::writable_by_others(&file) {
        warnings.push(Warning::always(format!(
            "{path} can be changed by other users; chmod go-w {path}"
        )));
    }
    let has_key = args.layer("x-api-key") == Some(Layer::ConfigFile);
    if has_key && permissions::readable_by_others(&file) {
        warnings.push(Warning::always(format!(
            "{path} contains the API key and can be read by other users; chmod 600 {path}"
        )));
    }
    warnings
}

pub(super) fn lines(path: &str, text: &str) -> Vec<Result<Given, Failure>> {
    let lines = (1..).zip(text.lines().map(str::trim));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let mut found = Vec::new();
    let mut is_wrong = false;
    for (number, line) in lines {
        // Only the first mistake is reported, and what an unknown name is like takes long to find.
        if is_wrong && line.split_once('=').is_none_or(|(name, _)| option(name).is_none()) {
            continue;
        }
        let one = given(&format!("{path} line {number}"), line);
        is_wrong |= one.is_err();
        found.push(one);
    }
    found
}

fn option(name: &str) -> Option<&'static Opt> {
    args::by_long(name.trim()).filter(|opt| opt.is_setting())
}

fn given(at: &str, line: &str) -> Result<Given, Failure> {
    let bad =
        |subject: &str, cause: &str| Failure::new(Step::Config, subject, Fault::BadContent, cause);
    // A line that is not `name = value` is not shown: it may be a bare key.
    let (name, value) = line.split_once('=').ok_or_else(|| bad(at, "is not `name = value`"))?;
    let (name, value) = (name.trim(), value.trim());
    let opt = option(name).ok_or_else(|| unknown(at, name))?;
    let at = format!("{at} ({name})");
    if value.contains(" #") {
        return Err(bad(&at, "a comment needs a line of its own"));
    }
    Given::new(opt, value, Layer::ConfigFile, at)
}

/// The failure for an unknown option in a config file, with the most similar one, if any.
fn unknown(at: &str, name: &str) -> Failure {
    let failure = |fault| Failure::new(Step::Config, at, fault, "unknown option in a config file");
    match args::nearest(name).filter(|opt| opt.is_setting() && opt.long != name) {
        Some(opt) => failure(Fault::NearSetting).with("nearest", opt.long),
        None => failure(Fault::BadContent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::row;

    fn config(text: &str) -> Result<Args, Failure> {
        let given: Result<Vec<_>, _> = lines("/etc/t.conf", text).into_iter().collect();
        given.map(|given| Args::of(&given))
    }

    #[test]
    fn lines_are_options_without_dashes() {
        let args = config(
            "# who\ntenant = acme\n\n  port=8443\r\ninsecure = true\nevent = A,B\nevent = C\n\
             verbose = 2\nnoproxy =\nport = 9443",
        )
        .expect("a good file");
        assert_eq!(args.tenant.as_deref(), Some("acme"));
        assert_eq!((args.port, args.insecure, args.talk.verbose), (Some(9443), true, 2));
        assert_eq!(args.lines.events, ["A", "B", "C"]);
        assert_eq!(args.noproxy.as_deref(), Some(""));
        assert_eq!(args.source("port"), "/etc/t.conf line 10 (port)");
    }

    #[test]
    fn a_long_file_takes_no_long_time() {
        let text = format!("{}insecure = false", "verbose = 1\ninsecure = true\n".repeat(100_000));
        let args = config(&text).expect("a good file");
        assert_eq!((args.talk.verbose, args.insecure), (1, false));
        let text = format!("{}insecure = yes", "tenant0 = a\ninsecure = true\n".repeat(50_000));
        let found = lines("/etc/t.conf", &text);
        let mistakes: Vec<_> = found.iter().filter_map(|one| one.as_ref().err()).collect();
        assert_eq!((found.len(), mistakes.len()), (50_002, 2), "of unknown names the first");
        assert_eq!(mistakes[0].fault, Fault::NearSetting);
    }

    #[test]
    fn mistakes_name_file_line_and_option_but_no_secret() {
        for (text, subject, cause) in [
            ("\n\ntenant acme", "/etc/t.conf line 3", "is not `name = value`"),
            ("canary-key", "/etc/t.conf line 1", "is not `name = value`"),
            ("tennant = a", "/etc/t.conf line 1", "unknown option in a config file"),
            ("canary-key=", "/etc/t.conf line 1", "unknown option in a config file"),
            ("help = true", "/etc/t.conf line 1", "unknown option in a config file"),
            ("config = /x", "/etc/t.conf line 1", "unknown option in a config file"),
            (
                "port = 0",
                "/etc/t.conf line 1 (port)",
                "must be a whole number from 1 to 65535, not `0`",
            ),
            ("insecure", "/etc/t.conf line 1", "is not `name"),
            ("insecure = yes", "/etc/t.conf line 1 (insecure)", "must be true or false, not `yes`"),
            ("tenant = \"acme\"", "/etc/t.conf line 1 (tenant)", "quotes"),
            ("tenant = acme # us", "/etc/t.conf line 1 (tenant)", "line of its own"),
            ("proxy = socks5://u:canary@h:1", "/etc/t.conf line 1 (proxy)", "SOCKS"),
        ] {
            let failure = config(text).expect_err(text);
            assert_eq!(failure.subject, subject, "{text}");
            assert!(failure.cause.contains(cause), "{text}: {failure}");
            assert_eq!(row(failure.fault).code, "config.content", "{text}");
            let all = format!("{failure} {}", failure.advice());
            assert!(!all.contains("canary"), "{all}");
        }
        let advice = config("tennant = a").expect_err("a typo").advice();
        assert_eq!(advice, "did you mean `tenant =`?");
    }
}
