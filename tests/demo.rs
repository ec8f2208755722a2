//! `cargo run --example demo`: the main job on one machine, without an account. A local service
//! publishes a few events, the connection is cut, more is published while it is down, and the program
//! resumes. Each step says what happened; at the end it is checked that nothing was lost or doubled,
//! `diagnose` shows its report, and of two consumers one takes over from the other.

#![allow(unreachable_pub, missing_debug_implementations)] // an example has no outside
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use nix::sys::signal::Signal;
use support::run::{Key, Run, Running, Stdout, set_program};
use support::service::Service;

fn main() -> ExitCode {
    let outcome = build().map(set_program).and_then(|()| demo());
    support::end();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nThe demo failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn demo() -> Result<(), String> {
    let began = Instant::now();
    println!("tail8x8 demo. Everything happens on this machine; nothing is sent anywhere else.");

    step("A local service starts: TLS, a certificate of its own, a key it checks.");
    let service = Service::start();
    println!("    it listens at {}", service.url());

    step("tail8x8 connects to it, with the key in a file.");
    let run = Run::against(&service).args(&["--retry-delay", "200ms"]).key(Key::File);
    let run = run.verbosity(0).env("NO_COLOR", "1").stdout(Stdout::Terminal).terminal();
    let mut story = Story { run: run.spawn(), events: 0, said: 0 };
    service.wait_for_connections(1);
    story.run.wait_stderr("\n");
    story.tell(0);

    step("Three events are published. Each becomes one line of JSON on stdout:");
    let mut published = publish(&service, 1..=3);
    story.tell(3);

    step("The network breaks: the connection is reset, and new ones are refused.");
    service.wait_for_acks(3);
    service.stop_listening();
    service.cut_connections();
    story.run.wait_stderr("[tcp.refused]");
    story.tell(0);

    step("Three more events are published while nobody can reach the service.");
    published.extend(publish(&service, 4..=6));

    step("The network is back. tail8x8 returns to where it was; nothing was lost:");
    service.listen_again();
    story.tell(3);

    step("And life goes on:");
    published.extend(publish(&service, 7..=8));
    story.tell(2);

    step("Ctrl-C ends it in good order.");
    service.wait_for_acks(8);
    story.run.signal(Signal::SIGINT);
    let Story { run, said, .. } = story;
    let output = run.finish();
    show_said(&output.stderr, said);

    step("Did it hold?");
    let resumed =
        service.seen().requests().last().and_then(|it| it.param("messageId").map(str::to_owned));
    let clean = service.seen().last().close.is_some();
    let checks = [
        ("every event arrived once, in order, byte for byte", output.lines() == published),
        (
            "it resumed after the last event it had written",
            resumed.is_some_and(|it| it != "latest"),
        ),
        ("every event was acknowledged exactly once", service.seen().acks() == published.len()),
        ("it said goodbye to the service and exited with 0", clean && output.code == Some(0)),
        // The search is part of `finish`, and ends the demo when it finds something.
        ("the key is in nothing that it wrote", true),
    ];
    for (promise, held) in checks {
        println!("    {} {promise}", if held { "yes" } else { "NO " });
    }
    if !checks.iter().all(|(_, held)| *held) {
        return Err(format!("a promise was not kept\n{}", output.whole()));
    }
    diagnose(&service)?;
    take_over(&service)?;
    println!(
        "\nDone in {:.1} s. For real use, see the README: one key, one command.",
        began.elapsed().as_secs_f32()
    );
    Ok(())
}

/// The way to the service once more, step by step, with one event on it.
fn diagnose(service: &Service) -> Result<(), String> {
    step("And when something does not work? `tail8x8 diagnose` looks at every step of the way:");
    let connected = service.seen().upgraded();
    let run = Run::against(service).args(&["diagnose", "--listen", "20s"]).key(Key::File);
    let run = run.verbosity(0).spawn();
    service.wait_for_connections(connected + 1);
    publish(service, 9..=9);
    let output = run.finish();
    output.lines().iter().for_each(|line| println!("    {line}"));
    match output.code {
        Some(0) => Ok(()),
        _ => Err(format!("the diagnosis found trouble\n{}", output.whole())),
    }
}

/// Two consumers of one subscription; the one that reads is killed.
fn take_over(service: &Service) -> Result<(), String> {
    step(
        "And when a machine dies? Two consumers, A and B, share a subscription: A reads, B waits.",
    );
    let consumer = || {
        let run = Run::against(service).key(Key::File).verbosity(0);
        run.args(&["--subscription", "demo", "--subscription-type", "failover"]).spawn()
    };
    let connected = |count: usize| {
        service.wait_for_subscription("all", "demo", "consumers are connected", |it| {
            it.connections.len() == count
        });
    };
    let mut a = consumer();
    connected(1);
    let mut b = consumer();
    connected(2);
    let mut published = publish(service, 10..=12);
    a.wait_stdout_lines(3).iter().for_each(|line| println!("    A {line}"));
    service.wait_for_all_acked("all", "demo", 3);

    step("A is killed (SIGKILL), and two more events are published. B takes over:");
    a.signal(Signal::SIGKILL);
    published.extend(publish(service, 13..=14));
    b.wait_stdout_lines(2).iter().for_each(|line| println!("    B {line}"));
    service.wait_for_all_acked("all", "demo", 5);
    b.signal(Signal::SIGTERM);
    let (a, b) = (a.finish(), b.finish());
    let held = [a.lines(), b.lines()].concat() == published;
    println!("    {} every event arrived once, at A or at B", if held { "yes" } else { "NO " });
    match held && b.code == Some(0) {
        true => Ok(()),
        false => Err(format!("an event was lost or doubled\n{}\n{}", a.whole(), b.whole())),
    }
}

/// A run whose output is retold as it comes.
struct Story {
    run: Running,
    events: usize,
    said: usize,
}

impl Story {
    /// Waits for so many more events and shows them, then what was said on stderr meanwhile.
    fn tell(&mut self, more: usize) {
        let lines = self.run.wait_stdout_lines(self.events + more);
        let said = self.run.stderr_so_far();
        self.said = show_said(&said, self.said);
        lines[self.events..].iter().for_each(|line| println!("    {line}"));
        self.events = lines.len();
    }
}

fn show_said(stderr: &str, already: usize) -> usize {
    let lines = stderr.lines().skip(already);
    lines.map(|line| println!("    | {line}")).count() + already
}

fn step(text: &str) {
    println!("\n* {text}");
}

fn publish(service: &Service, numbers: std::ops::RangeInclusive<u32>) -> Vec<String> {
    let names = ["InteractionCreated", "InteractionAssigned", "InteractionAccepted"];
    let event = |number: u32| {
        let name = names[number as usize % names.len()];
        format!(r#"{{"Interaction":{{"event":"{name}","interactionId":"int-{number}"}}}}"#)
    };
    let events: Vec<_> = numbers.map(event).collect();
    for event in &events {
        service.publish("all", event.as_str());
    }
    events
}

/// Builds the program with the profile of this example; Cargo builds no programs for examples.
fn build() -> Result<PathBuf, String> {
    let example = std::env::current_exe().map_err(|error| error.to_string())?;
    let folder = example.parent().and_then(Path::parent).ok_or("no folder above the example")?;
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let mut build = Command::new(cargo);
    build.current_dir(env!("CARGO_MANIFEST_DIR")).args(["build", "--quiet", "--bin", "tail8x8"]);
    build.args(["--profile", profile]).arg("--target-dir").args(folder.parent());
    if cfg!(feature = "vendored") {
        build.args(["--features", "vendored"]);
    }
    match build.status() {
        Ok(status) if status.success() => Ok(folder.join("tail8x8")),
        Ok(status) => Err(format!("cargo build: {status}")),
        Err(error) => Err(format!("cargo build: {error}")),
    }
}
