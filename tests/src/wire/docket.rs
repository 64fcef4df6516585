//! What was ordered, what was told of it, and what the relays did: no wrong door, no second pulse, no false echo.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::time::Duration;

use device_drivers::order::{Order, Task};
use device_drivers::signal::{Outcome, Signal};
use device_drivers::time::Monotonic;
use sim_devices::{Happening, Terminal};

use super::lines::device;

/// One order and its end.
#[derive(Debug, Clone)]
struct Entry {
    order: Order,
    submitted: Monotonic,
    ended: Option<Outcome>,
    /// Energisings that were this order's.
    own: u32,
}

/// A relay was energised, or told to stay so.
#[derive(Debug, Clone, Copy)]
struct Move {
    at: Monotonic,
    relay: Terminal,
}

/// A frame of the master.
#[derive(Debug, Clone)]
struct Frame {
    end: Monotonic,
    opens: Vec<Terminal>,
}

/// How orders ended, and how often relays moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Pulses that the board echoed.
    pub acknowledged: u64,
    /// Pulses sent without an answer of their own.
    pub unanswered: u64,
    /// Pulses that the board refused.
    pub refused: u64,
    /// Orders of which nothing was sent.
    pub not_sent: u64,
    /// Watches that ran.
    pub watched: u64,
    /// Relays energised, or told to stay so.
    pub energised: u64,
    /// Locks that moved because a frame was bent on its way: no master can prevent it.
    pub misled: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.unanswered += other.unanswered;
        self.refused += other.refused;
        self.not_sent += other.not_sent;
        self.watched += other.watched;
        self.energised += other.energised;
        self.misled += other.misled;
    }
}

/// All orders of one run.
#[derive(Debug)]
pub struct Docket {
    orders: BTreeMap<u64, Entry>,
    moves: Vec<Move>,
    frame: Duration,
    /// From the last bit of a pulse's frame to the relay: the silence that ends the frame.
    silence: Duration,
    /// What the master sent, with what it would open, where boards can be misled by what the wire makes of it.
    sent: Option<Vec<Frame>>,
    misled: u64,
    /// By how much the two clocks may differ. Below half of the distance of two pulses of one output, so that each energising
    /// has at most one order.
    tolerance: Duration,
}

impl Docket {
    /// For a line where a pulse takes `frame` and boards act `silence` after it.
    #[must_use]
    pub const fn new(frame: Duration, silence: Duration, tolerance: Duration) -> Self {
        Self { orders: BTreeMap::new(), moves: Vec::new(), frame, silence, sent: None, misled: 0, tolerance }
    }

    /// For a format whose check bytes do not find every bent frame: a lock that moves without an order is the master's
    /// fault only where what it sent would have moved it.
    #[must_use]
    pub fn misleading(mut self) -> Self {
        self.sent = Some(Vec::new());
        self
    }

    /// The master began to send a frame of `length` at `at`, which would open `opens`.
    pub fn sent(&mut self, at: Monotonic, length: Duration, opens: Vec<Terminal>) {
        if let Some(sent) = &mut self.sent {
            sent.push(Frame { end: at + length, opens });
        }
    }

    /// An order is handed over at `at`.
    pub fn submitted(&mut self, order: &Order, at: Monotonic) {
        let entry = Entry { order: order.clone(), submitted: at, ended: None, own: 0 };
        assert!(self.orders.insert(order.id.0, entry).is_none(), "order {:?} was made twice", order.id);
    }

    /// Takes a signal.
    ///
    /// # Errors
    /// The sentence that is broken: an order that ended twice, or that nobody gave.
    pub fn told(&mut self, signal: &Signal) -> Result<(), String> {
        let Signal::Ended { order, outcome, .. } = signal else { return Ok(()) };
        let entry = self.orders.get_mut(&order.0).ok_or(format!("{order:?} ended and was never given"))?;
        match entry.ended.replace(*outcome) {
            None => Ok(()),
            Some(first) => Err(format!("{order:?} ended twice: {first:?}, then {outcome:?}")),
        }
    }

