//! One seed on virtual time: a line, its trouble, its orders, and the verdict.

use std::time::Duration;

use device_drivers::order::Order;
use device_drivers::time::Monotonic;
use sim_devices::{Fault, Happening};

use super::bench::{Bench, Seen, monotonic};
use super::case::Case;
use super::judge::Judge;
use super::onset::Onset;
use super::script::Script;
use super::tally::Tallies;

/// Both sides round ends of characters up to the microsecond.
pub const ROUNDING: Duration = Duration::from_micros(10);
/// How long the record may grow before it is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What a run came to.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Orders and locks, by model.
    pub models: Tallies,
    /// Transactions begun.
    pub exchanges: u64,
    /// Times the port was opened.
    pub openings: u64,
    /// Faults that struck.
    pub faults: Vec<Fault>,
}

/// Plays `case` for `span` of virtual time.
///
/// # Errors
/// The first sentence that is broken.
pub fn play(case: &Case, span: Duration) -> Result<Report, String> {
    let mut run = Run::new(case);
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
    run.report.openings = run.onset.openings();
    let boards = run.judge.verdict()?;
    case.models().iter().for_each(|(board, model)| run.report.models.add(model, boards.of(board.as_str())));
    Ok(run.report)
}

struct Run {
    bench: Bench,
    script: Script,
    judge: Box<dyn Judge>,
    onset: Onset,
    report: Report,
}

impl Run {
    fn new(case: &Case) -> Self {
        Self {
            bench: Bench::new(case.line(), case.seed()),
            script: case.script(Monotonic::ZERO),
            judge: case.judge(ROUNDING),
            onset: Onset::of(case.line()),
            report: Report::default(),
        }
    }

    /// Hands over an order, and what the daemon orders with it.
    fn submit(&mut self, order: Order) {
        let now = self.bench.now();
        for order in self.judge.orders(order) {
            self.judge.submitted(&order, now);
            self.bench.submit(order);
        }
    }

    fn look(&mut self) -> Result<(), String> {
        for seen in self.bench.take_seen() {
            self.onset.note(&seen)?;
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
