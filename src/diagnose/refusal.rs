//! Explains an answer that refuses the upgrade or CONNECT: who probably gave it, and what follows
//! from that.

use std::time::Duration;

use super::check::Check;
use crate::connect::Response;
use crate::fault::{Fault, Step};

/// If its broker is dead, Pulsar's proxy answers only after 30 s.
const BROKER_SILENCE: Duration = Duration::from_secs(25);

/// Who refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Pulsar's WebSocket proxy, whose broker did not answer it.
    SilentBroker,
    Pulsar,
    /// A gateway or proxy, whose status is about the server behind it.
    BeforeTheService,
    NoService,
    Gateway,
}

impl Who {
    /// Judges by the answer and the time it took; `None` if nothing was refused.
    fn of(answer: &Response, elapsed: Duration) -> Option<Who> {
        let is_jetty = answer.header("Server").is_some_and(|server| server.contains("Jetty"));
        let is_pulsar = answer.sentence().is_some_and(|sentence| {
            is_jetty
                || sentence.starts_with("Failed to create")
                || sentence.starts_with("Invalid query params")
        });
        Some(match (answer.status, is_pulsar) {
            (101, _) => return None,
            (500, true) if elapsed >= BROKER_SILENCE => Who::SilentBroker,
            (_, true) => Who::Pulsar,
            (502..=504, false) => Who::BeforeTheService,
            (..400, false) => Who::NoService,
            (_, false) => Who::Gateway,
        })
    }

    fn words(self) -> &'static str {
        match self {
            Who::SilentBroker => {
                "Pulsar's WebSocket proxy, judging by its words; it took so long that its broker must be silent"
            }
            Who::Pulsar => "Pulsar's WebSocket proxy, judging by its words",
            Who::BeforeTheService => {
                "the gateway, or a proxy in between: this status is about the server behind it"
            }
            Who::NoService => {
                "most likely a portal or another web server: the service answers with 101 or an error"
            }
            Who::Gateway => "most likely the gateway: the answer does not look like Pulsar's",
        }
    }
}

/// Adds what the answer shows to a failed check. `sent` says how the key was sent, and describes
/// it.
pub(super) fn explain(mut check: Check, answer: &Response, step: Step, sent: &str) -> Check {
    check = check.note("got", speakers(answer));
    let Some(who) = Who::of(answer, check.elapsed).filter(|_| step == Step::Auth) else {
        return check;
    };
    check = check.note("who", who.words());
    if who == Who::SilentBroker {
        check.cases = vec![Fault::SilentBroker.into()];
    }
    match answer.status {
        401 | 403 => check.note("sent", sent),
        _ => check,
    }
}

/// The status line, and the headers that name who answered.
fn speakers(answer: &Response) -> String {
    let mut text = answer.status_line();
    for name in ["Server", "Via"] {
        if let Some(value) = answer.header(name) {
            text = format!("{text}; {name}: {value}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(status: u16, server: &str, body: &str, seconds: u64) -> Option<Who> {
        let headers = vec![("Server".to_owned(), server.to_owned())];
        let body = body.as_bytes().to_vec();
        let answer = Response { status, headers, body, ..Response::default() };
        Who::of(&answer, Duration::from_secs(seconds))
    }

    #[test]
    fn no_more_is_said_of_who_refused_than_the_answer_tells() {
        let pulsar = "<title>Error 500 Failed to create reader: timeout</title>";
        for (status, server, body, seconds, expected) in [
            (101, "nginx", "", 0, None),
            (401, "nginx", "<title>401 Authorization Required</title>", 0, Some(Who::Gateway)),
            (401, "nginx", r#"{"message":"no such key"}"#, 0, Some(Who::Gateway)),
            (401, "Jetty(9.4)", "<title>Error 401 Unauthorized</title>", 0, Some(Who::Pulsar)),
            (500, "nginx", pulsar, 1, Some(Who::Pulsar)),
            (500, "nginx", pulsar, 30, Some(Who::SilentBroker)),
            (500, "nginx", "out of memory", 30, Some(Who::Gateway)),
            (502, "nginx", "<title>502 Bad Gateway</title>", 0, Some(Who::BeforeTheService)),
            (302, "portal", "", 0, Some(Who::NoService)),
            (200, "nginx", "<title>Welcome</title>", 0, Some(Who::NoService)),
        ] {
            assert_eq!(who(status, server, body, seconds), expected, "{status} {server} {body}");
        }
    }
}
