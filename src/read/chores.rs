//! What goes on in every wait of a run: files that are due, signs of life, the metrics file.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Instant;

use crate::metrics::Metrics;
use crate::notify::Notify;
use crate::report::{Counters, Report};
use crate::settings::Settings;
use crate::sink::Output;
use crate::wait::{self, earlier};
use crate::words;

/// Before the output is open there is nothing to do but to live through a SIGHUP.
pub(super) struct Waiting {
    pub(super) has_file: bool,
}

impl wait::Chores for Waiting {
    fn count(&self) {}

    fn reopen(&self) -> bool {
        self.has_file
    }

    fn due(&self) -> Option<Instant> {
        None
    }

    fn work(&self) -> bool {
        true
    }
}

/// The chores of one run.
pub(super) struct Chores {
    output: Rc<RefCell<Output>>,
    report: Rc<Report>,
    counters: Rc<Counters>,
    notify: Rc<Notify>,
    metrics: Option<Metrics>,
    /// That the metrics file cannot be written was said.
    has_complained: Cell<bool>,
}

impl Chores {
    pub(super) fn new(
        settings: &Settings,
        output: &Rc<RefCell<Output>>,
        report: &Rc<Report>,
        counters: &Rc<Counters>,
        notify: &Rc<Notify>,
    ) -> Chores {
        Chores {
            output: Rc::clone(output),
            report: Rc::clone(report),
            counters: Rc::clone(counters),
            notify: Rc::clone(notify),
            metrics: settings.capture.metrics.clone().map(Metrics::new),
            has_complained: Cell::new(false),
        }
    }

    /// Writes the metrics file, due or not.
    pub(super) fn write_metrics(&self) {
        let Some(metrics) = &self.metrics else { return };
        if let Err(e) = metrics.write(&self.counters)
            && !self.has_complained.replace(true)
        {
            let (file, reason) = (metrics.shown(), words::reason(&e));
            self.report.warning(format!("metrics file {file}: {reason}; going on without it"));
        }
    }
}

impl wait::Chores for Chores {
    fn count(&self) {
        self.report.counters(&self.counters);
    }

    fn reopen(&self) -> bool {
        self.output.borrow_mut().reopen()
    }

    fn due(&self) -> Option<Instant> {
        let metrics = self.metrics.as_ref().map(Metrics::due);
        let output = self.output.borrow().due();
        [output, metrics].into_iter().fold(self.notify.due(), earlier)
    }

    fn work(&self) -> bool {
        let now = Instant::now();
        self.notify.work(now);
        if self.metrics.as_ref().is_some_and(|metrics| now >= metrics.due()) {
            self.write_metrics();
        }
        let mut output = self.output.borrow_mut();
        if output.due().is_some_and(|due| Instant::now() >= due) {
            output.write();
        }
        output.failed().is_none()
    }
}
