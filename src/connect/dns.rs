//! One question to a nameserver and its answer (RFC 1035): the IPv4 addresses of a name.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::Ipv4Addr;

/// How a nameserver answered the question, if it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Addresses(Vec<Ipv4Addr>),
    /// The name exists, without an IPv4 address.
    NoAddress,
    /// A response code other than 0 (RFC 1035 section 4.1.1).
    Code(u8),
    Truncated,
    /// A packet that is not an answer to the question.
    Garbage,
    Silent,
    /// The machine responds, but no nameserver runs on it.
    PortClosed,
    Unreachable(String),
}

impl Answer {
    /// Whether it says something about the name, not only about the nameserver.
    pub(crate) fn is_of_the_name(&self) -> bool {
        matches!(self, Answer::Addresses(_) | Answer::NoAddress | Answer::Code(3))
    }

    /// Whether nothing came back at all.
    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Answer::Silent | Answer::PortClosed | Answer::Unreachable(_))
    }
}

/// The question for a name: its labels, then type A and class IN.
///
/// # Errors
/// If a label is empty or too long.
pub(super) fn question(name: &str) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    for label in name.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len()).ok().filter(|n| (1..64).contains(n));
        out.push(length.ok_or(ErrorKind::InvalidInput)?);
        out.extend_from_slice(label.as_bytes());
    }
    out.extend([0, 0, 1, 0, 1]);
    Ok(out)
}

/// Reads a nameserver's answer to the question with this id.
pub(super) fn read(packet: &[u8], id: [u8; 2], question: &[u8]) -> Answer {
    let Some((head, body)) = packet.split_at_checked(12) else { return Answer::Garbage };
    let (is_answer, is_cut, code) = (head[2] & 0x80 != 0, head[2] & 2 != 0, head[3] & 15);
    let repeats = body.get(..question.len()).is_some_and(|q| q.eq_ignore_ascii_case(question));
    // A server that cannot read the question may leave it out of its error.
    let leaves_out = code != 0 && head[4..6] == [0, 0];
    if head[..2] != id || !is_answer || !(leaves_out || (repeats && head[4..6] == [0, 1])) {
        return Answer::Garbage;
    }
    match (is_cut, code) {
        (true, _) => Answer::Truncated,
        (_, 0) => addresses(&body[question.len()..], u16::from_be_bytes([head[6], head[7]])),
        (_, code) => Answer::Code(code),
    }
}

fn addresses(mut records: &[u8], count: u16) -> Answer {
    let mut found = Vec::new();
    for _ in 0..count {
        let Some((record, rest)) = record(records) else { return Answer::Garbage };
        found.extend(record);
        records = rest;
    }
    if found.is_empty() { Answer::NoAddress } else { Answer::Addresses(found) }
}

/// One record: its address, if it is of type A, and what follows.
fn record(bytes: &[u8]) -> Option<(Option<Ipv4Addr>, &[u8])> {
    let mut at = 0;
    let after_name = loop {
        match *bytes.get(at)? {
            0 => break at + 1,
            // A pointer to an earlier name always ends the name.
            0xc0.. => break at + 2,
            length => at += 1 + usize::from(length),
        }
    };
    let (head, rest) = bytes.get(after_name..)?.split_at_checked(10)?;
    let (data, rest) =
        rest.split_at_checked(usize::from(u16::from_be_bytes([head[8], head[9]])))?;
    let is_a = head[..4] == [0, 1, 0, 1];
    Some((<[u8; 4]>::try_from(data).ok().filter(|_| is_a).map(Ipv4Addr::from), rest))
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Addresses(list) => {
                let list: Vec<_> = list.iter().map(ToString::to_string).collect();
                return f.write_str(&list.join(", "));
            }
            Answer::Code(other @ (6.. | 0)) => return write!(f, "response code {other}"),
            Answer::Unreachable(why) => return write!(f, "cannot be reached: {why}"),
            Answer::NoAddress => "the name exists but has no IPv4 address",
            Answer::Code(1) => "could not read the question (FORMERR)",
            Answer::Code(2) => "failed to resolve the name (SERVFAIL)",
            Answer::Code(3) => "no such name (NXDOMAIN)",
            Answer::Code(4) => "does not support this query (NOTIMP)",
            Answer::Code(5) => "refuses to answer (REFUSED)",
            Answer::Truncated => "the answer is truncated (TC); the rest needs TCP port 53",
            Answer::Garbage => "the reply is not a DNS answer: something intercepts DNS",
            Answer::Silent => "no answer",
            Answer::PortClosed => "no nameserver there (port closed)",
        }
        .fmt(f)
    }
}
