//! What systemd is told: by datagrams to a socket of ours in its place.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use super::{Spool, alone, event, ignored_if, missing, stop, test, through, wait_until};
use crate::support::run::{Run, Stdout};
use crate::support::service::{Body, Fault, Service};

pub(super) fn trials() -> Vec<Trial> {
    let prlimit = missing("prlimit", &["--version"]);
    vec![
        test("systemd: ready after the first session, once", ready),
        test("systemd: never ready without a session", never_ready),
        test("systemd: a socket without a file", abstract_socket),
        alone("systemd: the watchdog is fed through an outage", watchdog),
        alone("systemd: the watchdog is fed while connecting", watchdog_while_connecting),
        alone(
            "systemd: the watchdog is fed while the output is stuck",
            watchdog_with_a_stuck_output,
        ),
        ignored_if(
            &prlimit,
            alone("systemd: the watchdog is fed while the disk is full", watchdog_on_a_full_disk),
        ),
        test("systemd: no watchdog without being asked", unasked),
        test("systemd: a socket that is not there is no trouble", gone),
    ]
}

/// Half of it is how often to feed; half is left for a busy machine.
const WATCHDOG: Duration = Duration::from_secs(2);

/// What came, line by line, and when.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<(Instant, String)>>>);

impl Told {
    fn listen(socket: UnixDatagram) -> Told {
        let told = Told::default();
        let mine = told.clone();
        // Ends with the last but one owner: the test's.
        socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while Arc::strong_count(&mine.0) > 1 {
                let Ok(length) = socket.recv(&mut buffer) else { continue };
                let text = String::from_utf8(buffer[..length].to_vec()).expect("UTF-8");
                let mut lines = mine.0.lock().unwrap();
                lines.extend(text.lines().map(|line| (Instant::now(), line.to_owned())));
            }
        });
        told
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|(_, line)| line.clone()).collect()
    }

    fn count(&self, line: &str) -> usize {
        self.lines().iter().filter(|it| *it == line).count()
    }

    fn has(&self, line: &str) -> bool {
        self.count(line) > 0
    }

    /// Waits for three meals from now on; no two are further apart than the watchdog allows.
    #[track_caller]
    fn assert_fed(&self) {
        let since = Instant::now();
        let fed = || -> Vec<Instant> {
            let lines = self.0.lock().unwrap();
            let meals = lines.iter().filter(|(time, line)| line == "WATCHDOG=1" && *time >= since);
            meals.map(|(time, _)| *time).collect()
        };
        wait_until("the watchdog is fed three times", || fed().len() >= 3);
        let mut last = since;
        for meal in fed() {
            assert!(meal - last < WATCHDOG, "{:?} without a meal: {:?}", meal - last, self.lines());
            last = meal;
        }
    }
}

/// A socket in the spool; its path is kept short, since it must fit into 108 bytes.
pub(crate) fn told(run: Run) -> (Run, Told, Folder) {
    let folder = Folder::new();
    let path = folder.0.join("notify");
    let told = Told::listen(UnixDatagram::bind(&path).unwrap());
    (run.env("NOTIFY_SOCKET", path), told, folder)
}

