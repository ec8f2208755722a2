//! `diagnose` on the real thing: what it says of a stream that works, and of each way in which
//! gateway, proxy and broker refuse or die.

use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::Value;
use socket2::{Domain, Socket, Type};

use crate::support::nginx::{FORBIDDEN_KEY, Gateway};
use crate::support::pulsar::process::wait_until;
use crate::support::pulsar::producer::numbered;
use crate::support::pulsar::topic::Topic;
use crate::support::pulsar::{Pulsar, trial};
use crate::support::run::{Key, Output, Run, Running};

/// All of them, made or skipped, in their order.
const CHECKS: [&str; 8] = ["config", "dns", "tcp", "proxy", "tls", "auth", "stream", "regions"];

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("real::diagnose: events arrive", events_arrive),
        trial("real::diagnose: an empty topic is a warning", an_empty_topic),
        trial("real::diagnose: a quiet topic with retained events is well", a_quiet_topic),
        trial("real::diagnose: a partitioned topic is well", a_partitioned_topic),
        trial("real::diagnose: a terminated topic is a warning", a_terminated_topic),
        trial("real::diagnose: a subscription is neither made nor used", a_subscription),
        trial("real::diagnose: the gateway's 401 and 403", the_gateway_refuses),
        trial("real::diagnose: Pulsar's refusals are mistakes of ours", pulsar_refuses),
        trial("real::diagnose: Pulsar is down behind its gateway", pulsar_is_down),
        trial("real::diagnose: a broker dies behind a living proxy", a_broker_dies),
    ]
}

fn events_arrive() {
    let (topic, gateway) = existing("diagnose-events");
    let producer = topic.keep_publishing(None);
    let found = diagnose(&topic, &gateway, &["--listen", "60s"]);
    producer.finish();

    found.assert_verdict("ok", 0);
    assert_eq!(found.json["first_problem"], Value::Null);
    for id in ["config", "dns", "tcp", "tls", "auth", "stream"] {
        assert_eq!(found.check(id)["status"], "ok", "{id}: {}", found.whole());
    }
    assert_eq!(found.check("auth")["evidence"]["http_status"], 101);
    let stream = &found.check("stream")["evidence"];
    assert!(stream["messages"].as_u64() >= Some(1), "{}", found.whole());
    assert!(stream["newest_age_ms"].as_u64().is_some(), "{}", found.whole());
    assert!(stream["ping_ms"].as_u64().is_some(), "{}", found.whole());
    assert_eq!(stream["end_of_topic"], false, "{}", found.whole());
    found.assert_says("acknowledgement sent").assert_says("events arrive");
    assert_no_subscription(&topic);
}

fn an_empty_topic() {
    let (topic, gateway) = existing("diagnose-empty");
    // Several pings are sent meanwhile.
    let quick = ["--listen", "2s", "--ping-interval", "300ms"];
    let found = diagnose(&topic, &gateway, &quick);
    found.assert_verdict("warn", 0).assert_problem("stream", "stream.silent");
    found.assert_says("--cluster").assert_says("No Messages Received");
    found.assert_says("the connection is alive").assert_lacks("events arrive").assert_lacks("FAIL");
    let stream = &found.check("stream")["evidence"];
    assert_eq!(stream["messages"], 0);
    assert_eq!(stream["earliest_probe"]["messages"], 0);
    assert_eq!(stream["end_of_topic"], false, "{}", found.whole());
    // The time of one ping, not of the last answer since listening began.
    assert!(stream["ping_ms"].as_u64() < Some(1500), "{}", found.whole());

    let strict = diagnose(&topic, &gateway, &["--listen", "300ms", "--strict"]);
    strict.assert_verdict("warn", 10).assert_problem("stream", "stream.silent");
    assert_no_subscription(&topic);
}

fn a_quiet_topic() {
    let (topic, gateway) = existing("diagnose-quiet");
    topic.producer(None).send_all((0..3).map(numbered)).unwrap();
    let few = diagnose(&topic, &gateway, &["--listen", "300ms"]);
    few.assert_verdict("ok", 0).assert_says("events can flow").assert_lacks("events arrive");
    assert_eq!(few.check("stream")["evidence"]["messages"], 0);
    assert_eq!(few.check("stream")["evidence"]["earliest_probe"]["messages"], 3);

    // Wherever reading starts: what is older than the look does not arrive now.
    let old = diagnose(&topic, &gateway, &["--listen", "300ms", "--message-id", "earliest"]);
    old.assert_verdict("ok", 0).assert_says("events can flow").assert_lacks("events arrive");

    // More than the probe's window holds, and more than it reads: in batches as well.
    topic.producer(Some(10)).send_all((3..103).map(numbered)).unwrap();
    let many = diagnose(&topic, &gateway, &["--listen", "300ms"]);
    many.assert_verdict("ok", 0).assert_says("events can flow").assert_says("25");
    let probed = &many.check("stream")["evidence"]["earliest_probe"]["messages"];
    assert!(probed.as_u64() >= Some(25), "{}", many.whole());
    assert_no_subscription(&topic);
}

