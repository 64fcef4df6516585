//! One seed on virtual time: a line, its trouble, its orders, and the verdict.

use std::time::Duration;

use device_drivers::time::Monotonic;
use sim_devices::{Baud, Fault, Happening};

use super::bench::{Bench, Seen, monotonic};
use super::docket::{Docket, Tally};
use super::judge::Judge as _;
use super::lines::{BAUDS, two_banks};
use super::onset::Onset;
use super::script::{RELAYS, Script};
use super::trouble::Trouble;

/// Both sides round ends of characters up to the microsecond.
const ROUNDING: Duration = Duration::from_micros(10);
/// How long the record may grow before it is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What a run came to.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Orders and relays.
    pub tally: Tally,
    /// Transactions begun.
    pub exchanges: u64,
    /// Times the port was opened.
    pub openings: u64,
    /// Faults that struck.
    pub faults: Vec<Fault>,
}

/// The rate of a seed's line: both rates have all kinds of trouble.
#[must_use]
pub fn baud_of(seed: u64) -> Baud {
    let kinds = u64::try_from(super::trouble::KINDS.len()).expect("few kinds");
    let turn = seed / 2 + seed / (2 * (kinds + 1));
    BAUDS[usize::from(!turn.is_multiple_of(2))]
}

/// The docket of a line at `baud` whose clocks agree within `tolerance`.
#[must_use]
pub fn docket(baud: Baud, tolerance: Duration) -> Docket {
    Docket::new(baud.characters(8), baud.silence(), tolerance)
}

/// Plays `seed` for `span` of virtual time.
///
/// # Errors
/// The first sentence that is broken.
pub fn play(seed: u64, trouble: Trouble, baud: Baud, span: Duration) -> Result<Report, String> {
    let mut run = Run::new(seed, trouble, baud);
    let end = Monotonic::ZERO + span;
    while run.bench.now() < end {
        let order = run.script.due();
        run.bench.run_until(order.min(end).min(run.bench.now() + LOOK));
        run.look()?;
        if run.bench.now() >= order {
            let order = run.script.next_order(run.bench.now());
            run.docket.submitted(&order, run.bench.now());
            run.bench.submit(order);
        }
    }
    run.bench.stop();
    // The last pulse may be on its way to the board.
    run.bench.run_for(LOOK);
    run.look()?;
    run.report.openings = run.onset.openings();
    run.report.tally = run.docket.verdict()?;
    Ok(run.report)
}

struct Run {
    bench: Bench,
    script: Script,
    docket: Docket,
    onset: Onset,
    report: Report,
}

impl Run {
    fn new(seed: u64, trouble: Trouble, baud: Baud) -> Self {
        let line = two_banks(baud).faults(trouble.rules());
        Self {
            bench: Bench::new(&line, seed),
            script: Script::new(seed, Monotonic::ZERO),
            docket: docket(baud, ROUNDING),
            onset: Onset::new(&RELAYS),
            report: Report::default(),
        }
    }

    fn look(&mut self) -> Result<(), String> {
        for seen in self.bench.take_seen() {
            self.onset.note(&seen)?;
            match seen {
                Seen::Sent { .. } => self.report.exchanges += 1,
                Seen::Told(signal) => self.docket.told(&signal)?,
                Seen::Happened(event) => {
                    self.docket.happened(&event.what, monotonic(event.at));
                    if let Happening::Fault(injected) = event.what {
                        self.report.faults.push(injected.fault);
                    }
                }
                Seen::Heard { .. } => {}
            }
        }
        Ok(())
    }
}
