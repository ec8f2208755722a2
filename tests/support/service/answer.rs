//! HTTP answers to an upgrade that is refused, with bodies of every kind that is met in the field.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// What explains a refusal. The text is the server's own sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    None,
    /// Jetty's page, as Pulsar sends it: the sentence is in the title, HTML-escaped.
    Jetty(&'static str),
    /// nginx's page: `<title>502 Bad Gateway</title>` or what is given.
    Page(&'static str),
    /// `{"message":"…"}`
    JsonMessage(&'static str),
    /// `{"reason":"…"}`
    JsonReason(&'static str),
    /// `{"errorMsg":"…"}`
    JsonErrorMsg(&'static str),
    Text(&'static str),
    /// Text that follows its head only 300 ms later.
    Late(&'static str),
    /// Text in two chunks (`Transfer-Encoding: chunked`).
    Chunked(&'static str),
    /// Text of which only the first half arrives before the connection ends.
    CutShort(&'static str),
    /// Text without `Content-Length`: it ends with the connection.
    Unmeasured(&'static str),
    /// 1 MiB of text: more than anybody wants to read.
    Huge,
    /// Text that repeats the key it was given, plain and as it stands in a query.
    EchoesKey,
}

/// A whole answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    status: u16,
    headers: Vec<String>,
    body: Vec<u8>,
    kind: Body,
}

impl Answer {
    pub(super) fn new(status: u16, kind: Body) -> Answer {
        let json = |name: &str, text: &str| serde_json::json!({ name: text }).to_string();
        let (mime, body) = match kind {
            Body::None => ("", String::new()),
            Body::Jetty(text) => return Answer::jetty(status, text),
            Body::Page(title) => ("text/html", nginx_page(title)),
            Body::JsonMessage(text) => ("application/json", json("message", text)),
            Body::JsonReason(text) => ("application/json", json("reason", text)),
            Body::JsonErrorMsg(text) => ("application/json", json("errorMsg", text)),
            Body::Text(text) | Body::Late(text) | Body::Chunked(text) => {
                ("text/plain", text.into())
            }
            Body::CutShort(text) | Body::Unmeasured(text) => ("text/plain", text.into()),
            Body::Huge => ("text/plain", "too much ".repeat(1 << 17)),
            Body::EchoesKey => ("text/plain", String::new()),
        };
        let body = body.into_bytes();
        let headers = Vec::from_iter((!mime.is_empty()).then(|| format!("Content-Type: {mime}")));
        Answer { status, headers, body, kind }
    }

    /// Pulsar's way of refusing.
    pub(super) fn jetty(status: u16, sentence: &str) -> Answer {
        let text = escaped(sentence);
        let page = format!(
            "<html>\n<head>\n<meta http-equiv=\"Content-Type\" content=\"text/html;charset=utf-8\"/>\n\
             <title>Error {status} {text}</title>\n</head>\n<body><h2>HTTP ERROR {status} {text}</h2>\n\
             <table>\n<tr><th>STATUS:</th><td>{status}</td></tr>\n<tr><th>MESSAGE:</th><td>{text}</td></tr>\n\
             </table>\n<hr><a href=\"https://eclipse.org/jetty\">Powered by Jetty:// 9.4.57</a><hr/>\n\n</body>\n</html>\n"
        );
        Answer {
            status,
            headers: vec!["Content-Type: text/html;charset=utf-8".into()],
            body: page.into_bytes(),
            kind: Body::Jetty(""),
        }
    }

    pub(super) fn header(mut self, header: impl Into<String>) -> Answer {
        self.headers.push(header.into());
        self
    }

    pub(super) fn status(&self) -> u16 {
        self.status
    }

    /// What is sent, in pieces with a pause before each. `common` are the gateway's own headers.
    pub(super) fn pieces(mut self, common: &str, key: &str) -> Vec<(Duration, Vec<u8>)> {
        if self.kind == Body::EchoesKey {
            let query =
                percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC);
            self.body = format!("the key {key} (x-api-key={query}) is not welcome").into_bytes();
        }
        let mut head = format!("HTTP/1.1 {} {}\r\n{common}", self.status, reason(self.status));
        for header in &self.headers {
            head.push_str(&format!("{header}\r\n"));
        }
        match self.kind {
            Body::Chunked(_) => head.push_str("Transfer-Encoding: chunked\r\n"),
            Body::Unmeasured(_) => {}
            _ => head.push_str(&format!("Content-Length: {}\r\n", self.body.len())),
        }
        head.push_str("Connection: close\r\n\r\n");
        let (now, head) = (Duration::ZERO, head.into_bytes());
        let half = self.body.len() / 2;
        match self.kind {
            Body::Late(_) => vec![(now, head), (Duration::from_millis(300), self.body)],
            Body::CutShort(_) => vec![(now, head), (now, self.body[..half].to_vec())],
            Body::Chunked(_) => {
                let chunk = |part: &[u8]| {
                    [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat()
                };
                let (first, second) = self.body.split_at(half);
                vec![
                    (now, head),
                    (now, chunk(first)),
                    (now, chunk(second)),
                    (now, b"0\r\n\r\n".to_vec()),
                ]
            }
            // Two writes are two TLS records: a client must not count on one read for both.
            _ => vec![(now, head), (now, self.body)],
        }
    }
}

fn nginx_page(title: &str) -> String {
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
         <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&apos;")
}

pub(super) fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        409 => "Conflict",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Whatever",
    }
}

/// So many seconds from now, as `Date` has it.
pub(super) fn http_date(ahead: i64) -> String {
    let now = Timestamp::now() + SignedDuration::from_secs(ahead);
    now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
