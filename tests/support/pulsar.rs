//! A real Apache Pulsar, one per test process or one of a test's own to kill: broker and WebSocket
//! service in one Java process, or the WebSocket proxy apart from the broker, as large services run
//! it.
//!
//! Which version is told by `TAIL8X8_PULSAR_VERSION`. The jars come by Maven (`jars`), every
//! process ends with the test process (`process`), topics are made, filled and read back in
//! `topic`, `producer` and `reading`. TLS and the key check are the gateway's business (`nginx`).

pub mod admin;
pub mod id;
mod jars;
pub mod process;
pub mod producer;
pub mod reading;
pub mod topic;

use std::fmt::{self, Display};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};

use self::admin::Admin;
use self::process::{Process, free_port, tail, wait_until};
use self::topic::Namespace;
use super::scratch::Scratch;
use super::trial;

const STANDALONE: &str = include_str!("../pulsar/standalone.conf");
const WEBSOCKET: &str = include_str!("../pulsar/websocket.conf");

/// A test on the real Pulsar: ignored, with the reason as its kind, where Pulsar cannot run; failed
/// there where `TAIL8X8_REQUIRE_PULSAR=1` says that it must.
pub fn trial(name: &str, test: impl FnOnce() + Send + 'static) -> Trial {
    trial_by(trial::test, name, test)
}

/// The same, while no other trial runs.
pub fn trial_alone(name: &str, test: impl FnOnce() + Send + 'static) -> Trial {
    trial_by(trial::alone, name, test)
}

type Body = Box<dyn FnOnce() -> Result<(), Failed> + Send>;

fn trial_by(
    make: fn(String, Body) -> Trial,
    name: &str,
    test: impl FnOnce() + Send + 'static,
) -> Trial {
    match Pulsar::available() {
        Ok(_) => {
            let body = move || {
                let _log = LogOfShared;
                test();
                Ok(())
            };
            make(name.to_owned(), Box::new(body))
        }
        Err(missing) => {
            let required = std::env::var("TAIL8X8_REQUIRE_PULSAR").is_ok_and(|value| value == "1");
            let kind = missing.clone();
            trial::test(name, move || Err(missing.into()))
                .with_kind(kind)
                .with_ignored_flag(!required)
        }
    }
}

/// A released version, as Maven knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(String);

impl Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a test wants otherwise than usual.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// After which silence the server closes a session; five minutes unless told.
    pub idle_timeout: Option<Duration>,
    /// Compiled for a long life rather than for a quick start.
    pub is_lasting: bool,
    /// Broker and WebSocket proxy as two processes, as large services run them.
    pub is_split: bool,
    /// Any other setting of Pulsar's configuration file, by its name there.
    pub settings: Vec<(&'static str, String)>,
}

/// A Pulsar that runs, until it is dropped.
#[derive(Debug)]
pub struct Pulsar {
    // Above the scratch folder: the processes are gone before their files.
    broker: Option<Process>,
    proxy: Option<Process>,
    ports: Ports,
    options: Options,
    scratch: Scratch,
}

#[derive(Debug)]
struct Ports {
    broker: u16,
    admin: u16,
    /// The same as `admin` while there is no proxy apart.
    websocket: u16,
}

impl Pulsar {
    /// The version to run, or what is missing here to run one.
    pub fn available() -> Result<Version, String> {
        let missing: Vec<&str> =
            ["java", "mvn", "nginx"].into_iter().filter(|name| !installed(name)).collect();
        if missing.is_empty() {
            Ok(version())
        } else {
            Err(format!("{} not installed", missing.join(", ")))
        }
    }

