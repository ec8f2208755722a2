//! What is asked for on the command line reaches the query; what does not fit together is told before
//! anything is connected, with the reason and what to do.

use libtest_mimic::Trial;

use super::{NAME, TOPIC, TYPES, capture, consumer, test};
use crate::capture::spool::Spool;
use crate::capture::stop;
use crate::support::run::Run;
use crate::support::service::{Kind, Request, Service};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("every option reaches the query", every_option),
        test("what is not given is left to the service", defaults),
        test("a type is understood in any spelling", spellings),
        test("a new subscription begins where it is asked to, an old one where it was", positions),
        test("a dead letter topic may be named in full", whole_dead_letter_topic),
        test("options that do not fit say why and what to do", misfits),
        test("diagnose never connects as a consumer", diagnose),
    ]
}

fn request(service: &Service) -> Request {
    let seen = service.seen();
    seen.consumers().last().and_then(|it| it.request.clone()).expect("a consumer's request")
}

fn pairs(request: &Request) -> Vec<(&str, &str)> {
    let mut pairs: Vec<_> =
        request.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    pairs.sort();
    pairs
}

fn every_option() {
    let service = Service::start();
    let args = ["--subscription", "my sub/1&2", "--consumer-name", "host 1+2"];
    let run = Run::against(&service).few_roots().args(&args);
    let run = run.args(&["--subscription-type", "shared", "--initial-position", "earliest"]);
    let run = run.args(&["--priority-level", "3", "--ack-timeout", "90s", "--nack-delay", "250ms"]);
    let run = run.args(&["--on-reject", "nack", "--max-redeliver", "7"]);
    let run = run.args(&["--dead-letter-topic", "dead"]);
    let run = run.args(&["--receiver-queue-size", "40"]).spawn();
    service.wait_for_connections(1);
    stop(run);
    let request = request(&service);
    assert_eq!(request.path, "/ws/v2/consumer/persistent/acme/event-v1/all/my sub/1&2");
    let expected = [
        ("ackTimeoutMillis", "90000"),
        ("consumerName", "host 1+2"),
        ("deadLetterTopic", "persistent://acme/event-v1/dead"),
        ("maxRedeliverCount", "7"),
        ("negativeAckRedeliveryDelay", "250"),
        ("priorityLevel", "3"),
        ("receiverQueueSize", "40"),
        ("subscriptionInitialPosition", "Earliest"),
        ("subscriptionType", "Shared"),
    ];
    assert_eq!(pairs(&request), expected);
}

fn defaults() {
    let service = Service::start();
    let run = consumer(&service).spawn();
    service.wait_for_connections(1);
    stop(run);
    let request = request(&service);
    let expected = [
        ("receiverQueueSize", "1000"),
        ("subscriptionInitialPosition", "Latest"),
        ("subscriptionType", "Exclusive"),
    ];
    assert_eq!(pairs(&request), expected);
}

fn spellings() {
    let service = Service::start();
    let spellings = [
        ("Exclusive", "Exclusive"),
        ("FAILOVER", "Failover"),
        ("shared", "Shared"),
        ("Shared", "Shared"),
        ("key_shared", "Key_Shared"),
        ("Key-Shared", "Key_Shared"),
        ("KEY_SHARED", "Key_Shared"),
    ];
    for (number, (typed, sent)) in spellings.into_iter().enumerate() {
        let run = consumer(&service).args(&["--subscription-type", typed]).spawn();
        service.wait_for_connections(number + 1);
        stop(run);
        assert_eq!(request(&service).param("subscriptionType"), Some(sent), "{typed}");
        service.wait_for_no_connections();
    }
    let refused = consumer(&service).args(&["--subscription-type", "several"]).run();
    refused.assert_code(64).assert_stderr_has("--subscription-type");
    for kind in TYPES {
        refused.assert_stderr_has(kind);
    }
}

fn positions() {
    let service = Service::start();
    service.publish(TOPIC, "{}");
    let asked = |run: Run| {
        run.args(&["-e", "--idle-timeout", "300ms"]).run().assert_code(0);
        let request = request(&service);
        service.wait_for_no_connections();
        request.param("subscriptionInitialPosition").map(str::to_owned)
    };
    let named = |name: &str| {
        Run::against(&service).few_roots().args(&["--subscription", name, "--retry-delay", "20ms"])
    };
    assert_eq!(asked(named("a")).as_deref(), Some("Earliest"), "-e");
    assert_eq!(service.subscription(TOPIC, "a").unwrap().acked.len(), 1);
    let latest = named("b").args(&["--initial-position", "latest"]);
    assert_eq!(asked(latest).as_deref(), Some("Latest"));
    assert_eq!(service.subscription(TOPIC, "b").unwrap().acked.len(), 0);

    // Made by somebody else, it stays where it is whatever we ask for.
    service.make_subscription(TOPIC, NAME, Kind::Exclusive, false);
    service.publish(TOPIC, "[]");
    let spool = Spool::new();
    let run = capture(&spool, &service).args(&["-n", "1"]);
    run.run().assert_code(0);
    assert_eq!(request(&service).param("subscriptionInitialPosition"), Some("Earliest"));
    spool.assert_lines(&["[]".to_owned()]);
}

