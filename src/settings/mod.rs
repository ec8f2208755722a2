//! The settings of one run: the command line, the environment and the config file combined,
//! checked, and turned into types that cannot be wrong.
//!
//! Every rule about more than one option lives in this folder. Nothing here connects anywhere; the
//! only files read are the key, the CA and the config file.

mod ca_form;
mod capture;
mod config;
mod environment;
mod filters;
#[cfg(any(test, fuzzing))]
#[path = "../../tests/fuzz/checks/config.rs"]
pub(crate) mod fuzz;
mod key;
mod known;
mod layers;
mod permissions;
mod proxy;
mod range;
mod server;
mod subscription;
mod target;
#[cfg(test)]
mod tests;
mod trust;
mod warning;

use jiff::Timestamp;

use crate::args::Args;
use crate::endpoint::Topic;
use crate::fault::{Failure, Fault, Step};
use crate::message::LineRules;
use crate::report::Talk;
use crate::retry::Retry;
use crate::values::capture::Capture;
use crate::values::limits::Limits;
use crate::values::stop::Stop;
use crate::values::subscription::Subscription;

pub(crate) use environment::Environment;
pub(crate) use key::Credentials;
pub(crate) use known::gate;
pub(crate) use layers::complete;
pub(crate) use range::Start;
pub(crate) use server::region;
pub(crate) use target::Target;
pub(crate) use trust::Trust;
pub(crate) use warning::Warning;

/// The settings of one run.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) target: Target,
    pub(crate) topic: Topic,
    /// `None` is a reader.
    pub(crate) subscription: Option<Subscription>,
    pub(crate) credentials: Credentials,
    pub(crate) start: Start,
    pub(crate) stop: Stop,
    pub(crate) lines: LineRules,
    pub(crate) capture: Capture,
    pub(crate) limits: Limits,
    pub(crate) retry: Retry,
    pub(crate) talk: Talk,
    /// Printed before the first connection, in this order.
    pub(crate) warnings: Vec<Warning>,
}

impl Settings {
    /// Settles the options and warnings that [`complete`] returned.
    ///
    /// # Errors
    /// An option that is missing or cannot be combined, or a file that cannot be read. Nothing has
    /// been connected by then.
    pub(crate) fn settle(
        args: Args,
        env: &Environment,
        mut warnings: Vec<Warning>,
    ) -> Result<Settings, Failure> {
        let tenant = args.tenant.clone().ok_or_else(|| {
            Failure::new(Step::Config, "tenant", Fault::NoTenant, "none is given")
        })?;
        let target = target::settle(&args, env)?;
        let subscription = subscription::settle(&args, &mut warnings)?;
        let (start, stop, retry) = range::settle(&args)?;
        let credentials = key::settle(&args, env, &mut warnings)?;
        let capture = capture::settle(&args)?;
        warnings.extend(filters::warnings(&args, Timestamp::now()));
        let topic = Topic {
            tenant,
            namespace: args.namespace,
            topic: args.topic,
            reader_name: args.reader_name,
            receiver_queue_size: args.receiver_queue_size,
        };
        let (lines, limits, talk) = (args.lines, args.limits, args.talk);
        Ok(Settings {
            target,
            topic,
            subscription,
            credentials,
            start,
            stop,
            lines,
            capture,
            limits,
            retry,
            talk,
            warnings,
        })
    }

    /// Whether the run follows the topic without an end, so that trouble is reported when it
    /// begins and when it ends.
    pub(crate) fn is_following(&self) -> bool {
        !self.stop.at_end && self.stop.until.is_none()
    }
}
