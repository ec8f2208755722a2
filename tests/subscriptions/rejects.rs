//! Messages that cannot be decoded: kept and acknowledged, sent back, or left.

use libtest_mimic::Trial;

use super::{NAME, TOPIC, acked, backlog, capture, consumer, test};
use crate::capture::spool::Spool;
use crate::capture::{event, events, stop, wait_until};
use crate::support::service::{Odd, Service};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("--on-reject warn acknowledges what is kept", warn),
        test("--on-reject nack sends a reject back each time it comes", || nack("shared")),
        test("--on-reject nack, too, where all comes again with it", || nack("exclusive")),
        test("--on-reject nack and a standby", || nack("failover")),
        test("a reject sent back too often is a dead letter", dead_letter),
        test("a message whose id nobody can read holds up nothing", unreadable_id),
        test("-e does not wait for what is sent back again and again", nack_at_end),
        test("--on-reject stop leaves the reject", leave),
        test("--on-reject stop acknowledges what was printed before it", stopped_print),
    ]
}

fn warn() {
    let service = Service::start();
    let spool = Spool::new();
    let rejects = spool.join("rejects");
    let mut run = capture(&spool, &service).arg("--rejects").arg(&rejects).spawn();
    service.publish(TOPIC, event(0));
    let id = service.publish_odd(TOPIC, Odd::NotBase64);
    service.publish(TOPIC, event(1));
    service.wait_for_all_acked(TOPIC, NAME, 3);
    assert_eq!(spool.lines_of("rejects").len(), 1);
    assert!(acked(&service).contains(&id));
    run.wait_stderr("payload is not base64");
    stop(run);
    spool.assert_lines(&events(0..2));
    assert_eq!(service.seen().nacks(), []);
}

/// The reject comes again for ever, all else is written once.
fn nack(kind: &str) {
    let service = Service::start();
    let spool = Spool::new();
    let args = ["--on-reject", "nack", "--nack-delay", "100ms", "--subscription-type", kind];
    let run = capture(&spool, &service).args(&args).spawn();
    service.publish(TOPIC, event(0));
    let id = service.publish_odd(TOPIC, Odd::NotBase64);
    service.publish(TOPIC, event(1));
    service.wait_for("it is sent back three times", |seen| seen.nacks().len() >= 3);
    service.publish(TOPIC, event(2));
    service.wait_for_subscription(TOPIC, NAME, "the rest is acknowledged", |it| {
        it.acked.len() == 3 && it.backlog == 1
    });
    stop(run);
    assert!(service.seen().nacks().iter().all(|nacked| *nacked == id));
    assert!(!acked(&service).contains(&id));
    spool.assert_lines(&events(0..3));

    // Also by the next run, and by then it is mended.
    service.wait_for_no_connections();
    let before = service.seen().nacks().len();
    let run = capture(&spool, &service).args(&args).spawn();
    service.wait_for("the next run sends it back", |seen| seen.nacks().len() > before);
    stop(run);
    spool.assert_lines(&events(0..3));
}

fn dead_letter() {
    let service = Service::start();
    let args = ["--on-reject", "nack", "--nack-delay", "50ms", "--subscription-type", "shared"];
    let dead = ["--max-redeliver", "2", "--dead-letter-topic", "dead"];
    let mut run = consumer(&service).args(&args).args(&dead).spawn();
    service.wait_for_connections(1);
    let id = service.publish_odd(TOPIC, Odd::NotJsonPayload);
    service.publish(TOPIC, event(0));
    wait_until("it is a dead letter", || service.payloads("dead") == ["just words"]);
    assert_eq!(service.seen().nacks(), [id; 3]);
    assert_eq!(run.wait_stdout_lines(1), [event(0)]);
    stop(run);
    assert_eq!(backlog(&service), 0);
}

fn nack_at_end() {
    let service = Service::start();
    service.publish(TOPIC, event(0));
    let id = service.publish_odd(TOPIC, Odd::NotJsonPayload);
    service.publish(TOPIC, event(1));
    let args = ["--subscription-type", "shared", "-e", "--idle-timeout", "1s"];
    let nack = ["--on-reject", "nack", "--nack-delay", "200ms"];
    let output = consumer(&service).args(&args).args(&nack).run();
    output.assert_code(0).assert_lines(&events(0..2));
    service.wait_for_no_connections();
    let nacks = service.seen().nacks();
    assert!(!nacks.is_empty() && nacks.iter().all(|nacked| *nacked == id), "{nacks:?}");
    assert_eq!((acked(&service).len(), backlog(&service)), (2, 1));
}

fn leave() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish(TOPIC, event(0));
    let id = service.publish_odd(TOPIC, Odd::NotBase64);
    service.publish(TOPIC, event(1));
    for _ in 0..2 {
        let run = capture(&spool, &service).args(&["--on-reject", "stop"]).run();
        run.assert_code(65).assert_stderr_has("[stream.bad_payload]");
        service.wait_for_no_connections();
        spool.assert_lines(&events(0..1));
        assert_eq!(acked(&service).len(), 1, "what was written is acknowledged");
        assert_eq!(backlog(&service), 2);
    }
    assert_eq!(service.seen().nacks(), []);
    capture(&spool, &service).args(&["-n", "1"]).run().assert_code(0);
    assert!(acked(&service).contains(&id));
    spool.assert_lines(&events(0..2));
}

fn stopped_print() {
    let service = Service::start();
    service.publish_many(TOPIC, 20, event);
    service.publish_odd(TOPIC, Odd::NotBase64);
    service.publish(TOPIC, event(20));
    for printed in [events(0..20), Vec::new()] {
        let args = ["--initial-position", "earliest", "--on-reject", "stop"];
        let output = consumer(&service).args(&args).run();
        output.assert_code(65).assert_stderr_has("[stream.bad_payload]").assert_lines(&printed);
        service.wait_for_no_connections();
        assert_eq!((acked(&service).len(), backlog(&service)), (20, 2));
    }
}

/// It cannot be acknowledged, and to try would end the session of some services.
fn unreadable_id() {
    for odd in [Odd::HostileId, Odd::NotJson, Odd::NotAnObject] {
        let service = Service::start();
        let spool = Spool::new();
        let run = capture(&spool, &service).spawn();
        service.publish(TOPIC, event(0));
        service.publish_odd(TOPIC, odd);
        service.publish(TOPIC, event(1));
        let what = "the others are acknowledged";
        service.wait_for_subscription(TOPIC, NAME, what, |it| it.acked.len() == 2);
        service.publish(TOPIC, event(2));
        service.wait_for_subscription(TOPIC, NAME, what, |it| it.acked.len() == 3);
        stop(run);
        assert_eq!(service.connections(), 1, "{odd:?}");
        assert_eq!(backlog(&service), 1);
        spool.assert_lines(&events(0..3));
    }
}
