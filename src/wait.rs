//! Waiting: the one place where the program blocks.
//!
//! Signals are blocked for the whole process and read from a descriptor (signalfd(2)) that every
//! wait polls beside its own, so a signal is never missed between a check and a wait, and acts
//! at once wherever the program happens to be. No code runs in a signal handler.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// At least one descriptor is ready, or in error.
    Ready,
    /// The time is over.
    Deadline,
    /// A signal asks to stop; [`Signals::stop`] has it.
    Stop,
}

/// The signals this program acts on, and the wait that listens for them.
pub(crate) struct Signals {
    fd: SignalFd,
    stop: Cell<Option<Signal>>,
    /// A chore cannot go on.
    is_over: Cell<bool>,
    chores: RefCell<Option<Rc<dyn Chores>>>,
}

/// What has to go on in every wait, however long and whatever it is for.
pub(crate) trait Chores {
    /// SIGUSR1: tells the counters.
    fn count(&self);

    /// SIGHUP: opens the output anew. `false` where there is none, and the signal asks to stop.
    fn reopen(&self) -> bool;

    /// When there is something to do.
    fn due(&self) -> Option<Instant>;

    /// Does what is due. `false` asks to stop, as a signal does.
    fn work(&self) -> bool;
}

impl Signals {
    /// Takes the signals over.
    ///
    /// # Errors
    /// Those of sigprocmask(2) and signalfd(2).
    pub(crate) fn take_over() -> io::Result<Signals> {
        let mut set = SigSet::empty();
        // What our parent has set to be ignored (nohup, a shell's background job) stays ignored; a
        // blocked signal would arrive all the same.
        let ignored = ignored_signals();
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGUSR1] {
            if ignored >> (signal as u32 - 1) & 1 == 0 {
                set.add(signal);
            }
        }
        set.thread_block()?;
        // A file that may not grow is an error of write(2), and no reason to die.
        SigSet::from(Signal::SIGXFSZ).thread_block()?;
        let fd = SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        let (stop, is_over, chores) = (Cell::new(None), Cell::new(false), RefCell::new(None));
        Ok(Signals { fd, stop, is_over, chores })
    }

    /// Keeps a SIGHUP for later: what asks for a reopened file must not end a run that has only
    /// begun. Others still end it, such as Ctrl-C while a key is typed.
    pub(crate) fn hold_hangup() {
        // Where it cannot be held it does what it always does.
        let _ = SigSet::from(Signal::SIGHUP).thread_block();
    }

    /// From now on every wait does these chores.
    pub(crate) fn set_chores(&self, chores: Rc<dyn Chores>) {
        *self.chores.borrow_mut() = Some(chores);
    }

    /// Whether a signal or a chore has asked the run to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stop.get().is_some() || self.is_over.get()
    }

    /// The signal that asked the run to stop, if one did.
    pub(crate) fn stop(&self) -> Option<Signal> {
        self.stop.get()
    }

    /// Waits until a descriptor is ready, the time is over or a signal asks to stop, whichever
    /// comes first. Which descriptors are ready is left in `fds`.
    ///
    /// A second signal to stop ends the process here, by that signal.
    pub(crate) fn wait<'a>(&'a self, fds: &mut Vec<PollFd<'a>>, until: Option<Instant>) -> Wake {
        fds.push(readable(self.fd.as_fd()));
        let chores = self.chores.borrow().clone();
        let wake = loop {
            let due = chores.as_ref().and_then(|chores| chores.due());
            match poll(fds, timeout(earlier(until, due))) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(e) => unreachable!("poll of a few open descriptors of our own: {e}"),
            }
            let (signals, others) = fds.split_last().expect("pushed above");
            if is_ready(signals) && self.read_pending(chores.as_deref()) {
                break Wake::Stop;
            }
            if let Some(chores) = &chores
                && due.is_some_and(|due| Instant::now() >= due)
                && !chores.work()
                && !self.is_over.replace(true)
            {
                break Wake::Stop;
            }
            if others.iter().any(is_ready) {
                break Wake::Ready;
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                break Wake::Deadline;
            }
        };
        fds.pop();
        wake
    }

    /// Whether one of the pending signals asks to stop.
    fn read_pending(&self, chores: Option<&dyn Chores>) -> bool {
        let mut stop = false;
        while let Ok(Some(info)) = self.fd.read_signal() {
            match Signal::try_from(info.ssi_signo.cast_signed()) {
                Ok(Signal::SIGUSR1) => chores.into_iter().for_each(Chores::count),
                Ok(Signal::SIGHUP) if chores.is_some_and(Chores::reopen) => {}
                Ok(signal) if self.stop.get().is_some() => die_by(signal),
                Ok(signal) => {
                    self.stop.set(Some(signal));
                    stop = true;
                }
                Err(_) => {}
            }
        }
        stop
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals").field("stop", &self.stop).finish_non_exhaustive()
    }
}

/// The signals that are ignored, as a mask; none where /proc does not tell (proc(5), `SigIgn`).
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Ends the process by this signal, so that its parent sees a run that was cut short.
pub(crate) fn die_by(signal: Signal) -> ! {
    let mut set = SigSet::empty();
    set.add(signal);
    let _ = set.thread_unblock();
    let _ = raise(signal);
    // Only reached when the signal was ignored from the start.
    std::process::exit(128 + signal as i32)
}

/// One descriptor to wait for.
pub(crate) fn readable(fd: BorrowedFd<'_>) -> PollFd<'_> {
    PollFd::new(fd, PollFlags::POLLIN)
}

/// One descriptor to wait for.
pub(crate) fn writable(fd: BorrowedFd<'_>) -> PollFd<'_> {
    PollFd::new(fd, PollFlags::POLLOUT)
}

/// Whether a descriptor is ready for what it was polled for, or broken.
pub(crate) fn is_ready(fd: &PollFd<'_>) -> bool {
    fd.any() == Some(true)
}

/// Rounded up to the next millisecond, so that a wait never ends before its time.
fn timeout(until: Option<Instant>) -> PollTimeout {
    let Some(until) = until else { return PollTimeout::NONE };
    let left = until.saturating_duration_since(Instant::now());
    let left = left + Duration::from_nanos(999_999);
    PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
}

/// The earlier of two times, where `None` is never.
pub(crate) fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
