//! The stream against the scripted service: windows, order, resume, ends, limits.

use std::time::{Duration, SystemTime};

use libtest_mimic::Trial;

use crate::support::counts::count;
use crate::support::run::Run;
use crate::support::service::{Fault, New, Odd, Service};
use crate::support::trial;

pub fn trials() -> Vec<Trial> {
    let tests: &[(&str, fn())] = &[
        ("many messages at window 1", || backlog(1)),
        ("many messages at window 10", || backlog(10)),
        ("many messages at window 1000", || backlog(1000)),
        ("an id in another spelling is the same message", repeats_are_known_by_meaning),
        ("a reset connection resumes after the last line", resets),
        ("a reset in the middle of a batch resumes inside it", batches),
        ("a partitioned topic is read again without its repeats", partitions),
        ("latest with nothing received loses nothing over a reconnect", latest_over_a_reconnect),
        ("the service's clock decides what came before the start", latest_with_a_skewed_clock),
        ("-e ends with the first message after the start", end_on_a_busy_topic),
        ("-e on an empty topic ends after a second look", end_on_an_empty_topic),
        ("--until ends and leaves out what is later", until),
        ("--until in the future ends then, also when nothing comes", until_later),
        ("--since leaves out what is earlier", since),
        ("--max-silence reopens the stream and says why", max_silence),
        ("--idle-timeout counts from the last message", idle_timeout),
        ("--max-time ends a run, with 69 if it never had a session", max_time),
        ("--fail-if-empty exits 10 without a line", fail_if_empty),
        ("--event keeps only what is asked for", events),
        ("envelope lines carry the metadata and the payload as JSON", envelope),
        ("rejects are warned about, acknowledged and counted", rejects),
        ("an idle limit without pings is a reconnect, not a loss", idle_limit_without_pings),
    ];
    // A pause of the machine would be one of the link.
    let pings = trial::alone("stream: a silent link is kept alive by pings", || {
        pings();
        Ok(())
    });
    let mut trials = trial::group("stream", tests);
    trials.push(pings);
    trials
}

