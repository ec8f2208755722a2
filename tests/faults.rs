//! Every fault between the program and the service, and what the user is told of it. The tables
//! read like a list: the fault in words, the fault, the code, the exit code, and words that the
//! one line on stderr must hold, of its cause and of its advice. One test for each row.
//!
//! What is tried again and what is not, and what a limit on time bounds, is in `retrying` and
//! `limits`; messages that cannot be decoded are in `payloads`.

mod heads;
mod limits;
mod names;
mod payloads;
mod peers;
mod proxies;
mod resources;
mod retrying;
mod stream;
mod tcp;
mod tls;
mod upgrade;

use libtest_mimic::Trial;

use crate::support::run::{Output, Run};
use crate::support::service::{Fault, Service};
use crate::support::trial;

pub fn trials() -> Vec<Trial> {
    [
        names::trials(),
        tcp::trials(),
        proxies::trials(),
        tls::trials(),
        upgrade::trials(),
        stream::trials(),
        payloads::trials(),
        resources::trials(),
        retrying::trials(),
        limits::trials(),
        peers::trials(),
        heads::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// One line of a table.
struct Row {
    name: &'static str,
    fault: Fault,
    code: &'static str,
    exit: i32,
    /// Of the cause and of the advice.
    words: &'static [&'static str],
    args: &'static [&'static str],
}

const fn row(
    name: &'static str,
    fault: Fault,
    code: &'static str,
    exit: i32,
    words: &'static [&'static str],
) -> Row {
    Row { name, fault, code, exit, words, args: &[] }
}

impl Row {
    const fn with(mut self, args: &'static [&'static str]) -> Row {
        self.args = args;
        self
    }

    /// A trial that meets the fault without a retry, compares the line, and looks at `more`.
    fn trial(self, more: fn(&Row, &Service, &Output)) -> Trial {
        test(self.name, move || {
            let service = Service::builder().always(self.fault.clone()).fault_after(1).start();
            service.publish("all", r#"{"number":1}"#);
            let run = |more: &[&str]| {
                let run = Run::against(&service).args(&["--message-id", "earliest"]);
                run.args(self.args).args(more).args(&["--retry", "0"]).run()
            };
            let mut output = run(&[]);
            let mut words = self.words.to_vec();
            if self.has_limit() && !output.stderr.contains(self.code) {
                // On a busy machine an earlier step may have used up the time.
                output = run(&["--connect-timeout", "40s"]);
                words.retain(|word| *word != "1s");
            }
            output.assert_code(self.exit).assert_stderr_has(&format!("[{}]", self.code));
            assert_told(&output, self.code, &words);
            more(&self, &service, &output);
        })
    }

    fn has_limit(&self) -> bool {
        self.args.contains(&"--connect-timeout")
    }
}

fn test(name: &str, body: impl Fn() + Send + 'static) -> Trial {
    trial::test(format!("faults: {name}"), move || {
        body();
        Ok(())
    })
}

/// Exactly one line: step, subject, cause, code, advice; and in it every one of `words`.
#[track_caller]
fn assert_told(output: &Output, code: &str, words: &[&str]) {
    let whole = output.whole();
    assert_eq!(output.stderr.lines().count(), 1, "not one line\n{whole}");
    let (step, _) = code.split_once('.').unwrap();
    assert!(output.stderr.starts_with(&format!("tail8x8: {step} ")), "not of {step}\n{whole}");
    let (_, advice) = output.stderr.split_once(&format!(" [{code}]; ")).expect(&whole);
    assert!(advice.trim_end().len() > 20, "no advice\n{whole}");
    for word in words {
        assert!(output.stderr.contains(word), "the line lacks {word:?}\n{whole}");
    }
}
