//! What each nameserver itself says about a name, and what kind of address a name led to.
//!
//! The system's resolver stays the verdict, since it also asks the hosts file and the VPN; but it
//! has one word ("again") for a refusal, a failure and silence, and this tells them apart.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use crate::sys::{Signals, Wake, readable};
use crate::words;

/// What a nameserver did with the question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Addresses(Vec<Ipv4Addr>),
    /// The name exists, without an IPv4 address.
    NoAddress,
    /// A response code other than 0 (RFC 1035 section 4.1.1).
    Code(u8),
    Truncated,
    /// Something came that is no answer to the question.
    Garbage,
    Silent,
    /// The machine is there, and no nameserver on it.
    PortClosed,
    Unreachable(String),
}

/// One nameserver asked, with its answer and time.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) server: SocketAddr,
    pub(crate) answer: Answer,
    pub(crate) elapsed: Duration,
}

/// The nameservers of this machine, as the C library reads them.
pub(crate) fn nameservers() -> Vec<IpAddr> {
    // Without the file the C library asks this machine, just as with an empty one.
    parse_resolv_conf(&std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default())
}

/// The first three `nameserver` lines; without any, this machine. An address with a zone
/// (`fe80::1%eth0`) is left out: std cannot turn the zone's name into its number.
pub(crate) fn parse_resolv_conf(text: &str) -> Vec<IpAddr> {
    let servers = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        (words.next()? == "nameserver").then(|| words.next()?.parse().ok())?
    });
    let servers: Vec<_> = servers.take(3).collect();
    if servers.is_empty() { vec![Ipv4Addr::LOCALHOST.into()] } else { servers }
}

/// Asks one nameserver for the IPv4 addresses of a name, once. `None` when a signal asks to stop.
pub(crate) fn ask(
    server: SocketAddr,
    name: &str,
    limit: Duration,
    signals: &Signals,
) -> Option<Reply> {
    let began = Instant::now();
    let answer = match exchange(server, name, began + limit, signals) {
        Ok(answer) => answer?,
        Err(e) if e.kind() == ErrorKind::ConnectionRefused => Answer::PortClosed,
        Err(e) => Answer::Unreachable(words::reason(&e)),
    };
    Some(Reply { server, answer, elapsed: began.elapsed() })
}

fn exchange(
    server: SocketAddr,
    name: &str,
    until: Instant,
    signals: &Signals,
) -> io::Result<Option<Answer>> {
    let any: SocketAddr = if server.is_ipv4() { ([0; 4], 0).into() } else { ([0u16; 8], 0).into() };
    let socket = UdpSocket::bind(any)?;
    // Connected, so that the kernel tells of a closed port and takes answers from nobody else.
    socket.connect(server)?;
    socket.set_nonblocking(true)?;
    let id = getrandom::u32().map_err(io::Error::other)?.to_be_bytes();
    let question = question(name)?;
    // Id, "recursion desired", one question.
    let head = [id[0], id[1], 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    socket.send(&[&head[..], &question].concat())?;
    let mut packet = [0; 4096];
    loop {
        match signals.wait(&mut vec![readable(socket.as_fd())], Some(until)) {
            Wake::Stop => return Ok(None),
            Wake::Deadline => return Ok(Some(Answer::Silent)),
            Wake::Ready => match socket.recv(&mut packet) {
                Ok(n) => return Ok(Some(read(&packet[..n], [id[0], id[1]], &question))),
                // A datagram with a wrong checksum wakes and is gone.
                Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                Err(e) => return Err(e),
            },
        }
    }
}

/// The name as labels, then type A and class IN.
fn question(name: &str) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    for label in name.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len()).ok().filter(|n| (1..64).contains(n));
        out.push(length.ok_or(ErrorKind::InvalidInput)?);
        out.extend_from_slice(label.as_bytes());
    }
    out.extend([0, 0, 1, 0, 1]);
    Ok(out)
}

fn read(packet: &[u8], id: [u8; 2], question: &[u8]) -> Answer {
    let Some((head, body)) = packet.split_at_checked(12) else { return Answer::Garbage };
    let (is_answer, is_cut, code) = (head[2] & 0x80 != 0, head[2] & 2 != 0, head[3] & 15);
    let repeats = body.get(..question.len()).is_some_and(|q| q.eq_ignore_ascii_case(question));
    // Who cannot read the question may leave it out of the refusal.
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
            // A pointer to a name said before is always its end.
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
            Answer::Code(2) => "failed to find out (SERVFAIL)",
            Answer::Code(3) => "no such name (NXDOMAIN)",
            Answer::Code(4) => "does not do this (NOTIMP)",
            Answer::Code(5) => "refuses to answer (REFUSED)",
            Answer::Truncated => "the answer is cut short (TC); the rest needs TCP port 53",
            Answer::Garbage => "what came is no DNS answer: something intercepts DNS",
            Answer::Silent => "no answer",
            Answer::PortClosed => "no nameserver there (port closed)",
        }
        .fmt(f)
    }
}

