//! Files of others: what has the name of something that the program makes beside its output, what a
//! cursor names, what another user can change. Nothing of it is emptied, replaced, waited for or believed.

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use libtest_mimic::Trial;
use nix::sys::stat::Mode;

use super::{Spool, event, events, stop, test, test_if, wait_until};
use crate::support::run::{Run, Running};
use crate::support::service::Service;

const NOTES: &str = "somebody's notes\nwhich are no events\n";

/// A user that this machine has, and the program is not.
const NOBODY: u32 = 65534;

pub(super) fn trials() -> Vec<Trial> {
    let not_root = (!nix::unistd::geteuid().is_root()).then(|| "only root can chown".to_owned());
    let roots = |name, body: fn()| test_if(&not_root, name, body);
    let mut trials = vec![
        test("others: a metrics file that is a pipe stays one", metrics_pipe),
        test("others: a metrics file that is a link stays one", metrics_link),
        roots("others: a metrics file that is a device stays one", metrics_device),
        test("others: a cursor that is a link to nothing makes the file", dangling_cursor),
        test("others: what has a temporary's old name is left alone", temporary_name),
        test("others: temporaries of dead runs go, and only these", leftovers),
        test("others: -o Cargo leaves Cargo.lock alone", cargo),
        test("others: a cursor's other names are not touched", cursors_victim),
        test("others: a cursor's rejects are its own, too", rejects_victim),
        test("others: a cursor cannot name a neighbour by its inode", neighbour),
        test("others: a cursor that names what is no file", no_file),
        test("others: a file that others can change is a warning", writable),
        test("others: a mode that was asked for is none", asked_for),
        test("others: an output in use by another name is 75", other_names),
        test("others: an output in use is locked from file to file", rotated_lock),
        test("others: a cursor in use without its lock is 75", cursor_in_use),
        test("others: an output by another name is waited for", waited_for),
        test("others: a dead run's open file that another run writes is 75", repaired_in_use),
        test("others: rejects beside the output are checked at the start", rejects_beside),
    ];
    type Make = fn(&Path);
    let locks: [(&str, Make); 5] = [
        ("a link", |lock| symlink("victim", lock).unwrap()),
        ("a link to nothing", |lock| symlink("nothing", lock).unwrap()),
        ("a pipe", |lock| nix::unistd::mkfifo(lock, Mode::S_IRWXU).unwrap()),
        ("a folder", |lock| fs::create_dir(lock).unwrap()),
        ("somebody's notes", |lock| fs::write(lock, NOTES).unwrap()),
    ];
    for (what, make) in locks {
        trials.push(test(&format!("others: a lock that is {what}"), move || taken_lock(make)));
    }
    for what in ["cursor", "events.ndjson", "bad"] {
        let name = format!("others: another user's {what} in a shared folder is 66");
        trials.push(test_if(&not_root, &name, move || shared_folder(what)));
    }
    trials.extend([
        roots("others: another user's link is 66", foreign_link),
        roots("others: another user's pipe in a shared folder is 66", foreign_pipe),
        roots("others: another user's unfinished file is not gone on with", foreign_part),
        roots("others: for a service account it goes on, and its files stay its own", account),
    ]);
    trials
}

fn write_notes(spool: &Spool, name: &str) -> PathBuf {
    let path = spool.join(name);
    fs::write(&path, NOTES).unwrap();
    path
}

#[track_caller]
fn assert_notes(path: &Path) {
    assert_eq!(fs::read_to_string(path).unwrap(), NOTES, "{} was changed", path.display());
}

/// One run with a metrics file that cannot be one: said once, and all else is as ever.
fn with_odd_metrics(make: impl Fn(&Path)) -> (Spool, PathBuf) {
    let service = Service::start();
    let spool = Spool::new();
    let path = spool.join("metrics");
    make(&path);
    service.publish_many("all", 3, event);
    let output = spool.catching_up(&service).arg("--metrics-file").arg(&path).run();
    output.assert_code(0).assert_stderr_has("is not a regular file; continuing without it");
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
    spool.assert_lines(&events(0..3));
    (spool, path)
}

fn metrics_pipe() {
    let (_spool, path) = with_odd_metrics(|path| nix::unistd::mkfifo(path, Mode::S_IRWXU).unwrap());
    assert!(fs::symlink_metadata(path).unwrap().file_type().is_fifo());
}

