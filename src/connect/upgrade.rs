//! The WebSocket upgrade (RFC 6455 section 4.1), written by hand: tungstenite's own loses the
//! reason for a refusal, and rejects the legal `Connection: keep-alive, Upgrade`.
//!
//! This is the only place that sends the API key.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use percent_encoding::utf8_percent_encode;
use tungstenite::WebSocket;
use tungstenite::handshake::client::generate_key;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::{Role, WebSocketConfig};

use super::halt::Halt;
use super::http::{self, BadHead};
use super::observation::Observation;
use super::response::Response;
use super::step::StepContext;
use super::tls::late_alert;
use crate::clock::Instant;
use crate::endpoint;
use crate::fault::{self, Failure, Fault, Step};
use crate::message::Position;
use crate::secret::{Gate, QUERY_VALUE, Secret};
use crate::settings::{Settings, Target};
use crate::values::choice::AuthStyle;
use crate::values::subscription::Subscription;
use crate::wire::Stream;

/// Far longer than any gateway's head; an endless one must not fill the memory.
const HEAD_LIMIT: usize = 64 * 1024;

/// The WebSocket layer clears its read buffer before each read, so smaller reads cost more, while
/// larger ones gain nothing.
const READ_BUFFER: usize = 32 * 1024;

/// Far more than the acknowledgements of the largest receiver queue: what a server that does not read
/// may leave unsent. When it is reached, only the answer to the latest ping waits (RFC 6455 section
/// 5.5.3).
const WRITE_BUFFER: usize = 1024 * 1024;

/// How long to wait for the body of a refusal, which explains it. A missing body must not delay the
/// failure for longer.
const BODY_TIME: Duration = Duration::from_secs(2);

/// What the upgrade requests.
#[derive(Debug)]
pub(crate) struct Request {
    /// Path and query, percent-encoded, without the key.
    pub(crate) path: String,
    pub(crate) key: Secret,
    pub(crate) style: AuthStyle,
    /// The largest WebSocket message that is accepted, in bytes.
    pub(crate) max_message_size: usize,
}

impl Request {
    /// A request for a reader that starts at this position, with this receiver queue.
    pub(crate) fn reader(
        settings: &Settings,
        key: Secret,
        position: &Position,
        receiver_queue_size: u16,
    ) -> Request {
        let path = endpoint::reader(&settings.topic, position, receiver_queue_size);
        Request::new(settings, key, path)
    }

    /// A request for a consumer of this subscription, with this receiver queue.
    pub(crate) fn consumer(
        settings: &Settings,
        key: Secret,
        subscription: &Subscription,
        receiver_queue_size: u16,
    ) -> Request {
        let initial = settings.start.initial;
        let path = endpoint::consumer(&settings.topic, subscription, initial, receiver_queue_size);
        Request::new(settings, key, path)
    }

    fn new(settings: &Settings, key: Secret, path: String) -> Request {
        Request {
            path,
            key,
            style: settings.credentials.style,
            max_message_size: settings.limits.max_message_size,
        }
    }
}

/// Requests the upgrade and checks the answer. Returns the server's clock, if it sent one.
pub(super) fn upgrade(
    stream: &mut Stream,
    request: &Request,
    target: &Target,
    on: &mut StepContext<'_>,
) -> Result<Option<Timestamp>, Halt> {
    let broken = |e: &std::io::Error, on: &StepContext<'_>| match late_alert(e) {
        Some(alert) => {
            // TLS 1.3 lets the server refuse after our side of the handshake is done.
            let mut failure = on.failure(Fault::LateAlert, alert);
            failure.step = Step::Tls;
            failure.into()
        }
        None => on.broken(e, Fault::UpgradeClosed, Fault::UpgradeReset),
    };
    let nonce = generate_key();
    let head = head(request, target, &nonce);
    on.send(stream, head.expose().as_bytes())?.map_err(|e| broken(&e, on))?;
    let mut answer = match http::head(stream, HEAD_LIMIT, on)? {
        Ok(answer) => answer,
        Err(BadHead::Io(e)) => return Err(broken(&e, on)),
        Err(BadHead::NotHttp(cause)) => {
            return Err(on.failure(Fault::NotWebSocket, cause).into());
        }
    };
    if answer.status == 101 {
        on.saw(Observation::Response(&answer));
        check_switch(&answer, &nonce, on)?;
        return Ok(answer.date());
    }
    on.deadline = on.deadline.min(Instant::now() + BODY_TIME);
    http::body(&mut answer, stream, on);
    // A server may echo the key.
    answer.remove(&Gate::of_key(&request.key));
    on.saw(Observation::Response(&answer));
    Err(refusal(&answer, on).into())
}

