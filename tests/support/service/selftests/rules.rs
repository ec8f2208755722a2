//! The rules of the service, one trial each.

use std::time::Duration;

use libtest_mimic::Trial;
use tungstenite::Message;

use super::super::proxy::{Proxy, ProxyFault};
use super::super::{Id, Odd, Service, Version};
use super::client::{Client, after, after_text, consumer, reader};

pub(super) fn trials() -> Vec<Trial> {
    let trial = |name: &str, work: fn()| {
        Trial::test(format!("support::service: {name}"), move || {
            work();
            Ok(())
        })
    };
    vec![
        trial("ids mean the same in every spelling", ids_mean_the_same),
        trial("a reader reads, acknowledges, asks and leaves", a_reader_reads),
        trial("the window holds for readers, and any object opens it by one", the_window_holds),
        trial("resuming is exclusive and exact, also within a batch", resuming_is_exact),
        trial("partitioned topics have no ids but their partitions do", partitions),
        trial("each version refuses in its own words", each_version_refuses),
        trial("keys are checked and replaced", keys_are_checked),
        trial("subscriptions are exclusive, shared and durable", subscriptions),
        trial("connections are cut, closed, frozen and refused", trouble),
        trial("an idle session is closed, a pinging one is not", idle_limit),
        trial("a service that nobody reached or that saw a bad client fails", it_fails),
        trial("proxies tunnel, refuse and remember", proxies),
        trial("odd messages have a place and arrive as they are", odd_messages),
    ]
}

fn ids_mean_the_same() {
    let ids = [(11, 0, None, None), (11, 300, None, Some(0)), (1 << 40, 7, Some(2), Some(9))];
    for (ledger, entry, partition, batch_index) in ids {
        let id = Id { partition, ledger, entry, batch_index };
        assert_eq!(Id::parse(&id.encode()), Some(id));
        assert_eq!(Id::parse(&id.other_spelling()), Some(id));
        assert_ne!(id.encode(), id.other_spelling());
    }
    // As a real Pulsar wrote it.
    let real = Id::parse("CAUQADAA").unwrap();
    assert_eq!((real.ledger, real.entry, real.batch_index), (5, 0, None));
    assert_eq!(Id::parse("no id"), None);
    assert_eq!(Id::parse("////"), None);
}

