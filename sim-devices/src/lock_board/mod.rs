//! Dedicated lock boards with their own RS-485 protocols: a board times its pulses itself, reads a feedback for each lock,
//! and takes its family's open-all codes, which no driver should ever send. Written from hardware.md, "Dedicated locker
//! boards", one file a family.

mod kerong;
mod lock_8a;
mod winnsen;
mod wkly;

use std::time::Duration;

use crate::device::Settings;
use crate::number::{Address, Channel, Terminal};
use crate::plant::{Cause, Plant};
use crate::time::SimTime;
use crate::wire::{Baud, Frame};

/// How often a board looks at its feedback lines for what it tells unasked.
const SCAN: Duration = Duration::from_millis(20);

/// Which boards: all on a line are of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockFamily {
    /// Kerong KR-CU16: 16 hooks and 16 eyes.
    KerongCu16,
    /// Kerong KR-CU48: 48 hooks and 48 eyes.
    KerongCu48,
    /// Kerong KR-CU48 whose status has hooks only.
    KerongCu48Hooks,
    /// 8A/80, with so many locks.
    Lock8a(u8),
    /// Winnsen, 16 locks.
    Winnsen,
    /// WKLY, with so many locks.
    Wkly(u8),
}

/// What a frame asks of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Lets go the lock with this index.
    Open(usize),
    /// Lets go every lock.
    OpenAll,
    /// What all feedback lines read.
    Read,
    /// What the feedback line with this index reads.
    ReadOne(usize),
}

/// A frame of the family: the board's number, and what is asked of it.
pub(crate) type Asked = (u8, Ask);

impl LockFamily {
    /// How many locks.
    #[must_use]
    pub const fn locks(self) -> usize {
        match self {
            Self::KerongCu16 | Self::Winnsen => 16,
            Self::KerongCu48 | Self::KerongCu48Hooks => 48,
            Self::Lock8a(locks) | Self::Wkly(locks) => locks as usize,
        }
    }

    /// How many signals: a feedback for each lock, and eyes where there are any.
    #[must_use]
    pub const fn inputs(self) -> usize {
        match self {
            Self::KerongCu16 | Self::KerongCu48 => 2 * self.locks(),
            Self::KerongCu48Hooks | Self::Lock8a(_) | Self::Winnsen | Self::Wkly(_) => self.locks(),
        }
    }

    /// How long a board holds a lock.
    #[must_use]
    pub const fn held(self) -> Duration {
        match self {
            Self::KerongCu16 | Self::KerongCu48 | Self::KerongCu48Hooks | Self::Winnsen => {
                Duration::from_millis(500)
            }
            Self::Lock8a(_) => Duration::from_millis(300),
            Self::Wkly(_) => Duration::from_millis(350),
        }
    }

    /// What a whole frame asks, and of which board; none for what is no request of the family.
    pub(crate) fn parse(self, frame: &[u8]) -> Option<Asked> {
        let asked = match self {
            Self::KerongCu16 => kerong::parse_cu16(frame),
            Self::KerongCu48 | Self::KerongCu48Hooks => kerong::parse_cu48(frame),
            Self::Lock8a(_) => lock_8a::parse(frame),
            Self::Winnsen => winnsen::parse(frame),
            Self::Wkly(_) => wkly::parse(frame),
        }?;
        match asked.1 {
            Ask::Open(lock) | Ask::ReadOne(lock) if lock >= self.locks() => None,
            _ => Some(asked),
        }
    }

    /// The locks that a frame would open, as this family's boards read it: board number and lock counted from 1.
    #[must_use]
    pub fn opens(self, frame: &[u8]) -> Vec<(u8, u8)> {
        match self.parse(frame) {
            Some((board, Ask::Open(lock))) => vec![(board, printed(lock))],
            Some((board, Ask::OpenAll)) => (0..self.locks()).map(|lock| (board, printed(lock))).collect(),
            Some((_, Ask::Read | Ask::ReadOne(_))) | None => Vec::new(),
        }
    }

    /// The board and the command of a frame, for fault rules.
    pub(crate) fn addressed(self, frame: &[u8]) -> Option<(Option<Address>, u8)> {
        let (board, ask) = self.parse(frame)?;
        let command = match ask {
            Ask::Open(_) | Ask::OpenAll => 5,
            Ask::Read | Ask::ReadOne(_) => 2,
        };
        Some((Address::new(board), command))
    }