pub(crate) struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Folder {
        let name = format!("t8-{:016x}", getrandom::u64().unwrap());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn ready() {
    let refused = Fault::Status(503, Body::None);
    let service = Service::builder().faults([refused.clone(), refused]).start();
    let spool = Spool::new();
    let (run, told, _folder) = told(spool.run(&service));
    let run = run.args(&["--retry-delay", "300ms"]).spawn();
    wait_until("it is ready", || {
        let sessions = service.seen().upgraded();
        let ready = told.has("READY=1");
        assert!(!ready || sessions > 0 || service.seen().upgraded() > 0, "ready without a session");
        ready
    });
    let status = |line: &String| line.strip_prefix("STATUS=").map(str::to_owned);
    wait_until("it says what it does", || told.lines().iter().any(|it| status(it).is_some()));
    service.cut_connections();
    service.wait_for_connections(2);
    service.publish("all", event(0));
    spool.wait_lines(1);
    stop(run);
    wait_until("it says that it stops", || told.has("STOPPING=1"));
    assert_eq!(told.count("READY=1"), 1, "{:?}", told.lines());
    assert_eq!(told.count("STOPPING=1"), 1, "{:?}", told.lines());
    let known = ["READY=1", "STOPPING=1", "WATCHDOG=1"];
    for line in told.lines() {
        let says = status(&line).is_some_and(|text| !text.trim().is_empty());
        assert!(says || known.contains(&&*line), "{line:?}");
    }
}

fn never_ready() {
    let service = Service::with(Fault::Status(401, Body::None));
    let (run, told, _folder) = told(Run::against(&service));
    run.run().assert_code(77);
    std::thread::sleep(Duration::from_millis(300));
    assert!(!told.has("READY=1"), "{:?}", told.lines());
}

fn abstract_socket() {
    let service = Service::start();
    let spool = Spool::new();
    let name = format!("tail8x8-test-{:016x}", getrandom::u64().unwrap());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let told = Told::listen(UnixDatagram::bind_addr(&address).unwrap());
    let run = spool.run(&service).env("NOTIFY_SOCKET", format!("@{name}")).spawn();
    wait_until("it is ready", || told.has("READY=1"));
    stop(run);
    wait_until("it says that it stops", || told.has("STOPPING=1"));
}

fn watched(run: Run) -> Run {
    run.env("WATCHDOG_USEC", WATCHDOG.as_micros().to_string())
}

fn watchdog() {
    let service = Service::start();
    let spool = Spool::new();
    let (run, told, _folder) = told(watched(spool.run(&service)));
    let mut run = run.args(&["--retry-delay", "20s", "--retry-max-delay", "20s"]).spawn();
    service.wait_for_connections(1);
    told.assert_fed();
    service.stop_listening();
    service.cut_connections();
    run.wait_stderr("trying again");
    told.assert_fed();
    run.signal(Signal::SIGTERM);
    run.finish().assert_code(0);
}

fn watchdog_while_connecting() {
    for fault in [Fault::BacklogFull, Fault::TlsSilent, Fault::UpgradeSilent] {
        let service = Service::with(fault);
        let (run, told, _folder) = told(watched(Run::against(&service)));
        let mut run = run.spawn();
        told.assert_fed();
        run.signal(Signal::SIGTERM);
        run.finish().assert_code(0);
    }
}

fn watchdog_with_a_stuck_output() {
    let service = Service::start();
    service.publish_many("all", 3000, |n| format!(r#"{{"n":{n},"x":"{}"}}"#, "x".repeat(500)));
    let run = Run::against(&service).args(&["--message-id", "earliest"]).stdout(Stdout::Blocked);
    let (run, told, _folder) = told(watched(run));
    let run = run.spawn();
    service.wait_for_acks(1);
    told.assert_fed();
    drop(run);
}

fn watchdog_on_a_full_disk() {
    let service = Service::start();
    let spool = Spool::new();
    let run = spool.run(&service).args(&["--retry-delay", "20s", "--retry-max-delay", "20s"]);
    let (run, told, _folder) = told(watched(run));
    let mut run = through(run, &["prlimit", "--fsize=4000:unlimited"]).spawn();
    service.publish_many("all", 1000, event);
    run.wait_stderr("[output.disk]");
    told.assert_fed();
    run.signal(Signal::SIGTERM);
    run.finish().assert_code(74);
}

fn unasked() {
    let service = Service::start();
    let spool = Spool::new();
    let (run, told, _folder) = told(spool.run(&service));
    let run = run.spawn();
    wait_until("it is ready", || told.has("READY=1"));
    std::thread::sleep(Duration::from_millis(500));
    stop(run);
    assert!(!told.has("WATCHDOG=1"), "{:?}", told.lines());
}

fn gone() {
    let service = Service::start();
    let spool = Spool::new();
    service.publish("all", event(0));
    let run = spool.catching_up(&service).env("NOTIFY_SOCKET", "/nowhere/notify");
    run.run().assert_code(0).assert_silent();
}
