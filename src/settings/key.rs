//! The API key: which of its sources counts, and what a key may look like.
//!
//! No message here holds any part of a key, only where in it something is wrong.

use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::args::{Args, Layer};
use crate::fault::{Failure, Fault, Step};
use crate::secret::Secret;
use crate::settings::environment::Environment;
use crate::settings::{Warning, permissions};
use crate::values::choice::AuthStyle;
use crate::words;

const LARGEST: u64 = 8 * 1024;

/// systemd's folder of `LoadCredential=` files, and the name to give the key there.
const CREDENTIALS: (&str, &str) = ("CREDENTIALS_DIRECTORY", "x-api-key");

/// The API key: where it comes from and how it is sent.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) source: KeySource,
    pub(crate) style: AuthStyle,
}

/// Where the key comes from. A file is read again at each connect, since keys get replaced.
#[derive(Debug)]
pub(crate) enum KeySource {
    /// Held in memory; `from` names the source for people (`--x-api-key`, `stdin`, `PULSAR_API_KEY`).
    Given { key: Secret, from: &'static str },
    /// A file; `from` names who named it (`--x-api-key-file`, `PULSAR_API_KEY_FILE`, `CREDENTIALS_DIRECTORY`).
    File { path: PathBuf, from: &'static str },
}

/// Finds the key and checks it once, so that a bad one is told before anything is connected.
pub(crate) fn settle(
    args: &Args,
    env: &Environment,
    warnings: &mut Vec<Warning>,
) -> Result<Credentials, Failure> {
    let source = match find(args, env)? {
        KeyAt::Text { key, from } => {
            if from == "--x-api-key" {
                warnings.push(Warning::on_terminal(
                    "every user of this machine can see a key given by --x-api-key in the \
                     list of processes; --x-api-key-file keeps it to you",
                ));
            }
            KeySource::Given { key: check(key.expose().as_bytes(), from)?, from }
        }
        KeyAt::Stdin => {
            let bytes =
                limited(io::stdin().lock()).map_err(|e| unreadable("standard input", &e))?;
            KeySource::Given { key: check(&bytes, "standard input")?, from: "stdin" }
        }
        KeyAt::File { path, from } => from_file(path, from, warnings)?,
    };
    Ok(Credentials { source, style: args.auth_style })
}

/// Where the key comes from, never the key.
impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeySource::Given { from, .. } => f.write_str(from),
            KeySource::File { path, from } => write!(f, "{} ({from})", path.display()),
        }
    }
}

impl Credentials {
    /// The key as it is now: a file is read again.
    pub(crate) fn load(&self) -> Result<Secret, Failure> {
        match &self.source {
            KeySource::Given { key, .. } => Ok(key.clone()),
            KeySource::File { path, from } => load(path, from),
        }
    }
}

