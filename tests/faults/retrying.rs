//! What is tried again, and what is not: before a first session only what may mend itself, after
//! one nearly everything.

use std::time::Duration;

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use super::{assert_told, test};
use crate::support::ca::Leaf;
use crate::support::run::Run;
use crate::support::service::{Body, Fault, Service};

const FIRST: &str = r#"{"number":1}"#;
const SECOND: &str = r#"{"number":2}"#;

const QUICK: [&str; 4] = ["--retry-delay", "10ms", "--retry-max-delay", "20ms"];

const BAD_GATEWAY: Fault = Fault::Status(502, Body::Page("502 Bad Gateway"));

pub(super) fn trials() -> Vec<Trial> {
    let never = [
        ("a 400", Fault::Status(400, Body::None), "auth.bad_request", 78),
        ("a 401", Fault::Status(401, Body::None), "auth.unauthorized", 77),
        ("a 403", Fault::Status(403, Body::None), "auth.forbidden", 77),
        ("a 404", Fault::Status(404, Body::None), "auth.not_found", 78),
        ("a 409", Fault::Status(409, Body::None), "auth.busy", 75),
        ("a redirect", Fault::Status(302, Body::None), "auth.not_websocket", 76),
        ("an expired certificate", Fault::Certificate(Leaf::expired()), "tls.expired", 60),
        ("a port without TLS", Fault::SpeaksHttp, "tls.not_tls", 76),
        (
            "a 500 that says what is wrong for good",
            Fault::Status(500, Body::Jetty("{\"errorMsg\":\"Namespace not found\"}")),
            "auth.refused",
            78,
        ),
    ];
    let never = never.map(|(name, fault, code, exit)| {
        test(&format!("retry: {name} is not tried again"), move || {
            let service = Service::with(fault.clone());
            let output = Run::against(&service).args(&QUICK).run();
            output.assert_code(exit);
            assert_told(&output, code, &[]);
            assert_eq!(service.connections(), 1, "{}", output.whole());
        })
    });
    let others = [
        test("retry: an unknown 500 is tried three times", three_times),
        test("retry: --retry 2 ends after the third attempt", limited),
        test("retry: what may mend itself is tried until it works", until_it_works),
        test("retry: Retry-After is honoured", retry_after),
        test("retry: --retry-all-errors tries a 401 again", all_errors),
        test("retry: --retry-all-errors does not try too large a message again", too_large),
        test("retry: a 401 and a 404 after a session was open are tried again", after_a_session),
        test("retry: a session that lasted starts the count anew", quiet_night),
        test("retry: the service is away for a while", away),
        test("retry: an outage is one line at its beginning and one at its end", two_lines),
    ];
    never.into_iter().chain(others).collect()
}

fn three_times() {
    let service = Service::with(Fault::Status(500, Body::Jetty("the broker has hiccups")));
    let output = Run::against(&service).args(&QUICK).run();
    output.assert_code(69).assert_stderr_has("hiccups (attempt 3) [auth.server_error]");
    assert_eq!(service.connections(), 3, "{}", output.whole());
}

fn limited() {
    let service = Service::builder().faults([BAD_GATEWAY, Fault::TlsReset]);
    let service = service.always(Fault::UpgradeEof).start();
    let output = Run::against(&service).args(&QUICK).args(&["--retry", "2"]).run();
    output.assert_code(69).assert_stderr_has("(attempt 3) [auth.closed]");
    assert_eq!(service.connections(), 3, "{}", output.whole());
}

fn until_it_works() {
    let faults = [
        BAD_GATEWAY,
        Fault::Status(503, Body::None),
        Fault::Status(504, Body::None),
        Fault::Status(500, Body::Text("unknown words")),
        Fault::CloseAfterAccept,
        Fault::TlsReset,
        Fault::TlsEof,
        Fault::UpgradeReset,
        Fault::UpgradeEof,
        Fault::Reset,
        Fault::Close(1011, "oh"),
        Fault::Masked,
    ];
    let count = faults.len();
    let service = Service::builder().faults(faults).start();
    service.publish("all", FIRST);
    let output = Run::against(&service).args(&QUICK).args(&["--message-id", "earliest"]);
    // Stream faults strike before the first message.
    let output = output.args(&["-n", "1"]).run();
    output.assert_code(0).assert_lines(&[FIRST]);
    assert_eq!(service.connections(), count + 1, "{}", output.whole());
}

fn retry_after() {
    for status in [429, 503] {
        waits_for(status);
    }
}

