//! The file for messages that cannot be decoded: one JSON object per line. It is created at the
//! first reject.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::appender::Appender;
use super::pending::FULL;
use super::refused;
use crate::fault::Failure;
use crate::files::{self, FilePlace};

/// The line of a message that cannot be decoded.
pub(super) fn line(id: Option<&str>, reason: &str, frame: Option<&[u8]>) -> String {
    let text = frame.and_then(|frame| std::str::from_utf8(frame).ok());
    let binary = frame.filter(|_| text.is_none()).map(|frame| STANDARD.encode(frame));
    let mut object =
        json!({"reason": reason, "messageId": id, "frame": text, "frameBase64": binary});
    if let Some(object) = object.as_object_mut() {
        object.retain(|_, value| !value.is_null());
    }
    format!("{object}\n")
}

/// Rejects on their way to their file.
#[derive(Debug)]
pub(super) struct Rejects {
    path: PathBuf,
    /// The file is named after the output.
    is_beside: bool,
    mode: u32,
    durable: bool,
    open: Option<Appender>,
    /// Lines that wait until the output before them is written, each with its message's offset in
    /// the output.
    waiting: VecDeque<(u64, String)>,
    /// How many bytes these are.
    waiting_bytes: usize,
    /// Lines that can be written now.
    pending: Vec<u8>,
}

impl Rejects {
    pub(super) fn new(path: PathBuf, is_beside: bool, mode: u32, durable: bool) -> Rejects {
        Rejects {
            path,
            is_beside,
            mode,
            durable,
            open: None,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            pending: Vec::new(),
        }
    }

    /// Adds the line of a message at this offset of the output.
    pub(super) fn add(&mut self, at: u64, line: String) {
        self.waiting_bytes += line.len();
        self.waiting.push_back((at, line));
    }

    /// Whether no more messages should be taken until some of the lines are written.
    pub(super) fn is_full(&self) -> bool {
        self.waiting_bytes + self.pending.len() >= FULL
    }

    /// The output is written up to this offset, so the lines up to there can be written too.
    pub(super) fn wrote(&mut self, end: u64) {
        while self.waiting.front().is_some_and(|(at, _)| *at <= end)
            && let Some((_, line)) = self.waiting.pop_front()
        {
            self.waiting_bytes -= line.len();
            self.pending.extend_from_slice(line.as_bytes());
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file, for people.
    pub(super) fn shown(&self) -> String {
        format!("rejects {}", self.path.display())
    }

    /// Writes the lines that can be written.
    ///
    /// # Errors
    /// Those of the file system; the rest stays pending.
    pub(super) fn write(&mut self) -> Result<(), Failure> {
        self.append().map_err(|e| refused(self.shown(), &e))
    }

    fn append(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let open = match &mut self.open {
            Some(open) => open,
            None => self.open.insert(Appender::open(&self.path, self.mode, self.durable)?),
        };
        let (written, result) = open.append(&self.pending);
        self.pending.drain(..written);
        result
    }

    /// Syncs the file, so that its lines survive a power loss.
    ///
    /// # Errors
    /// Those of fdatasync(2).
    pub(super) fn sync(&mut self) -> Result<(), Failure> {
        let result = self.open.as_mut().map_or(Ok(()), Appender::sync);
        result.map_err(|e| refused(self.shown(), &e))
    }

    /// Whether the open file has no name any more.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn is_gone(&self) -> io::Result<bool> {
        self.open.as_ref().map_or(Ok(false), Appender::is_gone)
    }

    /// Whether lines since the last sync may be lost, and the descriptor dead.
    pub(super) fn is_suspect(&self) -> bool {
        self.open.as_ref().is_some_and(Appender::is_suspect)
    }

    /// Whether a place saved in a cursor is the open file.
    pub(super) fn is(&self, place: &FilePlace) -> bool {
        self.open.as_ref().is_some_and(|open| open.is(place))
    }

    /// Opens the file anew at the next reject.
    pub(super) fn renew(&mut self) {
        self.open = None;
    }

    /// Reopens the file at the next reject. If it is named after the output, it moves to `beside`.
    pub(super) fn reopen(&mut self, beside: PathBuf) {
        self.renew();
        if self.is_beside {
            self.path = beside;
        }
    }

    /// The file's place, as it is saved in a cursor.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn place(&self) -> io::Result<FilePlace> {
        match &self.open {
            Some(open) => open.place(),
            None => files::place(&self.path),
        }
    }

    /// Drops lines that were not written: their messages arrive again.
    pub(super) fn forget(&mut self) {
        self.waiting.clear();
        self.waiting_bytes = 0;
        self.pending.clear();
    }
}
