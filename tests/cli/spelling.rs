//! How options may be written: as 8x8's own documents write them, with one dash or two; and what a
//! wrong word is told.

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use super::{LINE, reads_line, service, test, works};
use crate::support::ca::Ca;
use crate::support::run::{Key, Run, Stdout};
use crate::support::service::{Builder, Service};

/// The command lines of 8x8's troubleshooting page, the program's name left out.
const OF_THE_PAGE: [&str; 4] = [
    "-insecure -tenant YOUR_TENANT -x-api-key YOUR_KEY",
    "-tenant YOUR_TENANT -x-api-key YOUR_KEY",
    "-tenant YOUR_TENANT -x-api-key YOUR_KEY -message-id earliest",
    "-tenant YOUR_TENANT -x-api-key YOUR_KEY -insecure=false",
];

pub(super) fn trials() -> Vec<Trial> {
    let page =
        OF_THE_PAGE.map(|line| test(&format!("as 8x8 writes it: {line}"), move || page(line)));
    let others = [
        test("as 8x8 writes it: stdout and stderr into files", into_files),
        test("one dash, two dashes, an equals sign", dashes),
        test("the command `read` may be named", || {
            let service = service();
            works(Run::new(&["read"]).args(&service.args()));
        }),
        test("a wrong word names the nearest right one", nearest),
        test("options and commands of later versions are unknown", later),
        test("a key in a wrong place is not repeated", no_echo),
    ];
    page.into_iter().chain(others).collect()
}

fn theirs() -> Builder {
    Service::builder().namespace("YOUR_TENANT", "event-v1").key("YOUR_KEY")
}

/// How to reach the local service, appended to a command line.
fn there(service: &Service) -> Vec<String> {
    vec![
        "--host".into(),
        service.host(),
        "--port".into(),
        service.port().to_string(),
        "--ca-file".into(),
        Ca::shared().root_pem().display().to_string(),
    ]
}

fn page(line: &str) {
    let service = theirs().start();
    let topic = "YOUR_TENANT/event-v1/all";
    service.publish(topic, r#"{"before":1}"#);
    let words: Vec<&str> = line.split(' ').collect();
    let mut running = Run::new(&words).args(&there(&service)).key(Key::None).spawn();
    service.wait_for_connections(1);
    service.publish(topic, r#"{"after":1}"#);
    let earliest = line.contains("earliest");
    running.wait_stdout_lines(1 + usize::from(earliest));
    running.signal(Signal::SIGTERM);
    let output = running.finish();
    output.assert_code(0);
    match earliest {
        true => output.assert_lines(&[r#"{"before":1}"#, r#"{"after":1}"#]),
        false => output.assert_lines(&[r#"{"after":1}"#]),
    };
    assert_eq!(output.stderr.contains("warning: --insecure"), line.starts_with("-insecure"));
}

/// `… 1>output.log 2>errors.log`: all events here, nothing there.
fn into_files() {
    let service = theirs().start();
    service.publish("YOUR_TENANT/event-v1/all", LINE);
    let run = Run::new(&["-tenant", "YOUR_TENANT", "-x-api-key", "YOUR_KEY"]).key(Key::None);
    let log = run.home().join("output.log");
    let mut running = run
        .args(&there(&service))
        .args(&["-message-id", "earliest"])
        .stdout(Stdout::File(log.clone()))
        .spawn();
    service.wait_for_acks(1);
    assert_eq!(std::fs::read_to_string(log).unwrap(), format!("{LINE}\n"));
    running.signal(Signal::SIGTERM);
    running.finish().assert_code(0).assert_silent();
}

fn dashes() {
    for spelling in [
        ["-topic=GuestChatEnd", "-namespace=event-v1"].as_slice(),
        &["--topic=GuestChatEnd", "--namespace=event-v1"],
        &["-topic", "GuestChatEnd", "--namespace", "event-v1"],
        &["--topic", "GuestChatEnd", "-namespace", "event-v1"],
    ] {
        let service = Service::start();
        service.publish("GuestChatEnd", LINE);
        let output = reads_line(Run::against(&service).args(spelling));
        output.assert_silent();
        let path = service.seen().last().request.clone().unwrap().path;
        assert!(path.ends_with("/acme/event-v1/GuestChatEnd"), "{path}");
    }
}

/// A word that is no option or command, and what is asked back.
fn nearest() {
    for (word, shown, advice) in [
        ("--tennant", "--tennant", "did you mean --tenant?"),
        ("-tennant", "-tennant", "did you mean --tenant?"),
        ("--formt=envelope", "--formt", "did you mean --format?"),
        ("-mesage-id", "-mesage-id", "did you mean --message-id?"),
        ("--api-key", "--api-key", "did you mean --x-api-key?"),
        ("--zzzzzz", "--zzzzzz", "--help"),
        ("region", "region", "did you mean `regions`?"),
        ("tail", "tail", "commands: read (the default), diagnose, explain, regions"),
    ] {
        let service = Service::builder().may_be_unreached().start();
        let output = Run::against(&service).arg(word).run();
        output.assert_code(64);
        let start = format!("tail8x8: config {shown}: unknown ");
        assert!(output.stderr.starts_with(&start), "{}", output.whole());
        output.assert_stderr_has("[config.usage]").assert_stderr_has(advice);
        assert_eq!(service.connections(), 0);
    }
}

/// What does not exist yet must not look as if it worked.
fn later() {
    for words in [["--producer", "mine"].as_slice(), &["--pull-mode", "true"]] {
        let service = Service::builder().may_be_unreached().start();
        let output = Run::against(&service).args(words).run();
        output.assert_code(64).assert_stderr_has("unknown ").assert_stderr_has("[config.usage]");
        output.assert_stderr_has(words[0]);
        assert_eq!(service.connections(), 0);
    }
}

/// The search for the key that follows every run does the asserting.
fn no_echo() {
    let key = crate::support::canary::key();
    for words in [
        vec![key.to_owned()],
        vec![format!("--api-key={key}")],
        vec![format!("--x-api-key{key}")],
        vec![format!("-x-api-key{key}")],
        vec!["--x-api-key".to_owned(), key.to_owned(), key.to_owned()],
        vec![format!("--host=wss://h/?x-api-key={key}")],
        vec![format!("--proxy=http://user:{key}@h:1/x")],
        vec![format!("--proxy=socks5://user:{key}@h:1")],
    ] {
        let run = Run::new(&["--tenant", "acme"]).args(&words).key(Key::None);
        run.run().assert_code(64);
    }
}
