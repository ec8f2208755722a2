//! `--unsubscribe`: removes a subscription once somebody said so, and says whether it did.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use libtest_mimic::Trial;

use super::{NAME, TOPIC, consumer, test};
use crate::capture::{event, stop};
use crate::support::run::{Output, Run};
use crate::support::scratch::Scratch;
use crate::support::service::{BUSY, Fault, Kind, OTHER_TYPE, Service, Version};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("--unsubscribe removes it and acknowledges nothing", done),
        test("--unsubscribe with others connected is refused", others),
        test("--unsubscribe that ends the session is a failure", refused),
        test("--unsubscribe without an answer is a failure", silent),
        test("--unsubscribe without a terminal wants --yes", unattended),
        test("--unsubscribe does not go with an option about reading", beside),
        test("what a config file says about reading does not matter to it", configured),
        test("--unsubscribe asks on a terminal, and no is no", asked),
    ]
}

fn unsubscribe(service: &Service) -> Run {
    consumer(service).args(&["--unsubscribe", "--yes"])
}

fn is_there(service: &Service) -> bool {
    service.subscription(TOPIC, NAME).is_some()
}

fn done() {
    for version in [Version::V4_0, Version::V4_2] {
        let service = Service::builder().pulsar(version).start();
        service.publish_many(TOPIC, 30, event);
        service.make_subscription(TOPIC, NAME, Kind::Shared, true);
        // The type is not asked for: whatever the others had, now nobody is there.
        let output = unsubscribe(&service).run();
        output.assert_code(0).assert_silent();
        assert!(
            output.trace.contains(&format!("removed subscription {NAME}")),
            "{}",
            output.whole()
        );
        assert!(output.stdout.is_empty() && !is_there(&service), "{}", output.whole());
        let seen = service.seen();
        let request = seen.last().request.as_ref().unwrap();
        assert_eq!(request.param("subscriptionType"), Some("Exclusive"));
        assert_eq!(request.param("receiverQueueSize"), Some("1"));
        let texts = [r#"{"type":"unsubscribe"}"#, r#"{"type":"isEndOfTopic"}"#];
        assert_eq!(seen.last().texts, texts);
        assert_eq!((seen.acks(), seen.nacks().len(), seen.connections.len()), (0, 0, 1));
    }
}

fn others() {
    let service = Service::start();
    for (kind, sentence) in [("exclusive", BUSY), ("shared", OTHER_TYPE)] {
        let connected = service.seen().upgraded();
        let other = consumer(&service).args(&["--subscription-type", kind]).spawn();
        service.wait_for_connections(connected + 1);
        let output = unsubscribe(&service).run();
        output.assert_code(75).assert_stderr_has("[auth.busy]").assert_stderr_has(sentence);
        assert!(is_there(&service));
        stop(other);
        service.wait_for_no_connections();
    }
    unsubscribe(&service).run().assert_code(0);
    assert!(!is_there(&service));
}

#[track_caller]
fn assert_failed(output: &Output, service: &Service) {
    output.assert_code(69).assert_stderr_has("[stream.unsubscribe]");
    assert!(is_there(service) && service.connections() == 1, "{}", output.whole());
    assert_eq!(service.seen().acks(), 0);
}

fn refused() {
    let service = Service::with(Fault::UnsubscribeRefused);
    service.make_subscription(TOPIC, NAME, Kind::Exclusive, true);
    let output = unsubscribe(&service).run();
    assert_failed(&output, &service);
    output.assert_stderr_has("consumers");
}

fn silent() {
    let service = Service::with(Fault::UnsubscribeSilent);
    service.make_subscription(TOPIC, NAME, Kind::Exclusive, true);
    assert_failed(&unsubscribe(&service).args(&["--connect-timeout", "2s"]).run(), &service);
}

fn unattended() {
    let service = Service::builder().may_be_unreached().start();
    service.make_subscription(TOPIC, NAME, Kind::Exclusive, true);
    for run in [consumer(&service), consumer(&service).typed("y\n"), consumer(&service).terminal()]
    {
        let output = run.arg("--unsubscribe").run();
        output.assert_code(64).assert_stderr_has("terminal").assert_stderr_has("--yes");
    }
    assert!(is_there(&service) && service.connections() == 0);
}

/// Each as typed, and as a line of a config file.
const ABOUT_READING: &[(&[&str], &str)] = &[
    (&["--fail-if-empty"], "fail-if-empty = true"),
    (&["-J"], "envelope = true"),
    (&["--max-time", "1s"], "max-time = 1s"),
    (&["--idle-timeout", "1s"], "idle-timeout = 1s"),
    (&["--metrics-file", "metrics"], "metrics-file = metrics"),
    (&["--at-most-once"], "at-most-once = true"),
];

fn beside() {
    let service = Service::builder().may_be_unreached().start();
    service.make_subscription(TOPIC, NAME, Kind::Exclusive, true);
    for (args, _) in ABOUT_READING {
        let output = unsubscribe(&service).args(args).run();
        output.assert_code(64).assert_stderr_has("--unsubscribe").assert_stderr_has(args[0]);
    }
    assert!(is_there(&service) && service.connections() == 0);
}

fn configured() {
    let scratch = Scratch::new("unsubscribe");
    let path = scratch.join("tail8x8.conf");
    let lines: Vec<_> = ABOUT_READING.iter().map(|(_, line)| *line).collect();
    fs::write(&path, lines.join("\n")).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let service = Service::start();
    service.make_subscription(TOPIC, NAME, Kind::Exclusive, true);
    unsubscribe(&service).arg("--config").arg(&path).run().assert_code(0).assert_silent();
    assert!(!is_there(&service));
}

fn asked() {
    let service = Service::builder().may_be_unreached().start();
    service.make_subscription(TOPIC, NAME, Kind::Exclusive, true);
    let answered = |text: &str| {
        let run = consumer(&service).arg("--unsubscribe").terminal().typed(text).verbosity(0);
        let output = run.run();
        // What is at stake is named before.
        output.assert_code(0).assert_stderr_has(&format!("subscription {NAME}"));
        output.assert_stderr_has("acme/event-v1/all");
        output
    };
    for no in ["n\n", "\n", "nope\n", "yesterday\n"] {
        answered(no).assert_stderr_lacks("removed");
        assert!(is_there(&service), "{no:?} is no yes");
        assert_eq!(service.connections(), 0, "nobody was asked before the answer");
    }
    answered("y\n").assert_stderr_has("removed");
    assert!(!is_there(&service));
}
