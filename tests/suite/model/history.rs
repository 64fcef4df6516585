//! One random history of a building: what people, doors, boards, disks and clocks may do, in any order.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use sha2::{Digest as _, Sha256};
use vestibule_core::Building;
use vestibule_core::building::Change;
use vestibule_core::command::{
    Actor, Answer, Carrier, Carriers, Channel, Command, CommandKey, CommandRequest, Directory, Intake, Nonce,
    Reach, Retention, Unit,
};
use vestibule_core::compartment::{Contact, Level};
use vestibule_core::effect::{Effect, Purpose, Unlock};
use vestibule_core::event::Fact;
use vestibule_core::id::{CommandId, CompartmentId, TerminalId, UnitId};
use vestibule_core::input::{
    Entropy, Entry, Health, Input, Key, NotSent, PulseReport, Started, StorageHealth, Typed,
};
use vestibule_core::row::{Row, RowKey};
use vestibule_core::site::{Climate, Sensing, Site, Size};
use vestibule_core::time::{ClockTrust, Millis, Mono, Now, Timestamp};
use vestibule_core::unit::Digest;

use super::reference::Reference;
use super::world::{BUILDING, CARRIERS, Chance, Doors, UNITS, key, site, with_check_digit};

/// Most rows a building of this size may ever keep.
const ROWS_MAX: usize = 25_000;

/// What the histories met, so that empty ones are noticed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub stored: u64,
    pub collected: u64,
    pub jammed: u64,
    pub forced: u64,
    pub exceptions: u64,
    pub restarts: u64,
    pub staff: u64,
    pub stepped_up: u64,
    pub pickups_without_disk: u64,
}

impl Seen {
    pub fn add(&mut self, other: Self) {
        self.stored += other.stored;
        self.collected += other.collected;
        self.jammed += other.jammed;
        self.forced += other.forced;
        self.exceptions += other.exceptions;
        self.restarts += other.restarts;
        self.staff += other.staff;
        self.stepped_up += other.stepped_up;
        self.pickups_without_disk += other.pickups_without_disk;
    }

    pub fn is_rich(&self) -> bool {
        let all = [self.stored, self.collected, self.jammed, self.forced, self.exceptions, self.restarts];
        all.iter().chain([&self.staff, &self.stepped_up, &self.pickups_without_disk]).all(|count| *count > 10)
    }
}

pub struct History {
    site: Site,
    building: Building,
    reference: Reference,
    pub chance: Chance,
    pub now: Now,
    rows: BTreeMap<RowKey, Row>,
    doors: Doors,
    pulses: Vec<Unlock>,
    pub codes: BTreeMap<String, UnitId>,
    commands: Vec<CommandRequest>,
    nonces: Vec<Nonce>,
    degraded: bool,
    boot: u32,
    next_id: u32,
    steps: u64,
    acts: u64,
    digest: DefaultHasher,
    seen: Seen,
}

impl History {
    pub fn new(seed: u64) -> Self {
        let site = site();
        let wall = Timestamp(1_790_000_000_000);
        let mut history = Self {
            building: Building::load(site.clone(), key(), []),
            doors: Doors::all_shut(&site),
            site,
            reference: Reference::default(),
            chance: Chance::new(seed),
            now: Now { wall, trust: ClockTrust::Synchronised, mono: Mono(1_000_000) },
            rows: BTreeMap::new(),
            pulses: Vec::new(),
            codes: BTreeMap::new(),
            commands: Vec::new(),
            nonces: Vec::new(),
            degraded: false,
            boot: 0,
            next_id: 0,
            steps: 0,
            acts: 0,
            digest: DefaultHasher::new(),
            seen: Seen::default(),
        };
        history.start();
        history.sync();
        history
    }

    pub const fn steps(&self) -> u64 {
        self.steps
    }

    pub const fn acts(&self) -> u64 {
        self.acts
    }

    pub const fn seen(&self) -> Seen {
        self.seen
    }

    pub fn digest(&self) -> u64 {
        self.digest.finish()
    }

    fn start(&mut self) {
        self.boot += 1;
        let (boot, configuration) = (self.boot, Digest([1; 32]));
        self.pulses.clear();
        self.nonces.clear();
        self.degraded = false;
        let started = Started { boot, configuration, version: "0.1.0".into() };
        let unlocks = self.give(Input::Started(started));
        assert_eq!(unlocks, 0, "a restart opened a door");
        assert_eq!(self.reference.open_intents(), 0, "a restart left intents open");
        self.all_heard();
    }

