//! The progress of a run: the one value that says which messages were taken from the service, which
//! are written, which the cursor covers, and which may be acknowledged.
//!
//! A message passes these stages in order, without skipping one, so `saved` is never ahead of
//! `written`, nor `written` ahead of `taken`. A rollback takes all three back at once.

mod recent;

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use jiff::Timestamp;

use crate::clock::Instant;
use crate::message::MessageId;
pub(crate) use recent::RecentIds;

/// Several of the largest receiver queues: more is never on its way from a service that keeps to them.
const MOST_WAITING: usize = 8 * 1024;

/// How far a topic was read: the last message of each partition, and the last of all. Ids are
/// compared by ledger and entry, within one partition, where they only grow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reached {
    newest: Option<MessageId>,
    partitions: BTreeMap<i64, Last>,
    /// Where order means nothing: the messages taken lately, which alone tell a repeat.
    pub(crate) recent: Option<RecentIds>,
}

/// The last message of one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Last {
    pub(crate) id: MessageId,
    /// The latest publish time of it and all before it.
    pub(crate) published: Option<Timestamp>,
}

impl Reached {
    /// Takes one more message.
    fn took(&mut self, id: MessageId, published: Option<Timestamp>, now: Instant) {
        if let Some(recent) = &mut self.recent {
            recent.add(&id, now);
        }
        self.reach(id, published);
    }

    /// Makes a message the last of its partition, and of all.
    pub(crate) fn reach(&mut self, id: MessageId, published: Option<Timestamp>) {
        match self.partitions.get_mut(&id.partition) {
            Some(last) => {
                last.published = last.published.max(published);
                last.id = id.clone();
            }
            None => {
                self.partitions.insert(id.partition, Last { id: id.clone(), published });
            }
        }
        self.newest = Some(id);
    }

    /// The message taken last.
    pub(crate) fn newest(&self) -> Option<&MessageId> {
        self.newest.as_ref()
    }

    /// The last message of a partition.
    pub(crate) fn of(&self, partition: i64) -> Option<&Last> {
        self.partitions.get(&partition)
    }

    /// The last message of each partition.
    pub(crate) fn partitions(&self) -> impl Iterator<Item = &Last> {
        self.partitions.values()
    }
}

/// What is due once a message's line is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// The place in the topic that the message reaches; `None` if it is not a new one.
    pub(crate) place: Option<(MessageId, Option<Timestamp>)>,
    /// The answer to the service; `None` after the message's session has ended, and if the message
    /// cannot be answered.
    pub(crate) reply: Option<Reply>,
    /// The message has a line.
    pub(crate) is_event: bool,
    /// When it arrived.
    pub(crate) at: Instant,
}

/// What the service is told about a message, with the id as the service wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Acknowledge(Rc<str>),
    /// Only on a subscription: the message is to be delivered again.
    NegativeAcknowledge(Rc<str>),
}

/// When a message may be acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AckAfter {
    /// After its line is written. This is enough if an acknowledgement only asks for more messages.
    Write,
    /// After its line is on the disk and the cursor covers it. This is needed if the service
    /// forgets acknowledged messages.
    Commit,
}

/// The progress of one run.
#[derive(Debug)]
pub(crate) struct Progress {
    taken: Reached,
    written: Reached,
    saved: Reached,
    /// The number of lines written, and how many of them the cursor covers.
    lines_written: u64,
    lines_saved: u64,
    /// Messages that are taken but not written, each with the end of its line in the output.
    unwritten: VecDeque<(u64, Receipt)>,
    /// Messages that are written but not acknowledged.
    unacknowledged: VecDeque<Receipt>,
    /// How many of those, from the first on, are committed.
    committed: usize,
    ack_after: AckAfter,
}

impl Progress {
    /// The progress of a run that resumes from the cursor of an earlier one.
    pub(crate) fn new(saved: Reached, ack_after: AckAfter) -> Progress {
        Progress {
            taken: saved.clone(),
            written: saved.clone(),
            saved,
            lines_written: 0,
            lines_saved: 0,
            unwritten: VecDeque::new(),
            unacknowledged: VecDeque::new(),
            committed: 0,
            ack_after,
        }
    }

