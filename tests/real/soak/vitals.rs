//! What a process takes of memory and descriptors, as time goes by.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// One look at a process.
#[derive(Clone, Copy, Debug)]
struct Vitals {
    at: Duration,
    /// KiB of it in memory.
    memory: u64,
    /// The most there were so far.
    peak: u64,
    /// Open descriptors.
    open: usize,
}

/// All looks at one process.
#[derive(Default)]
pub(super) struct History(Vec<Vitals>);

/// How much of memory a process may have grown by once it is warm, in KiB.
const GROWTH: u64 = 2 * 1024;

/// How much of it there may be at all.
const MOST: u64 = 20 * 1024;

impl History {
    /// Looks at a process; not at one that has just ended.
    pub(super) fn look(&mut self, pid: u32, at: Duration) {
        let process = Path::new("/proc").join(pid.to_string());
        let status = fs::read_to_string(process.join("status"));
        let (Ok(status), Ok(open)) = (status, fs::read_dir(process.join("fd"))) else { return };
        let kib = |name: &str| -> Option<u64> {
            let value = status.lines().find_map(|line| line.strip_prefix(name))?;
            value.trim().strip_suffix(" kB")?.parse().ok()
        };
        let (Some(memory), Some(peak)) = (kib("VmRSS:"), kib("VmHWM:")) else { return };
        self.0.push(Vitals { at, memory, peak, open: open.count() });
    }

    /// When it was warm and at the end: memory, its peak, and open descriptors; and what is wrong with
    /// that.
    pub(super) fn tell(&self, warm: Duration) -> (String, Option<String>) {
        let (looks, behind) = (&self.0, self.0.partition_point(|look| look.at <= warm));
        let (then, now) = (looks[behind - 1], looks[looks.len() - 1]);
        let open_then = usually_open(&looks[behind / 2..behind]);
        let open_now = usually_open(&looks[looks.len() - behind.div_ceil(2)..]);
        let told = format!(
            "{} → {} | {} → {} | {open_then} → {open_now}",
            then.memory, now.memory, then.peak, now.peak
        );
        let has_grown = now.peak > then.peak + GROWTH || now.peak > MOST || open_now > open_then;
        let failure = has_grown.then(|| format!("it has grown: {told}"));
        (told, failure)
    }
}

/// In the median look: now and then there is another one for a moment, or no connection.
fn usually_open(looks: &[Vitals]) -> usize {
    let mut open: Vec<usize> = looks.iter().map(|look| look.open).collect();
    open.sort_unstable();
    open[open.len() / 2]
}

/// A process that grows is seen, and one that does not is not.
pub(super) fn selftest() {
    let warm = Duration::from_secs(10);
    let grows = |look: fn(u64) -> (u64, usize)| {
        let looks = (0..30).map(|second| {
            let (memory, open) = look(second);
            Vitals { at: Duration::from_secs(second), memory, peak: memory, open }
        });
        History(looks.collect()).tell(warm).1.is_some()
    };
    assert!(!grows(|second| (9000 + second, if second % 4 == 0 { 9 } else { 8 })));
    assert!(grows(|second| (9000 + 200 * second, 8)));
    assert!(grows(|_| (30_000, 8)));
    assert!(grows(|second| (9000, 8 + second as usize / 12)));
}
