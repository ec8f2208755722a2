//! Where a text of the server's reaches a client: whatever the text, each place is one that a real
//! server or proxy has.

use super::frames;

/// A place for a text in what a server sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The reason phrase of the status line.
    Reason,
    /// Every header that says who answered, why, or where to go instead.
    Headers,
    /// The title of an HTML page.
    Title,
    /// The title of a page so long that a client which reads 8 KiB cuts the text in two, after this
    /// many of its bytes.
    TitleCutAfter(usize),
    /// A JSON body's `message`. The text is already escaped.
    Json,
    /// A body of plain text.
    Text,
    /// The first line of an answer that is not HTTP.
    NoHttp,
    /// A 101's `Sec-WebSocket-Protocol`.
    Protocol,
    /// The reason of a close frame, cut to the 123 bytes it may have.
    Close,
    /// The id of a message. It is none, and so is only shown.
    MessageId,
    /// A text frame that is no message.
    Frame,
    /// A pong that nobody asked for, cut to the 125 bytes it may have.
    Pong,
}

impl Place {
    /// An answer of this status that holds the text; `None` if its place is elsewhere.
    pub(super) fn answer(self, status: u16, text: &str) -> Option<Vec<u8>> {
        let (mut reason, mut headers) = (super::answer::reason(status), String::new());
        let body = match self {
            Place::Reason => {
                reason = text;
                String::new()
            }
            Place::Headers => {
                for name in ["Server", "Via", "Location", "X-Squid-Error", "Proxy-Authenticate"] {
                    headers.push_str(&format!("{name}: {text}\r\n"));
                }
                String::new()
            }
            Place::Title => format!("<html><head><title>said: {text}</title></head></html>"),
            Place::TitleCutAfter(bytes) => {
                let start = "<html><!---->  <title>said: ".len() + bytes;
                let long = "-".repeat(8 * 1024 - start);
                format!("<html><!--{long}-->  <title>said: {text}</title></html>")
            }
            Place::Json => format!(r#"{{"message":"said: {text}"}}"#),
            Place::Text => format!("said: {text}\nand more\n"),
            Place::NoHttp => return Some(format!("{text}\r\n\r\n").into_bytes()),
            Place::Protocol | Place::Close | Place::MessageId | Place::Frame | Place::Pong => {
                return None;
            }
        };
        let length = body.len();
        Some(
            format!(
                "HTTP/1.1 {status} {reason}\r\n{headers}Content-Length: {length}\r\n\
                 Connection: close\r\n\r\n{body}"
            )
            .into_bytes(),
        )
    }

    /// More headers of a 101.
    pub(super) fn headers(self, text: &str) -> String {
        match self {
            Place::Protocol => format!("Sec-WebSocket-Protocol: {text}\r\n"),
            _ => String::new(),
        }
    }

    /// Frames that hold the text, and whether the last of them is a close frame.
    pub(super) fn frames(self, text: &str) -> Option<(Vec<u8>, bool)> {
        let mut out = Vec::new();
        match self {
            Place::Close => frames::append_close(&mut out, Some(1008), cut(text, 123)),
            Place::MessageId => {
                let frame = serde_json::json!({"messageId": text, "payload": "e30="}).to_string();
                frames::append(&mut out, frames::TEXT, frame.as_bytes());
            }
            Place::Frame => frames::append(&mut out, frames::TEXT, text.as_bytes()),
            Place::Pong => frames::append(&mut out, frames::PONG, cut(text, 125).as_bytes()),
            _ => return None,
        }
        Some((out, self == Place::Close))
    }
}

fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
    &text[..end.unwrap_or(0)]
}
