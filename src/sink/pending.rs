//! Lines waiting to be written.

/// Lines gather to this size before they are worth a system call.
pub(super) const CHUNK: usize = 32 * 1024;

/// Above this size no more messages are taken until some of it is written.
pub(super) const FULL: usize = 1024 * 1024;

/// A queue of bytes.
#[derive(Debug, Default)]
pub(super) struct Pending {
    bytes: Vec<u8>,
    /// Bytes at the front that are already written.
    out: usize,
    /// The queue's start, as an offset in the whole output of the run.
    base: u64,
}

impl Pending {
    /// The buffer to append a line to.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// The queue's end, as an offset in the whole output of the run.
    pub(super) fn end(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    /// How much has been written, as an offset in the whole output of the run.
    pub(super) fn left(&self) -> u64 {
        self.base + self.out as u64
    }

    /// The bytes that are not written yet.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.out..]
    }

    /// Records that `n` more bytes are written.
    pub(super) fn advance(&mut self, n: usize) {
        self.out += n;
        if self.out == self.bytes.len() {
            self.forget_front();
            if self.bytes.capacity() > FULL {
                // Do not keep the memory of one huge message forever.
                self.bytes = Vec::new();
            }
        } else if self.out > self.bytes.len() / 2 && self.out > CHUNK {
            // Drop the written bytes once they outweigh the rest.
            self.forget_front();
        }
    }

    fn forget_front(&mut self) {
        self.bytes.drain(..self.out);
        self.base += self.out as u64;
        self.out = 0;
    }

    /// Drops the lines: the service will send them again.
    pub(super) fn clear(&mut self) {
        *self = Pending { base: self.end(), ..Pending::default() };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_the_output_only_grow() {
        let mut pending = Pending::default();
        pending.buffer().extend_from_slice(&[b'x'; 3 * CHUNK]);
        assert!(pending.has_chunk() && !pending.is_full());
        pending.advance(2 * CHUNK);
        assert_eq!((pending.left(), pending.end()), (2 * CHUNK as u64, 3 * CHUNK as u64));
        assert_eq!(pending.rest().len(), CHUNK, "what is out is forgotten");
        pending.buffer().push(b'\n');
        pending.clear();
        assert_eq!(pending.left(), 3 * CHUNK as u64 + 1);
        assert_eq!((pending.end(), pending.rest()), (pending.left(), &b""[..]));
        pending.buffer().push(b'\n');
        pending.advance(1);
        assert_eq!(pending.left(), 3 * CHUNK as u64 + 2);
    }
}
