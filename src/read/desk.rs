//! The host of a run. It owns everything beside the stream (the output and its files, systemd
//! notifications, the metrics file, signals) and serves all of it during every wait.

use nix::sys::signal::Signal;

use super::ended::Ended;
use super::outage::Outage;
use super::watch;
use crate::clock::{Instant, Now};
use crate::connect::{Event, Watch};
use crate::fault::Failure;
use crate::metrics::Metrics;
use crate::notify::Notify;
use crate::progress::{Receipt, Reply};
use crate::report::Log;
use crate::session::Session;
use crate::sink::{Output, Written};
use crate::wait::{Interest, Served, Signals, Wait, earlier};
use crate::words;

/// Everything a wait of the run serves.
pub(super) struct Desk<'a> {
    signals: &'a mut Signals,
    pub(super) log: &'a mut Log,
    pub(super) output: Output,
    pub(super) notify: Notify,
    metrics: Option<Metrics>,
    /// The warning about the metrics file has been printed.
    has_complained: bool,
    /// The last poll found the output ready, or broken, or it is to be reopened.
    is_output_ready: bool,
    /// Nobody reads the output any more.
    is_unread: bool,
    /// [`Served::Over`] has been returned, which is done only once.
    is_over: bool,
    /// The session is one of several consumers, and no message has come yet.
    is_standing_by: bool,
}

impl<'a> Desk<'a> {
    pub(super) fn new(
        signals: &'a mut Signals,
        log: &'a mut Log,
        output: Output,
        metrics: Option<Metrics>,
    ) -> Desk<'a> {
        Desk {
            signals,
            log,
            output,
            notify: Notify::of_process(),
            metrics,
            has_complained: false,
            is_output_ready: false,
            is_unread: false,
            is_over: false,
            is_standing_by: false,
        }
    }

    /// A session is open; `may_stand_by` says whether all messages may go to other consumers. The
    /// service does not tell which consumers are to get any.
    pub(super) fn connected(&mut self, host: &str, may_stand_by: bool) {
        self.is_standing_by = may_stand_by;
        let doing = if may_stand_by { "no messages assigned yet" } else { "reading" };
        if may_stand_by {
            self.log.report.debug(doing);
        }
        self.status(&format!("connected to {host}, {doing}"));
    }

    /// A message came.
    pub(super) fn assigned(&mut self, host: &str) {
        if std::mem::take(&mut self.is_standing_by) {
            self.log.report.debug("messages are assigned to this consumer");
            self.status(&format!("connected to {host}, reading"));
        }
    }

    /// Tells systemd what the run is doing.
    pub(super) fn status(&self, text: &str) {
        self.notify.status(&self.log.report.one_line(text));
    }

    /// The signal that asked the run to stop, if one did.
    pub(super) fn stop(&self) -> Option<Signal> {
        self.signals.stop()
    }

    /// How the run ended: stopped by a signal, or done.
    pub(super) fn ended(&self) -> Ended {
        match self.stop() {
            Some(_) => Ended::Stopped,
            None => Ended::Done,
        }
    }

    /// Writes pending lines without blocking.
    ///
    /// # Errors
    /// The failure that ended the output for good.
    pub(super) fn write(&mut self, now: Now) -> Result<Written, Failure> {
        let written = self.output.write(now, self.log);
        self.is_unread |= written == Written::Closed;
        match self.output.failed() {
            Some(failure) => Err(failure.clone()),
            None => Ok(written),
        }
    }

    /// Writes pending lines without blocking, and sends the acknowledgements that are due.
    ///
    /// # Errors
    /// Why the session, or the output, failed.
    pub(super) fn deliver(
        &mut self,
        session: &mut Session,
        outage: &mut Outage<'_>,
        now: Now,
    ) -> Result<Written, Failure> {
        let written = self.write(now)?;
        while let Some(Receipt { reply, is_event, .. }) = self.output.next_ack() {
            if is_event {
                outage.wrote();
            }
            match reply {
                Some(Reply::Acknowledge(id)) => {
                    self.log.report.trace(|| format!("> acknowledge {id}"));
                    session.acknowledge(&id)?;
                }
                Some(Reply::NegativeAcknowledge(id)) => {
                    self.log.report.trace(|| format!("> negative acknowledge {id}"));
                    session.negative_acknowledge(&id)?;
                }
                None => {}
            }
        }
        Ok(written)
    }

    /// Writes the metrics file now, whether or not it is due.
    pub(super) fn write_metrics(&mut self, now: Now) {
        let Some(metrics) = &mut self.metrics else { return };
        if let Err(e) = metrics.write(&self.log.counters, now)
            && !std::mem::replace(&mut self.has_complained, true)
        {
            let (file, reason) = (metrics.shown(), words::reason(&e));
            self.log
                .report
                .warning(format!("metrics file {file}: {reason}; continuing without it"));
        }
    }

    fn cannot_go_on(&self) -> bool {
        self.is_unread || self.output.failed().is_some()
    }
}

