//! What the service saw: the evidence of the tests.

use super::topic::Id;

/// Everything since the service was started.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// In the order in which they were accepted.
    pub connections: Vec<Connection>,
}

#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// How the TLS handshake went; `None` without TLS or before its end.
    pub tls: Option<Result<(), String>>,
    /// Whom the client named in its hello.
    pub server_name: Option<String>,
    /// Bytes received above TLS: none before the certificate was verified.
    pub application_bytes: usize,
    pub request: Option<Request>,
    pub status: Option<u16>,
    /// The ids of the messages sent, in order.
    pub sent: Vec<Id>,
    pub acks: Vec<Ack>,
    /// What was sent back by `negativeAcknowledge`.
    pub nacks: Vec<Id>,
    /// All other text frames, such as `{"type":"isEndOfTopic"}`.
    pub texts: Vec<String>,
    pub binaries: usize,
    pub pings: usize,
    pub pongs: usize,
    /// The client's close frame.
    pub close: Option<Close>,
    /// The most messages that were on their way at once.
    pub most_unacked: usize,
    /// Nothing more will be seen.
    pub ended: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    /// As it was sent.
    pub target: String,
    /// Percent-decoded.
    pub path: String,
    /// Percent-decoded.
    pub query: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    pub raw: String,
    pub id: Option<Id>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    pub code: Option<u16>,
    pub reason: String,
}

impl Seen {
    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        self.connections.iter().filter_map(|connection| connection.request.as_ref())
    }

    pub fn upgraded(&self) -> usize {
        self.connections.iter().filter(|connection| connection.status == Some(101)).count()
    }

    pub fn open(&self) -> usize {
        self.connections.iter().filter(|connection| !connection.ended).count()
    }

    pub fn acks(&self) -> usize {
        self.connections.iter().map(|connection| connection.acks.len()).sum()
    }

    pub fn sent(&self) -> usize {
        self.connections.iter().map(|connection| connection.sent.len()).sum()
    }

    pub fn pings(&self) -> usize {
        self.connections.iter().map(|connection| connection.pings).sum()
    }

    /// The last one, which must exist.
    #[track_caller]
    pub fn last(&self) -> &Connection {
        self.connections.last().expect("there was a connection")
    }

    /// For a failed wait: what matters, without the thousands of ids.
    pub(super) fn summary(&self) -> String {
        let mut text = format!("{} connections", self.connections.len());
        for (number, it) in self.connections.iter().enumerate() {
            let target = it.request.as_ref().map(|request| &request.target);
            text.push_str(&format!(
                "\n  {number}: tls {:?}, {} bytes, request {target:?}, status {:?}, sent {}, acks {}, texts {:?}, pings {}, close {:?}, ended {}",
                it.tls, it.application_bytes, it.status, it.sent.len(), it.acks.len(), it.texts, it.pings, it.close, it.ended
            ));
        }
        text
    }
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}
