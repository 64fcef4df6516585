//! One seed on a line of dedicated lock boards: trouble, orders, and the verdict.

use std::time::Duration;

use device_drivers::order::Order;
use device_drivers::time::Monotonic;
use sim_devices::{Baud, DeviceSpec, DoorSpec, Happening, LineSpec, LockFamily, Model, Terminal};

use super::bench::{Bench, Seen, monotonic};
use super::judge::{Judge as _, LockJudge};
use super::lines::{BAUDS, address};
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
/// Both sides round ends of characters up to the microsecond.
const ROUNDING: Duration = Duration::from_micros(10);
/// How long the record may grow before it is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// Doors of a board: enough to be told apart, and few enough to be looked at often.
pub const DOORS: usize = 16;

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

/// The orders of `seed` on such a line, from `start` on.
#[must_use]
pub fn script(family: LockFamily, seed: u64, start: Monotonic) -> Script {
    let locks = u8::try_from(family.locks()).expect("few locks");
    Script::on_lock_boards(&BOARDS, locks, seed, start)
}

/// Family, trouble and rate of a seed: every family meets every trouble at both rates.
///
/// # Panics
/// Never: all counts are small.
#[must_use]
pub fn case(seed: u64) -> (LockFamily, Trouble, Baud) {
    let families = u64::try_from(FAMILIES.len()).expect("few families");
    let turn = seed / families;
    let place = |of: u64, among: u64| usize::try_from(of % among).expect("a place among few");
    (FAMILIES[place(seed, families)], Trouble::of(turn), BAUDS[place(turn / 2, 2)])
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
    run.report.tally = run.judge.verdict()?;
    Ok(run.report)
}

struct Run {
    bench: Bench,
    script: Script,
    judge: LockJudge,
    report: Report,
}

impl Run {
    fn new(family: LockFamily, seed: u64, trouble: Trouble, baud: Baud) -> Self {
        Self {
            bench: Bench::new(&line(family, baud).faults(trouble.rules()), seed),
            script: script(family, seed, Monotonic::ZERO),
            judge: LockJudge::new(family, baud, ROUNDING),
            report: Report::default(),
        }
    }

    /// Hands over an order; a pulse is watched, as the daemon does it.
    fn submit(&mut self, order: Order) {
        let now = self.bench.now();
        for order in self.judge.orders(order) {
            self.judge.submitted(&order, now);
            self.bench.submit(order);
        }
    }

    fn look(&mut self) -> Result<(), String> {
        for seen in self.bench.take_seen() {
            match seen {
                Seen::Sent { at, frame } => {
                    self.report.exchanges += 1;
                    self.judge.sent(at, &frame)?;
                }
                Seen::Told(signal) => self.judge.told(&signal)?,
                Seen::Happened(event) => {
                    if let Happening::Fault(injected) = &event.what {
                        self.report.faults.push(injected.fault);
                    }
                    self.judge.happened(&event.what, monotonic(event.at));
                }
                Seen::Heard { .. } => {}
            }
        }
        Ok(())
    }
}
