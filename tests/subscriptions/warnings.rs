//! What a subscription leaves behind is said, and said once.

use libtest_mimic::Trial;

use super::{NAME, TOPIC, capture, consumer, test};
use crate::capture::ended;
use crate::capture::spool::Spool;
use crate::support::run::Output;
use crate::support::service::Service;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("the first run says what stays at the service, the next ones do not", first_run),
        test("--event with a subscription warns once", events),
        test("--event that is new to a cursor warns, too", new_events),
        test("without a cursor it is said by each run that follows", without_cursor),
    ]
}

#[track_caller]
fn assert_said(output: &Output, times: usize) {
    assert_eq!(output.stderr.matches("--unsubscribe").count(), times, "{}", output.whole());
}

fn first_run() {
    let service = Service::start();
    let spool = Spool::new();
    let mut run = capture(&spool, &service).verbosity(0).spawn();
    run.wait_stderr("\n");
    // What is said at the first message, or later, is not missed.
    service.publish(TOPIC, "{}");
    service.wait_for_all_acked(TOPIC, NAME, 1);
    let output = ended(run);
    assert_said(&output, 1);
    output.assert_stderr_has(NAME).assert_stderr_has("keeps every event");
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
    service.wait_for_no_connections();

    let mut run = capture(&spool, &service).verbosity(1).spawn();
    service.wait_for_connections(2);
    service.cut_connections();
    run.wait_stderr("connected again");
    assert_said(&ended(run), 0);
    service.wait_for_no_connections();
    // Another cursor is another beginning.
    let other = Spool::new();
    let mut run = capture(&other, &service).verbosity(0).spawn();
    run.wait_stderr("\n");
    assert_said(&ended(run), 1);
}

fn events() {
    let service = Service::start();
    let spool = Spool::new();
    for (number, times) in [1, 0].into_iter().enumerate() {
        let args = ["--event", "InteractionCreated"];
        let mut run = capture(&spool, &service).args(&args).spawn();
        service.wait_for_connections(2 * number + 1);
        run.wait_stderr("waiting for new events");
        service.cut_connections();
        run.wait_stderr("connected again");
        let output = ended(run);
        let said = output.stderr.matches("that --event leaves out").count();
        assert_eq!(said, times, "{}", output.whole());
        service.wait_for_no_connections();
    }
}

/// What is left out from now on is acknowledged for the first time.
fn new_events() {
    const LEFT_OUT: &str = "that --event leaves out";
    let service = Service::start();
    let spool = Spool::new();
    let event: &[&str] = &["--event", "InteractionCreated"];
    for (args, keeps, left_out) in [(&[][..], 1, 0), (event, 0, 1), (event, 0, 0)] {
        service.publish(TOPIC, "{}");
        let run = capture(&spool, &service).args(&["-e", "--idle-timeout", "500ms"]);
        let output = run.args(args).verbosity(0).run();
        output.assert_code(0);
        assert_said(&output, keeps);
        assert_eq!(output.stderr.matches(LEFT_OUT).count(), left_out, "{}", output.whole());
        service.wait_for_no_connections();
    }
}

fn without_cursor() {
    let service = Service::start();
    // As from cron.
    service.publish(TOPIC, "{}");
    let run = consumer(&service).args(&["-e", "--idle-timeout", "500ms"]).verbosity(0);
    run.run().assert_code(0).assert_silent();
    service.wait_for_no_connections();
    for at_terminal in [false, true] {
        let run = consumer(&service).verbosity(0);
        let mut run = if at_terminal { run.terminal() } else { run }.spawn();
        run.wait_stderr("--unsubscribe");
        assert_said(&ended(run), 1);
        service.wait_for_no_connections();
    }
}
