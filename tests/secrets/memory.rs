//! What stays of the key in the program's memory, read as a debugger would, and that none of it gets
//! into a core dump.

use std::fs;
use std::os::unix::fs::FileExt;

use libtest_mimic::Trial;

use super::test;
use crate::support::canary;
use crate::support::run::{Key, Run, Running, write_key};
use crate::support::scratch::Scratch;
use crate::support::service::Service;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        test("memory: no core dump", no_core),
        test("memory: what the key came in is wiped", wiped),
    ]
}

fn connected(run: Run) -> Running {
    let mut running = run.few_roots().spawn();
    running.wait_stderr("connected to");
    running
}

fn no_core() {
    let service = Service::start();
    let mut running = connected(Run::against(&service));
    let limits = fs::read_to_string(format!("/proc/{}/limits", running.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let numbers: Vec<&str> = core.split_whitespace().skip(4).take(2).collect();
    assert_eq!(numbers, ["0", "0"], "{core}");
    running.signal(nix::sys::signal::Signal::SIGTERM);
    running.finish().assert_code(0);
}

/// How often `text` is in the memory that the program can write.
fn times(running: &Running, text: &str) -> usize {
    let pid = running.pid();
    let memory = fs::File::open(format!("/proc/{pid}/mem")).unwrap();
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let finder = memchr::memmem::Finder::new(text);
    let mut times = 0;
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let number = |text| u64::from_str_radix(text, 16).unwrap();
        let mut bytes = vec![0; (number(end) - number(start)) as usize];
        // A page may not be readable, such as one that the kernel keeps.
        if memory.read_exact_at(&mut bytes, number(start)).is_ok() {
            times += finder.find_iter(&bytes).count();
        }
    }
    times
}

fn wiped() {
    let key = canary::key();
    let scratch = Scratch::new("wiped");
    let (file, config) = (scratch.join("key"), scratch.join("config"));
    write_key(&file, key, 0o600);
    write_key(&config, &format!("x-api-key = {key}"), 0o600);
    let service = Service::start();
    let from_file = Run::against(&service).key(Key::None).arg("--x-api-key-file").arg(&file);
    let from_config = Run::against(&service).key(Key::None).arg("--config").arg(&config);
    let from_stdin = Run::against(&service).key(Key::Stdin);
    // One more is the process's own environment, which the kernel laid out.
    let from_env = Run::against(&service).key(Key::Env);
    // The search in what leaves needs it, and what connects again.
    const NEEDED: usize = 2;
    for (run, most) in
        [(from_file, NEEDED), (from_config, NEEDED), (from_stdin, NEEDED), (from_env, NEEDED + 1)]
    {
        let mut running = connected(run);
        let of_config = times(&running, &format!("x-api-key = {key}"));
        let of_request = times(&running, &format!("X-API-Key: {key}"));
        let all = times(&running, key);
        running.signal(nix::sys::signal::Signal::SIGTERM);
        let output = running.finish();
        assert_eq!((of_config, of_request), (0, 0), "{}", output.whole());
        assert!(all <= most, "{all} times\n{}", output.whole());
    }
}
