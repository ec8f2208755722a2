//! A run under way: waiting for what it prints, signals, slow readers, and the end. However it ends,
//! what it printed and left in its folder is searched for the key, and the codes in it are remembered.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::codes;
use super::drain::Drain;
use super::output::{Output, lines, without_debug};
use crate::support::canary;
use crate::support::scratch::Scratch;

/// How long the pipes may take to end after the program did.
const LAST_WORDS: Duration = Duration::from_secs(10);

#[must_use]
pub struct Running {
    pub(super) command: String,
    pub(super) child: Child,
    pub(super) stdout: Arc<Drain>,
    pub(super) stderr: Arc<Drain>,
    pub(super) scratch: Scratch,
    pub(super) limit: Duration,
    pub(super) began: Instant,
    pub(super) explained: Vec<u8>,
    /// Kept open while it runs: a terminal that is closed hangs up.
    pub(super) keyboard: Option<fs::File>,
    pub(super) searched: bool,
}

impl Running {
    /// Waits until stdout has at least `count` lines and gives all complete ones.
    #[track_caller]
    pub fn wait_stdout_lines(&mut self, count: usize) -> Vec<String> {
        let deadline = self.deadline();
        let state = self.stdout.wait_until(Some(deadline), |state| state.lines >= count);
        let got = state.lines;
        let end = memchr::memrchr(b'\n', &state.bytes).map_or(0, |at| at + 1);
        let lines = lines(&state.bytes[..end]);
        drop(state);
        if got < count {
            self.give_up(&format!("stdout had {got} lines instead of {count}"));
        }
        lines
    }

    /// Waits until stderr holds `text`, traces included.
    #[track_caller]
    pub fn wait_stderr(&mut self, text: &str) {
        let deadline = self.deadline();
        let finder = memchr::memmem::Finder::new(text);
        let has = |bytes: &[u8]| finder.find(bytes).is_some();
        let state = self.stderr.wait_until(Some(deadline), |state| has(&state.bytes));
        let found = has(&state.bytes);
        drop(state);
        if !found {
            self.give_up(&format!("stderr never said {text:?}"));
        }
    }

    /// Waits for the end of the program without reading what a paused pipe still holds.
    #[track_caller]
    pub fn wait_exit(&mut self) {
        let deadline = self.deadline();
        while self.is_running() {
            if Instant::now() > deadline {
                self.give_up("did not end");
            }
            std::thread::sleep(Duration::from_millis(3));
        }
    }

    /// Waits until a signal no longer ends it by itself: it is blocked, to be read from a descriptor.
    #[track_caller]
    pub fn wait_until_blocked(&mut self, signal: Signal) {
        let deadline = self.deadline();
        let file = format!("/proc/{}/status", self.pid());
        let is_blocked = |status: String| {
            let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:"));
            let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
            mask.is_some_and(|mask| mask >> (signal as u64 - 1) & 1 == 1)
        };
        while !fs::read_to_string(&file).is_ok_and(is_blocked) {
            if Instant::now() > deadline {
                self.give_up(&format!("never took {signal} over"));
            }
            std::thread::sleep(Duration::from_millis(3));
        }
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The most memory it has had so far, in KiB; `None` once it has ended.
    pub fn peak_memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    }

    pub fn stdout_so_far(&self) -> Vec<u8> {
        self.stdout.state().bytes.clone()
    }

    /// Traces included.
    pub fn stderr_so_far(&self) -> String {
        String::from_utf8_lossy(&self.stderr.state().bytes).into()
    }

    #[track_caller]
    pub fn signal(&mut self, signal: Signal) {
        // Unless it was waited for, the process id is still its own.
        assert!(self.is_running(), "ended before {signal} was sent\n{}", self.so_far().whole());
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// Stops reading stdout: sooner or later the program's writes block.
    pub fn pause_reading(&self) {
        self.stdout.pause(true);
    }

    pub fn resume_reading(&self) {
        self.stdout.pause(false);
    }

    /// Closes our end of stdout, as `| head` does. It is closed only once no child of another trial,
    /// started at this moment and not yet executed, has a copy of it.
    pub fn close_stdout(&self) {
        let pipe = fs::read_link(format!("/proc/{}/fd/1", self.pid()));
        self.stdout.close();
        let limit = Instant::now() + LAST_WORDS;
        while pipe.as_ref().is_ok_and(|pipe| is_held(pipe, self.pid())) && Instant::now() < limit {
            std::thread::sleep(Duration::from_millis(3));
        }
    }

    /// The folder that is its HOME, TMPDIR and working directory.
    pub fn home(&self) -> PathBuf {
        self.scratch.join(super::HOME)
    }

    /// Where [`super::Key::File`] wrote the key; to be replaced while running.
    pub fn key_file(&self) -> PathBuf {
        self.scratch.join(super::KEY_FILE)
    }

    /// Waits for the end, by itself or by a signal sent before.
    #[track_caller]
    pub fn finish(mut self) -> Output {
        self.wait_exit();
        let status = self.child.wait().unwrap();
        self.last_words();
        let output = self.output(Some(status));
        self.search();
        output
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.limit
    }

    #[track_caller]
    fn give_up(&mut self, why: &str) -> ! {
        let output = match self.child.try_wait() {
            Ok(Some(status)) => {
                self.last_words();
                self.output(Some(status))
            }
            _ => self.so_far(),
        };
        let _ = self.child.kill();
        panic!("{why} (limit {:?})\n{}", self.limit, output.whole());
    }

    /// Reads to the end what the ended program had written.
    fn last_words(&self) {
        for drain in [&self.stdout, &self.stderr] {
            drain.pause(false);
            drop(drain.wait_until(Some(Instant::now() + LAST_WORDS), |_| false));
        }
    }

    fn so_far(&self) -> Output {
        self.output(None)
    }

    fn output(&self, status: Option<ExitStatus>) -> Output {
        let trace = self.stderr_so_far();
        Output {
            command: self.command.clone(),
            code: status.and_then(|status| status.code()),
            signal: status.and_then(|status| status.signal()),
            stdout: self.stdout_so_far(),
            stderr: without_debug(&trace),
            trace,
            elapsed: self.began.elapsed(),
        }
    }

    #[track_caller]
    fn search(&mut self) {
        self.searched = true;
        codes::remember(&self.stdout.state().bytes, &self.explained);
        codes::remember(&self.stderr.state().bytes, &self.explained);
        canary::assert_absent("stdout", &self.stdout.state().bytes);
        canary::assert_absent("stderr", &self.stderr.state().bytes);
        search_folder(&self.home());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !self.searched && !std::thread::panicking() {
            self.last_words();
            self.search();
        }
    }
}

/// Whether another process than `own` has an end of `pipe`, as /proc names it.
fn is_held(pipe: &Path, own: u32) -> bool {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let others = processes.filter(|process| {
        let pid = process.file_name().to_string_lossy().parse::<u32>();
        pid.is_ok_and(|pid| pid != own)
    });
    let mut files =
        others.flat_map(|process| fs::read_dir(process.path().join("fd")).into_iter().flatten());
    files.any(|file| file.is_ok_and(|file| fs::read_link(file.path()).is_ok_and(|it| it == pipe)))
}

#[track_caller]
fn search_folder(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        canary::assert_absent("a file's name", path.as_os_str().as_encoded_bytes());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            search_folder(&path);
        } else if kind.is_file()
            && let Ok(bytes) = fs::read(&path)
        {
            canary::assert_absent(&path.display().to_string(), &bytes);
        }
    }
}
