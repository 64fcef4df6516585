//! Orders from a seed: pulses and watches at random moments, often of the same output again.

use std::time::Duration;

use device_drivers::channel::Channel;
use device_drivers::device::Model;
use device_drivers::id::OrderId;
use device_drivers::order::{Order, PulseLength, Task};
use device_drivers::time::Monotonic;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use sim_devices::LineSpec;

use super::lines::{described, device};

/// Devices need some tens of milliseconds to come online; orders before that shall be there too.
const FIRST: Duration = Duration::from_millis(20);

/// Longest pulse that is ordered, as far as a board can time shorter ones: an output whose pulse is over is free for the next.
const LONGEST: Duration = Duration::from_secs(1);

/// A board with locks.
#[derive(Debug, Clone)]
struct Locks {
    board: u8,
    outputs: u8,
    lengths: Vec<PulseLength>,
}

/// The generator.
#[derive(Debug)]
pub struct Script {
    locks: Vec<Locks>,
    /// Boards with inputs, and how many each has.
    doors: Vec<(u8, u8)>,
    rng: Xoshiro256PlusPlus,
    due: Monotonic,
    made: u64,
    /// The lock of the last pulse: a place among the boards, and an output.
    last: (usize, u8),
}

impl Script {
    /// The orders of `seed` to every output and every input of `line`, from `start` on.
    #[must_use]
    pub fn new(line: &LineSpec, seed: u64, start: Monotonic) -> Self {
        let (mut locks, mut doors) = (Vec::new(), Vec::new());
        for spec in &line.devices {
            let (board, model) = (spec.address.get(), described(spec).model);
            let provides = model.provides();
            if provides.outputs > 0 {
                locks.push(Locks { board, outputs: provides.outputs, lengths: short(&model) });
            }
            if provides.inputs > 0 {
                doors.push((board, provides.inputs));
            }
        }
        let rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        Self { locks, doors, rng, due: start + FIRST, made: 0, last: (0, 1) }
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
            let place = self.rng.random_range(0..self.locks.len());
            self.last = (place, self.rng.random_range(1..=self.locks[place].outputs));
        }
        let (place, output) = self.last;
        let patience = match self.rng.random_range(0..10_u8) {
            0 => Duration::ZERO,
            1 => Duration::from_millis(self.rng.random_range(1..60)),
            _ => Duration::from_millis(self.rng.random_range(200..5_000)),
        };
        let Locks { board, lengths, .. } = &self.locks[place];
        Task::Pulse {
            device: device(*board),
            output: Channel::new(output).expect("from 1"),
            length: lengths[self.rng.random_range(0..lengths.len())],
            deadline: now + patience,
        }
    }

    fn watch(&mut self) -> Task {
        let (board, inputs) = self.doors[self.rng.random_range(0..self.doors.len())];
        let input = Channel::new(self.rng.random_range(1..=inputs)).expect("from 1");
        Task::Watch { device: device(board), input }
    }
}

/// The pulses that a model's board can time, up to [`LONGEST`].
fn short(model: &Model) -> Vec<PulseLength> {
    model.pulse_lengths().into_iter().filter(|length| length.duration() <= LONGEST).collect()
}