    /// A frame of this board as its neighbour would send it.
    pub(crate) fn readdressed(self, reply: &[u8]) -> Vec<u8> {
        match self {
            Self::KerongCu16 => kerong::resealed(reply, 1, 0x10),
            Self::KerongCu48 | Self::KerongCu48Hooks => kerong::resealed(reply, 1, 1),
            Self::Lock8a(_) => lock_8a::readdressed(reply),
            Self::Winnsen => winnsen::readdressed(reply),
            Self::Wkly(_) => wkly::readdressed(reply),
        }
    }

    fn status(self, board: u8, levels: &[bool], ask: Ask) -> Option<Vec<u8>> {
        let one = |lock: usize| levels.get(lock).copied().unwrap_or(false);
        match (self, ask) {
            (Self::KerongCu16, Ask::Read) => Some(kerong::status_cu16(board, levels)),
            (Self::KerongCu48, Ask::Read) => Some(kerong::status_cu48(board, levels)),
            (Self::KerongCu48Hooks, Ask::Read) => Some(kerong::status_cu48_hooks(board, levels)),
            (Self::Lock8a(_), Ask::Read) => Some(lock_8a::status(board, levels)),
            (Self::Lock8a(_), Ask::ReadOne(lock)) => Some(lock_8a::one(board, lock, one(lock))),
            (Self::Winnsen, Ask::ReadOne(lock)) => Some(winnsen::status(board, lock, one(lock))),
            (Self::Wkly(_), Ask::ReadOne(lock)) => Some(wkly::status(board, lock, one(lock))),
            _ => None,
        }
    }

    /// What a board says about an opening, and how long after the request.
    fn word(self, board: u8, lock: usize) -> Option<(Duration, Vec<u8>)> {
        match self {
            Self::KerongCu16 => None,
            Self::KerongCu48 | Self::KerongCu48Hooks => {
                Some((Duration::ZERO, kerong::word_cu48(board, lock)))
            }
            Self::Lock8a(_) => Some((self.held(), lock_8a::word(board, lock))),
            Self::Winnsen => Some((Duration::ZERO, winnsen::word(board, lock))),
            Self::Wkly(_) => Some((self.held(), wkly::word(board, lock))),
        }
    }

    /// What a board says unasked of a door that moved.
    fn unasked(self, board: u8, lock: usize, level: bool) -> Option<Vec<u8>> {
        match self {
            Self::Lock8a(_) => Some(lock_8a::unasked(board, lock, level)),
            Self::Wkly(_) => Some(wkly::unasked(board, lock, level)),
            Self::KerongCu16 | Self::KerongCu48 | Self::KerongCu48Hooks | Self::Winnsen => None,
        }
    }
}

/// The board.
#[derive(Debug)]
pub struct LockBoard {
    settings: Settings,
    family: LockFamily,
    /// When the current to each lock ends.
    held_until: Vec<Option<SimTime>>,
    /// What each feedback line read when last looked at.
    seen: Vec<bool>,
    next_scan: SimTime,
    outbox: Vec<Vec<u8>>,
}

impl LockBoard {
    pub(crate) fn new(address: Address, baud: Baud, family: LockFamily) -> Self {
        Self {
            settings: Settings::new(address, baud),
            family,
            held_until: vec![None; family.locks()],
            seen: Vec::new(),
            next_scan: SimTime::ZERO,
            outbox: Vec::new(),
        }
    }

    /// The number it listens to.
    #[must_use]
    pub fn address(&self) -> Address {
        self.settings.address
    }

    pub(crate) fn baud(&self) -> Baud {
        self.settings.baud
    }

    pub(crate) fn next_deadline(&self) -> Option<SimTime> {
        let released = self.held_until.iter().flatten().min().copied();
        let scan = self.speaks_unasked().then_some(self.next_scan);
        crate::time::earliest(released, scan)
    }

    fn speaks_unasked(&self) -> bool {
        matches!(self.family, LockFamily::Lock8a(_) | LockFamily::Wkly(_))
    }

