//! Half an hour of 5 000 messages a second while all that can break does break: the broker is
//! restarted every five minutes and frozen for a minute twice, and all connections are reset every
//! minute. Three programs read meanwhile: one into files with a cursor, one into files through a
//! subscription, one to standard output. Each writes what the topic holds, once and in order, and
//! none grows. It takes its time, and is asked for by name:
//!
//!     cargo test --release --test tests -- --ignored --nocapture soak
//!
//! `TAIL8X8_SOAK=3` makes it three minutes, with as many kinds of outages and shorter ones. Where the
//! machine cannot do so many messages a second, the rate is told and everything else is asserted.

mod check;
mod flow;
mod outages;
mod output;
mod vitals;

use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use self::flow::Flow;
use self::outages::Outages;
use self::output::Output;
use crate::support::counts::number_from;
use crate::support::nginx::{Gateway, Resetter};
use crate::support::pulsar::process::LIMIT;
use crate::support::pulsar::topic::Topic;
use crate::support::pulsar::{Options, Pulsar, trial_alone};
use crate::support::trial;

pub(super) fn trials() -> Vec<Trial> {
    let soak = trial_alone("real::soak: nothing lost, nothing twice, nothing grows", soak);
    let check = || {
        check::selftest();
        vitals::selftest();
        Ok(())
    };
    vec![
        soak.with_kind("asked for by name").with_ignored_flag(true),
        trial::test("real: what is lost, comes twice or grows in a soak is seen", check),
    ]
}

fn soak() {
    let length = Duration::from_secs(60 * number_from("TAIL8X8_SOAK").unwrap_or(30));
    let options = Options { is_lasting: true, is_split: true, ..Options::default() };
    let mut pulsar = Pulsar::start(options);
    let topic = pulsar.namespace("events").topic("all");
    let gateway = Gateway::start(pulsar.websocket_port());
    let resetter = Resetter::start(gateway.port());
    let mut flow = Flow::start(&topic);
    let mut outputs = output::start(&topic, resetter.port());
    let mut outages = Outages::within(length);
    let began = Instant::now();
    while began.elapsed() < length {
        outages.cause(began.elapsed(), &mut pulsar, &resetter);
        outputs.iter_mut().for_each(|output| output.look(began.elapsed()));
        flow.look();
        thread::sleep(Duration::from_secs(1));
    }
    let published = flow.finish();
    wait_until_written(&topic, &mut outputs, began);

    println!("\n{outages} in {} minutes\n{published}", length.as_secs() / 60);
    println!("{}", output::HEADINGS);
    let (entries, warm) = (topic.entries(), length / 3);
    let mut failures = Vec::new();
    for output in outputs {
        failures.extend(output.finish(&entries, &published, &outages, warm));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Waits until each has written the last message there is, as long as any of them makes progress.
#[track_caller]
fn wait_until_written(topic: &Topic, outputs: &mut [Output], began: Instant) {
    let last = topic.last().expect("something was published");
    let (mut lines, mut progress) = (0, Instant::now());
    while !outputs.iter().all(|output| output.check().has_come_to(last)) {
        thread::sleep(Duration::from_secs(1));
        outputs.iter_mut().for_each(|output| output.look(began.elapsed()));
        let now = outputs.iter().map(|output| output.check().lines).sum::<u64>();
        if now > lines {
            (lines, progress) = (now, Instant::now());
        }
        if progress.elapsed() > LIMIT {
            // What is missing is told with everything else.
            return;
        }
    }
}
