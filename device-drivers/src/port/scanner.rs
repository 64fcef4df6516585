//! The thread that owns a scanner's port: never a line with locks, whatever the scanner says.

use std::sync::Arc;
use std::thread::{self as os, JoinHandle};
use std::{fmt, io};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::handle::Bell;
use super::keeper::{Keeper, News};
use super::link::Reading;
use crate::id::LineId;
use crate::scanner::{Output, Scanner, ScannerSignal, ScannerSpec};
use crate::signal::PortState;
use crate::time::Monotonic;
use crate::trace::Tape;

/// A running scanner. Dropping it stops it and waits for its thread.
pub struct ScannerHandle {
    id: LineId,
    tape: Tape,
    bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

/// Starts the scanner of `spec` on its own thread. A port that cannot be opened is no error here: it is told and tried again.
///
/// `sink` is called on that thread. `clock` is the monotonic clock, for the daemon
/// [`monotonic_now`](super::monotonic_now).
///
/// # Errors
/// The system's reason for no thread or no eventfd.
pub fn spawn(
    spec: &ScannerSpec,
    sink: impl FnMut(ScannerSignal) + Send + 'static,
    clock: impl Fn() -> Monotonic + Send + 'static,
) -> io::Result<ScannerHandle> {
    let scanner = Scanner::new(spec.commands, clock());
    let tape = scanner.tape();
    let bell = Arc::new(Bell::new()?);
    let port = Keeper::new(&spec.port, spec.baud, spec.parity);
    let runner = Runner { scanner, port, bell: Arc::clone(&bell), sink, clock };
    let thread = os::Builder::new().name(format!("scan-{}", spec.id)).spawn(move || runner.run())?;
    Ok(ScannerHandle { id: spec.id.clone(), tape, bell, thread: Some(thread) })
}

impl ScannerHandle {
    /// The last things scanned, by their lengths alone.
    #[must_use]
    pub const fn tape(&self) -> &Tape {
        &self.tape
    }
}

impl Drop for ScannerHandle {
    fn drop(&mut self) {
        self.bell.ring_stop();
        if let Some(thread) = self.thread.take() {
            // A panic of the sink has been reported by the panic hook.
            drop(thread.join());
        }
    }
}

impl fmt::Debug for ScannerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScannerHandle({})", self.id)
    }
}

struct Runner<S, C> {
    scanner: Scanner,
    port: Keeper,
    bell: Arc<Bell>,
    sink: S,
    clock: C,
}

impl<S: FnMut(ScannerSignal), C: Fn() -> Monotonic> Runner<S, C> {
    fn run(mut self) {
        loop {
            let now = (self.clock)();
            let news = self.port.advance(now);
            self.tell(news, now);
            let until = self.step().min(self.port.due());
            let (bell, port) = self.wait(until);
            if bell && self.bell.answer() {
                break;
            }
            if !port.is_empty() {
                self.port_woke(port);
            }
        }
        self.port.close((self.clock)());
    }

    fn tell(&mut self, news: Option<News>, now: Monotonic) {
        match news {
            None => {}
            // A scanner's bytes are few: an adapter that holds them back costs nobody anything.
            Some(News::Opened { .. }) => self.scanner.opened(now),
            Some(News::Failed(error)) => {
                let state = PortState::OpenFailed { step: error.step, kind: error.kind() };
                (self.sink)(ScannerSignal::Port { at: now, state });
            }
        }
    }

    /// Does what the scanner says until it waits; until when.
    fn step(&mut self) -> Monotonic {
        loop {
            match self.scanner.poll((self.clock)()) {
                Output::Wait(until) => return until,
                Output::Signal(signal) => (self.sink)(signal),
                Output::Transmit(command) => {
                    let sent = self.port.link().ok_or(Errno::NODEV).and_then(|link| link.write(&command));
                    if sent.is_err() {
                        self.close();
                    }
                }
            }
        }
    }

    fn close(&mut self) {
        let now = (self.clock)();
        self.port.close(now);
        self.scanner.closed(now);
    }

    /// Waits for bell, bytes or time: whether the bell rang, and what the port has.
    fn wait(&self, until: Monotonic) -> (bool, PollFlags) {
        let span = until.since((self.clock)());
        let timeout = Timespec {
            tv_sec: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: span.subsec_nanos().into(),
        };
        let mut fds = vec![PollFd::new(self.bell.fd(), PollFlags::IN)];
        fds.extend(self.port.watched().map(|(port, wanted)| PollFd::new(port, wanted)));
        // An interrupted wait is a short one. Of the other errors none can happen with two open descriptors.
        if poll(&mut fds, Some(&timeout)).is_err() {
            return (false, PollFlags::empty());
        }
        let mut woken = fds.iter().map(PollFd::revents);
        let bell = woken.next().is_some_and(|bell| !bell.is_empty());
        (bell, woken.next().unwrap_or(PollFlags::empty()))
    }

    fn port_woke(&mut self, why: PollFlags) {
        let now = (self.clock)();
        let news = self.port.ready(now);
        if news.is_some() {
            return self.tell(news, now);
        }
        let Some(link) = self.port.link() else { return };
        let (scanner, clock) = (&mut self.scanner, &self.clock);
        let read = link.read(&mut |bytes| scanner.received(bytes, clock()));
        match read {
            Ok(Reading::End) => self.close(),
            Ok(Reading::Bytes) => self.port.proven(),
            Err(Errno::AGAIN | Errno::INTR) if !why.intersects(PollFlags::HUP | PollFlags::ERR) => {}
            Err(_) => self.close(),
        }
    }
}
