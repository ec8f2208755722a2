//! The HTTP side: reads the request, checks the key as the gateway does, then the path and the query
//! as Pulsar does, and either opens a session or refuses with the words of that version.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use super::Version;
use super::answer::{Answer, Body, http_date};
use super::consumer::{Kind, Options};
use super::fault::Fault;
use super::feed::{Feed, Reader, Start};
use super::seen::Request;
use super::session::Session;
use super::state::{Shared, State};
use super::subscription::Subscription;
use super::topic::Id;
use super::wire::{Ending, Wire};

/// The longest head a client may send.
const HEAD_LIMIT: usize = 64 * 1024;

/// The most unacknowledged messages, whatever the client asks for.
const WINDOW_LIMIT: usize = 1000;

/// Serves one connection from the request to its end.
pub(super) fn serve(shared: &Shared, number: usize, wire: &mut Wire, fault: &Fault) -> Ending {
    let Some(request) = read_request(shared, number, wire) else {
        return Ending::Fin;
    };
    if let Some(ending) = fault.instead_of_upgrade(wire) {
        return ending;
    }
    let common = common_headers(shared);
    let verdict = match fault {
        Fault::Status(status, body) => Err(scripted(*status, *body)),
        Fault::RetryAfter(status, seconds) => {
            let body = Answer::new(*status, Body::JsonMessage("slow down"));
            Err(body.header(format!("Retry-After: {seconds}")))
        }
        _ => check(shared, number, &request),
    };
    match verdict {
        Ok((feed, window)) => {
            let accept = accept(request.header("Sec-WebSocket-Key").unwrap_or_default());
            let head = fault.head(&common, &accept).into_bytes();
            shared.note(number, |seen| seen.status = Some(101));
            let mut session = Session::new(shared, number, feed, window, fault);
            if matches!(fault, Fault::GluedFrame) {
                session.say_first(head);
            } else if let Err(ending) = fault.send_head(wire, &head) {
                session.leave();
                return ending;
            }
            session.run(wire)
        }
        Err(answer) => {
            shared.note(number, |seen| seen.status = Some(answer.status()));
            for (pause, piece) in answer.pieces(&common, given_key(&request).unwrap_or_default()) {
                if !pause.is_zero()
                    && let Err(ending) = wire.socket().remote.pause(Some(Instant::now() + pause))
                {
                    return ending;
                }
                if wire.write_all(&piece).is_err() {
                    break;
                }
            }
            Ending::Fin
        }
    }
}

fn read_request(shared: &Shared, number: usize, wire: &mut Wire) -> Option<Request> {
    let mut head = Vec::new();
    let mut chunk = [0; 4096];
    let end = loop {
        if let Some(at) = memchr::memmem::find(&head, b"\r\n\r\n") {
            break at + 4;
        }
        assert!(head.len() < HEAD_LIMIT, "the client's head has no end");
        let count = match wire.read(&mut chunk) {
            Ok(0) => return None,
            Ok(count) => count,
            Err(error) => {
                // TLS 1.3 tells only now what it thinks of a missing client certificate.
                shared.note(number, |seen| {
                    if seen.application_bytes == 0 && matches!(seen.tls, Some(Ok(()))) {
                        seen.tls = Some(Err(error.to_string()));
                    }
                });
                return None;
            }
        };
        shared.note(number, |seen| seen.application_bytes += count);
        head.extend_from_slice(&chunk[..count]);
    };
    assert_eq!(end, head.len(), "the client went on before it was answered");
    let request = parse(std::str::from_utf8(&head).expect("the client's head is text"));
    shared.note(number, |seen| seen.request = Some(request.clone()));
    Some(request)
}

