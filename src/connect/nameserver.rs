//! What each nameserver itself answers about a name.
//!
//! The system's resolver still decides, since it also asks the hosts file and the VPN. But it
//! reports a refusal, a failure and silence all as "again", and this module tells them apart.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::Duration;

use super::dns::{self, Answer};
use crate::clock::Instant;
use crate::wait::{Interest, Wait, Wake};
use crate::words;

/// How long a nameserver may take to answer our question. All are asked at the same time.
pub(crate) const LIMIT: Duration = Duration::from_millis(1500);

/// The limits of the C library (resolv.conf(5)): for one question, and how often it asks.
const LIBC_TIMEOUT: Duration = Duration::from_secs(5);
const LIBC_ATTEMPTS: usize = 2;

/// One nameserver asked, with its answer and time.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) server: SocketAddr,
    pub(crate) answer: Answer,
    pub(crate) elapsed: Duration,
}

impl Reply {
    /// The nameserver's address, as people write it.
    pub(crate) fn server(&self) -> String {
        match self.server {
            SocketAddr::V6(server) if server.port() == 53 && server.scope_id() != 0 => {
                format!("{}%{}", server.ip(), server.scope_id())
            }
            server if server.port() == 53 => server.ip().to_string(),
            server => server.to_string(),
        }
    }
}

/// Asks every nameserver for the IPv4 addresses of a name, once and all at the same time. `None`
/// if a signal asks to stop.
pub(crate) fn ask_each(
    servers: &[SocketAddr],
    name: &str,
    limit: Duration,
    host: &mut dyn Wait,
) -> Option<Vec<Reply>> {
    let began = Instant::now();
    let mut replies: Vec<Option<Reply>> = vec![None; servers.len()];
    let mut questions = Vec::new();
    for (at, &server) in servers.iter().enumerate() {
        match Question::put(server, name) {
            Ok(question) => questions.push((at, question)),
            Err(e) => replies[at] = Some(reply(server, error_answer(&e), began)),
        }
    }
    while !questions.is_empty() {
        let mut fds: Vec<_> =
            (questions.iter()).map(|(_, asked)| Interest::readable(asked.socket.as_fd())).collect();
        let wake = host.wait(&mut fds, Some(began + limit));
        let ready: Vec<bool> = fds.iter().map(|one| one.is_ready).collect();
        match wake {
            Wake::Stop => return None,
            Wake::Deadline => {
                for (at, _) in questions.drain(..) {
                    replies[at] = Some(reply(servers[at], Answer::Silent, began));
                }
            }
            Wake::Ready => {
                let mut ready = ready.into_iter();
                questions.retain(|(at, asked)| {
                    let answer = ready.next().unwrap_or(false).then(|| asked.answer()).flatten();
                    let is_answered = answer.is_some();
                    if let Some(answer) = answer {
                        replies[*at] = Some(reply(servers[*at], answer, began));
                    }
                    !is_answered
                });
            }
        }
    }
    Some(replies.into_iter().flatten().collect())
}

/// Asks one nameserver after another, several times each, until one answers. It does this in place
/// of the C library, with the same limits, in tests, whose nameservers that cannot be made to ask.
pub(super) fn ask_in_turn(servers: &[SocketAddr], name: &str) -> Answer {
    let mut last = Answer::Silent;
    for &server in servers.iter().cycle().take(servers.len() * LIBC_ATTEMPTS) {
        let asked = Question::put(server, name).and_then(|question| {
            question.socket.set_nonblocking(false)?;
            question.socket.set_read_timeout(Some(LIBC_TIMEOUT))?;
            Ok(question.answer())
        });
        last = match asked {
            Ok(answer) => answer.unwrap_or(Answer::Silent),
            Err(e) => error_answer(&e),
        };
        if last.is_of_the_name() {
            break;
        }
    }
    last
}

fn reply(server: SocketAddr, answer: Answer, began: Instant) -> Reply {
    Reply { server, answer, elapsed: began.elapsed() }
}

fn error_answer(e: &io::Error) -> Answer {
    match e.kind() {
        ErrorKind::ConnectionRefused => Answer::PortClosed,
        _ => Answer::Unreachable(words::reason(e)),
    }
}

/// One question that has been sent.
struct Question {
    socket: UdpSocket,
    id: [u8; 2],
    text: Vec<u8>,
}

