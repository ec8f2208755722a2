//! The command line as its users meet it: documents, spelling, values and where they come from,
//! the key, the exit codes, and how much is said to whom. Connected to nothing but the scripted
//! service, and where a value is wrong, to nothing at all.

mod bad_input;
mod ca_forms;
mod documents;
mod endless;
mod exit_codes;
mod key_hygiene;
mod key_sources;
mod precedence;
mod proxy;
mod spelling;
mod stores;
mod target;
mod voice;

use libtest_mimic::Trial;

use crate::support::run::{Output, Run};
use crate::support::service::Service;
use crate::support::trial;

pub fn trials() -> Vec<Trial> {
    [
        documents::trials(),
        spelling::trials(),
        stores::trials(),
        precedence::trials(),
        bad_input::trials(),
        ca_forms::trials(),
        endless::trials(),
        key_sources::trials(),
        key_hygiene::trials(),
        target::trials(),
        proxy::trials(),
        exit_codes::trials(),
        voice::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn test(name: &str, body: impl Fn() + Send + 'static) -> Trial {
    trial::test(format!("cli: {name}"), move || {
        body();
        Ok(())
    })
}

const LINE: &str = r#"{"number":1}"#;

/// A service with one message on its topic.
fn service() -> Service {
    let service = Service::start();
    service.publish("all", LINE);
    service
}

/// The run that reads this message and ends.
#[track_caller]
fn reads_line(run: Run) -> Output {
    let output = run.args(&["--message-id", "earliest", "-n", "1", "--retry", "0"]).run();
    output.assert_code(0).assert_lines(&[LINE]);
    output
}

/// The same, where no more of it matters.
#[track_caller]
fn works(run: Run) {
    let _ = reads_line(run);
}