    fn sync(&mut self) {
        let units = UNITS.map(|id| Unit { id: id.parse().unwrap(), reach: Reach::Any }).into();
        self.order(Command::DirectorySync(Directory { version: 1, units }));
        let carriers = CARRIERS.map(|(id, code)| {
            let text = format!("vestibule-carrier-code/1:{BUILDING}:{id}:{code}");
            Carrier { id: id.parse().unwrap(), code_digest: Digest(Sha256::digest(text).into()) }
        });
        self.order(Command::CarriersSync(Carriers { version: 1, carriers: carriers.into() }));
    }

    /// Gives one input and holds everything that comes of it against the reference; how many unlocks came.
    pub fn give(&mut self, input: Input) -> usize {
        self.steps += 1;
        let entropy = Entropy(self.chance.entropy());
        let decision = self.building.decide(input, self.now, entropy);
        for change in &decision.changes {
            self.building.apply(change);
            if let Change::Event(event) = change {
                format!("{event:?}").hash(&mut self.digest);
                self.reference.follow(event);
                self.note(&event.fact);
            }
        }
        for (key, row) in self.building.take_changed_rows() {
            match row {
                Some(row) => self.rows.insert(key, row),
                None => self.rows.remove(&key),
            };
        }
        assert!(self.rows.len() < ROWS_MAX, "rows grow without bound");
        self.reference.agree(&self.building.view());
        let mut unlocks = 0;
        for effect in decision.effects {
            format!("{effect:?}").hash(&mut self.digest);
            unlocks += usize::from(matches!(effect, Effect::Unlock(_)));
            self.release(effect);
        }
        unlocks
    }

    fn release(&mut self, effect: Effect) {
        match effect {
            Effect::Unlock(unlock) => {
                self.reference.pulse(&unlock);
                let allowed = matches!(unlock.purpose, Purpose::Pickup | Purpose::StaffOnSite);
                assert!(allowed || !self.degraded, "a door opened that may not without a disk: {unlock:?}");
                self.seen.pickups_without_disk +=
                    u64::from(self.degraded && unlock.purpose == Purpose::Pickup);
                self.pulses.push(unlock);
            }
            Effect::Notice(id) => {
                let text = self.building.notice(id).unwrap();
                if let Some(code) = &text.code {
                    let other = self.codes.insert(code.clone(), text.row.unit.clone());
                    assert!(other.is_none_or(|other| other == text.row.unit), "two units share a code");
                }
            }
            Effect::Reply { outcome, .. } | Effect::Resync { outcome, .. } => {
                if let Answer::Nonce(nonce) = outcome.answer {
                    self.nonces.push(nonce);
                }
            }
            Effect::Show { .. } | Effect::Changed(_) | Effect::NoticeErased(_) => {}
        }
    }

    fn note(&mut self, fact: &Fact) {
        let seen = &mut self.seen;
        let count = match fact {
            Fact::ParcelStored { .. } => &mut seen.stored,
            Fact::ParcelCollected { .. } => &mut seen.collected,
            Fact::CompartmentJammed { .. } => &mut seen.jammed,
            Fact::CompartmentForced { .. } => &mut seen.forced,
            Fact::ParcelException { .. } => &mut seen.exceptions,
            Fact::AccessSteppedUp { .. } => &mut seen.stepped_up,
            Fact::UnlockIntended { purpose: Purpose::StaffOnSite | Purpose::StaffRemote, .. } => {
                &mut seen.staff
            }
            _ => return,
        };
        *count += 1;
    }

    /// Something happens.
    pub fn act(&mut self) {
        self.acts += 1;
        match self.chance.below(1_000) {
            0..=359 => self.somebody_types(),
            360..=549 => self.a_pulse_ends(),
            550..=699 => self.a_door_is_shut(),
            700..=819 => self.time_passes(),
            820..=859 => self.a_courier_delivers(),
            860..=899 => self.a_resident_comes(),
            900..=902 => self.a_door_is_forced(),
            903..=939 => self.a_command_comes(),
            940..=949 => self.a_command_comes_again(),
            950..=959 => self.a_board_changes(),
            960..=969 => self.the_disk_changes(),
            970..=979 => self.a_notice_is_sent(),
            980..=984 => self.the_power_fails(),
            985..=989 => self.the_clock_changes(),
            _ => self.somebody_guesses(),
        }
    }

