//! Reads what the program writes, on a thread of its own: all of it at once, or only when the test
//! wants, as a slow reader would.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};

pub(super) struct Drain {
    state: Mutex<State>,
    changed: Condvar,
    wake: EventFd,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) bytes: Vec<u8>,
    /// Newlines among them: counting anew at each arrival would be quadratic.
    pub(super) lines: usize,
    pub(super) ended: bool,
    paused: bool,
    closed: bool,
}

impl Drain {
    /// Of something that never says anything, such as a file.
    pub(super) fn nothing() -> Arc<Drain> {
        Arc::new(Drain::new(State { ended: true, ..State::default() }))
    }

    pub(super) fn start(source: OwnedFd, paused: bool) -> Arc<Drain> {
        let drain = Arc::new(Drain::new(State { paused, ..State::default() }));
        let mine = Arc::clone(&drain);
        std::thread::spawn(move || mine.read(File::from(source)));
        drain
    }

    fn new(state: State) -> Drain {
        let wake = EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC).unwrap();
        Drain { state: Mutex::new(state), changed: Condvar::new(), wake }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn pause(&self, paused: bool) {
        self.state().paused = paused;
        self.wake.write(1).unwrap();
    }

    /// Closes the reading end: the program's next write fails.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.wake.write(1).unwrap();
        drop(self.wait_until(None, |state| state.ended));
    }

    /// Returns when `done`, when nothing more can come, or at the deadline.
    pub(super) fn wait_until(
        &self,
        deadline: Option<Instant>,
        done: impl Fn(&State) -> bool,
    ) -> MutexGuard<'_, State> {
        let mut state = self.state();
        while !done(&state) && !state.ended {
            match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => state = self.changed.wait(state).unwrap(),
                Some(left) if left.is_zero() => break,
                Some(left) => state = self.changed.wait_timeout(state, left).unwrap().0,
            }
        }
        state
    }

    fn read(&self, mut source: File) {
        let mut chunk = vec![0; 64 * 1024];
        loop {
            let (paused, closed) = {
                let state = self.state();
                (state.paused, state.closed)
            };
            if closed {
                break;
            }
            let ready = self.poll(&source, paused);
            if !ready {
                continue;
            }
            match source.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => {
                    let mut state = self.state();
                    state.lines += memchr::memchr_iter(b'\n', &chunk[..count]).count();
                    state.bytes.extend_from_slice(&chunk[..count]);
                    self.changed.notify_all();
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                // A terminal says "input/output error" when its last user has gone.
                Err(_) => break,
            }
        }
        drop(source);
        self.state().ended = true;
        self.changed.notify_all();
    }

    /// Waits for input, or only for a change of mind while paused.
    fn poll(&self, source: &File, paused: bool) -> bool {
        let mut fds = vec![PollFd::new(self.wake.as_fd(), PollFlags::POLLIN)];
        if !paused {
            fds.push(PollFd::new(source.as_fd(), PollFlags::POLLIN));
        }
        // Interrupted: look again.
        if poll(&mut fds, PollTimeout::NONE).is_err() {
            return false;
        }
        if fds[0].any().unwrap_or(false) {
            let _ = self.wake.read();
            return false;
        }
        fds.get(1).is_some_and(|fd| fd.any().unwrap_or(false))
    }
}
