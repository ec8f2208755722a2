//! Moments of death and who dies, from a seed: by chance, or the one in `TAIL8X8_SEED`.

use std::time::Duration;

use crate::support::counts::number_from;

/// Shows its seed when the test fails.
pub(super) struct Random {
    state: u64,
    seed: u64,
}

impl Random {
    pub(super) fn new() -> Random {
        let seed = number_from("TAIL8X8_SEED").unwrap_or_else(|| getrandom::u64().unwrap());
        Random { state: seed, seed }
    }

    /// How long a run lives: a third dies while it starts, a third soon after, a third has saved its
    /// cursor meanwhile.
    pub(super) fn life(&mut self) -> Duration {
        let span = match self.next() % 3 {
            0 => 5..120,
            1 => 120..500,
            _ => 500..2000,
        };
        Duration::from_millis(span.start + self.next() % (span.end - span.start))
    }

    /// One of `count` places.
    pub(super) fn place(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    /// Splitmix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Drop for Random {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("once more with TAIL8X8_SEED={}", self.seed);
        }
    }
}
