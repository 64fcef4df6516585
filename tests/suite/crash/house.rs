//! A building on virtual time whose decisions are kept by the clerk: nothing acts before its commit returned.

use std::collections::BTreeMap;

use vestibule_core::building::{Building, CodeKey};
use vestibule_core::command::{Actor, Channel, Command, CommandKey, CommandRequest, Retention};
use vestibule_core::compartment::{Contact, Level};
use vestibule_core::effect::{Effect, Unlock};
use vestibule_core::event::Durability;
use vestibule_core::id::{CommandId, CompartmentId, TerminalId};
use vestibule_core::input::{Entropy, Entry, Input, Key, KeyState, PulseReport, Started, Typed};
use vestibule_core::policy::Policy;
use vestibule_core::row::{Row, RowKey};
use vestibule_core::site::{Climate, CompartmentSite, PhysicalLock, Sensing, Site, Size, TerminalSite};
use vestibule_core::time::{ClockTrust, Millis, Mono, Now, Timestamp};
use vestibule_core::unit::{Digest, Millimetres};
use vestibule_store::Batch;

use super::clerk::{Clerk, building};

/// Ticks while a span passes: far more than the timers of one building.
const TICKS_MAX: usize = 1_000;

/// The building, its doors and its record.
pub struct House {
    pub clerk: Clerk,
    pub building: Building,
    pub now: Now,
    draws: u64,
    boot: u32,
    riders: Batch,
    pub unlocks: Vec<Unlock>,
}

/// Loads a building as a start does.
pub fn load(rows: impl IntoIterator<Item = (RowKey, Row)>) -> Building {
    Building::load(site(), CodeKey([9; 32]), rows)
}

pub fn started(boot: u32) -> Input {
    Input::Started(Started {
        boot,
        configuration: Digest([1; 32]),
        version: "0.1.0".into(),
        key: KeyState::Kept,
    })
}

pub const NOON: Now =
    Now { wall: Timestamp(1_790_000_000_000), trust: ClockTrust::Synchronised, mono: Mono(1_000_000) };

/// A command of a staff member at the console.
pub fn request(id: &str, command: Command) -> CommandRequest {
    CommandRequest {
        key: CommandKey {
            channel: Channel::Console,
            actor: Actor::Staff("os:ann".into()),
            id: CommandId::new(id).unwrap(),
        },
        digest: Digest([7; 32]),
        retention: Retention::Live,
        not_after: Some(NOON.wall.after(Millis::seconds(100))),
        nonce: None,
        reason: None,
        command,
    }
}

impl House {
    pub fn begin(clerk: Clerk) -> Self {
        let mut house = Self {
            clerk,
            building: load([]),
            now: NOON,
            draws: 0,
            boot: 1,
            riders: Batch::default(),
            unlocks: Vec::new(),
        };
        house.start();
        house
    }

    fn start(&mut self) {
        self.give(started(self.boot));
        let doors: Vec<CompartmentId> = self.building.site().compartments.keys().cloned().collect();
        doors.iter().for_each(|door| self.contact(door, Level::Shut));
    }

    /// The process ends at once: what rode is lost, and the building is what the disk says.
    pub fn restart(&mut self) {
        self.boot += 1;
        self.riders = Batch::default();
        let loaded = self.clerk.restart(self.boot);
        self.building = load(loaded.rows);
        self.start();
    }

    /// Decides, applies, commits when something forces it, and only then lets the field act.
    pub fn give(&mut self, input: Input) {
        self.draws += 1;
        let mut entropy = [0; 32];
        entropy[..8].copy_from_slice(&self.draws.to_be_bytes());
        let decision = self.building.decide(input, self.now, Entropy(entropy));
        let mut durability = Durability::Rides;
        for change in decision.changes {
            durability = durability.max(change.durability());
            self.building.apply(&change);
            if let vestibule_core::building::Change::Event(event) = change {
                self.riders.events.push(event);
            }
        }
        self.riders.rows.extend(self.building.take_changed_rows());
        if durability == Durability::Forces {
            self.clerk.commit(std::mem::take(&mut self.riders));
        }
        for effect in decision.effects {
            if let Effect::Unlock(unlock) = effect {
                self.pulse(unlock);
            }
        }
    }

