//! How a trial is made: alone or beside others, and with its time taken.
//!
//! `TAIL8X8_TIMES=1` prints the slowest trials at the end, and the sum of all.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, RwLock};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};

/// libtest-mimic has no serial mode. Trials hold this for reading, and those that must run alone
/// for writing.
static RUNNING: RwLock<()> = RwLock::new(());

/// The names of those that must run alone.
static ALONE: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

static TIMES: Mutex<Vec<(Duration, String)>> = Mutex::new(Vec::new());

const SHOWN: usize = 30;

/// A trial that may run beside others.
pub fn test<R>(name: impl Into<String>, body: R) -> Trial
where
    R: FnOnce() -> Result<(), Failed> + Send + 'static,
{
    let name = name.into();
    Trial::test(name.clone(), move || {
        let _shared = RUNNING.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        timed(name, body)
    })
}

/// Trials of one subject that may run beside others.
pub fn group(subject: &str, tests: &[(&str, fn())]) -> Vec<Trial> {
    let trial = |&(name, body): &(&str, fn())| {
        test(format!("{subject}: {name}"), move || {
            body();
            Ok(())
        })
    };
    tests.iter().map(trial).collect()
}

/// A trial that measures time, or for which a pause of the machine would be one of the other end. It
/// runs while no other does.
pub fn alone<R>(name: impl Into<String>, body: R) -> Trial
where
    R: FnOnce() -> Result<(), Failed> + Send + 'static,
{
    let name = name.into();
    ALONE.lock().unwrap().insert(name.clone());
    Trial::test(name.clone(), move || {
        let _alone = RUNNING.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        timed(name, body)
    })
}

/// Puts those last that run alone: while one waits for its turn, nothing else can begin.
pub fn alone_last(trials: &mut [Trial]) {
    let alone = ALONE.lock().unwrap();
    trials.sort_by_key(|trial| alone.contains(trial.name()));
}

fn timed(name: String, body: impl FnOnce() -> Result<(), Failed>) -> Result<(), Failed> {
    let began = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(body));
    TIMES.lock().unwrap().push((began.elapsed(), name));
    outcome.unwrap_or_else(|panic| resume_unwind(panic))
}

/// What the trials took, if it was asked for.
pub fn print_times() {
    if std::env::var_os("TAIL8X8_TIMES").is_none() {
        return;
    }
    let mut times = std::mem::take(&mut *TIMES.lock().unwrap());
    times.sort();
    let sum: Duration = times.iter().map(|(time, _)| *time).sum();
    println!("\nthe slowest trials of {}; together {:.0} s:", times.len(), sum.as_secs_f64());
    for (time, name) in times.iter().rev().take(SHOWN) {
        println!("{:8.2} s  {name}", time.as_secs_f64());
    }
}
