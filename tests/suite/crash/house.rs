//! A building on virtual time: its engine is the product's, its doors spring open when their pulse is out.

use std::collections::BTreeMap;

use vestibule_core::building::{Building, CodeKey};
use vestibule_core::command::{Actor, Channel, Command, CommandKey, CommandRequest, Retention};
use vestibule_core::compartment::{Contact, Level};
use vestibule_core::effect::{Effect, Unlock};
use vestibule_core::id::{CommandId, CompartmentId, TerminalId};
use vestibule_core::input::{Entry, Input, Key, KeyState, PulseReport, Started, Typed};
use vestibule_core::policy::Policy;
use vestibule_core::row::{Row, RowKey};
use vestibule_core::site::{Climate, CompartmentSite, PhysicalLock, Sensing, Site, Size, TerminalSite};
use vestibule_core::time::{ClockTrust, Millis, Mono, Now, Timestamp};
use vestibule_core::unit::{Digest, Millimetres};

use super::clerk::{Clerk, building, notifier};
use super::disk::Disk;

/// Steps while a span passes: far more than the timers of one building.
const STEPS_MAX: usize = 1_000;
/// Notices asked for at once: more than wait on any day.
const NOTICES_MAX: usize = 100;

/// The building, its doors and its record.
pub struct House {
    pub clerk: Clerk,
    now: Now,
    starts: u8,
    pub unlocks: Vec<Unlock>,
}

pub const fn code_key() -> CodeKey {
    CodeKey([9; 32])
}

/// Loads a building as a start does.
pub fn load(rows: impl IntoIterator<Item = (RowKey, Row)>) -> Building {
    Building::load(site(), code_key(), rows)
}

pub fn started(boot: u32) -> Input {
    let configuration = Digest([1; 32]);
    Input::Started(Started {
        boot,
        configuration,
        version: "0.1.0".into(),
        key: KeyState::Kept,
        rewound: None,
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
    pub fn begin(disk: Disk) -> Self {
        let clerk = Clerk::begin(disk, NOON);
        let mut house = Self { clerk, now: NOON, starts: 1, unlocks: Vec::new() };
        house.hear_all_shut();
        house
    }

    fn hear_all_shut(&mut self) {
        site().compartments.keys().for_each(|door| self.contact(door, Level::Shut));
    }

    /// The process ends at once: what rode is lost, and the building is what the disk says.
    pub fn restart(&mut self) {
        self.starts += 1;
        self.clerk.restart(self.starts, self.now);
        self.hear_all_shut();
    }

    pub fn give(&mut self, input: Input) {
        self.step(vec![input]);
    }

    fn step(&mut self, inputs: Vec<Input>) {
        for effect in self.clerk.step(inputs, self.now) {
            if let Effect::Unlock(unlock) = effect {
                self.pulse(unlock);
            }
        }
    }

    /// The pulse is out; it is echoed, and the door springs open.
    fn pulse(&mut self, unlock: Unlock) {
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

    /// Lets time pass; the engine steps when it asks for it.
    pub fn pass(&mut self, span: Millis) {
        let end = self.now.mono.after(span);
        for steps in 0.. {
            let due = self.clerk.engine().next_deadline();
            let Some(due) = due.filter(|due| *due <= end) else { break };
            assert!(steps < STEPS_MAX, "{due:?} is due again and again, and it is {:?}", self.now.mono);
            self.until(due.max(self.now.mono));
            let ticks = self.clerk.engine().tick_deadline().is_some_and(|due| due <= self.now.mono);
            self.step(if ticks { vec![Input::Tick] } else { Vec::new() });
        }
        self.until(end);
        let doors = self.clerk.engine().published().view.compartments;
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

    /// The code of the newest notice, as its notifier reads it.
    pub fn newest_code(&mut self) -> String {
        let waiting = self.clerk.engine().sealed_notices(None, NOTICES_MAX);
        let notice = notifier().open(&waiting.last().expect("a notice waits").bytes).unwrap();
        notice.code.clone().expect("it carries a code")
    }

    /// The cloud has all rows and all notices.
    pub fn cloud_acknowledges(&mut self) {
        let head = self.clerk.engine().published().head.expect("a journal");
        self.give(Input::JournalAcknowledged { sequence: head.sequence, hash: head.hash });
        for notice in self.clerk.engine().sealed_notices(None, NOTICES_MAX) {
            self.give(Input::NoticeAcknowledged(notice.id));
        }
    }

    /// Rows removed since the last start.
    pub fn pruned(&mut self) -> u64 {
        self.clerk.engine().published().counters.rows_pruned
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
pub fn site() -> Site {
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
        longest_hold: Millis(1_200),
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
        occupancy: Sensing::Absent,
        probe: None,
    }
}
