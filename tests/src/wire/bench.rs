//! Both sides of one wire on one virtual time, and the record of what was seen.

use std::path::PathBuf;
use std::time::Duration;

use device_drivers::frame::FrameBytes;
use device_drivers::line::{Line, Output};
use device_drivers::order::Order;
use device_drivers::signal::Signal;
use device_drivers::spec as drivers;
use device_drivers::time::Monotonic;
use sim_devices::{Act, LineSpec, Person, SimEvent, SimTime, Simulation};

use super::lines::configured;

/// One thing seen on the bench, in the order in which it happened.
#[derive(Debug, Clone)]
pub enum Seen {
    /// The master began to send a frame.
    Sent {
        /// When its first bit left.
        at: Monotonic,
        /// The frame.
        frame: FrameBytes,
    },
    /// A character reached the master.
    Heard {
        /// When its stop bit ended.
        at: Monotonic,
    },
    /// The master told something upward.
    Told(Signal),
    /// Something happened in the building.
    Happened(SimEvent),
}

/// Line master and simulated line.
#[derive(Debug)]
pub struct Bench {
    /// The far side of the wire, to break things in.
    pub sim: Simulation,
    line: Line,
    plugged: bool,
    stopped: bool,
    wake: Monotonic,
    seen: Vec<Seen>,
}

/// A moment of the simulation on the drivers' clock.
#[must_use]
pub const fn monotonic(at: SimTime) -> Monotonic {
    Monotonic::from_micros(at.as_micros())
}

impl Bench {
    /// `line` with its port just opened. Whoever finds a door of it ajar shuts it after 700 ms.
    #[must_use]
    pub fn new(line: &LineSpec, seed: u64) -> Self {
        Self::of(line, &configured(line, PathBuf::from("in memory")), seed)
    }

    /// The same, as somebody else describes the line to the drivers.
    #[must_use]
    pub fn of(line: &LineSpec, spec: &drivers::LineSpec, seed: u64) -> Self {
        let mut sim = Simulation::new(line, seed).expect("the line can be built");
        let passer_by = Person::new().then(Duration::from_millis(700), Act::Shut);
        sim.plant_mut().stand_at_every_door(&passer_by);
        let mut line = Line::new(spec, Monotonic::ZERO).expect("the line is described rightly");
        line.opened(Monotonic::ZERO);
        Self { sim, line, plugged: true, stopped: false, wake: Monotonic::ZERO, seen: Vec::new() }
    }

    /// The moment up to which everything has happened.
    #[must_use]
    pub fn now(&self) -> Monotonic {
        monotonic(self.sim.now())
    }

    /// Hands an order to the master now.
    pub fn submit(&mut self, order: Order) {
        self.line.submit(order, self.now());
        self.settle();
    }

    /// Lets everything happen until `end`.
    pub fn run_until(&mut self, end: Monotonic) {
        self.settle();
        while self.now() < end {
            self.step(end);
        }
    }

    /// Lets everything happen until the master told something upward that nobody has taken, and at most until `end`.
    pub fn run_to_signal(&mut self, end: Monotonic) {
        let told = |seen: &Seen| matches!(seen, Seen::Told(_));
        self.settle();
        let mut looked = 0;
        while self.now() < end && !self.seen[looked..].iter().any(told) {
            looked = self.seen.len();
            self.step(end);
        }
    }

    /// Lets the next thing happen, at most until `end`.
    fn step(&mut self, end: Monotonic) {
        let due = self.sim.next_deadline().map_or(Monotonic::NEVER, monotonic);
        let soonest = self.now() + Duration::from_micros(1);
        let next = self.wake.min(due).min(end).max(soonest);
        self.sim.advance(SimTime::from_micros(next.as_micros()));
        self.hear();
        self.settle();
    }

    /// Lets everything happen for `span`.
    pub fn run_for(&mut self, span: Duration) {
        self.run_until(self.now() + span);
    }

    /// Stops the master for good: what is open ends. The building goes on.
    pub fn stop(&mut self) {
        self.stopped = true;
        self.line.stop(self.now());
        self.settle();
    }

    /// What was seen since the last call.
    pub fn take_seen(&mut self) -> Vec<Seen> {
        std::mem::take(&mut self.seen)
    }

    fn hear(&mut self) {
        self.seen.extend(self.sim.take_events().into_iter().map(Seen::Happened));
        assert_eq!(self.sim.events_dropped(), 0, "the simulation lost events");
        if self.stopped {
            // What nobody takes would be due for ever.
            while self.sim.receive().is_some() {}
            return;
        }
        let now = self.now();
        if self.plugged != self.sim.line().is_plugged() {
            self.plugged = !self.plugged;
            if self.plugged { self.line.opened(now) } else { self.line.closed(now) }
        }
        while let Some(heard) = self.sim.receive() {
            self.seen.push(Seen::Heard { at: monotonic(heard.at) });
            self.line.received(&[heard.byte], now);
        }
    }

    /// Does what the master says until it waits.
    fn settle(&mut self) {
        loop {
            match self.line.poll(self.now()) {
                Output::Transmit(frame) => {
                    self.seen.push(Seen::Sent { at: self.now(), frame });
                    self.sim.send(self.sim.now(), &frame);
                }
                // In memory nothing waits in a port.
                Output::Flush => {}
                Output::Signal(signal) => self.seen.push(Seen::Told(signal)),
                Output::Wait { until, .. } => {
                    self.wake = until;
                    return;
                }
            }
        }
    }
}
