//! The rules of the service, one trial each.

use libtest_mimic::Trial;
use tungstenite::Message;

use super::super::{Body, Fault, Id, Odd, Service, Version};
use super::client::{Client, LONG, after, after_text, answer, reader};
use super::trial;
use crate::support::canary;
use crate::support::counts::count;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("ids mean the same in every spelling", ids_mean_the_same),
        trial("a reader reads, acknowledges, asks and leaves", a_reader_reads),
        trial("the window holds for readers, and any object opens it by one", the_window_holds),
        trial("resuming is exclusive and exact, also within a batch", resuming_is_exact),
        trial("partitioned topics have no ids but their partitions do", partitions),
        trial("each version refuses in its own words", each_version_refuses),
        trial("a refusal's body comes in every way", bodies_of_refusals),
        trial("keys are checked and replaced", keys_are_checked),
        trial("many messages flow", many),
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
    assert!(late.all(true).is_empty());
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
    let refused = answer(&service, &after(&ids[4]));
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
        targets.map(|target| answer(&service, &target))
    };
    let [namespace, id, size, path] = refusals(Version::V4_0);
    assert!(namespace.contains("<title>Error 500 Failed to create reader: {&quot;errorMsg&quot;:&quot;Namespace not found&quot;"), "{namespace}");
    assert!(id.contains("<title>Error 500 Failed to create reader: Illegal base64"), "{id}");
    assert!(size.starts_with("HTTP/1.1 500 "), "{size}");
    assert!(path.starts_with("HTTP/1.1 404 "), "{path}");
    let [namespace, id, size, _] = refusals(Version::V4_2);
    assert!(
        namespace.contains("<title>Error 404 Failed to create producer/consumer: {"),
        "{namespace}"
    );
    assert!(id.contains("<title>Error 400 Invalid query params: Invalid messageId value"), "{id}");
    assert!(size.starts_with("HTTP/1.1 400 "), "{size}");
}

fn bodies_of_refusals() {
    let body = |body| {
        let answer = answer(&Service::with(Fault::Status(503, body)), &reader(""));
        assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    };
    assert_eq!(body(Body::None), "");
    assert_eq!(body(Body::JsonReason("why")), r#"{"reason":"why"}"#);
    assert_eq!(body(Body::Late("why")), "why");
    assert_eq!(body(Body::Unmeasured("why")), "why");
    assert_eq!(body(Body::Chunked("abcd")), "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n");
    assert_eq!(body(Body::CutShort("abcd")), "ab");
    assert!(body(Body::Jetty("<why>")).contains("<title>Error 503 &lt;why&gt;</title>"));
    assert!(body(Body::EchoesKey).contains(canary::key()));
    assert_eq!(body(Body::Huge).len(), 9 << 17);
}

fn keys_are_checked() {
    let service = Service::builder().forbidden_key("may-not").start();
    let status = |key, target: &str| match Client::open_with(&service, target, key, LONG) {
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

fn many() {
    let most = count(20_000, 100_000);
    let service = Service::start();
    service.publish_many("all", most, |_| "x".repeat(1000));
    let mut client = Client::open(&service, &reader("messageId=earliest")).unwrap();
    for number in 1..=most {
        let text = client.0.read().unwrap().into_text().unwrap();
        let id = text.split('"').nth(3).unwrap();
        client.0.write(Message::text(format!(r#"{{"messageId":"{id}"}}"#))).unwrap();
        if number % 200 == 0 {
            client.0.flush().unwrap();
        }
    }
    service.wait_for_acks(most);
    service.assert_acked_once();
    assert!(service.seen().last().most_unacked <= 1000);
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
