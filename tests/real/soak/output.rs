//! The programs that read meanwhile, and what is read of their outputs while they are written.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::super::capture::files;
use super::check::Check;
use super::flow::Published;
use super::outages::Outages;
use super::vitals::History;
use crate::support::pulsar::topic::Topic;
use crate::support::run::{Run, Running, Stdout};
use crate::support::scratch::Scratch;

/// A program, and what came of it so far.
pub(super) struct Output {
    name: &'static str,
    running: Running,
    check: Arc<Mutex<Check>>,
    history: History,
    reading: JoinHandle<()>,
    is_over: Arc<AtomicBool>,
    _scratch: Scratch,
}

/// Starts one of each kind.
#[track_caller]
pub(super) fn start(topic: &Topic, gateway: u16) -> [Output; 3] {
    let run = || Run::new(&topic.args(gateway)).arg("-J").verbosity(0).limit(LIMIT);
    let capture = |name, args: &[&str]| {
        let scratch = Scratch::new("soak");
        let run = run()
            .args(&["-o".as_ref(), scratch.join("events.jsonl").as_os_str()])
            .args(&["--cursor-file".as_ref(), scratch.join("cursor").as_os_str()])
            .args(args);
        Output::start(name, run, scratch, read_files)
    };
    let scratch = Scratch::new("soak");
    let pipe = scratch.join("pipe");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    let to_pipe = run().args(&["--message-id", "earliest"]).stdout(Stdout::File(pipe));
    [
        Output::start("stdout", to_pipe, scratch, read_pipe),
        capture("capture", &["--rotate-size", "16M"]),
        capture("subscription", &["--subscription", "soak", "--rotate-interval", "1m"]),
    ]
}

/// How long each may take to end.
const LIMIT: Duration = Duration::from_secs(120);

type Reading = fn(&Path, &Mutex<Check>, &AtomicBool);

impl Output {
    #[track_caller]
    fn start(name: &'static str, run: Run, scratch: Scratch, read: Reading) -> Output {
        let (check, is_over) = (Arc::<Mutex<Check>>::default(), Arc::<AtomicBool>::default());
        let reading = thread::spawn({
            let (folder, check, is_over) =
                (scratch.path().to_owned(), Arc::clone(&check), Arc::clone(&is_over));
            move || read(&folder, &check, &is_over)
        });
        let running = run.spawn();
        let history = History::default();
        Output { name, running, check, history, reading, is_over, _scratch: scratch }
    }

    pub(super) fn check(&self) -> MutexGuard<'_, Check> {
        self.check.lock().unwrap()
    }

    /// Looks what the program takes now. It has to live.
    #[track_caller]
    pub(super) fn look(&mut self, at: Duration) {
        assert!(
            self.running.is_running(),
            "{} ended:\n{}",
            self.name,
            self.running.stderr_so_far()
        );
        self.history.look(self.running.pid(), at);
    }

    /// Ends the program, prints a row of figures, and gives what was not as it should be.
    #[track_caller]
    pub(super) fn finish(
        mut self,
        entries: &BTreeMap<u64, u64>,
        published: &Published,
        outages: &Outages,
        warm: Duration,
    ) -> Vec<String> {
        self.running.signal(Signal::SIGTERM);
        let output = self.running.finish();
        self.is_over.store(true, Ordering::Release);
        self.reading.join().expect("what was written can be read");
        output.assert_code(0);

        let check = self.check.lock().unwrap();
        let lost = check.lost(&published.stored);
        let delivered = (published.sum() - lost) as f64 / published.sum() as f64;
        let back = output.stderr.matches("connected again after").count();
        let (vitals, has_grown) = self.history.tell(warm);
        println!(
            "| {} | {} | {delivered:.6} | {lost} | {} | {} | {back} | {} | {vitals} |",
            self.name,
            check.lines,
            check.doubled,
            check.republished(),
            codes(&output.stderr),
        );
        let mut failures = check.oddities(entries);
        failures.extend(has_grown);
        if lost > 0 {
            failures.push(format!("{lost} numbers are lost"));
        }
        // One that comes during another outage is not noticed.
        if back < outages.resets / 2 {
            failures.push(format!("only {back} outages were met:\n{}", output.stderr));
        }
        failures.into_iter().map(|failure| format!("{}: {failure}", self.name)).collect()
    }
}

/// Arrows lead from the warm program to its end, memory is in KiB.
pub(super) const HEADINGS: &str = "\
| output | lines | delivered | lost | doubled | published twice | reconnects | after | memory | peak | descriptors |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |";

/// What was said to have gone wrong, by code, and how often.
fn codes(stderr: &str) -> String {
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    let code = |line| Some(str::split_once(line, " [")?.1.split_once(']')?.0);
    stderr.lines().filter_map(code).for_each(|code| *codes.entry(code).or_default() += 1);
    let told: Vec<_> = codes.iter().map(|(code, count)| format!("{code} {count}")).collect();
    told.join(", ")
}

/// Reads standard output until the program has ended.
fn read_pipe(folder: &Path, check: &Mutex<Check>, _: &AtomicBool) {
    let mut pipe = File::open(folder.join("pipe")).unwrap();
    read_to_end(&mut pipe, check);
}

/// Reads the files of a capture as they grow, and deletes what is finished, as who ships them would.
fn read_files(folder: &Path, check: &Mutex<Check>, is_over: &AtomicBool) {
    let mut offset = 0;
    loop {
        let is_last = is_over.load(Ordering::Acquire);
        while let Some(oldest) = finished(folder).into_iter().next() {
            read_to_end(&mut open_at(&oldest, offset).unwrap(), check);
            fs::remove_file(oldest).unwrap();
            offset = 0;
        }
        if let Ok(mut file) = open_at(&folder.join(OPEN), offset) {
            // Only while nothing is finished is it the file that `offset` is about.
            if finished(folder).is_empty() {
                offset += read_to_end(&mut file, check);
            }
        }
        if is_last {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// What is written to while there is rotation.
const OPEN: &str = "events.jsonl.part";

fn finished(folder: &Path) -> Vec<PathBuf> {
    let mut files = files(folder);
    files.retain(|file| !file.ends_with(OPEN));
    files
}

fn open_at(file: &Path, offset: u64) -> std::io::Result<File> {
    let mut file = File::open(file)?;
    file.seek(SeekFrom::Start(offset))?;
    Ok(file)
}

fn read_to_end(file: &mut File, check: &Mutex<Check>) -> u64 {
    let (mut chunk, mut sum) = (vec![0; 64 * 1024], 0);
    loop {
        match file.read(&mut chunk).unwrap() {
            0 => return sum,
            count => {
                check.lock().unwrap().take(&chunk[..count]);
                sum += count as u64;
            }
        }
    }
}
