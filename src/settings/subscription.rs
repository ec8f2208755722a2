//! Which options go with a subscription, and what a consumer needs so that no event is lost.

use super::Warning;
use crate::args::{Args, Endpoint, OPTIONS, Opt, Section};
use crate::fault::{Failure, Fault, Step};
use crate::message::OnReject;
use crate::values::capture::Capture;
use crate::values::choice::Durability;
use crate::values::file_name::FileName;
use crate::values::subscription::{Subscription, SubscriptionType};

/// The subscription to read, if there is one.
///
/// # Errors
/// Options that cannot be combined.
pub(super) fn settle(
    args: &Args,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Subscription>, Failure> {
    let given = || OPTIONS.iter().filter(|opt| args.has(opt.long));
    if !args.has("subscription") {
        return match given().find(|opt| is_for_consumers(opt, args)) {
            Some(opt) => {
                let cause = "needs --subscription NAME";
                Err(mistake(args.source(opt.long), Fault::NeedsSubscription, cause))
            }
            None => Ok(None),
        };
    }
    for opt in given() {
        if let Endpoint::Reader { why } = opt.endpoint {
            let cause = "cannot be used with --subscription";
            let failure = mistake(args.source(opt.long), Fault::ReaderOnly, cause);
            return Err(failure.with("instead", why));
        }
    }
    check_alone(args)?;
    check_safe(args)?;
    check_dead_letters(args)?;
    let mut subscription = args.subscription.clone();
    if let Some(topic) = subscription.dead_letter_topic.take_if(|topic| !topic.contains("://")) {
        // The service would look for a bare name in a tenant of its own.
        let tenant = args.tenant.as_deref().unwrap_or_default();
        let whole = format!("persistent://{tenant}/{}/{topic}", args.namespace);
        subscription.dead_letter_topic = Some(whole);
    }
    if args.lines.on_reject == OnReject::Nack && !has_dead_letters(subscription.kind) {
        warnings.push(Warning::on_terminal(format!(
            "--on-reject nack with type {}: the service delivers the message, and everything after it, again and again; it has dead letters only with shared and key_shared",
            subscription.kind.name()
        )));
    }
    Ok(Some(subscription))
}

/// The service accepts these parameters from every consumer, and silently ignores them.
fn check_dead_letters(args: &Args) -> Result<(), Failure> {
    if args.has("nack-delay") && args.lines.on_reject != OnReject::Nack {
        return Err(Failure::usage(args.source("nack-delay"), "needs --on-reject nack"));
    }
    let Subscription { kind, max_redeliver, dead_letter_topic, .. } = &args.subscription;
    if dead_letter_topic.is_some() && max_redeliver.is_none() {
        return Err(Failure::usage(args.source("dead-letter-topic"), "needs --max-redeliver N"));
    }
    if max_redeliver.is_some() && !has_dead_letters(*kind) {
        let cause = format!(
            "needs --subscription-type shared or key_shared: with {} the service has no dead letters",
            kind.name()
        );
        return Err(Failure::usage(args.source("max-redeliver"), cause));
    }
    Ok(())
}

fn is_for_consumers(opt: &Opt, args: &Args) -> bool {
    let sends_back = opt.long == "on-reject" && args.lines.on_reject == OnReject::Nack;
    opt.endpoint == Endpoint::Consumer || sends_back
}

/// Nothing is read while a subscription is removed.
fn check_alone(args: &Args) -> Result<(), Failure> {
    if !args.unsubscribe {
        return match args.yes {
            true => Err(Failure::usage(args.source("yes"), "needs --unsubscribe")),
            false => Ok(()),
        };
    }
    // What a config file says about reading does no harm.
    let is_beside = |opt: &&Opt| args.layer(opt.long) == args.layer("unsubscribe");
    let is_about_reading = |opt: &&Opt| match opt.section {
        Section::Range | Section::Output | Section::Capture => true,
        Section::Subscription => {
            !["subscription", "subscription-type", "unsubscribe", "yes"].contains(&opt.long)
        }
        _ => false,
    };
    match OPTIONS.iter().filter(is_about_reading).find(is_beside) {
        Some(opt) => {
            let subject = format!("{} and {}", args.source("unsubscribe"), args.source(opt.long));
            Err(Failure::usage(subject, "conflict: --unsubscribe reads nothing"))
        }
        None => Ok(()),
    }
}

/// An acknowledgement is for ever: it may leave only after what it is for is safe.
fn check_safe(args: &Args) -> Result<(), Failure> {
    let Capture { output, cursor, rejects, durability, .. } = &args.capture;
    if args.unsubscribe {
        return Ok(());
    }
    let has_file = output.as_ref().is_some_and(|name| !name.is_stdout() && !is_stream(name));
    if has_file && cursor.is_none() {
        let cause =
            "with --subscription, --cursor-file is required: it records what the file contains";
        return Err(mistake(args.source("output"), Fault::NeedsCursor, cause));
    }
    let is_unsafe = *durability == Durability::None && (has_file || rejects.is_some());
    match (is_unsafe, args.at_most_once) {
        (true, false) => {
            let cause = "--sync none would acknowledge events before they are on the disk, and they are never sent again";
            Err(mistake(args.source("sync"), Fault::UnsafeAcks, cause))
        }
        (false, true) => {
            let cause =
                "needs --sync none and a file: everything else is acknowledged when it is safe";
            Err(Failure::usage(args.source("at-most-once"), cause))
        }
        _ => Ok(()),
    }
}

/// Whether the output is a pipe or a device. It can have no cursor.
fn is_stream(name: &FileName) -> bool {
    std::fs::metadata(name.given()).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

fn has_dead_letters(kind: SubscriptionType) -> bool {
    matches!(kind, SubscriptionType::Shared | SubscriptionType::KeyShared)
}

fn mistake(subject: &str, fault: Fault, cause: &str) -> Failure {
    Failure::new(Step::Config, subject, fault, cause)
}
