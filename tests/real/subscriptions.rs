//! Several programs on one subscription of a real Pulsar, through the gateway: what they write
//! together is the topic, whoever dies meanwhile.

mod alone;
mod flow;
mod full_disk;
mod group;
mod keys;
mod outages;
mod refusals;
mod rejects;
mod shared;
mod standby;
mod throughput;

use libtest_mimic::Trial;

pub(super) fn trials() -> Vec<Trial> {
    [
        shared::trials(),
        alone::trials(),
        keys::trials(),
        standby::trials(),
        outages::trials(),
        full_disk::trials(),
        refusals::trials(),
        rejects::trials(),
        throughput::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What the service sends ahead of acknowledgements: so many may come again after one death.
const RECEIVER_QUEUE: usize = 1000;
