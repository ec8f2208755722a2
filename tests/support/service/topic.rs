//! Topics: partitions that are only appended to, messages, and their ids. Who reads them, and from
//! where, is the business of `feed`.

use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::odd::Odd;

/// A message's place. Two texts can name the same place; this is what they mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id {
    pub partition: Option<u32>,
    pub ledger: u64,
    pub entry: u64,
    pub batch_index: Option<u32>,
}

impl Id {
    /// As the service writes it: base64 of a small protobuf message.
    pub fn encode(&self) -> String {
        STANDARD.encode(self.protobuf())
    }

    /// The same with the size of its batch, as the service writes it in a message's frame.
    fn encode_in_batch_of(&self, size: Option<u32>) -> String {
        let mut bytes = self.protobuf();
        size.iter().for_each(|&size| field(&mut bytes, 6, size.into()));
        STANDARD.encode(bytes)
    }

    /// The same place by a text of another maker, who adds the size of the batch and an unknown field.
    pub fn other_spelling(&self) -> String {
        let mut bytes = self.protobuf();
        field(&mut bytes, 6, 10);
        field(&mut bytes, 9, 1);
        STANDARD.encode(bytes)
    }

    /// The same place, with so many bytes in an unknown field.
    pub(super) fn encode_with_filling(&self, length: u64) -> String {
        let mut bytes = self.protobuf();
        bytes.push(9 << 3 | 2);
        varint_of(&mut bytes, length);
        bytes.resize(bytes.len() + length as usize, 0);
        STANDARD.encode(bytes)
    }

    pub fn parse(text: &str) -> Option<Id> {
        let bytes = STANDARD.decode(text).ok()?;
        let mut rest = &bytes[..];
        let mut fields = [None; 5];
        while !rest.is_empty() {
            let tag = varint(&mut rest)?;
            let number = (tag >> 3) as usize;
            match tag & 7 {
                0 => {
                    let value = varint(&mut rest)?;
                    if let Some(field) = fields.get_mut(number) {
                        *field = Some(value);
                    }
                }
                2 => {
                    let length = varint(&mut rest)? as usize;
                    rest = rest.get(length..)?;
                }
                _ => return None,
            }
        }
        Some(Id {
            ledger: fields[1]?,
            entry: fields[2]?,
            partition: fields[3].and_then(|value| value.try_into().ok()),
            batch_index: fields[4].and_then(|value| value.try_into().ok()),
        })
    }

    /// Where it stands within its partition. Without a batch index: behind the whole entry. Entry -1 is
    /// before a ledger's first.
    pub(super) fn position(&self) -> (u64, i64, u64) {
        (self.ledger, self.entry.cast_signed(), self.batch_index.map_or(u64::MAX, u64::from))
    }

    fn protobuf(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16);
        field(&mut bytes, 1, self.ledger);
        field(&mut bytes, 2, self.entry);
        self.partition.iter().for_each(|&value| field(&mut bytes, 3, value.into()));
        self.batch_index.iter().for_each(|&value| field(&mut bytes, 4, value.into()));
        bytes
    }
}

fn field(bytes: &mut Vec<u8>, number: u8, value: u64) {
    bytes.push(number << 3);
    varint_of(bytes, value);
}

fn varint_of(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first < 0x80 {
            return Some(value);
        }
    }
    None
}

/// A message to be published.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct New {
    payload: Vec<u8>,
    properties: Vec<(String, String)>,
    key: Option<String>,
    published: Option<SystemTime>,
    event_time: Option<SystemTime>,
    partition: Option<usize>,
    odd: Option<Odd>,
}

impl New {
    pub fn payload(payload: impl Into<Vec<u8>>) -> New {
        New { payload: payload.into(), ..New::default() }
    }

    pub fn property(mut self, name: &str, value: &str) -> New {
        self.properties.push((name.into(), value.into()));
        self
    }

    pub fn key(mut self, key: &str) -> New {
        self.key = Some(key.into());
        self
    }

    /// Instead of now.
    pub fn published(mut self, time: SystemTime) -> New {
        self.published = Some(time);
        self
    }

    pub fn event_time(mut self, time: SystemTime) -> New {
        self.event_time = Some(time);
        self
    }

    /// Instead of by turns.
    pub fn partition(mut self, partition: usize) -> New {
        self.partition = Some(partition);
        self
    }

    pub(super) fn odd(odd: Odd) -> New {
        New { payload: odd.payload(), odd: Some(odd), ..New::default() }
    }
}

/// A message as it lies in a topic.
#[derive(Clone, Debug)]
pub struct Message {
    pub id: Id,
    pub payload: Vec<u8>,
    pub key: Option<String>,
    properties: String,
    publish_time: String,
    event_time: Option<String>,
    odd: Option<Odd>,
    batch_size: Option<u32>,
}

