//! The thread that owns a port: it does what the line says, and waits in one place.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;

use super::handle::Inbox;
use super::loan::Wish;
use super::tty::{OpenError, flush, latency_timer, open_port, release};
use crate::limits::{INBOX_ORDERS, MAX_FRAME, REOPEN_FIRST, REOPEN_MOST};
use crate::line::{Line, Output};
use crate::signal::{NotSent, Outcome, PortState, Signal};
use crate::spec::{Baud, LineSpec, Parity};
use crate::time::Monotonic;

/// An adapter that delivers later than this spends the line's time on each answer.
const PROMPT_ADAPTER: Duration = Duration::from_millis(1);

/// One line and its port.
pub(super) struct Runner<S, C> {
    pub(super) line: Line,
    pub(super) inbox: Inbox,
    sink: S,
    pub(super) clock: C,
    pub(super) port: Port,
    /// Who waits for the locks to rest so that they can have the line.
    pub(super) wish: Option<Wish>,
}

/// The port, open or not.
pub(super) struct Port {
    pub(super) path: PathBuf,
    baud: Baud,
    parity: Parity,
    open: Option<OwnedFd>,
    reopen_at: Monotonic,
    pause: Duration,
    told: Option<OpenError>,
}

/// What a wait ended with.
pub(super) struct Woken {
    pub(super) bell: bool,
    port: PollFlags,
}

impl<S: FnMut(Signal), C: Fn() -> Monotonic> Runner<S, C> {
    pub(super) fn new(line: Line, spec: &LineSpec, inbox: Inbox, sink: S, clock: C) -> Self {
        let port = Port {
            path: spec.port.clone(),
            baud: spec.baud,
            parity: spec.parity,
            open: None,
            reopen_at: Monotonic::ZERO,
            pause: REOPEN_FIRST,
            told: None,
        };
        Self { line, inbox, sink, clock, port, wish: None }
    }

    /// Runs until the handle stops it.
    pub(super) fn run(mut self) {
        // The kernel may round waits up by 50 us; a gap between frames is 1750. Without the right to it, it stays so.
        rustix::thread::set_current_timer_slack(NonZeroU64::new(1)).unwrap_or(());
        let mut stop = false;
        while !stop {
            self.take_orders();
            if self.lend_when_asked() {
                break;
            }
            self.open_when_due();
            let until = self.step().min(self.port.due());
            let woken = self.wait(until);
            if woken.bell {
                stop = self.inbox.bell.answer();
            }
            if !woken.port.is_empty() {
                self.read(woken.port);
            }
        }
        self.finish();
    }

    pub(super) fn take_orders(&mut self) {
        for _ in 0..INBOX_ORDERS {
            let Ok(order) = self.inbox.orders.try_recv() else { return };
            self.line.submit(order, (self.clock)());
        }
    }

    fn open_when_due(&mut self) {
        let now = (self.clock)();
        if now < self.port.due() {
            return;
        }
        match open_port(&self.port.path, self.port.baud, self.port.parity) {
            Ok(open) => {
                self.port.open = Some(open);
                self.port.told = None;
                self.line.opened(now);
                if let Some(latency) = latency_timer(&self.port.path).filter(|timer| *timer > PROMPT_ADAPTER)
                {
                    (self.sink)(Signal::Port { at: now, state: PortState::SlowAdapter { latency } });
                }
            }
            Err(error) => {
                self.port.pause_from(now);
                if self.port.told.replace(error) != Some(error) {
                    let state = PortState::OpenFailed { step: error.step, kind: error.kind() };
                    (self.sink)(Signal::Port { at: now, state });
                }
            }
        }
    }

    /// Does what the line says until it waits; until when.
    pub(super) fn step(&mut self) -> Monotonic {
        loop {
            let done = match self.line.poll((self.clock)()) {
                Output::Wait { until, .. } => return until,
                Output::Signal(signal) => {
                    (self.sink)(signal);
                    continue;
                }
                Output::Transmit(frame) => self.port.write(&frame),
                Output::Flush => self.port.open.as_ref().map_or(Ok(()), flush),
            };
            if done.is_err() {
                self.close();
            }
        }
    }

    fn close(&mut self) {
        let now = (self.clock)();
        if let Some(port) = self.port.open.take() {
            release(port);
        }
        self.port.pause_from(now);
        self.line.closed(now);
    }

    /// Waits for bell, bytes or time.
    pub(super) fn wait(&self, until: Monotonic) -> Woken {
        let span = until.since((self.clock)());
        let timeout = Timespec {
            tv_sec: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: span.subsec_nanos().into(),
        };
        let bell = PollFd::new(self.inbox.bell.fd(), PollFlags::IN);
        let outcome = match &self.port.open {
            Some(port) => {
                let mut both = [bell, PollFd::new(port, PollFlags::IN)];
                poll(&mut both, Some(&timeout)).map(|_| [both[0].revents(), both[1].revents()])
            }
            None => {
                let mut one = [bell];
                poll(&mut one, Some(&timeout)).map(|_| [one[0].revents(), PollFlags::empty()])
            }
        };
        // An interrupted wait is a short one. Of the other errors none can happen with two open descriptors.
        let [bell, port] = outcome.unwrap_or([PollFlags::empty(); 2]);
        Woken { bell: !bell.is_empty(), port }
    }

    fn read(&mut self, why: PollFlags) {
        let mut buffer = [0; MAX_FRAME];
        let Some(port) = &self.port.open else { return };
        match rustix::io::read(port, &mut buffer) {
            Ok(0) => self.close(),
            Ok(count) => {
                self.port.pause = REOPEN_FIRST;
                let bytes = buffer.get(..count).unwrap_or_default();
                self.line.received(bytes, (self.clock)());
            }
            // Woken without bytes, and not by a hang-up: nothing has happened.
            Err(Errno::AGAIN | Errno::INTR) if !why.intersects(PollFlags::HUP | PollFlags::ERR) => {}
            Err(_) => self.close(),
        }
    }

    fn finish(mut self) {
        let now = (self.clock)();
        self.line.stop(now);
        while let Output::Signal(signal) = self.line.poll(now) {
            (self.sink)(signal);
        }
        while let Ok(order) = self.inbox.orders.try_recv() {
            let outcome = Outcome::NotSent(NotSent::Stopped);
            (self.sink)(Signal::Ended { order: order.id, at: now, outcome });
        }
        if let Some(port) = self.port.open.take() {
            release(port);
        }
    }
}

impl Port {
    /// Closes the port for somebody else; it is not opened before they give it back.
    pub(super) fn lend(&mut self) {
        if let Some(port) = self.open.take() {
            release(port);
        }
        self.reopen_at = Monotonic::NEVER;
    }

    /// The port is ours again, to be opened at once.
    pub(super) const fn give_back(&mut self) {
        (self.reopen_at, self.pause) = (Monotonic::ZERO, REOPEN_FIRST);
    }

    /// When to open; never while open.
    const fn due(&self) -> Monotonic {
        if self.open.is_some() { Monotonic::NEVER } else { self.reopen_at }
    }

    fn pause_from(&mut self, now: Monotonic) {
        self.reopen_at = now + self.pause;
        self.pause = (self.pause * 2).min(REOPEN_MOST);
    }

    /// Writes a whole frame. A port that takes only a part of eight bytes is stuck, and as good as gone.
    fn write(&self, frame: &[u8]) -> Result<(), Errno> {
        let Some(port) = &self.open else { return Err(Errno::NODEV) };
        match rustix::io::write(port, frame)? {
            all if all == frame.len() => Ok(()),
            _ => Err(Errno::AGAIN),
        }
    }
}
