//! What the tests stand on: a made-up certificate authority (`ca`), the real binary driven with its
//! secrets watched (`run`, `canary`) and a local service on which every fault has a name (`service`).
//! Nothing here asserts what the program should do; the test modules beside this folder do that.

// Each user of the support (tests, demo) needs a different part of it.
#![allow(dead_code, unused_imports)]

pub mod ca;
pub mod canary;
pub mod counts;
pub mod nameserver;
pub mod nginx;
pub mod pulsar;
pub mod run;
pub mod scratch;
pub mod service;
pub mod trial;

use std::sync::Mutex;

type Ending = Box<dyn FnOnce() + Send>;

static ENDINGS: Mutex<Vec<Ending>> = Mutex::new(Vec::new());

/// Keeps something for [`end`] to do, last one first: statics are never dropped.
pub fn at_exit(ending: impl FnOnce() + Send + 'static) {
    ENDINGS.lock().unwrap().push(Box::new(ending));
}

/// Ends everything that was shared by the tests of this process. Called once, by `main`.
pub fn end() {
    let endings = std::mem::take(&mut *ENDINGS.lock().unwrap());
    endings.into_iter().rev().for_each(|ending| ending());
}

/// Trials of the support itself: a fixture that cannot fail proves nothing.
pub fn selftests() -> Vec<libtest_mimic::Trial> {
    [ca::selftests(), canary::selftests(), run::selftests(), service::selftests()]
        .into_iter()
        .flatten()
        .collect()
}
