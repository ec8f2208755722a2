//! The fixture itself: that it does what the tests beside this file lean on.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use libtest_mimic::Trial;
use native_tls::{Certificate, TlsConnector};
use tungstenite::Message;

use crate::support::ca::Ca;
use crate::support::canary;
use crate::support::nginx::{FORBIDDEN_KEY, Gateway, Resetter};
use crate::support::pulsar::process::wait_until;
use crate::support::pulsar::producer::{Outgoing, Producer, connect, numbered};
use crate::support::pulsar::reading::{read_messages, read_partitions, read_topic};
use crate::support::pulsar::topic::Topic;
use crate::support::pulsar::{Options, Pulsar, trial};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("real::fixture: what is published is read back", published_is_read_back),
        trial("real::fixture: a batch is one entry of several messages", a_batch_is_one_entry),
        trial("real::fixture: partitions share the messages", partitions_share_the_messages),
        trial("real::fixture: topics are ended, deleted and described", topics_are_managed),
        trial("real::fixture: data survive kill -9, and a producer goes on", data_survive_a_kill),
        trial("real::fixture: a proxy outlives its broker", a_proxy_outlives_its_broker),
        trial("real::fixture: the gateway checks the key", the_gateway_checks_the_key),
        trial("real::fixture: the resetter breaks connections", the_resetter_breaks_connections),
    ]
}

fn published_is_read_back() {
    let topic = Pulsar::shared().namespace("fixture-plain").topic("all");
    let mut producer = topic.producer(None);
    let ids = producer.send_all((0..100).map(numbered)).unwrap();
    let odd = Outgoing {
        payload: b"\xff\x00 no text".to_vec(),
        properties: vec![("colour".to_owned(), "grün".to_owned())],
        key: Some("agent-7".to_owned()),
    };
    producer.send(odd).unwrap();
    // As large as a base64 frame of the producer's may be, and as small.
    producer.send(vec![b'x'; 700 * 1024]).unwrap();
    producer.send(Vec::new()).unwrap();

    let stored = read_messages(&topic);
    assert_eq!(stored.len(), 103);
    for (number, message) in stored[..100].iter().enumerate() {
        assert_eq!(message.payload, numbered(number as u64));
        assert_eq!(message.text_id, ids[number]);
        assert_eq!((message.id.partition, message.id.batch_index), (None, None));
    }
    assert!(stored.is_sorted_by_key(|message| message.id));
    assert_eq!(stored[100].payload, b"\xff\x00 no text");
    assert_eq!(stored[100].frame["properties"]["colour"], "grün");
    assert_eq!(stored[100].frame["key"], "agent-7");
    assert_eq!((stored[101].payload.len(), stored[102].payload.len()), (700 * 1024, 0));
}

fn a_batch_is_one_entry() {
    let topic = Pulsar::shared().namespace("fixture-batch").topic("all");
    topic.producer(Some(10)).send_all((0..100).map(numbered)).unwrap();
    let stored = read_messages(&topic);
    assert!(stored.iter().map(|message| message.payload.clone()).eq((0..100).map(numbered)));
    for (number, message) in stored.iter().enumerate() {
        assert_eq!(
            (message.id.batch_index, message.id.batch_size),
            (Some(number as u64 % 10), Some(10))
        );
    }
    assert_eq!(stored[9].id.entry, stored[0].id.entry);
    assert_ne!(stored[10].id.entry, stored[0].id.entry);
}

fn partitions_share_the_messages() {
    let topic = Pulsar::shared().namespace("fixture-parts").partitioned("all", 3);
    topic.producer(None).send_all((0..30).map(numbered)).unwrap();
    let partitions = read_partitions(&topic);
    assert_eq!(partitions.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 10]);
    let mut all = partitions.concat();
    all.sort_by_key(|payload| (payload.len(), payload.clone()));
    assert!(all.into_iter().eq((0..30).map(numbered)));
}

fn topics_are_managed() {
    let namespace = Pulsar::shared().namespace("fixture-topics");
    let topic = namespace.topic("all");
    assert_eq!(namespace.topic("untouched").producer(None).send("{}").map(drop), Ok(()));
    topic.producer(None).send("{}").unwrap();
    assert_eq!(topic.stats()["msgInCounter"], 1);
    assert!(topic.subscriptions().is_empty());
    topic.terminate();
    let refused = Producer::connect(&topic, None).unwrap_err();
    assert!(refused.contains("503"), "a terminated topic takes no producer: {refused}");
    topic.delete();
    topic.producer(None).send("new").unwrap();
    assert_eq!(read_topic(&topic), [b"new"]);
    assert_eq!(read_topic(&namespace.topic("untouched")), [b"{}"]);
}

fn data_survive_a_kill() {
    let idle_timeout = Some(Duration::from_secs(2));
    let mut pulsar = Pulsar::start(Options { idle_timeout, ..Options::default() });
    let topic = pulsar.namespace("events").topic("all");
    let close = close_of_an_idle_session(&topic);
    // The versions put it in different words.
    let idle = close.to_lowercase().contains("idle timeout");
    assert!(close.starts_with("1001 ") && idle, "{close}");

    let producer = topic.keep_publishing(None);
    producer.wait_for_more(100);
    pulsar.kill();
    let before = producer.confirmed();
    pulsar.restart();
    producer.wait_for_more(100);
    pulsar.stop();
    pulsar.restart();
    producer.wait_for_more(1);
    let confirmed = producer.finish();
    assert!(confirmed > before + 100);

    let mut stored = read_topic(&topic);
    assert!(stored.len() as u64 >= confirmed);
    // What broke off before its answer may be there twice, in a row.
    stored.dedup();
    stored.truncate(confirmed as usize);
    assert!(stored.into_iter().eq((0..confirmed).map(numbered)));
}

