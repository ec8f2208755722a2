//! A subscription that is taken: an end with the service's sentence at the start of a run, and a
//! reason to try again later, when it is our own old link that holds it.

use libtest_mimic::Trial;

use super::{NAME, TOPIC, TYPES, capture, consumer, test};
use crate::capture::spool::Spool;
use crate::capture::{ended, event, events, stop};
use crate::support::service::{BUSY, Body, Fault, OTHER_TYPE, Service};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("a subscription that is taken ends the run with 75", taken),
        test("one that has another type, too", other_type),
        test("our own old link is waited out", old_link),
        test("a deleted subscription is made again by the next session", deleted),
    ]
}

fn taken() {
    let service = Service::start();
    let first = consumer(&service).spawn();
    service.wait_for_connections(1);
    let second = consumer(&service).run();
    second.assert_code(75).assert_stderr_has("[auth.busy]").assert_stderr_has(BUSY);
    assert_eq!(service.connections(), 2, "tried once");
    stop(first);
    service.wait_for_no_connections();
    let third = consumer(&service).spawn();
    service.wait_for_connections(2);
    stop(third);
}

fn other_type() {
    let service = Service::start();
    let first = consumer(&service).args(&["--subscription-type", "shared"]).spawn();
    service.wait_for_connections(1);
    for kind in TYPES.iter().filter(|kind| **kind != "shared") {
        let second = consumer(&service).args(&["--subscription-type", kind]).run();
        second.assert_code(75).assert_stderr_has("[auth.busy]").assert_stderr_has(OTHER_TYPE);
        second.assert_stderr_has("Active subscription type of 'Shared'");
        second.assert_stderr_has("--subscription-type");
    }
    stop(first);
}

fn old_link() {
    let service = Service::start();
    let spool = Spool::new();
    let mut run = capture(&spool, &service).spawn();
    service.publish(TOPIC, event(0));
    service.wait_for_all_acked(TOPIC, NAME, 1);
    let busy = Fault::Status(409, Body::Jetty(BUSY));
    service.next_faults(vec![busy; 4]);
    service.cut_connections();
    run.wait_stderr("connected again");
    service.publish(TOPIC, event(1));
    service.wait_for_all_acked(TOPIC, NAME, 2);
    let output = ended(run);
    assert!(output.trace.contains(BUSY), "{}", output.whole());
    assert_eq!(service.connections(), 6, "{}", output.whole());
    spool.assert_lines(&events(0..2));
}

fn deleted() {
    let service = Service::start();
    let spool = Spool::new();
    let mut run = capture(&spool, &service).spawn();
    service.publish(TOPIC, event(0));
    service.wait_for_all_acked(TOPIC, NAME, 1);
    service.delete_subscription(TOPIC, NAME);
    service.publish(TOPIC, event(1));
    service.cut_connections();
    run.wait_stderr("connected again");
    // Made anew at the beginning: what is in the file is not written again.
    service.wait_for_all_acked(TOPIC, NAME, 2);
    stop(run);
    spool.assert_lines(&events(0..2));
}
