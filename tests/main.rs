//! One test binary with a harness of its own, so that a test which cannot run here is reported as
//! *ignored, with the reason*. Each module gives its trials; a new one is one line in each list.

#![allow(unreachable_pub, missing_debug_implementations)] // a test binary has no outside
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

mod capture;
mod cli;
mod diagnose;
mod explain;
mod faults;
mod operations;
mod real;
mod signals;
mod stream;
mod structure;
mod support;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    trials.extend(support::selftests());
    trials.extend(structure::trials());
    trials.extend(stream::trials());
    trials.extend(real::trials());
    trials.extend(operations::trials());
    trials.extend(signals::trials());
    trials.extend(faults::trials());
    trials.extend(capture::trials());
    trials.extend(cli::trials());
    trials.extend(diagnose::trials());
    trials.extend(explain::trials());
    trials
}

fn main() -> ExitCode {
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials());
    support::end();
    let unexplained = support::run::look_up_codes();
    support::trial::print_times();
    if !unexplained.is_empty() {
        println!("FAILED: `tail8x8 explain` does not know {}", unexplained.join(", "));
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}
