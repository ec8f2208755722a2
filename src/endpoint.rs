//! The reader endpoint's path and query, percent-encoded: message ids contain `+`, `/` and `=`.

use percent_encoding::utf8_percent_encode;

use crate::message::Position;
use crate::secret::QUERY_VALUE;

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

/// `/ws/v2/reader/persistent/TENANT/NAMESPACE/TOPIC?…`, as in Apache Pulsar's WebSocket API.
pub(crate) fn reader(topic: &Topic, position: &Position, receiver_queue_size: u16) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, QUERY_VALUE).to_string();
    let mut path = format!(
        "/ws/v2/reader/persistent/{}/{}/{}?messageId={}&receiverQueueSize={}",
        encoded(&topic.tenant),
        encoded(&topic.namespace),
        encoded(&topic.topic),
        match position {
            Position::Latest => "latest".to_owned(),
            Position::Earliest => "earliest".to_owned(),
            Position::After(id) => encoded(id.as_str()),
        },
        receiver_queue_size,
    );
    if let Some(name) = &topic.reader_name {
        path.push_str("&readerName=");
        path.push_str(&encoded(name));
    }
    path
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
    }
}