fn a_proxy_outlives_its_broker() {
    let mut pulsar = Pulsar::start_split();
    let topic = pulsar.namespace("events").topic("all");
    topic.producer(None).send("before").unwrap();
    pulsar.kill();
    assert!(TcpStream::connect(("127.0.0.1", pulsar.websocket_port())).is_ok(), "the proxy lives");
    pulsar.restart();
    // The proxy's own wait for the broker may be longer than that of one producer.
    wait_until("a producer works again", || {
        Producer::connect(&topic, None).and_then(|mut producer| producer.send("after")).is_ok()
    });
    let stored = read_topic(&topic);
    assert_eq!(
        (stored.first().unwrap().as_slice(), stored.last().unwrap().as_slice()),
        (&b"before"[..], &b"after"[..])
    );
}

fn the_gateway_checks_the_key() {
    let pulsar = Pulsar::shared();
    let topic = pulsar.namespace("fixture-gateway").topic("all");
    let gateway = Gateway::start(pulsar.websocket_port());
    let nobody = Gateway::start(1);
    let path = format!("/ws/v2/reader/{}", topic.path());
    let header = |key: &str| format!("X-API-Key: {key}\r\n");

    assert_eq!(upgrade(gateway.port(), &path, &header(canary::key())), 101);
    let percent =
        percent_encoding::utf8_percent_encode(canary::key(), percent_encoding::NON_ALPHANUMERIC);
    assert_eq!(
        upgrade(gateway.port(), &format!("{path}?readerName=r&x-api-key={percent}"), ""),
        101
    );
    assert_eq!(upgrade(gateway.port(), &path, ""), 401);
    assert_eq!(upgrade(gateway.port(), &path, &header("eght_wrong")), 401);
    assert_eq!(upgrade(gateway.port(), &path, &header(&format!("{}x", canary::key()))), 401);
    assert_eq!(upgrade(gateway.port(), &path, &header(&canary::key().to_lowercase())), 401);
    assert_eq!(upgrade(gateway.port(), &path, &header(FORBIDDEN_KEY)), 403);
    assert_eq!(upgrade(nobody.port(), &path, &header(canary::key())), 502);
    assert!(gateway.access_log().contains(" 401 "));
}

fn the_resetter_breaks_connections() {
    let pulsar = Pulsar::shared();
    pulsar.namespace("fixture-resetter");
    let gateway = Gateway::start(pulsar.websocket_port());
    let ask = |port| upgrade(port, "/ws/v2/reader/persistent/acme/fixture-resetter/all", "");

    let resetter = Resetter::start(gateway.port());
    assert_eq!(ask(resetter.port()), 401);
    let mut open = TcpStream::connect(("127.0.0.1", resetter.port())).unwrap();
    open.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    wait_until("the connection is reset", || {
        // Again and again: it may not have been accepted yet.
        resetter.cut();
        match open.read(&mut [0]).map_err(|error| error.kind()) {
            Err(ErrorKind::ConnectionReset) => true,
            Err(ErrorKind::WouldBlock) => false,
            other => panic!("{other:?} is no reset"),
        }
    });

    // The handshake alone is longer than the 500 bytes that pass on average.
    let resetter = Resetter::random(gateway.port(), 1, 500);
    let failed = (0..20).filter(|_| try_upgrade(resetter.port(), "/", "").is_err()).count() as u64;
    assert!(failed > 0);
    // One that was cut just after its answer has not failed.
    assert!(failed <= resetter.cuts(), "{failed} failed of {} cut", resetter.cuts());
    resetter.calm();
    assert_eq!(ask(resetter.port()), 401);
}

/// What the server says when it closes a session in which nothing happens.
#[track_caller]
fn close_of_an_idle_session(topic: &Topic) -> String {
    let url = topic.url("reader", "");
    let mut socket = connect(&url).unwrap();
    match socket.read() {
        Ok(Message::Close(Some(close))) => format!("{} {}", close.code, close.reason),
        other => panic!("{other:?} is no close frame"),
    }
}

/// The status a WebSocket upgrade through TLS is answered with.
#[track_caller]
fn upgrade(port: u16, path: &str, header: &str) -> u16 {
    try_upgrade(port, path, header).unwrap()
}

fn try_upgrade(port: u16, path: &str, header: &str) -> Result<u16, String> {
    let root = std::fs::read(Ca::shared().root_pem()).unwrap();
    let connector = TlsConnector::builder()
        .disable_built_in_roots(true)
        .add_root_certificate(Certificate::from_pem(&root).unwrap())
        .build()
        .unwrap();
    let tcp = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
    let mut tls = connector.connect("localhost", tcp).map_err(|error| error.to_string())?;
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{header}\r\n"
    );
    tls.write_all(head.as_bytes()).map_err(|error| error.to_string())?;
    let mut status = [0; 12];
    tls.read_exact(&mut status).map_err(|error| error.to_string())?;
    let status = std::str::from_utf8(&status).map_err(|error| error.to_string())?;
    status
        .strip_prefix("HTTP/1.1 ")
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| status.to_owned())
}
