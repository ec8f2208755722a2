//! The parts of HTTP/1.1 that a CONNECT and an upgrade need: the head of an answer and the
//! beginning of its body.

use std::io::{self, ErrorKind, Read};

use super::halt::Halt;
use super::head;
use super::response::Response;
use super::step::StepContext;
use crate::secret::CUT;
use crate::wire::OverWire;

pub(crate) const USER_AGENT: &str = concat!("tail8x8/", env!("CARGO_PKG_VERSION"));

/// How much of a refusal's body is worth reading.
const BODY_LIMIT: usize = 8 * 1024;

/// Why there is no answer to read.
#[derive(Debug)]
pub(super) enum BadHead {
    Io(io::Error),
    /// The answer is not HTTP/1.x; the text says what it looks like.
    NotHttp(String),
}

/// The head of an answer, as far as it has arrived.
#[derive(Debug)]
pub(super) struct Head {
    bytes: Vec<u8>,
    /// How long those before it were.
    skipped: usize,
    /// More than this is not read.
    limit: usize,
}

impl Head {
    pub(super) fn new(limit: usize) -> Head {
        Head { bytes: Vec::with_capacity(1024), skipped: 0, limit }
    }

    /// Reads up to the empty line, byte by byte, because the bytes after it belong to another
    /// reader. They come from a buffer below, so this costs no system calls.
    ///
    /// # Errors
    /// `WouldBlock` if more bytes must arrive first; call it again then.
    pub(super) fn read(&mut self, stream: &mut impl OverWire) -> Result<Response, BadHead> {
        while !self.bytes.ends_with(b"\n\r\n") && !self.bytes.ends_with(b"\n\n") {
            let mut byte = [0];
            match stream.read(&mut byte) {
                Ok(0) => return Err(BadHead::Io(self.cut_short())),
                Ok(_) => self.bytes.push(byte[0]),
                Err(e) => return Err(BadHead::Io(e)),
            }
            let seen = self.bytes.len().min(7);
            if self.bytes[..seen] != b"HTTP/1."[..seen] {
                let mut more = vec![0; stream.ahead().min(60)];
                let n = stream.read(&mut more).unwrap_or(0);
                self.bytes.extend_from_slice(&more[..n]);
                return Err(BadHead::NotHttp(name_protocol(&self.bytes)));
            }
            if self.skipped + self.bytes.len() > self.limit {
                let kib = self.limit / 1024;
                let cause = format!("the answer's head is longer than {kib} KiB");
                return Err(BadHead::NotHttp(cause));
            }
        }
        let unable = |e| BadHead::NotHttp(format!("the answer is not valid HTTP: {e}"));
        head::parse(&self.bytes).map_err(unable)
    }

    /// Forgets this head, because another follows.
    fn skip(&mut self) {
        self.skipped += self.bytes.len();
        self.bytes.clear();
    }

    fn cut_short(&self) -> io::Error {
        match self.bytes.len() {
            0 => ErrorKind::UnexpectedEof.into(),
            n => {
                let cause = format!("closed inside the answer's head, after {n} bytes");
                io::Error::new(ErrorKind::UnexpectedEof, cause)
            }
        }
    }
}

/// Reads the head of an answer, and skips those of 100 to 199 before it, all but 101 (RFC 9110 section
/// 15.2). They count towards the limit, in bytes.
///
/// # Errors
/// Those of [`StepContext::wait`]; the inner result holds any other error.
pub(super) fn head(
    stream: &mut impl OverWire,
    limit: usize,
    on: &mut StepContext<'_>,
) -> Result<Result<Response, BadHead>, Halt> {
    let mut head = Head::new(limit);
    loop {
        match head.read(stream) {
            Err(BadHead::Io(e)) if e.kind() == ErrorKind::WouldBlock => {
                on.wait(stream.wire_mut())?
            }
            Ok(Response { status: 100 | 102..=199, .. }) => head.skip(),
            result => return Ok(result),
        }
    }
}

/// Reads the beginning of an answer's body. If anything goes wrong (a body cut short, the deadline,
/// a stop), it keeps what has arrived.
pub(super) fn body(response: &mut Response, stream: &mut impl OverWire, on: &mut StepContext<'_>) {
    let mut body = Body::of(response);
    let is_whole = matches!(on.drive(stream, |stream| body.read(stream)), Ok(Ok(true)));
    response.body = body.into_bytes(is_whole);
}

/// The part of an answer's body that has arrived and is worth reading.
#[derive(Debug)]
pub(super) struct Body {
    bytes: Vec<u8>,
    wanted: usize,
    has_length: bool,
    is_chunked: bool,
}

