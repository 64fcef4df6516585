//! The thread that owns a port: it does what the line says, and waits in one place.

use std::num::NonZeroU64;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::handle::Inbox;
use super::keeper::{Keeper, News};
use super::link::{Link, Reading};
use super::loan::Wish;
use crate::limits::INBOX_ORDERS;
use crate::line::{Line, Output};
use crate::order::Task;
use crate::signal::{NotSent, Outcome, PortState, Signal};
use crate::spec::LineSpec;
use crate::time::Monotonic;

/// One line and its port.
pub(super) struct Runner<S, C> {
    pub(super) line: Line,
    pub(super) inbox: Inbox,
    sink: S,
    pub(super) clock: C,
    pub(super) port: Keeper,
    /// Who waits for the locks to rest so that they can have the line.
    pub(super) wish: Option<Wish>,
}

/// What a wait ended with.
pub(super) struct Woken {
    pub(super) bell: bool,
    port: PollFlags,
}

impl<S: FnMut(Signal), C: Fn() -> Monotonic> Runner<S, C> {
    pub(super) fn new(line: Line, spec: &LineSpec, inbox: Inbox, sink: S, clock: C) -> Self {
        let port = Keeper::new(&spec.port, spec.baud, spec.parity);
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
            let now = (self.clock)();
            let news = self.port.advance(now);
            self.tell(news, now);
            let until = self.step().min(self.port.due());
            let woken = self.wait(until);
            if woken.bell {
                stop = self.inbox.bell.answer();
            }
            if !woken.port.is_empty() {
                self.port_woke(woken.port);
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

    /// Tells what became of opening the port.
    fn tell(&mut self, news: Option<News>, now: Monotonic) {
        let state = match news {
            None => return,
            Some(News::Opened { slow }) => {
                self.line.opened(now);
                let Some(latency) = slow else { return };
                PortState::SlowAdapter { latency }
            }
            Some(News::Failed(error)) => PortState::OpenFailed { step: error.step, kind: error.kind() },
        };
        (self.sink)(Signal::Port { at: now, state });
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
                Output::Transmit(frame) => self.port.link().ok_or(Errno::NODEV).and_then(|l| l.write(&frame)),
                Output::Flush => self.port.link().map_or(Ok(()), Link::flush),
            };
            if done.is_err() {
                self.close();
            }
        }
    }

    fn close(&mut self) {
        let now = (self.clock)();
        self.port.close(now);
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
        let outcome = match self.port.watched() {
            Some((port, wanted)) => {
                let mut both = [bell, PollFd::new(port, wanted)];
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

    fn port_woke(&mut self, why: PollFlags) {
        let now = (self.clock)();
        let news = self.port.ready(now);
        if news.is_some() {
            return self.tell(news, now);
        }
        let Some(link) = self.port.link() else { return };
        let (line, clock) = (&mut self.line, &self.clock);
        let read = link.read(&mut |bytes| line.received(bytes, clock()));
        match read {
            Ok(Reading::End) => self.close(),
            Ok(Reading::Bytes) => self.port.proven(),
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
            if let Task::Withdraw { .. } = order.task {
                continue;
            }
            let outcome = Outcome::NotSent(NotSent::Stopped);
            (self.sink)(Signal::Ended { order: order.id, at: now, outcome });
        }
        self.port.close(now);
    }
}
