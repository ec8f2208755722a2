//! What takes long or much room. Memory does not grow over five million events, which is asked for:
//!
//!     cargo test --release --test tests -- --ignored five_million
//!
//! It takes less than a minute, one gigabyte of disk and two of memory, most of it the local service's.
//! Files beyond two gigabytes are tested each time, on a file that is nearly all hole.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use nix::sys::signal::Signal;

use super::machine::{Machine, assert_events, while_publishing};
use super::shipped::{CATCH_UP, SERVICE};
use crate::support::service::{Id, Service};
use crate::support::trial;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial::test("operations: a file of more than two gigabytes", || {
            a_large_file();
            Ok(())
        }),
        trial::test("operations: five_million events leave memory as it was", || {
            five_million();
            Ok(())
        })
        .with_kind("asked for by name")
        .with_ignored_flag(true),
    ]
}

/// More than 31 bits can count.
const LARGE: u64 = 2_200_000_000;

fn a_large_file() {
    let service = Service::start();
    let machine = Machine::new(&service);
    let path = machine.path("var/events.ndjson");
    let mut file = File::create(&path).unwrap();
    file.seek(SeekFrom::Start(LARGE - 1)).unwrap();
    file.write_all(b"\n").unwrap();
    let count = while_publishing(&service, || {
        machine.unit(CATCH_UP).run().assert_code(0).assert_silent();
        // Dies with lines behind what the cursor says, and its successor finds them.
        for _ in 0..3 {
            let before = fs::metadata(&path).unwrap().len();
            let mut running = machine.unit(SERVICE).spawn();
            crate::support::pulsar::process::wait_until("the file grows", || {
                fs::metadata(&path).unwrap().len() > before
            });
            running.signal(Signal::SIGKILL);
            running.finish().assert_signal(Signal::SIGKILL).assert_silent();
        }
    });
    machine.unit(CATCH_UP).args(&["--idle-timeout", "1s"]).run().assert_code(0).assert_silent();
    let mut file = File::open(&path).unwrap();
    file.seek(SeekFrom::Start(LARGE)).unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    assert_events(&bytes, count);
}

fn five_million() {
    const EVENTS: usize = 5_000_000;
    const AT_ONCE: usize = 20_000;
    let service = Service::start();
    let machine = Machine::new(&service);
    let path = machine.path("var/events.ndjson");
    let mut running = machine.unit(SERVICE).spawn();
    let (mut length, mut early) = (0, None);
    let start = Instant::now();
    for first in (0..EVENTS).step_by(AT_ONCE) {
        let ids = service.publish_many("all", AT_ONCE, |number| large_event(first + number));
        length += (first..first + AT_ONCE)
            .map(|number| large_event(number).len() as u64 + 1)
            .sum::<u64>();
        wait_for_length(&path, length);
        forget(&service, &ids);
        if first + AT_ONCE == EVENTS / 5 {
            early = running.peak_memory();
        }
    }
    let (early, late) = (early.unwrap(), running.peak_memory().unwrap());
    eprintln!(
        "most memory: {early} kB after 1 million events, {late} kB after 5; {:?}",
        start.elapsed()
    );
    running.signal(Signal::SIGTERM);
    running.finish().assert_code(0).assert_silent();
    assert!(late * 10 < early * 11, "{early} kB after 1 million events, {late} kB after 5");
    let lines = BufReader::new(File::open(&path).unwrap()).lines();
    let mut count = 0;
    for (number, line) in lines.enumerate() {
        assert_eq!(line.unwrap(), large_event(number));
        count += 1;
    }
    assert_eq!(count, EVENTS);
}

fn large_event(number: usize) -> String {
    format!(
        r#"{{"Interaction":{{"event":"InteractionCreated","number":{number},"text":"{:0>60}"}}}}"#,
        number
    )
}

/// What was written need not be held any longer, save the last of it.
fn forget(service: &Service, ids: &[Id]) {
    service.forget_before("all", ids.last().unwrap());
}

#[track_caller]
fn wait_for_length(path: &Path, length: u64) {
    let limit = Instant::now() + Duration::from_secs(60);
    while fs::metadata(path).map_or(0, |file| file.len()) < length {
        assert!(Instant::now() < limit, "{} does not grow to {length}", path.display());
        std::thread::sleep(Duration::from_millis(5));
    }
}
