//! What a proxy, a gateway and a nameserver answer.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use tungstenite::handshake::derive_accept_key;

use super::step::StepContext;
use super::{Event, Halt, Observation, Request, Watch, dns, resolv_conf, tunnel, upgrade};
use crate::args::{Args, Given, Layer, by_long};
use crate::clock::Instant;
use crate::fault::Step;
use crate::fuzz::{KEY, assert_no_part, assert_printable, choice, planted};
use crate::secret::{Gate, Secret, one_line};
use crate::settings::{Environment, Settings};
use crate::wait::{Interest, Signals, Wait, Wake};
use crate::wire::{Stream, Wire};

/// The answer to a CONNECT or to an upgrade, in one piece or in many, with an end or with silence.
pub(crate) fn http(data: &[u8]) {
    let (choice, data) = choice(data);
    let (is_tunnel, has_end, in_pieces) = (choice & 1 != 0, choice & 2 != 0, choice & 4 != 0);
    let answer = planted(data);
    let key = Secret::new(KEY.to_owned());
    let settings = settings();
    let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
    for socket in [&ours, &theirs] {
        socket.set_nonblocking(true).expect("set");
    }
    let mut wire = Wire::new(TcpStream::from(OwnedFd::from(ours)));
    let mut peer = Peer {
        socket: theirs,
        request: Vec::new(),
        answer: answer.clone().into_bytes(),
        piece: if in_pieces { 7 } else { usize::MAX },
        has_end,
        heard: String::new(),
    };
    let mut on = StepContext {
        step: if is_tunnel { Step::Proxy } else { Step::Auth },
        subject: "h:1",
        deadline: Instant::now() + Duration::from_secs(3600),
        timeout: Duration::from_secs(3600),
        target: &settings.target,
        host: &mut peer,
    };
    let result = if is_tunnel {
        let proxy = settings.target.proxy.proxy.as_ref().expect("a proxy is given");
        tunnel::tunnel(&mut wire, proxy, "h:1", &mut on)
    } else {
        let request = Request {
            path: "/".to_owned(),
            key: key.clone(),
            style: settings.credentials.style,
            max_message_size: 1 << 20,
        };
        upgrade::upgrade(&mut Stream::plain(wire), &request, &settings.target, &mut on).map(drop)
    };
    let began = if is_tunnel { "2" } else { "101" };
    match result {
        Ok(()) => assert!(answer.contains(began), "{answer}"),
        Err(Halt::Failed(failure)) => {
            let advice = failure.advice();
            assert_printable(&advice);
            let text = failure.to_string();
            assert!(text.len() + advice.len() <= 4 * answer.len() + 4000, "{text}");
            // As the report prints it.
            let text = one_line(&Gate::of_key(&key).clean(&text), 1000);
            assert_no_part(&text);
            assert_printable(&text);
            if let Some(status) = status(&answer) {
                assert!(text.contains(&format!("HTTP {status}")), "{text}");
            }
        }
        Err(Halt::Stopped) => panic!("nothing stops it"),
    }
    assert!(peer.heard.len() <= 16 * answer.len() + 4000, "{}", peer.heard);
}

/// The status of a whole head, whatever stands in its other lines.
fn status(answer: &str) -> Option<&str> {
    let (first, rest) = answer.split_once("\r\n")?;
    let status = first.strip_prefix("HTTP/1.1 ")?.get(..3)?;
    let is_final = matches!(status.as_bytes(), [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9']);
    let is_plain =
        first.bytes().all(|byte| matches!(byte, b' '..=b'~')) && first.get(12..13) == Some(" ");
    let length = rest.find("\r\n\r\n")?;
    (is_final && is_plain && length < 10_000).then_some(status)
}

/// A reader through a proxy.
fn settings() -> Settings {
    let given = [("tenant", "t"), ("x-api-key", KEY), ("proxy", "http://u:p@h:1")];
    let given = given.map(|(name, value)| {
        let opt = by_long(name).expect("an option");
        Given::new(opt, value, Layer::CommandLine, name).expect("a value")
    });
    let env = Environment::from_iter([("", "")]);
    Settings::settle(Args::of(&given), &env, Vec::new()).expect("settings")
}

/// The other end of the connection: it answers when it has the whole request.
struct Peer {
    socket: UnixStream,
    request: Vec<u8>,
    /// What is still to be sent. The first `{accept}` stands for what the upgrade must be answered.
    answer: Vec<u8>,
    /// How many bytes at a time.
    piece: usize,
    has_end: bool,
    heard: String,
}

impl Wait for Peer {
    fn signals(&mut self) -> &mut Signals {
        panic!("nothing else waits here")
    }

    fn is_stopping(&self) -> bool {
        false
    }

    fn wait(&mut self, _: &mut [Interest<'_>], _: Option<Instant>) -> Wake {
        if self.request.is_empty() {
            match self.socket.read_to_end(&mut self.request) {
                Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                other => panic!("the request stays open: {other:?}"),
            }
            assert!(self.request.ends_with(b"\r\n\r\n"), "the request is whole");
            let request = String::from_utf8_lossy(&self.request);
            let nonce = request.split_once("Sec-WebSocket-Key: ").map(|(_, rest)| rest);
            let nonce = nonce.and_then(|rest| rest.lines().next()).unwrap_or_default();
            let answer = String::from_utf8_lossy(&self.answer);
            let accept = derive_accept_key(nonce.as_bytes());
            self.answer = answer.replacen("{accept}", &accept, 1).into_bytes();
        }
        let piece = self.piece.min(self.answer.len());
        match self.socket.write(&self.answer[..piece]) {
            Ok(0) if self.has_end => {
                self.has_end = false;
                self.socket.shutdown(Shutdown::Write).expect("an end");
                Wake::Ready
            }
            Ok(0) => Wake::Deadline,
            Ok(n) => {
                self.answer.drain(..n);
                Wake::Ready
            }
            Err(e) => panic!("an answer fits: {e}"),
        }
    }
}

impl Watch for Peer {
    fn hear(&mut self, event: &Event<'_>) {
        if let Event::Saw { observation: Observation::Response(response), .. } = event {
            self.heard = format!("{response:?} {:?} {:?}", response.date(), response.sentence());
        }
    }
}

/// A nameserver's packet, or the file that names the nameservers.
pub(crate) fn dns(data: &[u8]) {
    const NAME: &str = "pulsar-ws-use1.8x8.com";
    let (choice, data) = choice(data);
    if choice % 4 == 3 {
        let text = String::from_utf8_lossy(data);
        let found = resolv_conf::parse(&text, "", "", choice & 4 != 0);
        assert!(found.nameservers.len() <= 3, "{found:?}");
        assert!(found.search.iter().map(String::len).sum::<usize>() <= text.len(), "{found:?}");
        return;
    }
    let question = dns::question(NAME).expect("a name");
    // With the answer's beginning as it should be, or without.
    let packet = match choice % 4 {
        0 => data.to_vec(),
        1 => [&[7, 7, 0x81, 0x80, 0, 1], data].concat(),
        _ => [&[7, 7, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0], &question[..], data].concat(),
    };
    let answer = dns::read(&packet, [7, 7], &question);
    assert_printable(&answer.to_string());
    if let super::Answer::Addresses(found) = &answer {
        assert!(!found.is_empty() && 15 * found.len() <= packet.len(), "{answer:?}");
    }
    if packet.get(..2) != Some(&[7, 7]) {
        assert_eq!(answer, super::Answer::Garbage);
    }
    if let Ok(question) = dns::question(&String::from_utf8_lossy(data)) {
        assert!(question.len() <= 3 * data.len() + 6, "{question:?}");
    }
}
