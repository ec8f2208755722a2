//! What a finished run left, and the assertions on it. Each failure shows everything.

use std::time::Duration;

#[derive(Clone, Debug)]
#[must_use]
pub struct Output {
    /// The command line, the key left out.
    pub command: String,
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub stdout: Vec<u8>,
    /// Without the lines that only `-v` and `-vv` bring.
    pub stderr: String,
    /// All of stderr.
    pub trace: String,
    pub elapsed: Duration,
}

impl Output {
    /// Stdout as lines. A last line without its newline is a line too: compare [`Output::stdout`]
    /// where that matters.
    pub fn lines(&self) -> Vec<String> {
        lines(&self.stdout)
    }

    #[track_caller]
    pub fn assert_code(&self, code: i32) -> &Output {
        assert!(self.code == Some(code), "expected exit code {code}\n{}", self.whole());
        self
    }

    #[track_caller]
    pub fn assert_signal(&self, signal: nix::sys::signal::Signal) -> &Output {
        assert!(self.signal == Some(signal as i32), "expected death by {signal}\n{}", self.whole());
        self
    }

    #[track_caller]
    pub fn assert_stderr_has(&self, text: &str) -> &Output {
        assert!(self.stderr.contains(text), "stderr lacks {text:?}\n{}", self.whole());
        self
    }

    #[track_caller]
    pub fn assert_stderr_lacks(&self, text: &str) -> &Output {
        assert!(!self.stderr.contains(text), "stderr should not have {text:?}\n{}", self.whole());
        self
    }

    #[track_caller]
    pub fn assert_lines<T: AsRef<str>>(&self, expected: &[T]) -> &Output {
        let lines = self.lines();
        let alike = lines.iter().zip(expected).take_while(|(a, b)| *a == b.as_ref()).count();
        if lines.len() != expected.len() || alike != lines.len() {
            let got = lines.get(alike).map_or("nothing", |line| line);
            let wanted = expected.get(alike).map_or("nothing", AsRef::as_ref);
            panic!(
                "stdout has {} lines instead of {}; line {} is {}, expected {}\n{}",
                lines.len(),
                expected.len(),
                alike + 1,
                shortened(got.as_bytes(), 300),
                shortened(wanted.as_bytes(), 300),
                self.whole()
            );
        }
        self
    }

    /// Nothing on stderr but what was asked for by `-v`.
    #[track_caller]
    pub fn assert_silent(&self) -> &Output {
        assert!(self.stderr.is_empty(), "stderr should be empty\n{}", self.whole());
        self
    }

    /// Everything, for the message of a failed assertion.
    pub fn whole(&self) -> String {
        format!(
            "---- command: {}\n---- code {:?}, signal {:?}, after {:?}\n---- stdout: {}\n---- stderr:\n{}----",
            self.command,
            self.code,
            self.signal,
            self.elapsed,
            shortened(&self.stdout, 2000),
            self.trace
        )
    }
}

pub(super) fn lines(bytes: &[u8]) -> Vec<String> {
    let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if bytes.is_empty() {
        return Vec::new();
    }
    text.split(|&byte| byte == b'\n').map(|line| String::from_utf8_lossy(line).into()).collect()
}

pub(super) fn without_debug(trace: &str) -> String {
    let quiet = |line: &&str| {
        !line.starts_with("tail8x8: debug: ") && !line.starts_with("tail8x8: trace: ")
    };
    trace.split_inclusive('\n').filter(quiet).collect()
}

fn shortened(bytes: &[u8], limit: usize) -> String {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(limit)]);
    match bytes.len() {
        0 => "(nothing)".into(),
        length if length > limit => format!("{head}… ({length} bytes)"),
        _ => head.into(),
    }
}
