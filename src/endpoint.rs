//! Paths and queries of the reader and the consumer endpoint of Apache Pulsar's WebSocket API,
//! percent-encoded: message ids contain `+`, `/` and `=`.

use std::time::Duration;

use percent_encoding::utf8_percent_encode;

use crate::message::Position;
use crate::secret::QUERY_VALUE;
use crate::values::subscription::{InitialPosition, Subscription};

/// The topic to read and the reader's parameters.
#[derive(Clone, Debug)]
pub(crate) struct Topic {
    pub(crate) tenant: String,
    pub(crate) namespace: String,
    pub(crate) topic: String,
    pub(crate) reader_name: Option<String>,
    /// 1 to 1000: how many messages the server sends ahead of their acknowledgement.
    pub(crate) receiver_queue_size: u16,
}

/// `/ws/v2/reader/persistent/TENANT/NAMESPACE/TOPIC?…`.
pub(crate) fn reader(topic: &Topic, position: &Position, receiver_queue_size: u16) -> String {
    let path = format!("/ws/v2/reader/persistent/{}", path_of(topic));
    let start = Some(position.as_str().to_owned());
    let queue = Some(receiver_queue_size.to_string());
    let name = topic.reader_name.clone();
    path + &query([("messageId", start), ("receiverQueueSize", queue), ("readerName", name)])
}

/// `/ws/v2/consumer/persistent/TENANT/NAMESPACE/TOPIC/SUBSCRIPTION?…`. The initial position counts
/// only if the subscription does not exist yet.
pub(crate) fn consumer(
    topic: &Topic,
    subscription: &Subscription,
    initial: InitialPosition,
    receiver_queue_size: u16,
) -> String {
    let name = encoded(&subscription.name);
    let path = format!("/ws/v2/consumer/persistent/{}/{name}", path_of(topic));
    let millis = |time: Duration| time.as_millis().to_string();
    path + &query([
        ("subscriptionType", Some(subscription.kind.parameter().to_owned())),
        ("subscriptionInitialPosition", Some(initial.parameter().to_owned())),
        ("receiverQueueSize", Some(receiver_queue_size.to_string())),
        ("consumerName", subscription.consumer_name.clone()),
        ("priorityLevel", subscription.priority_level.map(|level| level.to_string())),
        ("ackTimeoutMillis", subscription.ack_timeout.map(millis)),
        ("negativeAckRedeliveryDelay", subscription.nack_delay.map(millis)),
        ("maxRedeliverCount", subscription.max_redeliver.map(|count| count.to_string())),
        ("deadLetterTopic", subscription.dead_letter_topic.clone()),
    ])
}

/// `TENANT/NAMESPACE/TOPIC`.
fn path_of(topic: &Topic) -> String {
    [&topic.tenant, &topic.namespace, &topic.topic].map(|part| encoded(part)).join("/")
}

/// `?NAME=VALUE&…`, without the parameters that have no value.
fn query<const N: usize>(parameters: [(&str, Option<String>); N]) -> String {
    let given = parameters.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let pairs: Vec<_> = given.map(|(name, value)| format!("{name}={}", encoded(&value))).collect();
    format!("?{}", pairs.join("&"))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, QUERY_VALUE).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::MessageId;

    #[test]
    fn every_part_is_percent_encoded() {
        let topic = Topic {
            tenant: "acmé".to_owned(),
            namespace: "event-v1".to_owned(),
            topic: "a b".to_owned(),
            reader_name: Some("x&y".to_owned()),
            receiver_queue_size: 10,
        };
        let id = MessageId::parse("CAEQ+/+/Pw==").expect("an id");
        assert_eq!(
            reader(&topic, &Position::After(id), 10),
            "/ws/v2/reader/persistent/acm%C3%A9/event-v1/a%20b?messageId=CAEQ%2B%2F%2B%2FPw%3D%3D&receiverQueueSize=10&readerName=x%26y"
        );
        let subscription = Subscription { name: "a&b".to_owned(), ..Subscription::default() };
        assert_eq!(
            consumer(&topic, &subscription, InitialPosition::Latest, 1),
            "/ws/v2/consumer/persistent/acm%C3%A9/event-v1/a%20b/a%26b?subscriptionType=Exclusive&subscriptionInitialPosition=Latest&receiverQueueSize=1"
        );
        let subscription = Subscription {
            consumer_name: Some("c".to_owned()),
            priority_level: Some(2),
            ack_timeout: Some(Duration::from_secs(3)),
            nack_delay: Some(Duration::from_millis(4)),
            max_redeliver: Some(5),
            dead_letter_topic: Some("persistent://t/n/d".to_owned()),
            ..subscription
        };
        let path = consumer(&topic, &subscription, InitialPosition::Earliest, 1);
        assert!(
            path.ends_with(
                "&consumerName=c&priorityLevel=2&ackTimeoutMillis=3000&negativeAckRedeliveryDelay=4&maxRedeliverCount=5&deadLetterTopic=persistent%3A%2F%2Ft%2Fn%2Fd"
            ),
            "{path}"
        );
    }
}
