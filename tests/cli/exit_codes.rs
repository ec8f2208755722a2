//! Every exit code that can be reached, once; 70 is a bug, and there is none we know of.

use std::path::Path;

use libtest_mimic::Trial;

use super::{LINE, service, test, works};
use crate::support::ca::Leaf;
use crate::support::run::{Output, Run, Stdout};
use crate::support::service::{Body, Fault, Odd, Service};

const DOCUMENTED: [i32; 15] = [0, 10, 60, 64, 65, 66, 68, 69, 70, 73, 74, 75, 76, 77, 78];

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("exit 0: a limit was reached", || works(Run::against(&service()))),
        test("exit 0: nothing new", || {
            let service = Service::start();
            let run = Run::against(&service).args(&["-e", "--idle-timeout", "500ms"]);
            run.run().assert_code(0).assert_silent().assert_lines::<&str>(&[]);
        }),
        test("exit 0: the reader of the output has gone", || {
            let service = service();
            let run = Run::against(&service).args(&["--message-id", "earliest"]);
            run.stdout(Stdout::Closed).run().assert_code(0).assert_silent();
        }),
        test("exit 10: nothing was written, with --fail-if-empty", || {
            let service = Service::start();
            let run = Run::against(&service).args(&["-e", "--idle-timeout", "500ms"]);
            run.arg("--fail-if-empty").run().assert_code(10).assert_silent();
        }),
        test("exit 60: a certificate", || fails(Fault::Certificate(Leaf::expired()), 60)),
        test("exit 64: a wrong option", || {
            Run::new(&["--bogus"]).run().assert_code(64);
        }),
        test("exit 65: a message with --on-reject stop", || {
            let service = Service::start();
            service.publish_odd("all", Odd::NotJsonPayload);
            let run = Run::against(&service).args(&["--message-id", "earliest"]);
            run.args(&["--on-reject", "stop"]).run().assert_code(65);
        }),
        test("exit 66: a file that cannot be read", || {
            let run = Run::new(&["--tenant", "acme", "--x-api-key-file", "/nowhere/key"]);
            run.run().assert_code(66);
        }),
        test("exit 68: a name", || {
            let run = Run::new(&["--tenant", "acme", "--host", "x.invalid", "--retry", "0"]);
            run.run().assert_code(68);
        }),
        test("exit 69: refused", || fails(Fault::Refuse, 69)),
        test("exit 69: no session within --max-time", || {
            let service = Service::with(Fault::UpgradeSilent);
            let output = Run::against(&service).args(&["--max-time", "1s"]).run();
            output.assert_code(69);
        }),
        test("exit 74: the output cannot be written", full),
        test("exit 75: 409", || fails(Fault::Status(409, Body::None), 75)),
        test("exit 75: 429", || fails(Fault::RetryAfter(429, 1), 75)),
        test("exit 76: no WebSocket there", || fails(Fault::Http10, 76)),
        test("exit 77: 401", || fails(Fault::Status(401, Body::None), 77)),
        test("exit 78: 404", || fails(Fault::Status(404, Body::None), 78)),
        test("exit 78: no tenant", || {
            Run::new::<&str>(&[]).run().assert_code(78);
        }),
        test("exit codes: README and man page have the same table", documented),
    ]
}

fn fails(fault: Fault, code: i32) {
    let service = Service::with(fault);
    Run::against(&service).args(&["--retry", "0"]).run().assert_code(code);
}

/// Told in one line, and what was not written is not acknowledged.
fn full() {
    let service = service();
    let run = Run::against(&service).args(&["--message-id", "earliest", "--retry", "0"]);
    let output: Output = run.stdout(Stdout::File("/dev/full".into())).run();
    output.assert_code(74).assert_stderr_has("[output.failed]").assert_stderr_has("--message-id");
    output.assert_stderr_has("output stdout: no space left on device");
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
    service.wait_for_no_connections();
    assert_eq!(service.seen().acks(), 0, "acknowledged what was not written: {LINE}");
}

fn documented() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(project.join("README.md")).unwrap();
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next());
    let codes: Vec<i32> = rows.filter_map(|cell| cell.parse().ok()).collect();
    assert_eq!(codes, DOCUMENTED, "README");
    let man = std::fs::read_to_string(project.join("man/tail8x8.1")).unwrap();
    let (_, section) =
        man.split_once(".SH EXIT STATUS").or(man.split_once(".SH \"EXIT STATUS\"")).unwrap();
    let section = section.split(".SH ").next().unwrap();
    for code in DOCUMENTED {
        assert!(section.contains(&code.to_string()), "the man page lacks {code}");
    }
}