    pub(crate) fn advance(&mut self, now: SimTime, plant: &mut Plant) {
        for index in 0..self.held_until.len() {
            if let Some(at) = self.held_until[index].filter(|at| *at <= now) {
                self.held_until[index] = None;
                self.move_lock(at, index, false, Cause::Timer, plant);
            }
        }
        if self.speaks_unasked() && self.next_scan <= now {
            self.scan(now, plant);
            self.next_scan = now + SCAN;
        }
    }

    fn scan(&mut self, now: SimTime, plant: &Plant) {
        let levels = self.levels(now, plant);
        let before = std::mem::replace(&mut self.seen, levels);
        for (lock, (was, is)) in before.iter().zip(&self.seen).enumerate().take(self.family.locks()) {
            if was != is {
                self.outbox.extend(self.family.unasked(self.settings.address.get(), lock, *is));
            }
        }
    }

    /// What it says unasked, oldest first.
    pub(crate) fn take_unasked(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.outbox)
    }

    /// Obeys what is asked of it. The answers, each with the time after the request at which it starts.
    pub(crate) fn obey(&mut self, ask: Ask, frame: &Frame, plant: &mut Plant) -> Vec<(Duration, Vec<u8>)> {
        let (board, now) = (self.settings.address.get(), frame.complete_at);
        match ask {
            Ask::Open(lock) => {
                self.open(lock, frame, plant);
                self.family.word(board, lock).into_iter().collect()
            }
            Ask::OpenAll => {
                (0..self.family.locks()).for_each(|lock| self.open(lock, frame, plant));
                Vec::new()
            }
            Ask::Read | Ask::ReadOne(_) => {
                let status = self.family.status(board, &self.levels(now, plant), ask);
                status.map(|status| (Duration::ZERO, status)).into_iter().collect()
            }
        }
    }

    fn open(&mut self, lock: usize, frame: &Frame, plant: &mut Plant) {
        let Some(terminal) = self.terminal(lock) else { return };
        let until = frame.complete_at + self.family.held();
        if self.held_until[lock].replace(until).is_some() {
            plant.relay_held(frame.complete_at, terminal);
        } else {
            let cause = Cause::Request { heard: frame.end };
            self.move_lock(frame.complete_at, lock, true, cause, plant);
        }
    }

    fn move_lock(&self, at: SimTime, lock: usize, on: bool, cause: Cause, plant: &mut Plant) {
        if let Some(terminal) = self.terminal(lock) {
            plant.relay(at, terminal, on, cause);
        }
    }

    fn levels(&self, now: SimTime, plant: &Plant) -> Vec<bool> {
        let level = |index| self.terminal(index).is_some_and(|input| plant.input_level(now, input));
        (0..self.family.inputs()).map(level).collect()
    }

    fn terminal(&self, index: usize) -> Option<Terminal> {
        let channel = Channel::from_index(index)?;
        Some(Terminal { board: self.settings.wired_as, channel })
    }

    pub(crate) fn power_off(&mut self, now: SimTime, plant: &mut Plant) {
        for index in 0..self.held_until.len() {
            if self.held_until[index].take().is_some() {
                self.move_lock(now, index, false, Cause::Restart, plant);
            }
        }
        self.outbox.clear();
    }

    pub(crate) fn power_on(&mut self, now: SimTime) {
        self.seen.clear();
        self.next_scan = now;
    }
}

/// Bits of `levels`, eight to a byte, the first in bit 0.
fn packed(levels: &[bool]) -> Vec<u8> {
    let byte = |eight: &[bool]| eight.iter().rev().fold(0_u8, |byte, level| byte << 1 | u8::from(*level));
    levels.chunks(8).map(byte).collect()
}

fn xor_sealed(mut body: Vec<u8>) -> Vec<u8> {
    body.push(body.iter().fold(0, |xor, byte| xor ^ byte));
    body
}

/// The frame without its check byte; none when that is wrong.
fn xor_checked(frame: &[u8]) -> Option<&[u8]> {
    let (sent, body) = frame.split_last()?;
    (body.iter().fold(0, |xor, byte| xor ^ byte) == *sent).then_some(body)
}

/// A lock counted from 1 on the wire.
fn printed(lock: usize) -> u8 {
    u8::try_from(lock + 1).unwrap_or(u8::MAX)
}
