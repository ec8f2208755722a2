//! What the silence of an empty topic is blamed on. To read a topic creates it, so a wrong name looks
//! like a wrong region.

use super::case::Case;
use crate::endpoint::Topic;
use crate::event_types::{self, Content};
use crate::fault::Fault;

/// The case of a topic without a single message; `asks_others`: the other regions are asked, too.
pub(super) fn of_stream(topic: &Topic, asks_others: bool) -> Case {
    match content(topic) {
        Content::Unknown => Case::from(Fault::UnknownTopic)
            .with("nearest", event_types::nearest_topic(&topic.topic).unwrap_or("all")),
        Content::OneType | Content::OneAgent | Content::NoAgent => Fault::QuietTopic.into(),
        _ if asks_others => Fault::EmptyTopicHere.into(),
        _ => Fault::EmptyTopic.into(),
    }
}

/// The case of a topic that is empty in every region.
pub(super) fn of_regions(topic: &Topic) -> Case {
    match content(topic) {
        Content::Everything | Content::Any => Fault::NoRegionHasEvents.into(),
        _ => Fault::NoRegionHasTopic.into(),
    }
}

/// Whether the case is one of [`of_stream`].
pub(super) fn is_silence(fault: Option<Fault>) -> bool {
    use Fault::{EmptyTopic, EmptyTopicHere, QuietTopic, UnknownTopic};
    matches!(fault, Some(EmptyTopic | EmptyTopicHere | QuietTopic | UnknownTopic))
}

fn content(topic: &Topic) -> Content {
    Content::of(&topic.namespace, &topic.topic)
}
