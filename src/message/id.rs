//! Message ids, compared by what they mean.
//!
//! An id is base64 of a small protobuf message, Apache Pulsar's `MessageIdData`: field 1 ledger,
//! 2 entry, 3 partition, 4 batch index, then fields that depend on who made the id. So different
//! strings can name the same message; only the first four fields identify it. Field 6 is the size
//! of the batch.

use std::fmt;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A place within a partition: ledger, entry and batch index. A later message has a greater one.
pub(crate) type Place = (u64, u64, i64);

/// Many times longer than any id of the service.
const LONGEST: usize = 1024;

/// One message's place in its topic, with the original text of its id.
#[derive(Clone)]
pub(crate) struct MessageId {
    /// As the server wrote it, which is what an acknowledgement or a resume must send back.
    text: Rc<str>,
    pub(crate) ledger: u64,
    pub(crate) entry: u64,
    /// Absent (-1) outside partitioned topics.
    pub(crate) partition: i64,
    /// Absent (-1) outside batches.
    pub(crate) batch_index: i64,
    /// No other message of its entry comes after it; `false` if that is not known.
    pub(crate) ends_entry: bool,
}

impl MessageId {
    /// Reads an id as the server or a user wrote it.
    ///
    /// # Errors
    /// What is wrong with the text, as the end of a sentence.
    pub(crate) fn parse(text: &str) -> Result<MessageId, String> {
        if text.len() > LONGEST {
            return Err(format!("is longer than {LONGEST} bytes"));
        }
        let bytes = STANDARD.decode(text).map_err(|e| format!("is not base64: {e}"))?;
        let mut id = MessageId {
            text: text.into(),
            ledger: 0,
            entry: 0,
            partition: -1,
            batch_index: -1,
            ends_entry: false,
        };
        let (mut has_ledger, mut has_entry, mut batch_size) = (false, false, 0);
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let tag = varint(&mut rest)?;
            let (field, wire_type) = (tag >> 3, tag & 7);
            let value = match wire_type {
                0 => varint(&mut rest)?,
                1 => skip(&mut rest, 8)?,
                2 => {
                    let length = varint(&mut rest)?;
                    skip(&mut rest, length)?
                }
                5 => skip(&mut rest, 4)?,
                other => return Err(format!("has a field of unknown wire type {other}")),
            };
            match (field, wire_type) {
                (1, 0) => (id.ledger, has_ledger) = (value, true),
                (2, 0) => (id.entry, has_entry) = (value, true),
                (3, 0) => id.partition = int32(value),
                (4, 0) => id.batch_index = int32(value),
                (6, 0) => batch_size = int32(value),
                _ => {}
            }
        }
        if id.partition < -1 {
            return Err(format!("has partition {}", id.partition));
        }
        if !(has_ledger && has_entry) {
            return Err("has no ledger and entry".to_owned());
        }
        id.ends_entry = id.batch_index < 0 || id.batch_index + 1 == batch_size;
        Ok(id)
    }

    /// Whether this text can be sent back as an id, whatever it means.
    pub(crate) fn may_be(text: &str) -> bool {
        text.len() <= LONGEST
    }

    /// The id as it is sent to the server.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The same text, shared.
    pub(crate) fn text(&self) -> Rc<str> {
        Rc::clone(&self.text)
    }

    /// The message's place within its partition.
    pub(crate) fn place(&self) -> Place {
        (self.ledger, self.entry, self.batch_index)
    }

    /// The id of the entry before this one: reading after it begins with this message's entry. The
    /// first of a ledger follows entry -1, which the service understands.
    pub(crate) fn before(&self) -> MessageId {
        let entry = self.entry.wrapping_sub(1);
        let mut bytes = Vec::with_capacity(30);
        put(&mut bytes, 1, self.ledger);
        put(&mut bytes, 2, entry);
        if self.partition >= 0 {
            put(&mut bytes, 3, self.partition.cast_unsigned());
        }
        let text = STANDARD.encode(bytes).into();
        MessageId { text, entry, batch_index: -1, ends_entry: true, ..*self }
    }
}