fn waits_for(status: u16) {
    let service = Service::builder().faults([Fault::RetryAfter(status, 2)]).start();
    service.publish("all", FIRST);
    let run = Run::against(&service).args(&QUICK).args(&["--message-id", "earliest", "-n", "1"]);
    let output = run.run();
    output.assert_code(0).assert_lines(&[FIRST]).assert_stderr_has("trying again in 2s");
    assert!(output.elapsed >= Duration::from_secs(2), "{}", output.whole());
}

fn all_errors() {
    let faults = [401, 404, 403, 400].map(|status| Fault::Status(status, Body::None));
    let service = Service::builder().faults(faults).start();
    service.publish("all", FIRST);
    let run = Run::against(&service).args(&QUICK).args(&["--message-id", "earliest", "-n", "1"]);
    let output = run.arg("--retry-all-errors").run();
    output.assert_code(0).assert_lines(&[FIRST]);
    assert_eq!(service.connections(), 5);
}

fn too_large() {
    let service = Service::with(Fault::OversizeClaim);
    let run = Run::against(&service).args(&QUICK).arg("--retry-all-errors");
    run.run().assert_code(76).assert_stderr_has("[stream.too_large]");
    assert_eq!(service.connections(), 1);
}

fn after_a_session() {
    let service = Service::start();
    service.publish("all", FIRST);
    let run = Run::against(&service).args(&QUICK).args(&["--message-id", "earliest"]);
    let mut running = run.spawn();
    running.wait_stdout_lines(1);
    service.wait_for_acks(1);
    service.next_faults([
        Fault::Status(401, Body::None),
        Fault::Status(404, Body::None),
        Fault::Status(403, Body::None),
        Fault::Certificate(Leaf::named(&["other.8x8.test"])),
        Fault::Status(500, Body::Text("unknown words")),
        Fault::Status(500, Body::Text("unknown words")),
        Fault::Status(500, Body::Text("unknown words")),
    ]);
    service.cut_connections();
    running.wait_stderr("[stream.reset]");
    service.publish("all", SECOND);
    running.wait_stdout_lines(2);
    running.signal(Signal::SIGTERM);
    running.finish().assert_code(0).assert_lines(&[FIRST, SECOND]);
    assert_eq!(service.connections(), 9);
    service.assert_acks_within(&[FIRST, SECOND]);
}

fn away() {
    let service = Service::start();
    service.publish("all", FIRST);
    let run = Run::against(&service).args(&QUICK).args(&["--message-id", "earliest"]);
    let mut running = run.spawn();
    running.wait_stdout_lines(1);
    service.stop_listening();
    service.cut_connections();
    running.wait_stderr("[tcp.refused]");
    service.publish("all", SECOND);
    service.listen_again();
    running.wait_stdout_lines(2);
    running.signal(Signal::SIGTERM);
    running.finish().assert_code(0).assert_lines(&[FIRST, SECOND]);
}

fn two_lines() {
    let service = Service::start();
    service.publish("all", FIRST);
    let run = Run::against(&service).args(&QUICK).args(&["--message-id", "earliest"]);
    let mut running = run.spawn();
    running.wait_stdout_lines(1);
    service.next_faults([BAD_GATEWAY, BAD_GATEWAY, Fault::TlsReset]);
    service.cut_connections();
    running.wait_stderr("[stream.reset]");
    service.publish("all", SECOND);
    running.wait_stdout_lines(2);
    running.signal(Signal::SIGTERM);
    let output = running.finish();
    let lines: Vec<&str> = output.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{}", output.whole());
    assert!(lines[0].contains("[stream.reset]"), "{}", output.whole());
    assert!(lines[0].contains("; trying again in "), "{}", output.whole());
    assert!(lines[1].starts_with("tail8x8: connected again after "), "{}", output.whole());
}

/// Sessions that last, and bring nothing: however many of them are cut, each cut is the first failure.
fn quiet_night() {
    const SESSIONS: usize = 4;
    let service = Service::start();
    let run = Run::against(&service).args(&["--retry-delay", "10ms", "--retry-max-delay", "50ms"]);
    let mut running = run.args(&["--retry", "1"]).spawn();
    for sessions in 1..=SESSIONS {
        service.wait_for_connections(sessions);
        std::thread::sleep(Duration::from_millis(500));
        service.cut_connections();
    }
    service.wait_for_connections(SESSIONS + 1);
    running.signal(Signal::SIGTERM);
    running.finish().assert_code(0);
}
