//! What must hold of a line of dedicated lock boards, in memory or on a port.
//!
//! No frame of the master opens more than the one lock that was ordered (read by the simulators' own codec); no order is told
//! as acknowledged; every order ends once; and no door is told as open or shut that was not so within [`FRESH`]. A lock that
//! moved because the wire bent a frame is counted, not forgiven in silence: see `misled`.

use std::time::Duration;

use device_drivers::channel::Channel;
use device_drivers::id::{DeviceId, OrderId};
use device_drivers::order::{Order, Task};
use device_drivers::signal::{InputStates, Level, Signal};
use device_drivers::time::Monotonic;
use sim_devices::{Baud, DoorNumber, Happening, LockFamily, Terminal};

use super::docket::Docket;
use super::lines::{address, device};
use super::lockers::{BOARDS, DOORS};
use super::tally::Tallies;

/// What is judged of a line.
pub trait Judge {
    /// An order, and what the daemon orders with it.
    fn orders(&self, order: Order) -> Vec<Order> {
        vec![order]
    }

    /// An order is handed over at `at`.
    fn submitted(&mut self, order: &Order, at: Monotonic);

    /// Takes a signal.
    ///
    /// # Errors
    /// The sentence that is broken: an order that ended twice, or that nobody gave.
    fn told(&mut self, signal: &Signal) -> Result<(), String>;

    /// Takes what happened in the building at `at`.
    fn happened(&mut self, what: &Happening, at: Monotonic);

    /// The master began to send a frame at `at`.
    ///
    /// # Errors
    /// It opens more than one lock.
    fn sent(&mut self, at: Monotonic, frame: &[u8]) -> Result<(), String>;

    /// Compares everything when the run is over: what each board came to, by its name.
    ///
    /// # Errors
    /// The first sentence that is broken.
    fn verdict(&mut self) -> Result<Tallies, String>;
}

/// A level that is told was true within this time: the drivers' horizon of late answers, and a read that agrees.
pub const FRESH: Duration = Duration::from_millis(1_500);

/// Watches of pulses have this bit.
const WATCH: u64 = 1 << 40;

/// Since when a door has been open or shut, newest last.
type History = Vec<(Monotonic, Level)>;

/// What a board told, and when.
type Told = (DeviceId, Monotonic, InputStates);

/// One run.
#[derive(Debug)]
pub struct LockJudge {
    docket: Docket,
    family: LockFamily,
    baud: Baud,
    tolerance: Duration,
    boards: [DeviceId; 2],
    doors: Vec<History>,
    told: Vec<Told>,
}

impl LockJudge {
    /// Of a line as [`line`](super::lockers::line) makes it, where the building's clock and the master's agree within `tolerance`.
    #[must_use]
    pub fn new(family: LockFamily, baud: Baud, tolerance: Duration) -> Self {
        let docket = Docket::new(baud.characters(order_bytes(family)), baud.silence(), tolerance);
        let doors = DOORS.min(family.locks()) * BOARDS.len();
        Self {
            docket: docket.misleading(),
            family,
            baud,
            tolerance,
            boards: BOARDS.map(device),
            doors: vec![vec![(Monotonic::ZERO, shut(family))]; doors],
            told: Vec::new(),
        }
    }

    /// What is told of each door was true of it lately. `last`: what was told of each door before.
    fn true_lately(&self, told: &Told, last: &mut [Option<Level>]) -> Result<(), String> {
        let (board, at, states) = told;
        let doors = self.doors.len() / BOARDS.len();
        let first = if *board == self.boards[0] { 0 } else { doors };
        for channel in Channel::first(u8::try_from(doors).expect("few doors")) {
            let Some(level) = states.get(channel) else { continue };
            let door = first + usize::from(channel.index());
            if last[door].replace(level) == Some(level) {
                continue;
            }
            let history = &self.doors[door];
            if !was(history, level, *at, self.tolerance) {
                return Err(format!("{board}/{channel} was told {level:?} at {at:?}; it was {history:?}"));
            }
        }
        Ok(())
    }
}

impl Judge for LockJudge {
    /// For a pulse the watch too that the daemon orders with it.
    fn orders(&self, order: Order) -> Vec<Order> {
        let watch = match &order.task {
            Task::Pulse { device, output, .. } => Some(Order {
                id: OrderId(order.id.0 | WATCH),
                task: Task::Watch { device: device.clone(), input: *output },
            }),
            Task::Watch { .. } | Task::Withdraw { .. } => None,
        };
        [Some(order), watch].into_iter().flatten().collect()
    }

    fn submitted(&mut self, order: &Order, at: Monotonic) {
        self.docket.submitted(order, at);
    }

    fn sent(&mut self, at: Monotonic, frame: &[u8]) -> Result<(), String> {
        let opens = self.family.opens(frame);
        if opens.len() > 1 {
            return Err(format!("the master sent {frame:02X?}, which opens {} locks", opens.len()));
        }
        let terminal = |(board, lock)| Terminal {
            board: address(board),
            channel: sim_devices::Channel::new(lock).expect("from 1"),
        };
        let opens = opens.into_iter().map(terminal).collect();
        self.docket.sends(at, self.baud.characters(frame.len()), opens);
        Ok(())
    }

    fn told(&mut self, signal: &Signal) -> Result<(), String> {
        if let Signal::Inputs { device, at, states } = signal {
            self.told.push((device.clone(), *at, *states));
        }
        self.docket.told(signal)
    }

    fn happened(&mut self, what: &Happening, at: Monotonic) {
        self.docket.happened(what, at);
        let (door, level) = match what {
            Happening::DoorAjar(door) | Happening::DoorForced(door) => (*door, open(self.family)),
            Happening::DoorShut(door) => (*door, shut(self.family)),
            Happening::Fault(_) => return self.docket.struck(at),
            _ => return,
        };
        self.doors[place(door)].push((at, level));
    }

    fn verdict(&mut self) -> Result<Tallies, String> {
        let mut last = vec![None; self.doors.len()];
        for told in std::mem::take(&mut self.told) {
            self.true_lately(&told, &mut last)?;
        }
        let boards = self.docket.verdict()?;
        match boards.total().acknowledged {
            0 => Ok(boards),
            told => Err(format!("{told} orders told as acknowledged by a format that proves nothing")),
        }
    }
}

/// Whether a door had `level` at some time in the last [`FRESH`] before `at`, by clocks that agree within `tolerance`.
fn was(history: &History, level: Level, at: Monotonic, tolerance: Duration) -> bool {
    let ends = history.iter().skip(1).map(|(end, _)| *end).chain([Monotonic::NEVER]);
    history
        .iter()
        .zip(ends)
        .any(|((begun, had), end)| *had == level && *begun <= at + tolerance && end + FRESH + tolerance >= at)
}

/// Bytes of an order to open one lock.
const fn order_bytes(family: LockFamily) -> usize {
    match family {
        LockFamily::KerongCu16 | LockFamily::Lock8a(_) => 5,
        LockFamily::KerongCu48 | LockFamily::KerongCu48Hooks | LockFamily::Winnsen => 6,
        LockFamily::Wkly(_) => 9,
    }
}

fn place(door: DoorNumber) -> usize {
    usize::from(door.get()) - 1
}

/// What the feedback of a shut door reads as: Winnsen's says whether it is open.
const fn shut(family: LockFamily) -> Level {
    match family {
        LockFamily::Winnsen => Level::Off,
        _ => Level::On,
    }
}

const fn open(family: LockFamily) -> Level {
    match family {
        LockFamily::Winnsen => Level::On,
        _ => Level::Off,
    }
}
