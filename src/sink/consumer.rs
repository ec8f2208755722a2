//! What a consumer needs of its output, and a reader does not.

use super::destination::Destination;
use super::rejects::Rejects;
use crate::message::OnReject;
use crate::progress::{AckAfter, Reached, RecentIds};
use crate::settings::Settings;
use crate::values::subscription::SubscriptionType;

/// A reader's acknowledgements only ask for more messages, so they need not wait for a commit. A
/// consumer's are for ever.
pub(super) fn ack_after(
    settings: &Settings,
    to: &Destination,
    rejects: Option<&Rejects>,
) -> AckAfter {
    let has_file = to.files().is_some() || rejects.is_some();
    match settings.subscription.is_some() && has_file {
        true => AckAfter::Commit,
        false => AckAfter::Write,
    }
}

/// With half a receiver queue acknowledged at once, the service always has some to send.
pub(super) fn most_uncommitted(settings: &Settings, ack_after: AckAfter) -> Option<u64> {
    let half = u64::from(settings.topic.receiver_queue_size / 2).max(1);
    (ack_after == AckAfter::Commit).then_some(half)
}

/// Where the order of messages means nothing, those taken lately have to be remembered. A cursor
/// that has begun to remember them goes on, whatever the type is now.
pub(super) fn with_recent_ids(mut reached: Reached, settings: &Settings) -> Reached {
    let Some(subscription) = &settings.subscription else { return reached };
    let ids_only_grow = subscription.kind == SubscriptionType::Exclusive
        && settings.lines.on_reject != OnReject::Nack;
    let recent = match reached.recent.take() {
        Some(recent) => recent,
        None if ids_only_grow => return reached,
        None => {
            let mut recent = RecentIds::default();
            reached.partitions().for_each(|last| recent.add_all_up_to(&last.id));
            recent
        }
    };
    reached.recent = Some(recent.keep_for_queue(settings.topic.receiver_queue_size));
    reached
}
