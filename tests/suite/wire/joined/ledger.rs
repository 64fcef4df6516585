//! What commands asked for, what the core intended and said of it, what locks and doors did: compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::AddAssign;
use std::time::Duration;

use device_drivers::time::Monotonic;
use sim_devices::{DoorSpec, Happening, Terminal};
use vestibule_core::command::{Command, CommandKey, CommandRequest};
use vestibule_core::effect::Unlock;
use vestibule_core::event::{Event, Fact, UnlockFailure};
use vestibule_core::id::{CompartmentId, UnlockId};
use vestibule_core::site::PhysicalLock;
use vestibule_tests::wire::lines::device;

/// From the last moment at which a pulse may start to its lock: a frame at the slowest rate and the silence after it.
const ON_ITS_WAY: Duration = Duration::from_millis(50);

/// How an intent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Confirmed,
    Failed(UnlockFailure),
    Unknown,
}

/// One intent.
#[derive(Debug)]
struct Intent {
    door: usize,
    at: Monotonic,
    /// The pulse must not start later; none before it was ordered.
    not_after: Option<Monotonic>,
    ended: Option<(Monotonic, Verdict)>,
}

/// How intents ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Intents to pulse a lock once.
    pub intents: u64,
    /// The door was seen to open.
    pub confirmed: u64,
    /// Acknowledged, and the door was not seen to open.
    pub did_not_open: u64,
    /// Of these: doors that opened all the same, and were shut before anybody could read that.
    pub unseen: u64,
    /// The board refused the pulse.
    pub rejected: u64,
    /// The pulse never left.
    pub not_sent: u64,
    /// Nobody knows.
    pub unknown: u64,
    /// Locks that moved because a frame was bent on its way.
    pub misled: u64,
}

impl AddAssign for Ends {
    fn add_assign(&mut self, other: Self) {
        self.intents += other.intents;
        self.confirmed += other.confirmed;
        self.did_not_open += other.did_not_open;
        self.unseen += other.unseen;
        self.rejected += other.rejected;
        self.not_sent += other.not_sent;
        self.unknown += other.unknown;
        self.misled += other.misled;
    }
}

impl fmt::Display for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { intents, confirmed, did_not_open, unseen, rejected, not_sent, unknown, misled } = self;
        write!(
            f,
            "{intents} intents: {confirmed} confirmed, {did_not_open} did not open ({unseen} of them unseen), {rejected} rejected, \
             {not_sent} not sent, {unknown} unknown; {misled} misled"
        )
    }
}

/// The record of one run.
pub struct Ledger {
    compartments: Vec<CompartmentId>,
    /// Where each door's lock is wired.
    locks: Vec<Terminal>,
    /// What each command may open and has not opened yet.
    asked: BTreeMap<CommandKey, BTreeSet<CompartmentId>>,
    intents: BTreeMap<UnlockId, Intent>,
    moves: Vec<(Monotonic, Terminal)>,
    /// When each door opened, and when it was shut again, in turn.
    doors: Vec<Vec<(Monotonic, Leaf)>>,
}

/// How a door stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaf {
    Open,
    Shut,
}

impl Ledger {
    /// For these doors, which are those of `compartments` in their order.
    pub fn new(compartments: &[CompartmentId], doors: &[DoorSpec]) -> Self {
        Self {
            compartments: compartments.to_vec(),
            locks: doors.iter().map(|door| door.lock).collect(),
            asked: BTreeMap::new(),
            intents: BTreeMap::new(),
            moves: Vec::new(),
            doors: vec![vec![(Monotonic::ZERO, Leaf::Shut)]; doors.len()],
        }
    }

    /// A command is given for the first time.
    pub fn asked(&mut self, request: &CommandRequest) {
        let compartments: BTreeSet<CompartmentId> = match &request.command {
            Command::Unlock { compartment } => [compartment.clone()].into(),
            Command::UnlockMany { compartments } => compartments.iter().cloned().collect(),
            _ => BTreeSet::new(),
        };
        self.asked.insert(request.key.clone(), compartments);
    }

    /// Intents so far, and those of them that have not ended.
    pub fn intents(&self) -> (usize, usize) {
        (self.intents.len(), self.intents.values().filter(|intent| intent.ended.is_none()).count())
    }

    /// The core recorded something at `at`.
    pub fn recorded(&mut self, event: &Event, at: Monotonic) -> Result<(), String> {
        match &event.fact {
            Fact::UnlockIntended { unlock, compartment, lock, .. } => {
                self.intended(*unlock, compartment, lock, event.cause.as_ref(), at)
            }
            Fact::UnlockConfirmed { unlock, compartment, .. } => {
                self.ended(*unlock, compartment, Verdict::Confirmed, at)
            }
            Fact::UnlockFailed { unlock, compartment, why, .. } => {
                self.ended(*unlock, compartment, Verdict::Failed(*why), at)
            }
            Fact::UnlockUnknown { unlock, compartment, .. } => {
                self.ended(*unlock, compartment, Verdict::Unknown, at)
            }
            _ => Ok(()),
        }
    }

