//! Reading through outages while a producer keeps publishing: afterwards each event was written
//! once and in order, compared with an independent read of the topic.

use libtest_mimic::Trial;

use super::{assert_wrote_all, follow};
use crate::support::counts::count;
use crate::support::nginx::{Gateway, Resetter};
use crate::support::pulsar::process::wait_until;
use crate::support::pulsar::producer::RetryingProducer;
use crate::support::pulsar::topic::{Namespace, Topic};
use crate::support::pulsar::{Options, Pulsar, trial};
use crate::support::run::{Run, Running};

/// How many of them each reader has to live through.
fn outages() -> usize {
    count(1, 3)
}

/// What the program says when an outage is over.
const RECONNECTED: &str = "connected again after";

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("real: Pulsar killed again and again, nothing lost, nothing twice", pulsar_is_killed),
        trial("real: connections reset at random, nothing lost, nothing twice", resets_at_random),
        trial("real: a broker dies behind a living proxy", a_broker_dies_behind_its_proxy),
    ]
}

fn pulsar_is_killed() {
    let mut pulsar = Pulsar::start(Options::default());
    let gateway = Gateway::start(pulsar.websocket_port());
    let mut flows: Vec<Flow> = flows(&pulsar.namespace("events"))
        .map(|(topic, batching)| Flow::start(topic, batching, gateway.port()))
        .into();
    for _ in 0..outages() {
        for flow in &mut flows {
            flow.producer.wait_for_more(200);
            let written = flow.running.wait_stdout_lines(1).len();
            flow.running.wait_stdout_lines(written + 50);
        }
        pulsar.kill();
        pulsar.restart();
    }
    flows.iter().for_each(|flow| flow.producer.wait_for_more(200));
    flows.into_iter().for_each(Flow::finish);
}

fn resets_at_random() {
    let pulsar = Pulsar::shared();
    let gateway = Gateway::start(pulsar.websocket_port());
    let flows: Vec<(Flow, Resetter)> = flows(&pulsar.namespace("resets"))
        .into_iter()
        .zip(1..)
        .map(|((topic, batching), seed)| {
            // A partitioned topic is read from the beginning each time, and has to get to its end.
            let mean = if topic.partitions.is_some() { 300_000 } else { 20_000 };
            let resetter = Resetter::random(gateway.port(), seed, mean);
            (Flow::start(topic, batching, resetter.port()), resetter)
        })
        .collect();
    let (cuts, messages) = (4 * outages() as u64, count(700, 2000) as u64);
    for (flow, resetter) in &flows {
        wait_until("enough connections are cut, and enough messages stored", || {
            resetter.cuts() >= cuts && flow.producer.confirmed() >= messages
        });
        resetter.calm();
    }
    flows.into_iter().for_each(|(flow, _resetter)| flow.finish());
}

fn a_broker_dies_behind_its_proxy() {
    let mut pulsar = Pulsar::start_split();
    let topic = pulsar.namespace("events").topic("all");
    let gateway = Gateway::start(pulsar.websocket_port());
    let patient = follow(&topic, gateway.port());
    let mut wary = Run::new(&topic.args(gateway.port()))
        .args(&["--message-id", "earliest", "--format", "envelope", "--max-silence", "5s"])
        .args(&["--retry-delay", "100ms", "--retry-max-delay", "500ms"])
        .limit(std::time::Duration::from_secs(120))
        .spawn();
    let producer = topic.keep_publishing(None);
    producer.wait_for_more(100);
    wary.wait_stdout_lines(100);
    pulsar.kill();
    wary.wait_stderr("no message for 5s (--max-silence)");
    pulsar.restart();
    producer.wait_for_more(100);
    producer.finish();
    // The proxy catches up by itself: who does not ask for more sees a longer silence.
    assert_wrote_all(patient, &topic).assert_stderr_lacks(RECONNECTED);
    assert_wrote_all(wary, &topic).assert_stderr_has("tail8x8: ");
}

/// A producer and the program that reads what it publishes.
struct Flow {
    topic: Topic,
    producer: RetryingProducer,
    running: Running,
}

impl Flow {
    fn start(topic: Topic, batching: Option<usize>, gateway: u16) -> Flow {
        let producer = topic.keep_publishing(batching);
        let running = follow(&topic, gateway);
        Flow { topic, producer, running }
    }

    #[track_caller]
    fn finish(self) {
        self.producer.finish();
        let output = assert_wrote_all(self.running, &self.topic);
        let back = output.stderr.matches(RECONNECTED).count();
        assert!(back >= outages(), "only {back} outages were met\n{}", output.stderr);
    }
}

/// The kinds of topics whose ids differ: plain, in batches, and in partitions.
fn flows(namespace: &Namespace) -> [(Topic, Option<usize>); 3] {
    [
        (namespace.topic("plain"), None),
        (namespace.topic("batches"), Some(10)),
        (namespace.partitioned("partitions", 3), None),
    ]
}
