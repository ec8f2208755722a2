//! Drives the real program: in an environment of its own, with a limit on its time, and with a key
//! that must not be found in anything it wrote (`running` sees to that after every run).

mod codes;
mod drain;
mod output;
mod running;
mod selftests;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use nix::pty::Winsize;
use nix::sys::signal::Signal;
use nix::sys::termios;

pub use self::codes::look_up_codes;
use self::drain::Drain;
pub use self::output::Output;
pub use self::running::Running;
pub use self::selftests::selftests;
use super::canary;
use super::scratch::Scratch;

/// What a run may take before it counts as hung. Generous: the machine may be busy.
const LIMIT: Duration = Duration::from_secs(60);

/// Names in a run's own folder.
const HOME: &str = "home";
const KEY_FILE: &str = "secret/x-api-key";

/// How the program gets the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// `PULSAR_API_KEY`.
    Env,
    /// `--x-api-key-file` with mode 0600.
    File,
    /// The same with another mode.
    FileMode(u32),
    /// `--x-api-key`.
    Argv,
    /// `--x-api-key-file -`.
    Stdin,
    /// Some other text in `PULSAR_API_KEY`.
    Text(String),
    None,
}

/// Where stdout goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stdout {
    Captured,
    /// A pipe whose reader has gone.
    Closed,
    /// A pipe nobody reads until [`Running::resume_reading`].
    Blocked,
    File(PathBuf),
    Terminal,
}

/// A run to be: arguments, environment, what its standard streams are.
#[must_use]
pub struct Run {
    program: PathBuf,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    stdin: Option<Vec<u8>>,
    typed: Option<Vec<u8>>,
    key: Key,
    stdout: Stdout,
    terminal: bool,
    verbosity: usize,
    limit: Duration,
    scratch: Scratch,
}

impl Run {
    #[track_caller]
    pub fn new<T: AsRef<OsStr>>(args: &[T]) -> Run {
        let scratch = Scratch::new("run");
        fs::create_dir(scratch.join(HOME)).unwrap();
        let run = Run {
            program: program().clone(),
            args: Vec::new(),
            env: Vec::new(),
            stdin: None,
            typed: None,
            key: Key::Env,
            stdout: Stdout::Captured,
            terminal: false,
            verbosity: 2,
            limit: LIMIT,
            scratch,
        };
        run.args(args)
    }

