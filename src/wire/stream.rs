//! The stream that the WebSocket runs over: the wire itself, or TLS over it.

use std::io::{self, ErrorKind, Read, Write};

use native_tls::TlsStream;

use super::Wire;

/// A connection to the server; with TLS, its certificate is already checked.
#[derive(Debug)]
pub(crate) struct Stream {
    transport: Transport,
    /// An end or error found while gathering records; the bytes before it are returned first.
    held: Option<io::Result<usize>>,
    /// How many bytes have been read, without those of TLS itself.
    received: u64,
}

#[derive(Debug)]
enum Transport {
    Plain(Box<Wire>),
    Tls(Box<TlsStream<Wire>>),
}

/// A stream that runs over a wire, and gives access to it.
pub(crate) trait OverWire: Read + Write {
    fn wire(&self) -> &Wire;
    fn wire_mut(&mut self) -> &mut Wire;

    /// How many bytes have arrived and can be read without reading from the socket again.
    fn ahead(&self) -> usize;
}

impl Stream {
    /// A connection without TLS.
    pub(crate) fn plain(wire: Wire) -> Stream {
        Stream { transport: Transport::Plain(Box::new(wire)), held: None, received: 0 }
    }

    /// A connection whose handshake is done.
    pub(crate) fn tls(stream: TlsStream<Wire>) -> Stream {
        Stream { transport: Transport::Tls(Box::new(stream)), held: None, received: 0 }
    }

    /// How many bytes have been read, without those of TLS itself.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    fn read_once(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &mut self.transport {
            Transport::Plain(wire) => wire.read(out),
            Transport::Tls(tls) => tls.read(out),
        }
    }
}

impl OverWire for Wire {
    fn wire(&self) -> &Wire {
        self
    }

    fn wire_mut(&mut self) -> &mut Wire {
        self
    }

    fn ahead(&self) -> usize {
        self.buffered().len()
    }
}

impl OverWire for Stream {
    fn wire(&self) -> &Wire {
        match &self.transport {
            Transport::Plain(wire) => wire,
            Transport::Tls(tls) => tls.get_ref(),
        }
    }

    fn wire_mut(&mut self) -> &mut Wire {
        match &mut self.transport {
            Transport::Plain(wire) => wire,
            Transport::Tls(tls) => tls.get_mut(),
        }
    }

    fn ahead(&self) -> usize {
        match &self.transport {
            Transport::Plain(wire) => wire.buffered().len(),
            Transport::Tls(tls) => tls.buffered_read_size().unwrap_or(0),
        }
    }
}

impl Read for Stream {
    /// Gathers TLS records until `out` is full or no more are ready: the WebSocket layer clears its
    /// whole buffer before each read, so a few large reads are cheaper.
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let Some(held) = self.held.take() {
            return held;
        }
        let mut n = self.read_once(out)?;
        while n > 0 && n < out.len() {
            match self.read_once(&mut out[n..]) {
                Ok(more) if more > 0 => n += more,
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                end => {
                    self.held = Some(end);
                    break;
                }
            }
        }
        self.received += n as u64;
        Ok(n)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.transport {
            Transport::Plain(wire) => wire.write(bytes),
            Transport::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.transport {
            Transport::Plain(wire) => wire.flush(),
            Transport::Tls(tls) => tls.flush(),
        }
    }
}
