//! Reading a topic back by a few lines that share nothing with the program under test: what it says
//! is compared with what these found.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tungstenite::Message;

use super::id::Id;
use super::producer::connect;
use super::topic::Topic;

/// A message as it lies in the topic.
#[derive(Clone, Debug)]
pub struct Stored {
    /// As the service wrote it, to resume after.
    pub text_id: String,
    pub id: Id,
    pub payload: Vec<u8>,
    /// The whole frame.
    pub frame: Value,
}

/// Every payload of a topic that is not partitioned, in order.
#[track_caller]
pub fn read_topic(topic: &Topic) -> Vec<Vec<u8>> {
    read_messages(topic).into_iter().map(|message| message.payload).collect()
}

/// Every payload of each partition, in order.
#[track_caller]
pub fn read_partitions(topic: &Topic) -> Vec<Vec<Vec<u8>>> {
    let partitions = topic.partitions.expect("a partitioned topic");
    (0..partitions).map(|number| read_topic(&topic.partition(number))).collect()
}

/// Every message of a topic that is not partitioned, up to the one that is the last now.
#[track_caller]
pub fn read_messages(topic: &Topic) -> Vec<Stored> {
    assert!(topic.partitions.is_none(), "a partitioned topic has no order of its own");
    let Some(last) = topic.last() else { return Vec::new() };
    let mut socket = connect(&topic.url("reader", "messageId=earliest")).unwrap();
    let mut messages = Vec::new();
    loop {
        let frame = socket
            .read()
            .unwrap_or_else(|error| panic!("after {} messages: {error}", messages.len()));
        let Message::Text(text) = frame else { continue };
        let message = stored(&text);
        let ack = json!({"messageId": message.text_id}).to_string();
        socket.write(Message::text(ack)).unwrap();
        let (at, whole) = ((message.id.ledger, message.id.entry), message.id.ends_its_entry());
        messages.push(message);
        if at > last || (at == last && whole) {
            return messages;
        }
        // A tenth of the window: the service never waits for an acknowledgement.
        if messages.len() % 100 == 0 {
            socket.flush().unwrap();
        }
    }
}

#[track_caller]
fn stored(text: &str) -> Stored {
    let frame: Value = serde_json::from_str(text).expect("a frame is JSON");
    let text_id = frame["messageId"].as_str().expect("a message has an id").to_owned();
    let payload =
        STANDARD.decode(frame["payload"].as_str().expect("a message has a payload")).unwrap();
    Stored { id: Id::parse(&text_id), text_id, payload, frame }
}