/// Its readers are several in one, and its ids no place to go on from.
fn a_partitioned_topic() {
    let pulsar = Pulsar::shared();
    let topic = pulsar.namespace("diagnose-partitions").partitioned("all", 3);
    let gateway = Gateway::start(pulsar.websocket_port());
    topic.producer(None).send_all((0..30).map(numbered)).unwrap();
    let quiet = diagnose(&topic, &gateway, &["--listen", "300ms"]);
    quiet.assert_verdict("ok", 0).assert_says("events can flow").assert_says("at least 25");
    assert_eq!(quiet.check("stream")["evidence"]["end_of_topic"], false, "{}", quiet.whole());

    let producer = topic.keep_publishing(None);
    let flowing = diagnose(&topic, &gateway, &["--listen", "60s"]);
    producer.finish();
    flowing.assert_verdict("ok", 0).assert_says("events arrive");
    assert_no_subscription(&topic);
}

fn a_subscription() {
    let (topic, gateway) = existing("diagnose-subscription");
    topic.producer(None).send_all((0..3).map(numbered)).unwrap();
    let found = diagnose(&topic, &gateway, &["--listen", "300ms", "--subscription", "some"]);
    found.assert_verdict("ok", 0).assert_says("events can flow").assert_says("subscription");
    assert_no_subscription(&topic);
}

fn a_terminated_topic() {
    let (topic, gateway) = existing("diagnose-terminated");
    topic.producer(None).send_all((0..3).map(numbered)).unwrap();
    topic.terminate();
    let found = diagnose(&topic, &gateway, &["--listen", "2s"]);
    found.assert_verdict("warn", 0).assert_problem("stream", "stream.terminated");
    assert_eq!(found.check("stream")["evidence"]["end_of_topic"], true, "{}", found.whole());
    found.assert_result("terminated").assert_lacks("events can flow").assert_lacks("events arrive");
}

fn the_gateway_refuses() {
    let (topic, gateway) = existing("diagnose-refused");
    let wrong = diagnose_with(&topic, &gateway, &[], Key::Text("eght_wrong".to_owned()));
    wrong.assert_verdict("fail", 77).assert_problem("auth", "auth.unauthorized");
    wrong.assert_says("HTTP 401 Unauthorized").assert_says("Server: nginx");
    wrong.assert_lacks("Authorization Required");
    wrong.assert_says("401 Unauthorized").assert_lacks("The API key was not sent");
    assert_eq!(wrong.check("auth")["evidence"]["http_status"], 401);
    assert_eq!(wrong.json["api_key"]["sent"], true);
    assert_eq!(wrong.check("stream")["status"], "skip");

    let known = Key::Text(FORBIDDEN_KEY.to_owned());
    let forbidden = diagnose_with(&topic, &gateway, &[], known);
    forbidden.assert_verdict("fail", 77).assert_problem("auth", "auth.forbidden");
    forbidden.assert_says("403 Forbidden").assert_says("Server: nginx");
    for found in [wrong, forbidden] {
        assert!(!found.whole().contains(FORBIDDEN_KEY) && !found.whole().contains("eght_wrong"));
    }
    assert_no_subscription(&topic);
}

/// The versions answer with a 500, a 404 or a 400; it is the sentence that tells.
fn pulsar_refuses() {
    let pulsar = Pulsar::shared();
    let (topic, gateway) = existing("diagnose-refusing");
    let missing = diagnose(&topic, &gateway, &["--namespace", "nowhere"]);
    missing.assert_verdict("fail", 78).assert_problem_at("auth");
    missing.assert_says("Namespace not found").assert_says("check --tenant and --namespace");

    // Well-formed as far as a client looks: the list in field 5, of no use to one, is torn.
    let unreadable = diagnose(&topic, &gateway, &["--message-id", "CAEQAioBgA=="]);
    unreadable.assert_verdict("fail", 78).assert_problem_at("auth");
    unreadable.assert_says("--message-id");

    let parted = pulsar.namespace("diagnose-refusing").partitioned("parted", 2);
    let id = parted.producer(None).send(numbered(0)).unwrap();
    let by_id = diagnose(&parted, &gateway, &["--message-id", &id]);
    by_id.assert_verdict("fail", 78).assert_problem("auth", "auth.partitioned");
    for found in [&missing, &unreadable, &by_id] {
        assert_eq!(found.check("stream")["status"], "skip", "{}", found.whole());
        found.assert_lacks("The API key was not sent").assert_lacks("try again later");
    }
    missing.assert_result("namespace");
    unreadable.assert_result("message");
    by_id.assert_result("partitioned topic");
}

