//! Relays with the board's own timers, as the boards of several makers have them.

use super::relay_board::OutputsAfterRestart;
use crate::number::{Address, Channel, Terminal};
use crate::plant::{Cause, Plant};
use crate::time::SimTime;

/// One relay. `opens_at`: when the board's timer opens it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Relay {
    closed: bool,
    opens_at: Option<SimTime>,
}

/// All relays of one board.
#[derive(Debug)]
pub(super) struct Relays {
    wired_as: Address,
    relays: Vec<Relay>,
}

impl Relays {
    pub fn new(wired_as: Address, count: usize) -> Self {
        Self { wired_as, relays: vec![Relay::default(); count] }
    }

    pub fn count(&self) -> usize {
        self.relays.len()
    }

    /// Which are closed, channel 1 first.
    pub fn closed(&self) -> Vec<bool> {
        self.relays.iter().map(|relay| relay.closed).collect()
    }

    /// Opens or closes one; the board's timer opens it again at `opens_at`.
    pub fn put(
        &mut self,
        at: SimTime,
        index: usize,
        closed: bool,
        opens_at: Option<SimTime>,
        cause: Cause,
        plant: &mut Plant,
    ) {
        let (Some(relay), Some(channel)) = (self.relays.get_mut(index), Channel::from_index(index)) else {
            return;
        };
        let before = std::mem::replace(relay, Relay { closed, opens_at });
        let terminal = Terminal { board: self.wired_as, channel };
        match (before.closed, closed) {
            (true, true) => plant.relay_held(at, terminal),
            (false, false) => {}
            _ => plant.relay(at, terminal, closed, cause),
        }
    }

    pub fn next_deadline(&self) -> Option<SimTime> {
        self.relays.iter().filter_map(|relay| relay.opens_at).min()
    }

    pub fn advance(&mut self, now: SimTime, plant: &mut Plant) {
        while let Some(at) = self.next_deadline().filter(|at| *at <= now) {
            for index in 0..self.relays.len() {
                if self.relays[index].opens_at.is_some_and(|due| due <= at) {
                    self.put(at, index, false, None, Cause::Timer, plant);
                }
            }
        }
    }

    pub fn power_off(&mut self, now: SimTime, plant: &mut Plant) {
        for index in 0..self.relays.len() {
            self.relays[index].opens_at = None;
            if self.relays[index].closed {
                self.put(now, index, false, None, Cause::Restart, plant);
            }
        }
    }

    pub fn power_on(&mut self, now: SimTime, after: OutputsAfterRestart, plant: &mut Plant) {
        if let OutputsAfterRestart::On(channels) = after {
            for channel in channels {
                self.put(now, channel.index(), true, None, Cause::Restart, plant);
            }
        }
    }
}
