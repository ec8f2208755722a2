//! `--unsubscribe`: removes a subscription, and with it everything the service keeps for it.

use std::io::{self, IsTerminal as _};

use super::ended::Ended;
use super::watch;
use crate::clock::Instant;
use crate::connect::{Connector, Halt, Request, Watched};
use crate::fault::{Failure, Fault, Step};
use crate::message::{Frame, parse};
use crate::report::Report;
use crate::session::{Next, Session, Woke};
use crate::settings::Settings;
use crate::values::subscription::Subscription;
use crate::wait::Signals;
use crate::words::duration;

/// With the smallest receiver queue, the least is delivered that nobody reads.
const QUEUE: u16 = 1;

/// Asks on the terminal whether to remove the subscription.
///
/// # Errors
/// If there is no terminal to ask on.
pub(crate) fn confirm_unsubscribe(
    settings: &Settings,
    report: &mut Report,
) -> Result<bool, Failure> {
    if !(io::stdin().is_terminal() && report.is_terminal()) {
        let cause = "there is no terminal to ask on";
        return Err(Failure::new(Step::Config, "--unsubscribe", Fault::NeedsYes, cause));
    }
    let what = described(settings);
    report.alarm(format!(
        "this removes {what} for all its consumers, with every event not yet acknowledged. Continue? [y/N]"
    ));
    let mut answer = String::new();
    let _ = io::stdin().read_line(&mut answer);
    let is_confirmed = ["y", "yes"].iter().any(|yes| answer.trim().eq_ignore_ascii_case(yes));
    if !is_confirmed {
        report.notice(format!("kept {what}"));
    }
    Ok(is_confirmed)
}

/// Removes the subscription.
///
/// The consumer that does so is an exclusive one, whatever the others are: if any other is
/// connected, the service refuses it with a sentence. As the only consumer, it is the one whose
/// request the service carries out, which it does before it answers the next question.
///
/// # Errors
/// Those of the connect steps and of the session, and if the service did not confirm it.
pub(crate) fn unsubscribe(
    settings: &Settings,
    report: &mut Report,
    signals: &mut Signals,
) -> Result<Ended, Failure> {
    match remove(settings, report, signals) {
        Ok(()) => {
            let what = described(settings);
            report.notice(format!("removed {what} (the service does not say whether it existed)"));
            Ok(Ended::Done)
        }
        Err(Halt::Stopped) => Ok(Ended::Stopped),
        Err(Halt::Failed(mut failure)) => {
            if matches!(failure.fault, Fault::Busy | Fault::OtherSubscriptionType) {
                failure.fault = Fault::SubscriptionInUse;
            }
            Err(*failure)
        }
    }
}

fn remove(settings: &Settings, report: &mut Report, signals: &mut Signals) -> Result<(), Halt> {
    let key = settings.credentials.load()?;
    report.keep_key(&key);
    let alone = Subscription { name: name(settings).to_owned(), ..Subscription::default() };
    let request = Request::consumer(settings, key, &alone, QUEUE);
    let limit = settings.limits.connect_timeout;
    let connection = {
        let mut told = Watched::new(signals, |_, event| watch::tell(report, event));
        Connector::new(&settings.target).connect(&request, limit, &mut told)?
    };
    let server = settings.target.authority();
    let mut session = Session::new(connection.socket, server.clone(), &settings.limits);
    let asked = session.unsubscribe().and_then(|()| session.ask_end_of_topic());
    let until = Instant::now() + limit;
    let unconfirmed =
        |cause: String| Failure::new(Step::Stream, &server, Fault::UnsubscribeUnconfirmed, cause);
    let ended =
        |failure: Failure| unconfirmed(format!("{} before it was confirmed", failure.cause));
    asked.map_err(ended)?;
    loop {
        match session.next().map_err(ended)? {
            Next::Message(text) if matches!(parse(&text), Frame::Control) => break,
            Next::Message(_) | Next::Unreadable { .. } => {}
            Next::Nothing => match session.wait(signals, true, Some(until)).map_err(ended)? {
                Woke::Ready => {}
                Woke::Stop => return Err(Halt::Stopped),
                Woke::Deadline => {
                    let cause = format!("no answer to the request within {}", duration(limit));
                    return Err(unconfirmed(cause).into());
                }
            },
        }
    }
    session.close(signals);
    Ok(())
}

fn name(settings: &Settings) -> &str {
    settings.subscription.as_ref().map_or("", |subscription| &subscription.name)
}

fn described(settings: &Settings) -> String {
    let topic = &settings.topic;
    format!(
        "subscription {} of topic {}/{}/{}",
        name(settings),
        topic.tenant,
        topic.namespace,
        topic.topic
    )
}