/// Hands the connection to the WebSocket layer. Nothing is lost: any bytes after the 101 are still
/// in the buffers below.
pub(super) fn into_websocket(stream: Stream, request: &Request) -> WebSocket<Stream> {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .max_write_buffer_size(WRITE_BUFFER)
        .max_message_size(Some(request.max_message_size))
        .max_frame_size(Some(request.max_message_size));
    WebSocket::from_raw_socket(stream, Role::Client, Some(config))
}

fn head(request: &Request, target: &Target, nonce: &str) -> Secret {
    let default_port = if target.plain { 80 } else { 443 };
    let mut host = target.authority();
    if target.port == default_port {
        host.truncate(host.len() - format!(":{default_port}").len());
    }
    let (path, key) = (&request.path, request.key.expose());
    let rest = format!(
        " HTTP/1.1\r\n\
         Host: {host}\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Key: {nonce}\r\n\
         Sec-WebSocket-Version: 13\r\n\
         User-Agent: {}\r\n",
        http::USER_AGENT
    );
    match request.style {
        AuthStyle::Header => Secret::of(&["GET ", path, &rest, "X-API-Key: ", key, "\r\n\r\n"]),
        AuthStyle::Query => {
            let key = Secret::new(utf8_percent_encode(key, QUERY_VALUE).to_string());
            Secret::of(&["GET ", path, "&x-api-key=", key.expose(), &rest, "\r\n"])
        }
    }
}

/// Checks a 101 by the rules of RFC 6455 section 4.1.
fn check_switch(answer: &Response, nonce: &str, on: &StepContext<'_>) -> Result<(), Halt> {
    let stripped =
        |what: &str| on.failure(Fault::NotWebSocket, format!("HTTP 101 without `{what}`")).into();
    if answer.minor_version == 0 {
        return Err(on.failure(Fault::NotWebSocket, "HTTP/1.0 cannot switch protocols").into());
    }
    if !answer.has_token("Upgrade", "websocket") {
        return Err(stripped("Upgrade: websocket"));
    }
    if !answer.has_token("Connection", "upgrade") {
        return Err(stripped("Connection: Upgrade"));
    }
    if answer.header("Sec-WebSocket-Accept").map(str::trim)
        != Some(derive_accept_key(nonce.as_bytes()).as_str())
    {
        return Err(on.failure(Fault::BadAccept, "Sec-WebSocket-Accept does not match").into());
    }
    for name in ["Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"] {
        // An empty one names nothing.
        if let Some(value) = answer.headers(name).find(|value| !value.is_empty()) {
            let cause = format!("{name}: {value}, which was not asked for");
            return Err(on.failure(Fault::BadAccept, cause).into());
        }
    }
    Ok(())
}

/// The failure for any answer but a 101. The status decides, unless the sentence is a known one
/// that says more.
fn refusal(answer: &Response, on: &StepContext<'_>) -> Failure {
    let sentence = answer.sentence();
    let known = sentence.as_deref().and_then(|sentence| fault::said(sentence, answer.status));
    let by_status = || match answer.status {
        400 => Fault::BadRequest,
        401 => Fault::Unauthorized,
        403 => Fault::Forbidden,
        404 => Fault::NotFound,
        409 => Fault::Busy,
        429 => Fault::RateLimited,
        502..=504 => Fault::GatewayError,
        500..=599 => Fault::ServerError,
        _ => Fault::NotWebSocket,
    };
    let mut cause = answer.status_line();
    if let Some(place) = answer.header("Location") {
        // Redirects are never followed: the key would be sent along.
        cause = format!("{cause} to {}", place.split(['?', '#']).next().unwrap_or_default());
    }
    if let Some(sentence) = sentence {
        cause = format!("{cause}: {sentence}");
    }
    let mut failure = on.failure(known.unwrap_or_else(by_status), cause);
    failure.retry_after = answer.header("Retry-After").and_then(retry_after);
    failure
}

/// The value of `Retry-After`: seconds, or a date (RFC 9110 section 10.2.3).
fn retry_after(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = rfc2822::parse(value.trim()).ok()?.timestamp();
    Duration::try_from(at.duration_since(Timestamp::now())).ok()
}
