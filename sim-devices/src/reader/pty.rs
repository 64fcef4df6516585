//! Readers on a pseudo-terminal: one thread, every reader hears every byte, and plugs can be pulled.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{SimReader, lock};
use crate::pty::Port;

/// How often the thread looks whether it is to end.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };

/// Readers on one line behind a pty under a stable path.
pub struct PtyReaders {
    link: PathBuf,
    shared: Arc<Shared>,
    running: Option<Running>,
}

struct Shared {
    readers: Mutex<Vec<SimReader>>,
    /// Bytes that somebody else puts on the wire before the next answer.
    injected: Mutex<Vec<u8>>,
    /// Every byte that the panel sent.
    heard: Mutex<Vec<u8>>,
}

struct Running {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl PtyReaders {
    /// Plugs these readers in at `link`.
    ///
    /// # Errors
    /// The system gives no pseudo-terminal or no thread.
    pub fn plug(link: &Path, readers: Vec<SimReader>) -> io::Result<Self> {
        let shared =
            Shared { readers: Mutex::new(readers), injected: Mutex::default(), heard: Mutex::default() };
        let mut plugged = Self { link: link.to_owned(), shared: Arc::new(shared), running: None };
        plugged.replug()?;
        Ok(plugged)
    }

    /// Plugs them in again.
    ///
    /// # Errors
    /// As [`Self::plug`].
    pub fn replug(&mut self) -> io::Result<()> {
        self.unplug();
        let port = Port::open_at(&self.link).map_err(io::Error::other)?;
        let stop = Arc::new(AtomicBool::new(false));
        let (shared, stopped) = (Arc::clone(&self.shared), Arc::clone(&stop));
        let thread = std::thread::Builder::new().name("readers".into()).spawn(move || {
            while !stopped.load(Ordering::Acquire) {
                if serve(&port.wire, &shared).is_err() {
                    return;
                }
            }
        })?;
        self.running = Some(Running { stop, thread });
        Ok(())
    }

    /// Pulls the plug.
    pub fn unplug(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop.store(true, Ordering::Release);
            // A panic there has been reported by the panic hook.
            drop(running.thread.join());
        }
    }

    /// Does something with a reader, or looks at it.
    pub fn with<T>(&self, act: impl FnOnce(&mut Vec<SimReader>) -> T) -> T {
        act(&mut lock(&self.shared.readers))
    }

    /// Somebody at the wire sends these bytes just before the next answer.
    pub fn inject(&self, bytes: &[u8]) {
        lock(&self.shared.injected).extend_from_slice(bytes);
    }

    /// Every byte that the panel sent since this was last asked.
    #[must_use]
    pub fn heard(&self) -> Vec<u8> {
        std::mem::take(&mut lock(&self.shared.heard))
    }
}

impl Drop for PtyReaders {
    fn drop(&mut self) {
        self.unplug();
    }
}

fn serve(wire: &OwnedFd, shared: &Shared) -> io::Result<()> {
    let mut fds = [PollFd::new(wire, PollFlags::IN)];
    poll(&mut fds, Some(&LOOK))?;
    if !fds[0].revents().contains(PollFlags::IN) {
        return Ok(());
    }
    let mut buffer = [0; 512];
    let count = rustix::io::read(wire, &mut buffer)?;
    let bytes = buffer.get(..count).unwrap_or_default();
    lock(&shared.heard).extend_from_slice(bytes);
    let mut answer = Vec::new();
    for reader in lock(&shared.readers).iter_mut() {
        answer.extend(reader.exchange(bytes));
    }
    if answer.is_empty() {
        return Ok(());
    }
    let mut all = std::mem::take(&mut *lock(&shared.injected));
    all.extend(answer);
    rustix::io::write(wire, &all)?;
    Ok(())
}
