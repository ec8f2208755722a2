//! Subscriptions: an event is acknowledged once it is safe and not before, a repeat is not written
//! twice, and what the service refuses is told. Driven against the scripted service; what only a real
//! Pulsar can show is tested beside them.

mod acks;
mod busy;
mod kills;
mod leaving;
mod options;
mod order;
mod places;
mod rejects;
mod repeats;
mod standby;
mod turns;
mod unsubscribe;
mod warnings;

use libtest_mimic::Trial;

use crate::capture::spool::Spool;
use crate::support::run::Run;
use crate::support::service::{Id, Service};
use crate::support::trial;

pub fn trials() -> Vec<Trial> {
    [
        options::trials(),
        acks::trials(),
        order::trials(),
        leaving::trials(),
        repeats::trials(),
        places::trials(),
        turns::trials(),
        rejects::trials(),
        busy::trials(),
        standby::trials(),
        unsubscribe::trials(),
        warnings::trials(),
        kills::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn test(name: &str, body: impl Fn() + Send + 'static) -> Trial {
    trial::test(format!("subscriptions: {name}"), move || {
        body();
        Ok(())
    })
}

const TOPIC: &str = "all";
const NAME: &str = "sub";
const TYPES: [&str; 4] = ["exclusive", "failover", "shared", "key_shared"];

/// A consumer that prints.
fn consumer(service: &Service) -> Run {
    Run::against(service).few_roots().args(&["--retry-delay", "20ms", "--subscription", NAME])
}

/// A consumer into the spool's output, with its cursor.
fn capture(spool: &Spool, service: &Service) -> Run {
    spool.run(service).args(&["--subscription", NAME])
}

/// The ids of the messages acknowledged by now.
#[track_caller]
fn acked(service: &Service) -> Vec<Id> {
    service.subscription(TOPIC, NAME).expect("the subscription is there").acked
}

#[track_caller]
fn backlog(service: &Service) -> usize {
    service.subscription(TOPIC, NAME).expect("the subscription is there").backlog
}
