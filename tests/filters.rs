//! Names and times that nothing can match: the service answers them with silence, so the program
//! says what it can know, before it connects and at the end.

use std::path::Path;

use libtest_mimic::Trial;

use crate::support::run::{Output, Run};
use crate::support::scratch::Scratch;
use crate::support::service::{Fault, Service};
use crate::support::trial;

pub fn trials() -> Vec<Trial> {
    let tests: &[(&str, fn())] = &[
        ("an unknown event type is told with the nearest, and what came instead", unknown_events),
        ("it is told before anything is connected", before_connecting),
        ("what came instead is bounded and escaped", many_types),
        ("messages without a type are counted, too", without_a_type),
        ("known event types are told of only to people", known_events),
        ("a run that wrote a line says nothing of what it left out", some_written),
        ("a topic of one type has no other types", another_type),
        ("an unknown topic is told with the nearest", unknown_topics),
        ("topics that may exist are not told of", possible_topics),
        ("an agent's namespace has no topic of all", no_agent),
        ("times that leave nothing are told", times),
        ("an unknown event type in a config file is told with its line", in_a_file),
    ];
    trial::group("filters", tests)
}

const CREATED: &str = r#"{"Interaction":{"event":"InteractionCreated"}}"#;

/// Two events of a type, and one of each of two others.
fn service() -> Service {
    let service = Service::start();
    for event in [CREATED, CREATED, r#"{"AgentStatusChange":{"x":1}}"#, r#"{"eventType":"New"}"#] {
        service.publish("all", event);
    }
    service
}

/// A run that catches up, as cron starts it.
fn catch_up(service: &Service, cursor: &Path, args: &[&str]) -> Output {
    let run = Run::against(service).args(&["-e", "--idle-timeout", "300ms"]).verbosity(0);
    let output = run.arg("--cursor-file").arg(cursor).args(args).run();
    output.assert_code(0);
    output
}

/// Misspelt, and in the wrong case.
fn unknown_events() {
    for name in ["InteractionCreted", "interactioncreated", "INTERACTION-CREATED"] {
        let (service, folder) = (service(), Scratch::new("filters"));
        let output = catch_up(&service, &folder.join("cursor"), &["--event", name]);
        assert!(output.stdout.is_empty());
        let lines: Vec<&str> = output.stderr.lines().collect();
        let [before, after] = lines[..] else { panic!("{}", output.whole()) };
        let start = format!("tail8x8: warning: --event: unknown event type `{name}` (as of ");
        assert!(before.starts_with(&start), "{}", output.whole());
        assert!(before.contains("did you mean `InteractionCreated`?"), "{}", output.whole());
        assert!(before.contains("case"), "{}", output.whole());
        assert_eq!(
            after,
            "tail8x8: warning: no event was written: --event left out all 4; the cursor is past them; their types: \
             `InteractionCreated` (2), `AgentStatusChange` (1), `New` (1)"
        );
    }
}

fn before_connecting() {
    let service = Service::with(Fault::Refuse);
    let run = Run::against(&service).args(&["--event", "Created,x", "--retry", "0"]);
    let output = run.run();
    output.assert_code(69);
    let at = |text: &str| output.stderr.find(text).unwrap_or_else(|| panic!("{}", output.whole()));
    assert!(at("unknown event type `Created`") < at("[tcp.refused]"));
    assert!(at("unknown event type `x`") < at("[tcp.refused]"));
    let quiet = Run::against(&service).args(&["--event", "Created", "--retry", "0", "-q"]);
    quiet.verbosity(0).run().assert_stderr_lacks("unknown event type");
}

