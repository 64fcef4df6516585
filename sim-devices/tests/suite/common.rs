//! A plain master for tests: writes a frame, listens until the line is quiet.

use std::time::Duration;

use sim_devices::{Address, Channel, DoorNumber, Latches, LineSpec, SimTime, Simulation, Terminal, WireByte};

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_millis(100);

pub fn address(address: u8) -> Address {
    Address::new(address).expect("not the broadcast address")
}

pub fn channel(number: u8) -> Channel {
    Channel::new(number).expect("channels count from 1")
}

pub fn door(number: u8) -> DoorNumber {
    DoorNumber::new(number).expect("doors count from 1")
}

pub fn relay(number: u8) -> Terminal {
    Terminal { board: address(1), channel: channel(number) }
}

pub fn bank(compartments: usize) -> LineSpec {
    LineSpec::bank(compartments, Latches::None).expect("a bank of this size")
}

/// Steps a simulation deadline by deadline until `until`, collecting what the master hears.
pub fn listen(sim: &mut Simulation, until: SimTime) -> Vec<WireByte> {
    let mut heard = Vec::new();
    loop {
        let next = sim.next_deadline().unwrap_or(until).min(until);
        sim.advance(next);
        heard.extend(std::iter::from_fn(|| sim.receive()));
        if next == until {
            return heard;
        }
    }
}

pub struct Master<'a>(&'a mut Simulation);

impl<'a> Master<'a> {
    pub fn new(sim: &'a mut Simulation) -> Self {
        Self(sim)
    }

    /// Everything heard within 100 ms of the request's end.
    pub fn ask(&mut self, request: &[u8]) -> Vec<u8> {
        self.ask_timed(request).into_iter().map(|heard| heard.byte).collect()
    }

    pub fn ask_timed(&mut self, request: &[u8]) -> Vec<WireByte> {
        let sent = self.0.send(self.0.now(), request);
        listen(self.0, sent + PATIENCE)
    }
}