    fn somebody_types(&mut self) {
        let terminals: Vec<TerminalId> = self.site.terminals.keys().cloned().collect();
        let terminal = self.chance.pick(&terminals).unwrap().clone();
        if self.chance.once_in(3) {
            let keys = [
                Key::Confirm,
                Key::Confirm,
                Key::Confirm,
                Key::Cancel,
                Key::Next,
                Key::NotDelivered,
                Key::Reopen,
                Key::NeedLarger,
                Key::NotEmpty,
            ];
            let key = *self.chance.pick(&keys).unwrap();
            self.give(Input::Entry { terminal, entry: Entry::Key(key) });
            return;
        }
        let text = match self.chance.below(10) {
            0..=1 => self.chance.pick(&CARRIERS).unwrap().1.to_string(),
            2..=4 => self.chance.pick(&UNITS).unwrap().to_string(),
            5..=6 => (1 + self.chance.below(3)).to_string(),
            7..=8 => self.some_code(),
            _ => format!("{:010}", self.chance.below(10_000_000_000)),
        };
        self.types(&terminal, &text);
    }

    fn some_code(&mut self) -> String {
        let codes: Vec<String> = self.codes.keys().cloned().collect();
        self.chance.pick(&codes).cloned().unwrap_or_else(|| "0000000000".into())
    }

    fn types(&mut self, terminal: &TerminalId, text: &str) {
        let entry = Entry::Typed(Typed::new(text).unwrap());
        self.give(Input::Entry { terminal: terminal.clone(), entry });
    }

    /// Codes that look right and were never given out.
    fn somebody_guesses(&mut self) {
        let terminal = TerminalId::new("garage").unwrap();
        for _ in 0..4 {
            let text = with_check_digit(self.chance.below(1_000_000_000));
            self.types(&terminal, &text);
        }
    }

    /// The straight way out: a code, and every door shut again.
    fn a_resident_comes(&mut self) {
        let lobby = TerminalId::new("lobby").unwrap();
        let code = self.some_code();
        self.give(Input::Entry { terminal: lobby.clone(), entry: Entry::Key(Key::Cancel) });
        let unit = self.codes.get(&code).map_or("1a".into(), ToString::to_string);
        self.types(&lobby, &code);
        // In unit + code mode the terminal asks for more; else these mean nothing.
        self.types(&lobby, &unit);
        self.types(&lobby, &code);
        for _ in 0..4 {
            while !self.pulses.is_empty() {
                self.a_pulse_ends();
            }
            self.pass(Millis(300));
            for door in self.doors.at(Level::Open) {
                self.moves(&door, Level::Shut);
            }
            self.pass(Millis(2_300));
        }
    }

    /// The straight way in, so that parcels get in at all.
    fn a_courier_delivers(&mut self) {
        let lobby = TerminalId::new("lobby").unwrap();
        let cancel =
            || Input::Entry { terminal: TerminalId::new("lobby").unwrap(), entry: Entry::Key(Key::Cancel) };
        self.give(cancel());
        self.types(&lobby, CARRIERS[0].1);
        let unit = *self.chance.pick(&UNITS).unwrap();
        self.types(&lobby, unit);
        self.give(Input::Entry { terminal: lobby.clone(), entry: Entry::Key(Key::Confirm) });
        self.types(&lobby, "1");
        while !self.pulses.is_empty() {
            self.a_pulse_ends();
        }
        self.pass(Millis(300));
        while !self.doors.at(Level::Open).is_empty() {
            self.a_door_is_shut();
        }
        self.pass(Millis::seconds(17));
    }

    /// The oldest pulse meets its fate.
    fn a_pulse_ends(&mut self) {
        if self.pulses.is_empty() {
            return;
        }
        let unlock = self.pulses.remove(0);
        self.pass(Millis(5));
        let sent = self.now.mono;
        let (report, opens) = match self.chance.below(40) {
            0 => (PulseReport::Rejected { sent, exception: 4 }, false),
            1 => (PulseReport::NotSent(NotSent::Expired), false),
            2 => (PulseReport::NotSent(NotSent::Unreachable), false),
            3 => (PulseReport::Unanswered { sent }, false),
            4..=6 => (PulseReport::Unanswered { sent }, true),
            7 => (PulseReport::Acknowledged { sent }, false),
            _ => (PulseReport::Acknowledged { sent }, true),
        };
        // The contacts may be on another line, and be heard before the report.
        let contact_first = self.chance.once_in(4);
        if opens && contact_first {
            self.moves(&unlock.compartment, Level::Open);
            self.pass(Millis(120));
        }
        self.give(Input::Pulse { unlock: unlock.id, report });
        if self.chance.once_in(20) {
            self.give(Input::Pulse { unlock: unlock.id, report });
        }
        if opens && !contact_first {
            self.moves(&unlock.compartment, Level::Open);
        }
        if !opens {
            self.pass(Millis(3_100));
        }
    }