fn many_types() {
    let (service, folder) = (Service::start(), Scratch::new("filters"));
    service.publish_many("all", 3, |_| r#"{"eventType":"A\u001b[31m\u202e\nB"}"#);
    service.publish_many("all", 2, |_| format!(r#"{{"eventType":"{}"}}"#, "L".repeat(5000)));
    service.publish_many("all", 1000, |n| format!(r#"{{"eventType":"Type{n}"}}"#));
    let output = catch_up(&service, &folder.join("cursor"), &["--event", "Nothing"]);
    let end = output.stderr.lines().last().unwrap();
    assert!(
        end.contains("left out all 1005; the cursor is past them; their types: "),
        "{}",
        output.whole()
    );
    assert!(end.contains(r"`A\u{1b}[31m\u{202e}\nB` (3)"), "{}", output.whole());
    assert!(end.contains("LLL…` (2)"), "{}", output.whole());
    assert!(end.ends_with(" of other types"), "{}", output.whole());
    assert!(end.chars().count() < 700, "{}", output.whole());
}

/// With envelopes, what is not JSON is no reject but left out.
fn without_a_type() {
    let (service, folder) = (Service::start(), Scratch::new("filters"));
    service.publish("all", "[1]");
    service.publish("all", "no JSON");
    service.publish("all", r#"{"n":1,"event":"InteractionCreated"}"#);
    let args = ["--event", "Nothing", "--format", "envelope"];
    let output = catch_up(&service, &folder.join("cursor"), &args);
    output.assert_stderr_has(
        "--event left out all 3; the cursor is past them; their types: 3 without a type",
    );
}

/// Nothing may have happened: a log is not told so.
fn known_events() {
    let folder = Scratch::new("filters");
    let args = ["--event", "InteractionDeleted,AgentProvChange"];
    let output = catch_up(&service(), &folder.join("cursor"), &args);
    output.assert_silent();
    assert!(output.stdout.is_empty());
    let service = service();
    let run = Run::against(&service).args(&["-e", "--idle-timeout", "300ms"]).args(&args);
    let output = run.verbosity(0).terminal().run();
    output.assert_stderr_has("tail8x8: no event was written: --event left out all 4; their types:");
    output.assert_stderr_lacks("unknown event type");
}

fn some_written() {
    let folder = Scratch::new("filters");
    let args = ["--event", "New,InteractionDeleted"];
    let output = catch_up(&service(), &folder.join("cursor"), &args);
    output.assert_lines(&[r#"{"eventType":"New"}"#]).assert_stderr_has("unknown event type `New`");
    output.assert_stderr_lacks("left out");
    let output = catch_up(&Service::start(), &folder.join("another"), &args);
    output.assert_stderr_lacks("left out");
}

fn another_type() {
    let folder = Scratch::new("filters");
    let warned = |topic: &str, events: &str| {
        let args = ["--topic", topic, "--event", events];
        let name = format!("{topic}-{events}");
        let output = catch_up(&Service::start(), &folder.join(&name), &args);
        output.stderr.contains(&format!("topic {topic} has no other events"))
    };
    assert!(warned("InteractionCreated", "InteractionQueued"));
    assert!(warned("InteractionCreated", "InteractionQueued,AgentStatusChange"));
    for events in ["InteractionCreated", "InteractionQueued,InteractionCreated", "Interaction"] {
        assert!(!warned("InteractionCreated", events), "{events}");
    }
    assert!(!warned("all", "InteractionQueued") && !warned("AgentSkillCreated", "AgentProvChange"));
}

fn unknown_topics() {
    let folder = Scratch::new("filters");
    for (topic, nearest) in [
        ("InteractionCreted", "InteractionCreated"),
        ("All", "all"),
        ("agentstatuschange", "AgentStatusChange"),
    ] {
        let output = catch_up(&Service::start(), &folder.join(topic), &["--topic", topic]);
        let start = format!(
            "tail8x8: warning: --topic: unknown topic `{topic}` in namespace event-v1 (as of "
        );
        assert!(output.stderr.starts_with(&start), "{}", output.whole());
        output.assert_stderr_has(&format!("did you mean `{nearest}`?"));
        output.assert_stderr_has("the service creates a topic that does not exist");
    }
}

fn possible_topics() {
    for (namespace, topic) in [
        ("event-v1", "InteractionCreated"),
        ("event-v1", "all-partition-2"),
        ("event-v1", "all-mine-DLQ"),
        ("another-v1", "InteractionCreted"),
        ("agent-v1", "agInteractionCreted"),
    ] {
        let service = Service::builder().namespace("acme", namespace).start();
        let folder = Scratch::new("filters");
        let args = ["--namespace", namespace, "--topic", topic];
        catch_up(&service, &folder.join("cursor"), &args).assert_silent();
    }
}

fn no_agent() {
    for topic in ["all", "AgentStatusChange"] {
        let service = Service::builder().namespace("acme", "agent-v1").start();
        let folder = Scratch::new("filters");
        let args = ["--namespace", "agent-v1", "--topic", topic];
        let output = catch_up(&service, &folder.join("cursor"), &args);
        output.assert_stderr_has(&format!("warning: --topic: `{topic}` is not the id of an agent"));
    }
}

fn times() {
    let day = 24 * 3600;
    let at = |seconds: i64| {
        (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds)).to_string()
    };
    let (yesterday, tomorrow) = (at(-day), at(day));
    for (args, warning) in [
        (["--since", &tomorrow].as_slice(), "--since: the time is in the future"),
        (
            &["-e", "--message-id", "latest"],
            "-e reads what exists, and --message-id latest skips it",
        ),
        (
            &["--since", "2h", "--message-id", "latest"],
            "--since asks for earlier events, and --message-id latest skips them",
        ),
        (
            &["--until", &yesterday, "--message-id", "latest"],
            "--until asks for earlier events, and --message-id latest skips them",
        ),
    ] {
        let service = Service::start();
        let run = Run::against(&service).args(args).args(&["--max-time", "2s"]).verbosity(0);
        let output = run.run();
        output.assert_stderr_has(warning);
        assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
    }
    for args in
        [["--since", "2h"].as_slice(), &["--since", &yesterday, "--until", &tomorrow], &["-e"]]
    {
        let service = Service::start();
        Run::against(&service)
            .args(args)
            .args(&["--max-time", "2s"])
            .verbosity(0)
            .run()
            .assert_silent();
    }
}

fn in_a_file() {
    let (service, folder) = (service(), Scratch::new("filters"));
    let config = folder.join("acme.conf");
    std::fs::write(&config, "exit-at-end = true\nidle-timeout = 300ms\nevent = GuestChatEnds\n")
        .unwrap();
    let output = Run::against(&service).arg("--config").arg(&config).verbosity(0).run();
    output.assert_code(0).assert_stderr_has(&format!(
        "warning: {} line 3 (event): unknown event type `GuestChatEnds`",
        config.display()
    ));
    output.assert_stderr_has("did you mean `GuestChatEnd`?");
}
