//! What the boards are screwed to: locks, doors, contacts, hands and cold air. Knows no bytes.

mod contact;
mod door;
mod hands;
mod ledger;

use std::collections::HashMap;

pub use contact::{Bounce, ShutWhen, Wire};
use door::{Door, DoorInput};
pub use door::{DoorSpec, DoorState, Jam};
use hands::Hands;
pub use hands::{Act, Person, PlantError};
use ledger::Ledger;
pub use ledger::{Cause, Energising};

use crate::event::{EventLog, Happening, SimEvent};
use crate::number::{Address, DoorNumber, Terminal};
use crate::time::{SimTime, earliest};

/// Air at a probe, in tenths, as the probes measure it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Climate {
    /// Temperature in 0.1 degC.
    pub temperature: i16,
    /// Relative humidity in 0.1 %.
    pub humidity: u16,
}

impl Default for Climate {
    /// 4.0 degC and 55.0 %: a chilled compartment in order.
    fn default() -> Self {
        Self { temperature: 40, humidity: 550 }
    }
}

/// What a probe's sensor gives its board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensed {
    /// The air, to be corrected by the board.
    Air(Climate),
    /// Temperature and humidity registers whatever the air is: a sentinel (0x7FFF, 0x8000, 0xFFFF), or stuck.
    Raw([u16; 2]),
}

/// A door as a bystander sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoorView {
    /// Its number.
    pub number: DoorNumber,
    /// Where leaf and latch are.
    pub state: DoorState,
    /// What keeps it from opening.
    pub jam: Jam,
    /// Parcels behind it.
    pub contents: u32,
}

/// What is wired to an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wired {
    Contact,
    Latch,
    Eye,
}

/// The physical building. Every call gives its time; times never run backwards.
#[derive(Debug)]
pub struct Plant {
    doors: Vec<Door>,
    by_lock: HashMap<Terminal, DoorNumber>,
    /// Door contacts, latch contacts and eyes by where they are wired; an input has one of them.
    by_input: HashMap<Terminal, (usize, Wired)>,
    hands: Hands,
    sensed: HashMap<Address, Sensed>,
    forced_inputs: HashMap<Terminal, bool>,
    ledger: Ledger,
    events: EventLog,
}

impl Plant {
    /// Doors numbered from 1 in the order given. At most 255; the specification's check says so.
    pub(crate) fn new(doors: Vec<DoorSpec>) -> Self {
        let numbered = doors.into_iter().enumerate();
        let doors: Vec<Door> = numbered
            .filter_map(|(index, spec)| Some(Door::new(DoorNumber::from_index(index)?, spec)))
            .collect();
        let by_lock = doors
            .iter()
            .enumerate()
            .filter_map(|(index, door)| Some((door.spec.lock, DoorNumber::from_index(index)?)))
            .collect();
        let mut by_input = HashMap::new();
        for (index, door) in doors.iter().enumerate() {
            let DoorSpec { contact, latch, eye, .. } = door.spec;
            let wired = [(contact, Wired::Contact), (latch, Wired::Latch), (eye, Wired::Eye)];
            by_input.extend(wired.into_iter().filter_map(|(input, what)| Some((input?, (index, what)))));
        }
        Self {
            by_lock,
            by_input,
            hands: Hands::new(doors.len()),
            doors,
            sensed: HashMap::new(),
            forced_inputs: HashMap::new(),
            ledger: Ledger::default(),
            events: EventLog::default(),
        }
    }

    /// When the next thing happens by itself.
    #[must_use]
    pub fn next_deadline(&self) -> Option<SimTime> {
        let doors = self.doors.iter().filter_map(Door::next_deadline).min();
        earliest(doors, self.hands.next_deadline())
    }