fn event(n: usize) -> String {
    format!(r#"{{"Interaction":{{"event":"InteractionCreated","n":{n}}}}}"#)
}

fn events_from(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(event).collect()
}

fn backlog(window: usize) {
    let most = count(20_000, 100_000);
    let service = Service::start();
    service.publish_many("all", most, event);
    let output = Run::against(&service)
        .args(&["--message-id", "earliest", "-n", &most.to_string()])
        .args(&["--receiver-queue-size", &window.to_string()])
        .verbosity(0)
        .limit(Duration::from_secs(240))
        .run();
    output.assert_code(0).assert_silent();
    let expected = events_from(0..most).join("\n") + "\n";
    assert!(output.stdout == expected.as_bytes(), "order or bytes differ");
    service.assert_acked_once();
    assert!(service.seen().last().most_unacked <= window);
}

fn resets() {
    let service = Service::start();
    let mut run =
        Run::against(&service).args(&["--message-id", "earliest", "--retry-delay", "10ms"]).spawn();
    for round in 0..10 {
        service.publish_many("all", 50, |n| event(round * 50 + n));
        run.wait_stdout_lines(round * 50 + 25);
        service.cut_connections();
    }
    assert_eq!(run.wait_stdout_lines(500), events_from(0..500));
    finish(run).assert_stderr_has("connected again after");
    let seen = service.seen();
    assert!(seen.upgraded() >= 2);
    for request in seen.requests().skip(1) {
        assert_ne!(request.param("messageId"), Some("earliest"), "a place was known");
    }
    service.assert_acks_within(&events_from(0..500));
}

fn batches() {
    let service = Service::builder().faults([Fault::Reset]).fault_after(3).start();
    let payloads = events_from(0..10);
    service.publish_batch("all", &payloads);
    let args = ["--message-id", "earliest", "--retry-delay", "10ms"];
    let mut run = Run::against(&service).args(&args).spawn();
    assert_eq!(run.wait_stdout_lines(10), payloads);
    finish(run).assert_lines(&payloads);
    assert_eq!(service.seen().upgraded(), 2);
}

fn partitions() {
    let service = Service::builder().partitioned("all", 3).start();
    service.publish_many("all", 300, event);
    let mut run =
        Run::against(&service).args(&["--message-id", "earliest", "--retry-delay", "10ms"]).spawn();
    run.wait_stdout_lines(300);
    service.cut_connections();
    run.wait_stderr("connected again");
    service.publish_many("all", 300, |n| event(300 + n));
    run.wait_stdout_lines(600);
    service.cut_connections();
    service.publish_many("all", 30, |n| event(600 + n));
    let lines = run.wait_stdout_lines(630);
    let output = finish(run);
    let warnings = output.stderr.matches("this topic is partitioned").count();
    assert_eq!(warnings, 1, "said once: {}", output.stderr);
    for partition in 0..3 {
        let of_partition = |n: &usize| n % 3 == partition;
        let expected: Vec<String> = (0..630).filter(of_partition).map(event).collect();
        let got: Vec<String> =
            lines.iter().filter(|line| expected.contains(line)).cloned().collect();
        assert_eq!(got, expected, "each once and in order in partition {partition}");
    }
    assert_eq!(lines.len(), 630);
    service.assert_acks_within(&lines);
}

fn repeats_are_known_by_meaning() {
    let service = Service::start();
    let ids = service.publish_many("all", 4, event);
    let output =
        Run::against(&service).args(&["--message-id", &ids[1].other_spelling(), "-n", "2"]).run();
    output.assert_code(0).assert_lines(&events_from(2..4));
}

fn latest_over_a_reconnect() {
    let service = Service::start();
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    service.publish_at("all", event(0), long_ago);
    let mut run = Run::against(&service).args(&["--retry-delay", "10ms"]).spawn();
    service.wait_for_connections(1);
    service.stop_listening();
    service.cut_connections();
    run.wait_stderr("trying again");
    service.publish_many("all", 3, |n| event(n + 1));
    service.listen_again();
    assert_eq!(run.wait_stdout_lines(3), events_from(1..4));
    finish(run).assert_lines(&events_from(1..4));
    let seen = service.seen();
    let asked: Vec<_> = seen.requests().map(|r| r.param("messageId").unwrap_or("")).collect();
    assert_eq!(asked[0], "latest");
    assert!(asked[1..].contains(&"earliest"), "{asked:?}");
}

/// Our clock is an hour ahead of the service's: by ours, everything would be from before.
fn latest_with_a_skewed_clock() {
    let service = Service::builder().date_skew(-3600).start();
    let an_hour_ago = SystemTime::now() - Duration::from_secs(3600);
    service.publish_at("all", event(0), an_hour_ago - Duration::from_secs(60));
    let run = Run::against(&service).args(&["--retry-delay", "10ms", "-n", "1"]).spawn();
    service.wait_for_connections(1);
    service.stop_listening();
    service.cut_connections();
    service.publish_at("all", event(1), an_hour_ago);
    service.listen_again();
    run.finish().assert_code(0).assert_lines(&[event(1)]);
}

fn end_on_a_busy_topic() {
    let service = Service::start();
    let before = SystemTime::now() - Duration::from_secs(60);
    for n in 0..5 {
        service.publish_at("all", event(n), before);
    }
    let mut run = Run::against(&service).arg("-e").args(&["--idle-timeout", "60s"]).spawn();
    run.wait_stdout_lines(5);
    // Whole seconds are all that the service's clock tells.
    let later = SystemTime::now() + Duration::from_secs(5);
    service.publish_at("all", event(5), later);
    run.finish().assert_code(0).assert_lines(&events_from(0..6));
    service.assert_acked_once();
}

fn end_on_an_empty_topic() {
    let service = Service::start();
    let output = Run::against(&service).args(&["-e", "--idle-timeout", "200ms"]).verbosity(0).run();
    output.assert_code(0).assert_silent();
    assert!(output.stdout.is_empty());
    assert_eq!(service.seen().upgraded(), 2, "one fresh upgrade proves that the topic is empty");
}

fn until() {
    let service = Service::start();
    let (past, now) = (SystemTime::now() - Duration::from_secs(7200), SystemTime::now());
    service.publish_at("all", event(0), past);
    service.publish_at("all", event(1), now);
    let output = Run::against(&service).args(&["--until", "1h", "--idle-timeout", "60s"]).run();
    output.assert_code(0).assert_lines(&[event(0)]);
}

fn until_later() {
    let service = Service::start();
    let soon = jiff::Timestamp::now() + Duration::from_secs(2);
    let output = Run::against(&service).args(&["--until", &soon.to_string()]).run();
    output.assert_code(0);
    assert!(jiff::Timestamp::now() >= soon);
}

fn since() {
    let service = Service::start();
    service.publish_at("all", event(0), SystemTime::now() - Duration::from_secs(7200));
    service.publish("all", event(1));
    let output = Run::against(&service).args(&["--since", "1h", "-n", "1"]).run();
    output.assert_code(0).assert_lines(&[event(1)]);
    service.wait_for_acks(2);
}

fn max_silence() {
    let service = Service::start();
    let mut run = Run::against(&service).args(&["--max-silence", "1s"]).spawn();
    service.wait_for_connections(3);
    service.publish("all", event(0));
    run.wait_stdout_lines(1);
    let output = finish(run);
    output.assert_lines(&[event(0)]).assert_stderr_has("no message for 1s (--max-silence)");
    let said = output.stderr.matches("--max-silence").count();
    assert!(said <= service.connections(), "once for each silence: {}", output.stderr);
}

fn idle_timeout() {
    let service = Service::start();
    service.publish("all", event(0));
    let output =
        Run::against(&service).args(&["--message-id", "earliest", "--idle-timeout", "300ms"]).run();
    output.assert_code(0).assert_lines(&[event(0)]);
    assert!(output.elapsed >= Duration::from_millis(300));
}

fn max_time() {
    let service = Service::start();
    // On a busy machine the first session may take longer.
    let run = |limit| Run::against(&service).args(&["--max-time", limit]).run();
    let mut outputs = ["300ms", "3s", "40s"].into_iter().map(run);
    outputs.find(|output| output.code != Some(69)).expect("a session").assert_code(0);
    let service = Service::with(Fault::Refuse);
    let output =
        Run::against(&service).args(&["--max-time", "300ms", "--retry-delay", "50ms"]).run();
    output.assert_code(69).assert_stderr_has("[stream.no_session]");
    output.assert_stderr_has("no session within 300ms (--max-time)");
    output.assert_stderr_has("connection refused");
}

fn fail_if_empty() {
    let service = Service::start();
    let ended = ["--fail-if-empty", "--idle-timeout", "200ms"];
    Run::against(&service).args(&ended).run().assert_code(10);
    service.publish("all", event(0));
    let args = ["--message-id", "earliest"];
    Run::against(&service).args(&args).args(&ended).run().assert_code(0);
}

fn events() {
    let service = Service::start();
    service.publish("all", event(0));
    service.publish("all", r#"{"eventType":"AgentLogin"}"#);
    service.publish("all", r#"{"AgentProvChange":{"event":"AgentSkillChanged"}}"#);
    service.publish("all", r#"{"AgentStatusChange":{}}"#);
    let args = ["--message-id", "earliest", "--event", "AgentLogin,AgentSkillChanged"];
    let output =
        Run::against(&service).args(&args).args(&["--event", "AgentStatusChange", "-n", "3"]).run();
    assert_eq!(output.lines().len(), 3);
    assert!(!String::from_utf8_lossy(&output.stdout).contains("Interaction"));
    service.assert_acked_once();
}

fn envelope() {
    let service = Service::start();
    let message = New::payload("{\"a\":\n1e400}").key("k").property("p", "v");
    let id = service.publish_message("all", message);
    service.publish_odd("all", Odd::EmptyPayload);
    service.publish_odd("all", Odd::NotJsonPayload);
    let output = Run::against(&service).args(&["-J", "--message-id", "earliest", "-n", "3"]).run();
    output.assert_code(0);
    let lines = output.lines();
    assert!(lines[0].contains(r#""payload":{"a": 1e400}"#), "{}", lines[0]);
    assert!(lines[0].contains(&format!(r#""messageId":"{}""#, id.encode())), "{}", lines[0]);
    assert!(lines[0].contains(r#""key":"k""#) && lines[0].contains(r#""p":"v""#), "{}", lines[0]);
    assert!(lines[1].contains(r#""payload":null"#), "{}", lines[1]);
    assert!(lines[2].contains(r#""payloadBase64":""#), "{}", lines[2]);
}

fn rejects() {
    let service = Service::start();
    let id = service.publish_odd("all", Odd::NotBase64);
    service.publish_odd("all", Odd::NotJsonPayload);
    service.publish("all", event(0));
    let args = ["--message-id", "earliest", "-n", "1"];
    let output = Run::against(&service).args(&args).run();
    output.assert_code(0).assert_lines(&[event(0)]);
    output.assert_stderr_has(&format!("message {}: payload is not base64", id.encode()));
    output.assert_stderr_has("payload is not JSON");
    service.assert_acked_once();

    let stop = Run::against(&service).args(&args).args(&["--on-reject", "stop"]).run();
    stop.assert_code(65).assert_stderr_has("[stream.bad_payload]");
    assert!(service.seen().last().acks.is_empty(), "the message stays where it is");
}

fn pings() {
    let service = Service::builder().idle_limit(Duration::from_secs(2)).start();
    let args = ["--ping-interval", "200ms", "--ping-timeout", "10s", "--max-time", "5s"];
    Run::against(&service).args(&args).verbosity(0).run().assert_code(0).assert_silent();
    let seen = service.seen();
    assert_eq!(seen.upgraded(), 1, "no reconnect");
    assert!(seen.pings() >= 5, "{} pings", seen.pings());
}

fn idle_limit_without_pings() {
    let service = Service::builder().idle_limit(Duration::from_secs(1)).start();
    let args = ["--ping-interval", "1h", "--retry-delay", "10ms"];
    let mut run = Run::against(&service).args(&args).spawn();
    run.wait_stderr("connected again");
    service.publish("all", event(0));
    assert_eq!(run.wait_stdout_lines(1), [event(0)]);
    finish(run).assert_stderr_has("closed by the server with 1001 (going away)");
}

/// Stops a follower, which ends well.
fn finish(mut run: crate::support::run::Running) -> crate::support::run::Output {
    run.signal(nix::sys::signal::Signal::SIGTERM);
    let output = run.finish();
    output.assert_code(0);
    output
}
