//! A machine, or a limit, that is out of descriptors or threads: named as what it is, whichever call
//! meets it, and never as a fault of the network.

use libtest_mimic::Trial;

use super::test;
use crate::capture::{ignored_if, missing, through};
use crate::support::ca::Ca;
use crate::support::run::{Output, Run};
use crate::support::service::Service;

pub(super) fn trials() -> Vec<Trial> {
    let prlimit = missing("prlimit", &["--version"]);
    let strace = missing("strace", &["-f", "-o", "/dev/null", "true"]);
    vec![
        ignored_if(&prlimit, test("resources: too few descriptors", descriptors)),
        ignored_if(&strace, test("resources: no thread for the lookup", no_thread)),
        ignored_if(&strace, test("resources: a thread only at the second try", later)),
    ]
}

/// A service with one message, and a run that reads it by a name that is looked up.
fn named(args: &[&str]) -> (Service, Run) {
    let service = Service::builder().may_be_unreached().start();
    service.publish("all", "{}");
    let port = service.port().to_string();
    let run = Run::new(&["--tenant", "acme", "--host", "localhost", "--port", &port, "-4"]);
    let run = run.arg("--ca-file").arg(Ca::shared().root_pem());
    (service, run.args(args))
}

/// Whatever is opened last is the one that finds no descriptor.
fn descriptors() {
    let mut worked = 0;
    for limit in 5..18 {
        for file in [false, true] {
            let (_service, run) = named(&["--message-id", "earliest", "-n", "1", "--retry", "0"]);
            let run = match file {
                true => {
                    let home = run.home();
                    run.arg("-o")
                        .arg(home.join("out"))
                        .arg("--cursor-file")
                        .arg(home.join("cursor"))
                }
                false => run,
            };
            let output = through(run, &["prlimit", &format!("--nofile={limit}")]).run();
            match output.code {
                Some(0) => worked += 1,
                _ => assert_resources(&output, "too many open files"),
            }
        }
    }
    assert!(worked > 0, "the limits were all too low");
}

#[track_caller]
fn assert_resources(output: &Output, reason: &str) {
    output.assert_code(69).assert_stderr_has(reason);
    output.assert_stderr_has("[config.resources]; raise the limit (`ulimit -n`");
}

const NO_THREAD: &str = "inject=clone3,clone:error=EAGAIN";

fn no_thread() {
    let strace = ["strace", "-f", "-o", "/dev/null", "-e", NO_THREAD];
    let (_service, run) = named(&["--message-id", "earliest", "-n", "1", "--retry", "0"]);
    let output = through(run, &strace).run();
    assert_resources(&output, "resource temporarily unavailable");
    assert!(!output.stderr.contains("DNS"), "{}", output.whole());

    let (_service, run) = named(&["diagnose"]);
    let output = through(run, &strace).run();
    output.assert_code(69);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("[config.resources]") && !text.contains("resolv.conf"), "{text}");
}

fn later() {
    let strike = format!("{NO_THREAD}:when=1");
    let (_service, run) = named(&["--message-id", "earliest", "-n", "1", "--retry-delay", "10ms"]);
    let output = through(run, &["strace", "-f", "-o", "/dev/null", "-e", &strike]).run();
    output.assert_code(0).assert_lines(&["{}"]);
}
