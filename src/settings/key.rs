//! The API key: which of its sources is used.
//!
//! No message here contains any part of a key.

use std::fmt;
use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::args::{Args, Layer};
use crate::fault::{Failure, Fault, Step};
use crate::input;
use crate::secret::{self, Secret};
use crate::settings::environment::Environment;
use crate::settings::{Warning, permissions};
use crate::values::choice::AuthStyle;
use crate::values::{self, api_key};

/// systemd's folder of `LoadCredential=` files, and the name to give the key there.
const CREDENTIALS: (&str, &str) = ("CREDENTIALS_DIRECTORY", "x-api-key");

/// How long a file may take that is read again while the run waits for it.
const AGAIN: Duration = Duration::from_secs(1);

/// The API key: where it comes from and how it is sent.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) source: KeySource,
    pub(crate) style: AuthStyle,
}

/// Where the key comes from. A file is read again at each connect, since keys get replaced.
#[derive(Debug)]
pub(crate) enum KeySource {
    /// Held in memory; `from` names the source for people (`--x-api-key`, `stdin`,
    /// `PULSAR_API_KEY`).
    Given { key: Secret, from: &'static str },
    /// A file; `from` says what named it (`--x-api-key-file`, `PULSAR_API_KEY_FILE`,
    /// `CREDENTIALS_DIRECTORY`).
    File { path: PathBuf, from: &'static str },
}

/// Finds the key and checks it once, so that a bad one is reported before anything is connected.
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
                     process list; --x-api-key-file keeps it private",
                ));
            }
            KeySource::Given { key: check(key.expose().into(), from)?, from }
        }
        KeyAt::Stdin => {
            let key = read(io::stdin(), "standard input", input::PATIENCE)?;
            KeySource::Given { key, from: "stdin" }
        }
        KeyAt::File { path, from } => from_file(path, from, warnings)?,
    };
    Ok(Credentials { source, style: args.auth_style })
}

/// Shows where the key comes from, never the key.
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
            KeySource::File { path, from } => load(path, from, AGAIN),
        }
    }
}

/// Where the key is.
enum KeyAt {
    Text { key: Secret, from: &'static str },
    Stdin,
    File { path: PathBuf, from: &'static str },
}

/// The first source that is given, in the order that the help and the man page describe.
fn find(args: &Args, env: &Environment) -> Result<KeyAt, Failure> {
    let text = |layer, from| {
        let key = args.x_api_key.clone().filter(|_| args.layer("x-api-key") == Some(layer))?;
        Some(KeyAt::Text { key, from })
    };
    let file = |layer, from| {
        let path = args.x_api_key_file.as_ref();
        let path = path.filter(|_| args.layer("x-api-key-file") == Some(layer))?;
        Some(if path.as_os_str() == "-" {
            KeyAt::Stdin
        } else {
            KeyAt::File { path: path.into(), from }
        })
    };
    let folder = env.get(CREDENTIALS.0)?.unwrap_or_default();
    values::bare(folder).map_err(|e| Failure::usage(CREDENTIALS.0, format!("the value {e}")))?;
    let credentials = || {
        let path = Path::new(Some(folder).filter(|folder| !folder.is_empty())?).join(CREDENTIALS.1);
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

/// Reads the key once. A regular file is read again at each connect; anything else, such as a
/// pipe, can be read only once, so its key is kept.
fn from_file(
    path: PathBuf,
    from: &'static str,
    warnings: &mut Vec<Warning>,
) -> Result<KeySource, Failure> {
    let key = load(&path, from, input::PATIENCE)?;
    let file = fs::metadata(&path).map_err(|e| unreadable(&subject(&path, from), &e))?;
    if !file.is_file() {
        return Ok(KeySource::Given { key, from });
    }
    // systemd restricts access to its credentials in a way that the mode does not show.
    if from != CREDENTIALS.0 && permissions::readable_by_others(&file) {
        let path = path.display();
        warnings.push(Warning::always(format!(
            "the API key in {path} can be read by other users; chmod 600 {path}"
        )));
    }
    Ok(KeySource::File { path, from })
}

fn load(path: &Path, from: &str, limit: Duration) -> Result<Secret, Failure> {
    let subject = subject(path, from);
    let file = input::open(path).map_err(|e| unreadable(&subject, &e))?;
    read(file, &subject, limit)
}

fn subject(path: &Path, from: &str) -> String {
    format!("{from} {}", path.display())
}

/// The bytes are read without the standard library's buffer, which could not be wiped.
fn read(source: impl AsFd, subject: &str, limit: Duration) -> Result<Secret, Failure> {
    // With its line break.
    match input::read(source, api_key::LONGEST + 2, limit) {
        Ok(bytes) => check(bytes, subject),
        Err(e) if e.kind() == io::ErrorKind::FileTooLarge => {
            Err(bad(subject, api_key::TOO_LARGE.to_owned()))
        }
        Err(e) => Err(unreadable(subject, &e)),
    }
}

fn unreadable(subject: &str, error: &io::Error) -> Failure {
    Failure::of_call(Step::Config, subject, Fault::UnreadableFile, error)
}

/// The key in these bytes, which are wiped.
fn check(bytes: Vec<u8>, subject: &str) -> Result<Secret, Failure> {
    let key = api_key::parse(&bytes).map(Secret::new).map_err(|cause| bad(subject, cause));
    secret::wipe(bytes);
    key
}

fn bad(subject: &str, cause: String) -> Failure {
    Failure::new(Step::Config, subject, Fault::BadKey, cause)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::args::{Given, by_long};
    use crate::testing::scratch::Scratch;

    /// A file with a key of its own.
    fn file(folder: &Scratch, name: &str, mode: u32) -> String {
        let path = folder.join(name);
        fs::write(&path, format!("canary-{name}\n")).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
        path.to_str().expect("UTF-8").to_owned()
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
        let folder = Scratch::new("order");
        let (typed, named) = (file(&folder, "typed", 0o600), file(&folder, "named", 0o600));
        let (conf, _) = (file(&folder, "conf", 0o600), file(&folder, "x-api-key", 0o440));
        let directory = folder.path().to_str().expect("UTF-8");
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
        let folder = Scratch::new("again");
        let path = file(&folder, "key", 0o644);
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