impl PartialEq for MessageId {
    fn eq(&self, other: &MessageId) -> bool {
        (self.partition, self.place()) == (other.partition, other.place())
    }
}

impl Eq for MessageId {}

/// `ledger:entry[:partition[:batch index]]`, as Pulsar's own tools print it.
impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.ledger, self.entry, self.partition)?;
        if self.batch_index >= 0 {
            write!(f, ":{}", self.batch_index)?;
        }
        Ok(())
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({self})", self.text)
    }
}

/// Appends a field of protobuf's wire type 0.
fn put(bytes: &mut Vec<u8>, field: u8, mut value: u64) {
    bytes.push(field << 3);
    while value > 0x7f {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn varint(rest: &mut &[u8]) -> Result<u64, String> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, tail) = rest.split_first().ok_or("ends in the middle of a number")?;
        *rest = tail;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err("has a number of more than 64 bits".to_owned())
}

/// Protobuf's int32: it sign-extends a negative number to 64 bits, and only the low 32 count.
fn int32(value: u64) -> i64 {
    i64::from(value as i32)
}

fn skip(rest: &mut &[u8], length: u64) -> Result<u64, String> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    *rest = rest.get(length..).ok_or("ends in the middle of a field")?;
    Ok(0)
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// The id of a message of ledger 1; a partition below 0 means none.
    pub(crate) fn id(partition: i64, entry: u64) -> MessageId {
        let whole = MessageId::parse("CAEQAA==").expect("an id");
        MessageId { partition, entry: entry + 1, ..whole }.before()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(bytes: &[u8]) -> Result<MessageId, String> {
        MessageId::parse(&STANDARD.encode(bytes))
    }

    #[test]
    fn the_four_fields_are_read_and_later_ones_ignored() {
        let id = id(&[8, 172, 2, 16, 5, 24, 1, 32, 3, 40, 10, 48, 0]).expect("an id");
        assert_eq!((id.partition, id.place()), (1, (300, 5, 3)));
        assert_eq!((id.to_string().as_str(), id.ends_entry), ("300:5:1:3", false));
    }

    #[test]
    fn two_texts_can_name_one_message() {
        let short = id(&[8, 1, 16, 2]).expect("an id");
        let long = id(&[8, 1, 16, 2, 48, 0]).expect("an id");
        // -1 written out, as some clients do: ten bytes of varint.
        let explicit =
            id(&[8, 1, 16, 2, 24, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]).expect("an id");
        assert_eq!(short, long);
        assert_eq!(short, explicit);
        assert_ne!(short.as_str(), long.as_str());
    }

    /// As protobuf itself reads them: the low 32 bits count.
    #[test]
    fn numbers_of_32_bits_stay_within_them() {
        let most = [255, 255, 255, 255, 255, 255, 255, 255, 127];
        let id = id(&[&[8, 1, 16, 2, 24][..], &most, &[32], &most, &[48], &most].concat());
        let id = id.expect("an id");
        assert_eq!((id.partition, id.batch_index, id.ends_entry), (-1, -1, true));
    }

    #[test]
    fn the_entry_before_is_read_as_written() {
        let id = id(&[8, 172, 2, 16, 5, 24, 1, 32, 3]).expect("an id");
        let before = MessageId::parse(id.before().as_str()).expect("an id");
        assert_eq!(before, id.before());
        assert_eq!((before.partition, before.place()), (1, (300, 4, -1)));
        let first = MessageId::parse("CAEQAA==").expect("an id").before();
        assert_eq!(MessageId::parse(first.as_str()).expect("an id").entry, u64::MAX);
    }

    #[test]
    fn what_is_no_id_is_said() {
        assert!(MessageId::parse("now").is_err_and(|e| e.contains("not base64")));
        assert!(id(&[]).is_err_and(|e| e.contains("no ledger")));
        assert!(id(&[8]).is_err_and(|e| e.contains("ends in the middle of a number")));
        assert!(id(&[0x0a, 200]).is_err());
    }
}
