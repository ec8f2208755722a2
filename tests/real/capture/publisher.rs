//! A flow of events: numbered ones, and a heartbeat that is the same every time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::support::pulsar::process::wait_until;
use crate::support::pulsar::producer::numbered;
use crate::support::pulsar::topic::Topic;

/// An event without a number. Who tells lines apart by their text has to count these.
pub(super) const BEAT: &[u8] = br#"{"beat":true}"#;

/// Event `number` of a flow: in batches of ten there are several beats in some.
pub(super) fn event(number: u64) -> Vec<u8> {
    if number % 7 < 2 { BEAT.to_vec() } else { numbered(number) }
}

/// Publishes until it is dropped. The broker has to live meanwhile.
pub(super) struct Publisher {
    stored: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Publisher {
    /// A group every `pause`, numbered from `first` on.
    #[track_caller]
    pub(super) fn start(
        topic: &Topic,
        batching: Option<usize>,
        first: u64,
        pause: Duration,
    ) -> Publisher {
        let (stored, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let mut producer = topic.producer(batching);
        let group = batching.unwrap_or(1) as u64;
        let thread = thread::spawn({
            let (stored, stop) = (Arc::clone(&stored), Arc::clone(&stop));
            move || {
                while !stop.load(Ordering::Acquire) {
                    let next = first + stored.load(Ordering::Acquire);
                    producer.send_all((next..next + group).map(event)).unwrap();
                    stored.fetch_add(group, Ordering::AcqRel);
                    thread::sleep(pause);
                }
            }
        });
        Publisher { stored, stop, thread: Some(thread) }
    }

    #[track_caller]
    pub(super) fn wait_for_more(&self, count: u64) {
        let stored = || self.stored.load(Ordering::Acquire);
        let enough = stored() + count;
        wait_until(&format!("{enough} messages are stored"), || stored() >= enough);
    }

    /// Publishes no more; everything that was sent is stored.
    #[track_caller]
    pub(super) fn finish(mut self) {
        self.stop.store(true, Ordering::Release);
        self.thread.take().unwrap().join().expect("everything was stored");
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
