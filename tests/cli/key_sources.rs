//! Where the key comes from: the order of its sources, files that are replaced, and the warning
//! about files that others can read.

use std::fs;
use std::path::PathBuf;

use libtest_mimic::Trial;
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;

use super::{LINE, reads_line, service, test, works};
use crate::support::canary;
use crate::support::run::{Key, Run, write_key};
use crate::support::scratch::Scratch;
use crate::support::service::Service;

/// First to last. Each goes before all that follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Argv,
    File,
    FileVariable,
    Credentials,
    Variable,
    Config,
    ConfigFile,
}

const ORDER: [Source; 7] = [
    Source::Argv,
    Source::File,
    Source::FileVariable,
    Source::Credentials,
    Source::Variable,
    Source::Config,
    Source::ConfigFile,
];

pub(super) fn trials() -> Vec<Trial> {
    let order = (0..ORDER.len()).map(|at| {
        let name = format!("key: {:?} goes before what follows it", ORDER[at]);
        test(&name, move || in_order(at))
    });
    order
        .chain([
            test("key: standard input", || {
                let service = service();
                reads_line(Run::against(&service).key(Key::Stdin)).assert_silent();
            }),
            test("key: a FIFO is read once", fifo),
            test("key: one newline at its end is left out", newline),
            test("key: systemd's folder without the file is passed over", || {
                let (service, empty) = (service(), Scratch::new("credentials"));
                works(Run::against(&service).env("CREDENTIALS_DIRECTORY", empty.path()));
            }),
            test("key: it goes into the header", header),
            test("key: --auth-style query puts it into the URL", query),
            test("key: a file that others can read is warned about", readable),
            test("key: a private file is not warned about", || {
                let service = service();
                reads_line(Run::against(&service).key(Key::File)).assert_silent();
            }),
            test("key: a file is read again at each connect", replaced),
            test("key: a new key may come later than the new service", replaced_late),
            test("key: a file that has gone stops nothing that can come back", gone),
        ])
        .collect()
}

/// The source at this place has the right key, all that follow a wrong one.
fn in_order(at: usize) {
    let service = service();
    let scratch = Scratch::new("keys");
    let mut run = Run::against(&service).key(Key::None);
    let mut config = String::new();
    for (place, source) in ORDER.iter().enumerate().skip(at) {
        // One that shares an option with the right source would replace it.
        let key = if place == at { canary::key() } else { "eght_wrong" };
        let file = || -> PathBuf {
            let path = scratch.join(&format!("{source:?}/x-api-key"));
            write_key(&path, key, 0o600);
            path
        };
        match source {
            Source::Argv => run = run.args(&["--x-api-key", key]),
            Source::File => run = run.arg("--x-api-key-file").arg(file()),
            Source::FileVariable => run = run.env("PULSAR_API_KEY_FILE", file()),
            Source::Credentials => {
                run = run.env("CREDENTIALS_DIRECTORY", file().parent().unwrap());
            }
            Source::Variable => run = run.env("PULSAR_API_KEY", key),
            Source::Config => config.push_str(&format!("x-api-key = {key}\n")),
            Source::ConfigFile => {
                config.push_str(&format!("x-api-key-file = {}\n", file().display()));
            }
        }
    }
    let path = scratch.join("tail8x8.conf");
    write_key(&path, &config, 0o600);
    let output = reads_line(run.arg("--config").arg(path));
    let named = match ORDER[at] {
        Source::Argv => "key: from --x-api-key\n",
        Source::File => "x-api-key (--x-api-key-file)",
        Source::FileVariable => "x-api-key (PULSAR_API_KEY_FILE)",
        Source::Credentials => "x-api-key (CREDENTIALS_DIRECTORY)",
        Source::Variable => "key: from PULSAR_API_KEY\n",
        Source::Config => "key: from x-api-key in the config file",
        Source::ConfigFile => "x-api-key (x-api-key-file in the config file)",
    };
    assert!(output.trace.contains(named), "{named}\n{}", output.whole());
}

