//! `tail8x8`: streams the events of an 8x8 contact centre, one JSON line each.
//!
//! `main` parses, dispatches, prints errors and chooses the exit code. The data flows from [`wire`]
//! through [`session`] and [`message`] to [`sink`], and [`read`] is the loop
//! that drives it. `src/README.md` is the map.

mod args;
mod clock;
mod connect;
mod cursor;
mod dates;
mod diagnose;
mod endpoint;
mod event_types;
mod exit;
mod explain;
mod fault;
mod files;
#[cfg(any(test, fuzzing))]
#[path = "../tests/fuzz/checks/mod.rs"]
pub mod fuzz;
mod input;
mod message;
mod metrics;
mod notify;
mod progress;
mod read;
mod regions;
mod report;
mod retry;
mod secret;
mod session;
mod settings;
mod sink;
#[cfg(test)]
mod testing;
mod values;
mod wait;
mod wire;
mod words;

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::panic::PanicHookInfo;
use std::process::ExitCode;

use nix::sys::resource::{Resource, setrlimit};

use args::{Args, Given};
use dates::REGIONS_AS_OF;
use exit::Exit;
use fault::{Failure, Fault, Step};
use read::Ended;
use report::{Counters, Log, Report, Talk};
use secret::Gate;
use settings::{Environment, Settings};
use wait::Signals;

/// The longest text to explain, in bytes.
const LONGEST_TEXT: usize = 1024 * 1024;

fn main() -> ExitCode {
    let default_hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        match cfg!(debug_assertions) {
            true => default_hook(info),
            false => tell_bug(info),
        }
        std::process::exit(i32::from(Exit::Bug as u8));
    }));
    // A dump of the memory would hold the key. A limit can always be lowered.
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    let exit = match args::parse(&words) {
        Ok(args::Parsed::Read(given)) => run_read(&given),
        Ok(args::Parsed::Diagnose(given)) => run_diagnose(&given, None),
        Ok(args::Parsed::Explain(text)) => run_explain(text),
        Ok(args::Parsed::Regions(given)) => run_regions(&Args::of(&given)),
        Ok(args::Parsed::ShortHelp) => print(&args::short_help()),
        Ok(args::Parsed::LongHelp) => print(&args::long_help()),
        Ok(args::Parsed::Version) => print(concat!("tail8x8 ", env!("CARGO_PKG_VERSION"), "\n")),
        Ok(args::Parsed::Generate(document)) => print(&args::generate(document)),
        Err(failure) => match args::understood(&words) {
            // A mistake on the line of a diagnosis is reported in the form of a diagnosis.
            (args::Command::Diagnose, given) => run_diagnose(&given, Some(failure)),
            (_, given) => {
                fail(&mut report(&Args::of(&given), &Environment::of_process()), &failure)
            }
        },
    };
    ExitCode::from(exit as u8)
}

/// Names a bug by its place. What it says more may be a server's text, or a secret, unless it is a
/// literal.
fn tell_bug(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let what = info.payload().downcast_ref::<&str>().unwrap_or(&"please report it");
    let _ = writeln!(io::stderr(), "tail8x8: bug at {place}: {what}");
}

fn run_read(typed: &[Given]) -> Exit {
    Signals::hold_hangup();
    let env = Environment::of_process();
    let (args, layers) = settings::complete(typed, &env);
    let mut report = report(&args, &env);
    let (is_removal, is_confirmed) = (args.unsubscribe, args.yes);
    let settings = match layers.and_then(|warnings| Settings::settle(args, &env, warnings)) {
        Ok(settings) => settings,
        Err(failure) => return fail(&mut report, &failure),
    };
    // It may hold the key.
    drop(env);
    warn(&settings, &mut report);
    if is_removal {
        return run_removal(&settings, is_confirmed, &mut report);
    }
    let mut log = Log { report, counters: Counters::default() };
    let mut signals = match Signals::take_over() {
        Ok(signals) => signals,
        Err(e) => return fail(&mut log.report, &no_signals(&e)),
    };
    let ended = read::read(&settings, &mut log, &mut signals);
    match (ended, signals.failed()) {
        (Err(failure), _) => fail(&mut log.report, &failure),
        (_, Some(e)) => fail(&mut log.report, &cannot_wait(&e)),
        (Ok(ended), None) => read_ended(&settings, &mut log, &signals, ended),
    }
}