    /// Lets everything happen that is due by `now`, in order of time.
    pub(crate) fn advance(&mut self, now: SimTime) {
        while let Some(at) = self.next_deadline().filter(|at| *at <= now) {
            for index in 0..self.doors.len() {
                if self.doors[index].next_deadline().is_some_and(|due| due <= at) {
                    self.door_input(at, index, DoorInput::Due);
                }
            }
            while let Some((door, act)) = self.hands.take_due(at) {
                self.act(at, door, act);
            }
        }
    }

    /// A relay's contacts closed or opened. `cause` says which request did it.
    pub(crate) fn relay(&mut self, at: SimTime, relay: Terminal, closed: bool, cause: Cause) {
        let door = self.by_lock.get(&relay).copied();
        let (what, input) = if closed {
            self.ledger.energised(at, relay, door, cause);
            (Happening::RelayEnergised(relay), DoorInput::CurrentOn)
        } else {
            self.ledger.released(at, relay);
            (Happening::RelayReleased(relay), DoorInput::CurrentOff)
        };
        self.events.record(at, what);
        if let Some(door) = door {
            self.door_input(at, door.index(), input);
        }
    }

    /// A command closed a relay that was closed.
    pub(crate) fn relay_held(&mut self, at: SimTime, relay: Terminal) {
        self.ledger.held_longer(relay);
        self.events.record(at, Happening::RelayHeldLonger(relay));
    }

    /// Whether current flows at an input. An input nothing is wired to reads off.
    #[must_use]
    pub fn input_level(&self, now: SimTime, input: Terminal) -> bool {
        if let Some(level) = self.forced_inputs.get(&input) {
            return *level;
        }
        let wired = self.by_input.get(&input).and_then(|(index, what)| Some((self.doors.get(*index)?, what)));
        match wired {
            Some((door, Wired::Contact)) => door.contact_level(now),
            Some((door, Wired::Latch)) => door.latch_level(now),
            Some((door, Wired::Eye)) => door.eye_level(now),
            None => false,
        }
    }

    /// What the sensor of the probe that had this address when the building was wired gives.
    #[must_use]
    pub fn sensed(&self, probe: Address) -> Sensed {
        self.sensed.get(&probe).copied().unwrap_or(Sensed::Air(Climate::default()))
    }

    /// Changes the air at a probe; a broken sensor is whole again.
    pub fn set_climate(&mut self, probe: Address, air: Climate) {
        self.sensed.insert(probe, Sensed::Air(air));
    }

    /// Breaks a probe's sensor: both registers read as given.
    pub fn break_probe(&mut self, probe: Address, registers: [u16; 2]) {
        self.sensed.insert(probe, Sensed::Raw(registers));
    }

    /// Holds an input at a level whatever is wired to it (a stuck contact); `None` lets it go.
    pub fn force_input(&mut self, input: Terminal, level: Option<bool>) {
        match level {
            Some(level) => self.forced_inputs.insert(input, level),
            None => self.forced_inputs.remove(&input),
        };
    }

    /// Jams a door or frees it.
    ///
    /// # Errors
    /// [`PlantError::NoSuchDoor`].
    pub fn jam(&mut self, door: DoorNumber, jam: Jam) -> Result<(), PlantError> {
        self.door_mut(door)?.jam = jam;
        Ok(())
    }

    /// Cuts or mends the wire of a door's contact.
    ///
    /// # Errors
    /// [`PlantError::NoSuchDoor`].
    pub fn set_wire(&mut self, door: DoorNumber, wire: Wire) -> Result<(), PlantError> {
        self.door_mut(door)?.set_wire(wire);
        Ok(())
    }

    /// `person` acts the next time `door` springs open and nobody came before them.
    ///
    /// # Errors
    /// [`PlantError`]: no such door, or 1,024 people wait there.
    pub fn wait_at(&mut self, door: DoorNumber, person: Person) -> Result<(), PlantError> {
        self.hands.wait_at(door, person)
    }

    /// `person` acts whenever `door` springs open and nobody waits for it; `None`: nobody.
    ///
    /// # Errors
    /// [`PlantError::NoSuchDoor`].
    pub fn stand_at(&mut self, door: DoorNumber, person: Option<Person>) -> Result<(), PlantError> {
        self.hands.stand_at(door, person)
    }

