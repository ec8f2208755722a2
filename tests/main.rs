//! One test binary with a harness of its own, so that a test which cannot run here is reported as
//! *ignored, with the reason*. Each module gives its trials; a new one is one line in each list.

#![allow(unreachable_pub, missing_debug_implementations)] // a test binary has no outside
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

mod capture;
mod cli;
mod diagnose;
mod ends;
mod explain;
mod faults;
mod filters;
mod operations;
mod real;
mod secrets;
mod signals;
mod stream;
mod structure;
mod subscriptions;
mod support;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    trials.extend(structure::trials());
    trials.extend(support::selftests());
    trials.extend(stream::trials());
    trials.extend(ends::trials());
    trials.extend(operations::trials());
    trials.extend(signals::trials());
    trials.extend(faults::trials());
    trials.extend(filters::trials());
    trials.extend(secrets::trials());
    trials.extend(capture::trials());
    trials.extend(subscriptions::trials());
    trials.extend(cli::trials());
    trials.extend(diagnose::trials());
    trials.extend(explain::trials());
    let mut trials = spread(real::trials(), trials);
    support::trial::alone_last(&mut trials);
    trials
}

/// Each real Pulsar wants memory and a core, so those trials are not run side by side: they are spread
/// among the others, all but at the end, where nothing is left to run beside them.
fn spread(few: Vec<Trial>, many: Vec<Trial>) -> Vec<Trial> {
    let every = (many.len() * 4 / 5 / few.len().max(1)).max(1);
    let (mut few, mut all) = (few.into_iter(), Vec::new());
    for (number, trial) in many.into_iter().enumerate() {
        if number.is_multiple_of(every) {
            all.extend(few.next());
        }
        all.push(trial);
    }
    all.extend(few);
    all
}

/// Trials wait more than they work, for silence and for limits on time. So there are more of them at a
/// time than there are cores, unless `--test-threads` is given.
const TRIALS_PER_CORE: usize = 3;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    arguments.test_threads.get_or_insert(TRIALS_PER_CORE * cores);
    let conclusion = libtest_mimic::run(&arguments, trials());
    support::end();
    let unexplained = support::run::look_up_codes();
    support::trial::print_times();
    if !unexplained.is_empty() {
        println!("FAILED: `tail8x8 explain` does not know {}", unexplained.join(", "));
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}