/// What is odd about an address for a public service; `None` where nothing is.
pub(crate) fn oddity(address: IpAddr) -> Option<&'static str> {
    let v4 = match address.to_canonical() {
        IpAddr::V4(v4) => v4,
        IpAddr::V6(v6) => {
            return match v6.segments() {
                [0, 0, 0, 0, 0, 0, 0, 0] => Some("sinkhole address: a DNS filter"),
                _ if v6.is_loopback() => Some("this machine itself: a hosts entry or DNS filter"),
                [first, ..] if first & 0xfe00 == 0xfc00 => Some("private address"),
                [first, ..] if first & 0xffc0 == 0xfe80 => Some("link-local address"),
                [0x2001, 0x0db8, ..] => Some("documentation address: a placeholder"),
                _ => None,
            };
        }
    };
    match v4.octets() {
        [0, ..] => Some("sinkhole address: a DNS filter"),
        [127, ..] => Some("this machine itself: a hosts entry or DNS filter"),
        [100, second, ..] if second & 0xc0 == 64 => Some("carrier's address (100.64.0.0/10)"),
        _ if v4.is_private() => Some("private address: a portal, split DNS or private endpoint"),
        _ if v4.is_link_local() => Some("link-local address"),
        _ if v4.is_documentation() => Some("documentation address: a placeholder"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const NAME: &str = "pulsar-ws-use1.8x8.com";

    /// Asks a nameserver that makes its answer out of the question; `None` is silence.
    fn scripted(answer: fn(Vec<u8>) -> Option<Vec<u8>>) -> Reply {
        let server = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let address = server.local_addr().expect("bound");
        server.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
        let served = thread::spawn(move || {
            let mut packet = [0; 512];
            let (n, client) = server.recv_from(&mut packet).expect("a question");
            let asked = packet[..n].to_vec();
            if let Some(bytes) = answer(asked.clone()) {
                server.send_to(&bytes, client).expect("sent");
            }
            (server, asked)
        });
        let signals = Signals::take_over(|| {}).expect("signals");
        // Long enough for any machine, except where silence is the answer.
        let silent = answer(vec![0; 40]).is_none();
        let limit = Duration::from_millis(if silent { 50 } else { 20_000 });
        let reply = ask(address, NAME, limit, &signals).expect("not stopped");
        let (_server, asked) = served.join().expect("the nameserver's own checks");
        assert!(asked[12..].starts_with(b"\x0epulsar-ws-use1\x038x8\x03com\0\0\x01\0\x01"));
        assert_eq!(reply.server, address);
        reply
    }

    /// The question, turned into an answer with this code and number of records.
    fn with(mut packet: Vec<u8>, code: u8, records: &[&[u8]]) -> Option<Vec<u8>> {
        packet[2] |= 0x80;
        packet[3] = 0x80 | code;
        packet[7] = u8::try_from(records.len()).expect("few");
        packet.extend(records.concat());
        Some(packet)
    }

    const A: &[u8] = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xcb\0\x71\x0a";
    const CNAME: &[u8] = b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x04\x01x\xc0\x1b";
    const A_LONG_NAME: &[u8] = b"\x01x\x03com\0\0\x01\0\x01\0\0\0\x3c\0\x04\xcb\0\x71\x0b";

    #[test]
    fn addresses_are_found_among_other_records() {
        let reply = scripted(|q| with(q, 0, &[CNAME, A, A_LONG_NAME]));
        assert_eq!(reply.answer.to_string(), "203.0.113.10, 203.0.113.11");
        assert_eq!(scripted(|q| with(q, 0, &[CNAME])).answer, Answer::NoAddress);
        let upper = scripted(|mut q| {
            q[13..27].make_ascii_uppercase();
            with(q, 0, &[A])
        });
        assert_eq!(upper.answer, Answer::Addresses(vec![[203, 0, 113, 10].into()]));
    }

    #[test]
    fn every_refusal_has_its_own_words() {
        for (reply, words) in [
            (scripted(|q| with(q, 1, &[])), "FORMERR"),
            (scripted(|q| with(q, 2, &[])), "SERVFAIL"),
            (scripted(|q| with(q, 3, &[])), "NXDOMAIN"),
            (scripted(|q| with(q, 4, &[])), "NOTIMP"),
            (scripted(|q| with(q, 5, &[])), "REFUSED"),
            (scripted(|q| with(q, 9, &[])), "response code 9"),
        ] {
            assert!(reply.answer.to_string().contains(words), "{reply:?}");
        }
        let bare = scripted(|q| Some(vec![q[0], q[1], 0x81, 0x81, 0, 0, 0, 0, 0, 0, 0, 0]));
        assert_eq!(bare.answer, Answer::Code(1));
        let cut = scripted(|mut q| {
            q[2] |= 2;
            with(q, 0, &[])
        });
        assert_eq!(cut.answer, Answer::Truncated);
    }

    #[test]
    fn what_does_not_answer_the_question_is_garbage() {
        for reply in [
            scripted(|_| Some(b"hello".to_vec())),
            scripted(|_| Some(vec![])),
            scripted(Some),
            scripted(|q| with(q, 0, &[&A[..A.len() - 1]])),
            scripted(|q| with([&[!q[0]], &q[1..]].concat(), 0, &[A])),
            scripted(|q| with([&q[..13], b"q", &q[14..]].concat(), 0, &[A])),
        ] {
            assert_eq!(reply.answer, Answer::Garbage);
        }
    }

    #[test]
    fn silence_a_closed_port_and_no_route_are_told_apart() {
        let silent = scripted(|_| None);
        assert_eq!(silent.answer, Answer::Silent);
        assert!(silent.elapsed >= Duration::from_millis(50));
        let signals = Signals::take_over(|| {}).expect("signals");
        let asked = |server| {
            ask(server, NAME, Duration::from_secs(20), &signals).expect("not stopped").answer
        };
        let closed = UdpSocket::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("bound");
        assert_eq!(asked(closed), Answer::PortClosed);
        // A broadcast address needs a right that this socket does not ask for.
        let unreachable = asked(([255, 255, 255, 255], 53).into());
        assert!(matches!(unreachable, Answer::Unreachable(_)), "{unreachable:?}");
    }

    #[test]
    fn a_signal_ends_the_wait() {
        let signals = Signals::take_over(|| {}).expect("signals");
        let silent = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        // To this thread alone, where it is blocked: it waits for the descriptor.
        nix::sys::signal::raise(nix::sys::signal::SIGTERM).expect("raised");
        let server = silent.local_addr().expect("bound");
        assert!(ask(server, NAME, Duration::from_secs(20), &signals).is_none());
    }

    #[test]
    fn nameservers_are_those_of_the_c_library() {
        let parse = |text| parse_resolv_conf(text).iter().map(ToString::to_string).collect();
        let file = "# nameserver 9.9.9.9\nsearch a b\n;nameserver 8.8.8.8\nnameserver 10.0.0.2\n\
                    nameserver\t::1 # local\nnameserver fe80::1%eth0\nnameserver x\n\
                    nameservers 1.1.1.1\n\
                    nameserver 10.0.0.3\nnameserver 10.0.0.4\n";
        let found: Vec<String> = parse(file);
        assert_eq!(found, ["10.0.0.2", "::1", "10.0.0.3"]);
        for text in ["", "# nothing\n", "nameserver\n"] {
            let found: Vec<String> = parse(text);
            assert_eq!(found, ["127.0.0.1"]);
        }
    }

    #[test]
    fn odd_addresses_are_named() {
        for (address, words) in [
            ("0.0.0.0", "sinkhole"),
            ("::", "sinkhole"),
            ("127.0.0.53", "this machine"),
            ("::1", "this machine"),
            ("::ffff:127.0.0.1", "this machine"),
            ("10.1.2.3", "private"),
            ("172.31.0.1", "private"),
            ("192.168.1.1", "private"),
            ("fd00::1", "private"),
            ("169.254.1.1", "link-local"),
            ("fe80::1", "link-local"),
            ("100.64.0.1", "carrier"),
            ("100.127.255.255", "carrier"),
            ("203.0.113.10", "documentation"),
            ("2001:db8::1", "documentation"),
        ] {
            let found = oddity(address.parse().expect("an address")).unwrap_or("nothing");
            assert!(found.starts_with(words), "{address}: {found}");
        }
        for address in ["8.8.8.8", "100.63.0.1", "100.128.0.1", "172.32.0.1", "2600::1"] {
            assert_eq!(oddity(address.parse().expect("an address")), None, "{address}");
        }
    }
}
