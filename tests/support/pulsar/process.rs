//! A foreign process that cannot outlive its test: it runs under a small shell which kills it when
//! its standard input closes, and that happens however the test process ends, by a panic, an abort
//! or `kill -9`.
//!
//! What the process is and when it is ready is left to the callers.

use std::fmt::Display;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Longest wait for a process to start or to end, on a machine busy with other tests.
pub const LIMIT: Duration = Duration::from_secs(300);

/// Each line read is a signal to pass on; `KEEP` spares the folder at the end.
const GUARD: &str = r#"folder=$1 log=$2; shift 2
"$@" </dev/null >>"$log" 2>&1 &
child=$!
echo $child
while read -r word; do
    case $word in
        KEEP) folder= ;;
        *) kill -s "$word" $child ;;
    esac
done
kill -s KILL $child
wait $child
[ -z "$folder" ] || rm -rf "$folder"
"#;

/// A running process, ended when dropped.
#[derive(Debug)]
pub struct Process {
    guard: Child,
    control: Option<ChildStdin>,
    pid: u32,
}

impl Process {
    /// Starts `command` (program and arguments) in `home`, which is removed if the test process
    /// ends first. Output is appended to `log`.
    #[track_caller]
    pub fn start(command: &[String], home: &Path, log: &Path) -> Process {
        let mut guard = Command::new("sh")
            .args(["-c", GUARD, "guard"])
            .args([home, log])
            .args(command)
            .current_dir(home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // A Ctrl-C at the terminal must not end the guard before what it guards.
            .process_group(0)
            .spawn()
            .expect("sh is there");
        let control = guard.stdin.take();
        let mut pid = String::new();
        BufReader::new(guard.stdout.take().unwrap()).read_line(&mut pid).unwrap();
        let pid = pid.trim().parse().expect("the guard tells the process id first");
        Process { guard, control, pid }
    }

    /// Sends a signal by its name without `SIG`: `TERM`, `STOP`, `CONT`.
    pub fn signal(&mut self, name: &str) {
        let control = self.control.as_mut().expect("only ending the process takes it");
        writeln!(control, "{name}").expect("the guard lives as long as its input is open");
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether it still runs; a process that ended is a zombie until the guard reaps it.
    pub fn alive(&self) -> bool {
        let Ok(stat) = fs::read_to_string(format!("/proc/{}/stat", self.pid)) else { return false };
        let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
        !matches!(state, Some('Z' | 'X'))
    }

    /// Ends it by a signal, waits until it is gone, and leaves its folder.
    #[track_caller]
    pub fn end(mut self, signal: &str) {
        self.signal("KEEP");
        self.signal(signal);
        wait_until(&format!("the process ends after SIG{signal}"), || !self.alive());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.control.take());
        let _ = self.guard.wait();
    }
}

/// A port nobody listens on, for programs which cannot be given 0 since they must come back on the
/// same one. It lies below the ports the system deals out: there a client that retries on a dead
/// port may connect to itself.
#[track_caller]
pub fn free_port() -> u16 {
    let mut candidates = (0..1000).map(|_| 15_000 + (getrandom::u32().unwrap() % 15_000) as u16);
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    candidates.find(free).expect("one port in a thousand is free")
}

/// Polls a condition and fails the test when it does not hold in time.
#[track_caller]
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    retry(what, || if condition() { Ok(()) } else { Err("") });
}

/// Tries until it works, and fails the test with the last error when it does not in time.
#[track_caller]
pub fn retry<T, E: Display>(what: &str, mut attempt: impl FnMut() -> Result<T, E>) -> T {
    let start = Instant::now();
    loop {
        match attempt() {
            Ok(value) => return value,
            Err(last) => assert!(start.elapsed() < LIMIT, "not within {LIMIT:?}: {what} {last}"),
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// The end of a log file, for the message of a failed test.
pub fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_else(|error| error.to_string());
    let lines: Vec<&str> = text.lines().collect();
    // The lines of a Java program can be endless, and so can their number.
    let last =
        lines[lines.len().saturating_sub(20)..].iter().map(|line| line.chars().take(300).collect());
    format!("the last lines of {}:\n{}", log.display(), last.collect::<Vec<String>>().join("\n"))
}
