//! The thread that owns an OSDP line's port, and the handle of whoever gives it orders.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self as os, JoinHandle};
use std::{fmt, io};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;

use super::handle::Bell;
use super::opening::OpenError;
use super::tty::{flush, open_port, release};
use crate::id::LineId;
use crate::limits::{REOPEN_FIRST, REOPEN_MOST};
use crate::order::Refused;
use crate::osdp::limits::{FRAME_MAX, INBOX_ORDERS};
use crate::osdp::{Output, Panel, ReaderLineSpec, ReaderOrder, ReaderSignal, What};
use crate::signal::PortState;
use crate::spec::{Baud, Direction, Parity};
use crate::time::Monotonic;

/// A running OSDP line. Dropping it stops the line and waits for its thread.
pub struct ReaderLine {
    id: LineId,
    orders: SyncSender<ReaderOrder>,
    bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

/// Draws the random number of a challenge from the system; `None` where it has none.
pub type Random = Box<dyn FnMut() -> Option<[u8; 8]> + Send>;

struct Runner<S, C> {
    panel: Panel,
    path: PathBuf,
    direction: Direction,
    baud: Baud,
    orders: Receiver<ReaderOrder>,
    bell: Arc<Bell>,
    sink: S,
    clock: C,
    random: Random,
    port: Option<OwnedFd>,
    reopen_at: Monotonic,
    pause: std::time::Duration,
    told: Option<OpenError>,
}

/// Starts the OSDP line of `spec` on its own thread; see [`spawn`](super::spawn) for ports that cannot be opened, the sink and
/// the clock.
///
/// # Errors
/// `InvalidInput` for a specification that contradicts itself; otherwise the system's reason for no thread or no eventfd.
pub fn spawn_readers(
    spec: ReaderLineSpec,
    sink: impl FnMut(ReaderSignal) + Send + 'static,
    clock: impl Fn() -> Monotonic + Send + 'static,
    random: Random,
) -> io::Result<ReaderLine> {
    let (id, path, direction, baud) = (spec.id.clone(), spec.port.clone(), spec.direction, spec.baud);
    let panel =
        Panel::new(spec, clock()).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let (orders, inbox) = sync_channel(INBOX_ORDERS);
    let bell = Arc::new(Bell::new()?);
    let runner = Runner {
        panel,
        path,
        direction,
        baud,
        orders: inbox,
        bell: Arc::clone(&bell),
        sink,
        clock,
        random,
        port: None,
        reopen_at: Monotonic::ZERO,
        pause: REOPEN_FIRST,
        told: None,
    };
    let thread = os::Builder::new().name(format!("line-{id}")).spawn(move || runner.run())?;
    Ok(ReaderLine { id, orders, bell, thread: Some(thread) })
}

impl ReaderLine {
    /// The line's name.
    #[must_use]
    pub const fn id(&self) -> &LineId {
        &self.id
    }

    /// Hands an order to the line and wakes it.
    ///
    /// # Errors
    /// [`Refused`]: nothing is done.
    pub fn submit(&self, order: ReaderOrder) -> Result<(), Refused> {
        self.orders.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => Refused::InboxFull { limit: INBOX_ORDERS },
            TrySendError::Disconnected(_) => Refused::Stopped,
        })?;
        self.bell.ring();
        Ok(())
    }
}

impl Drop for ReaderLine {
    fn drop(&mut self) {
        self.bell.ring_stop();
        // The sink may hold the last of whatever holds this handle; a thread does not wait for itself.
        let own = os::current().id();
        if let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != own) {
            // A panic of the sink has been reported by the panic hook; there is nothing left to undo here.
            drop(thread.join());
        }
    }
}

impl fmt::Debug for ReaderLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReaderLine({})", self.id)
    }
}

