//! From one file to the next, so that a death at any point leaves files that the cursor finds.

use super::{Destination, Output, disk_failure};
use crate::fault::Failure;
use crate::files;
use crate::files::FilePlace;
use crate::values::choice::Durability;

/// Why the open file is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// By the clock or its size: it is finished.
    Over,
    /// By SIGHUP: it may have been renamed.
    Reopen,
}

impl Output {
    /// Goes on with the next file. Everything before it counts first, and the cursor knows of it
    /// before it is made.
    pub(super) fn turn(&mut self, turn: Turn) -> Result<(), Failure> {
        self.turning = Some(turn);
        if self.cursor.is_some() && self.news.since.is_some() {
            self.commit(false)?;
        }
        if self.held.is_some() && self.durability != Durability::None {
            // Counted only later, when this file is not open any more.
            self.sync()?;
        }
        let Destination::Files(series) = &mut self.target else { return Ok(()) };
        let next = series.leave(turn == Turn::Over).and_then(|path| {
            let place = if series.open.is_at(&path)? { None } else { Some(files::place(&path)?) };
            Ok((path, place))
        });
        let left = series.open.path.clone();
        let (path, place) = next.map_err(|e| self.failure(&e))?;
        if let Some(open) = self.held.as_mut().and_then(|held| held.output.last_mut())
            && open.identity.is_some()
        {
            open.name = left;
        }
        if let Some(place) = place {
            self.name_next(place)?;
        }
        let Destination::Files(series) = &mut self.target else { return Ok(()) };
        let opened = series.open_next(&path);
        let (place, beside) = (series.open.place(), series.beside(".rejects"));
        let place = opened.and(place).map_err(|e| self.failure(&e))?;
        if let Some(held) = &mut self.held {
            held.hold(place);
        }
        if let Some(rejects) = &mut self.rejects {
            rejects.reopen(beside);
            let place = rejects.place().map_err(|e| disk_failure(rejects.shown(), &e))?;
            if let Some(held) = &mut self.held {
                held.hold_rejects(place);
            }
        }
        // The cursor is to say what is open now, the rejects file too.
        if let Some(saved) = &mut self.cursor {
            saved.is_announced = false;
        }
        self.turning = None;
        Ok(())
    }

    /// The cursor says which file is about to be made, or written from its length on.
    fn name_next(&mut self, place: FilePlace) -> Result<(), Failure> {
        if let Some(held) = &mut self.held {
            held.hold(place.clone());
        }
        let Some(saved) = self.cursor.as_mut().filter(|saved| saved.cursor.began.is_some()) else {
            return Ok(());
        };
        saved.cursor.output = self.held.as_ref().map_or(vec![place], |held| held.output.clone());
        saved.cursor.clean = false;
        saved.is_announced = false;
        saved.write()
    }
}
