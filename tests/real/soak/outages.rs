//! What is broken during a soak, and when.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use crate::support::nginx::Resetter;
use crate::support::pulsar::Pulsar;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outage {
    /// Every connection is reset.
    Reset,
    /// The broker is killed and started again; every other time it is ended in good order, and the
    /// WebSocket proxy is restarted as well.
    Restart,
    /// The broker stops where it is.
    Freeze,
    /// It goes on.
    Thaw,
}

/// The outages to come, and how many there were.
pub(super) struct Outages {
    to_come: VecDeque<(Duration, Outage)>,
    freeze: Duration,
    pub(super) resets: usize,
    restarts: usize,
    freezes: usize,
}

const MINUTE: Duration = Duration::from_secs(60);

impl Outages {
    /// In half an hour a restart every five minutes, a reset every minute, and in each half a minute in
    /// which the broker is frozen and a reset comes, too. In a shorter time they are closer together.
    pub(super) fn within(length: Duration) -> Outages {
        let restart = (length / 6).max(MINUTE);
        let reset = (length / 6).min(MINUTE);
        let (frozen, freeze) = (restart * 7 / 12, (length / 12).min(MINUTE));
        // The last ones leave time to recover in.
        let every = |period: Duration, first: Duration, outage| {
            let times = (0..).map(move |number| first + period * number);
            times.take_while(move |&at| at + restart / 2 <= length).map(move |at| (at, outage))
        };
        let mut to_come: Vec<_> = every(reset, reset / 2, Outage::Reset)
            .chain(every(restart, restart, Outage::Restart))
            .chain(every(restart * 3, frozen, Outage::Freeze))
            .chain(every(restart * 3, frozen + freeze, Outage::Thaw))
            .collect();
        to_come.sort_unstable();
        Outages { to_come: to_come.into(), freeze, resets: 0, restarts: 0, freezes: 0 }
    }

    /// Causes those whose time has come.
    #[track_caller]
    pub(super) fn cause(&mut self, elapsed: Duration, pulsar: &mut Pulsar, resetter: &Resetter) {
        while self.to_come.front().is_some_and(|(at, _)| *at <= elapsed) {
            let (_, outage) = self.to_come.pop_front().expect("there is one");
            match outage {
                Outage::Reset => {
                    resetter.cut();
                    self.resets += 1;
                }
                Outage::Restart => {
                    self.restarts += 1;
                    if self.restarts % 2 == 1 {
                        pulsar.kill();
                        pulsar.restart();
                    } else {
                        pulsar.stop();
                        pulsar.restart();
                        pulsar.restart_proxy();
                    }
                }
                Outage::Freeze => {
                    pulsar.freeze();
                    self.freezes += 1;
                }
                Outage::Thaw => pulsar.thaw(),
            }
        }
    }
}

impl fmt::Display for Outages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outages { resets, restarts, freezes, freeze, .. } = self;
        let freeze = freeze.as_secs();
        write!(
            f,
            "{restarts} restarts of the broker, {freezes} freezes of {freeze} s, {resets} resets"
        )
    }
}
