//! What was ordered, what was told of it, and what the relays did: no wrong door, no second pulse, no false echo.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use device_drivers::order::{Order, Task};
use device_drivers::signal::{Outcome, Signal};
use device_drivers::time::Monotonic;
use sim_devices::{Happening, Terminal};

use super::judge::Judge;
use super::lines::device;
use super::tally::{Tallies, Tally};

/// How long after a fault the wire may still be disturbed by what it set off: a late answer that meets an order bends it.
const TROUBLE: Duration = Duration::from_secs(1);

/// One order and its end.
#[derive(Debug, Clone)]
struct Entry {
    order: Order,
    submitted: Monotonic,
    ended: Option<Outcome>,
    /// Whether a lock was energised by it; a second time has no order, as `matched` pairs them.
    energised: bool,
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
    /// When a fault struck the wire.
    struck: Vec<Monotonic>,
    /// Relays that moved because the wire bent a frame.
    misled: Vec<Terminal>,
    /// By how much the two clocks may differ. Below half of the distance of two pulses of one output, so that each energising
    /// has at most one order.
    tolerance: Duration,
}

impl Docket {
    /// For a line where a pulse takes `frame` and boards act `silence` after it.
    #[must_use]
    pub const fn new(frame: Duration, silence: Duration, tolerance: Duration) -> Self {
        Self {
            orders: BTreeMap::new(),
            moves: Vec::new(),
            frame,
            silence,
            sent: None,
            struck: Vec::new(),
            misled: Vec::new(),
            tolerance,
        }
    }

    /// For a format whose check bytes do not find every bent frame: a lock that moves without an order is the master's
    /// fault where nothing struck the wire lately. What the master sent is then compared with what was ordered, frame by frame.
    #[must_use]
    pub fn misleading(mut self) -> Self {
        self.sent = Some(Vec::new());
        self
    }

    /// The master began to send a frame of `length` at `at`, which would open `opens`.
    pub fn sends(&mut self, at: Monotonic, length: Duration, opens: Vec<Terminal>) {
        if let Some(sent) = &mut self.sent {
            sent.push(Frame { end: at + length, opens });
        }
    }

    /// A fault struck the wire at `at`.
    pub fn struck(&mut self, at: Monotonic) {
        self.struck.push(at);
    }

    /// Whether an order has not ended yet.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.orders.values().any(|entry| entry.ended.is_none())
    }

    /// Every frame of the master that opens a lock is the one frame of an order of that lock.
    fn frames_were_ordered(&self) -> Result<(), String> {
        let frames: Vec<Move> = self.sent.iter().flatten().flat_map(Frame::openings).collect();
        let pairs = matched(&frames, self.orders.values(), Duration::ZERO, self.tolerance);
        let of_order: BTreeSet<u64> = pairs.values().copied().collect();
        let unordered = (0..frames.len()).find(|place| !pairs.contains_key(place));
        if let Some(frame) = unordered.and_then(|place| frames.get(place)) {
            return Err(format!(
                "wrong door: the master sent an order to {} that nobody gave: {frame:?}",
                frame.relay
            ));
        }
        let mut told = self.orders.values().filter(|entry| self.sent.is_some() && entry.sent().is_some());
        match told.find(|entry| !of_order.contains(&entry.order.id.0)) {
            Some(entry) => Err(format!("told as sent, and no frame went out: {entry:?}")),
            None => Ok(()),
        }
    }

    /// Every energising is the one of an order whose frame ended just before; or, where frames can be bent, the wire's doing.
    fn moves_were_ordered(&mut self) -> Result<(), String> {
        let moves = std::mem::take(&mut self.moves);
        let pairs = matched(&moves, self.orders.values(), self.silence, self.tolerance);
        for (place, moved) in moves.iter().enumerate() {
            let misled = self.is_misled(moved.at);
            match pairs.get(&place).and_then(|order| self.orders.get_mut(order)) {
                Some(entry) if moved.at < entry.submitted => {
                    return Err(format!("{:?} energised before it was given: {entry:?}", moved.relay));
                }
                Some(entry) => entry.energised = true,
                None if misled => self.misled.push(moved.relay),
                None => {
                    return Err(format!(
                        "wrong door: {} energised at {:?} without an order",
                        moved.relay, moved.at
                    ));
                }
            }
        }
        Ok(())
    }

    /// Whether what the wire did can have moved a lock at `at`.
    fn is_misled(&self, at: Monotonic) -> bool {
        let lately =
            |struck: &Monotonic| *struck <= at + self.tolerance && at <= *struck + TROUBLE + self.tolerance;
        self.sent.is_some() && self.struck.iter().any(lately)
    }
}