fn fifo() {
    let service = service();
    let scratch = Scratch::new("fifo");
    let path = scratch.join("key");
    nix::unistd::mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    let writer = std::thread::spawn({
        let path = path.clone();
        move || fs::write(path, canary::key()).unwrap()
    });
    let run = Run::against(&service).key(Key::None).arg("--x-api-key-file").arg(path);
    let mut running = run.args(&["--message-id", "earliest", "--retry-delay", "10ms"]).spawn();
    running.wait_stdout_lines(1);
    writer.join().unwrap();
    // Nobody writes it a second time.
    service.cut_connections();
    service.wait_for_connections(2);
    running.signal(Signal::SIGTERM);
    running.finish().assert_code(0).assert_lines(&[LINE]);
}

fn newline() {
    for end in ["", "\n", "\r\n"] {
        let service = service();
        let scratch = Scratch::new("key");
        let path = scratch.join("key");
        fs::write(&path, format!("{}{end}", canary::key())).unwrap();
        works(Run::against(&service).key(Key::None).arg("--x-api-key-file").arg(path));
    }
}

fn header() {
    let service = service();
    works(Run::against(&service));
    let request = service.seen().last().request.clone().unwrap();
    assert_eq!(request.header("X-API-Key"), Some(canary::key()));
    canary::assert_absent("the URL", request.target.as_bytes());
}

fn query() {
    let service = service();
    works(Run::against(&service).args(&["--auth-style", "query"]));
    let request = service.seen().last().request.clone().unwrap();
    assert_eq!(request.param("x-api-key"), Some(canary::key()));
    assert_eq!(request.header("X-API-Key"), None);
}

fn readable() {
    for mode in [0o640, 0o604] {
        let service = service();
        let output = reads_line(Run::against(&service).key(Key::FileMode(mode)));
        output.assert_stderr_has("warning: the API key in ");
        output.assert_stderr_has("can be read by other users; chmod 600");
    }
}

const NEW: &str = "eght_another-key-of-a-later-day";

fn follower(service: &Service) -> crate::support::run::Running {
    let run = Run::against(service).key(Key::File).args(&["--message-id", "earliest"]);
    let mut running = run.args(&["--retry-delay", "10ms", "--retry-max-delay", "50ms"]).spawn();
    running.wait_stdout_lines(1);
    running
}

fn ends_with_both(mut running: crate::support::run::Running, service: &Service) {
    service.publish("all", r#"{"number":2}"#);
    running.wait_stdout_lines(2);
    running.signal(Signal::SIGTERM);
    let output = running.finish();
    output.assert_code(0).assert_lines(&[LINE, r#"{"number":2}"#]);
    assert!(!output.trace.contains(NEW), "the new key is shown\n{}", output.whole());
    let request = service.seen().last().request.clone().unwrap();
    assert_eq!(request.header("X-API-Key"), Some(NEW));
}

fn replaced() {
    let service = service();
    let running = follower(&service);
    write_key(&running.key_file(), NEW, 0o600);
    service.set_key(NEW);
    service.cut_connections();
    service.wait_for_connections(2);
    assert_eq!(service.connections(), 2, "the old key was tried again");
    ends_with_both(running, &service);
}

fn replaced_late() {
    let service = service();
    let mut running = follower(&service);
    service.set_key(NEW);
    service.cut_connections();
    running.wait_stderr("[auth.unauthorized]");
    write_key(&running.key_file(), NEW, 0o600);
    ends_with_both(running, &service);
}

fn gone() {
    let service = service();
    let mut running = follower(&service);
    fs::remove_file(running.key_file()).unwrap();
    service.set_key(NEW);
    service.cut_connections();
    running.wait_stderr("[config.file]");
    write_key(&running.key_file(), NEW, 0o600);
    ends_with_both(running, &service);
}