fn pulsar_is_down() {
    let topic = Pulsar::shared().namespace("diagnose-down").topic("all");
    // Bound and not listening: refused, and nobody else takes it meanwhile.
    let port = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    port.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let down = port.local_addr().unwrap().as_socket().unwrap().port();
    let gateway = Gateway::start(down);
    let found = diagnose(&topic, &gateway, &[]);
    found.assert_verdict("fail", 69).assert_problem("auth", "auth.server_error");
    found.assert_says("502 Bad Gateway").assert_says("Server: nginx");
    found.assert_says("the gateway answers, but the service behind it does not");
    let evidence = &found.check("auth")["evidence"];
    assert_eq!(evidence["http_status"], 502);
    assert!(evidence["server"].as_str().is_some_and(|server| server.starts_with("nginx")));
}

/// The link lives all the time: gateway and proxy answer, and only a fresh upgrade, after its half
/// minute, shows that there is nothing behind them.
fn a_broker_dies() {
    let mut pulsar = Pulsar::start_split();
    let topic = pulsar.namespace("diagnose-dies").topic("all");
    drop(topic.producer(None));
    let gateway = Gateway::start(pulsar.websocket_port());
    // The proxy's 500 takes half a minute, or most of a whole one: by chance. And while it loses its
    // broker, it may leave a ping unanswered for longer than 10 s.
    let patient = ["--listen", "8s", "--connect-timeout", "150s", "--ping-timeout", "60s"];
    // The broker knows of a reader before the reader does, and only text tells as it goes: whoever
    // started after the other is through here.
    let connected = Diagnosing::start_after(&topic, &gateway, &patient, Key::Env, || {
        wait_until("one reader is connected", || !topic.subscriptions().is_empty());
    });
    let passed = || String::from_utf8_lossy(&connected.text.stdout_so_far()).contains("HTTP 101");
    wait_until("the other one is, too", passed);
    pulsar.kill();
    let refused = Diagnosing::start(&topic, &gateway, &patient, Key::Env);

    let refused = refused.finish();
    refused.assert_verdict("fail", 69).assert_problem("auth", "auth.server_error");
    let took = refused.check("auth")["duration_ms"].as_u64().unwrap();
    assert!((20_000..150_000).contains(&took), "{}", refused.whole());
    assert_eq!(refused.check("auth")["evidence"]["http_status"], 500);
    assert_eq!(refused.check("stream")["status"], "skip");
    refused.assert_says("its broker must be silent").assert_lacks("The API key was not sent");
    refused.assert_lacks("check --tenant");

    let connected = connected.finish();
    connected.assert_verdict("fail", 69).assert_problem("stream", "auth.server_error");
    assert_eq!(connected.check("auth")["status"], "ok", "{}", connected.whole());
    connected.assert_says("the connection is alive").assert_says("events cannot flow");
    connected.assert_lacks("events can flow").assert_lacks("events arrive");
    // The same names were accepted a moment before.
    connected.assert_lacks("check --tenant");
}

/// A topic that is there, empty, and a gateway to it.
#[track_caller]
fn existing(namespace: &str) -> (Topic, Gateway) {
    let pulsar = Pulsar::shared();
    let topic = pulsar.namespace(namespace).topic("all");
    drop(topic.producer(None));
    (topic, Gateway::start(pulsar.websocket_port()))
}

/// Also not a durable one that stays behind; a reader's own goes when it has left.
#[track_caller]
fn assert_no_subscription(topic: &Topic) {
    wait_until("no subscription is left", || topic.subscriptions().is_empty());
}

#[track_caller]
fn diagnose(topic: &Topic, gateway: &Gateway, args: &[&str]) -> Found {
    diagnose_with(topic, gateway, args, Key::Env)
}

#[track_caller]
fn diagnose_with(topic: &Topic, gateway: &Gateway, args: &[&str], key: Key) -> Found {
    Diagnosing::start(topic, gateway, args, key).finish()
}

/// The same diagnosis twice, side by side: for people and for programs.
struct Diagnosing {
    text: Running,
    json: Running,
}

impl Diagnosing {
    #[track_caller]
    fn start(topic: &Topic, gateway: &Gateway, args: &[&str], key: Key) -> Diagnosing {
        Diagnosing::start_after(topic, gateway, args, key, || {})
    }

