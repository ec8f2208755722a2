//! Subscriptions: who gets what, what comes again, and what a test is told about it.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use tungstenite::Message;

use super::super::{BUSY, Fault, Id, Kind, New, OTHER_TYPE, Service};
use super::client::{Client, answer, consumer};
use super::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("a subscription is durable, and made by its first consumer", durable),
        trial("a second exclusive consumer and another type are refused", refused),
        trial("a consumer is refused in Pulsar's words", words),
        trial("a consumer's window counts what is sent and not settled", window),
        trial("a standby gets nothing until the active one leaves", failover),
        trial("shared consumers take turns, and what one leaves goes to the others", shared),
        trial("a key stays on one consumer while that is connected", keys),
        trial("a message that is sent back comes again later, counted", sent_back),
        trial("an exclusive consumer that sends one back gets all again", sent_back_alone),
        trial("a message sent back too often is a dead letter", dead_letter),
        trial("unsubscribe is carried out without a word, or ends the session", unsubscribe),
        trial("batches are acknowledged one by one, or as a whole", batches),
        trial("partitions have one subscription", partitions),
        trial("a broker's restart brings the unacknowledged and the last again", restart),
        trial("acknowledgements that are lost leave the messages", lost_acks),
    ]
}

fn open(service: &Service, query: &str) -> Client {
    Client::open(service, &consumer(query)).unwrap()
}

fn numbered(service: &Service, count: usize) -> Vec<Id> {
    service.publish_many("all", count, |number| number.to_string())
}

