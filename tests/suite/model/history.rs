//! One random history of a building: what people, doors, boards, disks and clocks may do, in any order.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use sha2::{Digest as _, Sha256};
use vestibule_core::Building;
use vestibule_core::building::Change;
use vestibule_core::command::{
    Actor, Answer, Carrier, Carriers, Channel, Command, CommandKey, CommandRequest, Directory, Nonce, Reach,
    Retention, Unit,
};
use vestibule_core::compartment::Level;
use vestibule_core::effect::{Effect, Purpose, Unlock};
use vestibule_core::event::Fact;
use vestibule_core::id::{CommandId, UnitId, UnlockId};
use vestibule_core::input::{Entropy, Input, KeyState, Started};
use vestibule_core::row::{Row, RowKey};
use vestibule_core::site::Site;
use vestibule_core::time::{ClockTrust, Millis, Mono, Now, Timestamp};
use vestibule_core::unit::Digest;

use super::journal::Journal;
use super::reference::Reference;
use super::world::{BUILDING, CARRIERS, Chance, Doors, UNITS, key, site};

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
    pub(super) site: Site,
    pub(super) building: Building,
    pub(super) reference: Reference,
    pub(super) chance: Chance,
    pub(super) now: Now,
    pub(super) rows: BTreeMap<RowKey, Row>,
    pub(super) doors: Doors,
    pub(super) pulses: Vec<Unlock>,
    /// Orders that were taken back, in time or not.
    pub(super) withdrawn: Vec<UnlockId>,
    pub(super) codes: BTreeMap<String, UnitId>,
    pub(super) commands: Vec<CommandRequest>,
    pub(super) nonces: Vec<Nonce>,
    pub(super) degraded: bool,
    pub(super) boot: u32,
    pub(super) next_id: u32,
    pub(super) steps: u64,
    pub(super) acts: u64,
    pub(super) journal: Journal,
    /// Everything that was asked of the world.
    pub(super) effects: DefaultHasher,
    pub(super) seen: Seen,
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
            withdrawn: Vec::new(),
            codes: BTreeMap::new(),
            commands: Vec::new(),
            nonces: Vec::new(),
            degraded: false,
            boot: 0,
            next_id: 0,
            steps: 0,
            acts: 0,
            journal: Journal::new(),
            effects: DefaultHasher::new(),
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

    /// The journal's newest row, which stands for all of its bytes.
    pub const fn head(&self) -> (u64, Digest) {
        self.journal.head()
    }

    /// A digest of everything that was asked of the world.
    pub fn effects(&self) -> u64 {
        self.effects.finish()
    }

    pub(super) fn start(&mut self) {
        self.boot += 1;
        self.journal.begin_boot(self.boot);
        let (boot, configuration) = (self.boot, Digest([1; 32]));
        self.pulses.clear();
        self.nonces.clear();
        self.degraded = false;
        let started =
            Started { boot, configuration, version: "0.1.0".into(), key: KeyState::Kept, rewound: None };
        let unlocks = self.give(Input::Started(started));
        assert_eq!(unlocks, 0, "a restart opened a door");
        self.all_heard();
        assert_eq!(self.reference.open_intents(), 0, "a restart left intents open that have their evidence");
    }

    pub(super) fn sync(&mut self) {
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
                self.journal.append(event);
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
            format!("{effect:?}").hash(&mut self.effects);
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
            Effect::Withdraw(withdrawal) => self.withdrawn.push(withdrawal.id),
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

    pub(super) fn order(&mut self, command: Command) {
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
