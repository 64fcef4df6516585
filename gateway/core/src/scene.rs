//! A building on virtual time for tests: a courier, a resident, doors that do what they are told.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use sha2::{Digest as _, Sha256};

use crate::building::{Building, Change, CodeKey};
use crate::command::{
    Actor, Carrier, Carriers, Channel, Command, CommandKey, CommandRequest, Directory, Nonce, Outcome, Reach,
    Retention, Unit,
};
use crate::compartment::{Contact, Level, Use};
use crate::effect::{Effect, Thing, Unlock};
use crate::event::{Durability, Event, Fact};
use crate::id::{CommandId, CompartmentId, NoticeId, TerminalId, UnitId, UnlockId};
use crate::input::{
    Entropy, Entry, Input, Key, KeyState, PulseReport, Rewound, Started, StorageHealth, Typed,
};
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::row::{Row, RowKey};
use crate::screen::Screen;
use crate::site::{Climate, CompartmentSite, PhysicalLock, Sensing, Site, Size, TerminalSite};
use crate::time::{ClockTrust, Millis, Mono, Now, Timestamp};
use crate::unit::{Digest, Millimetres};

/// What a door does when it is pulsed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hand {
    /// Acknowledged, and it opens.
    Opens,
    /// Acknowledged, and it stays shut.
    Jams,
    /// No echo, and it opens.
    OpensUnanswered,
    /// No echo, and it stays shut.
    Dead,
    /// Nothing is reported yet.
    Silent,
}

pub(crate) struct Scene {
    pub(crate) building: Building,
    pub(crate) now: Now,
    pub(crate) events: Vec<Event>,
    pub(crate) unlocks: Vec<Unlock>,
    pub(crate) withdrawn: Vec<UnlockId>,
    pub(crate) changed: Vec<Thing>,
    pub(crate) replies: Vec<Outcome>,
    pub(crate) screens: BTreeMap<TerminalId, Screen>,
    pub(crate) hands: BTreeMap<CompartmentId, Hand>,
    pub(crate) rows: BTreeMap<RowKey, Row>,
    pub(crate) last: Option<Result<(), Refusal>>,
    /// Decisions that forced a commit.
    pub(crate) forced: u32,
    boot: u32,
    draws: u64,
}

pub(crate) const LOBBY: &str = "lobby";
pub(crate) const CARRIER_CODE: &str = "246810";

pub(crate) fn compartment(text: &str) -> CompartmentId {
    CompartmentId::new(text).unwrap()
}

pub(crate) fn terminal(text: &str) -> TerminalId {
    TerminalId::new(text).unwrap()
}

