//! Dedicated lock boards with their own RS-485 protocols: a board times its pulses itself, reads a feedback for each lock,
//! and takes its family's open-all codes, which no driver should ever send. Written from hardware.md, "Dedicated locker
//! boards", one file a family (see [`family`]).

mod bytes;
mod family;
mod kerong;
mod lock_8a;
mod winnsen;
mod wkly;

use std::time::Duration;

pub use family::LockFamily;

use crate::device::Settings;
use crate::number::{Address, Channel, Terminal};
use crate::plant::{Cause, Plant};
use crate::time::SimTime;
use crate::wire::{Baud, Frame};
use family::Ask;

/// How often a board looks at its feedback lines for what it tells unasked.
const SCAN: Duration = Duration::from_millis(20);

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
        self.family.unasked().is_some()
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
        let Some(say) = self.family.unasked() else { return };
        let levels = self.levels(now, plant);
        let before = std::mem::replace(&mut self.seen, levels);
        for (lock, (was, is)) in before.iter().zip(&self.seen).enumerate().take(self.family.locks()) {
            if was != is {
                self.outbox.push(say(self.settings.address.get(), lock, *is));
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
