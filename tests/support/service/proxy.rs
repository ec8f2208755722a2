//! An HTTP proxy for `CONNECT`, with everything that such a proxy can do wrong.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use socket2::SockRef;

use super::Service;
use super::says::Place;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyFault {
    /// It works.
    None,
    /// It works and answers `HTTP/1.0 200 Connection established`.
    Http10,
    /// It works, with words of its own and more headers.
    OddReason,
    /// It works, and opens the tunnel with these bytes.
    Opens(&'static str),
    /// These bytes as the whole answer.
    Answers(&'static str),
    /// It works, its head comes a byte per 20 ms.
    SlowHead,
    /// It works, and its clock is this many seconds ahead of ours.
    Dated(i64),
    /// 407 until this user and password come.
    Login(&'static str, &'static str),
    /// 407 that offers NTLM and Negotiate only.
    NtlmOnly,
    /// 403 by policy, as Squid says it.
    Forbidden,
    /// Another status, with a page: 400 405 500 502 503 504.
    Status(u16),
    /// 302 to a captive portal.
    Portal,
    /// Bytes that are nothing.
    Garbage,
    /// A SOCKS port.
    Socks,
    /// A TLS port: an alert.
    Tls,
    /// No answer.
    Silence,
    /// FIN instead of an answer.
    Eof,
    /// RST instead of an answer.
    Reset,
    /// A good head, a byte per 100 ms.
    HeadDrips,
    /// A head of more than 16 KiB.
    HeadTooLarge,
    /// 200, then FIN.
    OkThenEof,
    /// 200, then RST.
    OkThenReset,
    /// 200, then a page in place of the tunnel.
    OkThenHtml,
    /// 200, then silence.
    OkThenSilence,
    /// It refuses with 407 and these texts in turn, at this place of its answers.
    Says(Place, Vec<String>),
    /// Nobody listens.
    Refuse,
}

/// A running proxy on loopback. It ends, with its tunnels, when dropped, and fails the test if it
/// was never reached.
#[must_use]
pub struct Proxy {
    shared: Arc<Shared>,
    place: SocketAddr,
    listener: Option<thread::JoinHandle<()>>,
    /// Keeps the number of a port on which nobody listens.
    _refusing: Option<socket2::Socket>,
}

struct Shared {
    fault: ProxyFault,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    ended: bool,
    target: Option<SocketAddr>,
    heads: Vec<String>,
    early_bytes: usize,
    open: Vec<TcpStream>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Proxy {
    pub fn start(fault: ProxyFault) -> Proxy {
        let refusing = fault == ProxyFault::Refuse;
        let shared = Arc::new(Shared { fault, state: Mutex::default() });
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        if refusing {
            let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
            let socket = socket.unwrap();
            socket.bind(&any.into()).unwrap();
            let place = socket.local_addr().unwrap().as_socket().unwrap();
            return Proxy { shared, place, listener: None, _refusing: Some(socket) };
        }
        let listener = TcpListener::bind(any).unwrap();
        let place = listener.local_addr().unwrap();
        let mine = Arc::clone(&shared);
        let listener = thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let mut state = mine.state.lock().unwrap();
                if state.ended {
                    return;
                }
                state.open.push(client.try_clone().unwrap());
                let shared = Arc::clone(&mine);
                state.threads.push(thread::spawn(move || drop(shared.serve(client))));
            }
        });
        Proxy { shared, place, listener: Some(listener), _refusing: None }
    }

    /// Whatever name is asked for, the tunnel leads to `service`.
    pub fn forward_to(self, service: &Service) -> Proxy {
        let target = service.url().rsplit('/').next().unwrap().parse().unwrap();
        self.state().target = Some(target);
        self
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.place)
    }

    pub fn port(&self) -> u16 {
        self.place.port()
    }

    /// With a login, percent-encoded as it stands in an URL.
    pub fn url_with(&self, user: &str, password: &str) -> String {
        let encoded =
            |text| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC);
        format!("http://{}:{}@{}", encoded(user), encoded(password), self.place)
    }

    /// The targets asked for: `host:port`.
    pub fn connects(&self) -> Vec<String> {
        let target = |head: &String| head.split(' ').nth(1).map(str::to_owned);
        self.state().heads.iter().filter_map(target).collect()
    }

    /// The whole heads of the requests.
    pub fn heads(&self) -> Vec<String> {
        self.state().heads.clone()
    }

    /// The values of `Proxy-Authorization`.
    pub fn authorizations(&self) -> Vec<String> {
        self.state().heads.iter().filter_map(|head| authorization(head)).collect()
    }

    /// Bytes that came after a request's head and before the answer to it: there must be none.
    pub fn bytes_before_answer(&self) -> usize {
        self.state().early_bytes
    }

    /// Ends every tunnel.
    pub fn cut(&self) {
        for stream in self.state().open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.shared.state.lock().unwrap()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let Some(listener) = self.listener.take() else {
            return;
        };
        self.state().ended = true;
        // Wakes the listener, which then sees that it has ended.
        let _ = TcpStream::connect(self.place);
        let mut failed = listener.join().is_err();
        self.cut();
        let threads = std::mem::take(&mut self.state().threads);
        let reached = !threads.is_empty();
        threads.into_iter().for_each(|thread| failed |= thread.join().is_err());
        if !thread::panicking() {
            assert!(!failed, "the proxy's own threads panicked");
            assert!(reached, "the proxy was never reached");
        }
    }
}

