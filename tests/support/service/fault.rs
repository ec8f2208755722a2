//! Everything that can go wrong between the program and the service, by name: one variant each, and
//! below what it does on the wire. A fault strikes at one stage; before and after, all is normal.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use super::answer::Body;
use super::frames;
use super::odd::Odd;
use super::peer::Peer;
use super::says::Place;
use super::wire::{Ending, Socket, Wire};
use crate::support::ca::Leaf;

#[derive(Clone, Debug)]
pub enum Fault {
    /// None: the connection is served as it should be.
    None,

    // TCP
    /// Nobody listens on the port. For a whole service only (`Service::with`).
    Refuse,
    /// The port listens, but its queue is full: no answer at all. For a whole service only.
    BacklogFull,
    /// Accepted, then RST: noticed while still connecting or in TLS, whichever comes first.
    ResetAfterAccept,
    /// Accepted, then FIN.
    CloseAfterAccept,
    /// Accepted, then silence.
    SilentAfterAccept,

    // TLS
    /// A web server without TLS: answers the handshake with a page.
    SpeaksHttp,
    /// A mail server: greets first.
    SpeaksSmtp,
    /// Some bytes that are nothing.
    SpeaksGarbage,
    /// Another certificate: expired, of another name, by another CA …
    Certificate(Leaf),
    /// The first record of an answer, a byte per 100 ms.
    TlsDrips,
    /// Silence after the client's hello.
    TlsSilent,
    /// FIN after the client's hello.
    TlsEof,
    /// FIN in the middle of the server's hello.
    TlsEofInHello,
    /// RST after the client's hello.
    TlsReset,
    /// Alert 40: no common cipher, or policy.
    TlsHandshakeFailure,
    /// Alert 70: the server is too old.
    TlsTooOld,
    /// Alert 112: this name is not served here.
    TlsUnrecognizedName,
    /// Alert 49: a firewall's policy.
    TlsAccessDenied,
    /// Alert 80: the server's own trouble.
    TlsInternalError,
    /// A client certificate is demanded (TLS 1.3: noticed only after the handshake).
    ClientCertificate,