    /// With the arguments that lead to `service`: tenant, host, port and whom to trust.
    #[track_caller]
    pub fn against(service: &super::service::Service) -> Run {
        Run::new(&service.args())
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Run {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    pub fn args<T: AsRef<OsStr>>(mut self, args: &[T]) -> Run {
        self.args.extend(args.iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Run {
        self.env.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Run {
        self.stdin = Some(bytes.into());
        self
    }

    /// Stdin is a terminal, at which somebody types this.
    pub fn typed(mut self, text: &str) -> Run {
        self.typed = Some(text.into());
        self
    }

    pub fn key(mut self, key: Key) -> Run {
        self.key = key;
        self
    }

    pub fn stdout(mut self, stdout: Stdout) -> Run {
        self.stdout = stdout;
        self
    }

    /// Stderr is a terminal of 80 columns. It passes bytes as they are: no `\r` before `\n`.
    pub fn terminal(mut self) -> Run {
        self.terminal = true;
        self
    }

    /// So many `v`; 2 unless said, so that every test searches the traces for the key.
    pub fn verbosity(mut self, verbosity: usize) -> Run {
        self.verbosity = verbosity;
        self
    }

    pub fn limit(mut self, limit: Duration) -> Run {
        self.limit = limit;
        self
    }

    /// Without the root certificates of this machine: to read some hundred of them is most of what a
    /// short run does. For trials of many runs that are about something else.
    pub fn few_roots(self) -> Run {
        let empty = self.home();
        self.env("SSL_CERT_FILE", super::ca::Ca::shared().root_pem()).env("SSL_CERT_DIR", empty)
    }

    /// Its HOME, TMPDIR and working directory: empty, and searched for the key at the end.
    pub fn home(&self) -> PathBuf {
        self.scratch.join(HOME)
    }

    /// Where [`Key::File`] will be written. What is in this folder is not searched.
    pub fn key_file(&self) -> PathBuf {
        self.scratch.join(KEY_FILE)
    }

    /// Starts it by another command, such as `nohup`.
    pub fn through(mut self, command: &str) -> Run {
        self.args.insert(0, std::mem::replace(&mut self.program, command.into()).into());
        self
    }

    /// Starts it in this folder.
    pub fn within(self, folder: &Path) -> Run {
        let mut run = self.through("env");
        run.args.splice(0..0, ["-C".into(), folder.into()]);
        run
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn run(self) -> Output {
        self.spawn().finish()
    }

    /// Runs it without retries and expects the named failure.
    #[track_caller]
    pub fn fails_with(self, name: &str, code: i32) -> Output {
        let output = self.args(&["--retry", "0"]).run();
        output.assert_code(code).assert_stderr_has(&format!("[{name}]"));
        output
    }

    #[track_caller]
    pub fn spawn(mut self) -> Running {
        self.pass_key();
        if self.verbosity > 0 {
            self.args.push(format!("-{}", "v".repeat(self.verbosity)).into());
        }
        let mut command = self.command();
        command.args(&self.args).env_clear().current_dir(self.home());
        for passed in ["PATH", "LLVM_PROFILE_FILE"] {
            command.envs(std::env::var_os(passed).map(|value| (passed, value)));
        }
        command.env("HOME", self.home()).env("TMPDIR", self.home());
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });

        // Between making a pipe and closing our copy of its end no other run may inherit it.
        static SPAWN: Mutex<()> = Mutex::new(());
        let guard = SPAWN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let (stdout, out) = self.stdout_ends();
        command.stdout(out);
        let (stderr, err) = if self.terminal { terminal() } else { pipe() };
        command.stderr(err);
        let keyboard = self.typed.take().map(|text| {
            let (ours, theirs) = terminal();
            command.stdin(theirs);
            let mut keyboard = fs::File::from(ours);
            keyboard.write_all(&text).unwrap();
            keyboard
        });
        let explained = self.explained();
        let began = Instant::now();
        let mut child = command.spawn().unwrap();
        drop(command);
        drop(guard);

        if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), self.stdin.take()) {
            // The program may end without having read it.
            std::thread::spawn(move || drop(pipe.write_all(&bytes)));
        }
        let blocked = self.stdout == Stdout::Blocked;
        Running {
            command: self.shown(),
            child,
            stdout: stdout.map_or_else(Drain::nothing, |stdout| Drain::start(stdout, blocked)),
            stderr: Drain::start(stderr, false),
            scratch: self.scratch,
            limit: self.limit,
            began,
            explained,
            keyboard,
            searched: false,
        }
    }

    /// Where Ctrl-C is ignored, as in the background of a script, a program would ignore it as well:
    /// what is ignored stays so over exec. Then it is started by env(1), which undoes that.
    fn command(&self) -> Command {
        if !is_interrupt_ignored() {
            return Command::new(&self.program);
        }
        let mut command = Command::new("env");
        command.arg("--default-signal=INT").arg(&self.program);
        command
    }

    /// What it is given to explain: codes in it are the test's, not the program's.
    fn explained(&self) -> Vec<u8> {
        if !self.args.iter().any(|arg| arg == "explain") {
            return Vec::new();
        }
        let args = self.args.iter().flat_map(|arg| [arg.as_encoded_bytes(), b" "].concat());
        args.chain(self.stdin.iter().flatten().copied()).collect()
    }

    fn pass_key(&mut self) {
        let file = self.key_file();
        match self.key.clone() {
            Key::Env => self.env.insert(0, ("PULSAR_API_KEY".into(), canary::key().into())),
            Key::Text(text) => self.env.insert(0, ("PULSAR_API_KEY".into(), text.into())),
            Key::Argv => self.args.extend(["--x-api-key".into(), canary::key().into()]),
            Key::File => self.pass_key_file(&file, 0o600),
            Key::FileMode(mode) => self.pass_key_file(&file, mode),
            Key::Stdin => {
                self.args.extend(["--x-api-key-file".into(), "-".into()]);
                self.stdin = Some(format!("{}\n", canary::key()).into());
            }
            Key::None => {}
        }
    }

    fn pass_key_file(&mut self, file: &std::path::Path, mode: u32) {
        write_key(file, canary::key(), mode);
        self.args.extend(["--x-api-key-file".into(), file.into()]);
    }

    fn stdout_ends(&self) -> (Option<OwnedFd>, Stdio) {
        let (ours, theirs) = match &self.stdout {
            Stdout::Captured | Stdout::Blocked | Stdout::Closed => pipe(),
            Stdout::Terminal => terminal(),
            Stdout::File(path) => {
                let file = fs::OpenOptions::new().append(true).create(true).open(path);
                return (None, file.unwrap().into());
            }
        };
        (Some(ours).filter(|_| self.stdout != Stdout::Closed), theirs)
    }

    fn shown(&self) -> String {
        let shown = self.args.iter().map(|arg| match arg.to_string_lossy() {
            arg if arg == canary::key() => "KEY".into(),
            arg => arg,
        });
        format!("tail8x8 {}", shown.collect::<Vec<_>>().join(" "))
    }
}

/// Whether this process ignores SIGINT, as Linux tells it: a mask with the first signal's bit first.
fn is_interrupt_ignored() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (Signal::SIGINT as u64 - 1) & 1 == 1)
}

/// Writes a key file, its folder included, the way the tests and a rotation do: never half a key.
pub fn write_key(file: &std::path::Path, key: &str, mode: u32) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let fresh = file.with_extension("new");
    let mut options = fs::OpenOptions::new();
    let mut open = options.write(true).create(true).truncate(true).mode(mode).open(&fresh).unwrap();
    writeln!(open, "{key}").unwrap();
    // The mode above was subject to the umask.
    let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
    fs::set_permissions(&fresh, mode).unwrap();
    fs::rename(fresh, file).unwrap();
}

static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// For whoever is not an integration test and so is not told by Cargo where the program is.
pub fn set_program(path: PathBuf) {
    PROGRAM.set(path).expect("the program is set once");
}

fn program() -> &'static PathBuf {
    let cargo = option_env!("CARGO_BIN_EXE_tail8x8");
    PROGRAM.get_or_init(|| cargo.expect("set_program was not called").into())
}

fn pipe() -> (OwnedFd, Stdio) {
    let (ours, theirs) = std::io::pipe().unwrap();
    (ours.into(), theirs.into())
}

fn terminal() -> (OwnedFd, Stdio) {
    let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    let pty = nix::pty::openpty(&size, None).unwrap();
    let mut mode = termios::tcgetattr(&pty.slave).unwrap();
    termios::cfmakeraw(&mut mode);
    termios::tcsetattr(&pty.slave, termios::SetArg::TCSANOW, &mode).unwrap();
    (pty.master, pty.slave.into())
}
