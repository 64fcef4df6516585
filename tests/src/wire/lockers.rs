//! One seed on a line of dedicated lock boards: trouble, orders, and the verdict.
//!
//! What is judged: no frame of the master opens more than the one lock that was ordered (read by the simulators' own
//! codec); no order is told as acknowledged; every order ends once; and no door is told as open or shut that was not so
//! within [`FRESH`]. A lock that moved because the wire bent a frame is counted, not forgiven in silence: see `misled`.

use std::time::Duration;

use device_drivers::channel::Channel;
use device_drivers::id::{DeviceId, OrderId};
use device_drivers::order::{Order, Task};
use device_drivers::signal::{InputStates, Level, Signal};
use device_drivers::time::Monotonic;
use sim_devices::{
    Baud, DeviceSpec, DoorNumber, DoorSpec, Fault, Happening, LineSpec, LockFamily, Model, Terminal,
};

use super::bench::{Bench, Seen, monotonic};
use super::docket::Docket;
use super::lines::{address, device};
use super::run::Report;
use super::script::Script;
use super::trouble::Trouble;

/// Every family, with the board of most locks.
pub const FAMILIES: [LockFamily; 6] = [
    LockFamily::KerongCu16,
    LockFamily::KerongCu48,
    LockFamily::KerongCu48Hooks,
    LockFamily::Lock8a(24),
    LockFamily::Winnsen,
    LockFamily::Wkly(24),
];
/// Boards of the line.
pub const BOARDS: [u8; 2] = [1, 2];
/// A level that is told was true within this time: the drivers' horizon of late answers, and a read that agrees.
pub const FRESH: Duration = Duration::from_millis(1_500);

/// Both sides round ends of characters up to the microsecond.
const ROUNDING: Duration = Duration::from_micros(10);
/// How long the record may grow before it is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// Watches of pulses have this bit.
const WATCH: u64 = 1 << 40;

/// Doors of a board: enough to be told apart, and few enough to be looked at often.
const DOORS: usize = 16;

/// Two boards, a door on each of the first locks, its contact on the lock's feedback.
#[must_use]
pub fn line(family: LockFamily, baud: Baud) -> LineSpec {
    let terminal = |board, index| {
        let channel = sim_devices::Channel::from_index(index).expect("few locks");
        Terminal { board: address(board), channel }
    };
    let doors = BOARDS.into_iter().flat_map(|board| {
        (0..DOORS.min(family.locks())).map(move |index| {
            let terminal = terminal(board, index);
            DoorSpec::new(terminal, Some(terminal))
        })
    });
    let devices = BOARDS.map(|board| DeviceSpec::new(address(board), Model::Locks(family)));
    LineSpec { baud, doors: doors.collect(), devices: devices.into(), faults: Vec::new() }
}

/// Plays `seed` for `span` of virtual time.
///
/// # Errors
/// The first sentence that is broken.
pub fn play(
    family: LockFamily,
    seed: u64,
    trouble: Trouble,
    baud: Baud,
    span: Duration,
) -> Result<Report, String> {
    let mut run = Run::new(family, seed, trouble, baud);
    let end = Monotonic::ZERO + span;
    while run.bench.now() < end {
        let order = run.script.due();
        run.bench.run_until(order.min(end).min(run.bench.now() + LOOK));
        run.look()?;
        if run.bench.now() >= order {
            let order = run.script.next_order(run.bench.now());
            run.submit(order);
        }
    }
    run.bench.stop();
    // The last pulse may be on its way to the board.
    run.bench.run_for(LOOK);
    run.look()?;
    run.report.tally = run.docket.check()?;
    match run.report.tally.acknowledged {
        0 => Ok(run.report),
        told => Err(format!("{told} orders told as acknowledged by a format that proves nothing")),
    }
}

/// Bytes of an order to open one lock.
const fn order_bytes(family: LockFamily) -> usize {
    match family {
        LockFamily::KerongCu16 | LockFamily::Lock8a(_) => 5,
        LockFamily::KerongCu48 | LockFamily::KerongCu48Hooks | LockFamily::Winnsen => 6,
        LockFamily::Wkly(_) => 9,
    }
}

/// Since when a door has been open or shut, newest last.
type History = Vec<(Monotonic, Level)>;