impl Judge for Docket {
    fn submitted(&mut self, order: &Order, at: Monotonic) {
        let entry = Entry { order: order.clone(), submitted: at, ended: None, energised: false };
        assert!(self.orders.insert(order.id.0, entry).is_none(), "order {:?} was made twice", order.id);
    }

    fn told(&mut self, signal: &Signal) -> Result<(), String> {
        let Signal::Ended { order, outcome, .. } = signal else { return Ok(()) };
        let entry = self.orders.get_mut(&order.0).ok_or(format!("{order:?} ended and was never given"))?;
        match entry.ended.replace(*outcome) {
            None => Ok(()),
            Some(first) => Err(format!("{order:?} ended twice: {first:?}, then {outcome:?}")),
        }
    }

    fn happened(&mut self, what: &Happening, at: Monotonic) {
        if let Happening::RelayEnergised(relay) | Happening::RelayHeldLonger(relay) = what {
            self.moves.push(Move { at, relay: *relay });
        }
    }

    /// Of relay boards it is the relays that are judged: their check bytes find what is bent.
    fn sent(&mut self, _: Monotonic, _: &[u8]) -> Result<(), String> {
        Ok(())
    }

    fn verdict(&mut self) -> Result<Tallies, String> {
        self.frames_were_ordered()?;
        self.moves_were_ordered()?;
        let mut boards = Tallies::default();
        for entry in self.orders.values() {
            let tally = entry.verdict(self.frame, self.tolerance)?;
            boards.add_part(entry.order.task.device().as_str(), tally);
        }
        let misled = Tally { misled: 1, ..Tally::default() };
        self.misled.iter().for_each(|relay| boards.add_part(device(relay.board.get()).as_str(), misled));
        Ok(boards)
    }
}

impl Frame {
    fn openings(&self) -> impl Iterator<Item = Move> {
        self.opens.iter().map(|relay| Move { at: self.end, relay: *relay })
    }
}

/// Which order each move is of, by the places of moves and the ids of orders: the nearest ones find each other first, each at
/// most once, and none that is further than `tolerance` from `after` the last byte of its order.
fn matched<'a>(
    moves: &[Move],
    orders: impl Iterator<Item = &'a Entry>,
    after: Duration,
    tolerance: Duration,
) -> BTreeMap<usize, u64> {
    let mut near: Vec<(Duration, usize, u64)> = Vec::new();
    for entry in orders {
        let Some(due) = entry.sent().map(|sent| sent + after) else { continue };
        let fits = moves.iter().enumerate().filter(|(_, moved)| entry.is_for(moved.relay));
        let apart = fits.map(|(place, moved)| (apart(due, moved.at), place, entry.order.id.0));
        near.extend(apart.filter(|(apart, ..)| *apart <= tolerance));
    }
    near.sort_unstable();
    let (mut pairs, mut taken) = (BTreeMap::new(), BTreeSet::new());
    for (_, place, order) in near {
        if !pairs.contains_key(&place) && taken.insert(order) {
            pairs.insert(place, order);
        }
    }
    pairs
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
            Task::Watch { .. } | Task::Withdraw { .. } => false,
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
        let mut tally = Tally { energised: self.energised.into(), ..Tally::default() };
        let (count, lawful) = match self.ended {
            None => return Err(format!("never ended: {self:?}")),
            Some(Outcome::Acknowledged { .. }) => (&mut tally.acknowledged, self.energised),
            Some(Outcome::Unanswered { .. }) => (&mut tally.unanswered, true),
            Some(Outcome::Exception { .. }) => (&mut tally.refused, !self.energised),
            Some(Outcome::NotSent(_)) => (&mut tally.not_sent, !self.energised),
            Some(Outcome::Watched { .. }) => (&mut tally.watched, !self.energised),
        };
        *count = 1;
        if !lawful {
            return Err(format!(
                "{}: {self:?}",
                if self.energised { "energised all the same" } else { "never energised" }
            ));
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
