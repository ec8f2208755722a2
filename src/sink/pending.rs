//! Lines on their way out, and what each belongs to.

use std::collections::VecDeque;

use super::Receipt;

/// Lines gather to this size before they are worth a system call.
pub(super) const CHUNK: usize = 32 * 1024;

/// Above this no more messages are taken until some of it has left.
const FULL: usize = 1024 * 1024;

/// A queue of bytes with marks in it.
#[derive(Debug, Default)]
pub(super) struct Pending {
    bytes: Vec<u8>,
    /// Bytes at the front that are out already.
    out: usize,
    /// Where in the stream of bytes the queue begins.
    base: u64,
    /// For each message in order: the place its line ends at.
    marks: VecDeque<(u64, Receipt)>,
}

impl Pending {
    /// The buffer a line is appended to.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Everything appended so far belongs to this message or to those marked before.
    pub(super) fn mark(&mut self, receipt: Receipt) {
        self.marks.push_back((self.base + self.bytes.len() as u64, receipt));
    }

    /// Whether every line is out and every message counted.
    pub(super) fn is_empty(&self) -> bool {
        self.rest().is_empty() && self.marks.is_empty()
    }

    /// What has not left yet.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.out..]
    }

    /// So many bytes have left.
    pub(super) fn advance(&mut self, n: usize) {
        self.out += n;
        if self.out == self.bytes.len() {
            self.forget_front();
            if self.bytes.capacity() > FULL {
                // One huge message must not cost its memory for ever.
                self.bytes = Vec::new();
            }
        } else if self.out > self.bytes.len() / 2 && self.out > CHUNK {
            // Before what is out outgrows what is not.
            self.forget_front();
        }
    }

    fn forget_front(&mut self) {
        self.bytes.drain(..self.out);
        self.base += self.out as u64;
        self.out = 0;
    }

    /// The next message, in order, whose line has left completely.
    pub(super) fn next_out(&mut self) -> Option<Receipt> {
        let (end, _) = self.marks.front()?;
        if *end > self.base + self.out as u64 {
            return None;
        }
        self.marks.pop_front().map(|(_, receipt)| receipt)
    }

    /// How many lines wait, whole or in part.
    pub(super) fn lines(&self) -> u64 {
        self.marks.iter().filter(|(_, receipt)| receipt.is_event).count() as u64
    }

    /// The session is gone: the lines stay, their acknowledgements are void.
    pub(super) fn forget_acks(&mut self) {
        for (_, receipt) in &mut self.marks {
            receipt.ack = None;
        }
    }

    /// Forgets lines and marks: the service will send them again.
    pub(super) fn clear(&mut self) {
        *self = Pending::default();
    }

    /// Whether enough has gathered for a write to be worth its system call.
    pub(super) fn has_chunk(&self) -> bool {
        self.rest().len() >= CHUNK
    }

    /// Whether no more messages should be taken for now.
    pub(super) fn is_full(&self) -> bool {
        self.rest().len() >= FULL
    }
}