fn say(client: &mut Client, kind: &str, id: &Id) {
    client.say(&format!(r#"{{"type":"{kind}","messageId":"{}"}}"#, id.encode()));
}

fn nack(client: &mut Client, id: &Id) {
    say(client, "negativeAcknowledge", id);
}

/// The next message and its count.
fn redelivered(client: &mut Client) -> (String, u64) {
    let text = client.read().unwrap().into_text().unwrap();
    let frame: serde_json::Value = serde_json::from_str(&text).unwrap();
    let payload = openssl::base64::decode_block(frame["payload"].as_str().unwrap()).unwrap();
    (String::from_utf8(payload).unwrap(), frame["redeliveryCount"].as_u64().unwrap())
}

fn leave(client: Client, service: &Service) {
    let open = service.open_connections();
    client.close();
    service.wait_for("the end of a consumer", |seen| seen.open() < open);
}

fn durable() {
    let service = Service::start();
    let ids = numbered(&service, 3);
    assert_eq!(service.subscription("all", "sub"), None);
    let late = consumer("").replace("Earliest", "Latest");
    let client = Client::open(&service, &late).unwrap();
    leave(client, &service);
    service.publish("all", "3");
    // The position was asked for once, by the first.
    let mut client = open(&service, "consumerName=me");
    client.0.send(Message::binary(&b"{}"[..])).unwrap();
    let (id, payload) = client.next(false).unwrap();
    assert_eq!((id.entry, payload.as_str()), (3, "3"));
    client.say(r#"{"type":"isEndOfTopic"}"#);
    assert_eq!(client.read(), Ok(Message::text(r#"{"endOfTopic":false}"#)));
    let told = service.subscription("all", "sub").unwrap();
    assert_eq!((told.kind, told.acked, told.backlog), (Kind::Exclusive, vec![], 1));
    assert_eq!(told.connections, [1]);
    let seen = service.seen();
    assert_eq!(seen.consumers().count(), 2);
    assert_eq!(seen.last().request.as_ref().unwrap().param("consumerName"), Some("me"));
    assert_eq!(seen.last().binaries, 1);
    leave(client, &service);
    let mut client = open(&service, "");
    assert_eq!(redelivered(&mut client), ("3".into(), 0));
    client.ack(&id);
    service.wait_for_all_acked("all", "sub", 1);
    assert_eq!(service.subscription("all", "sub").unwrap().acked, [id]);
    service.make_subscription("all", "made", Kind::Shared, true);
    assert_eq!(service.subscription("all", "made").unwrap().backlog, ids.len() + 1);
    service.delete_subscription("all", "made");
    assert_eq!(service.subscription("all", "made"), None);
}

fn refused() {
    let service = Service::start();
    let first = open(&service, "");
    let why = |query: &str| answer(&service, &consumer(query));
    assert!(why("").starts_with("HTTP/1.1 409 Conflict\r\n") && why("").contains(BUSY));
    assert!(why("subscriptionType=Shared").contains(OTHER_TYPE));
    leave(first, &service);
    let shared = open(&service, "subscriptionType=Shared");
    assert_eq!(service.subscription("all", "sub").unwrap().kind, Kind::Shared);
    drop(shared);
}

fn words() {
    let service = Service::start();
    let _first = open(&service, "");
    let queries = [
        "",
        "subscriptionType=Shared",
        "subscriptionType=shared",
        "ackTimeoutMillis=10",
        "maxRedeliverCount=many",
    ];
    let [busy, other, kind, timeout, count] =
        queries.map(|query| answer(&service, &consumer(query)));
    assert!(busy.contains("<title>Error 409 Failed to create producer/consumer: {&quot;errorMsg&quot;:&quot;Exclusive consumer is already connected&quot;"), "{busy}");
    assert!(other.contains("Active subscription type of &apos;Exclusive&apos; is different than the connecting consumer&apos;s type &apos;Shared&apos;.&quot;"), "{other}");
    assert!(kind.contains("Error 400 Invalid query params: Invalid subscriptionType shared"));
    assert!(timeout.contains("Error 400 Invalid query params: Ack timeout should be greater"));
    assert!(count.contains("Error 400 Invalid query params: For input string: &quot;many&quot;"));
}

fn window() {
    let service = Service::start();
    numbered(&service, 8);
    let mut client = open(&service, "receiverQueueSize=3");
    assert_eq!(client.all(false).concat(), "012");
    let sent = service.seen().last().sent.clone();
    client.ack(&sent[0]);
    assert_eq!(client.all(false).concat(), "3");
    nack(&mut client, &sent[1]);
    assert_eq!(redelivered(&mut client).0, "4");
    assert_eq!(service.seen().last().most_unacked, 3);
    assert_eq!(service.seen().nacks(), [sent[1]]);
}

fn failover() {
    let service = Service::start();
    let query = "subscriptionType=Failover&receiverQueueSize=2";
    let (mut active, mut standby) = (open(&service, query), open(&service, query));
    numbered(&service, 5);
    assert_eq!(active.all(false).concat(), "01");
    assert_eq!(standby.all(false).len(), 0);
    assert_eq!(service.subscription("all", "sub").unwrap().connections, [0, 1]);
    let sent = service.seen().connections[0].sent.clone();
    active.ack(&sent[0]);
    assert_eq!(active.all(false).concat(), "2");
    leave(active, &service);
    assert_eq!(standby.payloads(4).concat(), "1234");
    service.wait_for_all_acked("all", "sub", 5);
}

fn shared() {
    let service = Service::start();
    numbered(&service, 6);
    let query = "subscriptionType=Shared&receiverQueueSize=2";
    let (mut a, mut b) = (open(&service, query), open(&service, query));
    let (of_a, of_b) = (a.all(false), b.all(false));
    assert_eq!((of_a.concat(), of_b.concat()), ("01".into(), "23".into()));
    b.ack(&service.seen().connections[1].sent[0]);
    assert_eq!(b.all(false).concat(), "4");
    leave(a, &service);
    for id in &service.seen().connections[1].sent[1..] {
        b.ack(id);
    }
    // Neither in order nor counted.
    let again = [redelivered(&mut b), redelivered(&mut b)];
    assert_eq!(again, [("1".into(), 0), ("0".into(), 0)]);
    let acked = service.subscription("all", "sub").unwrap().acked;
    assert_eq!(acked.iter().map(|id| id.entry).collect::<Vec<_>>(), [2, 3, 4]);
}

fn keys() {
    let service = Service::start();
    let query = "subscriptionType=Key_Shared";
    let (mut a, mut b) = (open(&service, query), open(&service, query));
    let publish = |round: usize| {
        for key in ["a", "b", "c", "d", "e", "f"] {
            service.publish_message("all", New::payload(format!("{key}{round}")).key(key));
        }
    };
    publish(0);
    let (first_a, first_b) = (a.all(false), b.all(true));
    assert_eq!(first_a.len() + first_b.len(), 6);
    assert!(!first_a.is_empty() && !first_b.is_empty(), "{first_a:?} {first_b:?}");
    publish(1);
    let next = |payloads: &[String]| -> Vec<_> {
        payloads.iter().map(|payload| payload.replace('0', "1")).collect()
    };
    assert_eq!((a.all(false), b.all(true)), (next(&first_a), next(&first_b)));
    leave(a, &service);
    let again = b.payloads(first_a.len() * 2);
    for key in first_a.iter().map(|payload| &payload[..1]) {
        let of_key: Vec<_> = again.iter().filter(|payload| payload.starts_with(key)).collect();
        assert_eq!(of_key, [&format!("{key}0"), &format!("{key}1")]);
    }
}

fn sent_back() {
    let service = Service::start();
    numbered(&service, 3);
    let query = "subscriptionType=Shared&negativeAckRedeliveryDelay=700";
    let mut client = open(&service, query);
    assert_eq!(client.all(false).concat(), "012");
    let began = Instant::now();
    nack(&mut client, &service.seen().last().sent[1]);
    assert_eq!(redelivered(&mut client), ("1".into(), 1));
    assert!(began.elapsed() >= Duration::from_millis(700), "{:?}", began.elapsed());
    // One that leaves meanwhile takes no count with it.
    nack(&mut client, &service.seen().last().sent[0]);
    leave(client, &service);
    let mut client = open(&service, query);
    let mut again = [redelivered(&mut client), redelivered(&mut client), redelivered(&mut client)];
    again.sort();
    assert_eq!(again, [("0".into(), 0), ("1".into(), 1), ("2".into(), 0)]);
}

fn sent_back_alone() {
    let service = Service::start();
    numbered(&service, 4);
    let mut client = open(&service, "negativeAckRedeliveryDelay=100");
    assert_eq!(client.all(false).concat(), "0123");
    let sent = service.seen().last().sent.clone();
    client.ack(&sent[2]);
    nack(&mut client, &sent[1]);
    let again = [redelivered(&mut client), redelivered(&mut client), redelivered(&mut client)];
    assert_eq!(again.map(|(payload, count)| format!("{payload}:{count}")), ["0:0", "1:0", "3:0"]);
}

fn dead_letter() {
    let service = Service::start();
    numbered(&service, 2);
    let query = "subscriptionType=Shared&negativeAckRedeliveryDelay=20&maxRedeliverCount=2";
    let dead = "&deadLetterTopic=persistent%3A%2F%2Facme%2Fevent-v1%2Fdead";
    for (name, dead) in [("all-sub-DLQ", ""), ("dead", dead)] {
        let mut client = open(&service, &format!("{query}{dead}"));
        let (id, payload) = client.next(false).unwrap();
        for count in 0..3 {
            nack(&mut client, &id);
            if count < 2 {
                while redelivered(&mut client) != (payload.clone(), count + 1) {}
            }
        }
        service.wait_for_subscription("all", "sub", "one is dead", |it| it.acked.contains(&id));
        assert_eq!(service.payloads(name), [payload]);
        leave(client, &service);
    }
}

fn unsubscribe() {
    let service = Service::start();
    numbered(&service, 1);
    let ask = |client: &mut Client| {
        client.say(r#"{"type":"unsubscribe"}"#);
        client.say(r#"{"type":"isEndOfTopic"}"#);
    };
    let query = "subscriptionType=Shared";
    let (mut one, other) = (open(&service, query), open(&service, query));
    one.next(false).unwrap();
    ask(&mut one);
    let end = one.read().unwrap_err();
    assert!(end.contains("ResetWithoutClosingHandshake"), "{end}");
    assert_eq!(service.subscription("all", "sub").unwrap().backlog, 1);
    leave(other, &service);

    service.next_faults([Fault::UnsubscribeRefused]);
    let mut refused = open(&service, query);
    refused.next(false).unwrap();
    ask(&mut refused);
    assert!(refused.read().is_err());
    service.wait_for_no_connections();

    service.next_faults([Fault::UnsubscribeSilent]);
    let mut silent = open(&service, query);
    silent.next(false).unwrap();
    ask(&mut silent);
    assert!(silent.is_silent());
    service.cut_connections();
    service.wait_for_no_connections();
    assert!(service.subscription("all", "sub").is_some());

    let mut alone = open(&service, query);
    alone.next(false).unwrap();
    ask(&mut alone);
    assert_eq!(alone.read(), Ok(Message::text(r#"{"endOfTopic":false}"#)));
    assert_eq!(service.subscription("all", "sub"), None);
    assert_eq!(service.seen().last().texts.len(), 2);
}

fn batches() {
    let rest_after_one_ack = |service: Service| {
        service.publish_batch("all", &["a", "b", "c"]);
        service.publish("all", "d");
        let mut client = open(&service, "");
        assert_eq!(client.all(false).concat(), "abcd");
        client.ack(&service.seen().last().sent[1]);
        client.ack(&service.seen().last().sent[3]);
        client.all(false);
        leave(client, &service);
        open(&service, "").all(false).concat()
    };
    assert_eq!(rest_after_one_ack(Service::start()), "ac");
    assert_eq!(rest_after_one_ack(Service::builder().whole_batches().start()), "abc");
}

fn partitions() {
    let service = Service::builder().partitioned("all", 3).start();
    let ids = numbered(&service, 6);
    let mut client = open(&service, "");
    client.all(false);
    for id in &ids[..4] {
        client.ack(id);
    }
    client.all(false);
    leave(client, &service);
    let mut client = open(&service, "");
    let mut rest = client.all(true);
    rest.sort();
    assert_eq!(rest.concat(), "45");
    let mut acked = service.subscription("all", "sub").unwrap().acked;
    acked.sort_by_key(|id| (id.entry, id.partition));
    assert_eq!(acked, ids);
}

fn restart() {
    let service = Service::start();
    numbered(&service, 6);
    let mut client = open(&service, "receiverQueueSize=4");
    for _ in 0..4 {
        client.next(true).unwrap();
    }
    assert_eq!(client.all(false).concat(), "45");
    service.restart_broker("all", "sub", 3);
    // Two were sent already, so the window has room for two.
    assert_eq!(client.all(false).concat(), "12");
    for id in &service.seen().last().sent[4..] {
        client.ack(id);
    }
    assert_eq!(client.all(true).concat(), "3");
    service.wait_for_all_acked("all", "sub", 6);
}

fn lost_acks() {
    let service = Service::start();
    numbered(&service, 3);
    service.next_faults([Fault::AcksLost]);
    let mut client = open(&service, "");
    assert_eq!(client.all(true).concat(), "012");
    leave(client, &service);
    assert_eq!(service.seen().acks(), 3);
    assert_eq!(service.subscription("all", "sub").unwrap().acked, []);
    assert_eq!(open(&service, "").all(true).concat(), "012");
}