fn metrics_device() {
    use nix::sys::stat::{SFlag, makedev, mknod};
    let null = makedev(1, 3);
    let (_spool, path) =
        with_odd_metrics(|path| mknod(path, SFlag::S_IFCHR, Mode::S_IRWXU, null).unwrap());
    assert!(fs::symlink_metadata(path).unwrap().file_type().is_char_device());
}

fn metrics_link() {
    let (_spool, path) = with_odd_metrics(|path| symlink("/dev/null", path).unwrap());
    assert_eq!(fs::read_link(path).unwrap(), Path::new("/dev/null"));
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());

    let service = Service::start();
    let spool = Spool::new();
    let (path, target) = (spool.join("metrics"), spool.join("target"));
    fs::write(&target, "").unwrap();
    symlink("target", &path).unwrap();
    spool.catching_up(&service).arg("--metrics-file").arg(&path).run().assert_code(0);
    assert_eq!(fs::read_link(path).unwrap(), Path::new("target"));
    assert!(fs::read_to_string(target).unwrap().starts_with("# HELP"));
}

fn dangling_cursor() {
    let service = Service::start();
    let spool = Spool::new();
    fs::create_dir(spool.join("folder")).unwrap();
    symlink("folder/state", spool.cursor()).unwrap();
    service.publish_many("all", 3, event);
    spool.catch_up(&service);
    spool.catch_up(&service);
    spool.assert_lines(&events(0..3));
    assert_eq!(fs::read_link(spool.cursor()).unwrap(), Path::new("folder/state"));
    assert!(spool.join("folder/state").is_file());
}

fn temporary_name() {
    let service = Service::start();
    let spool = Spool::new();
    let (notes, victim) = (write_notes(&spool, "cursor.tmp"), write_notes(&spool, "victim"));
    let metrics = spool.join("m.prom");
    symlink(&victim, spool.join("m.prom.tmp")).unwrap();
    service.publish_many("all", 3, event);
    let output = spool.catching_up(&service).arg("--metrics-file").arg(&metrics).run();
    output.assert_code(0).assert_silent();
    assert_notes(&notes);
    assert_notes(&victim);
    assert!(metrics.is_file());
}

fn leftovers() {
    let service = Service::start();
    let spool = Spool::new();
    let ours = ["cursor.0123456789abcdef.tail8x8.tmp", "m.prom.0123456789abcdef.tail8x8.tmp"];
    let others = [
        "cursor.0123456789abcde.tail8x8.tmp",
        "cursor.0123456789abcdef.tmp",
        "other.0123456789abcdef.tail8x8.tmp",
    ];
    ours.iter().chain(&others).for_each(|name| drop(write_notes(&spool, name)));
    // Another run is about to rename this one.
    let busy = spool.join("m.prom.fedcba9876543210.tail8x8.tmp");
    let writing = fs::File::create(&busy).unwrap();
    writing.lock().unwrap();
    // Two names: somebody has kept it.
    let kept = spool.join("cursor.00000000000000aa.tail8x8.tmp");
    fs::hard_link(spool.join(others[0]), &kept).unwrap();
    let metrics = spool.join("m.prom");
    spool.catching_up(&service).arg("--metrics-file").arg(&metrics).run().assert_code(0);
    let names = spool.names();
    for name in ours {
        assert!(!names.iter().any(|it| it == name), "{name} is still there");
    }
    others.iter().for_each(|name| assert_notes(&spool.join(name)));
    assert!(busy.exists() && kept.exists(), "{names:?}");
}

fn cargo() {
    let service = Service::start();
    let spool = Spool::new();
    let notes = write_notes(&spool, "Cargo.lock");
    service.publish_many("all", 3, event);
    let run = spool.run_with_cursor(&service).args(&["-n", "3", "-o"]).arg(spool.join("Cargo"));
    run.verbosity(0).run().assert_code(0).assert_silent();
    assert_notes(&notes);
    assert_eq!(spool.lines_of("Cargo"), events(0..3));
}

fn taken_lock(make: fn(&Path)) {
    for name in ["events.ndjson.tail8x8.lock", "cursor.tail8x8.lock"] {
        let service = Service::builder().may_be_unreached().start();
        let spool = Spool::new();
        let (victim, lock) = (write_notes(&spool, "victim"), spool.join(name));
        make(&lock);
        let before = fs::symlink_metadata(&lock).unwrap();
        let output = spool.catching_up(&service).run();
        output.assert_code(73).assert_stderr_has("[output.name]").assert_stderr_has(name);
        assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
        let after = fs::symlink_metadata(&lock).unwrap();
        assert_eq!((after.ino(), after.len()), (before.ino(), before.len()));
        assert_notes(&victim);
        assert!(!spool.output().exists() && !spool.join("nothing").exists());
        assert_eq!(service.connections(), 0, "refused before connecting");
    }
}

