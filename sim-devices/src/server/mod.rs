//! A serial server: what stands between a network and a serial line and passes raw bytes both ways. Like the worst of its
//! kind it keeps what the line says while nobody is connected, and gives it to whoever connects next.

mod runner;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, eventfd};

use runner::Runner;

/// How a server treats the bytes that pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conduct {
    /// At once.
    #[default]
    Passing,
    /// Not at all: it accepts, acknowledges what fits its buffers, and neither reads nor writes. As far as anybody sees it is
    /// there.
    Mute,
    /// What the line says is held back for so long.
    Late(Duration),
    /// What the line says leaves byte by byte, so far apart.
    Pieces(Duration),
    /// What the line says leaves with every byte changed.
    Garbled,
}

/// A running server on a loopback port. Dropping it ends it.
#[derive(Debug)]
pub struct SerialServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    wake: OwnedFd,
    state: Mutex<State>,
    changed: Condvar,
}

/// What is wanted of the thread, and what it has seen.
#[derive(Debug)]
struct State {
    conduct: Conduct,
    listening: bool,
    hang_up: bool,
    stop: bool,
    connections: u64,
    connected: bool,
    failure: Option<String>,
}

impl SerialServer {
    /// Serves the serial port at `port`, at `bits_per_second`, on a loopback port of the system's choice.
    ///
    /// # Errors
    /// The port or the socket cannot be opened, or there is no thread.
    pub fn start(port: &Path, bits_per_second: u32) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let state = State {
            conduct: Conduct::Passing,
            listening: true,
            hang_up: false,
            stop: false,
            connections: 0,
            connected: false,
            failure: None,
        };
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let shared = Arc::new(Shared { wake, state: Mutex::new(state), changed: Condvar::new() });
        let runner = Runner::new(Arc::clone(&shared), address, listener, port, bits_per_second)?;
        let thread = thread::Builder::new().name("sim-server".to_owned()).spawn(move || runner.run())?;
        Ok(Self { shared, address, thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on.
    pub fn conduct(&self, conduct: Conduct) {
        self.change(|state| state.conduct = conduct);
    }

    /// Ends the connection there is, without a word.
    pub fn hang_up(&self) {
        self.change(|state| state.hang_up = true);
    }

    /// Goes away: the connection ends, and nobody listens. Returns when it is so.
    pub fn leave(&self, patience: Duration) -> bool {
        self.change(|state| (state.listening, state.hang_up) = (false, true));
        self.wait_until(patience, |state| !state.connected && !state.hang_up)
    }

    /// Listens again, at the same address.
    pub fn come_back(&self) {
        self.change(|state| state.listening = true);
    }

    /// Connections accepted so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.lock().connections
    }

    /// Waits until so many connections have been accepted in all.
    #[must_use]
    pub fn wait_connections(&self, count: u64, patience: Duration) -> bool {
        self.wait_until(patience, |state| state.connections >= count)
    }

    /// Why the thread ended, where it was not told to.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.lock().failure.clone()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.shared.wake();
    }

    fn wait_until(&self, patience: Duration, done: impl Fn(&State) -> bool) -> bool {
        let deadline = Instant::now() + patience;
        let mut state = self.lock();
        while !done(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A full counter wakes the thread just as well.
    fn wake(&self) {
        rustix::io::write(&self.wake, &1_u64.to_ne_bytes()).ok();
    }

    fn woken(&self) {
        rustix::io::read(&self.wake, &mut [0_u8; 8]).ok();
    }
}

impl Drop for SerialServer {
    fn drop(&mut self) {
        self.change(|state| state.stop = true);
        if let Some(thread) = self.thread.take() {
            // A panic of it has been printed.
            drop(thread.join());
        }
    }
}
