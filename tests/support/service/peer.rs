//! Peers that speak the protocol and mean harm, or know no better: one takes the connection over where
//! a fault of the stream would strike, and never reads again.

use std::io::Write;
use std::time::{Duration, Instant};

use super::frames;
use super::topic::Id;
use super::wire::{Ending, Wire};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A ping now and then.
    Deaf,
    /// Pings as fast as they are taken.
    FloodsPings,
    /// Messages as fast as they are taken, beyond any window.
    FloodsMessages,
    /// The head of a long message, then a byte of it per 20 ms.
    DripsFrame,
    /// The head of a TLS record of 16 KiB, then a byte of it per 20 ms.
    DripsRecord,
    /// Messages without end, each of another partition.
    Partitions,
    /// Messages without end, each with an id of 5.9 MB.
    LongIds,
    /// Messages without end, none of which can be decoded.
    Rejects,
}

const DRIP: Duration = Duration::from_millis(20);

/// So much goes out at once.
const CHUNK: usize = 64 * 1024;

impl Peer {
    /// Goes on until the other side has had enough of it.
    pub(super) fn run(self, wire: &mut Wire) -> Ending {
        wire.socket_mut().patient = true;
        let mut number = 0;
        loop {
            let mut bytes = Vec::new();
            while bytes.is_empty() || self.pause().is_none() && bytes.len() < CHUNK {
                self.say(number, &mut bytes);
                number += 1;
            }
            let sent = match self {
                Peer::DripsRecord => wire.socket_mut().write_all(&bytes),
                _ => wire.write_all(&bytes),
            };
            if sent.is_err() {
                return Ending::RudeFin;
            }
            let pause =
                self.pause().map(|pause| wire.socket().remote.pause(Some(Instant::now() + pause)));
            if let Some(Err(ordered)) = pause {
                return ordered;
            }
        }
    }

    fn pause(self) -> Option<Duration> {
        matches!(self, Peer::Deaf | Peer::DripsFrame | Peer::DripsRecord).then_some(DRIP)
    }

    fn say(self, number: u64, out: &mut Vec<u8>) {
        let id = Id { partition: None, ledger: 1 << 40, entry: number, batch_index: None };
        match self {
            Peer::Deaf => frames::append(out, frames::PING, b""),
            Peer::FloodsPings => frames::append(out, frames::PING, &[b'p'; 125]),
            Peer::DripsFrame if number == 0 => {
                frames::head(out, frames::FIN | frames::TEXT, 1 << 20);
            }
            Peer::DripsFrame => out.push(b' '),
            Peer::DripsRecord if number == 0 => out.extend_from_slice(b"\x17\x03\x03\x40\x00"),
            Peer::DripsRecord => out.push(7),
            Peer::FloodsMessages => message(out, &id.encode(), "e30="),
            Peer::Partitions => {
                let id = Id { partition: Some(number as u32), ..id };
                message(out, &id.encode(), "e30=");
            }
            // An unknown field that means nothing makes the id long.
            Peer::LongIds => message(out, &id.encode_with_filling(4_400_000), "e30="),
            Peer::Rejects => message(out, &id.encode(), &"*".repeat(4000)),
        }
    }
}

fn message(out: &mut Vec<u8>, id: &str, payload: &str) {
    let text = format!(
        r#"{{"messageId":"{id}","payload":"{payload}","properties":{{}},"publishTime":"2026-11-23T22:00:00.000Z","redeliveryCount":0}}"#
    );
    frames::append(out, frames::TEXT, text.as_bytes());
}