    /// The same `person` stands at every door, so that whichever opens is seen to.
    pub fn stand_at_every_door(&mut self, person: &Person) {
        self.hands.stand_at_every_door(person);
    }

    /// `person` acts from `now` on, without waiting for the door.
    ///
    /// # Errors
    /// [`PlantError::NoSuchDoor`].
    pub fn play(&mut self, now: SimTime, door: DoorNumber, person: &Person) -> Result<(), PlantError> {
        self.door_mut(door)?;
        self.hands.play(now, door, person);
        Ok(())
    }

    /// One door; `None` when there is no such number.
    #[must_use]
    pub fn door(&self, number: DoorNumber) -> Option<DoorView> {
        let door = self.doors.get(number.index())?;
        Some(DoorView { number, state: door.state, jam: door.jam, contents: door.contents })
    }

    /// All doors, in order.
    #[must_use]
    pub fn doors(&self) -> Vec<DoorView> {
        (0..self.doors.len()).filter_map(|index| self.door(DoorNumber::from_index(index)?)).collect()
    }

    /// Every closing of every relay, oldest first: the ground truth of "at most one pulse" and "no wrong
    /// door". Holds the newest 65,536; [`Plant::energised_total`] never forgets.
    pub fn energisings(&self) -> impl Iterator<Item = &Energising> {
        self.ledger.entries()
    }

    /// How often one relay has closed since the beginning.
    #[must_use]
    pub fn energised_total(&self, relay: Terminal) -> u64 {
        self.ledger.total(relay)
    }

    pub(crate) fn record(&mut self, at: SimTime, what: Happening) {
        self.events.record(at, what);
    }

    pub(crate) fn take_events(&mut self) -> Vec<SimEvent> {
        self.events.take()
    }

    pub(crate) fn events_dropped(&self) -> u64 {
        self.events.dropped()
    }

    fn door_mut(&mut self, number: DoorNumber) -> Result<&mut Door, PlantError> {
        self.doors.get_mut(number.index()).ok_or(PlantError::NoSuchDoor(number))
    }

    fn act(&mut self, at: SimTime, number: DoorNumber, act: Act) {
        let index = number.index();
        match act {
            Act::OpenWide => self.door_input(at, index, DoorInput::PullWide),
            Act::Force => self.door_input(at, index, DoorInput::Force),
            Act::Shut => self.door_input(at, index, DoorInput::Shut),
            Act::ShutBouncing(bounce) => {
                self.door_input(at, index, DoorInput::Shut);
                if let Some(door) = self.doors.get_mut(index) {
                    door.bounce(at, bounce);
                }
            }
            Act::PutIn => self.move_parcels(at, number, |contents| contents.saturating_add(1)),
            Act::TakeOut => self.move_parcels(at, number, |contents| contents.saturating_sub(1)),
            Act::TakeAll => self.move_parcels(at, number, |_| 0),
        }
    }

    fn move_parcels(&mut self, at: SimTime, number: DoorNumber, change: impl Fn(u32) -> u32) {
        let Some(door) = self.doors.get_mut(number.index()).filter(|door| door.state == DoorState::Open)
        else {
            return;
        };
        let before = door.contents;
        door.contents = change(before);
        let what = match before.cmp(&door.contents) {
            std::cmp::Ordering::Less => Happening::ParcelIn(number),
            std::cmp::Ordering::Greater => Happening::ParcelOut(number),
            std::cmp::Ordering::Equal => return,
        };
        self.events.record(at, what);
    }

    fn door_input(&mut self, at: SimTime, index: usize, input: DoorInput) {
        let Some(seen) = self.doors.get_mut(index).and_then(|door| door.input(at, input)) else {
            return;
        };
        if let Happening::DoorAjar(number) = seen {
            self.hands.sprang_open(at, number);
        }
        self.events.record(at, seen);
    }
}