    fn moves(&mut self, id: &CompartmentId, level: Level) {
        self.doors.0.insert(id.clone(), level);
        self.hear(id);
    }

    /// The contacts of a compartment are read; a latch follows its door.
    fn hear(&mut self, id: &CompartmentId) {
        let (level, at) = (self.doors.0[id], self.now.mono);
        let compartment = id.clone();
        self.give(Input::Contact { compartment: compartment.clone(), contact: Contact::Door, level, at });
        if self.site.compartments[id].latch == Sensing::Wired {
            self.give(Input::Contact { compartment, contact: Contact::Latch, level, at });
        }
    }

    fn all_heard(&mut self) {
        for id in self.site.compartments.keys().cloned().collect::<Vec<_>>() {
            self.hear(&id);
        }
    }

    fn a_door_is_shut(&mut self) {
        let open = self.doors.at(Level::Open);
        let Some(door) = self.chance.pick(&open).cloned() else { return };
        self.moves(&door, Level::Shut);
        if self.chance.once_in(5) {
            self.pass(Millis(150));
            self.moves(&door, Level::Open);
        }
    }

    fn a_door_is_forced(&mut self) {
        let shut = self.doors.at(Level::Shut);
        let Some(door) = self.chance.pick(&shut).cloned() else { return };
        self.moves(&door, Level::Open);
    }

    fn time_passes(&mut self) {
        let span = match self.chance.below(20) {
            0..=11 => Millis(self.chance.below(3_000)),
            12..=17 => Millis(self.chance.below(20_000)),
            18 => Millis(self.chance.below(130_000)),
            _ => Millis(self.chance.below(400_000)),
        };
        self.pass(span);
    }

    /// Time passes; ticks come when they are due, contacts are heard again at half the stale age.
    pub fn pass(&mut self, span: Millis) {
        let end = self.now.mono.after(span);
        let silent = self.chance.once_in(30);
        let mut heard = self.now.mono;
        let mut ticks_here = 0;
        loop {
            let due = self.building.next_deadline().map(|(at, _)| at.max(self.now.mono));
            let alive = heard.after(Millis(7_500));
            let next = due.unwrap_or(end).min(alive).min(end);
            ticks_here = if next == self.now.mono { ticks_here + 1 } else { 0 };
            assert!(ticks_here < 16, "ticks that settle nothing: {:?}", self.building.next_deadline());
            let gone = next.since(self.now.mono);
            self.now.mono = next;
            self.now.wall = self.now.wall.after(gone);
            if due == Some(next) {
                self.give(Input::Tick);
            } else if next == alive {
                heard = next;
                if !silent {
                    self.all_heard();
                }
            } else {
                return;
            }
        }
    }

    fn order(&mut self, command: Command) {
        self.next_id += 1;
        let actor = Actor::Staff("os:ann".into());
        let id = CommandId::new(&format!("c-{}", self.next_id)).unwrap();
        let request = CommandRequest {
            key: CommandKey { channel: Channel::Console, actor, id },
            digest: Digest(Sha256::digest(self.next_id.to_be_bytes()).into()),
            retention: Retention::Live,
            not_after: Some(self.now.wall.after(Millis::seconds(60))),
            nonce: None,
            reason: None,
            command,
        };
        self.commands.push(request.clone());
        self.give(Input::Command(Box::new(request)));
    }

    fn a_command_comes(&mut self) {
        let ids: Vec<CompartmentId> = self.site.compartments.keys().cloned().collect();
        let compartment = self.chance.pick(&ids).unwrap().clone();
        let unit = self.chance.pick(&UNITS).unwrap().parse().unwrap();
        let command = match self.chance.below(10) {
            0..=2 => Command::Challenge,
            3..=5 => Command::Unlock { compartment },
            6 => Command::Resync,
            _ => Command::ParcelIntake(Intake {
                unit,
                carrier: None,
                tracking: None,
                size: Size::Small,
                climate: Climate::Ambient,
                occurred_at: None,
            }),
        };
        self.next_id += 1;
        let bus = self.chance.once_in(2);
        let request = CommandRequest {
            key: CommandKey {
                channel: if bus { Channel::Bus } else { Channel::Console },
                actor: Actor::Staff("ann".into()),
                id: CommandId::new(&format!("c-{}", self.next_id)).unwrap(),
            },
            digest: Digest(Sha256::digest(self.next_id.to_be_bytes()).into()),
            retention: if self.chance.once_in(20) { Retention::Retained } else { Retention::Live },
            not_after: Some(self.now.wall.after(Millis::seconds(self.chance.below(130)))),
            nonce: self.chance.pick(&self.nonces.clone()).copied(),
            reason: None,
            command,
        };
        self.commands.push(request.clone());
        self.give(Input::Command(Box::new(request)));
    }

