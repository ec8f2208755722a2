//! What is published: by one producer in batches, and by another one message at a time. Many are
//! under way at once. After an outage those without an answer are published again, so the topic may
//! hold them twice, as messages with ids of their own.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::support::pulsar::producer::Producer;
use crate::support::pulsar::topic::Topic;

/// How many each producer publishes in a [`TICK`], and the size of its batches: 5 000 a second.
const PRODUCERS: [(u64, Option<usize>); 2] = [(90, Some(90)), (10, None)];

const TICK: Duration = Duration::from_millis(20);

/// How far behind its schedule a producer makes up for.
const CATCH_UP: Duration = Duration::from_secs(1);

/// How many ticks' messages may be without an answer.
const WINDOW: u64 = 10;

/// The producers under way.
pub(super) struct Flow {
    producers: Vec<(Arc<Progress>, JoinHandle<()>)>,
    began: Instant,
    /// How many were stored at each look.
    looks: Vec<(Instant, u64)>,
}

#[derive(Default)]
struct Progress {
    /// How many are known to be stored: the numbers below.
    stored: AtomicU64,
    is_over: AtomicBool,
}

/// What was published in the end.
pub(super) struct Published {
    /// By producer, how many numbers are known to be stored: those from 0 on.
    pub(super) stored: Vec<u64>,
    took: Duration,
    /// How many in a second, from look to look, in ascending order.
    rates: Vec<u64>,
}

impl Flow {
    pub(super) fn start(topic: &Topic) -> Flow {
        let start = |producer| {
            let (topic, progress) = (topic.clone(), Arc::new(Progress::default()));
            let mine = Arc::clone(&progress);
            (progress, thread::spawn(move || publish(&topic, producer, &mine)))
        };
        let producers = (0..PRODUCERS.len()).map(start).collect();
        Flow { producers, began: Instant::now(), looks: Vec::new() }
    }

    /// Notes how far they are. Called once a second.
    pub(super) fn look(&mut self) {
        self.looks.push((Instant::now(), self.stored().iter().sum()));
    }

    fn stored(&self) -> Vec<u64> {
        self.producers.iter().map(|(progress, _)| progress.stored()).collect()
    }

    /// Publishes no more.
    pub(super) fn finish(mut self) -> Published {
        let took = self.began.elapsed();
        self.producers.iter().for_each(|(it, _)| it.is_over.store(true, Ordering::Release));
        let stored = self.producers.drain(..).map(|(progress, thread)| {
            thread.join().expect("a producer does not panic");
            progress.stored()
        });
        let stored = stored.collect();
        let rate = |looks: &[(Instant, u64)]| {
            let count = (looks[1].1 - looks[0].1) as f64;
            (count / (looks[1].0 - looks[0].0).as_secs_f64()) as u64
        };
        let mut rates: Vec<u64> = self.looks.windows(2).map(rate).collect();
        rates.sort_unstable();
        Published { stored, took, rates }
    }
}

impl Progress {
    fn stored(&self) -> u64 {
        self.stored.load(Ordering::Acquire)
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }
}

impl Published {
    pub(super) fn sum(&self) -> u64 {
        self.stored.iter().sum()
    }
}

impl fmt::Display for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = self.sum();
        let average = sum as f64 / self.took.as_secs_f64();
        let median = self.rates.get(self.rates.len() / 2).copied().unwrap_or_default();
        write!(
            f,
            "{sum} messages published: {average:.0}/s, outages included; {median}/s in the median second"
        )
    }
}

/// Publishes until it is over, through any outage.
fn publish(topic: &Topic, producer: usize, progress: &Progress) {
    while !progress.is_over() {
        if let Ok(connection) = Producer::connect(topic, PRODUCERS[producer].1) {
            // However it ends, it begins again after the last one known to be stored.
            let _ = publish_through(connection, producer, progress);
        }
        // Many tries a second would only keep a broker from coming back.
        thread::sleep(Duration::from_millis(100));
    }
}

/// Publishes until it is over and everything is stored.
fn publish_through(
    mut connection: Producer,
    producer: usize,
    progress: &Progress,
) -> Result<(), String> {
    let count = PRODUCERS[producer].0;
    let (mut sent, mut next) = (progress.stored(), Instant::now());
    loop {
        let is_over = progress.is_over();
        if !is_over {
            for number in sent..sent + count {
                connection.put(event(producer, number))?;
            }
            sent += count;
            connection.flush()?;
        }
        let window = if is_over { 0 } else { WINDOW * count };
        while sent - progress.stored() > window {
            connection.answer()?;
            progress.stored.fetch_add(1, Ordering::AcqRel);
        }
        if is_over {
            return Ok(());
        }
        let now = Instant::now();
        // After an outage it does not make up for all of it at once.
        next = (next + TICK).max(now - CATCH_UP);
        thread::sleep(next.saturating_duration_since(now));
    }
}

/// Of about the size of a short event.
fn event(producer: usize, number: u64) -> Vec<u8> {
    let text = "x".repeat(100);
    format!(
        r#"{{"Interaction":{{"event":"InteractionUpdated","producer":{producer},"number":{number},"text":"{text}"}}}}"#
    )
    .into_bytes()
}