fn a_reader_reads() {
    let service = Service::start();
    service.publish("all", "before");
    let mut client = Client::open(&service, &reader("messageId=earliest")).unwrap();
    assert_eq!(client.payloads(1), ["before"]);
    service.publish("all", "while");
    assert_eq!(client.payloads(1), ["while"]);
    client.say(r#"{"type":"isEndOfTopic"}"#);
    assert_eq!(client.read(), Ok(Message::text(r#"{"endOfTopic":false}"#)));
    client.0.send(Message::Ping("hello".into())).unwrap();
    assert_eq!(client.read(), Ok(Message::Pong("hello".into())));
    client.close();
    service.wait_for_no_connections();
    service.assert_acked_once();
    let seen = service.seen();
    let (last, request) = (seen.last(), seen.last().request.as_ref().unwrap());
    assert_eq!(request.path, "/ws/v2/reader/persistent/acme/event-v1/all");
    assert_eq!(request.param("messageId"), Some("earliest"));
    assert_eq!((last.pings, last.texts.len(), last.acks.len()), (1, 1, 2));
    assert!(last.close.is_some() && last.server_name.as_deref() == Some("localhost"));

    let mut late = Client::open(&service, &reader("")).unwrap();
    assert_eq!(late.next(true), Err("silence".into()));
}

fn the_window_holds() {
    let service = Service::start();
    service.publish_many("all", 30, |number| number.to_string());
    let query = "messageId=earliest&receiverQueueSize=10";
    let mut client = Client::open(&service, &reader(query)).unwrap();
    assert_eq!(client.all(false).len(), 10);
    client.say(r#"{"messageId":"made up"}"#);
    assert_eq!(client.all(false).len(), 1);
    client.say(r#"{"type":"isEndOfTopic"}"#);
    assert_eq!(client.read(), Ok(Message::text(r#"{"endOfTopic":false}"#)));
    assert_eq!(client.all(false).len(), 0);
    assert_eq!(service.seen().last().most_unacked, 10);

    let none = reader("messageId=earliest&receiverQueueSize=0");
    assert_eq!(Client::open(&service, &none).unwrap().all(true).len(), 0);
}

fn resuming_is_exact() {
    let service = Service::start();
    service.publish("all", "first");
    let batch = service.publish_batch("all", &["a", "b", "c"]);
    let last = service.publish("all", "last");
    assert_eq!(batch[2].batch_index, Some(2));
    let resumed = |target: &str| Client::open(&service, target).unwrap().all(true);
    assert_eq!(resumed(&after(&batch[0])), ["b", "c", "last"]);
    assert_eq!(resumed(&after_text(&batch[1].other_spelling())), ["c", "last"]);
    assert_eq!(resumed(&after(&batch[2])), ["last"]);
    assert_eq!(resumed(&after(&last)), [""; 0]);
    service.forget_before("all", &last);
    assert_eq!(resumed(&after(&batch[0])), ["last"]);
    assert_eq!(resumed(&reader("messageId=earliest")), ["last"]);
}

fn partitions() {
    let service = Service::builder().partitioned("all", 3).start();
    let ids = service.publish_many("all", 9, |number| number.to_string());
    assert_eq!(ids[4].partition, Some(1));
    let mut client = Client::open(&service, &reader("messageId=earliest")).unwrap();
    let mut all = client.all(true);
    all.sort();
    assert_eq!(all.concat(), "012345678");
    let refused = Client::open(&service, &after(&ids[4])).err().unwrap();
    assert!(refused.contains("The partitioned topic startMessageId is illegal"), "{refused}");
    let part = after(&ids[4]).replace("/all?", "/all-partition-1?");
    assert_eq!(Client::open(&service, &part).unwrap().all(true), ["7"]);
}

fn each_version_refuses() {
    let refusals = |version| {
        let service = Service::builder().pulsar(version).start();
        let wrong = reader("messageId=earliest").replace("acme", "nobody");
        let targets =
            [wrong, reader("messageId=no-id"), reader("receiverQueueSize=-1"), "/ws/v2/x".into()];
        targets.map(|target| Client::open(&service, &target).err().unwrap())
    };
    let [namespace, id, size, path] = refusals(Version::V4_0);
    assert!(namespace.contains("upgrade: 500"), "{namespace}");
    assert!(namespace.contains("{&quot;errorMsg&quot;:&quot;Namespace not found") || !namespace.contains("Error 500"), "{namespace}");
    assert!(id.contains("upgrade: 500"), "{id}");
    assert!(size.contains("upgrade: 500"), "{size}");
    assert!(path.contains("upgrade: 404"), "{path}");
    let [namespace, id, size, path] = refusals(Version::V4_2);
    assert!(namespace.contains("upgrade: 404"), "{namespace}");
    assert!(id.contains("upgrade: 400"), "{id}");
    assert!(size.contains("upgrade: 400"), "{size}");
    assert!(path.contains("upgrade: 404"), "{path}");
}

fn keys_are_checked() {
    let service = Service::builder().forbidden_key("may-not").start();
    let status = |key, target: &str| match Client::open_with_key(&service, target, key) {
        Ok(_) => "101".into(),
        Err(text) => text[9..12].to_owned(),
    };
    assert_eq!(status(None, &reader("")), "401");
    assert_eq!(status(Some("wrong"), &reader("")), "401");
    assert_eq!(status(Some("may-not"), &reader("")), "403");
    service.set_key("a new=one");
    assert_eq!(status(Some("a new=one"), &reader("")), "101");
    assert_eq!(status(None, &reader("x-api-key=a%20new%3Done")), "101");
    service.assert_key_never_sent();
}

fn subscriptions() {
    let service = Service::start();
    service.publish_many("all", 4, |number| number.to_string());
    let open = |query: &str| Client::open(&service, &consumer(query));
    let mut first = open("").unwrap();
    let (id, _) = first.next(false).unwrap();
    assert_eq!(first.next(true).unwrap().1, "1");
    assert!(open("").err().unwrap().contains("upgrade: 409"));
    first.say(&format!(r#"{{"type":"negativeAcknowledge","messageId":"{}"}}"#, id.encode()));
    assert_eq!(first.all(false), ["2", "3", "0"]);
    drop(first);
    service.wait_for_no_connections();

    let (mut a, mut b) = (
        open("subscriptionType=Shared&receiverQueueSize=1").unwrap(),
        open("subscriptionType=Shared&receiverQueueSize=1").unwrap(),
    );
    assert_eq!((a.next(false).unwrap().1, b.next(false).unwrap().1), ("0".into(), "2".into()));
    drop(a);
    b.ack(&service.seen().last().sent[0]);
    assert_eq!(b.payloads(2), ["0", "3"]);
    drop(b);
    service.wait_for_no_connections();
    assert!(open("").unwrap().all(true).is_empty());
}

fn trouble() {
    let service = Service::start();
    service.publish("all", "x");
    let open = || Client::open(&service, &reader("messageId=earliest"));
    let mut client = open().unwrap();
    client.payloads(1);
    service.cut_connections();
    assert!(client.read().unwrap_err().contains("ConnectionReset"));

    let mut client = open().unwrap();
    client.payloads(1);
    service.close_all(1011, "over");
    let close = format!("{:?}", client.read());
    assert!(close.contains("over") && close.contains("Error"), "{close}");
    client.close();

    let mut client = open().unwrap();
    client.payloads(1);
    service.end_connections();
    assert!(client.read().unwrap_err().contains("ResetWithoutClosingHandshake"));

    let mut client = open().unwrap();
    client.payloads(1);
    service.freeze();
    service.publish("all", "y");
    client.0.send(Message::Ping("".into())).unwrap();
    assert_eq!(client.read(), Err("silence".into()));
    assert!(open().err().unwrap().contains("tls"));
    service.thaw();
    assert_eq!(client.payloads(1), ["y"]);

    service.pause_delivery();
    service.publish("all", "z");
    assert_eq!(client.read(), Ok(Message::Pong("".into())));
    client.0.send(Message::Ping("".into())).unwrap();
    assert_eq!(client.read(), Ok(Message::Pong("".into())));
    assert_eq!(client.read(), Err("silence".into()));
    service.resume_delivery();
    assert_eq!(client.payloads(1), ["z"]);

    service.stop_listening();
    assert_eq!(open().err(), Some("tcp: ConnectionRefused".into()));
    service.publish("all", "still there");
    assert_eq!(client.payloads(1), ["still there"]);
    service.listen_again();
    assert_eq!(open().unwrap().all(true), ["x", "y", "z", "still there"]);
}

fn idle_limit() {
    let service = Service::builder().idle_limit(Duration::from_millis(900)).start();
    let mut client = Client::open(&service, &reader("")).unwrap();
    for _ in 0..3 {
        assert_eq!(client.read(), Err("silence".into()));
        client.0.send(Message::Ping("".into())).unwrap();
        assert_eq!(client.read(), Ok(Message::Pong("".into())));
    }
    assert_eq!(client.read(), Err("silence".into()));
    let close = format!("{:?}", client.read());
    assert!(close.contains("Idle timeout expired: 900/900 ms") && close.contains("Away"), "{close}");
}

fn it_fails() {
    let panics = |work: fn()| std::panic::catch_unwind(work).expect_err("should have panicked");
    let text = |panic: Box<dyn std::any::Any + Send>| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap()
    };
    assert!(text(panics(|| drop(Service::start()))).contains("never reached"));
    drop(Service::builder().may_be_unreached().start());
    let unmasked = text(panics(|| {
        use std::io::Write;
        let service = Service::start();
        let mut client = Client::open(&service, &reader("")).unwrap();
        client.0.get_mut().write_all(b"\x81\x02{}").unwrap();
        service.wait_for_no_connections();
    }));
    assert!(unmasked.contains("without a mask"), "{unmasked}");
}

fn proxies() {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    let service = Service::builder().may_be_unreached().start();
    let ask = |fault: ProxyFault, login: &str| {
        let proxy = Proxy::start(fault).forward_to(&service);
        let mut client = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
        client.set_read_timeout(Some(Duration::from_millis(400))).unwrap();
        let head = format!("CONNECT pulsar.8x8.test:443 HTTP/1.1\r\nHost: x\r\n{login}\r\n");
        client.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        let end = client.read_to_end(&mut answer).map_err(|error| error.kind());
        assert_eq!(proxy.connects(), ["pulsar.8x8.test:443"]);
        assert_eq!(proxy.authorizations().len(), usize::from(!login.is_empty()));
        let answer = String::from_utf8_lossy(&answer).into_owned();
        (answer.lines().next().unwrap_or_default().to_owned(), end.is_ok())
    };
    let line = |fault| ask(fault, "");
    assert_eq!(line(ProxyFault::None), ("HTTP/1.1 200 Connection established".into(), false));
    assert_eq!(line(ProxyFault::Http10), ("HTTP/1.0 200 Connection established".into(), false));
    assert_eq!(line(ProxyFault::OddReason), ("HTTP/1.1 200 Go ahead, caller".into(), false));
    assert_eq!(line(ProxyFault::Forbidden), ("HTTP/1.1 403 Forbidden".into(), true));
    assert_eq!(line(ProxyFault::Status(502)), ("HTTP/1.1 502 Bad Gateway".into(), true));
    assert_eq!(line(ProxyFault::Portal), ("HTTP/1.1 302 Found".into(), true));
    assert_eq!(line(ProxyFault::Socks), ("\u{5}\u{fffd}".into(), true));
    assert_eq!(line(ProxyFault::Silence), ("".into(), false));
    assert_eq!(line(ProxyFault::Eof), ("".into(), true));
    assert_eq!(line(ProxyFault::Reset), ("".into(), false));
    assert_eq!(line(ProxyFault::OkThenEof), ("HTTP/1.1 200 Connection established".into(), true));
    let (dripped, ended) = line(ProxyFault::HeadDrips);
    assert!(dripped.starts_with("HT") && !ended, "{dripped}");
    let login = ProxyFault::Login("user", "pa ss");
    assert_eq!(line(login.clone()).0, "HTTP/1.1 407 Proxy Authentication Required");
    let right = "Proxy-Authorization: Basic dXNlcjpwYSBzcw==\r\n";
    assert_eq!(ask(login, right).0, "HTTP/1.1 200 Connection established");
    let refused = Proxy::start(ProxyFault::Refuse);
    assert!(TcpStream::connect(("127.0.0.1", refused.port())).is_err());
}

fn odd_messages() {
    let service = Service::start();
    service.publish_odd("all", Odd::RawNewlines);
    service.publish_odd("all", Odd::ControlEndOfTopic);
    service.publish_odd("all", Odd::NotBase64);
    let last = service.publish("all", "last");
    assert_eq!(last.entry, 3);
    let mut client = Client::open(&service, &reader("messageId=earliest")).unwrap();
    assert!(client.next(true).unwrap().1.starts_with("{\n"));
    assert!(client.next(true).unwrap_err().contains(r#"{"endOfTopic":"false"}"#));
    assert!(client.next(true).unwrap_err().contains("*** no base64"));
    assert_eq!(client.next(true).unwrap().1, "last");
    assert_eq!(service.seen().last().sent.len(), 3);
}
