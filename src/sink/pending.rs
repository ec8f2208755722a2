//! Lines on their way out.

/// Lines gather to this size before they are worth a system call.
pub(super) const CHUNK: usize = 32 * 1024;

/// Above this no more messages are taken until some of it has left.
const FULL: usize = 1024 * 1024;

/// A queue of bytes.
#[derive(Debug, Default)]
pub(super) struct Pending {
    bytes: Vec<u8>,
    /// Bytes at the front that are out already.
    out: usize,
    /// Where in the whole output of the run the queue begins.
    base: u64,
}

impl Pending {
    /// The buffer a line is appended to.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Where in the whole output of the run the queue ends.
    pub(super) fn end(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    /// Up to where in the whole output of the run everything has left.
    pub(super) fn left(&self) -> u64 {
        self.base + self.out as u64
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

    /// Forgets the lines: the service will send them again.
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