fn whole_dead_letter_topic() {
    let service = Service::start();
    let args = ["--subscription-type", "shared", "--max-redeliver", "1"];
    let whole = "persistent://acme/agent-v1/dead";
    let run = consumer(&service).args(&args).args(&["--dead-letter-topic", whole]).spawn();
    service.wait_for_connections(1);
    stop(run);
    assert_eq!(request(&service).param("deadLetterTopic"), Some(whole));
}

/// Words on the line, the option that is named, why, and what to do.
type Misfit = (&'static [&'static str], &'static str, &'static str, &'static str);

#[rustfmt::skip]
const MISFITS: &[Misfit] = &[
    (&["--subscription", "s", "--message-id", "earliest"], "--message-id", "subscription", "--initial-position"),
    (&["--subscription", "s", "--since", "1h"], "--since", "subscription", "publishTime"),
    (&["--subscription", "s", "--until", "1h"], "--until", "subscription", "-e"),
    (&["--subscription", "s", "--reader-name", "r"], "--reader-name", "subscription", "--consumer-name"),
    (&["--subscription-type", "shared"], "--subscription-type", "needs --subscription NAME", "add --subscription NAME"),
    (&["--initial-position", "earliest"], "--initial-position", "needs --subscription NAME", "add --subscription NAME"),
    (&["--consumer-name", "c"], "--consumer-name", "needs --subscription NAME", "add --subscription NAME"),
    (&["--priority-level", "1"], "--priority-level", "needs --subscription NAME", "add --subscription NAME"),
    (&["--ack-timeout", "5s"], "--ack-timeout", "needs --subscription NAME", "add --subscription NAME"),
    (&["--nack-delay", "5s"], "--nack-delay", "needs --subscription NAME", "add --subscription NAME"),
    (&["--max-redeliver", "5"], "--max-redeliver", "needs --subscription NAME", "add --subscription NAME"),
    (&["--dead-letter-topic", "d"], "--dead-letter-topic", "needs --subscription NAME", "add --subscription NAME"),
    (&["--at-most-once"], "--at-most-once", "needs --subscription NAME", "add --subscription NAME"),
    (&["--unsubscribe"], "--unsubscribe", "needs --subscription NAME", "add --subscription NAME"),
    (&["--unsubscribe", "--yes"], "--unsubscribe", "needs --subscription NAME", "add --subscription NAME"),
    (&["--on-reject", "nack"], "--on-reject", "needs --subscription NAME", "add --subscription NAME"),
    (&["--subscription", "s", "-o", "f"], "-o", "--cursor-file is required", "add --cursor-file"),
    (&["--subscription", "s", "-o", "f", "--cursor-file", "c", "--sync", "none"], "--sync", "before they are on the disk", "--at-most-once"),
    (&["--subscription", "s", "--unsubscribe"], "--unsubscribe", "no terminal", "add --yes"),
    (&["--subscription", "s", "--unsubscribe", "--yes", "-o", "f", "--cursor-file", "c"], "--unsubscribe", "-o", "reads nothing"),
    (&["--subscription", "s", "--unsubscribe", "--yes", "-e"], "--unsubscribe", "-e", "reads nothing"),
    (&["--subscription", "s", "--unsubscribe", "--yes", "-n", "1"], "--unsubscribe", "-n", "reads nothing"),
    (&["--subscription", "s", "--yes"], "--yes", "needs --unsubscribe", ""),
    (&["--subscription", ""], "--subscription", "is empty", ""),
    (&["--subscription", ".."], "--subscription", "not a valid name", ""),
    (&["--subscription", "s", "--ack-timeout", "999ms"], "--ack-timeout", "at least 1000ms", ""),
    (&["--subscription", "s", "--priority-level", "-1"], "--priority-level", "whole number", ""),
    (&["--subscription", "s", "--max-redeliver", "0"], "--max-redeliver", "whole number", ""),
    (&["--subscription", "s", "--nack-delay", "soon"], "--nack-delay", "such as", ""),
    (&["--subscription", "s", "--initial-position", "first"], "--initial-position", "latest", "earliest"),
    (&["--subscription", "s", "--dead-letter-topic", "d"], "--dead-letter-topic", "needs --max-redeliver", ""),
    (&["--subscription", "s", "--max-redeliver", "3"], "--max-redeliver", "no dead letters", "shared or key_shared"),
];

fn misfits() {
    for (args, option, why, fix) in MISFITS {
        let run = Run::new(&["--tenant", "acme", "--host", "127.0.0.1", "--port", "9"]);
        let output = run.args(args).verbosity(0).run();
        output.assert_code(64).assert_stderr_has(option);
        output.assert_stderr_has(why).assert_stderr_has(fix);
        let began = output.stderr.starts_with("tail8x8: ");
        assert!(began && output.stdout.is_empty(), "{}", output.whole());
    }
}

fn diagnose() {
    let service = Service::start();
    service.publish(TOPIC, "{}");
    let args = ["diagnose", "--subscription", NAME, "--listen", "500ms"];
    let run = Run::against(&service).few_roots().args(&args).verbosity(0).spawn();
    let output = ended_or_not(run);
    assert!(
        output.contains("untried subscription sub was not tested"),
        "says what was not checked: {output}"
    );
    assert_eq!(service.seen().consumers().count(), 0);
    assert_eq!(service.subscription(TOPIC, NAME), None);
}

/// Whatever it found.
fn ended_or_not(run: crate::support::run::Running) -> String {
    let output = run.finish();
    String::from_utf8(output.stdout).unwrap()
}
