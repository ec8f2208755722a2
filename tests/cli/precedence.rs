//! Command line before environment before config file; and what a config file may hold.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use libtest_mimic::Trial;

use super::{LINE, reads_line, service, test, works};
use crate::support::ca::Ca;
use crate::support::run::{Key, Run};
use crate::support::scratch::Scratch;
use crate::support::service::Service;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("config: a run can be described by a file alone", file_alone),
        test("config: the environment goes before the file", env_before_file),
        test("config: the command line goes before the environment", line_before_env),
        test("config: each mistake names file and line", mistakes),
        test("config: a file that is not there is exit code 66", missing),
        test("config: one that others can write is warned about", writable),
        test("environment: an empty variable counts as unset", empty),
        test("environment: a wrong value names the variable", wrong_variable),
    ]
}

fn file(scratch: &Scratch, text: &str) -> PathBuf {
    let path = scratch.join("tail8x8.conf");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn settings(service: &Service) -> String {
    format!(
        "# Where it is.\n\nhost = {}\n  port={}\nca-file = {}\n",
        service.host(),
        service.port(),
        Ca::shared().root_pem().display()
    )
}

fn path_asked(service: &Service) -> String {
    service.seen().last().request.clone().unwrap().path
}

fn file_alone() {
    let service = Service::start();
    service.publish("GuestChatEnd", LINE);
    let scratch = Scratch::new("config");
    let more = "tenant = acme\ntopic = GuestChatEnd\nmessage-id = earliest\nnum-messages = 1\nenvelope = false\n";
    let path = file(&scratch, &(settings(&service) + more));
    for option in ["--config", "-K"] {
        let output = Run::new(&[option.as_ref(), path.as_os_str()]).run();
        output.assert_code(0).assert_lines(&[LINE]).assert_silent();
        assert_eq!(path_asked(&service), "/ws/v2/reader/persistent/acme/event-v1/GuestChatEnd");
    }
}

fn env_before_file() {
    let service = service();
    let scratch = Scratch::new("config");
    let text = settings(&service).replace("host = 127.0.0.1", "host = nowhere.invalid");
    let path = file(&scratch, &(text + "tenant = other\nx-api-key = wrong\n"));
    let run = Run::new(&["--config".as_ref(), path.as_os_str()]);
    let run = run.env("PULSAR_TENANT", "acme").env("PULSAR_HOST", "127.0.0.1");
    works(run);
    assert_eq!(path_asked(&service), "/ws/v2/reader/persistent/acme/event-v1/all");
}

fn line_before_env() {
    let service = service();
    let run = Run::against(&service).env("PULSAR_TENANT", "other");
    works(run.env("PULSAR_HOST", "nowhere.invalid").key(Key::File).env("PULSAR_API_KEY", "no"));
    assert_eq!(path_asked(&service), "/ws/v2/reader/persistent/acme/event-v1/all");
}

/// Line 3 is wrong; what is told of it.
fn mistakes() {
    for (line, place, words, code) in [
        (
            "port = many",
            " line 3 (port): ",
            "must be a whole number from 1 to 65535, not `many`",
            78,
        ),
        ("prot = 443", " line 3: ", "did you mean `port =`?", 78),
        ("help = true", " line 3: ", "unknown option in a config file", 78),
        ("just words", " line 3: ", "not `name = value`", 78),
        ("topic = \"all\"", " line 3 (topic): ", "quotes", 78),
        ("topic = all # every", " line 3 (topic): ", "a line of its own", 78),
        ("insecure = yes", " line 3 (insecure): ", "must be true or false, not `yes`", 78),
    ] {
        let service = Service::builder().may_be_unreached().start();
        let scratch = Scratch::new("config");
        let path = file(&scratch, &format!("# first\n\n{line}\n"));
        let run = Run::new(&["--config".as_ref(), path.as_os_str()]).env("PULSAR_TENANT", "acme");
        let output = run.env("PULSAR_HOST", service.host()).run();
        let place = format!("tail8x8: config {}{place}", path.display());
        assert!(output.stderr.starts_with(&place), "{line}\n{}", output.whole());
        output.assert_code(code).assert_stderr_has(words).assert_stderr_has("[config.content]");
        assert_eq!(service.connections(), 0);
    }
}

fn missing() {
    let output = Run::new(&["--tenant", "acme", "--config", "/nowhere/tail8x8.conf"]).run();
    output.assert_code(66).assert_stderr_has("config --config /nowhere/tail8x8.conf: no such file");
    output.assert_stderr_has("[config.file]");
}

fn writable() {
    let service = service();
    let scratch = Scratch::new("config");
    let path = file(&scratch, &settings(&service));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o622)).unwrap();
    let run = Run::new(&["--config".as_ref(), path.as_os_str()]).env("PULSAR_TENANT", "acme");
    reads_line(run).assert_stderr_has("can be changed by other users");
}

fn empty() {
    let service = service();
    let run = Run::against(&service).env("PULSAR_HOST", "").env("PULSAR_TENANT", "");
    works(run.env("PULSAR_API_KEY_FILE", "").env("https_proxy", ""));
    let output = Run::new::<&str>(&[]).env("PULSAR_TENANT", "").run();
    output.assert_code(78).assert_stderr_has("PULSAR_TENANT");
}

fn wrong_variable() {
    for (name, value, words) in [
        ("PULSAR_TENANT", "a/b", "`a/b` contains a `/`"),
        ("PULSAR_HOST", "wss://h/path", "has a path"),
        ("https_proxy", "socks5://h:1", "SOCKS"),
        ("ALL_PROXY", "http://h", "has no port"),
    ] {
        let run = Run::new::<&str>(&[]).env("PULSAR_TENANT", "acme").env(name, value);
        let output = run.run();
        let start = format!("tail8x8: config {name}: ");
        assert!(output.stderr.starts_with(&start), "{}", output.whole());
        output.assert_code(64).assert_stderr_has(words).assert_stderr_has("[config.usage]");
    }
}
