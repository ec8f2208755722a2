//! Waiting: the one place where the program blocks.
//!
//! Signals are blocked for the whole process and read from a descriptor (signalfd(2)) that every
//! wait also polls. So a signal is never missed between a check and a wait, and takes effect at
//! once wherever the program is waiting. No code runs in a signal handler.
//!
//! Code that needs to wait is given a [`Wait`] as `&mut`. During every wait, whatever it is for, it
//! serves files that are due, systemd notifications and signals.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::time::TimeSpec;
use nix::sys::timer::{Expiration, TimerSetTimeFlags};
use nix::sys::timerfd::{ClockId, TimerFd, TimerFlags};

use crate::clock::Instant;

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// A descriptor is ready or in error, or something was served that may concern the caller.
    Ready,
    /// The time is over.
    Deadline,
    /// The run must stop. This is returned once; from then on [`Wait::is_stopping`] is true.
    Stop,
}

/// One descriptor to wait for, and whether it is ready.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interest<'a> {
    fd: BorrowedFd<'a>,
    events: PollFlags,
    /// It is ready for what it was polled for, or broken.
    pub(crate) is_ready: bool,
}

impl<'a> Interest<'a> {
    /// A descriptor and the events to poll it for. Without events, only its end is noticed.
    pub(crate) fn new(fd: BorrowedFd<'a>, events: PollFlags) -> Interest<'a> {
        Interest { fd, events, is_ready: false }
    }

    /// A descriptor to read from.
    pub(crate) fn readable(fd: BorrowedFd<'a>) -> Interest<'a> {
        Interest::new(fd, PollFlags::POLLIN)
    }

    /// A descriptor to write to.
    pub(crate) fn writable(fd: BorrowedFd<'a>) -> Interest<'a> {
        Interest::new(fd, PollFlags::POLLOUT)
    }
}

/// What a wait served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Served {
    /// Nothing that concerns the caller.
    Nothing,
    /// Something that may concern the caller.
    Something,
    /// Something that makes the run stop. This is returned once.
    Over,
}

/// A host for waits: it waits, and meanwhile serves what it owns.
pub(crate) trait Wait {
    /// The signals of the process.
    fn signals(&mut self) -> &mut Signals;

    /// Whether the run must stop: because of a signal, or because the host cannot continue.
    fn is_stopping(&self) -> bool;

    /// When there is something to serve.
    fn due(&self) -> Option<Instant> {
        None
    }

    /// Serves what is due.
    fn serve(&mut self) -> Served {
        Served::Nothing
    }

    /// SIGUSR1: prints the counters.
    fn count(&mut self) {}

    /// SIGHUP: reopens the output. `false` if there is no file; the signal then asks to stop.
    fn reopen(&mut self) -> bool {
        false
    }

    /// Polls once: these descriptors, the signals and the host's own descriptors.
    fn poll(&mut self, interests: &mut [Interest<'_>], until: Option<Instant>) -> Vec<Signal> {
        self.signals().poll(interests, until)
    }

    /// Waits until a descriptor is ready, something was served, the time is over or the run must
    /// stop, whichever comes first.
    ///
    /// A second signal to stop ends the process here, by that signal.
    fn wait(&mut self, interests: &mut [Interest<'_>], until: Option<Instant>) -> Wake {
        loop {
            let due = self.due();
            let mut stop = false;
            for signal in self.poll(interests, earlier(until, due)) {
                match signal {
                    Signal::SIGUSR1 => self.count(),
                    Signal::SIGHUP if self.reopen() => {}
                    signal => {
                        self.signals().stop_by(signal);
                        stop = true;
                    }
                }
            }
            let served = self.serve();
            if stop || served == Served::Over {
                return Wake::Stop;
            }
            if served == Served::Something || interests.iter().any(|one| one.is_ready) {
                return Wake::Ready;
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                return Wake::Deadline;
            }
        }
    }
}

/// How often a wait looks at the clock. The time limit of poll(2) stands still while the machine is
/// suspended; this timer does not, and ends the wait at the wake-up.
const TICK: Duration = Duration::from_secs(15);

/// The signals this program acts on.
#[derive(Debug)]
pub(crate) struct Signals {
    fd: SignalFd,
    /// `None` where there is no such timer.
    tick: Option<TimerFd>,
    stop: Option<Signal>,
    /// Why this machine can no longer wait.
    failed: Option<Errno>,
}

impl Signals {
    /// Blocks the signals and opens the descriptor that reads them.
    ///
    /// # Errors
    /// Those of sigprocmask(2) and signalfd(2).
    pub(crate) fn take_over() -> io::Result<Signals> {
        let mut set = SigSet::empty();
        // Signals that our parent ignores for us (nohup, a shell's background job) stay ignored; if
        // blocked, they would arrive all the same.
        let ignored = ignored_signals();
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGUSR1] {
            if ignored >> (signal as u32 - 1) & 1 == 0 {
                set.add(signal);
            }
        }
        set.thread_block()?;
        // A file that must not grow is then an error of write(2), and not the end of the process.
        SigSet::from(Signal::SIGXFSZ).thread_block()?;
        let fd = SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        Ok(Signals { fd, tick: tick().ok(), stop: None, failed: None })
    }

    /// Holds back SIGHUP: a request to reopen the file must not end a run that has just begun.
    /// Other signals still end it, such as Ctrl-C while a key is typed.
    pub(crate) fn hold_hangup() {
        // If this fails, SIGHUP keeps its default action.
        let _ = SigSet::from(Signal::SIGHUP).thread_block();
    }

    /// The signal that asked the run to stop, if one did.
    pub(crate) fn stop(&self) -> Option<Signal> {
        self.stop
    }

    /// Why waiting failed, which stops the run like SIGTERM.
    pub(crate) fn failed(&self) -> Option<io::Error> {
        self.failed.map(io::Error::from)
    }

    /// Records that the run must stop; a second signal ends the process.
    fn stop_by(&mut self, signal: Signal) {
        if self.stop.is_some() {
            die_by(signal);
        }
        self.stop = Some(signal);
    }

    /// Polls these descriptors and the signals once. Returns the signals that arrived, or SIGTERM if
    /// this machine lets us wait no longer (see [`Signals::failed`]).
    pub(crate) fn poll(
        &mut self,
        interests: &mut [Interest<'_>],
        until: Option<Instant>,
    ) -> Vec<Signal> {
        let mut fds: Vec<PollFd<'_>> = Vec::with_capacity(interests.len() + 2);
        fds.extend(interests.iter().map(|one| PollFd::new(one.fd, one.events)));
        fds.extend(self.tick.iter().map(|tick| PollFd::new(tick.as_fd(), PollFlags::POLLIN)));
        fds.push(PollFd::new(self.fd.as_fd(), PollFlags::POLLIN));
        match poll(&mut fds, timeout(until)) {
            Ok(_) | Err(Errno::EINTR) => {}
            // Out of memory, or the limit on descriptors was lowered below what is open.
            Err(e) => return self.give_up(e),
        }
        for (one, polled) in interests.iter_mut().zip(&fds) {
            one.is_ready = polled.any() == Some(true);
        }
        if let (Some(tick), Some(polled)) = (&self.tick, fds.get(interests.len()))
            && polled.any() == Some(true)
        {
            // Reading makes it wait for the next tick.
            let _ = tick.wait();
        }
        let came = fds.last().is_some_and(|signals| signals.any() == Some(true));
        let pending = || match self.fd.read_signal() {
            Ok(Some(info)) => Signal::try_from(info.ssi_signo.cast_signed()).ok(),
            _ => None,
        };
        if came { std::iter::from_fn(pending).collect() } else { Vec::new() }
    }

    /// The first failure to wait is a reason to stop. What is still waited for until the end is given
    /// a little time, so that no loop spins.
    fn give_up(&mut self, e: Errno) -> Vec<Signal> {
        std::thread::sleep(Duration::from_millis(10));
        let is_first = self.failed.replace(e).is_none();
        Vec::from_iter(is_first.then_some(Signal::SIGTERM))
    }
}

/// A timer that ticks on while the machine is suspended.
fn tick() -> nix::Result<TimerFd> {
    let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
    let tick = TimerFd::new(ClockId::CLOCK_BOOTTIME, flags)?;
    let expiration = Expiration::Interval(TimeSpec::from_duration(TICK));
    tick.set(expiration, TimerSetTimeFlags::empty())?;
    Ok(tick)
}

/// A host with nothing to serve, for a diagnosis.
impl Wait for Signals {
    fn signals(&mut self) -> &mut Signals {
        self
    }

    fn is_stopping(&self) -> bool {
        self.stop.is_some()
    }
}

/// The ignored signals as a mask (proc(5), `SigIgn`); none if /proc cannot be read.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Ends the process by this signal, so that its parent sees that the run is incomplete.
pub(crate) fn die_by(signal: Signal) -> ! {
    let mut set = SigSet::empty();
    set.add(signal);
    let _ = set.thread_unblock();
    let _ = raise(signal);
    // This is reached only if the signal was ignored from the start.
    std::process::exit(128 + signal as i32)
}

/// The time left, rounded up to the next millisecond, so that a wait never ends too early.
fn timeout(until: Option<Instant>) -> PollTimeout {
    let Some(until) = until else { return PollTimeout::NONE };
    let left = until.duration_since(Instant::now());
    let left = left + Duration::from_nanos(999_999);
    PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
}

/// The earlier of two times; `None` means never.
pub(crate) fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
