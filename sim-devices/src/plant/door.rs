//! One compartment door: lock, leaf, contacts and what lies behind it. A table of state and input.

use std::time::Duration;

use super::contact::{Bounce, Contact, ShutWhen, Wire};
use crate::event::Happening;
use crate::number::{DoorNumber, Terminal};
use crate::time::SimTime;

/// How a door is built and wired. `DoorSpec::new` gives a common electric locker lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoorSpec {
    /// The relay output that feeds the lock.
    pub lock: Terminal,
    /// The input the door contact is wired to; `None` for a door without one.
    pub contact: Option<Terminal>,
    /// The input the latch contact is wired to, where the lock has one.
    pub latch: Option<Terminal>,
    /// The input of an eye that sees whether something lies inside, where there is one.
    pub eye: Option<Terminal>,
    /// Polarity of all of them.
    pub shut_when: ShutWhen,
    /// Current must flow this long before the latch lets go.
    pub min_pulse: Duration,
    /// From the latch letting go to the door standing ajar.
    pub spring: Duration,
    /// From touching the frame to the latch catching.
    pub catch: Duration,
}

impl DoorSpec {
    /// Latch moves after 60 ms, the spring pushes the door ajar 40 ms later, the latch catches after 50 ms.
    #[must_use]
    pub fn new(lock: Terminal, contact: Option<Terminal>) -> Self {
        Self {
            lock,
            contact,
            latch: None,
            eye: None,
            shut_when: ShutWhen::On,
            min_pulse: Duration::from_millis(60),
            spring: Duration::from_millis(40),
            catch: Duration::from_millis(50),
        }
    }
}

/// What keeps a door from opening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Jam {
    /// Nothing.
    #[default]
    None,
    /// The latch does not move, whatever current flows.
    Latch,
    /// The latch moves, but the leaf sticks in its frame and the latch catches again.
    Leaf,
}

/// Where leaf and latch are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoorState {
    /// Shut and latched.
    Latched,
    /// Current flows; the latch lets go at the moment given.
    Pulling(SimTime),
    /// The latch has let go; the door springs at the moment given.
    Released(SimTime),
    /// Sprung open a hand's breadth.
    Ajar,
    /// Wide open.
    Open,
    /// Touching the frame; the latch catches at the moment given.
    Pushed(SimTime),
}

impl DoorState {
    /// Whether the leaf touches its frame: what the door contact senses.
    #[must_use]
    pub const fn is_shut(self) -> bool {
        !matches!(self, Self::Ajar | Self::Open)
    }

    /// Whether the latch holds: what the latch contact senses.
    #[must_use]
    pub const fn is_latched(self) -> bool {
        matches!(self, Self::Latched | Self::Pulling(_))
    }

    const fn deadline(self) -> Option<SimTime> {
        match self {
            Self::Pulling(at) | Self::Released(at) | Self::Pushed(at) => Some(at),
            Self::Latched | Self::Ajar | Self::Open => None,
        }
    }
}

/// What can happen to a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DoorInput {
    CurrentOn,
    CurrentOff,
    Due,
    PullWide,
    Shut,
    Force,
}

/// What a bystander sees, once told at which door.
type Seen = fn(DoorNumber) -> Happening;

/// A door and its contents.
#[derive(Debug)]
pub(crate) struct Door {
    number: DoorNumber,
    pub spec: DoorSpec,
    pub state: DoorState,
    pub jam: Jam,
    pub contents: u32,
    powered: bool,
    contact: Contact,
    latch: Contact,
    eye: Contact,
}

impl Door {
    pub fn new(number: DoorNumber, spec: DoorSpec) -> Self {
        let [contact, latch, eye] = [(); 3].map(|()| Contact::new(spec.shut_when));
        Self {
            number,
            spec,
            state: DoorState::Latched,
            jam: Jam::None,
            contents: 0,
            powered: false,
            contact,
            latch,
            eye,
        }
    }

    pub fn next_deadline(&self) -> Option<SimTime> {
        self.state.deadline()
    }

    pub fn contact_level(&self, now: SimTime) -> bool {
        self.contact.level(self.state.is_shut(), now)
    }

    pub fn latch_level(&self, now: SimTime) -> bool {
        self.latch.level(self.state.is_latched(), now)
    }

    /// What an eye inside tells: its beam is shut off by what lies there.
    pub fn eye_level(&self, now: SimTime) -> bool {
        self.eye.level(self.contents > 0, now)
    }

    pub fn set_wire(&mut self, wire: Wire) {
        self.contact.set_wire(wire);
    }

    pub fn bounce(&mut self, now: SimTime, bounce: Bounce) {
        self.contact.start_bounce(now, bounce);
    }

    /// Moves the door on; what a bystander sees of it.
    pub fn input(&mut self, now: SimTime, input: DoorInput) -> Option<Happening> {
        match input {
            DoorInput::CurrentOn => self.powered = true,
            DoorInput::CurrentOff => self.powered = false,
            _ => {}
        }
        let (state, seen) = self.step(now, input);
        self.state = state;
        if !state.is_shut() {
            self.contact.settle();
        }
        seen.map(|seen| seen(self.number))
    }