/// A capture whose unclean cursor names `place`, from its beginning on.
fn with_place(list: &str, place: serde_json::Value) -> (Service, Spool) {
    let service = Service::start();
    let spool = Spool::new();
    spool.die(&service, 3, &events(0..6));
    spool.edit_cursor(|cursor| cursor[list] = serde_json::json!([place]));
    service.publish_many("all", 2, |n| event(6 + n));
    (service, spool)
}

/// It is said, everything comes that the cursor does not cover, and the next run is silent.
#[track_caller]
fn assert_left_alone(service: &Service, spool: &Spool) {
    let output = spool.catching_up(service).run();
    output.assert_code(0).assert_stderr_has("is not a file of this run");
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
    assert!(spool.lines().ends_with(&events(3..8)), "{:?}", spool.lines());
    spool.catch_up(service);
}

fn place_of(path: &Path) -> serde_json::Value {
    let meta = fs::metadata(path).unwrap();
    let born = meta.created().ok().map(|it| jiff::Timestamp::try_from(it).unwrap().to_string());
    let mut place = serde_json::json!({
        "name": path, "offset": 0, "device": meta.dev(), "inode": meta.ino(),
    });
    if let Some(born) = born {
        place["born"] = born.into();
    }
    place
}

fn cursors_victim() {
    for is_known in [true, false] {
        let folder = Spool::new();
        let victim = write_notes(&folder, "events.ndjson");
        let place = match is_known {
            true => place_of(&victim),
            false => serde_json::json!({"name": victim, "offset": 0}),
        };
        let (service, spool) = with_place("output", place);
        assert_left_alone(&service, &spool);
        assert_notes(&victim);
        // Beside the output, by a name that is none of its own.
        let victim = write_notes(&spool, "victim.ndjson");
        spool.edit_cursor(|cursor| {
            cursor["clean"] = false.into();
            cursor["output"] = serde_json::json!([place_of(&victim)]);
        });
        let output = spool.catching_up(&service).run();
        output.assert_code(0).assert_stderr_has("is not a file of this run");
        assert_notes(&victim);
    }
}

fn rejects_victim() {
    let folder = Spool::new();
    let victim = write_notes(&folder, "victim");
    let (service, spool) = with_place("rejects", place_of(&victim));
    let output = spool.catching_up(&service).run();
    output.assert_code(0).assert_stderr_has("is not a file of this run");
    assert_notes(&victim);
}

fn neighbour() {
    let (service, spool) = with_place("output", serde_json::Value::Null);
    let victim = write_notes(&spool, "victim.ndjson");
    let mut place = place_of(&victim);
    place["name"] = spool.output().to_str().unwrap().into();
    spool.edit_cursor(|cursor| cursor["output"] = serde_json::json!([place]));
    let output = spool.catching_up(&service).run();
    output.assert_code(0).assert_stderr_has("is not a file of this run");
    assert_notes(&victim);
    assert!(spool.lines().ends_with(&events(3..8)), "{:?}", spool.lines());
}

/// One that is read for ever, and one that is waited for.
fn no_file() {
    let (service, spool) =
        with_place("output", serde_json::json!({"name": "/dev/zero", "offset": 0}));
    assert_left_alone(&service, &spool);

    let pipe = spool.join("events.20261002T093000.ndjson");
    nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    let place = serde_json::json!({"name": pipe, "offset": 0});
    let (service, other) = with_place("output", place);
    assert_left_alone(&service, &other);

    // By the run's own naming.
    let pipe = other.join("events.20261002T093000.ndjson");
    nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    other.edit_cursor(|cursor| {
        cursor["clean"] = false.into();
        cursor["output"] = serde_json::json!([{"name": pipe, "offset": 0}]);
    });
    let output = other.catching_up(&service).run();
    output.assert_code(0).assert_stderr_has("is not a regular file");
}

