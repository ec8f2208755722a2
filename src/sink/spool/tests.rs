//! One spool in a folder of its own, through commits and rollbacks.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::clock::Instant;
use crate::cursor::{Cursor, CursorFile, Source};
use crate::fault::{Fault, Step};
use crate::message::{MessageId, Position};
use crate::progress::{AckAfter, Reached, Receipt, Reply};
use crate::retry::Retry;
use crate::sink::files::Files;
use crate::sink::names::Names;
use crate::testing::scratch::Scratch;
use crate::values::capture::Rotation;
use crate::values::file_name::FileName;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use std::fs;
use std::time::Duration;

/// A spool in its own folder, and its current time.
struct Case {
    folder: Scratch,
    spool: Spool,
    now: Now,
}

fn source() -> Source {
    let word = || "x".to_owned();
    Source {
        host: word(),
        tenant: word(),
        namespace: word(),
        topic: word(),
        subscription: String::new(),
    }
}

impl Case {
    fn new(ack_after: AckAfter) -> Case {
        let folder = Scratch::new("spool");
        let now = Now { instant: Instant::now(), utc: Timestamp::UNIX_EPOCH };
        let path = folder.join("ev.log");
        let name = FileName::parse(path.as_os_str()).expect("a name");
        let rotation = Rotation { size: Some(1000), interval: None, keep: None };
        let names = Names { name, rotation, durable: false };
        let cursor = Cursor::new(source(), Position::Earliest, "payload".to_owned());
        let file = CursorFile::new(&folder.join("cursor"), false);
        let mut cursor = SavedCursor::new(Some(file), cursor);
        cursor.session_opened(now.utc, None);
        let spool = Spool {
            pending: Pending::default(),
            progress: Progress::new(Reached::default(), ack_after),
            destination: Destination::Files(Box::new(Files::start(names, 0o600, now).unwrap())),
            rejects: Some(Rejects::new(folder.join("rejects"), false, 0o600, false)),
            cursor,
            unconfirmed: None,
            uncommitted: Uncommitted::default(),
            storage: Storage::default(),
            durability: Durability::Cursor,
            locks: Vec::new(),
        };
        Case { folder, spool, now }
    }

    /// Takes a message; its line is written unless it is a repeat.
    fn take(&mut self, entry: u8) {
        let id = MessageId::parse(&STANDARD.encode([8, 1, 16, entry])).expect("an id");
        let line = format!("{entry}\n");
        let unconfirmed = self.spool.unconfirmed.as_mut();
        let is_event = !unconfirmed.is_some_and(|it| it.output.confirms(line.as_bytes()));
        if is_event {
            self.spool.pending.buffer().extend_from_slice(line.as_bytes());
        }
        let (place, reply) = (Some((id.clone(), None)), Some(Reply::Acknowledge(id.text())));
        let receipt = Receipt { place, reply, is_event, at: self.now.instant };
        self.spool.progress.take(receipt, self.spool.pending.end());
    }

    fn pass(&mut self, after: Duration) {
        self.now = Now { instant: self.now.instant + after, ..self.now };
        assert_eq!(self.spool.pass(self.now).expect("nothing refuses"), Written::All);
    }

    fn next_file(&mut self) {
        self.spool.destination.files_mut().expect("files").switch = Some(Switch::Rotate);
        self.pass(Duration::ZERO);
    }

    /// A sync fails, and the rollback follows.
    fn roll_back(&mut self) -> u64 {
        let failure = Failure::new(Step::Output, "disk", Fault::DiskRefused, "broken");
        let wait = Duration::from_millis(1);
        let policy = Retry { limit: None, delay: wait, max_delay: wait, all_errors: false };
        self.spool.storage.sync_failed(failure, &policy, self.now.instant);
        self.spool.roll_back().expect("nothing refuses").lines
    }

    fn acks(&mut self) -> usize {
        std::iter::from_fn(|| self.spool.progress.next_ack()).count()
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap()
    }

    /// The last message that the saved cursor names, and the lengths of its files.
    fn saved(&self) -> (Option<u64>, Vec<u64>) {
        let file = CursorFile::new(&self.folder.join("cursor"), false);
        let (cursor, reached) = file.load(&source()).unwrap().expect("it was announced");
        let lengths = cursor.output.iter().map(|place| place.offset).collect();
        (reached.newest().map(|id| id.entry), lengths)
    }
}

#[test]
fn the_cursor_is_there_before_the_first_line_and_names_it_soon_after() {
    for (ack_after, at_once) in [(AckAfter::Write, 1), (AckAfter::Commit, 0)] {
        let mut case = Case::new(ack_after);
        case.pass(Duration::ZERO);
        assert_eq!(case.saved(), (None, vec![0]));
        case.take(1);
        case.pass(Duration::ZERO);
        assert_eq!((case.file("ev.log.part").as_str(), case.acks()), ("1\n", at_once));
        case.pass(Duration::from_millis(99));
        assert_eq!(case.saved(), (None, vec![0]));
        case.pass(Duration::from_millis(1));
        assert_eq!(case.saved(), (Some(1), vec![2]));
        assert_eq!(case.acks(), 1 - at_once);
    }
}

#[test]
fn a_rollback_cuts_the_open_file_to_what_the_cursor_names() {
    let mut case = Case::new(AckAfter::Write);
    case.take(1);
    case.pass(Duration::ZERO);
    case.pass(Duration::from_secs(1));
    case.take(2);
    case.pass(Duration::ZERO);
    case.take(3);
    assert_eq!(case.roll_back(), 2);
    assert_eq!((case.file("ev.log.part").as_str(), case.acks()), ("1\n", 0));
    let taken = case.spool.progress.taken();
    assert_eq!(taken.newest().map(|id| id.entry), Some(1), "to be read again from there");
    (2..=3).for_each(|entry| case.take(entry));
    case.pass(Duration::ZERO);
    case.pass(Duration::from_secs(1));
    assert_eq!(case.saved(), (Some(3), vec![6]));
    assert!(case.spool.storage.worked(case.now.instant).is_some(), "a sync has worked");
}

#[test]
fn lines_of_a_file_that_was_left_are_unconfirmed_after_a_rollback() {
    let mut case = Case::new(AckAfter::Write);
    case.pass(Duration::ZERO);
    case.take(1);
    case.pass(Duration::ZERO);
    // As after a death that left a line behind: it is there, and no cursor goes past it.
    case.spool.unconfirmed = Some(Unconfirmed::default());
    let unconfirmed = case.spool.unconfirmed.as_mut().expect("set above");
    unconfirmed.output.lines.add(b"never\n");
    unconfirmed.output.files = vec![];
    let place = case.spool.destination.place().unwrap().expect("a file");
    unconfirmed.output.open(FilePlace { offset: 0, ..place });
    case.next_file();
    case.take(2);
    case.pass(Duration::ZERO);
    assert_eq!(case.saved(), (None, vec![0, 0]), "both files may hold later lines");
    assert_eq!(case.roll_back(), 2);
    assert_eq!(case.file("ev.19700101T000000.log"), "1\n", "it was synced when it was left");
    assert_eq!(case.file("ev.log.part"), "");
    case.take(1);
    case.take(2);
    case.pass(Duration::ZERO);
    case.pass(Duration::from_secs(1));
    assert_eq!(case.file("ev.19700101T000000.log"), "1\n", "left out when it came again");
    assert_eq!(case.file("ev.log.part"), "2\n");
    assert_eq!(case.saved(), (Some(2), vec![2]));
}
