//! Every closing of every relay, with its cause and its length.

use std::collections::{HashMap, VecDeque};

use crate::number::{DoorNumber, Terminal};
use crate::time::SimTime;

/// Newest entries kept; the totals go on counting.
const MAX_ENTRIES: usize = 65_536;

/// What made a relay move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A request on the wire; its last character ended at this moment.
    Request {
        /// When the last character had arrived at the board.
        heard: SimTime,
    },
    /// The board's own timer (the end of a pulse, or the second half of a flash-off).
    Timer,
    /// The supply came back, or the board restarted.
    Restart,
    /// An input of the same board, by control mode linkage or toggle.
    Input,
}

/// One closing of one relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Energising {
    /// When the contacts closed.
    pub at: SimTime,
    /// Which relay.
    pub relay: Terminal,
    /// The door whose lock it feeds, when one is wired.
    pub door: Option<DoorNumber>,
    /// Why.
    pub cause: Cause,
    /// When the contacts opened again; `None` while closed.
    pub until: Option<SimTime>,
    /// Commands that reached the relay while it was closed: a second pulse that moved nothing more.
    pub repeats: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    entries: VecDeque<Energising>,
    totals: HashMap<Terminal, u64>,
}

impl Ledger {
    pub fn energised(&mut self, at: SimTime, relay: Terminal, door: Option<DoorNumber>, cause: Cause) {
        if self.entries.len() == MAX_ENTRIES {
            self.entries.pop_front();
        }
        self.entries.push_back(Energising { at, relay, door, cause, until: None, repeats: 0 });
        *self.totals.entry(relay).or_default() += 1;
    }

    pub fn released(&mut self, at: SimTime, relay: Terminal) {
        if let Some(entry) = self.newest(relay) {
            entry.until = Some(at);
        }
    }

    pub fn held_longer(&mut self, relay: Terminal) {
        if let Some(entry) = self.newest(relay) {
            entry.repeats = entry.repeats.saturating_add(1);
        }
    }

    pub fn entries(&self) -> impl Iterator<Item = &Energising> {
        self.entries.iter()
    }

    pub fn total(&self, relay: Terminal) -> u64 {
        self.totals.get(&relay).copied().unwrap_or_default()
    }

    fn newest(&mut self, relay: Terminal) -> Option<&mut Energising> {
        self.entries.iter_mut().rev().find(|entry| entry.relay == relay && entry.until.is_none())
    }
}