fn parse(head: &str) -> Request {
    let mut lines = head.split("\r\n");
    let mut start = lines.next().unwrap_or_default().split(' ');
    let mut word = || start.next().expect("a request line has three words").to_owned();
    let (method, target, version) = (word(), word(), word());
    assert_eq!(version, "HTTP/1.1");
    let headers = lines.take_while(|line| !line.is_empty()).map(|line| {
        let (name, value) = line.split_once(':').expect("a header has a colon");
        assert!(!name.contains(' '), "a header's name has no spaces: {line:?}");
        (name.to_owned(), value.trim().to_owned())
    });
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        // A plus is a space there, and a message id with one does not survive that.
        (decoded(name), decoded(&value.replace('+', " ")))
    });
    Request {
        method,
        path: decoded(path),
        query: query.collect(),
        headers: headers.collect(),
        target: target.clone(),
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn common_headers(shared: &Shared) -> String {
    let date = shared.settings.date_skew.map(|skew| format!("Date: {}\r\n", http_date(skew)));
    format!("Server: nginx/1.22.1\r\n{}", date.unwrap_or_default())
}

fn accept(key: &str) -> String {
    assert_eq!(STANDARD.decode(key).map(|key| key.len()), Ok(16), "the client's Sec-WebSocket-Key");
    let text = format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    STANDARD.encode(openssl::sha::sha1(text.as_bytes()))
}

fn scripted(status: u16, body: Body) -> Answer {
    let answer = Answer::new(status, body);
    match status {
        301 | 302 | 307 => answer.header("Location: https://portal.8x8.test/login?next=/"),
        401 => answer.header("WWW-Authenticate: ApiKey"),
        407 => answer.header("Proxy-Authenticate: Basic realm=\"gateway\""),
        426 => answer.header("Upgrade: websocket"),
        _ => answer,
    }
}

fn given_key(request: &Request) -> Option<&str> {
    request.header("X-API-Key").or_else(|| request.param("x-api-key"))
}

fn check(shared: &Shared, number: usize, request: &Request) -> Result<(Feed, usize), Answer> {
    let mut state = shared.lock();
    check_key(shared, &state, request)?;
    let upgrade = request.header("Upgrade").is_some_and(|it| it.eq_ignore_ascii_case("websocket"));
    if request.method != "GET" || !upgrade {
        return Err(Answer::jetty(405, "HTTP method GET is not supported by this URL"));
    }
    assert_eq!(request.header("Sec-WebSocket-Version"), Some("13"));
    assert!(request.header("Host").is_some(), "a request names its host");
    let pulsar = Pulsar { version: shared.settings.version };
    let path = request.target.split('?').next().unwrap_or_default();
    let path: Vec<String> = path.split('/').skip(1).map(decoded).collect();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path[..] {
        ["ws", "v2", "reader", "persistent", tenant, namespace, topic] => {
            let window = pulsar.window(request)?;
            let name = pulsar.topic_name(&state, tenant, namespace, topic)?;
            Ok((pulsar.reader(&mut state, request, &name)?, window))
        }
        ["ws", "v2", "consumer", "persistent", tenant, namespace, topic, subscription] => {
            let window = pulsar.window(request)?;
            let name = pulsar.topic_name(&state, tenant, namespace, topic)?;
            let place = (name, subscription.to_owned());
            let whole_batches = shared.settings.whole_batches;
            Ok((
                pulsar.consumer(&mut state, number, request, place, window, whole_batches)?,
                window,
            ))
        }
        ["ws", "v2", "reader" | "consumer", ..] => {
            Err(Answer::jetty(500, "Failed to create reader: Invalid topic name format"))
        }
        _ => Err(Answer::new(404, Body::Page("404 Not Found"))),
    }
}

fn check_key(shared: &Shared, state: &State, request: &Request) -> Result<(), Answer> {
    let has =
        |keys: &[String]| given_key(request).is_some_and(|key| keys.iter().any(|it| it == key));
    if has(&state.forbidden_keys) {
        return Err(Answer::new(403, Body::JsonMessage("not authorized for this topic")));
    }
    if shared.settings.check_key && !has(&state.keys) {
        return Err(Answer::new(401, Body::JsonMessage("invalid API key")));
    }
    Ok(())
}

/// What the versions of Pulsar say differently.
struct Pulsar {
    version: Version,
}

impl Pulsar {
    fn window(&self, request: &Request) -> Result<usize, Answer> {
        let size = request.param("receiverQueueSize").unwrap_or("1000");
        match (size.parse::<i64>(), self.version) {
            (Ok(size @ 0..), _) => Ok((size as usize).min(WINDOW_LIMIT)),
            (_, Version::V4_0) => {
                let text = format!("Failed to create reader: Invalid receiverQueueSize {size}");
                Err(Answer::jetty(500, &text))
            }
            (_, Version::V4_2) => {
                Err(Answer::jetty(400, "Invalid query params: receiverQueueSize needs to be >= 0"))
            }
        }
    }

    fn topic_name(
        &self,
        state: &State,
        tenant: &str,
        namespace: &str,
        topic: &str,
    ) -> Result<String, Answer> {
        if state.namespaces.contains(&format!("{tenant}/{namespace}")) {
            return Ok(format!("{tenant}/{namespace}/{topic}"));
        }
        let what = match self.version {
            Version::V4_0 => (500, "reader"),
            Version::V4_2 => (404, "producer/consumer"),
        };
        let reason = r#"{"errorMsg":"Namespace not found","reqId":1862391047712911, "remote":"localhost/127.0.0.1:6650", "local":"/127.0.0.1:41002"}"#;
        Err(Answer::jetty(what.0, &format!("Failed to create {}: {reason}", what.1)))
    }

    fn reader(&self, state: &mut State, request: &Request, name: &str) -> Result<Feed, Answer> {
        let (name, only) = state.find(name);
        let topic = &state.topics[&name];
        let start = match request.param("messageId") {
            None | Some("latest") => Start::Latest,
            Some("earliest") => Start::Earliest,
            Some(text) => Start::After(Id::parse(text).ok_or_else(|| self.unreadable_id(text))?),
        };
        if matches!(start, Start::After(_)) && topic.partitioned && only.is_none() {
            let text = "Failed to create reader: The partitioned topic startMessageId is illegal";
            return Err(Answer::jetty(500, text));
        }
        Ok(Feed::Reader(Reader::new(&name, topic, only, &start)))
    }

    fn unreadable_id(&self, text: &str) -> Answer {
        match (self.version, STANDARD.decode(text)) {
            (Version::V4_2, _) => {
                Answer::jetty(400, "Invalid query params: Invalid messageId value")
            }
            (Version::V4_0, Ok(_)) => Answer::jetty(
                500,
                "Failed to create reader: CodedInputStream encountered a malformed varint.",
            ),
            (Version::V4_0, Err(_)) => {
                Answer::jetty(500, "Failed to create reader: Illegal base64 character 2d")
            }
        }
    }

    fn consumer(
        &self,
        state: &mut State,
        number: usize,
        request: &Request,
        place: (String, String),
        window: usize,
        whole_batches: bool,
    ) -> Result<Feed, Answer> {
        let (name, subscription) = &place;
        let options = options(request, &place, window)
            .map_err(|why| Answer::jetty(400, &format!("Invalid query params: {why}")))?;
        let (parent, only) = state.find(name);
        let earliest = request.param("subscriptionInitialPosition") == Some("Earliest");
        let topic = &state.topics[&parent];
        let fresh = || Subscription::new(options.kind, topic, only, earliest, whole_batches);
        let feed = Feed::Consumer { topic: name.clone(), subscription: subscription.clone() };
        let joined = state.subscriptions.entry(place).or_insert_with(fresh).join(number, options);
        joined.map_err(|reason| busy(&reason))?;
        Ok(feed)
    }
}

fn busy(reason: &str) -> Answer {
    let reason = format!(
        r#"{{"errorMsg":"{reason}","reqId":1110419632248929521, "remote":"127.0.0.1/127.0.0.1:6650", "local":"/127.0.0.1:41002"}}"#
    );
    Answer::jetty(409, &format!("Failed to create producer/consumer: {reason}"))
}

/// What a consumer's query says; the error is Pulsar's sentence.
fn options(request: &Request, place: &(String, String), window: usize) -> Result<Options, String> {
    let number = |name: &str| match request.param(name).map(str::parse::<u32>) {
        None => Ok(None),
        Some(Ok(number)) => Ok(Some(number)),
        Some(Err(_)) => {
            Err(format!("For input string: \"{}\"", request.param(name).unwrap_or_default()))
        }
    };
    let kind = request.param("subscriptionType").unwrap_or("Exclusive");
    let kind = Kind::parse(kind).ok_or_else(|| format!("Invalid subscriptionType {kind}"))?;
    let position = request.param("subscriptionInitialPosition").unwrap_or("Latest");
    if !["Latest", "Earliest"].contains(&position) {
        return Err(format!("Invalid subscriptionInitialPosition {position}"));
    }
    number("priorityLevel")?;
    if number("ackTimeoutMillis")?.is_some_and(|millis| millis != 0 && millis < 1000) {
        return Err("Ack timeout should be greater than 1000 ms".into());
    }
    let nack_delay = number("negativeAckRedeliveryDelay")?.map_or(1000, u64::from);
    let (topic, subscription) = place;
    let dead_letters = number("maxRedeliverCount")?.map(|most| {
        let default = format!("{topic}-{subscription}-DLQ");
        (most, request.param("deadLetterTopic").map_or(default, dead_letter_topic))
    });
    Ok(Options { kind, window, nack_delay: Duration::from_millis(nack_delay), dead_letters })
}

/// Pulsar keeps a topic without a namespace in `public/default`.
fn dead_letter_topic(name: &str) -> String {
    let name = name.trim_start_matches("persistent://");
    if name.contains('/') { name.into() } else { format!("public/default/{name}") }
}