    /// A redelivery, or an id used for something else.
    fn a_command_comes_again(&mut self) {
        let Some(mut request) = self.chance.pick(&self.commands).cloned() else { return };
        if self.chance.once_in(4) {
            request.digest = Digest([7; 32]);
        }
        if matches!(request.command, Command::Challenge) {
            return;
        }
        let unlocks = self.give(Input::Command(Box::new(request)));
        assert_eq!(unlocks, 0, "a repetition opened a door");
    }

    fn a_board_changes(&mut self) {
        let boards: Vec<_> = self.site.devices.iter().map(|(id, line)| (id.clone(), line.clone())).collect();
        let (device, line) = self.chance.pick(&boards).unwrap().clone();
        let health =
            *self.chance.pick(&[Health::Online, Health::Online, Health::Degraded, Health::Offline]).unwrap();
        self.give(Input::Device { device, health });
        self.give(Input::Line { line: line.clone(), health });
        let frames = u32::try_from(self.chance.below(5)).unwrap();
        self.give(Input::ForeignFrame { line, frames });
    }

    /// Orders that are not allowed without a disk, and have not left, are kept back.
    fn the_disk_changes(&mut self) {
        self.degraded = !self.degraded;
        let health = if self.degraded { StorageHealth::Degraded } else { StorageHealth::Recovered };
        self.give(Input::Storage(health));
        let withheld = |unlock: &Unlock| !matches!(unlock.purpose, Purpose::Pickup | Purpose::StaffOnSite);
        if self.degraded {
            let (back, on): (Vec<_>, Vec<_>) = self.pulses.drain(..).partition(withheld);
            self.pulses = on;
            for unlock in back {
                let report = PulseReport::NotSent(NotSent::Withheld);
                self.give(Input::Pulse { unlock: unlock.id, report });
            }
        }
    }

    fn a_notice_is_sent(&mut self) {
        let waiting = self.building.waiting_notices();
        if let Some(id) = self.chance.pick(&waiting).copied() {
            self.give(Input::NoticeAcknowledged(id));
        }
    }

    /// Only the rows are left; what was pulsed may still open.
    fn the_power_fails(&mut self) {
        self.seen.restarts += 1;
        let kept: Vec<(RowKey, Row)> = self.building.rows();
        assert_eq!(
            kept.iter().cloned().collect::<BTreeMap<_, _>>(),
            self.rows,
            "rows were not said to change"
        );
        if let Some(unlock) = self.pulses.first().cloned() {
            self.doors.0.insert(unlock.compartment, Level::Open);
        }
        let before = self.building.view();
        self.building = Building::load(self.site.clone(), key(), kept.clone());
        let reloaded: BTreeMap<_, _> = self.building.rows().into_iter().collect();
        assert_eq!(reloaded, kept.into_iter().collect(), "rows reload to another building");
        for (id, compartment) in self.building.view().compartments {
            let told = &before.compartments[&id];
            assert_eq!((&told.usage, told.since), (&compartment.usage, compartment.since), "{id}");
        }
        self.now.mono = Mono(self.chance.below(1_000_000));
        self.start();
    }

    fn the_clock_changes(&mut self) {
        match self.chance.below(4) {
            0 => self.now.trust = ClockTrust::Untrusted,
            1 => self.now.wall = Timestamp(self.now.wall.0 - 3_600_000),
            _ => self.now.trust = ClockTrust::Synchronised,
        }
        self.give(Input::Tick);
    }

    /// Everybody goes home: doors are shut, pulses end, time passes, and nothing may be pending.
    pub fn quiesce(&mut self) {
        while !self.pulses.is_empty() {
            self.a_pulse_ends();
        }
        for door in self.doors.at(Level::Open) {
            self.moves(&door, Level::Shut);
        }
        self.pass(Millis::seconds(30));
        for _ in 0..8 {
            self.pass(Millis::seconds(60));
            while !self.pulses.is_empty() {
                self.a_pulse_ends();
            }
            for door in self.doors.at(Level::Open) {
                self.moves(&door, Level::Shut);
            }
        }
        self.all_heard();
        self.pass(Millis::seconds(400));
        self.reference.nothing_is_pending();
    }
}