    /// The messages taken from the service.
    pub(crate) fn taken(&self) -> &Reached {
        &self.taken
    }

    /// When a message may be acknowledged.
    pub(crate) fn ack_after(&self) -> AckAfter {
        self.ack_after
    }

    /// The messages that the cursor covers.
    pub(crate) fn saved(&self) -> &Reached {
        &self.saved
    }

    /// Whether every message that was taken is written.
    pub(crate) fn is_all_written(&self) -> bool {
        self.unwritten.is_empty()
    }

    /// Whether so many messages wait to be written or acknowledged that no more should be taken.
    pub(crate) fn is_full(&self) -> bool {
        self.unwritten.len() + self.unacknowledged.len() >= MOST_WAITING
    }

    /// Takes a message, whose line ends at this offset of the output.
    pub(crate) fn take(&mut self, receipt: Receipt, end: u64) {
        if let Some((id, published)) = &receipt.place {
            self.taken.took(id.clone(), *published, receipt.at);
        }
        self.unwritten.push_back((end, receipt));
    }

    /// The output is written up to this offset. Returns how many messages that completes.
    pub(crate) fn wrote(&mut self, end: u64) -> u64 {
        let mut completed = 0;
        while self.unwritten.front().is_some_and(|(at, _)| *at <= end)
            && let Some((_, mut receipt)) = self.unwritten.pop_front()
        {
            if let Some((id, published)) = receipt.place.take() {
                self.written.took(id, published, receipt.at);
            }
            self.lines_written += u64::from(receipt.is_event);
            self.unacknowledged.push_back(receipt);
            completed += 1;
        }
        completed
    }

    /// Everything written is on the disk, and the cursor is about to cover it. Even if the save
    /// fails, a rollback cannot go back further, because the file may have been replaced.
    pub(crate) fn save(&mut self) {
        self.saved.clone_from(&self.written);
        self.lines_saved = self.lines_written;
    }

    /// The cursor that covers everything written is saved.
    pub(crate) fn committed(&mut self) {
        self.committed = self.unacknowledged.len();
    }

    /// The next message that may be acknowledged.
    pub(crate) fn next_ack(&mut self) -> Option<Receipt> {
        if self.ack_after == AckAfter::Commit && self.committed == 0 {
            return None;
        }
        self.committed = self.committed.saturating_sub(1);
        self.unacknowledged.pop_front()
    }

    /// The session has ended: its lines still count, but their acknowledgements are void.
    pub(crate) fn session_closed(&mut self) {
        for (_, receipt) in &mut self.unwritten {
            receipt.reply = None;
        }
        self.forget_acks();
    }

    /// Takes the run back to the cursor; everything after it will be sent again. Returns how many
    /// lines will be counted again.
    pub(crate) fn roll_back(&mut self) -> u64 {
        let waiting = self.unwritten.iter().filter(|(_, receipt)| receipt.is_event).count();
        let again = waiting as u64 + (self.lines_written - self.lines_saved);
        self.taken.clone_from(&self.saved);
        self.written.clone_from(&self.saved);
        self.lines_written = self.lines_saved;
        self.unwritten.clear();
        self.forget_acks();
        again
    }

