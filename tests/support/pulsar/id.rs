//! A message id as Pulsar writes it, taken apart without any help of the program under test.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Where a message lies. What is absent on the wire is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    pub ledger: u64,
    pub entry: u64,
    pub partition: Option<u64>,
    pub batch_index: Option<u64>,
    pub batch_size: Option<u64>,
}

impl Id {
    /// Reads the protobuf message behind the base64.
    #[track_caller]
    pub fn parse(text: &str) -> Id {
        let bytes = STANDARD.decode(text).expect("an id is base64");
        let mut bytes = bytes.into_iter();
        let mut fields = [None; 7];
        while let Some(tag) = varint(&mut bytes) {
            let value = varint(&mut bytes).expect("a field has a value");
            match tag & 7 {
                0 => fields[(tag >> 3) as usize] = Some(value),
                // The set of acknowledged indexes may come as bytes; nobody asks for it.
                2 => drop(bytes.by_ref().take(value as usize).collect::<Vec<_>>()),
                kind => panic!("a field of kind {kind} in {text}"),
            }
        }
        Id {
            ledger: fields[1].expect("a ledger"),
            entry: fields[2].expect("an entry"),
            // A message outside partitions says -1 or nothing, one outside batches likewise.
            partition: fields[3].filter(|&number| number < 1 << 31),
            batch_index: fields[4].filter(|&number| number < 1 << 31),
            batch_size: fields[6].filter(|&number| number > 0),
        }
    }

    /// Whether no message of the same entry comes after it.
    pub fn ends_its_entry(&self) -> bool {
        match (self.batch_index, self.batch_size) {
            (Some(index), Some(size)) => index + 1 == size,
            _ => true,
        }
    }
}

fn varint(bytes: &mut impl Iterator<Item = u8>) -> Option<u64> {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let byte = bytes.next()?;
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        if byte < 0x80 {
            break;
        }
    }
    Some(value)
}