impl Question {
    fn put(server: SocketAddr, name: &str) -> io::Result<Question> {
        let any: SocketAddr =
            if server.is_ipv4() { ([0; 4], 0).into() } else { ([0u16; 8], 0).into() };
        let socket = UdpSocket::bind(any)?;
        // Connected, so that the kernel reports a closed port and drops packets from anyone else.
        socket.connect(server)?;
        socket.set_nonblocking(true)?;
        let [a, b, ..] = getrandom::u32().map_err(io::Error::other)?.to_be_bytes();
        let text = dns::question(name)?;
        // Id, "recursion desired", one question.
        let head = [a, b, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        socket.send(&[&head[..], &text].concat())?;
        Ok(Question { socket, id: [a, b], text })
    }

    /// The answer, or `None` if nothing has arrived yet.
    fn answer(&self) -> Option<Answer> {
        let mut packet = [0; 4096];
        match self.socket.recv(&mut packet) {
            Ok(n) => Some(dns::read(&packet[..n], self.id, &self.text)),
            // A datagram with a wrong checksum wakes us, but is then dropped.
            Err(e) if e.kind() == ErrorKind::WouldBlock => None,
            Err(e) => Some(error_answer(&e)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::wait::Signals;

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
        let mut signals = Signals::take_over().expect("signals");
        // Long enough for any machine, except where silence is the answer.
        let silent = answer(vec![0; 40]).is_none();
        let limit = Duration::from_millis(if silent { 50 } else { 20_000 });
        let mut replies = ask_each(&[address], NAME, limit, &mut signals).expect("not stopped");
        let reply = replies.remove(0);
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
        let mut signals = Signals::take_over().expect("signals");
        let mut asked = |server| {
            let replies = ask_each(&[server], NAME, Duration::from_secs(20), &mut signals);
            replies.expect("not stopped").remove(0).answer
        };
        let closed = UdpSocket::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("bound");
        assert_eq!(asked(closed), Answer::PortClosed);
        // A broadcast address needs a right that this socket does not ask for.
        let unreachable = asked(([255, 255, 255, 255], 53).into());
        assert!(matches!(unreachable, Answer::Unreachable(_)), "{unreachable:?}");
    }

    #[test]
    fn a_signal_ends_the_wait() {
        let mut signals = Signals::take_over().expect("signals");
        let silent = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        // To this thread alone, where it is blocked: it waits for the descriptor.
        nix::sys::signal::raise(nix::sys::signal::SIGTERM).expect("raised");
        let server = silent.local_addr().expect("bound");
        assert!(ask_each(&[server], NAME, Duration::from_secs(20), &mut signals).is_none());
    }

    #[test]
    fn all_are_asked_at_once_and_keep_their_order() {
        let silent = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").expect("a socket"));
        let closed = UdpSocket::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("bound");
        let place = |at: usize| silent[at].local_addr().expect("bound");
        let mut signals = Signals::take_over().expect("signals");
        let servers = [place(0), closed, place(1)];
        let limit = Duration::from_millis(200);
        let replies = ask_each(&servers, NAME, limit, &mut signals).expect("not stopped");
        let answers: Vec<_> = replies.iter().map(|reply| reply.answer.clone()).collect();
        assert_eq!(answers, [Answer::Silent, Answer::PortClosed, Answer::Silent]);
        assert!(replies.iter().map(|reply| reply.server).eq(servers));
        // Had one waited for the other, its time would be twice as long.
        assert!(replies[2].elapsed < 2 * limit || replies[0].elapsed > 2 * limit, "{replies:?}");
    }

    #[test]
    fn in_turn_the_first_answer_about_the_name_counts() {
        let closed = UdpSocket::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("bound");
        let server = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let address = server.local_addr().expect("bound");
        let served = thread::spawn(move || {
            for code in [2, 3] {
                let mut packet = [0; 512];
                let (n, client) = server.recv_from(&mut packet).expect("a question");
                let answer = with(packet[..n].to_vec(), code, &[]).expect("an answer");
                server.send_to(&answer, client).expect("sent");
            }
        });
        assert_eq!(ask_in_turn(&[closed, address], NAME), Answer::Code(3));
        served.join().expect("the nameserver's own checks");
        assert_eq!(ask_in_turn(&[closed], NAME), Answer::PortClosed);
    }
}