fn writable() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many("all", 3, event);
    spool.catch_up(&service);
    for (path, mode) in [(spool.cursor(), 0o666), (spool.cursor(), 0o620), (spool.output(), 0o602)]
    {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let output = spool.catching_up(&service).run();
        output.assert_code(0).assert_stderr_has(path.to_str().unwrap());
        output.assert_stderr_has(&format!("can be changed by other users (mode {mode:04o})"));
        assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    }
    spool.catch_up(&service);
}

fn asked_for() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish("all", event(0));
    for _ in 0..2 {
        let run = spool.catching_up(&service).args(&["--file-mode", "0660"]);
        run.run().assert_code(0).assert_silent();
    }
}

/// A capture of `output` with a cursor of its own.
fn capture(service: &Service, spool: &Spool, output: &str, cursor: &str) -> Run {
    let run = Run::against(service).few_roots().arg("-o").arg(spool.join(output));
    run.arg("--cursor-file").arg(spool.join(cursor)).args(&["--retry-delay", "20ms"])
}

/// A first run that follows, with one line written.
fn first(service: &Service, spool: &Spool, args: &[&str], open: &str) -> Running {
    let run = capture(service, spool, "out", "cursor-a").args(args).spawn();
    service.publish("all", event(0));
    spool.wait_lines_of(open, 1);
    run
}

fn remove_locks(spool: &Spool) {
    for name in spool.names().into_iter().filter(|name| name.ends_with(".lock")) {
        fs::remove_file(spool.join(&name)).unwrap();
    }
}

#[track_caller]
fn assert_in_use(run: Run) {
    let output = run.args(&["-e"]).run();
    output.assert_code(75).assert_stderr_has("[config.locked]");
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
}

fn other_names() {
    let service = Service::start();
    let spool = Spool::new();
    let run = first(&service, &spool, &[], "out");
    symlink("out", spool.join("link")).unwrap();
    fs::hard_link(spool.join("out"), spool.join("hard")).unwrap();
    for name in ["link", "hard"] {
        assert_in_use(capture(&service, &spool, name, "cursor-b"));
    }
    let to_rejects = capture(&service, &spool, "out-b", "cursor-b").arg("--rejects");
    assert_in_use(to_rejects.arg(spool.join("hard")));
    remove_locks(&spool);
    assert_in_use(capture(&service, &spool, "out", "cursor-b"));
    stop(run);
    assert_eq!(spool.lines_of("out"), events(0..1));
    let args = ["-n", "1"];
    capture(&service, &spool, "link", "cursor-b").args(&args).run().assert_code(0);
}

fn rotated_lock() {
    let service = Service::start();
    let spool = Spool::new();
    let mut run = first(&service, &spool, &["--rotate-size", "1k"], "out.part");
    service.publish_many("all", 500, |n| event(1 + n));
    service.wait_for_acks(501);
    wait_until("it rotated", || spool.names().iter().any(|name| name.starts_with("out.2")));
    let again = || capture(&service, &spool, "out", "cursor-b").args(&["--rotate-size", "1k"]);
    remove_locks(&spool);
    assert_in_use(again());
    // A hang-up opens the file under the name again.
    fs::rename(spool.join("out.part"), spool.join("away")).unwrap();
    run.signal(nix::sys::signal::Signal::SIGHUP);
    service.publish("all", event(501));
    spool.wait_lines_of("out.part", 1);
    remove_locks(&spool);
    assert_in_use(again());
    stop(run);
}

fn cursor_in_use() {
    let service = Service::start();
    let spool = Spool::new();
    let run = first(&service, &spool, &[], "out");
    wait_until("it is saved", || spool.join("cursor-a").exists());
    let saved = || fs::read(spool.join("cursor-a")).unwrap();
    let before = saved();
    wait_until("it is saved again", || saved() != before);
    remove_locks(&spool);
    symlink("cursor-a", spool.join("cursor-link")).unwrap();
    assert_in_use(capture(&service, &spool, "out-b", "cursor-a"));
    assert_in_use(capture(&service, &spool, "out-b", "cursor-link"));
    stop(run);
}

fn waited_for() {
    let service = Service::start();
    let spool = Spool::new();
    let run = first(&service, &spool, &[], "out");
    symlink("out", spool.join("link")).unwrap();
    let second = capture(&service, &spool, "link", "cursor-b");
    let mut second =
        second.args(&["--lock-wait", "50s", "-n", "1", "--message-id", "earliest"]).spawn();
    wait_until("it has its lock", || spool.join("link.tail8x8.lock").exists());
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(second.is_running(), "it did not wait");
    stop(run);
    second.finish().assert_code(0);
    assert_eq!(spool.lines_of("out"), [event(0), event(0)]);
}