impl<S: FnMut(ReaderSignal), C: Fn() -> Monotonic> Runner<S, C> {
    fn run(mut self) {
        rustix::thread::set_current_timer_slack(NonZeroU64::new(1)).unwrap_or(());
        loop {
            for order in self.orders.try_iter().take(INBOX_ORDERS) {
                self.panel.order(order, (self.clock)());
            }
            self.open_when_due();
            let until = self.step();
            let due = if self.port.is_some() { Monotonic::NEVER } else { self.reopen_at };
            let (bell, port) = self.wait(until.min(due));
            if bell && self.bell.answer() {
                break;
            }
            if !port.is_empty() {
                self.read(port);
            }
        }
        if let Some(port) = self.port.take() {
            release(port);
        }
    }

    fn open_when_due(&mut self) {
        let now = (self.clock)();
        if self.port.is_some() || now < self.reopen_at {
            return;
        }
        match open_port(&self.path, self.baud, Parity::None, self.direction) {
            Ok(open) => {
                (self.port, self.told) = (Some(open), None);
                self.panel.opened();
                self.tell(PortState::Open);
            }
            Err(error) => {
                self.pause_from(now);
                if self.told.replace(error) != Some(error) {
                    self.tell(PortState::OpenFailed { step: error.step, kind: error.kind() });
                }
            }
        }
    }

    fn tell(&mut self, state: PortState) {
        (self.sink)(ReaderSignal { at: (self.clock)(), what: What::Port(state) });
    }

    /// Does what the panel says until it waits; until when.
    fn step(&mut self) -> Monotonic {
        loop {
            match self.panel.poll((self.clock)(), &mut *self.random) {
                Output::Wait(until) => return until,
                Output::Signal(signal) => (self.sink)(signal),
                Output::Transmit(frame) => {
                    if self.write(&frame).is_err() {
                        self.close();
                    }
                }
            }
        }
    }

    /// Writes a whole frame, into a port that holds nothing of the past.
    fn write(&self, frame: &[u8]) -> Result<(), Errno> {
        let Some(port) = &self.port else { return Err(Errno::NODEV) };
        flush(port)?;
        match rustix::io::write(port, frame)? {
            all if all == frame.len() => Ok(()),
            _ => Err(Errno::AGAIN),
        }
    }

    fn close(&mut self) {
        let now = (self.clock)();
        if let Some(port) = self.port.take() {
            release(port);
            self.tell(PortState::Unplugged);
        }
        self.pause_from(now);
        self.panel.closed(now);
    }

    fn pause_from(&mut self, now: Monotonic) {
        self.reopen_at = now + self.pause;
        self.pause = (self.pause * 2).min(REOPEN_MOST);
    }

    /// Waits for bell, bytes or time.
    fn wait(&self, until: Monotonic) -> (bool, PollFlags) {
        let span = until.since((self.clock)());
        let timeout = Timespec {
            tv_sec: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: span.subsec_nanos().into(),
        };
        let bell = PollFd::new(self.bell.fd(), PollFlags::IN);
        let outcome = match &self.port {
            Some(port) => {
                let mut both = [bell, PollFd::new(port, PollFlags::IN)];
                poll(&mut both, Some(&timeout)).map(|_| (both[0].revents(), both[1].revents()))
            }
            None => {
                let mut one = [bell];
                poll(&mut one, Some(&timeout)).map(|_| (one[0].revents(), PollFlags::empty()))
            }
        };
        // An interrupted wait is a short one. Of the other errors none can happen with two open descriptors.
        let (bell, port) = outcome.unwrap_or((PollFlags::empty(), PollFlags::empty()));
        (!bell.is_empty(), port)
    }

    fn read(&mut self, why: PollFlags) {
        let mut buffer = [0; FRAME_MAX];
        let Some(port) = &self.port else { return };
        match rustix::io::read(port, &mut buffer) {
            Ok(0) => self.close(),
            Ok(count) => {
                self.pause = REOPEN_FIRST;
                self.panel.received(buffer.get(..count).unwrap_or_default(), (self.clock)());
            }
            // Woken without bytes, and not by a hang-up: nothing has happened.
            Err(Errno::AGAIN | Errno::INTR) if !why.intersects(PollFlags::HUP | PollFlags::ERR) => {}
            Err(_) => self.close(),
        }
    }
}
