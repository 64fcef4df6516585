//! What the line's thread, its handle and a server outside share: the simulation under one lock.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{read, write};

use super::clock::Clock;
use super::events::Subscriber;
use crate::simulation::Simulation;

/// The simulation, the clock that drives it, and the way to wake its thread.
#[derive(Debug)]
pub(crate) struct Shared {
    pub clock: Clock,
    pub wake: OwnedFd,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
pub(crate) struct State {
    pub sim: Simulation,
    pub subscribers: Vec<Subscriber>,
    pub stop: bool,
    /// The pair is open and its path is there.
    pub port_open: bool,
    /// Characters the daemon did not read in time.
    pub overrun: u64,
    /// How late the latest character was handed over, against the wire's arithmetic.
    pub lateness: Duration,
    /// How often the thread found nothing unread, nothing half heard and nothing left to answer.
    pub silences: u64,
    /// Why the thread ended, when it did not end because it was told to.
    pub failure: Option<String>,
}

impl Shared {
    pub fn new(sim: Simulation) -> io::Result<Self> {
        let state = State {
            sim,
            subscribers: Vec::new(),
            stop: false,
            port_open: false,
            overrun: 0,
            lateness: Duration::ZERO,
            silences: 0,
            failure: None,
        };
        Ok(Self {
            clock: Clock::start(),
            wake: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            state: Mutex::new(state),
            changed: Condvar::new(),
        })
    }

    /// A panic in a test's closure leaves the simulation as it was between two calls: whole.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the line's thread look again. A full counter wakes it just as well.
    pub fn wake(&self) {
        write(&self.wake, &1_u64.to_ne_bytes()).ok();
    }

    /// Empties the counter after a wake-up.
    pub fn woken(&self) {
        read(&self.wake, &mut [0_u8; 8]).ok();
    }

    /// Something changed that somebody may wait for.
    pub fn notify(&self) {
        self.changed.notify_all();
    }

    /// Waits until `done` holds; `None` when `patience` is over or the thread failed.
    pub fn wait_until<T>(
        &self,
        patience: Duration,
        mut done: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + patience;
        let mut state = self.lock();
        loop {
            if let Some(found) = done(&mut state) {
                return Some(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || state.failure.is_some() {
                return None;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