/// The cursor's file has another name by now, under which another run writes it.
fn repaired_in_use() {
    let service = Service::start();
    let spool = Spool::new();
    spool.die(&service, 3, &events(0..6));
    fs::rename(spool.output(), spool.join("events.ndjson.1")).unwrap();
    let run = capture(&service, &spool, "events.ndjson.1", "cursor-b");
    let run = run.args(&["--message-id", "earliest"]).spawn();
    spool.wait_lines_of("events.ndjson.1", 12);
    assert_in_use(spool.run(&service));
    stop(run);
    assert_eq!(spool.lines_of("events.ndjson.1"), [events(0..6), events(0..6)].concat());
}

fn rejects_beside() {
    let service = Service::builder().may_be_unreached().start();
    let spool = Spool::new();
    fs::create_dir(spool.join("events.ndjson.rejects")).unwrap();
    let output = spool.catching_up(&service).run();
    output.assert_code(73).assert_stderr_has("events.ndjson.rejects");
    assert_eq!(service.connections(), 0);
}

fn shared_folder(what: &str) {
    let service = Service::start();
    let spool = Spool::new();
    let run = || spool.catching_up(&service).arg("--rejects").arg(spool.join("bad"));
    service.publish_many("all", 3, event);
    fs::write(spool.join("bad"), "").unwrap();
    run().run().assert_code(0);
    chown(spool.join(what), Some(NOBODY), None).unwrap();
    // In a folder of its own it may be a service account's.
    run().run().assert_code(0);
    fs::set_permissions(spool.join(""), Permissions::from_mode(0o1777)).unwrap();
    let (before, connections) = (fs::read(spool.join(what)).unwrap(), service.connections());
    let output = run().run();
    output.assert_code(66).assert_stderr_has("[config.owner]").assert_stderr_has(what);
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.whole());
    assert_eq!(fs::read(spool.join(what)).unwrap(), before);
    assert_eq!(service.connections(), connections);
}

fn foreign_link() {
    let service = Service::builder().may_be_unreached().start();
    let spool = Spool::new();
    let victim = write_notes(&spool, "victim");
    for name in [spool.output(), spool.cursor()] {
        symlink(&victim, &name).unwrap();
        std::os::unix::fs::lchown(&name, Some(NOBODY), None).unwrap();
        let output = spool.catching_up(&service).run();
        output.assert_code(66).assert_stderr_has("[config.owner]");
        output.assert_stderr_has(name.to_str().unwrap());
        fs::remove_file(&name).unwrap();
    }
    assert_notes(&victim);
}

fn foreign_pipe() {
    let service = Service::builder().may_be_unreached().start();
    let spool = Spool::new();
    let pipe = spool.join("pipe");
    nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    chown(&pipe, Some(NOBODY), None).unwrap();
    fs::set_permissions(spool.join(""), Permissions::from_mode(0o1777)).unwrap();
    let output = Run::against(&service).arg("-o").arg(&pipe).run();
    output.assert_code(66).assert_stderr_has("[config.owner]");
}

/// With the name of an earlier time.
fn foreign_part() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many("all", 3, event);
    let part = write_notes(&spool, "out-2001.part");
    chown(&part, Some(NOBODY), None).unwrap();
    fs::set_permissions(spool.join(""), Permissions::from_mode(0o1777)).unwrap();
    let run = capture(&service, &spool, "out-%Y", "cursor").args(&["--rotate-size", "1M"]);
    run.args(&["-n", "3", "--message-id", "earliest"]).run().assert_code(0);
    assert_notes(&part);
}

/// `sudo tail8x8` for a service account.
fn account() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish_many("all", 3, event);
    spool.catch_up(&service);
    let metrics = spool.join("metrics");
    fs::write(&metrics, "").unwrap();
    chown(spool.join(""), Some(NOBODY), Some(NOBODY)).unwrap();
    for name in spool.names() {
        chown(spool.join(&name), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    service.publish_many("all", 3, |n| event(3 + n));
    let run = spool.catching_up(&service).arg("--metrics-file").arg(&metrics);
    run.run().assert_code(0).assert_silent();
    spool.assert_lines(&events(0..6));
    for name in spool.names() {
        let meta = fs::metadata(spool.join(&name)).unwrap();
        assert_eq!((meta.uid(), meta.gid()), (NOBODY, NOBODY), "{name}");
    }
}
