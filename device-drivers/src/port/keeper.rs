//! A port's life: opened when it is due, told of once per reason, opened again with pauses.

use std::path::Path;
use std::time::Duration;

use rustix::event::PollFlags;
use rustix::fd::OwnedFd;

use super::link::Link;
use super::opening::{OpenError, Opening, open};
use super::tcp::{CONNECT_PATIENCE, Connecting};
use super::tty::latency_timer;
use crate::limits::{REOPEN_FIRST, REOPEN_MOST};
use crate::spec::{Baud, Direction, Parity, PortSpec};
use crate::time::Monotonic;

/// An adapter that delivers later than this spends the line's time on each answer.
const PROMPT_ADAPTER: Duration = Duration::from_millis(1);

/// A port, open or not.
pub(super) struct Keeper {
    spec: PortSpec,
    baud: Baud,
    parity: Parity,
    state: State,
    pause: Duration,
    told: Option<OpenError>,
}

enum State {
    Closed { reopen_at: Monotonic },
    Connecting { peer: Connecting, until: Monotonic },
    Open(Link),
}

/// What became of opening.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// It is open; `slow` is an adapter's latency timer that costs time.
    Opened { slow: Option<Duration> },
    /// It is not, for another reason than the last time.
    Failed(OpenError),
}

impl Keeper {
    /// A port, not opened yet.
    pub(super) fn new(spec: &PortSpec, baud: Baud, parity: Parity) -> Self {
        Self {
            spec: spec.clone(),
            baud,
            parity,
            state: State::Closed { reopen_at: Monotonic::ZERO },
            pause: REOPEN_FIRST,
            told: None,
        }
    }

    /// When time alone changes something.
    pub(super) const fn due(&self) -> Monotonic {
        match self.state {
            State::Closed { reopen_at } => reopen_at,
            State::Connecting { until, .. } => until,
            State::Open(_) => Monotonic::NEVER,
        }
    }

    /// The open port.
    pub(super) const fn link(&mut self) -> Option<&mut Link> {
        match &mut self.state {
            State::Open(link) => Some(link),
            State::Closed { .. } | State::Connecting { .. } => None,
        }
    }

    /// What to wait for besides time.
    pub(super) const fn watched(&self) -> Option<(&OwnedFd, PollFlags)> {
        match &self.state {
            State::Closed { .. } => None,
            State::Connecting { peer, .. } => Some((peer.fd(), PollFlags::OUT)),
            State::Open(link) => Some((link.fd(), PollFlags::IN)),
        }
    }

    /// Does what time has brought.
    pub(super) fn advance(&mut self, now: Monotonic) -> Option<News> {
        if now < self.due() {
            return None;
        }
        match std::mem::replace(&mut self.state, State::Closed { reopen_at: Monotonic::NEVER }) {
            State::Closed { .. } => match open(&self.spec, self.baud, self.parity) {
                Ok(Opening::Open(link)) => Some(self.opened(link)),
                Ok(Opening::Underway(peer)) => {
                    self.state = State::Connecting { peer, until: now + CONNECT_PATIENCE };
                    None
                }
                Err(error) => self.failed(error, now),
            },
            State::Connecting { peer, .. } => self.failed(peer.given_up(), now),
            State::Open(link) => {
                self.state = State::Open(link);
                None
            }
        }
    }

    /// The descriptor that was waited for is ready; only a connection under way needs that.
    pub(super) fn ready(&mut self, now: Monotonic) -> Option<News> {
        match std::mem::replace(&mut self.state, State::Closed { reopen_at: Monotonic::NEVER }) {
            State::Connecting { peer, .. } => match peer.finished() {
                Ok(link) => Some(self.opened(link)),
                Err(error) => self.failed(error, now),
            },
            other => {
                self.state = other;
                None
            }
        }
    }

    /// Bytes came: the port is what it should be, and the next loss is a new one.
    pub(super) const fn proven(&mut self) {
        self.pause = REOPEN_FIRST;
    }

    /// Closes the port; it is opened again after a pause.
    pub(super) fn close(&mut self, now: Monotonic) {
        self.pause_from(now);
    }

    /// The serial port's path, and who switches its driver; none for a line behind a server.
    pub(super) fn serial(&self) -> Option<(&Path, Direction)> {
        match &self.spec {
            PortSpec::Serial { path, direction } => Some((path, *direction)),
            PortSpec::Tcp { .. } | PortSpec::ModbusTcp { .. } => None,
        }
    }

    /// Closes the port for somebody else; it is not opened before they give it back.
    pub(super) fn lend(&mut self) {
        let closed = State::Closed { reopen_at: Monotonic::NEVER };
        if let State::Open(link) = std::mem::replace(&mut self.state, closed) {
            link.release();
        }
    }

    /// The port is ours again, to be opened at once.
    pub(super) fn give_back(&mut self) {
        self.state = State::Closed { reopen_at: Monotonic::ZERO };
        self.pause = REOPEN_FIRST;
    }

    fn opened(&mut self, link: Link) -> News {
        self.state = State::Open(link);
        self.told = None;
        let timer = match &self.spec {
            PortSpec::Serial { path, .. } => latency_timer(path),
            PortSpec::Tcp { .. } | PortSpec::ModbusTcp { .. } => None,
        };
        News::Opened { slow: timer.filter(|timer| *timer > PROMPT_ADAPTER) }
    }

    fn failed(&mut self, error: OpenError, now: Monotonic) -> Option<News> {
        self.pause_from(now);
        (self.told.replace(error) != Some(error)).then_some(News::Failed(error))
    }

    fn pause_from(&mut self, now: Monotonic) {
        let closed = State::Closed { reopen_at: now + self.pause };
        if let State::Open(link) = std::mem::replace(&mut self.state, closed) {
            link.release();
        }
        self.pause = (self.pause * 2).min(REOPEN_MOST);
    }
}
