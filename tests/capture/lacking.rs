//! File systems that cannot everything: what is not needed is a warning that names the file system and
//! what is lost, the rest an error with its reason. By strace, which answers as such a file system
//! does, and by real mounts.

use std::fs;
use std::process::Command;

use libtest_mimic::Trial;

use super::small_disk::SmallDisk;
use super::{Spool, event, events, failing, missing, test, test_if, through};
use crate::support::run::Run;
use crate::support::service::Service;

pub(super) fn trials() -> Vec<Trial> {
    let strace = missing("strace", &["-f", "-o", "/dev/null", "true"]);
    let mount = SmallDisk::missing();
    let mut trials = vec![
        test("lacking: an empty cursor is said, with the way out", empty_cursor),
        test_if(
            &mount,
            "lacking: a cursor that is a mount is said, with the way out",
            mounted_cursor,
        ),
        test_if(&mount, "lacking: a metrics file that is a mount is a warning", mounted_metrics),
        test_if(&mount, "lacking: the file system is named by its mount", named),
        test_if(&strace, "lacking: no locks for the output are a warning", no_output_locks),
        test_if(&strace, "lacking: no locks for the cursor are an error", no_cursor_locks),
        test_if(&strace, "lacking: no sync is an error with its reason", no_sync),
        test_if(&strace, "lacking: a folder's sync that is refused is no warning", broken_folder),
    ];
    for error in ["EINVAL", "EOPNOTSUPP", "ENOSYS"] {
        let name = format!("lacking: folders that cannot be synced ({error}) are a warning");
        trials.push(test_if(&strace, &name, move || folders(error)));
    }
    for error in ["EPERM", "EOPNOTSUPP", "ENOSYS"] {
        let name = format!("lacking: permissions that cannot be set ({error}) are a warning");
        trials.push(test_if(&strace, &name, move || permissions(error)));
    }
    trials
}

/// The type of the file system of the spool, as the system's own tool tells it.
fn type_of(spool: &Spool) -> String {
    let mut command = Command::new("stat");
    let output = command.args(["-f", "-c", "%T"]).arg(spool.join("")).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // One magic number for three.
    match text.trim() {
        "ext2/ext3" => "ext".to_owned(),
        "overlayfs" => "overlay".to_owned(),
        other => other.to_owned(),
    }
}

fn folders(error: &str) {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many("all", 300, event);
    let run = || spool.catching_up(&service).args(&["--rotate-size", "1k"]);
    let output = failing(run(), "fsync", error, None).run();
    output.assert_code(0).assert_stderr_has("cannot sync folders");
    output.assert_stderr_has(&format!("file system {}", type_of(&spool)));
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
    assert_eq!(spool.rotated_lines(), events(0..300));
    // Without syncs nothing is lost by it.
    let run = run().args(&["--sync", "none"]);
    failing(run, "fsync", error, None).run().assert_code(0).assert_silent();
}

fn permissions(error: &str) {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many("all", 3, event);
    let run = spool.catching_up(&service).arg("--metrics-file").arg(spool.join("metrics"));
    let output = failing(run, "fchmod", error, None).run();
    output.assert_code(0).assert_stderr_has("cannot set permissions");
    output.assert_stderr_has(&format!("file system {}", type_of(&spool)));
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
    assert!(spool.join("metrics").exists());
    spool.assert_lines(&events(0..3));
}

fn no_output_locks() {
    for error in ["ENOLCK", "ENOSYS", "EOPNOTSUPP"] {
        let service = Service::start();
        let spool = Spool::new();
        service.publish_many("all", 3, event);
        let run = Run::against(&service).few_roots().verbosity(0).arg("-o").arg(spool.output());
        let output =
            failing(run.args(&["-n", "3", "--message-id", "earliest"]), "flock", error, None).run();
        output.assert_code(0).assert_stderr_has("has no locks");
        output.assert_stderr_has(&format!("file system {}", type_of(&spool)));
        assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
        spool.assert_lines(&events(0..3));
    }
}

