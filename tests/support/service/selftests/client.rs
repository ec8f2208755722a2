//! A plain client: tungstenite over OpenSSL, nothing of the program under test.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{RecvTimeoutError, Sender};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::ssl::{SslConnector, SslMethod, SslStream};
use serde_json::Value;
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::{HandshakeError, Message, WebSocket};

use super::super::{Id, Service};
use crate::support::ca::Ca;
use crate::support::canary;

/// Silence for so long is an answer too.
pub(super) const PATIENCE: Duration = Duration::from_millis(400);

/// For what must come.
pub(super) const LONG: Duration = Duration::from_secs(60);

pub(super) struct Client(pub(super) WebSocket<SslStream<TcpStream>>);

pub(super) fn reader(query: &str) -> String {
    format!("/ws/v2/reader/persistent/acme/event-v1/all?{query}")
}

pub(super) fn after(id: &Id) -> String {
    after_text(&id.encode())
}

pub(super) fn after_text(id: &str) -> String {
    let id = percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC);
    reader(&format!("messageId={id}"))
}

pub(super) fn consumer(query: &str) -> String {
    format!(
        "/ws/v2/consumer/persistent/acme/event-v1/all/sub?subscriptionInitialPosition=Earliest&{query}"
    )
}

impl Client {
    /// The error says at which step and why.
    pub(super) fn open(service: &Service, target: &str) -> Result<Client, String> {
        Client::open_with(service, target, Some(canary::key()), LONG)
    }

    pub(super) fn open_with(
        service: &Service,
        target: &str,
        key: Option<&str>,
        patience: Duration,
    ) -> Result<Client, String> {
        let (tls, watch) = tls(service, patience)?;
        let url = format!("wss://localhost:{}{target}", service.port());
        let mut request = url.into_client_request().unwrap();
        if let Some(key) = key {
            request.headers_mut().insert("X-API-Key", HeaderValue::from_str(key).unwrap());
        }
        match tungstenite::client(request, tls) {
            Ok((socket, _)) => {
                drop(watch);
                Ok(Client(socket))
            }
            Err(HandshakeError::Failure(tungstenite::Error::Http(answer))) => {
                let body = answer.body().as_deref().map(String::from_utf8_lossy);
                Err(format!("upgrade: {} {:?} {body:?}", answer.status(), answer.headers()))
            }
            Err(HandshakeError::Failure(error)) => Err(format!("upgrade: {error:?}")),
            Err(HandshakeError::Interrupted(_)) => Err("upgrade: silence".into()),
        }
    }

    pub(super) fn read(&mut self) -> Result<Message, String> {
        self.0.read().map_err(|error| match error {
            tungstenite::Error::Io(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                "silence".into()
            }
            error => format!("{error:?}"),
        })
    }

    /// The next message: its id and payload, acknowledged or not.
    pub(super) fn next(&mut self, ack: bool) -> Result<(Id, String), String> {
        let text = loop {
            match self.read()? {
                Message::Text(text) => break text.to_string(),
                Message::Binary(bytes) => break String::from_utf8(bytes.to_vec()).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => return Err(format!("{other:?}")),
            }
        };
        let envelope: Value = serde_json::from_str(&text).map_err(|_| format!("text: {text}"))?;
        let Some(id) = envelope["messageId"].as_str().and_then(Id::parse) else {
            return Err(format!("text: {text}"));
        };
        if ack {
            self.ack(&id);
        }
        let payload =
            envelope["payload"].as_str().and_then(|payload| STANDARD.decode(payload).ok());
        match payload {
            Some(payload) => Ok((id, String::from_utf8_lossy(&payload).into_owned())),
            None => Err(format!("text: {text}")),
        }
    }

    /// So many messages, acknowledged.
    #[track_caller]
    pub(super) fn payloads(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.next(true).unwrap().1).collect()
    }

    pub(super) fn be_patient(&mut self, patience: Duration) {
        self.0.get_ref().get_ref().set_read_timeout(Some(patience)).unwrap();
    }

    /// Whether nothing comes for a while.
    pub(super) fn is_silent(&mut self) -> bool {
        self.be_patient(PATIENCE);
        let read = self.read();
        self.be_patient(LONG);
        read == Err("silence".into())
    }

    /// All there is: what comes before the answers to two questions, however busy the machine.
    pub(super) fn all(&mut self, ack: bool) -> Vec<String> {
        let (mut all, mut empty) = (Vec::new(), 0);
        while empty < 2 {
            self.say(r#"{"type":"isEndOfTopic"}"#);
            empty += 1;
            loop {
                match self.next(ack) {
                    Ok((_, payload)) => {
                        all.push(payload);
                        empty = 0;
                    }
                    Err(text) if text.contains("endOfTopic") => break,
                    Err(error) => panic!("{error}"),
                }
            }
        }
        all
    }

    pub(super) fn ack(&mut self, id: &Id) {
        self.say(&format!(r#"{{"messageId":"{}"}}"#, id.encode()));
    }

    pub(super) fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).unwrap();
    }

    pub(super) fn close(mut self) {
        let _ = self.0.close(None);
        while self.0.read().is_ok() {}
    }
}

/// What is answered to an upgrade, to its last byte.
pub(super) fn answer(service: &Service, target: &str) -> String {
    let (mut tls, _watch) = tls(service, LONG).unwrap();
    let head = format!(
        "GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nX-API-Key: {}\r\n\r\n",
        canary::key()
    );
    tls.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = tls.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// A TLS connection, and what keeps it from being ended for its slowness when dropped.
fn tls(
    service: &Service,
    patience: Duration,
) -> Result<(SslStream<TcpStream>, Sender<()>), String> {
    let place = format!("127.0.0.1:{}", service.port()).parse().unwrap();
    let tcp = TcpStream::connect_timeout(&place, patience)
        .map_err(|error| format!("tcp: {:?}", error.kind()))?;
    tcp.set_read_timeout(Some(patience)).unwrap();
    // A server that drips is never silent: nothing here may take longer than this.
    let watched = tcp.try_clone().unwrap();
    let (alive, gone) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || {
        if gone.recv_timeout(patience * 5) == Err(RecvTimeoutError::Timeout) {
            let _ = watched.shutdown(Shutdown::Both);
        }
    });
    let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
    connector.set_ca_file(Ca::shared().root_pem()).unwrap();
    connector.set_security_level(2);
    match connector.build().connect("localhost", tcp) {
        Ok(tls) => Ok((tls, alive)),
        Err(error) => Err(format!("tls: {error:?}")),
    }
}
