//! WebSocket frames, written here from the RFC so that the service shares no mistake with the client.

pub(super) const CONTINUATION: u8 = 0;
pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;
pub(super) const CLOSE: u8 = 8;
pub(super) const PING: u8 = 9;
pub(super) const PONG: u8 = 10;
pub(super) const FIN: u8 = 0x80;

/// Appends a whole, unmasked frame.
pub(super) fn append(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    append_raw(out, FIN | opcode, payload);
}

/// The same with any first byte: no FIN, reserved bits, opcodes that do not exist.
pub(super) fn append_raw(out: &mut Vec<u8>, first: u8, payload: &[u8]) {
    head(out, first, payload.len() as u64);
    out.extend_from_slice(payload);
}

/// Only the head, of a frame that claims to be so long.
pub(super) fn head(out: &mut Vec<u8>, first: u8, length: u64) {
    out.push(first);
    match length {
        0..126 => out.push(length as u8),
        126..65_536 => {
            out.push(126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&length.to_be_bytes());
        }
    }
}

pub(super) fn append_close(out: &mut Vec<u8>, code: Option<u16>, reason: &str) {
    let mut body = Vec::new();
    if let Some(code) = code {
        body.extend_from_slice(&code.to_be_bytes());
        body.extend_from_slice(reason.as_bytes());
    }
    append(out, CLOSE, &body);
}

/// Takes the client's frames off a growing buffer.
#[derive(Debug, Default)]
pub(super) struct Frames {
    buffer: Vec<u8>,
    /// Where the next frame begins: moving the rest after each one would be quadratic.
    at: usize,
    message: Vec<u8>,
    opcode: u8,
}

impl Frames {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.at);
        self.at = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message or control frame. Panics at what no client may send.
    pub(super) fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            let rest = &self.buffer[self.at..];
            let (&[first, second], after) = rest.split_first_chunk::<2>()?;
            assert!(first & 0x70 == 0, "the client set reserved bits: {first:#x}");
            assert!(second & 0x80 != 0, "the client sent a frame without a mask");
            let (length, after) = match second & 0x7f {
                126 => {
                    let (length, after) = after.split_first_chunk()?;
                    (u64::from(u16::from_be_bytes(*length)), after)
                }
                127 => {
                    let (length, after) = after.split_first_chunk()?;
                    (u64::from_be_bytes(*length), after)
                }
                short => (u64::from(short), after),
            };
            let (mask, after) = after.split_first_chunk::<4>()?;
            let masked = after.get(..usize::try_from(length).unwrap())?;
            let payload: Vec<u8> =
                masked.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
            self.at += rest.len() - after.len() + masked.len();

            let (opcode, whole) = (first & 0x0f, first & FIN != 0);
            match opcode {
                CLOSE | PING | PONG => {
                    assert!(whole && payload.len() < 126, "the client sent a bad control frame");
                    return Some((opcode, payload));
                }
                TEXT | BINARY => (self.opcode, self.message) = (opcode, payload),
                CONTINUATION => self.message.extend(payload),
                _ => panic!("the client sent the unknown opcode {opcode}"),
            }
            if whole {
                return Some((self.opcode, std::mem::take(&mut self.message)));
            }
        }
    }
}