/// Where the key is.
enum KeyAt {
    Text { key: Secret, from: &'static str },
    Stdin,
    File { path: PathBuf, from: &'static str },
}

/// The first source there is, in the order that help and man page tell.
fn find(args: &Args, env: &Environment) -> Result<KeyAt, Failure> {
    let text = |layer, from| {
        let key = args.x_api_key.clone().filter(|_| args.layer("x-api-key") == Some(layer))?;
        Some(KeyAt::Text { key, from })
    };
    let file = |layer, from| {
        let path = args.x_api_key_file.as_ref();
        let path = path.filter(|_| args.layer("x-api-key-file") == Some(layer))?;
        Some(if path == "-" { KeyAt::Stdin } else { KeyAt::File { path: path.into(), from } })
    };
    let credentials = || {
        let path = Path::new(env.get(CREDENTIALS.0)?).join(CREDENTIALS.1);
        path.exists().then_some(KeyAt::File { path, from: CREDENTIALS.0 })
    };
    text(Layer::CommandLine, "--x-api-key")
        .or_else(|| file(Layer::CommandLine, "--x-api-key-file"))
        .or_else(|| file(Layer::Environment, "PULSAR_API_KEY_FILE"))
        .or_else(credentials)
        .or_else(|| text(Layer::Environment, "PULSAR_API_KEY"))
        .or_else(|| text(Layer::ConfigFile, "x-api-key in the config file"))
        .or_else(|| file(Layer::ConfigFile, "x-api-key-file in the config file"))
        .ok_or_else(|| Failure::new(Step::Config, "API key", Fault::NoKey, "none is given"))
}

/// A regular file is read again at each connect; anything else, such as a pipe, gives what it
/// holds only once.
fn from_file(
    path: PathBuf,
    from: &'static str,
    warnings: &mut Vec<Warning>,
) -> Result<KeySource, Failure> {
    let key = load(&path, from)?;
    let file = fs::metadata(&path).map_err(|e| unreadable(&subject(&path, from), &e))?;
    if !file.is_file() {
        return Ok(KeySource::Given { key, from });
    }
    // systemd opens credentials to the unit's user by means the mode does not show.
    if from != CREDENTIALS.0 && permissions::readable_by_others(&file) {
        let path = path.display();
        warnings.push(Warning::always(format!(
            "the API key in {path} can be read by other users; chmod 600 {path}"
        )));
    }
    Ok(KeySource::File { path, from })
}

fn load(path: &Path, from: &str) -> Result<Secret, Failure> {
    let subject = subject(path, from);
    let file = fs::File::open(path).map_err(|e| unreadable(&subject, &e))?;
    let bytes = limited(file).map_err(|e| unreadable(&subject, &e))?;
    check(&bytes, &subject)
}

fn subject(path: &Path, from: &str) -> String {
    format!("{from} {}", path.display())
}

fn limited(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One more than a key and its line break may have, so that too much is seen.
    source.take(LARGEST + 3).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(subject: &str, error: &io::Error) -> Failure {
    Failure::new(Step::Config, subject, Fault::UnreadableFile, words::reason(error))
}

fn check(bytes: &[u8], subject: &str) -> Result<Secret, Failure> {
    let bad = |cause| Failure::new(Step::Config, subject, Fault::BadKey, cause);
    clean(bytes).map(Secret::new).map_err(bad)
}

/// The key without the one line break it may end with.
fn clean(bytes: &[u8]) -> Result<String, String> {
    let key = bytes.strip_suffix(b"\n").map_or(bytes, |key| key.strip_suffix(b"\r").unwrap_or(key));
    if key.is_empty() {
        return Err("the key is empty".to_owned());
    }
    if key.len() as u64 > LARGEST {
        return Err("is larger than 8 KiB, too large for an API key".to_owned());
    }
    let starts = |text: &str| {
        key.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text.as_bytes()))
    };
    if starts("x-api-key:") {
        return Err("contains a whole header line; keep only what follows `X-API-Key:`".to_owned());
    }
    if starts("x-api-key=") || starts("PULSAR_API_KEY=") {
        return Err("contains an assignment; keep only what follows the `=`".to_owned());
    }
    if starts("\u{feff}") {
        return Err("starts with a byte order mark; save the file as plain ASCII".to_owned());
    }
    if let [quote @ (b'"' | b'\'' | b'`'), .., end] = key
        && quote == end
    {
        return Err("the key has quotes around it; remove them".to_owned());
    }
    for (column, byte) in (1..).zip(key) {
        let what = match byte {
            b'!'..=b'~' => continue,
            b' ' if column == 1 => "a space at its start",
            b' ' if column == key.len() => "a space at its end",
            b' ' => "a space",
            b'\t' => "a tab",
            b'\n' | b'\r' => "a line break",
            0..=31 | 127 => "a control character",
            _ => "a character outside ASCII",
        };
        return Err(format!("the key has {what} (column {column})"));
    }
    String::from_utf8(key.to_vec()).map_err(|_| "the key is not text".to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::args::{Given, by_long};

    #[test]
    fn only_one_line_break_at_the_end_is_left_out() {
        for text in ["canary", "canary\n", "canary\r\n"] {
            assert_eq!(clean(text.as_bytes()).as_deref(), Ok("canary"), "{text:?}");
        }
        assert_eq!(clean(b"dXNlcjpwYXNz=").as_deref(), Ok("dXNlcjpwYXNz="));
        assert!(clean(&[b'k'; LARGEST as usize]).is_ok());
    }

    #[test]
    fn what_is_wrong_with_a_key_is_said_by_its_place_and_never_by_its_content() {
        for (text, reason) in [
            (&b""[..], "is empty"),
            (b"\n", "is empty"),
            (b"\r\n", "is empty"),
            (b"canary\n\n", "a line break (column 7)"),
            (b"canary\r", "a line break (column 7)"),
            (b"canary\nsecond\n", "a line break (column 7)"),
            (b" canary", "a space at its start (column 1)"),
            (b"canary \n", "a space at its end (column 7)"),
            (b"can ary", "a space (column 4)"),
            (b"can\tary", "a tab (column 4)"),
            (b"can\0ary", "a control character (column 4)"),
            (b"can\x7fary", "a control character (column 4)"),
            (b"can\xc3\xa9ary", "outside ASCII (column 4)"),
            (b"\"canary\"", "quotes"),
            (b"'canary'\n", "quotes"),
            (b"\xef\xbb\xbfcanary", "byte order mark"),
            (b"X-API-Key: canary", "a whole header line"),
            (b"PULSAR_API_KEY=canary", "an assignment"),
            (&[b'k'; LARGEST as usize + 1], "larger than 8 KiB"),
        ] {
            let error = clean(text).expect_err(reason);
            assert!(error.contains(reason), "{error}");
            assert!(!error.contains("canary") && !error.contains("ary "), "{error}");
        }
    }

    /// A folder of its own, removed at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("tail8x8-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).expect("a folder");
            Folder(path)
        }

        fn file(&self, name: &str, mode: u32) -> String {
            let path = self.0.join(name);
            fs::write(&path, format!("canary-{name}\n")).expect("a file");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
            path.to_str().expect("UTF-8").to_owned()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn source_of(
        given: &[(&'static str, Layer, &str)],
        env: &[(&str, &str)],
    ) -> Result<(String, Vec<Warning>), Failure> {
        let given = given.iter().map(|(option, layer, value)| {
            Given::new(by_long(option).expect("an option"), *value, *layer, *option)
        });
        let args = Args::of(&given.collect::<Result<Vec<_>, _>>()?);
        let env = env.iter().copied().collect();
        let mut warnings = Vec::new();
        let found = settle(&args, &env, &mut warnings)?;
        let from = match &found.source {
            KeySource::Given { from, .. } | KeySource::File { from, .. } => *from,
        };
        Ok((format!("{from} {}", found.load()?.expose()), warnings))
    }

    #[test]
    fn the_sources_in_their_order() {
        use Layer::{CommandLine, ConfigFile, Environment};
        let folder = Folder::new("order");
        let (typed, named) = (folder.file("typed", 0o600), folder.file("named", 0o600));
        let (conf, _) = (folder.file("conf", 0o600), folder.file("x-api-key", 0o440));
        let directory = folder.0.to_str().expect("UTF-8");
        let credentials = &[("CREDENTIALS_DIRECTORY", directory)];
        let all = [
            ("x-api-key", CommandLine, "canary-argv", "--x-api-key canary-argv"),
            ("x-api-key-file", CommandLine, &*typed, "--x-api-key-file canary-typed"),
            ("x-api-key-file", Environment, &*named, "PULSAR_API_KEY_FILE canary-named"),
            ("x-api-key", Environment, "canary-env", "PULSAR_API_KEY canary-env"),
            ("x-api-key-file", ConfigFile, &*conf, "x-api-key-file in the config file canary-conf"),
        ];
        for from in 0..all.len() {
            // Given in this order, a later layer never hides an earlier one.
            let given: Vec<_> = all[from..].iter().map(|(o, l, v, _)| (*o, *l, *v)).collect();
            let (source, warnings) = source_of(&given, &[]).expect("a key");
            assert_eq!(source, all[from].3);
            assert_eq!(warnings.len(), usize::from(from == 0), "{warnings:?}");
        }
        let last_two = [("x-api-key", Environment, "canary-env")];
        let (source, warnings) = source_of(&last_two, credentials).expect("a key");
        assert_eq!(source, "CREDENTIALS_DIRECTORY canary-x-api-key");
        assert!(warnings.is_empty(), "systemd's own mode is no reason to warn: {warnings:?}");
        let named = [("x-api-key-file", Environment, &*named)];
        let (source, _) = source_of(&named, credentials).expect("a key");
        assert_eq!(source, "PULSAR_API_KEY_FILE canary-named");
        assert_eq!(source_of(&[], &[]).expect_err("none").exit() as u8, 78);
    }

    #[test]
    fn a_file_is_read_again_and_a_pipe_only_once() {
        let folder = Folder::new("again");
        let path = folder.file("key", 0o644);
        let mut warnings = Vec::new();
        let source = from_file(path.clone().into(), "--x-api-key-file", &mut warnings);
        assert!(warnings.len() == 1 && warnings[0].text.contains("chmod 600"), "{warnings:?}");
        let credentials = Credentials { source: source.expect("a key"), style: AuthStyle::Header };
        fs::write(&path, "canary-new").expect("written");
        assert_eq!(credentials.load().expect("a key").expose(), "canary-new");
        fs::remove_file(&path).expect("removed");
        assert_eq!(credentials.load().expect_err("gone").exit() as u8, 66);

        let (reader, mut writer) = io::pipe().expect("a pipe");
        io::Write::write_all(&mut writer, b"canary-pipe\n").expect("written");
        drop(writer);
        use std::os::fd::AsRawFd as _;
        let path = format!("/proc/self/fd/{}", reader.as_raw_fd()).into();
        let source = from_file(path, "--x-api-key-file", &mut warnings).expect("a key");
        let credentials = Credentials { source, style: AuthStyle::Header };
        for _ in 0..2 {
            assert_eq!(credentials.load().expect("a key").expose(), "canary-pipe");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_path() {
        for (path, cause) in [("/", "is a directory"), ("/nonexistent/key", "no such file")] {
            let failure = from_file(path.into(), "--x-api-key-file", &mut Vec::new());
            let failure = failure.expect_err(path);
            assert_eq!(failure.subject, format!("--x-api-key-file {path}"));
            assert!(failure.cause.starts_with(cause), "{failure}");
            assert_eq!(failure.exit() as u8, 66);
        }
    }
}