struct Run {
    bench: Bench,
    script: Script,
    docket: Docket,
    family: LockFamily,
    baud: Baud,
    boards: [DeviceId; 2],
    doors: Vec<History>,
    /// The newest level told of each door.
    told: Vec<Option<Level>>,
    report: Report,
}

impl Run {
    fn new(family: LockFamily, seed: u64, trouble: Trouble, baud: Baud) -> Self {
        let line = line(family, baud).faults(trouble.rules());
        let locks = u8::try_from(family.locks()).expect("few locks");
        Self {
            bench: Bench::new(&line, seed),
            script: Script::on_lock_boards(&BOARDS, locks, seed, Monotonic::ZERO),
            docket: Docket::new(baud.characters(order_bytes(family)), baud.silence(), ROUNDING).misleading(),
            family,
            baud,
            boards: BOARDS.map(device),
            doors: vec![vec![(Monotonic::ZERO, shut(family))]; line.doors.len()],
            told: vec![None; line.doors.len()],
            report: Report::default(),
        }
    }

    /// Hands over an order; a pulse is watched, as the daemon does it.
    fn submit(&mut self, order: Order) {
        let now = self.bench.now();
        let watch = match &order.task {
            Task::Pulse { device, output, .. } => Some(Order {
                id: OrderId(order.id.0 | WATCH),
                task: Task::Watch { device: device.clone(), input: *output },
            }),
            Task::Watch { .. } => None,
        };
        for order in [Some(order), watch].into_iter().flatten() {
            self.docket.submitted(&order, now);
            self.bench.submit(order);
        }
    }

    fn look(&mut self) -> Result<(), String> {
        for seen in self.bench.take_seen() {
            match seen {
                Seen::Sent { at, frame } => self.sent(at, &frame)?,
                Seen::Told(signal) => {
                    self.docket.told(&signal)?;
                    if let Signal::Inputs { device, at, states } = &signal {
                        self.heard(device, *at, states)?;
                    }
                }
                Seen::Happened(event) => self.happened(&event.what, monotonic(event.at)),
                Seen::Heard { .. } => {}
            }
        }
        Ok(())
    }

    fn sent(&mut self, at: Monotonic, frame: &[u8]) -> Result<(), String> {
        self.report.exchanges += 1;
        let opens = self.family.opens(frame);
        if opens.len() > 1 {
            return Err(format!("the master sent {frame:02X?}, which opens {} locks", opens.len()));
        }
        let terminal = |(board, lock)| Terminal {
            board: address(board),
            channel: sim_devices::Channel::new(lock).expect("from 1"),
        };
        let opens = opens.into_iter().map(terminal).collect();
        self.docket.sent(at, self.baud.characters(frame.len()), opens);
        Ok(())
    }

    fn happened(&mut self, what: &Happening, at: Monotonic) {
        self.docket.happened(what, at);
        let (door, level) = match what {
            Happening::DoorAjar(door) | Happening::DoorForced(door) => (*door, open(self.family)),
            Happening::DoorShut(door) => (*door, shut(self.family)),
            Happening::Fault(injected) => return self.struck(injected.fault),
            _ => return,
        };
        self.doors[place(door)].push((at, level));
    }

    fn struck(&mut self, fault: Fault) {
        self.report.faults.push(fault);
    }

    /// What is told of each door was true of it lately.
    fn heard(&mut self, board: &DeviceId, at: Monotonic, states: &InputStates) -> Result<(), String> {
        let doors = self.doors.len() / BOARDS.len();
        let first = if *board == self.boards[0] { 0 } else { doors };
        for channel in Channel::first(u8::try_from(doors).expect("few doors")) {
            let Some(level) = states.get(channel) else { continue };
            let door = first + usize::from(channel.index());
            if self.told[door].replace(level) == Some(level) {
                continue;
            }
            let history = &self.doors[door];
            if !was(history, level, at) {
                return Err(format!("{board}/{channel} was told {level:?} at {at:?}; it was {history:?}"));
            }
        }
        Ok(())
    }
}

/// Whether a door had `level` at some time in the last [`FRESH`] before `at`.
fn was(history: &History, level: Level, at: Monotonic) -> bool {
    let ends = history.iter().skip(1).map(|(end, _)| *end).chain([Monotonic::NEVER]);
    history.iter().zip(ends).any(|((begun, had), end)| *had == level && *begun <= at && end + FRESH >= at)
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
