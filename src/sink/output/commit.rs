//! What makes written lines count: sync, then the cursor, as one step that holds or does not.

use std::io;
use std::time::Instant;

use jiff::Timestamp;

use super::{Destination, News, Output, Saved, disk_failure};
use crate::fault::Failure;
use crate::files::FilePlace;
use crate::message::LineRules;
use crate::progress::Progress;
use crate::sink::held::{Held, Lines};
use crate::sink::rejects::Rejects;
use crate::sink::start::{self, Found};
use crate::values::choice::Durability;

impl Output {
    /// A session is open; `now` is the service's clock. The cursor is saved before any line.
    pub(crate) fn opened(&mut self, now: Timestamp) {
        self.listen(true);
        if let Some(saved) = &mut self.cursor
            && saved.cursor.began.is_none()
        {
            saved.cursor.began = Some(now);
            saved.is_announced = false;
        }
        self.write();
    }

    /// The topic refuses to go on after an id. Whether this is news to the cursor.
    pub(crate) fn note_partitioned(&mut self) -> bool {
        let Some(saved) = &mut self.cursor else { return true };
        saved.is_announced = false;
        !std::mem::replace(&mut saved.cursor.partitioned, true)
    }

    fn wants_announcing(&self) -> bool {
        // Before a first session there is nothing to announce.
        self.cursor
            .as_ref()
            .is_some_and(|saved| !saved.is_announced && saved.cursor.began.is_some())
    }

    /// Makes the cursor say which file comes to hold lines, before it does.
    pub(super) fn announce(&mut self) -> Result<(), Failure> {
        match self.wants_announcing() {
            false => Ok(()),
            // Lengths go with the messages that they are of.
            true if self.news.since.is_some() && self.held.is_none() => self.commit(false),
            true => self.save(false),
        }
    }

    /// Counts the messages whose lines are out.
    pub(super) fn release(&mut self) {
        while let Some(mut receipt) = self.pending.next_out() {
            if let Some((id, published)) = receipt.place.take() {
                self.progress.took(id, published);
            }
            if let (Some(line), Some(rejects)) = (receipt.reject.take(), &mut self.rejects) {
                rejects.add(&line);
            }
            self.lines += u64::from(receipt.is_event);
            self.released.push_back(receipt);
            self.news.since.get_or_insert_with(Instant::now);
        }
    }

    /// Writes the rejects among the messages that were counted.
    pub(super) fn write_rejects(&mut self) -> Result<(), Failure> {
        let Some(rejects) = &mut self.rejects else { return Ok(()) };
        rejects.write().map_err(|e| disk_failure(rejects.shown(), &e))
    }

    /// Makes everything written so far count.
    pub(super) fn commit(&mut self, clean: bool) -> Result<(), Failure> {
        self.write_rejects()?;
        if self.cursor.is_none() && self.durability == Durability::Message {
            self.sync()?;
        }
        if self.cursor.is_none() || self.held.is_some() {
            self.news.since = self.news.since.filter(|_| self.cursor.is_some());
            self.news.bytes = 0;
            return Ok(());
        }
        if self.durability != Durability::None {
            self.sync()?;
        }
        let progress = self.progress.clone();
        if let Some(saved) = &mut self.cursor {
            saved.cursor.progress = progress;
        }
        self.save(clean)?;
        self.news = News::default();
        self.lines_named = self.lines;
        Ok(())
    }

    pub(super) fn sync(&mut self) -> Result<(), Failure> {
        let files = match &mut self.target {
            Destination::Files(series) => series.open.sync(),
            Destination::Pipe(_) => Ok(()),
        };
        let mut result = files.map_err(|e| self.failure(&e));
        if let (Ok(()), Some(rejects)) = (&result, &mut self.rejects) {
            result = rejects.sync().map_err(|e| disk_failure(rejects.shown(), &e));
        }
        // What went to a stream cannot be taken back.
        let is_file = matches!(self.target, Destination::Files(_));
        self.doubtful = result.is_err() && self.cursor.is_some() && is_file;
        self.unproven &= result.is_err();
        result
    }

    pub(super) fn save(&mut self, clean: bool) -> Result<(), Failure> {
        let (output, rejects) = self.places().map_err(|e| self.failure(&e))?;
        let Some(saved) = &mut self.cursor else { return Ok(()) };
        saved.cursor.output = output;
        saved.cursor.rejects = rejects;
        saved.cursor.clean = clean;
        saved.write()?;
        saved.is_announced = true;
        Ok(())
    }

    /// The output and rejects files that may hold lines of messages behind the cursor.
    fn places(&self) -> io::Result<(Vec<FilePlace>, Vec<FilePlace>)> {
        if let Some(held) = &self.held {
            return Ok((held.output.clone(), held.rejects_files.clone()));
        }
        let output = match &self.target {
            Destination::Pipe(_) => Vec::new(),
            Destination::Files(series) => vec![series.open.place()?],
        };
        let rejects = self.rejects.iter().map(Rejects::place).collect::<Result<_, _>>()?;
        Ok((output, rejects))
    }

    /// What a failed sync may have lost is cut, and read again. Files that were left before are on
    /// the disk: what the cursor does not name of them is awaited, as after a death.
    pub(super) fn roll_back(&mut self) -> Result<(), Failure> {
        let Some(saved) = &self.cursor else { return Ok(()) };
        let format = LineRules::format_of(&saved.cursor.lines);
        let is_line = |bytes: &[u8]| format.is_some_and(|format| format.is_whole_line(bytes));
        let mut held = Held::default();
        for place in &saved.cursor.output {
            // The open file may have been moved away.
            if let Destination::Files(series) = &mut self.target
                && place.identity.is_some_and(|identity| identity.is(&series.open.identity()))
            {
                let cut = series.open.cut(place.offset);
                cut.map_err(|e| disk_failure(series.shown(), &e))?;
                held.output.push(place.clone());
                continue;
            }
            let found = start::repair(place, is_line, &mut held.lines);
            match found.map_err(|(path, e)| disk_failure(path.display().to_string(), &e))? {
                Found::Kept(place) => held.output.push(place),
                Found::Lost(reason) => self.report.warning(reason),
                Found::Nothing => {}
            }
        }
        for place in &saved.cursor.rejects {
            let cut = start::repair(place, |_| false, &mut Lines::default());
            cut.map_err(|(path, e)| disk_failure(path.display().to_string(), &e))?;
        }
        held.rejects_files.clone_from(&saved.cursor.rejects);
        // Counted again when they are written again.
        let again = self.pending.lines() + (self.lines - self.lines_named);
        self.counters.events.set(self.counters.events.get().saturating_sub(again));
        self.lines = self.lines_named;
        self.progress = saved.cursor.progress.clone();
        self.rolled_back = Some(self.progress.clone());
        self.held = Some(held).filter(|held| !held.is_empty());
        if let Some(rejects) = &mut self.rejects {
            rejects.forget();
        }
        self.pending.clear();
        self.released.clear();
        self.news = News::default();
        self.doubtful = false;
        self.unproven = true;
        Ok(())
    }

    /// The place to read from again, after a failed sync took what was behind it.
    pub(crate) fn take_rolled_back(&mut self) -> Option<Progress> {
        self.rolled_back.take()
    }
}

impl Saved {
    /// Replaces the cursor's file.
    pub(super) fn write(&self) -> Result<(), Failure> {
        let result = self.file.save(&self.cursor);
        result.map_err(|e| disk_failure(format!("cursor {}", self.file.path().display()), &e))
    }
}