impl Message {
    /// The text frame that carries it.
    pub(super) fn frame(&self, redeliveries: u32) -> String {
        let (id, time) = (self.id.encode_in_batch_of(self.batch_size), &self.publish_time);
        if let Some(frame) = self.odd.and_then(|odd| odd.frame(&id)) {
            return frame;
        }
        // OpenSSL's encoder: ours is too slow without optimisation for tests of 100 MB.
        let payload = match self.payload.is_empty() {
            true => String::new(),
            false => openssl::base64::encode_block(&self.payload),
        };
        let mut frame = String::with_capacity(payload.len() + 200);
        for part in [r#"{"messageId":""#, &id, r#"","payload":""#, &payload] {
            frame.push_str(part);
        }
        for part in [r#"","properties":"#, &self.properties, r#","publishTime":""#, time] {
            frame.push_str(part);
        }
        frame.push_str(&format!(r#"","redeliveryCount":{redeliveries}"#));
        if let Some(key) = &self.key {
            frame.push_str(&format!(r#","key":{}"#, serde_json::json!(key)));
        }
        if let Some(time) = &self.event_time {
            frame.push_str(&format!(r#","eventTime":"{time}""#));
        }
        frame.push('}');
        frame
    }

    /// To be published in another topic.
    pub(super) fn again(&self) -> New {
        let (payload, key, odd) = (self.payload.clone(), self.key.clone(), self.odd);
        New { payload, key, odd, ..New::default() }
    }

    /// Whether the service counts it as unacknowledged.
    pub(super) fn counts(&self) -> bool {
        self.odd.is_none_or(Odd::counts)
    }
}

/// One topic, partitioned or not.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) partitions: Vec<Partition>,
    pub(super) partitioned: bool,
    pub(super) terminated: bool,
    turn: usize,
    /// The last publish time and its text: it is the same for thousands of messages.
    time: (i64, String),
}

#[derive(Debug, Default)]
pub(super) struct Partition {
    messages: Vec<Arc<Message>>,
    /// How many went before these, gone with the retention.
    forgotten: usize,
    entries: u64,
    /// What was published before this place cannot be read; what comes later is still in memory.
    pub(super) unreadable: usize,
}

/// Each partition has a ledger of its own, as in Pulsar.
const FIRST_LEDGER: u64 = 11;

impl Topic {
    pub(super) fn new(partitions: Option<usize>) -> Topic {
        let count = partitions.unwrap_or(1);
        Topic {
            partitions: std::iter::repeat_with(Partition::default).take(count).collect(),
            partitioned: partitions.is_some(),
            terminated: false,
            turn: 0,
            time: (i64::MIN, String::new()),
        }
    }

    /// Appends `batch` to one partition: one entry, with batch indexes if there is more than one.
    pub(super) fn publish(&mut self, batch: Vec<New>, batched: bool) -> Vec<Arc<Message>> {
        let given = batch.first().and_then(|new| new.partition);
        let number = given.unwrap_or_else(|| {
            self.turn += 1;
            (self.turn - 1) % self.partitions.len()
        });
        let entry = self.partitions[number].entries;
        let batch_size = batched.then_some(batch.len() as u32);
        self.partitions[number].entries += 1;
        let mut published = Vec::with_capacity(batch.len());
        for (index, new) in batch.into_iter().enumerate() {
            let id = Id {
                ledger: FIRST_LEDGER + number as u64,
                entry,
                partition: self.partitioned.then_some(number as u32),
                batch_index: batched.then_some(index as u32),
            };
            let message = Arc::new(self.message(id, batch_size, new));
            self.partitions[number].messages.push(Arc::clone(&message));
            published.push(message);
        }
        published
    }

    fn message(&mut self, id: Id, batch_size: Option<u32>, new: New) -> Message {
        let properties: serde_json::Map<_, _> =
            new.properties.into_iter().map(|(name, value)| (name, value.into())).collect();
        let publish_time = self.time_text(new.published.unwrap_or_else(SystemTime::now));
        Message {
            id,
            payload: new.payload,
            key: new.key,
            properties: serde_json::to_string(&properties).unwrap(),
            publish_time,
            event_time: new.event_time.map(|time| self.time_text(time)),
            odd: new.odd,
            batch_size,
        }
    }

    fn time_text(&mut self, time: SystemTime) -> String {
        let time = Timestamp::try_from(time).unwrap();
        let millisecond = time.as_millisecond();
        if self.time.0 != millisecond {
            self.time = (millisecond, time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
        }
        self.time.1.clone()
    }
}

impl Partition {
    /// The message at a place counted from the topic's beginning; what is forgotten is skipped.
    pub(super) fn at(&self, place: &mut usize) -> Option<Arc<Message>> {
        if *place < self.unreadable {
            return None;
        }
        *place = (*place).max(self.forgotten);
        self.messages.get(*place - self.forgotten).cloned()
    }

    pub(super) fn end(&self) -> usize {
        self.forgotten + self.messages.len()
    }

    /// The place right after `id`.
    pub(super) fn after(&self, id: &Id) -> usize {
        let older = |message: &Arc<Message>| message.id.position() <= id.position();
        self.forgotten + self.messages.partition_point(older)
    }

    /// Drops what is before `id`, as a retention does.
    pub(super) fn forget_before(&mut self, id: &Id) {
        let older = |message: &Arc<Message>| message.id.position() < id.position();
        let count = self.messages.partition_point(older);
        self.messages.drain(..count);
        self.forgotten += count;
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Message>> {
        self.messages.iter()
    }
}