/// `--unsubscribe`. Ctrl-C at the question ends the process as usual.
fn run_removal(settings: &Settings, is_confirmed: bool, report: &mut Report) -> Exit {
    let mut remove = || -> Result<(), Failure> {
        if !is_confirmed && !read::confirm_unsubscribe(settings, report)? {
            return Ok(());
        }
        let mut signals = Signals::take_over().map_err(|e| no_signals(&e))?;
        let ended = read::unsubscribe(settings, report, &mut signals)?;
        if let Some(e) = signals.failed() {
            return Err(cannot_wait(&e));
        }
        match signals.stop().filter(|_| ended == Ended::Stopped) {
            Some(signal) => wait::die_by(signal),
            None => Ok(()),
        }
    };
    match remove() {
        Ok(()) => Exit::Ok,
        Err(failure) => fail(report, &failure),
    }
}

/// Prints the warnings that come before the first connection.
fn warn(settings: &Settings, report: &mut Report) {
    if settings.target.trust.insecure {
        report.alarm(
            "--insecure: the server is not verified; anyone in between can read the API key",
        );
    }
    for warning in &settings.warnings {
        if report.is_terminal() || !warning.only_on_terminal {
            report.warning(&warning.text);
        }
    }
}

/// The exit code of a run that did not fail.
fn read_ended(settings: &Settings, log: &mut Log, signals: &Signals, ended: Ended) -> Exit {
    log.report.debug(&log.counters);
    let stop = &settings.stop;
    let has_end = stop.at_end || stop.until.is_some() || stop.num_messages.is_some();
    if let (Ended::Stopped, true, Some(signal)) = (ended, has_end, signals.stop()) {
        // The run is incomplete, so `tail8x8 -e > file && use file` must not continue.
        wait::die_by(signal);
    }
    if stop.fail_if_empty && log.counters.events == 0 {
        return Exit::Empty;
    }
    Exit::Ok
}

fn no_signals(e: &io::Error) -> Failure {
    let cause = format!("cannot be taken over: {}", words::reason(e));
    Failure::new(Step::Config, "signals", Fault::NoResources, cause)
}

fn cannot_wait(e: &io::Error) -> Failure {
    Failure::new(Step::Config, "poll", Fault::NoResources, words::reason(e))
}

/// `mistake` is a mistake on the command line, which a diagnosis reports like any other failure.
fn run_diagnose(typed: &[Given], mistake: Option<Failure>) -> Exit {
    let env = Environment::of_process();
    let (args, layers) = settings::complete(typed, &env);
    let (options, mut report) = (diagnose::Options::of(&args), report(&args, &env));
    let settled = match mistake {
        Some(mistake) => Err(mistake),
        None => layers.and_then(|warnings| Settings::settle(args, &env, warnings)),
    };
    drop(env);
    match Signals::take_over() {
        Ok(mut signals) => {
            let exit = diagnose::diagnose(&settled, &options, &mut report, &mut signals);
            match (signals.failed(), signals.stop()) {
                (Some(e), _) => fail(&mut report, &cannot_wait(&e)),
                (None, Some(signal)) => wait::die_by(signal),
                (None, None) => exit,
            }
        }
        Err(e) => fail(&mut report, &no_signals(&e)),
    }
}

fn run_regions(args: &Args) -> Exit {
    match settings::region(args) {
        Ok(only) if args.json => print(&regions::json(only, REGIONS_AS_OF)),
        Ok(only) => print(&regions::table(only, REGIONS_AS_OF)),
        Err(failure) => fail(&mut report(args, &Environment::of_process()), &failure),
    }
}

fn run_explain(text: String) -> Exit {
    let text = match text.is_empty() {
        true if io::stdin().is_terminal() => {
            let cause = "no text to explain is given";
            let failure = Failure::new(Step::Config, "explain", Fault::NothingToExplain, cause);
            return fail(&mut Report::new(Talk::default(), Gate::default()), &failure);
        }
        true => {
            // Errors are usually at the end of a log. Input that cannot be read is left out.
            let end = input::read_end(io::stdin(), LONGEST_TEXT, 64 * LONGEST_TEXT);
            String::from_utf8_lossy(&end.unwrap_or_default()).into_owned()
        }
        false => text,
    };
    let explanation = explain::explain(&text);
    match print(&explanation.to_string()) {
        Exit::Ok => explanation.exit(),
        exit => exit,
    }
}

/// A report that does not show what is already known to be secret.
fn report(args: &Args, env: &Environment) -> Report {
    Report::new(args.talk.clone(), settings::gate(args, env))
}

fn fail(report: &mut Report, failure: &Failure) -> Exit {
    report.failure(failure);
    failure.exit()
}

/// Prints a document; a reader that went away (`| head`) has seen enough.
fn print(text: &str) -> Exit {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            let mut report = Report::new(Talk::default(), Gate::default());
            fail(&mut report, &sink::standard_output(&e))
        }
        _ => Exit::Ok,
    }
}