fn authorization(head: &str) -> Option<String> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let found = lines.find(|(name, _)| name.eq_ignore_ascii_case("Proxy-Authorization"));
    found.map(|(_, value)| value.to_owned())
}

const PAGE: &str = "<html><head><title>Proxy says no</title></head><body>no</body></html>";

impl Shared {
    fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        let mut head = Vec::new();
        while memchr::memmem::find(&head, b"\r\n\r\n").is_none() {
            let mut chunk = [0; 4096];
            let count = client.read(&mut chunk)?;
            if count == 0 {
                return Ok(());
            }
            head.extend_from_slice(&chunk[..count]);
            if self.fault == ProxyFault::Socks || self.fault == ProxyFault::Tls {
                break;
            }
        }
        let end = memchr::memmem::find(&head, b"\r\n\r\n").map_or(head.len(), |at| at + 4);
        let text = String::from_utf8_lossy(&head[..end]).into_owned();
        {
            let mut state = self.state.lock().unwrap();
            state.early_bytes += head.len() - end;
            state.heads.push(text.clone());
        }
        let refusal = |status: &str, headers: &str| {
            format!(
                "HTTP/1.1 {status}\r\n{headers}Content-Type: text/html\r\nContent-Length: {}\r\nVia: 1.1 proxy (squid/5.7)\r\nConnection: close\r\n\r\n{PAGE}",
                PAGE.len()
            )
        };
        let ok = "HTTP/1.1 200 Connection established\r\n\r\n";
        match &self.fault {
            ProxyFault::None => return self.tunnel(client, &text, ok),
            ProxyFault::Http10 => {
                return self.tunnel(client, &text, "HTTP/1.0 200 Connection established\r\n\r\n");
            }
            ProxyFault::OddReason => {
                let odd = "HTTP/1.1 200 Go ahead, caller\r\nProxy-Agent: Odd/1.0\r\nX-A: b\r\n\r\n";
                return self.tunnel(client, &text, odd);
            }
            ProxyFault::Opens(answer) => return self.tunnel(client, &text, answer),
            ProxyFault::Answers(answer) => client.write_all(answer.as_bytes())?,
            ProxyFault::Dated(ahead) => {
                let date = super::answer::http_date(*ahead);
                let head = format!("HTTP/1.1 200 Connection established\r\nDate: {date}\r\n\r\n");
                return self.tunnel(client, &text, &head);
            }
            ProxyFault::SlowHead => {
                let (slow, last) = ok.split_at(ok.len() - 1);
                drip(&mut client, slow.as_bytes(), Duration::from_millis(20))?;
                return self.tunnel(client, &text, last);
            }
            ProxyFault::Login(user, password) => {
                let right = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
                if authorization(&text) == Some(right) {
                    return self.tunnel(client, &text, ok);
                }
                let wanted = "Proxy-Authenticate: Basic realm=\"office\"\r\n";
                client
                    .write_all(refusal("407 Proxy Authentication Required", wanted).as_bytes())?;
            }
            ProxyFault::NtlmOnly => {
                let wanted = "Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n";
                client
                    .write_all(refusal("407 Proxy Authentication Required", wanted).as_bytes())?;
            }
            ProxyFault::Forbidden => {
                let why = "X-Squid-Error: ERR_ACCESS_DENIED 0\r\n";
                client.write_all(refusal("403 Forbidden", why).as_bytes())?;
            }
            ProxyFault::Status(status) => {
                let status = format!("{status} {}", super::answer::reason(*status));
                client.write_all(refusal(&status, "").as_bytes())?;
            }
            ProxyFault::Portal => {
                let to = "Location: http://portal.8x8.test/login\r\n";
                client.write_all(refusal("302 Found", to).as_bytes())?;
            }
            ProxyFault::Says(place, texts) => {
                let before = self.state.lock().unwrap().heads.len() - 1;
                let text = &texts[before % texts.len()];
                client.write_all(&place.answer(407, text).expect("a place in an answer"))?;
            }
            ProxyFault::Garbage => client.write_all(b"\x01\x02\x03 hello \xff\xfe\r\n\r\n")?,
            ProxyFault::Socks => client.write_all(b"\x05\xff")?,
            ProxyFault::Tls => client.write_all(b"\x15\x03\x01\x00\x02\x02\x46")?,
            ProxyFault::Silence => return self.swallow(client),
            ProxyFault::Eof | ProxyFault::Refuse => {}
            ProxyFault::Reset => return self.reset(client),
            ProxyFault::HeadDrips => {
                let long = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\n\r\n", "a".repeat(2000));
                drip(&mut client, long.as_bytes(), Duration::from_millis(100))?;
            }
            ProxyFault::HeadTooLarge => {
                let long = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\n\r\n", "a".repeat(20_000));
                client.write_all(long.as_bytes())?;
            }
            ProxyFault::OkThenEof => client.write_all(ok.as_bytes())?,
            ProxyFault::OkThenReset => {
                client.write_all(ok.as_bytes())?;
                // Its hello, so that it has surely read the 200 before.
                let _ = client.read(&mut [0; 16])?;
                return self.reset(client);
            }
            ProxyFault::OkThenHtml => {
                client.write_all(ok.as_bytes())?;
                let _ = client.read(&mut [0; 4096])?;
                client.write_all(refusal("200 OK", "").as_bytes())?;
            }
            ProxyFault::OkThenSilence => {
                client.write_all(ok.as_bytes())?;
                return self.swallow(client);
            }
        }
        client.shutdown(Shutdown::Write)?;
        self.swallow(client)
    }

    /// Reads on until the client has had enough.
    fn swallow(&self, mut client: TcpStream) -> io::Result<()> {
        io::copy(&mut client, &mut io::sink()).map(drop)
    }

    fn reset(&self, client: TcpStream) -> io::Result<()> {
        SockRef::from(&client).set_linger(Some(Duration::ZERO))?;
        // The other handle on it would keep it open.
        let peer = client.peer_addr()?;
        self.state.lock().unwrap().open.retain(|open| open.peer_addr().ok() != Some(peer));
        Ok(())
    }

    fn tunnel(&self, mut client: TcpStream, head: &str, answer: &str) -> io::Result<()> {
        let asked = head.split(' ').nth(1).unwrap_or_default();
        let target = self.state.lock().unwrap().target;
        let upstream = match target {
            Some(target) => TcpStream::connect(target),
            None => TcpStream::connect(asked),
        };
        let Ok(mut upstream) = upstream else {
            let refused = "HTTP/1.1 503 Service Unavailable\r\nX-Squid-Error: ERR_CONNECT_FAIL 111\r\nContent-Length: 0\r\n\r\n";
            return client.write_all(refused.as_bytes());
        };
        client.set_nodelay(true)?;
        upstream.set_nodelay(true)?;
        self.state.lock().unwrap().open.push(upstream.try_clone()?);
        client.write_all(answer.as_bytes())?;
        let (mut from_client, mut to_upstream) = (client.try_clone()?, upstream.try_clone()?);
        let there = thread::spawn(move || {
            let _ = io::copy(&mut from_client, &mut to_upstream);
            let _ = to_upstream.shutdown(Shutdown::Write);
        });
        let _ = io::copy(&mut upstream, &mut client);
        let _ = client.shutdown(Shutdown::Both);
        there.join().map_err(|_| io::Error::other("the tunnel's thread panicked"))
    }
}

fn drip(client: &mut TcpStream, bytes: &[u8], pause: Duration) -> io::Result<()> {
    for byte in bytes {
        client.write_all(&[*byte])?;
        thread::sleep(pause);
    }
    Ok(())
}
