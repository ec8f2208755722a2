//! The event types that 8x8 documents, and the topics they are in.
//!
//! A copy of what 8x8 publishes, as of [`EVENT_TYPES_AS_OF`](crate::dates::EVENT_TYPES_AS_OF). New
//! types may be added any day, so a name that is not listed here is a reason to warn, never to refuse.

use crate::words;

/// The namespace that holds the events of the whole tenant, and its topic of all of them.
const TENANT: &str = "event-v1";
const ALL: &str = "all";

/// The namespace with a topic for each agent, named by the agent's id.
const AGENTS: &str = "agent-v1";

/// Every event type; each is also a topic of the tenant's namespace.
#[rustfmt::skip]
const EVENT_TYPES: [&str; 31] = [
    "AgentProvChange", "AgentSkillChanged", "AgentSkillCreated", "AgentStatusChange",
    "GuestChatEnd", "InteractionAccepted", "InteractionAssigned", "InteractionChanged",
    "InteractionCreated", "InteractionCustomerAccepted", "InteractionDeassigned",
    "InteractionDeleted", "InteractionEndPostProcess", "InteractionJoinLinesRequest",
    "InteractionJoined", "InteractionParticipantChange", "InteractionParticipantRemovedByHost",
    "InteractionPostProcess", "InteractionQueueTimeout", "InteractionQueued",
    "InteractionReconnect", "InteractionRecordingReady", "InteractionRecordingStarted",
    "InteractionRejected", "InteractionTransferRequest", "InteractionUnqueued", "LineHoldStatus",
    "LineMuteStatus", "MediaProxyAdded", "MediaProxyRemoved", "RecordingStatus",
];

/// Names of the member around events of several types, which `--event` takes, too.
const AROUND: [&str; 2] = ["Interaction", "AgentProvChange"];

/// What a topic holds, judging by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Every event of the tenant.
    Everything,
    /// The events of one type.
    OneType,
    /// The events of one agent, if there is an agent of this id.
    OneAgent,
    /// Nothing: the name is that of a topic of the tenant, in the namespace of the agents.
    NoAgent,
    /// Probably nothing: 8x8 documents no such topic.
    Unknown,
    /// The name does not tell.
    Any,
}

impl Content {
    /// What a topic of this name holds.
    pub(crate) fn of(namespace: &str, topic: &str) -> Content {
        let name = without_partition(topic);
        let is_known = name == ALL || EVENT_TYPES.contains(&name);
        match namespace {
            AGENTS if is_known => Content::NoAgent,
            AGENTS => Content::OneAgent,
            TENANT if name == ALL => Content::Everything,
            TENANT if is_known => Content::OneType,
            // Dead letters of a subscription.
            TENANT if !name.ends_with("-DLQ") => Content::Unknown,
            _ => Content::Any,
        }
    }
}

/// One partition can be read by its own name: `all-partition-0`.
fn without_partition(topic: &str) -> &str {
    match topic.rsplit_once("-partition-") {
        Some((name, number)) if number.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => topic,
    }
}

/// Whether `--event` can be expected to find events of this name.
pub(crate) fn is_known(event: &str) -> bool {
    EVENT_TYPES.contains(&event) || AROUND.contains(&event)
}

/// Whether events that this name chooses can be in the topic of one type.
pub(crate) fn can_be_in(topic: &str, event: &str) -> bool {
    without_partition(topic) == event || AROUND.contains(&event)
}

/// The event type with the most similar name.
pub(crate) fn nearest(event: &str) -> Option<&'static str> {
    words::nearest(event, names())
}

/// The topic of the tenant's namespace with the most similar name.
pub(crate) fn nearest_topic(topic: &str) -> Option<&'static str> {
    words::nearest(topic, topics())
}

/// Every event type.
pub(crate) fn names() -> Vec<&'static str> {
    EVENT_TYPES.to_vec()
}

/// Every topic of the tenant's namespace.
pub(crate) fn topics() -> Vec<&'static str> {
    [&[ALL], &EVENT_TYPES[..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_judged_by_its_name() {
        for (namespace, topic, content) in [
            ("event-v1", "all", Content::Everything),
            ("event-v1", "all-partition-12", Content::Everything),
            ("event-v1", "InteractionCreated", Content::OneType),
            ("event-v1", "All", Content::Unknown),
            ("event-v1", "all-partition-x", Content::Unknown),
            ("event-v1", "Interaction", Content::Unknown),
            ("event-v1", "all-archive-DLQ", Content::Any),
            ("agent-v1", "agAbC", Content::OneAgent),
            ("agent-v1", "all", Content::NoAgent),
            ("mine", "All", Content::Any),
        ] {
            assert_eq!(Content::of(namespace, topic), content, "{namespace}/{topic}");
        }
    }

    #[test]
    fn the_nearest_name_is_found_whatever_its_case() {
        for (typed, meant) in [
            ("InteractionCreted", Some("InteractionCreated")),
            ("interactioncreated", Some("InteractionCreated")),
            ("Created", Some("InteractionCreated")),
            ("agent-status-change", Some("AgentStatusChange")),
            ("chatend", Some("GuestChatEnd")),
            ("x", None),
            ("SomethingElse", None),
        ] {
            assert_eq!(nearest(typed), meant, "{typed}");
        }
        assert_eq!(nearest_topic("ALL"), Some("all"));
        assert_eq!(nearest("ALL"), None);
    }

    #[test]
    fn the_names_are_in_order_and_stand_once() {
        assert!(EVENT_TYPES.is_sorted_by(|a, b| a < b));
    }
}
