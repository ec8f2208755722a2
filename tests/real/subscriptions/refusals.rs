//! What the service refuses, what it does not, and the end of a subscription: by `--unsubscribe`, or
//! by somebody else under a connected consumer.

use libtest_mimic::Trial;

use super::group::{Consumer, Group};
use crate::support::nginx::{FORBIDDEN_KEY, Gateway};
use crate::support::pulsar::producer::numbered;
use crate::support::pulsar::topic::Topic;
use crate::support::pulsar::{Pulsar, trial};
use crate::support::run::{Key, Run};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("real::subscriptions: --unsubscribe removes it with its backlog", unsubscribed),
        trial("real::subscriptions: --unsubscribe is refused while another reads", refused),
        trial("real::subscriptions: busy, or of another type, is 75", busy),
        trial("real::subscriptions: the gateway's 401 and 403", the_gateway_refuses),
        trial("real::subscriptions: deleted under a consumer, nothing twice", deleted),
        trial("real::subscriptions: names of all kinds are the same at the service", names),
    ]
}

fn unsubscribed() {
    for (topic, _gateway, port) in [made("all", None), made("partitions", Some(3))] {
        let group = Group::of(&topic, port, "shared");
        let mut consumers = [group.start("some")];
        group.wait_until_acknowledged(&mut consumers);
        let _ = consumers.map(Consumer::stop);
        topic.producer(None).send_all((100..200).map(numbered)).unwrap();
        assert_eq!(topic.backlog("shared"), 100);
        let output = unsubscribe(&topic, port, "shared").run();
        output.assert_code(0);
        assert_eq!(topic.subscriptions(), [""; 0], "{}", output.whole());
        assert_eq!(output.stdout, b"", "{}", output.whole());
    }
}

fn refused() {
    let (topic, _gateway, port) = made("refused", None);
    for kind in ["shared", "exclusive"] {
        let group = Group::of(&topic, port, kind);
        let consumer = group.start("some");
        group.wait_for_more("some");
        let output = unsubscribe(&topic, port, kind).run();
        output.assert_code(75).assert_stderr_has(match kind {
            "shared" => "Subscription is of different type",
            _ => "Exclusive consumer is already connected",
        });
        assert_eq!(topic.subscriptions(), [kind]);
        topic.producer(None).send_all((100..110).map(numbered)).unwrap();
        let mut consumers = [consumer];
        group.wait_until_acknowledged(&mut consumers);
        let _ = consumers.map(Consumer::stop);
        unsubscribe(&topic, port, kind).run().assert_code(0);
        assert_eq!(topic.subscriptions(), [""; 0]);
    }
}

fn busy() {
    let (topic, _gateway, port) = made("busy", None);
    let group = Group::named("some", &topic, port, "shared");
    let consumer = group.start("some");
    group.wait_for_more("some");
    let other = Group::named("some", &topic, port, "exclusive").consumer("other").run();
    other.assert_code(75).assert_stderr_has("Subscription is of different type");
    let _ = consumer.stop();

    let group = Group::named("some", &topic, port, "exclusive");
    let consumer = group.start("some");
    topic.producer(None).send(numbered(100)).unwrap();
    group.wait_for_more("some");
    let other = group.consumer("other").run();
    other.assert_code(75).assert_stderr_has("Exclusive consumer is already connected");
    assert_eq!(
        other.stderr.lines().filter(|line| line.contains("[")).count(),
        1,
        "{}",
        other.stderr
    );
    let _ = consumer.stop();
}

fn the_gateway_refuses() {
    let (topic, _gateway, port) = made("gateway", None);
    let group = Group::of(&topic, port, "shared");
    let with = |key: &str| Key::Text(key.to_owned());
    for run in [group.consumer("a"), unsubscribe(&topic, port, "shared")] {
        let output = run.key(with("eght_wrong")).fails_with("auth.unauthorized", 77);
        output.assert_stderr_has("401 Unauthorized");
    }
    for run in [group.consumer("a"), unsubscribe(&topic, port, "shared")] {
        let output = run.key(with(FORBIDDEN_KEY)).fails_with("auth.forbidden", 77);
        output.assert_stderr_has("403 Forbidden");
    }
    assert_eq!(topic.subscriptions(), [""; 0]);
}

/// The service makes it again by itself, from its beginning.
fn deleted() {
    for kind in ["exclusive", "shared"] {
        let (topic, _gateway, port) = made(&format!("deleted-{kind}"), None);
        let group = Group::of(&topic, port, kind);
        let mut consumers = [group.start("some")];
        group.wait_until_acknowledged(&mut consumers);
        topic.delete_subscription(kind);
        topic.producer(None).send_all((100..200).map(numbered)).unwrap();
        group.wait_until_acknowledged(&mut consumers);
        let _ = consumers.map(Consumer::stop);
        assert_eq!(group.numbers("some"), (0..200).collect::<Vec<_>>());
    }
}

fn names() {
    let (topic, _gateway, port) = made("names", None);
    let mut names = ["a b", "a/b", "ü", "a+b", "a%b", "a?b&c=d#e", "a;b", "a\\b"];
    for name in names {
        let run = Run::new(&topic.args(port)).args(&["--subscription", name]);
        let output = run.args(&["--initial-position", "earliest", "-n", "1"]).run();
        output.assert_code(0).assert_lines(&[String::from_utf8(numbered(0)).unwrap()]);
    }
    let mut made = topic.subscriptions();
    made.sort();
    names.sort_unstable();
    assert_eq!(made, names);
    for name in names {
        unsubscribe(&topic, port, name).run().assert_code(0);
    }
    assert_eq!(topic.subscriptions(), [""; 0]);
}

fn unsubscribe(topic: &Topic, port: u16, subscription: &str) -> Run {
    let run = Run::new(&topic.args(port)).few_roots();
    run.args(&["--subscription", subscription, "--unsubscribe", "--yes"])
}

/// A topic with a hundred messages.
#[track_caller]
fn made(name: &str, partitions: Option<usize>) -> (Topic, Gateway, u16) {
    let pulsar = Pulsar::shared();
    let namespace = pulsar.namespace("subscriptions-refusals");
    let topic = match partitions {
        Some(count) => namespace.partitioned(name, count),
        None => namespace.topic(name),
    };
    topic.producer(None).send_all((0..100).map(numbered)).unwrap();
    let gateway = Gateway::start(pulsar.websocket_port());
    let port = gateway.port();
    (topic, gateway, port)
}
