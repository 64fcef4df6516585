//! A scanner on a pseudo-terminal.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::{Errno, read, write};

use super::{Gm65, ScanFault, SetUpCode};
use crate::pty::Port;

/// Longest wait; everything that changes anything wakes the thread earlier.
const LONGEST: Duration = Duration::from_secs(1);

/// A running scanner. Dropping it unplugs it.
#[derive(Debug)]
pub struct ScannerPort {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    wake: OwnedFd,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    module: Gm65,
    outgoing: VecDeque<(Instant, Vec<u8>)>,
    deaf: bool,
    stop: bool,
}

impl ScannerPort {
    /// Plugs `module` in, so that `path` leads to it.
    ///
    /// # Errors
    /// No pseudo-terminal, no eventfd or no thread.
    pub fn start(path: &Path, module: Gm65) -> io::Result<Self> {
        let port = Port::open_at(path).map_err(io::Error::other)?;
        let state = State { module, outgoing: VecDeque::new(), deaf: false, stop: false };
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let shared = Arc::new(Shared { wake, state: Mutex::new(state), changed: Condvar::new() });
        let served = Arc::clone(&shared);
        let thread =
            thread::Builder::new().name("sim-scanner".to_owned()).spawn(move || serve(&served, &port))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Somebody holds a label before the window.
    pub fn scan(&self, label: &str) {
        self.send(|module| module.scan(label, None), Duration::ZERO);
    }

    /// The same, and something goes wrong.
    pub fn scan_with(&self, label: &str, fault: &ScanFault) {
        let pause = if let ScanFault::Split(pause) = fault { *pause } else { Duration::ZERO };
        self.send(|module| module.scan(label, Some(fault)), pause);
    }

    /// Somebody holds a set-up barcode before the window.
    pub fn scan_set_up(&self, code: SetUpCode) {
        self.send(|module| module.scan_set_up(code), Duration::ZERO);
    }

    /// It hears no command any more, or again.
    pub fn deafen(&self, deaf: bool) {
        self.lock().deaf = deaf;
    }

    /// Looks at or changes the module.
    pub fn with<R>(&self, change: impl FnOnce(&mut Gm65) -> R) -> R {
        change(&mut self.lock().module)
    }

    /// Waits until the module is so; it is asked after every command.
    #[must_use]
    pub fn wait_until(&self, patience: Duration, done: impl Fn(&Gm65) -> bool) -> bool {
        let deadline = Instant::now() + patience;
        let mut state = self.lock();
        while !done(&state.module) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Pieces leave `pause` apart.
    fn send(&self, act: impl FnOnce(&mut Gm65) -> Vec<Vec<u8>>, pause: Duration) {
        let mut state = self.lock();
        let pieces = act(&mut state.module);
        let mut at = Instant::now();
        for piece in pieces {
            state.outgoing.push_back((at, piece));
            at += pause;
        }
        drop(state);
        wake(&self.shared);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ScannerPort {
    fn drop(&mut self) {
        self.lock().stop = true;
        wake(&self.shared);
        if let Some(thread) = self.thread.take() {
            // A panic of it has been printed.
            drop(thread.join());
        }
    }
}

/// A full counter wakes the thread just as well.
fn wake(shared: &Shared) {
    write(&shared.wake, &1_u64.to_ne_bytes()).ok();
}

fn serve(shared: &Shared, port: &Port) {
    loop {
        let due = {
            let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.stop {
                return;
            }
            let now = Instant::now();
            while state.outgoing.front().is_some_and(|(at, _)| *at <= now) {
                if let Some((_, piece)) = state.outgoing.pop_front() {
                    // A host that does not read loses what does not fit.
                    write(&port.wire, &piece).ok();
                }
            }
            state.outgoing.front().map_or(LONGEST, |(at, _)| at.saturating_duration_since(now))
        };
        let timeout = Timespec {
            tv_sec: i64::try_from(due.as_secs()).unwrap_or(1),
            tv_nsec: i64::from(due.subsec_nanos()),
        };
        let mut fds = [PollFd::new(&shared.wake, PollFlags::IN), PollFd::new(&port.wire, PollFlags::IN)];
        if !matches!(poll(&mut fds, Some(&timeout)), Ok(_) | Err(Errno::INTR)) {
            return;
        }
        read(&shared.wake, &mut [0_u8; 8]).ok();
        let mut buffer = [0; 64];
        let Ok(count) = read(&port.wire, &mut buffer) else { continue };
        let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.deaf {
            let reply = state.module.hear(buffer.get(..count).unwrap_or_default());
            write(&port.wire, &reply).ok();
        }
        shared.changed.notify_all();
    }
}
