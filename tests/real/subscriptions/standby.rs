//! `failover`: one has everything, and when it dies, another goes on.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use super::RECEIVER_QUEUE;
use super::group::Group;
use crate::support::counts::count;
use crate::support::nginx::Gateway;
use crate::support::pulsar::process::wait_until;
use crate::support::pulsar::{Pulsar, trial_alone};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        // It tells how soon something comes.
        trial_alone("real::subscriptions: a standby goes on within five seconds", goes_on),
    ]
}

fn goes_on() {
    let deaths = count(2, 8);
    let pulsar = Pulsar::shared();
    let topic = pulsar.namespace("subscriptions-standby").topic("all");
    let gateway = Gateway::start(pulsar.websocket_port());
    let group = Group::of(&topic, gateway.port(), "failover");
    let producer = topic.keep_publishing(None);
    let mut longest = Duration::ZERO;
    for death in 0..deaths {
        // Of a lower level than those that come, so that it is the active one.
        let active = group.start("active");
        group.wait_for_more("active");
        let mut standby = group.start_with("standby", &["--priority-level", "1"]);
        standby.running.wait_stderr("no messages assigned yet");
        group.wait_for_more("active");
        producer.wait_for_more(300);

        let before = group.length("standby");
        let killed = Instant::now();
        active.kill();
        wait_until("the standby goes on", || group.length("standby") > before);
        longest = longest.max(killed.elapsed());
        assert!(longest < Duration::from_secs(5), "it took {longest:?} at death {death}");
        group.wait_for_more("standby");
        let _ = standby.stop();
    }
    let published = producer.finish();
    let mut last = [group.start("active")];
    group.wait_until_acknowledged(&mut last);
    let [last] = last;
    let _ = last.stop();
    let repeats = group.assert_union(&["active", "standby"], 0..published);
    eprintln!(
        "{deaths} deaths, {longest:?} at most, {repeats} of {published} events in both files"
    );
    assert!(repeats <= deaths * RECEIVER_QUEUE, "{repeats} repeats after {deaths} deaths");
}
