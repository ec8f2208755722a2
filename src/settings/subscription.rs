//! Which options go with a subscription, and what a consumer needs so that no event is lost.

use crate::args::{Args, Endpoint, OPTIONS, Opt};
use crate::fault::{Failure, Fault, Step};
use crate::message::OnReject;
use crate::values::choice::Durability;
use crate::values::subscription::{Subscription, SubscriptionType};

/// The subscription to read, if there is one.
///
/// # Errors
/// Options that cannot be combined.
pub(super) fn settle(args: &Args) -> Result<Option<Subscription>, Failure> {
    let given = || OPTIONS.iter().filter(|opt| args.has(opt.long));
    if !args.has("subscription") {
        return match given().find(|opt| is_for_consumers(opt, args)) {
            Some(opt) => Err(mistake(args.source(opt.long), Fault::NeedsSubscription)),
            None => Ok(None),
        };
    }
    for opt in given() {
        if let Endpoint::Reader { why } = opt.endpoint {
            let failure = mistake(args.source(opt.long), Fault::ReaderOnly);
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
    Ok(Some(subscription))
}

/// The service accepts these parameters from every consumer, and ignores them without a word.
fn check_dead_letters(args: &Args) -> Result<(), Failure> {
    let Subscription { kind, max_redeliver, dead_letter_topic, .. } = &args.subscription;
    if dead_letter_topic.is_some() && max_redeliver.is_none() {
        return Err(Failure::usage(args.source("dead-letter-topic"), "needs --max-redeliver N"));
    }
    let has_dead_letters = matches!(kind, SubscriptionType::Shared | SubscriptionType::KeyShared);
    if max_redeliver.is_some() && !has_dead_letters {
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
    const ABOUT_READING: &[&str] =
        &["output", "cursor-file", "exit-at-end", "num-messages", "event", "rejects"];
    if !args.unsubscribe {
        return match args.yes {
            true => Err(Failure::usage(args.source("yes"), "needs --unsubscribe")),
            false => Ok(()),
        };
    }
    let other = ABOUT_READING.iter().find(|name| args.layer(name) == args.layer("unsubscribe"));
    match other.filter(|name| args.has(name)) {
        Some(name) => {
            let subject = format!("{} and {}", args.source("unsubscribe"), args.source(name));
            Err(Failure::usage(subject, "conflict: --unsubscribe reads nothing"))
        }
        None => Ok(()),
    }
}

/// An acknowledgement is for ever: it may leave only after what it is for is safe.
fn check_safe(args: &Args) -> Result<(), Failure> {
    let has_file = args.capture.output.as_ref().is_some_and(|name| !name.is_stdout());
    if !has_file || args.unsubscribe {
        return Ok(());
    }
    if args.capture.cursor.is_none() {
        return Err(mistake(args.source("output"), Fault::NeedsCursor));
    }
    if args.capture.durability == Durability::None && !args.at_most_once {
        return Err(mistake(args.source("sync"), Fault::UnsafeAcks));
    }
    Ok(())
}

fn mistake(subject: &str, fault: Fault) -> Failure {
    let cause = match fault {
        Fault::ReaderOnly => "is not for a subscription",
        Fault::NeedsSubscription => "needs --subscription NAME",
        Fault::NeedsCursor => "needs --cursor-file FILE with a subscription",
        _ => "cannot be combined with a subscription and --output",
    };
    Failure::new(Step::Config, subject, fault, cause)
}