    fn intended(
        &mut self,
        id: UnlockId,
        compartment: &CompartmentId,
        lock: &PhysicalLock,
        cause: Option<&CommandKey>,
        at: Monotonic,
    ) -> Result<(), String> {
        let asked = cause.and_then(|key| self.asked.get_mut(key));
        if !asked.is_some_and(|asked| asked.remove(compartment)) {
            return Err(format!(
                "{id} is to open {compartment}, which {cause:?} did not ask for, or has had"
            ));
        }
        let door = self.door(compartment)?;
        if !is_at(lock, self.locks[door]) {
            return Err(format!("{id} is to open {compartment} by {lock:?}, which is wired to another door"));
        }
        let intent = Intent { door, at, not_after: None, ended: None };
        match self.intents.insert(id, intent) {
            None => Ok(()),
            Some(_) => Err(format!("{id} was intended twice")),
        }
    }

    /// The core orders a pulse.
    pub fn ordered(&mut self, unlock: &Unlock) -> Result<(), String> {
        let door = self.door(&unlock.compartment)?;
        let intent = self.intents.get_mut(&unlock.id).ok_or(format!("{unlock:?} has no intent"))?;
        if intent.door != door || !is_at(&unlock.lock, self.locks[door]) {
            return Err(format!("{unlock:?} is not what was intended: {intent:?}"));
        }
        match intent.not_after.replace(Monotonic::from_micros(unlock.not_after.0)) {
            None => Ok(()),
            Some(_) => Err(format!("{unlock:?} is ordered a second time")),
        }
    }

    fn ended(
        &mut self,
        id: UnlockId,
        compartment: &CompartmentId,
        verdict: Verdict,
        at: Monotonic,
    ) -> Result<(), String> {
        let door = self.door(compartment)?;
        let intent = self.intents.get_mut(&id).ok_or(format!("{id} ended and was never intended"))?;
        if intent.door != door {
            return Err(format!("{id} ended as {compartment}'s: {intent:?}"));
        }
        match intent.ended.replace((at, verdict)) {
            None => Ok(()),
            Some(first) => Err(format!("{id} ended twice: {first:?}, then {verdict:?}")),
        }
    }

    /// Something happened in the building at `at`.
    pub fn happened(&mut self, what: &Happening, at: Monotonic) {
        match what {
            Happening::RelayEnergised(relay) | Happening::RelayHeldLonger(relay) => {
                self.moves.push((at, *relay));
            }
            Happening::DoorAjar(door) | Happening::DoorOpened(door) | Happening::DoorForced(door) => {
                self.doors[usize::from(door.get()) - 1].push((at, Leaf::Open));
            }
            Happening::DoorShut(door) => self.doors[usize::from(door.get()) - 1].push((at, Leaf::Shut)),
            _ => {}
        }
    }

    /// Whether a door stood open at any moment from `from` to `until`.
    fn stood_open(&self, door: usize, from: Monotonic, until: Monotonic) -> bool {
        let states = &self.doors[door];
        let ends = states.iter().skip(1).map(|(at, _)| *at).chain([Monotonic::NEVER]);
        let mut spans = states.iter().zip(ends);
        spans.any(|((begun, leaf), end)| *leaf == Leaf::Open && *begun <= until && from < end)
    }

    /// Compares everything when the run is over; of so many moves it is known that the wire misled them.
    pub fn verdict(self, misled: u64) -> Result<Ends, String> {
        self.moves_were_asked_for(misled)?;
        let mut ends = Ends { misled, ..Ends::default() };
        for (id, intent) in &self.intents {
            let (Some((at, verdict)), Some(_)) = (intent.ended, intent.not_after) else {
                return Err(format!("{id} was never ordered, or never ended: {intent:?}"));
            };
            let opened = self.stood_open(intent.door, intent.at, at);
            ends.intents += 1;
            match verdict {
                Verdict::Confirmed if opened => ends.confirmed += 1,
                Verdict::Confirmed => {
                    return Err(format!(
                        "falsely confirmed: {id} of {}: {intent:?}; the door was {:?}",
                        self.compartments[intent.door], self.doors[intent.door]
                    ));
                }
                Verdict::Failed(UnlockFailure::DidNotOpen) => {
                    ends.did_not_open += 1;
                    ends.unseen += u64::from(opened);
                }
                Verdict::Failed(UnlockFailure::Rejected) => ends.rejected += 1,
                Verdict::Failed(UnlockFailure::NotSent(_)) => ends.not_sent += 1,
                Verdict::Unknown => ends.unknown += 1,
            }
        }
        Ok(ends)
    }

    /// Each move of a lock has an intent of its own to open just that lock just then; more moves than the wire misled have none.
    fn moves_were_asked_for(&self, misled: u64) -> Result<(), String> {
        let (mut taken, mut astray) = (BTreeSet::new(), 0);
        for (at, relay) in &self.moves {
            let fits = |(id, intent): &(&UnlockId, &Intent)| {
                let until = intent.not_after.map(|until| until + ON_ITS_WAY);
                let in_time = intent.at <= *at && until.is_some_and(|until| *at <= until);
                self.locks[intent.door] == *relay && in_time && !taken.contains(*id)
            };
            let Some((id, _)) = self.intents.iter().find(fits) else {
                astray += 1;
                if astray > misled {
                    return Err(format!("wrong door: {relay} moved at {at:?}, which nobody intended"));
                }
                continue;
            };
            taken.insert(*id);
        }
        Ok(())
    }

    fn door(&self, compartment: &CompartmentId) -> Result<usize, String> {
        let door = self.compartments.iter().position(|known| known == compartment);
        door.ok_or(format!("no door of the line is {compartment}'s"))
    }
}

fn is_at(lock: &PhysicalLock, terminal: Terminal) -> bool {
    lock.device.as_str() == device(terminal.board.get()).as_str()
        && lock.output == u16::from(terminal.channel.get())
}