impl Wait for Desk<'_> {
    fn signals(&mut self) -> &mut Signals {
        self.signals
    }

    fn is_stopping(&self) -> bool {
        self.stop().is_some() || self.cannot_go_on()
    }

    fn due(&self) -> Option<Instant> {
        let metrics = self.metrics.as_ref().map(Metrics::due);
        let unsaid = self.log.report.unsaid_due();
        [self.output.due(Now::read()), metrics, unsaid].into_iter().fold(self.notify.due(), earlier)
    }

    fn serve(&mut self) -> Served {
        let now = Now::read();
        self.notify.work(now.instant);
        if self.metrics.as_ref().is_some_and(|metrics| now.instant >= metrics.due()) {
            self.write_metrics(now);
        }
        if self.log.report.unsaid_due().is_some_and(|due| now.instant >= due) {
            self.log.report.tell_unsaid();
        }
        let is_ready = std::mem::take(&mut self.is_output_ready);
        let is_due = self.output.due(now).is_some_and(|due| now.instant >= due);
        if !is_ready && !is_due {
            return Served::Nothing;
        }
        self.is_unread |= is_ready && self.output.is_closed();
        if !self.cannot_go_on() {
            // The caller asks the output for its failure.
            let _ = self.write(now);
        }
        match self.cannot_go_on() && !std::mem::replace(&mut self.is_over, true) {
            true => Served::Over,
            false => Served::Something,
        }
    }

    fn count(&mut self) {
        self.log.tell_counters();
    }

    fn reopen(&mut self) -> bool {
        // The caller has to hear of lines that were taken back.
        self.is_output_ready = self.output.reopen(Now::read(), self.log);
        self.is_output_ready
    }

    fn poll(&mut self, interests: &mut [Interest<'_>], until: Option<Instant>) -> Vec<Signal> {
        // A broken output is always ready, so polling it would turn the wait into a busy loop.
        let output = self.output.interest().filter(|_| !self.is_unread);
        let Some((fd, events)) = output else { return self.signals.poll(interests, until) };
        let mut all: Vec<Interest<'_>> = interests.to_vec();
        all.push(Interest::new(fd, events));
        let came = self.signals.poll(&mut all, until);
        for (one, polled) in interests.iter_mut().zip(&all) {
            one.is_ready = polled.is_ready;
        }
        self.is_output_ready = all.last().is_some_and(|output| output.is_ready);
        came
    }
}

impl Watch for Desk<'_> {
    fn hear(&mut self, event: &Event<'_>) {
        watch::tell(&mut self.log.report, event);
    }
}

/// The host before the output is open: there is nothing to serve, but SIGHUP must not kill us.
pub(super) struct Opening<'a> {
    pub(super) signals: &'a mut Signals,
    pub(super) has_file: bool,
}

impl Wait for Opening<'_> {
    fn signals(&mut self) -> &mut Signals {
        self.signals
    }

    fn is_stopping(&self) -> bool {
        self.signals.stop().is_some()
    }

    fn reopen(&mut self) -> bool {
        self.has_file
    }
}