    /// The one for people starts after `between`.
    #[track_caller]
    fn start_after(
        topic: &Topic,
        gateway: &Gateway,
        args: &[&str],
        key: Key,
        between: impl FnOnce(),
    ) -> Diagnosing {
        let run = |more: &[&str]| {
            // What comes later counts: a test may ask for another namespace.
            Run::new(&["diagnose"])
                .args(&topic.args(gateway.port()))
                .args(&["--resolve", &format!("localhost:{}:127.0.0.1", gateway.port())])
                .args(args)
                .args(more)
                .key(key.clone())
                .verbosity(0)
                .limit(Duration::from_secs(200))
                .spawn()
        };
        let json = run(&["--json"]);
        between();
        Diagnosing { json, text: run(&[]) }
    }

    /// What both found, and what holds of every diagnosis.
    #[track_caller]
    fn finish(self) -> Found {
        let (text, json) = (self.text.finish(), self.json.finish());
        let document = serde_json::from_slice(&json.stdout);
        let document: Value = document.unwrap_or_else(|error| panic!("{error}\n{}", json.whole()));
        let found = Found { lines: text.lines(), json: document, text };
        let code = json.code.expect("it ended by itself");
        found.text.assert_code(code).assert_silent();
        json.assert_silent();
        assert_eq!(found.json["exit_code"], code, "{}", found.whole());
        let ids = found.json["checks"].as_array().unwrap().iter().map(|check| &check["id"]);
        assert_eq!(ids.collect::<Vec<_>>(), CHECKS, "{}", found.whole());
        let last = found.lines.iter().rfind(|line| !line.starts_with(' '));
        assert!(last.is_some_and(|line| line.starts_with("RESULT: ")), "{}", found.whole());
        let too_long = found.lines.iter().find(|line| line.chars().count() > 100);
        assert_eq!(too_long, None, "{}", found.whole());
        found
    }
}

struct Found {
    text: Output,
    lines: Vec<String>,
    json: Value,
}

impl Found {
    #[track_caller]
    fn check(&self, id: &str) -> &Value {
        let checks = self.json["checks"].as_array().unwrap();
        checks.iter().find(|check| check["id"] == id).unwrap()
    }

    /// The verdict and the exit code.
    #[track_caller]
    fn assert_verdict(&self, verdict: &str, code: i32) -> &Found {
        assert_eq!(self.json["verdict"], verdict, "{}", self.whole());
        assert_eq!(self.json["exit_code"], code, "{}", self.whole());
        let word = if verdict == "fail" { "FAIL" } else { verdict };
        self.assert_says(&format!("RESULT: {word}"))
    }

    /// The last words, which may be all that is read.
    #[track_caller]
    fn assert_result(&self, text: &str) -> &Found {
        let words = self.words();
        let result = words.rsplit("RESULT: ").next().unwrap_or_default();
        let says = result.to_lowercase().contains(text);
        assert!(says, "the result does not say {text:?}\n{}", self.whole());
        self
    }

    /// Which check shows it, with its code in the text too.
    #[track_caller]
    fn assert_problem(&self, id: &str, code: &str) -> &Found {
        self.assert_problem_at(id);
        assert_eq!(self.json["first_problem"], code, "{}", self.whole());
        assert_eq!(self.check(id)["code"], code, "{}", self.whole());
        self.assert_says(&format!("[{code}]"))
    }

    /// The same, where the code differs with Pulsar's version. There is always something to do.
    #[track_caller]
    fn assert_problem_at(&self, id: &str) -> &Found {
        let check = self.check(id);
        assert_eq!(check["status"], self.json["verdict"], "{}", self.whole());
        assert_eq!(check["code"], self.json["first_problem"], "{}", self.whole());
        assert_ne!(check["fix"].as_array().map_or(0, Vec::len), 0, "{}", self.whole());
        self
    }

    /// The text does, wherever its lines are broken.
    #[track_caller]
    fn assert_says(&self, text: &str) -> &Found {
        assert!(self.words().contains(text), "not said: {text:?}\n{}", self.whole());
        self
    }

    #[track_caller]
    fn assert_lacks(&self, text: &str) -> &Found {
        assert!(!self.words().contains(text), "should not say {text:?}\n{}", self.whole());
        self
    }

    fn words(&self) -> String {
        let text = self.lines.join(" ");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Everything, for the message of a failed assertion.
    fn whole(&self) -> String {
        let code = self.text.code;
        format!(
            "---- code {code:?}\n{}\n----\n{}\n---- {:#}",
            self.lines.join("\n"),
            self.text.stderr,
            self.json
        )
    }
}