impl Body {
    /// An empty body of the length that this head announces.
    pub(super) fn of(response: &Response) -> Body {
        let length = response.header("Content-Length").and_then(|v| v.trim().parse::<usize>().ok());
        let is_chunked = response.has_token("Transfer-Encoding", "chunked");
        // The chunked coding itself takes a few bytes more.
        let wanted = length.filter(|_| !is_chunked).unwrap_or(2 * BODY_LIMIT).min(2 * BODY_LIMIT);
        Body { bytes: Vec::new(), wanted, has_length: length.is_some(), is_chunked }
    }

    /// Reads up to the end of the body. Returns whether the end was where the head said.
    ///
    /// # Errors
    /// `WouldBlock` if more bytes must arrive first; call it again then.
    pub(super) fn read(&mut self, stream: &mut impl Read) -> io::Result<bool> {
        while self.bytes.len() < self.wanted
            && !(self.is_chunked && self.bytes.ends_with(b"0\r\n\r\n"))
        {
            let mut chunk = vec![0; self.wanted - self.bytes.len()];
            match stream.read(&mut chunk)? {
                0 => return Ok(!self.has_length && !self.is_chunked),
                n => self.bytes.extend_from_slice(&chunk[..n]),
            }
        }
        Ok(true)
    }

    /// The bytes that arrived, without their chunked coding. A body that was cut short is accepted,
    /// because it only explains a refusal; it ends with [`CUT`].
    pub(super) fn into_bytes(self, is_whole: bool) -> Vec<u8> {
        let mut bytes = if self.is_chunked { dechunked(&self.bytes) } else { self.bytes };
        if !is_whole || bytes.len() > BODY_LIMIT {
            bytes.truncate(BODY_LIMIT);
            bytes.extend_from_slice(CUT.encode_utf8(&mut [0; 4]).as_bytes());
        }
        bytes
    }
}

/// The data of the chunks that arrived (RFC 9112 section 7.1).
fn dechunked(mut coded: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    while let Ok(httparse::Status::Complete((start, size))) = httparse::parse_chunk_size(coded) {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let chunk = &coded[start..];
        data.extend_from_slice(&chunk[..size.min(chunk.len())]);
        match chunk.get(size.saturating_add(2)..) {
            Some(rest) if size > 0 => coded = rest,
            _ => break,
        }
    }
    data
}

/// Names the protocol that answered instead of HTTP, by its first bytes.
fn name_protocol(head: &[u8]) -> String {
    match head {
        [0x05, ..] => "the port speaks SOCKS, not HTTP".to_owned(),
        [0x15 | 0x16, ..] => "the port speaks TLS, not plain HTTP".to_owned(),
        _ => format!("the answer is not HTTP; it begins with {}", quoted(head)),
    }
}

/// The first line of an answer as quoted text, cut to 60 bytes.
pub(super) fn quoted(first: &[u8]) -> String {
    let end = memchr::memchr(b'\n', first);
    let line = &first[..end.unwrap_or(first.len()).min(60)];
    let text = String::from_utf8_lossy(line).trim_end().to_owned();
    let is_whole = end == Some(line.len());
    if is_whole {
        format!("{text:?}")
    } else {
        format!("{:?}", text + CUT.encode_utf8(&mut [0; 4]))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    use super::*;
    use crate::wire::Wire;

    #[test]
    fn a_chunked_body_loses_its_coding_even_when_cut_short() {
        assert_eq!(dechunked(b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), b"hello world");
        assert_eq!(dechunked(b"5\r\nhello\r\n6\r\n wo"), b"hello wo");
        assert_eq!(dechunked(b""), b"");
    }

    /// Bytes that have arrived, and a socket that gives no more.
    struct Arrived<'a>(&'a [u8], Wire);

    impl Read for Arrived<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.0.read(out)
        }
    }

    impl Write for Arrived<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl OverWire for Arrived<'_> {
        fn wire(&self) -> &Wire {
            &self.1
        }

        fn wire_mut(&mut self) -> &mut Wire {
            &mut self.1
        }

        fn ahead(&self) -> usize {
            self.0.len()
        }
    }

    fn parse_all(bytes: &[u8]) -> Result<Response, BadHead> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let socket = TcpStream::connect(listener.local_addr().expect("bound")).expect("connected");
        Head::new(1000).read(&mut Arrived(bytes, Wire::new(socket)))
    }

    #[test]
    fn what_is_no_http_is_named() {
        let cause = |bytes: &[u8]| match parse_all(bytes) {
            Err(BadHead::NotHttp(cause)) => cause,
            other => panic!("{other:?}"),
        };
        assert!(cause(&[5, 0xff]).contains("SOCKS"));
        assert!(cause(&[0x15, 3, 3]).contains("TLS"));
        assert!(cause(b"220 mail ESMTP\r\nmore").contains(r#"begins with "220 mail ESMTP""#));
        assert!(cause(b"HTTP/1.1 boo\r\n\r\n").contains("not valid HTTP"));
        let long = [b"HTTP/1.1 200 OK\r\nA: ".as_slice(), &[b'x'; 2000]].concat();
        assert!(cause(&long).contains("longer"));
    }
}