    fn step(&self, now: SimTime, input: DoorInput) -> (DoorState, Option<Seen>) {
        use DoorInput as I;
        use DoorState as S;
        match (self.state, input) {
            (S::Latched, I::CurrentOn) => (S::Pulling(now + self.spec.min_pulse), None),
            (S::Pulling(_), I::CurrentOff) => (S::Latched, Some(Happening::PulseTooShort)),
            (S::Pulling(_), I::Due) if self.jam == Jam::Latch => (S::Latched, Some(Happening::DoorJammed)),
            (S::Pulling(_), I::Due) => (S::Released(now + self.spec.spring), Some(Happening::DoorUnlatched)),
            (S::Released(_), I::Due) if self.jam == Jam::Leaf => {
                (S::Pushed(now + self.spec.catch), Some(Happening::DoorJammed))
            }
            (S::Released(_), I::Due) => (S::Ajar, Some(Happening::DoorAjar)),
            // A latch held back by current cannot catch: the spring pushes again.
            (S::Pushed(_), I::Due) if self.powered => (S::Released(now + self.spec.spring), None),
            (S::Pushed(_), I::Due) => (S::Latched, Some(Happening::DoorLatched)),
            (S::Released(_) | S::Pushed(_), I::PullWide) if self.jam == Jam::Leaf => {
                (self.state, Some(Happening::DoorHeld))
            }
            (S::Released(_) | S::Ajar | S::Pushed(_), I::PullWide) => (S::Open, Some(Happening::DoorOpened)),
            (S::Latched | S::Pulling(_), I::PullWide) => (self.state, Some(Happening::DoorHeld)),
            (S::Latched | S::Pulling(_) | S::Released(_) | S::Pushed(_), I::Force) => {
                (S::Open, Some(Happening::DoorForced))
            }
            (S::Ajar, I::Force) => (S::Open, Some(Happening::DoorOpened)),
            (S::Ajar | S::Open, I::Shut) => (S::Pushed(now + self.spec.catch), Some(Happening::DoorShut)),
            // Everything else changes nothing: current at an open door, a shut door shut again.
            (state, _) => (state, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Door, DoorInput, DoorSpec, DoorState, Jam};
    use crate::number::{Address, Channel, DoorNumber, Terminal};
    use crate::time::SimTime;

    const STATES: [DoorState; 6] = [
        DoorState::Latched,
        DoorState::Pulling(SimTime::from_millis(60)),
        DoorState::Released(SimTime::from_millis(60)),
        DoorState::Ajar,
        DoorState::Open,
        DoorState::Pushed(SimTime::from_millis(60)),
    ];
    const INPUTS: [DoorInput; 6] = [
        DoorInput::CurrentOn,
        DoorInput::CurrentOff,
        DoorInput::Due,
        DoorInput::PullWide,
        DoorInput::Shut,
        DoorInput::Force,
    ];

    fn door() -> Door {
        let board = Address::new(1).expect("not broadcast");
        let lock = Terminal { board, channel: Channel::new(1).expect("counted from 1") };
        Door::new(DoorNumber::new(1).expect("counted from 1"), DoorSpec::new(lock, None))
    }

    fn name(state: DoorState) -> &'static str {
        match state {
            DoorState::Latched => "latched",
            DoorState::Pulling(_) => "pulling",
            DoorState::Released(_) => "released",
            DoorState::Ajar => "ajar",
            DoorState::Open => "open",
            DoorState::Pushed(_) => "pushed",
        }
    }

    fn row(jam: Jam, state: DoorState) -> String {
        let cells = INPUTS.map(|input| {
            let mut door = Door { jam, state, ..door() };
            let seen = door.input(SimTime::from_millis(60), input).is_some();
            format!("{}{}", name(door.state), if seen { "!" } else { "" })
        });
        format!("{} | {}", name(state), cells.join(" "))
    }

    #[test]
    fn the_whole_grid_of_a_free_door() {
        let grid = STATES.map(|state| row(Jam::None, state));
        assert_eq!(
            grid,
            [
                "latched | pulling latched latched latched! latched open!",
                "pulling | pulling latched! released! pulling! pulling open!",
                "released | released released ajar! open! released open!",
                "ajar | ajar ajar ajar open! pushed! open!",
                "open | open open open open pushed! open",
                "pushed | pushed pushed latched! open! pushed open!",
            ]
        );
    }

    #[test]
    fn a_jammed_latch_and_a_jammed_leaf_stay_shut() {
        assert_eq!(row(Jam::Latch, STATES[1]), "pulling | pulling latched! latched! pulling! pulling open!");
        assert_eq!(
            row(Jam::Leaf, STATES[2]),
            "released | released released pushed! released! released open!"
        );
        assert_eq!(row(Jam::Leaf, STATES[5]), "pushed | pushed pushed latched! pushed! pushed open!");
    }

    #[test]
    fn a_door_pushed_shut_while_current_flows_springs_again() {
        let mut door = Door { state: DoorState::Ajar, ..door() };
        door.input(SimTime::ZERO, DoorInput::CurrentOn);
        door.input(SimTime::ZERO, DoorInput::Shut);
        door.input(SimTime::from_millis(50), DoorInput::Due);
        assert_eq!(name(door.state), "released");
    }
}
