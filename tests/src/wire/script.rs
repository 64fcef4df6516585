//! Orders from a seed: pulses and watches at random moments, often of the same output again.

use std::time::Duration;

use device_drivers::channel::Channel;
use device_drivers::id::OrderId;
use device_drivers::order::{Order, PulseLength, Task};
use device_drivers::time::Monotonic;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::lines::device;

/// Relay boards of [`two_banks`](super::lines::two_banks).
pub const RELAYS: [u8; 2] = [1, 4];
/// Input boards of it.
const INPUTS: [u8; 4] = [2, 5, 6, 7];

/// Devices need some tens of milliseconds to come online; orders before that shall be there too.
const FIRST: Duration = Duration::from_millis(20);

/// What orders are about.
#[derive(Debug, Clone)]
struct Targets {
    locks: Vec<u8>,
    outputs: u8,
    doors: Vec<u8>,
    inputs: u8,
}

/// The generator.
#[derive(Debug)]
pub struct Script {
    targets: Targets,
    rng: Xoshiro256PlusPlus,
    due: Monotonic,
    made: u64,
    last: (u8, u8),
}

impl Script {
    /// The orders of `seed`, from `start` on.
    #[must_use]
    pub fn new(seed: u64, start: Monotonic) -> Self {
        let targets = Targets { locks: RELAYS.into(), outputs: 8, doors: INPUTS.into(), inputs: 8 };
        Self::of(targets, seed, start)
    }

    /// The orders of `seed` on lock boards with so many locks each.
    #[must_use]
    pub fn on_lock_boards(boards: &[u8], locks: u8, seed: u64, start: Monotonic) -> Self {
        let boards = boards.to_vec();
        Self::of(Targets { locks: boards.clone(), outputs: locks, doors: boards, inputs: locks }, seed, start)
    }

    fn of(targets: Targets, seed: u64, start: Monotonic) -> Self {
        let rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        Self { targets, rng, due: start + FIRST, made: 0, last: (1, 1) }
    }

    /// When the next order is to be given.
    #[must_use]
    pub const fn due(&self) -> Monotonic {
        self.due
    }

    /// The next order, given at `now`. A quarter come in bursts.
    pub fn next_order(&mut self, now: Monotonic) -> Order {
        let burst = self.rng.random_bool(0.25);
        let pause = if burst { self.rng.random_range(0..40) } else { self.rng.random_range(80..1_600) };
        self.due = now + Duration::from_millis(pause);
        self.made += 1;
        let task = if self.rng.random_bool(0.1) { self.watch() } else { self.pulse(now) };
        Order { id: OrderId(self.made), task }
    }

    fn pulse(&mut self, now: Monotonic) -> Task {
        if self.rng.random_bool(0.6) {
            let board = self.targets.locks[self.rng.random_range(0..self.targets.locks.len())];
            self.last = (board, self.rng.random_range(1..=self.targets.outputs));
        }
        let (board, output) = self.last;
        let patience = match self.rng.random_range(0..10_u8) {
            0 => Duration::ZERO,
            1 => Duration::from_millis(self.rng.random_range(1..60)),
            _ => Duration::from_millis(self.rng.random_range(200..5_000)),
        };
        Task::Pulse {
            device: device(board),
            output: Channel::new(output).expect("from 1"),
            length: PulseLength::from_millis(self.rng.random_range(1..=7) * 100).expect("100 to 700 ms"),
            deadline: now + patience,
        }
    }

    fn watch(&mut self) -> Task {
        let board = self.targets.doors[self.rng.random_range(0..self.targets.doors.len())];
        let input = Channel::new(self.rng.random_range(1..=self.targets.inputs)).expect("from 1");
        Task::Watch { device: device(board), input }
    }
}
