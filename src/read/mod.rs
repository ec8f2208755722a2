//! The main job: connect, read, write and acknowledge, and after every failure reconnect and
//! resume, until the run ends.
//!
//! Data flows one way, session → message → output, and the acknowledgement goes back once the line
//! is written. Each idea of the loop has its own type: [`desk`] hosts every wait, [`opener`] opens
//! sessions, [`intake`] takes in frames, [`resume`] knows where to resume, [`ending`] when to end
//! ([`end`] where, found by [`latest`], and [`proof`] when a silence is believed), [`mod@drain`] what
//! is left to do then. [`mod@unsubscribe`] removes a subscription instead.

mod desk;
mod drain;
mod end;
mod ended;
mod ending;
mod gap;
mod greeting;
mod idle;
mod intake;
mod latest;
mod left_out;
mod opener;
mod outage;
mod proof;
mod resume;
mod run;
mod unplaced;
mod unsubscribe;
mod watch;

use crate::clock::Now;
use crate::fault::Failure;
use crate::metrics::Metrics;
use crate::report::Log;
use crate::settings::Settings;
use crate::sink::Output;
use crate::wait::Signals;
use desk::{Desk, Opening};
pub(crate) use ended::Ended;
use run::Run;
pub(crate) use unsubscribe::{confirm_unsubscribe, unsubscribe};

/// Reads until the run's end.
///
/// # Errors
/// The failure that must not be retried, or after which the retries were used up.
pub(crate) fn read(
    settings: &Settings,
    log: &mut Log,
    signals: &mut Signals,
) -> Result<Ended, Failure> {
    let has_file = settings.capture.output.is_some();
    let mut opening = Opening { signals: &mut *signals, has_file };
    let Some(output) = Output::open(settings, log, &mut opening, Now::read())? else {
        return Ok(Ended::Stopped);
    };
    let metrics = settings.capture.metrics.clone().map(Metrics::new);
    let mut run = Run::new(settings, Desk::new(signals, log, output, metrics));
    greeting::tell_position(settings, &mut run.desk);
    run.desk.status(&format!("connecting to {}", settings.target.host));
    let ended = run.until_end();
    run.close();
    if ended.is_ok() {
        left_out::tell(settings, log);
    }
    ended
}
