//! The service tested by a small client of its own: does it do what the real one does, does every
//! fault strike, and does it notice a client that breaks the rules?

mod client;
mod faults;
mod rules;
mod subscriptions;
mod trouble;

use libtest_mimic::Trial;

use crate::support::trial::test;

fn trial(name: &str, work: fn()) -> Trial {
    test(format!("support::service: {name}"), move || {
        work();
        Ok(())
    })
}

pub fn selftests() -> Vec<Trial> {
    [rules::trials(), subscriptions::trials(), trouble::trials(), faults::trials()]
        .into_iter()
        .flatten()
        .collect()
}
