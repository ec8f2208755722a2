//! A subscription of the consumer endpoint, and what our consumer asks of it.

use std::time::Duration;

use super::choice::choice;

choice! {
    /// `--subscription-type`: how the service shares a topic out among the consumers.
    SubscriptionType {
        /// One consumer; a second one is refused.
        Exclusive = "exclusive",
        /// One consumer gets everything, and the others wait to take over.
        Failover = "failover",
        /// Each message goes to one of them, by turns.
        Shared = "shared",
        /// Each message goes to one of them, those of one key to the same.
        KeyShared = "key_shared",
    }
}

impl SubscriptionType {
    /// The type of a word in any case and spelling: `shared`, `Key_Shared`, `key-shared`.
    ///
    /// # Errors
    /// Which words are allowed.
    pub(crate) fn typed(text: &str) -> Result<SubscriptionType, String> {
        let bare = |text: &str| text.to_ascii_lowercase().replace(['_', '-'], "");
        let found = SubscriptionType::ALL.iter().find(|kind| bare(kind.name()) == bare(text));
        found.copied().map_or_else(|| SubscriptionType::named(text), Ok)
    }

    /// The value of the parameter `subscriptionType`.
    pub(crate) fn parameter(self) -> &'static str {
        match self {
            SubscriptionType::Exclusive => "Exclusive",
            SubscriptionType::Failover => "Failover",
            SubscriptionType::Shared => "Shared",
            SubscriptionType::KeyShared => "Key_Shared",
        }
    }
}

choice! {
    /// `--initial-position`: where a subscription begins that does not exist yet.
    InitialPosition {
        Latest = "latest",
        Earliest = "earliest",
    }
}

impl InitialPosition {
    /// The value of the parameter `subscriptionInitialPosition`.
    pub(crate) fn parameter(self) -> &'static str {
        match self {
            InitialPosition::Latest => "Latest",
            InitialPosition::Earliest => "Earliest",
        }
    }
}

/// A subscription, and the parameters of our consumer, each with the service's default if `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) name: String,
    pub(crate) kind: SubscriptionType,
    pub(crate) consumer_name: Option<String>,
    /// Consumers with a lower number are served first.
    pub(crate) priority_level: Option<u32>,
    /// What is not acknowledged within this time is delivered again.
    pub(crate) ack_timeout: Option<Duration>,
    /// When a message that was sent back is delivered again.
    pub(crate) nack_delay: Option<Duration>,
    /// After so many redeliveries a message goes to the dead letter topic.
    pub(crate) max_redeliver: Option<u32>,
    pub(crate) dead_letter_topic: Option<String>,
}

impl Default for Subscription {
    fn default() -> Subscription {
        Subscription {
            name: String::new(),
            kind: SubscriptionType::Exclusive,
            consumer_name: None,
            priority_level: None,
            ack_timeout: None,
            nack_delay: None,
            max_redeliver: None,
            dead_letter_topic: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_understood_however_people_spell_it() {
        for (text, kind) in [
            ("exclusive", SubscriptionType::Exclusive),
            ("FAILOVER", SubscriptionType::Failover),
            ("Key_Shared", SubscriptionType::KeyShared),
            ("key-shared", SubscriptionType::KeyShared),
            ("KeyShared", SubscriptionType::KeyShared),
        ] {
            assert_eq!(SubscriptionType::typed(text), Ok(kind), "{text}");
        }
        assert!(SubscriptionType::typed("share").is_err_and(|e| e.contains("key_shared")));
    }
}
