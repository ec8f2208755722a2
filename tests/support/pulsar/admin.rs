//! Pulsar's admin interface, as far as the tests need it, over the plainest HTTP client that works.

use std::fmt::Display;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::process::retry;

/// The one tenant of every fixture.
pub const TENANT: &str = "acme";

/// The admin interface of one Pulsar.
#[derive(Clone, Copy, Debug)]
pub struct Admin {
    port: u16,
}

/// An answer: its status and its body.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Admin {
    pub fn new(port: u16) -> Admin {
        Admin { port }
    }

    /// Whether Pulsar does what it is asked: the port is open a moment before that.
    pub fn ready(&self) -> bool {
        let tenant = self.ask(
            "PUT",
            &format!("tenants/{TENANT}"),
            &json!({"allowedClusters": ["standalone"]}),
        );
        matches!(tenant, Ok(Answer { status: 204 | 409, .. }))
    }

    /// Creates a namespace which keeps everything: without retention there is nothing to read from
    /// `earliest`.
    #[track_caller]
    pub fn create_namespace(&self, name: &str) {
        let path = format!("namespaces/{TENANT}/{name}");
        self.until_done("PUT", &path, &Value::Null);
        let for_ever = json!({"retentionTimeInMinutes": -1, "retentionSizeInMB": -1});
        self.until_done("POST", &format!("{path}/retention"), &for_ever);
    }

    /// Asks until it is done or was done before; the broker refuses for a moment while it takes
    /// over a namespace.
    #[track_caller]
    pub fn until_done(&self, method: &str, path: &str, body: &impl Display) {
        retry(&format!("{method} {path}:"), || match self.ask(method, path, body) {
            Ok(Answer { status: 200..=299 | 409, .. }) => Ok(()),
            other => Err(format!("{other:?}")),
        });
    }

    /// The JSON a GET answers, or why it has none.
    pub fn look(&self, path: &str) -> Result<Value, String> {
        let answer = self.ask("GET", path, &Value::Null).map_err(|error| error.to_string())?;
        match answer.status {
            200 => serde_json::from_str(&answer.body).map_err(|error| error.to_string()),
            status => Err(format!("GET {path}: {status} {}", answer.body)),
        }
    }

    /// One request. `null` is no body.
    pub fn ask(&self, method: &str, path: &str, body: &impl Display) -> io::Result<Answer> {
        let body = body.to_string();
        let body = if body == "null" { "" } else { &body };
        let request = format!(
            "{method} /admin/v2/{path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        parse(&String::from_utf8_lossy(&answer)).ok_or_else(|| io::Error::other("no HTTP answer"))
    }
}

/// Version 1.0 has no chunks: the body ends where the connection does.
fn parse(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, body: body.to_owned() })
}