    fn forget_acks(&mut self) {
        self.unacknowledged.clear();
        self.committed = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    fn id(entry: u8) -> MessageId {
        MessageId::parse(&STANDARD.encode([8, 1, 16, entry])).expect("an id")
    }

    fn receipt(entry: u8) -> Receipt {
        let reply = Some(Reply::Acknowledge(format!("{entry}").into()));
        Receipt { place: Some((id(entry), None)), reply, is_event: true, at: Instant::now() }
    }

    /// Three messages are taken, whose lines end at 10, 20 and 30.
    fn three(ack_after: AckAfter) -> Progress {
        let mut progress = Progress::new(Reached::default(), ack_after);
        for entry in 1..=3 {
            progress.take(receipt(entry), 10 * u64::from(entry));
        }
        progress
    }

    /// The entries of the last message taken, written and saved.
    fn stages(progress: &Progress) -> [Option<u64>; 3] {
        let stages = [&progress.taken, &progress.written, &progress.saved]
            .map(|reached| reached.newest().map(|id| id.entry));
        assert!(stages.is_sorted_by(|later, earlier| later >= earlier), "{stages:?}");
        stages
    }

    fn acks(progress: &mut Progress) -> Vec<String> {
        std::iter::from_fn(|| progress.next_ack())
            .map(|receipt| match receipt.reply {
                Some(Reply::Acknowledge(id) | Reply::NegativeAcknowledge(id)) => id.to_string(),
                None => "void".to_owned(),
            })
            .collect()
    }

    #[test]
    fn a_message_passes_every_stage_in_its_order() {
        let mut progress = three(AckAfter::Write);
        assert_eq!(stages(&progress), [Some(3), None, None]);
        assert_eq!((progress.wrote(9), progress.wrote(25)), (0, 2), "the third is out in part");
        assert_eq!(stages(&progress), [Some(3), Some(2), None]);
        progress.save();
        assert_eq!(stages(&progress), [Some(3), Some(2), Some(2)]);
        assert!(!progress.is_all_written());
        assert_eq!((progress.wrote(30), progress.is_all_written()), (1, true));
        assert_eq!(stages(&progress), [Some(3), Some(3), Some(2)]);
    }

    #[test]
    fn after_the_write_an_acknowledgement_may_leave_at_once() {
        let mut progress = three(AckAfter::Write);
        assert!(acks(&mut progress).is_empty(), "nothing is written");
        progress.wrote(20);
        assert_eq!(acks(&mut progress), ["1", "2"]);
        progress.save();
        progress.committed();
        assert!(acks(&mut progress).is_empty(), "no acknowledgement leaves twice");
    }

    #[test]
    fn after_the_commit_an_acknowledgement_waits_for_the_saved_cursor() {
        let mut progress = three(AckAfter::Commit);
        progress.wrote(20);
        progress.save();
        assert!(acks(&mut progress).is_empty(), "the save may still fail");
        progress.committed();
        progress.wrote(30);
        assert_eq!(acks(&mut progress), ["1", "2"], "the third came after the commit");
        progress.save();
        progress.committed();
        assert_eq!(acks(&mut progress), ["3"]);
    }

    #[test]
    fn acknowledgements_end_with_their_session_and_lines_do_not() {
        let mut progress = three(AckAfter::Commit);
        progress.wrote(10);
        progress.save();
        progress.committed();
        progress.session_closed();
        progress.wrote(30);
        assert_eq!(stages(&progress), [Some(3), Some(3), Some(1)]);
        assert!(acks(&mut progress).is_empty());
        progress.committed();
        assert_eq!(acks(&mut progress), ["void", "void"], "their messages are told all the same");
    }

    #[test]
    fn a_rollback_goes_back_to_what_the_cursor_names() {
        for ack_after in [AckAfter::Write, AckAfter::Commit] {
            let mut progress = three(ack_after);
            progress.wrote(10);
            progress.save();
            progress.committed();
            progress.wrote(20);
            assert_eq!(progress.roll_back(), 2, "one written since then, and one on its way");
            assert_eq!(stages(&progress), [Some(1); 3]);
            assert!(progress.is_all_written() && acks(&mut progress).is_empty());
            progress.take(receipt(2), 40);
            assert_eq!(progress.wrote(40), 1);
            assert_eq!(stages(&progress), [Some(2), Some(2), Some(1)]);
            assert_eq!(progress.roll_back(), 1);
        }
    }

    #[test]
    fn a_message_without_a_new_place_has_an_acknowledgement_all_the_same() {
        let mut progress = Progress::new(Reached::default(), AckAfter::Write);
        progress.take(Receipt { place: None, is_event: false, ..receipt(7) }, 0);
        assert_eq!(progress.wrote(0), 1);
        assert_eq!(stages(&progress), [None; 3]);
        assert_eq!(acks(&mut progress), ["7"]);
    }
}