    /// Takes what happened in the building at `at`.
    pub fn happened(&mut self, what: &Happening, at: Monotonic) {
        if let Happening::RelayEnergised(relay) | Happening::RelayHeldLonger(relay) = what {
            self.moves.push(Move { at, relay: *relay });
        }
    }

    /// Whether an order has not ended yet.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.orders.values().any(|entry| entry.ended.is_none())
    }

    /// Compares all three when the run is over.
    ///
    /// # Errors
    /// The first sentence that is broken.
    pub fn check(mut self) -> Result<Tally, String> {
        for at in std::mem::take(&mut self.moves) {
            self.claim(at)?;
        }
        let mut tally = Tally { misled: self.misled, ..Tally::default() };
        for entry in self.orders.values() {
            tally += entry.verdict(self.frame, self.tolerance)?;
        }
        Ok(tally)
    }

    /// Finds the one order whose frame ended just before the relay moved.
    fn claim(&mut self, moved: Move) -> Result<(), String> {
        let (silence, tolerance) = (self.silence, self.tolerance);
        let fits = |entry: &&mut Entry| {
            let due = entry.sent().map(|sent| sent + silence);
            entry.is_for(moved.relay) && due.is_some_and(|due| apart(due, moved.at) <= tolerance)
        };
        let Some(entry) = self.orders.values_mut().find(fits) else {
            return self.mislead(moved);
        };
        if moved.at < entry.submitted {
            return Err(format!("{:?} energised before it was given: {entry:?}", moved.relay));
        }
        entry.own += 1;
        Ok(())
    }
}

impl Docket {
    /// A lock moved without an order: whether what the master sent could have done it.
    fn mislead(&mut self, moved: Move) -> Result<(), String> {
        let wrong = format!("wrong door: {} energised at {:?} without an order", moved.relay, moved.at);
        let (silence, tolerance) = (self.silence, self.tolerance);
        let ended_then = |frame: &&Frame| apart(frame.end + silence, moved.at) <= tolerance;
        match self.sent.as_ref().and_then(|sent| sent.iter().find(ended_then)) {
            Some(frame) if !frame.opens.contains(&moved.relay) => {
                self.misled += 1;
                Ok(())
            }
            _ => Err(wrong),
        }
    }
}

fn apart(one: Monotonic, other: Monotonic) -> Duration {
    one.since(other).max(other.since(one))
}

impl Entry {
    fn is_for(&self, relay: Terminal) -> bool {
        match &self.order.task {
            Task::Pulse { device: asked, output, .. } => {
                *asked == device(relay.board.get()) && output.number() == relay.channel.get()
            }
            Task::Watch { .. } => false,
        }
    }

    /// When the last byte left, where it did.
    const fn sent(&self) -> Option<Monotonic> {
        match self.ended {
            Some(
                Outcome::Acknowledged { sent }
                | Outcome::Unanswered { sent }
                | Outcome::Exception { sent, .. },
            ) => Some(sent),
            _ => None,
        }
    }

    fn verdict(&self, frame: Duration, tolerance: Duration) -> Result<Tally, String> {
        let own = u64::from(self.own);
        let mut tally = Tally { energised: own, ..Tally::default() };
        let (count, lawful) = match self.ended {
            None => return Err(format!("never ended: {self:?}")),
            Some(Outcome::Acknowledged { .. }) => (&mut tally.acknowledged, own == 1),
            Some(Outcome::Unanswered { .. }) => (&mut tally.unanswered, own <= 1),
            Some(Outcome::Exception { .. }) => (&mut tally.refused, own == 0),
            Some(Outcome::NotSent(_)) => (&mut tally.not_sent, own == 0),
            Some(Outcome::Watched { .. }) => (&mut tally.watched, own == 0),
        };
        *count = 1;
        if !lawful {
            return Err(format!("{own} energisings of its own: {self:?}"));
        }
        if let (Task::Pulse { deadline, .. }, Some(sent)) = (&self.order.task, self.sent()) {
            if sent >= *deadline + frame {
                return Err(format!("sent after its deadline: {self:?}"));
            }
            if sent + tolerance < self.submitted + frame {
                return Err(format!("sent before it was given: {self:?}"));
            }
        }
        Ok(tally)
    }
}