    /// The pulse goes out, is echoed, and the door springs open.
    fn pulse(&mut self, unlock: Unlock) {
        self.clerk.pulse(unlock.id);
        self.unlocks.push(unlock.clone());
        let report = PulseReport::Acknowledged { sent: self.now.mono };
        self.give(Input::Pulse { unlock: unlock.id, report });
        self.swing(&unlock.compartment, Level::Open);
    }

    fn contact(&mut self, compartment: &CompartmentId, level: Level) {
        let (compartment, contact, at) = (compartment.clone(), Contact::Door, self.now.mono);
        self.give(Input::Contact { compartment, contact, level, at });
    }

    /// Moves a door and lets the debounce time pass.
    pub fn swing(&mut self, door: &CompartmentId, level: Level) {
        self.contact(door, level);
        self.pass(Millis(100));
    }

    /// Lets time pass; ticks come when they are due.
    pub fn pass(&mut self, span: Millis) {
        let end = self.now.mono.after(span);
        for ticks in 0.. {
            let Some((due, reason)) = self.building.next_deadline().filter(|(due, _)| *due <= end) else {
                break;
            };
            assert!(
                ticks < TICKS_MAX,
                "{reason:?} is due at {due:?} again and again, and it is {:?}",
                self.now.mono
            );
            self.until(due.max(self.now.mono));
            self.give(Input::Tick);
        }
        self.until(end);
        let doors = self.building.view().compartments;
        for (id, seen) in &doors {
            if let Some(level) = seen.door.as_ref().and_then(|door| door.value) {
                self.contact(id, level);
            }
        }
    }

    fn until(&mut self, at: Mono) {
        self.now.wall = self.now.wall.after(at.since(self.now.mono));
        self.now.mono = at;
    }

    pub fn typed(&mut self, text: &str) {
        let entry = Entry::Typed(Typed::new(text).unwrap());
        self.give(Input::Entry { terminal: lobby(), entry });
    }

    pub fn key(&mut self, key: Key) {
        self.give(Input::Entry { terminal: lobby(), entry: Entry::Key(key) });
    }

    /// The code of the newest notice.
    pub fn newest_code(&self) -> String {
        let newest = *self.building.waiting_notices().last().expect("a notice waits");
        self.building.notice(newest).unwrap().code.clone().expect("it carries a code")
    }

    /// The door that was pulsed last.
    pub fn last_door(&self) -> CompartmentId {
        self.unlocks.last().expect("a door was opened").compartment.clone()
    }
}

fn lobby() -> TerminalId {
    TerminalId::new("lobby").unwrap()
}

/// Two columns of two small, a medium and a large door.
fn site() -> Site {
    let compartments = (1..=8).map(|number: u16| {
        let id = CompartmentId::new(&format!("a-{number}")).unwrap();
        (id, built(number))
    });
    let serves = TerminalSite { serves: ["a".parse().unwrap()].into() };
    Site {
        building: building(),
        support: "+1 312 555 0134".into(),
        compartments: compartments.collect(),
        terminals: [(lobby(), serves)].into(),
        probes: BTreeMap::new(),
        devices: [("a-locks".parse().unwrap(), "rs485-1".parse().unwrap())].into(),
        policy: Policy { unscanned_share: 100, ..Policy::default() },
    }
}

fn built(number: u16) -> CompartmentSite {
    let (column, row) = ((number - 1) / 4, (number - 1) % 4);
    let sizes = [Size::Small, Size::Small, Size::Medium, Size::Large];
    CompartmentSite {
        bank: "a".parse().unwrap(),
        label: number.to_string(),
        column,
        row,
        size: sizes[usize::from(row)],
        climate: Climate::Ambient,
        handle: Millimetres(1700 - 400 * row),
        sill: Millimetres(1600 - 400 * row),
        lock: PhysicalLock { device: "a-locks".parse().unwrap(), output: number },
        door: Sensing::Wired,
        latch: Sensing::Absent,
        probe: None,
    }
}