    /// The one all tests share that leave it alive; started by the first, ended with the test
    /// process.
    pub fn shared() -> &'static Pulsar {
        SHARED.get_or_init(|| Pulsar::start(Options::default()))
    }

    /// One of the test's own, which it may kill.
    #[track_caller]
    pub fn start(options: Options) -> Pulsar {
        let admin = free_port();
        let websocket = if options.is_split { free_port() } else { admin };
        let ports = Ports { broker: free_port(), admin, websocket };
        let mut pulsar =
            Pulsar { broker: None, proxy: None, ports, options, scratch: Scratch::new("pulsar") };
        pulsar.run();
        if pulsar.options.is_split {
            pulsar.run_proxy();
        }
        pulsar
    }

    /// Broker and WebSocket proxy as two processes: [`Pulsar::kill`] then kills the broker behind a
    /// living proxy.
    #[track_caller]
    pub fn start_split() -> Pulsar {
        Pulsar::start(Options { is_split: true, ..Options::default() })
    }

    /// Kills the broker with SIGKILL. What it has confirmed is on disk.
    #[track_caller]
    pub fn kill(&mut self) {
        self.broker.take().expect("it runs").end("KILL");
    }

    /// Ends the broker in good order.
    #[track_caller]
    pub fn stop(&mut self) {
        self.broker.take().expect("it runs").end("TERM");
    }

    /// Starts the broker again after [`Pulsar::kill`] or [`Pulsar::stop`], on the same ports and
    /// data.
    #[track_caller]
    pub fn restart(&mut self) {
        assert!(self.broker.is_none(), "it still runs");
        self.run();
    }

    /// Freezes the broker: its connections stay open, and nobody answers.
    #[track_caller]
    pub fn freeze(&mut self) {
        self.broker.as_mut().expect("it runs").signal("STOP");
    }

    /// Lets the broker go on after [`Pulsar::freeze`].
    #[track_caller]
    pub fn thaw(&mut self) {
        self.broker.as_mut().expect("it runs").signal("CONT");
    }

    /// Kills the proxy of [`Pulsar::start_split`] and starts it again on the same port.
    #[track_caller]
    pub fn restart_proxy(&mut self) {
        self.proxy.take().expect("it runs").end("KILL");
        self.run_proxy();
    }

    /// Where the WebSocket service listens: what a gateway stands in front of.
    pub fn websocket_port(&self) -> u16 {
        self.ports.websocket
    }

    pub fn admin(&self) -> Admin {
        Admin::new(self.ports.admin)
    }

    /// Creates the namespace if it is not there yet. A name of its own per test lets all run side
    /// by side.
    #[track_caller]
    pub fn namespace(&self, name: &str) -> Namespace {
        Namespace::create(self.admin(), self.ports.websocket, name)
    }

    /// The processes it consists of.
    pub fn pids(&self) -> Vec<u32> {
        [&self.broker, &self.proxy].into_iter().flatten().map(Process::pid).collect()
    }

    /// What broker and proxy have written so far.
    pub fn log(&self) -> PathBuf {
        self.scratch.join("pulsar.log")
    }

    #[track_caller]
    fn run(&mut self) {
        let configuration = self.configure("standalone.conf", STANDALONE);
        let class = "org.apache.pulsar.PulsarStandaloneStarter";
        // Without functions worker and stream storage, which nobody here asks for.
        let arguments = ["-c", &configuration, "-nfw", "-nss"];
        self.broker = Some(self.java(class, &arguments));
        wait_until("Pulsar answers", || {
            assert!(self.broker.as_ref().unwrap().alive(), "{}", tail(&self.log()));
            self.admin().ready()
        });
    }

    #[track_caller]
    fn run_proxy(&mut self) {
        let configuration = self.configure("websocket.conf", WEBSOCKET);
        let class = "org.apache.pulsar.websocket.service.WebSocketServiceStarter";
        self.proxy = Some(self.java(class, &[&configuration]));
        wait_until("the WebSocket proxy answers", || {
            assert!(self.proxy.as_ref().unwrap().alive(), "{}", tail(&self.log()));
            // It has no admin interface; any HTTP answer will do.
            Admin::new(self.ports.websocket).ask("GET", "tenants", &"").is_ok()
        });
    }

    /// Writes a configuration file from its template and returns its path.
    fn configure(&self, name: &str, template: &str) -> String {
        let Ports { broker, admin, websocket } = self.ports;
        let mut text = template
            .replace("{broker}", &broker.to_string())
            .replace("{admin}", &admin.to_string())
            .replace("{web}", &websocket.to_string())
            .replace("{websocket}", &(admin == websocket).to_string());
        if let Some(limit) = self.options.idle_timeout {
            text += &format!("webSocketSessionIdleTimeoutMillis={}\n", limit.as_millis());
        }
        for (name, value) in &self.options.settings {
            text += &format!("{name}={value}\n");
        }
        let path = self.scratch.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().expect("the temporary folder has a printable name").to_owned()
    }

    fn java(&self, class: &str, arguments: &[&str]) -> Process {
        // The native libraries unpacked here by a process that was killed are not wanted twice.
        let unpacked = self.scratch.join(class);
        let _ = fs::remove_dir_all(&unpacked);
        fs::create_dir_all(&unpacked).unwrap();

        let opened =
            ["java.lang", "java.nio", "sun.net", "jdk.internal.misc", "jdk.internal.loader"];
        let mut command = vec![
            "java".to_owned(),
            "-Xmx512m".to_owned(),
            "-XX:MaxDirectMemorySize=512m".to_owned(),
            "-XX:+UseSerialGC".to_owned(),
            "-XX:-UsePerfData".to_owned(),
            format!("-Djava.io.tmpdir={}", unpacked.display()),
        ];
        if !self.options.is_lasting {
            // It lives for seconds: quick to start beats quick at length.
            command.push("-XX:TieredStopAtLevel=1".to_owned());
        }
        command
            .extend(opened.map(|package| format!("--add-opens=java.base/{package}=ALL-UNNAMED")));
        command.extend(["-cp".to_owned(), jars::class_path(&version()), class.to_owned()]);
        command.extend(arguments.iter().map(ToString::to_string));
        Process::start(&command, self.scratch.path(), &self.log())
    }
}

impl Drop for Pulsar {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}", tail(&self.log()));
        }
    }
}

static SHARED: OnceLock<Pulsar> = OnceLock::new();

/// Shows the shared Pulsar's log when a test fails: being shared, it is not dropped then.
struct LogOfShared;

impl Drop for LogOfShared {
    fn drop(&mut self) {
        if let (true, Some(shared)) = (thread::panicking(), SHARED.get()) {
            eprintln!("{}", tail(&shared.log()));
        }
    }
}

fn version() -> Version {
    Version(std::env::var("TAIL8X8_PULSAR_VERSION").unwrap_or_else(|_| "4.0.7".to_owned()))
}

/// Whether a program is on the path; Debian keeps nginx where ordinary users do not look.
fn installed(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([Path::new("/usr/sbin").to_owned()])
        .any(|folder| folder.join(name).is_file())
}
