//! Where a run starts, when it ends, and how often it retries.

use std::time::Duration;

use jiff::Timestamp;

use crate::args::Args;
use crate::fault::{Failure, Fault, Step};
use crate::message::Position;
use crate::retry::Retry;
use crate::values::moment::Moment;
use crate::values::stop::Stop;
use crate::values::subscription::InitialPosition;

/// The default idle timeout of a run that catches up: it must end even if nothing more arrives.
const IDLE_AT_END: Duration = Duration::from_secs(10);
/// Its default number of retries: it must not retry forever.
const RETRIES_AT_END: u32 = 3;

/// Where the first connection starts reading.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) position: Position,
    /// The position comes from `--message-id`, not from the default.
    pub(crate) is_given: bool,
    /// Only messages published at this time or later are written.
    pub(crate) since: Option<Moment>,
    /// Where a subscription begins that does not exist yet.
    pub(crate) initial: InitialPosition,
}

/// Where the run starts, when it ends, and how often it retries: each depends on the others.
///
/// # Errors
/// Options that cannot be combined.
pub(super) fn settle(args: &Args) -> Result<(Start, Stop, Retry), Failure> {
    let now = Timestamp::now();
    check(args, now)?;
    let is_past = args.stop.until.is_some_and(|until| until.at(now) <= now);
    let catches_up = args.stop.at_end || is_past;
    Ok((start(args, catches_up), stop(args, catches_up), retry(args, catches_up)?))
}

fn check(args: &Args, now: Timestamp) -> Result<(), Failure> {
    let Some(until) = args.stop.until else { return Ok(()) };
    if let Some(since) = args.since.filter(|since| since.at(now) >= until.at(now)) {
        let cause = format!("conflict: no time is left between {since} and {until}");
        let subject = format!("{} and {}", args.source("since"), args.source("until"));
        return Err(Failure::usage(subject, cause));
    }
    if args.capture.cursor.is_some() {
        let subject = format!("{} and {}", args.source("until"), args.source("cursor-file"));
        let cause = "cannot be combined: the next run would miss the events left out";
        return Err(Failure::new(Step::Config, subject, Fault::UntilWithCursor, cause));
    }
    Ok(())
}

fn start(args: &Args, catches_up: bool) -> Start {
    let has_start = catches_up || args.since.is_some() || args.capture.cursor.is_some();
    let by_default = if has_start { Position::Earliest } else { Position::Latest };
    let initial = if has_start { InitialPosition::Earliest } else { InitialPosition::Latest };
    // The service keeps the place of a subscription, and whatever it delivers is to be written.
    let by_default = if args.has("subscription") { Position::Earliest } else { by_default };
    Start {
        initial: args.initial_position.unwrap_or(initial),
        is_given: args.message_id.is_some(),
        position: args.message_id.clone().unwrap_or(by_default),
        since: args.since,
    }
}

fn stop(args: &Args, catches_up: bool) -> Stop {
    let is_given = args.has("idle-timeout");
    let by_default = catches_up.then_some(IDLE_AT_END);
    Stop {
        idle_timeout: if is_given { args.stop.idle_timeout } else { by_default },
        idle_after_until: (args.stop.until.is_some() && !is_given).then_some(IDLE_AT_END),
        ..args.stop.clone()
    }
}

fn retry(args: &Args, catches_up: bool) -> Result<Retry, Failure> {
    let by_default = catches_up.then_some(RETRIES_AT_END);
    let (delay, max_delay) = delays(args)?;
    Ok(Retry {
        limit: if args.has("retry") { args.retry.limit } else { by_default },
        delay,
        max_delay,
        ..args.retry.clone()
    })
}

/// The first and the longest wait. If they contradict each other, the one given by the user wins
/// over a default.
fn delays(args: &Args) -> Result<(Duration, Duration), Failure> {
    let Retry { delay, max_delay, .. } = args.retry;
    if delay <= max_delay {
        Ok((delay, max_delay))
    } else if !args.has("retry-delay") {
        Ok((max_delay, max_delay))
    } else if !args.has("retry-max-delay") {
        Ok((delay, delay))
    } else {
        let cause = format!("is longer than {} allows", args.source("retry-max-delay"));
        Err(Failure::usage(args.source("retry-delay"), cause))
    }
}
