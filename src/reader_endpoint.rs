//! The reader endpoint's path and query, percent-encoded: message ids hold `+`, `/` and `=`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::connect::Request;
use crate::secret::Secret;
use crate::settings::{Position, Settings, Topic};

/// Everything but the unreserved characters of RFC 3986 section 2.3.
pub(crate) const QUERY_VALUE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is asked of the service for a reader from this position on, with this receiver queue.
pub(crate) fn request(
    settings: &Settings,
    key: Secret,
    position: &Position,
    receiver_queue_size: u16,
) -> Request {
    let topic = Topic { receiver_queue_size, ..settings.topic.clone() };
    Request {
        path: path(&topic, position),
        key,
        style: settings.credentials.style,
        max_message_size: settings.link.max_message_size,
    }
}

/// `/ws/v2/reader/persistent/TENANT/NAMESPACE/TOPIC?…`, as Apache Pulsar's WebSocket API has it.
pub(crate) fn path(topic: &Topic, position: &Position) -> String {
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
        topic.receiver_queue_size,
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
            path(&topic, &Position::After(id)),
            "/ws/v2/reader/persistent/acm%C3%A9/event-v1/a%20b?messageId=CAEQ%2B%2F%2B%2FPw%3D%3D&receiverQueueSize=10&readerName=x%26y"
        );
    }
}