fn no_cursor_locks() {
    let service = Service::builder().may_be_unreached().start();
    let spool = Spool::new();
    let output = failing(spool.catching_up(&service), "flock", "ENOLCK", None).run();
    output.assert_code(73).assert_stderr_has("[output.filesystem]");
    output.assert_stderr_has("no locks available");
    output.assert_stderr_has(&format!("file system {}", type_of(&spool)));
    assert!(!output.stderr.contains("folder that exists"), "{}", output.stderr);
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
    assert!(!spool.output().exists() && !spool.cursor().exists());
    // A lock that is refused for another reason is not one that is lacking.
    let run = Run::against(&service).arg("-o").arg(spool.output());
    failing(run, "flock", "EIO", None)
        .run()
        .assert_code(73)
        .assert_stderr_has("input/output error");
}

fn no_sync() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many("all", 3, event);
    let run = spool.catching_up(&service).args(&["--retry", "0"]);
    let output = failing(run, "fdatasync", "EINVAL", None).run();
    output.assert_code(74).assert_stderr_has("[output.filesystem]");
    output.assert_stderr_has("--sync none").assert_stderr_has("invalid argument");
    spool.catch_up(&service);
    spool.assert_lines(&events(0..3));
}

fn broken_folder() {
    let service = Service::builder().may_be_unreached().start();
    let spool = Spool::new();
    let output = failing(spool.catching_up(&service), "fsync", "EIO", None).run();
    output.assert_code(73).assert_stderr_has("input/output error");
    assert!(!output.stderr.contains("warning"), "{}", output.stderr);
    assert_eq!(service.connections(), 0);
}

fn empty_cursor() {
    let service = Service::start();
    let spool = Spool::new();
    fs::write(spool.cursor(), "").unwrap();
    service.publish_many("all", 3, event);
    let output = spool.catching_up(&service).run();
    output.assert_code(78).assert_stderr_has("is empty").assert_stderr_has("remove it");
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
    fs::remove_file(spool.cursor()).unwrap();
    spool.catch_up(&service);
    spool.assert_lines(&events(0..3));
}

/// As a file that is mounted into a container.
fn with_mount(spool: &Spool, name: &str, run: Run) -> Run {
    let (outside, inside) = (spool.join("outside"), spool.join(name));
    fs::write(&outside, "").unwrap();
    fs::write(&inside, "").unwrap();
    let script = r#"mount --bind "$0" "$1" && shift && exec "$@""#;
    let words = ["unshare", "--mount", "sh", "-c", script];
    let paths = [outside.to_str().unwrap(), inside.to_str().unwrap()];
    through(run, &[&words[..], &paths[..]].concat())
}

fn mounted_cursor() {
    let service = Service::builder().may_be_unreached().start();
    let spool = Spool::new();
    let output = with_mount(&spool, "cursor", spool.catching_up(&service)).run();
    output.assert_code(73).assert_stderr_has("[output.mount]").assert_stderr_has("is a mount");
    output.assert_stderr_has("mount the folder");
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
    assert_eq!(service.connections(), 0);
}

fn mounted_metrics() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many("all", 3, event);
    let run = spool.catching_up(&service).arg("--metrics-file").arg(spool.join("metrics"));
    let output = with_mount(&spool, "metrics", run).run();
    output.assert_code(0).assert_stderr_has("is a mount, which cannot be replaced; continuing");
    spool.assert_lines(&events(0..3));
    let left = spool.names().into_iter().find(|name| name.ends_with(".tmp"));
    assert_eq!(left, None);
}

fn named() {
    let service = Service::start();
    let (spool, disk) = (Spool::new(), SmallDisk::new("256k"));
    service.publish_many("all", 3, event);
    let run = Run::against(&service).verbosity(0).arg("-o").arg(disk.inside("events.ndjson"));
    let run = failing(run.args(&["-n", "3", "--message-id", "earliest"]), "flock", "ENOLCK", None);
    let output = disk.run(run).run();
    output.assert_code(0).assert_stderr_has("file system tmpfs of ");
    assert_eq!(disk.lines_of("events.ndjson"), events(0..3));
    drop(spool);
}