pub(crate) fn unit(text: &str) -> UnitId {
    UnitId::new(text).unwrap()
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

/// Two columns of two small, a medium and a large door; two terminals.
pub(crate) fn site() -> Site {
    let id = |number: u16| compartment(&format!("a-{number}"));
    let serves = || TerminalSite { serves: ["a".parse().unwrap()].into() };
    Site {
        building: "maple-court".parse().unwrap(),
        support: "+1 312 555 0134".into(),
        compartments: (1..=8).map(|number| (id(number), built(number))).collect(),
        terminals: [(terminal(LOBBY), serves()), (terminal("garage"), serves())].into(),
        probes: BTreeMap::new(),
        devices: [("a-locks".parse().unwrap(), "rs485-1".parse().unwrap())].into(),
        policy: Policy { unscanned_share: 100, ..Policy::default() },
        longest_hold: Millis(1_200),
    }
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::on(site())
    }

    /// A started building with a directory, a carrier, and all doors heard shut.
    pub(crate) fn on(site: Site) -> Self {
        let wall = Timestamp(1_790_000_000_000);
        let mut scene = Self {
            building: Building::load(site, CodeKey([9; 32]), []),
            now: Now { wall, trust: ClockTrust::Synchronised, mono: Mono(1_000_000) },
            events: Vec::new(),
            unlocks: Vec::new(),
            withdrawn: Vec::new(),
            changed: Vec::new(),
            replies: Vec::new(),
            screens: BTreeMap::new(),
            hands: BTreeMap::new(),
            rows: BTreeMap::new(),
            last: None,
            forced: 0,
            boot: 0,
            draws: 0,
        };
        scene.start();
        scene.introduce();
        scene
    }

    /// Tells the building who lives there and who delivers.
    pub(crate) fn introduce(&mut self) {
        let units = ["4a", "4b", "5c"].map(|id| Unit { id: unit(id), reach: Reach::Any }).into();
        self.order("directory", Command::DirectorySync(Directory { version: 1, units }));
        let digest = Sha256::digest(format!("vestibule-carrier-code/1:maple-court:ups:{CARRIER_CODE}"));
        let carrier = Carrier { id: "ups".parse().unwrap(), code_digest: Digest(digest.into()) };
        self.order("carriers", Command::CarriersSync(Carriers { version: 1, carriers: [carrier].into() }));
    }

    /// Every door behaves like this from now on.
    pub(crate) fn all_hands(&mut self, hand: Hand) {
        let doors: Vec<_> = self.building.site().compartments.keys().cloned().collect();
        self.hands.extend(doors.into_iter().map(|door| (door, hand)));
    }

    pub(crate) fn start(&mut self) {
        self.begin();
        for id in self.building.site().compartments.keys().cloned().collect::<Vec<_>>() {
            self.contact(&id, Level::Shut);
        }
    }

    /// Starts, and no contact was read yet.
    pub(crate) fn begin(&mut self) {
        self.begin_as(KeyState::Kept, None);
    }

    /// Starts with another key, or on an older record.
    pub(crate) fn begin_as(&mut self, key: KeyState, rewound: Option<Rewound>) {
        self.boot += 1;
        self.give(Input::Started(Started {
            boot: self.boot,
            configuration: Digest([1; 32]),
            version: "0.1.0".into(),
            key,
            rewound,
        }));
    }

    /// Only the rows are left, and nothing runs.
    pub(crate) fn power_cut(&mut self) {
        self.load(self.building.site().clone());
    }

    fn load(&mut self, site: Site) {
        self.building = Building::load(site, CodeKey([9; 32]), self.rows.clone());
        self.screens.clear();
    }

    /// Power cut: only the rows are left.
    pub(crate) fn restart(&mut self) {
        self.restart_on(self.building.site().clone());
    }

    pub(crate) fn restart_on(&mut self, site: Site) {
        self.load(site);
        self.start();
    }

    /// Gives one input, applies what is decided and lets doors follow.
    pub(crate) fn give(&mut self, input: Input) {
        self.draws += 1;
        let mut entropy = [0; 32];
        entropy[..8].copy_from_slice(&self.draws.to_be_bytes());
        let decision = self.building.decide(input, self.now, Entropy(entropy));
        self.forced += u32::from(decision.durability() == Durability::Forces);
        for change in &decision.changes {
            self.building.apply(change);
            if let Change::Event(event) = change {
                self.events.push(event.clone());
            }
        }
        for (key, row) in self.building.take_changed_rows() {
            match row {
                Some(row) => self.rows.insert(key, row),
                None => self.rows.remove(&key),
            };
        }
        if decision.reply.is_some() {
            self.last = decision.reply;
        }
        let pulses_before = self.unlocks.len();
        for effect in decision.effects {
            self.release(effect);
        }
        // All effects of a decision are released before the field answers to one of them.
        self.unlocks[pulses_before..].to_vec().iter().for_each(|unlock| self.pulse(unlock));
    }

    fn release(&mut self, effect: Effect) {
        match effect {
            Effect::Unlock(unlock) => self.unlocks.push(unlock),
            Effect::Withdraw(withdrawal) => self.withdrawn.push(withdrawal.id),
            Effect::Show { terminal, screen } => {
                self.screens.insert(terminal, screen);
            }
            Effect::Reply { outcome, .. } | Effect::Resync { outcome, .. } => self.replies.push(outcome),
            Effect::Changed(thing) => self.changed.push(thing),
            Effect::Notice(_) | Effect::NoticeErased(_) => {}
        }
    }

    fn pulse(&mut self, unlock: &Unlock) {
        let hand = self.hands.get(&unlock.compartment).copied().unwrap_or(Hand::Opens);
        let sent = self.now.mono;
        match hand {
            Hand::Silent => return,
            Hand::Opens | Hand::Jams => self.report(unlock.id, PulseReport::Acknowledged { sent }),
            Hand::OpensUnanswered | Hand::Dead => self.report(unlock.id, PulseReport::Unanswered { sent }),
        }
        if matches!(hand, Hand::Opens | Hand::OpensUnanswered) {
            self.swing(&unlock.compartment, Level::Open);
        }
    }

    pub(crate) fn report(&mut self, unlock: UnlockId, report: PulseReport) {
        self.give(Input::Pulse { unlock, report });
    }

    pub(crate) fn contact(&mut self, id: &CompartmentId, level: Level) {
        let (compartment, contact, at) = (id.clone(), Contact::Door, self.now.mono);
        self.give(Input::Contact { compartment, contact, level, at });
    }

    /// Moves a door and lets the debounce time pass.
    pub(crate) fn swing(&mut self, id: &CompartmentId, level: Level) {
        self.contact(id, level);
        self.pass(Millis(100));
    }

    pub(crate) fn shut(&mut self, id: &CompartmentId) {
        self.swing(id, Level::Shut);
    }

    /// Lets time pass; ticks come when they are due, and contacts are heard again at half the stale age.
    pub(crate) fn pass(&mut self, span: Millis) {
        let end = self.now.mono.after(span);
        let mut heard = self.now.mono;
        loop {
            let due = self.building.next_deadline().map_or(end, |(at, _)| at.max(self.now.mono));
            let alive = heard.after(Millis(self.building.site().policy.stale.0 / 2));
            let next = due.min(alive).min(end);
            let gone = next.since(self.now.mono);
            self.now.mono = next;
            self.now.wall = self.now.wall.after(gone);
            if next == alive {
                heard = next;
                self.all_alive();
            }
            if next == due && due <= end {
                self.give(Input::Tick);
            }
            let more = self.building.next_deadline().is_some_and(|(at, _)| at <= self.now.mono);
            if self.now.mono >= end && !more {
                return;
            }
        }
    }

    fn all_alive(&mut self) {
        let view = self.building.view();
        for (id, seen) in &view.compartments {
            if let Some(level) = seen.door.as_ref().and_then(|door| door.value) {
                self.contact(id, level);
            }
        }
    }

    pub(crate) fn typed_at(&mut self, at: &str, text: &str) {
        self.give(Input::Entry { terminal: terminal(at), entry: Entry::Typed(Typed::new(text).unwrap()) });
    }

    pub(crate) fn typed(&mut self, text: &str) {
        self.typed_at(LOBBY, text);
    }

    pub(crate) fn key(&mut self, key: Key) {
        self.give(Input::Entry { terminal: terminal(LOBBY), entry: Entry::Key(key) });
    }

    pub(crate) fn screen(&self) -> &Screen {
        self.screens.get(&terminal(LOBBY)).unwrap()
    }

    /// Sends a command from the console with a fresh deadline.
    pub(crate) fn order(&mut self, id: &str, command: Command) {
        let request = self.request(id, command);
        self.give(Input::Command(Box::new(request)));
    }

    pub(crate) fn request(&self, id: &str, command: Command) -> CommandRequest {
        let actor = Actor::Staff("os:ann".into());
        CommandRequest {
            key: CommandKey { channel: Channel::Console, actor, id: CommandId::new(id).unwrap() },
            digest: Digest(Sha256::digest(id).into()),
            retention: Retention::Live,
            not_after: Some(self.now.wall.after(Millis::seconds(60))),
            nonce: None::<Nonce>,
            reason: None,
            command,
        }
    }

    pub(crate) fn storage(&mut self, health: StorageHealth) {
        self.give(Input::Storage(health));
    }

    /// A courier keys a unit and a size; the door that opens.
    pub(crate) fn deposit_for(&mut self, unit: &str, size: &str) -> CompartmentId {
        if !matches!(self.screen(), Screen::AskRecipient | Screen::Delivered { .. } | Screen::PutIn { .. }) {
            self.typed(CARRIER_CODE);
        }
        self.typed(unit);
        self.key(Key::Confirm);
        self.typed(size);
        self.unlocks.last().unwrap().compartment.clone()
    }

    /// A deposit from the carrier's code to the settled parcel; where, and its code.
    pub(crate) fn stored_for(&mut self, unit: &str) -> (CompartmentId, String) {
        let door = self.deposit_for(unit, "1");
        self.shut(&door);
        self.pass(Millis::seconds(20));
        self.key(Key::Cancel);
        (door, self.newest_code())
    }

    pub(crate) fn newest_code(&self) -> String {
        self.notice(*self.building.waiting_notices().last().unwrap()).1
    }

    pub(crate) fn notice(&self, id: NoticeId) -> (crate::row::NoticeRow, String) {
        let text = self.building.notice(id).unwrap();
        (text.row.clone(), text.code.clone().unwrap_or_default())
    }

    pub(crate) fn label(&self, id: &CompartmentId) -> String {
        self.building.view().compartments.get(id).unwrap().label.clone()
    }

    pub(crate) fn usage(&self, id: &CompartmentId) -> Use {
        self.building.view().compartments.get(id).unwrap().usage.clone()
    }

    pub(crate) fn facts(&self) -> Vec<&'static str> {
        self.events.iter().map(|event| event.fact.name()).collect()
    }

    /// Facts since the last call.
    pub(crate) fn news(&mut self) -> Vec<Fact> {
        self.events.drain(..).map(|event| event.fact).collect()
    }

    pub(crate) fn names(&mut self) -> Vec<&'static str> {
        self.news().iter().map(Fact::name).collect()
    }
}
