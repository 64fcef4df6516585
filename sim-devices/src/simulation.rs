//! A line and the building behind it on one virtual time: what a test steps in memory.

use crate::event::{Happening, SimEvent};
use crate::line::Line;
use crate::modbus::{Exception, Reply, Request};
use crate::number::Address;
use crate::plant::Plant;
use crate::spec::{LineSpec, SpecError};
use crate::time::{SimTime, earliest};
use crate::wire::WireByte;

/// Sans-IO: no threads, no clock. The law of use: times never run backwards; [`Simulation::advance`] at least
/// at every [`Simulation::next_deadline`]; then take the bytes with [`Simulation::receive`].
#[derive(Debug)]
pub struct Simulation {
    now: SimTime,
    line: Line,
    plant: Plant,
    master_free: SimTime,
}

impl Simulation {
    /// Builds the line. The same specification, seed and calls give the same bytes at the same times.
    ///
    /// # Errors
    /// [`SpecError`] when the specification contradicts itself.
    pub fn new(spec: &LineSpec, seed: u64) -> Result<Self, SpecError> {
        spec.check()?;
        Ok(Self {
            now: SimTime::ZERO,
            line: Line::new(spec, seed),
            plant: Plant::new(spec.doors.clone()),
            master_free: SimTime::ZERO,
        })
    }

    /// The moment up to which everything has happened.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// The line: devices and faults.
    #[must_use]
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// The line, to set faults, addresses or a device's state.
    pub fn line_mut(&mut self) -> &mut Line {
        &mut self.line
    }

    /// The building behind the boards.
    #[must_use]
    pub fn plant(&self) -> &Plant {
        &self.plant
    }

    /// The building, to jam doors, cut wires, change the air or send people.
    pub fn plant_mut(&mut self) -> &mut Plant {
        &mut self.plant
    }

    /// The master hands over characters at `at`; they go out one after the other at the line's rate, after
    /// what it handed over before. Returns when the last one will have arrived.
    pub fn send(&mut self, at: SimTime, bytes: &[u8]) -> SimTime {
        let start = at.max(self.now).max(self.master_free);
        for (index, byte) in bytes.iter().enumerate() {
            let at = start + self.line.baud().characters(index + 1);
            self.line.hear(WireByte { at, byte: *byte });
        }
        self.master_free = start + self.line.baud().characters(bytes.len());
        self.master_free
    }

    /// What the device wired with this address answers to a request that somebody else read from a wire.
    pub(crate) fn ask(&mut self, wired_as: Address, request: &Request) -> Option<Result<Reply, Exception>> {
        let now = self.now;
        self.line.ask(now, wired_as, request, &mut self.plant)
    }

    /// When something happens next, an arriving character included.
    #[must_use]
    pub fn next_deadline(&self) -> Option<SimTime> {
        earliest(self.next_timer(), self.line.outgoing().next_deadline())
    }

    /// When something happens next apart from characters arriving.
    #[must_use]
    pub(crate) fn next_timer(&self) -> Option<SimTime> {
        earliest(self.line.next_deadline(), self.plant.next_deadline())
    }

    /// Lets everything happen that is due by `now`, in order of time.
    pub fn advance(&mut self, now: SimTime) {
        while let Some(at) = self.next_timer().filter(|at| *at <= now) {
            self.now = self.now.max(at);
            self.plant.advance(at);
            self.line.advance(at, &mut self.plant);
        }
        self.now = self.now.max(now);
    }

    /// The next character that has reached the master by the time of the last [`Simulation::advance`].
    pub fn receive(&mut self) -> Option<WireByte> {
        self.line.take_byte(self.now)
    }

    /// The oldest events first, each once.
    pub fn take_events(&mut self) -> Vec<SimEvent> {
        self.plant.take_events()
    }

    /// Events dropped because nobody took them.
    #[must_use]
    pub fn events_dropped(&self) -> u64 {
        self.plant.events_dropped()
    }

    pub(crate) fn note(&mut self, at: SimTime, what: Happening) {
        self.plant.record(at, what);
    }

    /// Pulls the adapter: what is under way is lost, nothing is heard.
    pub fn unplug(&mut self) {
        self.line.unplug(self.now, &mut self.plant);
    }

    /// Puts the adapter back.
    pub fn plug(&mut self) {
        self.line.plug(self.now, &mut self.plant);
    }

    /// Cuts a board's supply: its relays open, it neither hears nor answers.
    pub fn power_off(&mut self, board: Address) {
        self.line.power(self.now, board, false, &mut self.plant);
    }

    /// Gives a board its supply back.
    pub fn power_on(&mut self, board: Address) {
        self.line.power(self.now, board, true, &mut self.plant);
    }

    /// Characters nobody asked for arrive from now on.
    pub fn babble(&mut self, bytes: &[u8]) {
        self.line.babble(self.now, bytes);
    }
}