    // Upgrade
    /// This status with this body; 301 and 302 lead to a portal, 401 asks for a key.
    Status(u16, Body),
    /// This status with `Retry-After` in seconds.
    RetryAfter(u16, u64),
    /// 101 with somebody else's `Sec-WebSocket-Accept`.
    WrongAccept,
    /// 101 without `Sec-WebSocket-Accept`.
    MissingAccept,
    /// 101 without `Upgrade`.
    MissingUpgrade,
    /// 101 without `Connection`.
    MissingConnection,
    /// `Connection: keep-alive, Upgrade`: legal.
    KeepAliveUpgrade,
    /// Header names in lower case, values with odd case and spaces: legal.
    LowerCaseHead,
    /// The first frame in the same bytes as the 101: legal.
    GluedFrame,
    /// A good 101, a byte per 100 ms.
    HeadDrips,
    /// A good 101 in pieces of three bytes: legal.
    HeadInPieces,
    /// A head of more than 64 KiB.
    HeadTooLarge,
    /// A 101 with 130 headers.
    ManyHeaders,
    /// A 101 with more lines, as odd as they are.
    MoreLines(&'static str),
    /// A 101 whose lines end without a carriage return.
    BareLines,
    /// 100 and 103 before the 101: legal.
    EarlyHints,
    /// These bytes as the whole answer.
    Answers(&'static str),
    /// `HTTP/1.0 200 OK`.
    Http10,
    /// Bytes that are no HTTP.
    UpgradeGarbage,
    /// The preface of HTTP/2.
    Http2Preface,
    /// FIN instead of an answer.
    UpgradeEof,
    /// FIN in the middle of the head.
    UpgradeEofInHead,
    /// RST instead of an answer.
    UpgradeReset,
    /// No answer.
    UpgradeSilent,

    // Stream, after as many messages as `Builder::fault_after` says
    /// A close frame; also codes nobody may send (3, 5, 999, 1005).
    Close(u16, &'static str),
    /// A close frame without a code.
    CloseWithoutCode,
    /// A close frame of one byte: illegal.
    CloseOneByte,
    /// A close frame whose reason is not UTF-8: illegal.
    CloseNotUtf8,
    /// A close frame, then more data.
    DataAfterClose,
    /// A close frame, and the connection is kept open whatever the client does.
    CloseAndLinger,
    /// FIN between two frames.
    Eof,
    /// FIN between two frames, without a word of TLS.
    RudeEof,
    /// FIN in the middle of a frame.
    EofInFrame,
    /// RST between two frames.
    Reset,
    /// RST in the middle of a frame.
    ResetInFrame,
    /// A frame with a mask.
    Masked,
    /// A frame with reserved bits.
    ReservedBits,
    /// A frame of opcode 3.
    BadOpcode,
    /// A ping of 126 bytes.
    BigControl,
    /// A ping in two fragments.
    FragmentedControl,
    /// A continuation of nothing.
    StrayContinuation,
    /// A page of HTML in place of a frame.
    HtmlInStream,
    /// A TLS record that nobody encrypted.
    BrokenRecord,
    /// A text frame that is not UTF-8, then all is normal.
    NotUtf8Text,
    /// The head of a message of 1 TiB.
    OversizeClaim,
    /// Silence for ever; the connection stays, nothing is read.
    Freeze,
    /// Pings are not answered; all else is.
    NoPongs,
    /// An odd message, then all is normal.
    Odd(Odd),
    /// The stream is a peer's that means harm.
    Peer(Peer),
    /// The next message comes slowly, but steadily: 8 KiB per 100 ms.
    SlowMessage,
    /// Acknowledgements are read and do not count: the window stays full.
    AcksLost,
    /// The first acknowledgement is answered by Close 1011.
    AcksRefused,
    /// `unsubscribe` ends the session and the subscription stays, as with another consumer connected.
    UnsubscribeRefused,
    /// After `unsubscribe` nothing more is answered.
    UnsubscribeSilent,

    // Stream, from its beginning
    /// Every message in three fragments, with a ping between them: legal.
    Fragmented,
    /// Every message as a binary frame: legal.
    Binary,
    /// Every frame in pieces of 7 bytes: legal.
    FramesInPieces,

    // Everywhere
    /// This text stands at this place. An answer that holds it refuses the upgrade with 503.
    Says(Place, String),
    /// Whatever the server says, also in TLS, is a byte per 2 ms: slow, and legal.
    Trickles,
}

/// What follows the bytes of a stream fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    GoOn,
    End(Ending),
    AwaitClose,
    Freeze,
}

const DRIP: Duration = Duration::from_millis(100);

/// A handshake record of 16 KiB and the head of a server's hello in it: what follows is awaited.
const HELLO_HEAD: &[u8] = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03";

impl Fault {
    /// Faults that strike before TLS: the connection ends with them.
    pub(super) fn instead_of_tls(&self, socket: &mut Socket) -> Option<Ending> {
        let alert = |code: u8| Some([21, 3, 3, 0, 2, 2, code]);
        let alert = match self {
            Fault::TlsHandshakeFailure => alert(40),
            Fault::TlsAccessDenied => alert(49),
            Fault::TlsTooOld => alert(70),
            Fault::TlsInternalError => alert(80),
            Fault::TlsUnrecognizedName => alert(112),
            _ => None,
        };
        let ending = match self {
            Fault::ResetAfterAccept => Ending::Reset,
            Fault::CloseAfterAccept => Ending::RudeFin,
            Fault::SilentAfterAccept => silence(socket),
            Fault::SpeaksHttp => {
                hear(socket);
                say(socket, PLAIN_PAGE)
            }
            Fault::SpeaksSmtp => say(socket, b"220 mail.8x8.test ESMTP ready\r\n"),
            Fault::SpeaksGarbage => {
                hear(socket);
                say(socket, b"\x00\x01\x02 hello, this is nothing \xff\xfe\r\n\r\n")
            }
            Fault::TlsSilent => {
                hear(socket);
                silence(socket)
            }
            Fault::TlsEof => {
                hear(socket);
                Ending::RudeFin
            }
            Fault::TlsEofInHello => {
                hear(socket);
                say(socket, HELLO_HEAD)
            }
            Fault::TlsReset => {
                hear(socket);
                Ending::Reset
            }
            Fault::TlsDrips => {
                hear(socket);
                drip(socket, &[HELLO_HEAD, &[0; 16_384]].concat())
            }
            _ => {
                let alert = alert?;
                hear(socket);
                say(socket, &alert)
            }
        };
        Some(ending)
    }

    /// Faults that strike once the request has been read: the connection ends with them.
    pub(super) fn instead_of_upgrade(&self, wire: &mut Wire) -> Option<Ending> {
        Some(match self {
            Fault::Http10 => {
                say(wire, b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<html></html>")
            }
            Fault::Answers(answer) => say(wire, answer.as_bytes()),
            Fault::UpgradeGarbage => say(wire, b"\x00\x01\x02\xff no http \r\n\r\n"),
            Fault::Http2Preface => {
                say(wire, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00")
            }
            Fault::UpgradeEof => Ending::Fin,
            Fault::UpgradeEofInHead => say(wire, b"HTTP/1.1 101 Switching Protocols\r\nUpgr"),
            Fault::UpgradeReset => Ending::Reset,
            Fault::Says(place, text) => say(wire, &place.answer(503, text)?),
            Fault::UpgradeSilent => match wire.socket().remote.pause(None) {
                Ok(()) => Ending::Fin,
                Err(ending) => ending,
            },
            _ => return None,
        })
    }

    /// The head of the 101, which may have its faults.
    pub(super) fn head(&self, common: &str, accept: &str) -> String {
        let mut upgrade = "Upgrade: websocket\r\n";
        let mut connection = "Connection: Upgrade\r\n";
        let mut accept = format!("Sec-WebSocket-Accept: {accept}\r\n");
        let mut more = String::new();
        let mut before = "";
        match self {
            Fault::MoreLines(lines) => more = (*lines).into(),
            Fault::EarlyHints => before = EARLY_HINTS,
            Fault::WrongAccept => {
                accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n".into()
            }
            Fault::MissingAccept => accept.clear(),
            Fault::MissingUpgrade => upgrade = "",
            Fault::MissingConnection => connection = "",
            Fault::KeepAliveUpgrade => connection = "Connection: keep-alive, Upgrade\r\n",
            Fault::LowerCaseHead => {
                upgrade = "upgrade:   WebSocket  \r\n";
                connection = "connection:upgrade\r\n";
                accept = accept.replacen("Sec-WebSocket-Accept", "sec-websocket-accept", 1);
            }
            Fault::HeadTooLarge => more = format!("X-Long: {}\r\n", "a".repeat(70_000)),
            Fault::ManyHeaders => {
                more = (0..130).map(|number| format!("X-Number-{number}: {number}\r\n")).collect();
            }
            Fault::Says(place, text) => more = place.headers(text),
            _ => {}
        }
        let head = format!(
            "{before}HTTP/1.1 101 Switching Protocols\r\n{common}{upgrade}{connection}{accept}{more}\r\n"
        );
        match self {
            Fault::BareLines => head.replace("\r\n", "\n"),
            _ => head,
        }
    }

    /// Sends the head the way the fault wants it.
    pub(super) fn send_head(&self, wire: &mut Wire, head: &[u8]) -> Result<(), Ending> {
        match self {
            Fault::HeadDrips => match drip(wire, head) {
                Ending::RudeFin => Ok(()),
                ordered => Err(ordered),
            },
            Fault::HeadInPieces => in_pieces(wire, head, 3),
            _ => wire.write_all(head).map_err(|_| Ending::Fin),
        }
    }

    /// Faults that strike in the stream: the bytes, and what is next.
    pub(super) fn in_stream(&self) -> Option<(Vec<u8>, Then)> {
        let mut out = Vec::new();
        let text = br#"{"messageId":"CAsQAA==","payload":"e30=","properties":{},"publishTime":"2026-11-23T22:00:00Z","redeliveryCount":0}"#;
        let whole = frames::FIN | frames::TEXT;
        let violation = Then::AwaitClose;
        let then = match self {
            Fault::Close(code, reason) => {
                frames::append_close(&mut out, Some(*code), reason);
                Then::AwaitClose
            }
            Fault::CloseWithoutCode => {
                frames::append_close(&mut out, None, "");
                Then::AwaitClose
            }
            Fault::CloseOneByte => {
                frames::append(&mut out, frames::CLOSE, &[3]);
                violation
            }
            Fault::CloseNotUtf8 => {
                frames::append(&mut out, frames::CLOSE, b"\x03\xe8\xff\xfe");
                violation
            }
            Fault::DataAfterClose => {
                frames::append_close(&mut out, Some(1000), "");
                frames::append(&mut out, frames::TEXT, text);
                Then::AwaitClose
            }
            Fault::CloseAndLinger => {
                frames::append_close(&mut out, Some(1000), "lingering");
                Then::Freeze
            }
            Fault::Eof => Then::End(Ending::Fin),
            Fault::RudeEof => Then::End(Ending::RudeFin),
            Fault::Reset => Then::End(Ending::Reset),
            Fault::EofInFrame | Fault::ResetInFrame => {
                frames::append(&mut out, frames::TEXT, text);
                out.truncate(40);
                Then::End(match self {
                    Fault::EofInFrame => Ending::RudeFin,
                    _ => Ending::Reset,
                })
            }
            Fault::Masked => {
                out.extend_from_slice(&[whole, 0x82, 0, 0, 0, 0, b'{', b'}']);
                violation
            }
            Fault::ReservedBits => {
                frames::append_raw(&mut out, whole | 0x40, text);
                violation
            }
            Fault::BadOpcode => {
                frames::append(&mut out, 3, text);
                violation
            }
            Fault::BigControl => {
                frames::append(&mut out, frames::PING, &[b'p'; 126]);
                violation
            }
            Fault::FragmentedControl => {
                frames::append_raw(&mut out, frames::PING, b"ping");
                violation
            }
            Fault::StrayContinuation => {
                frames::append(&mut out, frames::CONTINUATION, text);
                violation
            }
            Fault::HtmlInStream => {
                out.extend_from_slice(PLAIN_PAGE);
                violation
            }
            // Its bytes go below TLS: see the session.
            Fault::BrokenRecord => violation,
            Fault::NotUtf8Text => {
                frames::append(&mut out, frames::TEXT, b"{\"messageId\":\"\xff\xfe\"}");
                Then::GoOn
            }
            Fault::OversizeClaim => {
                frames::head(&mut out, whole, 1 << 40);
                out.extend_from_slice(b"{\"messageId\":");
                violation
            }
            Fault::Freeze => Then::Freeze,
            Fault::Says(place, text) => {
                let (frames, is_close) = place.frames(text)?;
                out = frames;
                if is_close { Then::AwaitClose } else { Then::GoOn }
            }
            _ => return None,
        };
        Some((out, then))
    }

    /// Appends a message as text, binary or in fragments.
    pub(super) fn append_message(&self, out: &mut Vec<u8>, message: &[u8]) {
        match self {
            Fault::Binary => frames::append(out, frames::BINARY, message),
            Fault::Fragmented => {
                let (first, rest) = message.split_at(message.len() / 3);
                let (second, third) = rest.split_at(rest.len() / 2);
                frames::append_raw(out, frames::TEXT, first);
                frames::append(out, frames::PING, b"between");
                frames::append_raw(out, frames::CONTINUATION, second);
                frames::append(out, frames::CONTINUATION, third);
            }
            _ => frames::append(out, frames::TEXT, message),
        }
    }

    /// The port of a whole service is not served at all.
    pub(super) fn is_of_the_port(&self) -> bool {
        matches!(self, Fault::Refuse | Fault::BacklogFull)
    }
}

const EARLY_HINTS: &str =
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n";

const PLAIN_PAGE: &[u8] = b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Type: text/html\r\n\
    Content-Length: 49\r\nConnection: close\r\n\r\n<html><title>400 Bad Request</title></html>     \n";

/// A TLS record as long as it says, which no key has ever seen.
pub(super) const BROKEN_RECORD: &[u8] = b"\x17\x03\x03\x00\x20this is 32 bytes of plain text!!";

/// Waits for the client's first bytes.
fn hear(socket: &mut Socket) {
    let _ = socket.read(&mut [0; 4096]);
}

/// Says something and hangs up. A client that has gone already has seen enough.
fn say(wire: &mut impl Write, bytes: &[u8]) -> Ending {
    let _ = wire.write_all(bytes);
    Ending::RudeFin
}

fn silence(socket: &Socket) -> Ending {
    socket.remote.pause(None).err().unwrap_or(Ending::Reset)
}

/// What can drip: it can be written to and called back.
pub(super) trait Drips: Write {
    fn pause(&self, length: Duration) -> Result<(), Ending>;
}

impl Drips for Socket {
    fn pause(&self, length: Duration) -> Result<(), Ending> {
        self.remote.pause(Some(Instant::now() + length))
    }
}

impl Drips for Wire {
    fn pause(&self, length: Duration) -> Result<(), Ending> {
        self.socket().pause(length)
    }
}

/// A byte per 100 ms, until all are out or the client has had enough.
fn drip(wire: &mut impl Drips, bytes: &[u8]) -> Ending {
    for byte in bytes {
        if wire.write_all(&[*byte]).is_err() {
            return Ending::Fin;
        }
        if let Err(ending) = wire.pause(DRIP) {
            return ending;
        }
    }
    Ending::RudeFin
}

fn in_pieces(wire: &mut impl Drips, bytes: &[u8], size: usize) -> Result<(), Ending> {
    for piece in bytes.chunks(size) {
        wire.write_all(piece).map_err(|_| Ending::Fin)?;
        wire.pause(Duration::from_millis(1))?;
    }
    Ok(())
}
