//! The engine on virtual time over a disk in memory: doors that open when pulsed, a courier, a resident.

mod degraded;
mod durable;
mod pace;
mod starts;
mod upkeep;
mod windows;

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use vestibule_contract::notice::{NotifierKey, NotifierSecret};
use vestibule_core::building::CodeKey;
use vestibule_core::command::{
    Actor, Answer, Carrier, Carriers, Channel, Command, CommandKey, CommandRequest, Directory, Nonce,
    Outcome, Reach, Retention, Unit,
};
use vestibule_core::compartment::{Contact, Level};
use vestibule_core::effect::{Effect, Unlock};
use vestibule_core::id::{CommandId, CompartmentId, TerminalId};
use vestibule_core::input::{Entry, Input, Key, KeyState, PulseReport, Typed};
use vestibule_core::policy::Policy;
use vestibule_core::screen::Screen;
use vestibule_core::site::{Climate, CompartmentSite, PhysicalLock, Sensing, Site, Size, TerminalSite};
use vestibule_core::time::{ClockTrust, Millis, Mono, Now, Timestamp};
use vestibule_core::unit::{Digest, Millimetres};
use vestibule_store::memory::{Memory, Scope, Trouble};
use vestibule_store::{JournalRow, Outlet};

use super::{Boot, Engine, EntropySource, Keep, Released, SealedNotice, Witness, boot};

const CARRIER_CODE: &str = "246810";
/// Half of the stale age.
const ALIVE: Millis = Millis(7_500);

/// One building on one disk, with everything that ever left it.
struct Bench {
    disk: Memory,
    engine: Engine,
    now: Now,
    rows: Vec<JournalRow>,
    witnesses: Vec<Witness>,
    unlocks: Vec<Unlock>,
    screens: Vec<Screen>,
    replies: Vec<(CommandKey, Outcome)>,
    restart: Option<String>,
    /// The disk as it was when the newest lock was ordered.
    disk_at_unlock: Option<Memory>,
    /// What each contact was last heard to say.
    doors: BTreeMap<CompartmentId, Level>,
}

fn compartment(number: u16) -> CompartmentId {
    CompartmentId::new(&format!("a-{number}")).expect("id")
}

fn lobby() -> TerminalId {
    TerminalId::new("lobby").expect("id")
}

fn built(number: u16) -> CompartmentSite {
    CompartmentSite {
        bank: "a".parse().expect("id"),
        label: number.to_string(),
        column: number,
        row: 0,
        size: Size::Small,
        climate: Climate::Ambient,
        handle: Millimetres(900),
        sill: Millimetres(800),
        lock: PhysicalLock { device: "locks".parse().expect("id"), output: number },
        door: Sensing::Wired,
        latch: Sensing::Absent,
        occupancy: Sensing::Absent,
        probe: None,
    }
}

fn site() -> Site {
    Site {
        building: "maple-court".parse().expect("id"),
        support: "office".into(),
        compartments: (1..=4).map(|number| (compartment(number), built(number))).collect(),
        terminals: [(lobby(), TerminalSite { serves: ["a".parse().expect("id")].into() })].into(),
        probes: BTreeMap::new(),
        devices: [("locks".parse().expect("id"), "one".parse().expect("id"))].into(),
        policy: Policy { unscanned_share: 100, ..Policy::default() },
        longest_hold: Millis(1_200),
    }
}

fn notifier() -> (NotifierSecret, NotifierKey) {
    NotifierSecret::generate(&[3; 32])
}

fn first_moment() -> Now {
    Now { wall: Timestamp(1_790_000_000_000), trust: ClockTrust::Synchronised, mono: Mono(1_000_000) }
}

impl Bench {
    /// A first start on a new disk, with a directory, a carrier, and all doors heard shut.
    fn new() -> Self {
        let mut bench = Self::start(Memory::default(), 1, first_moment());
        bench.introduce();
        bench
    }

    /// Tells the building who lives there and who delivers.
    fn introduce(&mut self) {
        let units = ["4a", "4b"].map(|id| Unit { id: id.parse().expect("id"), reach: Reach::Any }).into();
        self.order("directory", Command::DirectorySync(Directory { version: 1, units }));
        let digest = Sha256::digest(format!("vestibule-carrier-code/1:maple-court:ups:{CARRIER_CODE}"));
        let carrier = Carrier { id: "ups".parse().expect("id"), code_digest: Digest(digest.into()) };
        self.order("carriers", Command::CarriersSync(Carriers { version: 1, carriers: [carrier].into() }));
    }

    /// A start on this disk, as the daemon makes one.
    fn start(disk: Memory, seed: u8, now: Now) -> Self {
        Self::start_with(CodeKey([9; 32]), KeyState::Kept, disk, seed, now)
    }

    fn start_with(key: CodeKey, key_state: KeyState, disk: Memory, seed: u8, now: Now) -> Self {
        let (engine, first) = boot(
            Box::new(disk.clone()),
            Boot {
                site: site(),
                key,
                key_state,
                entropy: EntropySource::new([seed; 32]),
                notifier: Some(notifier().1),
                keep: Keep { age: Millis::hours(24 * 30), outlet: Outlet::Cloud },
                configuration: Digest([1; 32]),
                version: "0.1.0".into(),
                now,
            },
        )
        .expect("a disk that may be used");
        let mut bench = Self {
            disk,
            engine,
            now,
            rows: Vec::new(),
            witnesses: Vec::new(),
            unlocks: Vec::new(),
            screens: Vec::new(),
            replies: Vec::new(),
            restart: None,
            disk_at_unlock: None,
            doors: BTreeMap::new(),
        };
        bench.give(first);
        for number in 1..=4 {
            bench.contact(number, Level::Shut);
        }
        bench
    }

    /// Power cut and a new start: only the disk is left.
    fn power_cut(&mut self, seed: u8) {
        let disk = self.disk.copy();
        *self = Self::start(disk, seed, self.now);
    }

    fn give(&mut self, input: Input) {
        self.step(vec![input]);
    }

    fn step(&mut self, mut inputs: Vec<Input>) {
        let Released { effects, rows, witnesses, restart, .. } = self.engine.step(&mut inputs, self.now);
        self.rows.extend(rows);
        self.witnesses.extend(witnesses);
        self.restart = self.restart.take().or(restart);
        for effect in effects {
            match effect {
                Effect::Unlock(unlock) => {
                    self.disk_at_unlock = Some(self.disk.copy());
                    self.unlocks.push(unlock.clone());
                    self.open(&unlock);
                }
                Effect::Show { screen, .. } => self.screens.push(screen),
                Effect::Reply { key, outcome } => self.replies.push((key, outcome)),
                _ => {}
            }
        }
    }

    fn open(&mut self, unlock: &Unlock) {
        let report = PulseReport::Acknowledged { sent: self.now.mono };
        self.give(Input::Pulse { unlock: unlock.id, report });
        self.swing(&unlock.compartment.clone(), Level::Open);
    }

    fn contact(&mut self, number: u16, level: Level) {
        self.hear(&compartment(number), level);
    }

    fn hear(&mut self, compartment: &CompartmentId, level: Level) {
        self.doors.insert(compartment.clone(), level);
        let (compartment, contact, at) = (compartment.clone(), Contact::Door, self.now.mono);
        self.give(Input::Contact { compartment, contact, level, at });
    }

    /// Moves a door and lets the debounce time pass.
    fn swing(&mut self, compartment: &CompartmentId, level: Level) {
        self.hear(compartment, level);
        self.pass(Millis(150));
    }

    /// Lets time pass, stepping whenever the engine asks for it; contacts are heard again as wiring passes them on.
    fn pass(&mut self, span: Millis) {
        let end = self.now.mono.after(span);
        let mut alive = self.now.mono.after(ALIVE);
        loop {
            let due = self.engine.next_deadline().map_or(end, |due| due.max(self.now.mono));
            let next = due.min(alive).min(end);
            self.advance(next);
            if next == alive {
                alive = next.after(ALIVE);
                self.doors.clone().iter().for_each(|(door, level)| self.hear(door, *level));
            } else if next == end && due > end {
                return;
            }
            let tick = self.engine.tick_deadline().filter(|due| *due <= self.now.mono).map(|_| Input::Tick);
            self.step(tick.into_iter().collect());
            if next == end && self.engine.next_deadline().is_none_or(|due| due > end) {
                return;
            }
        }
    }

    fn advance(&mut self, to: Mono) {
        self.now.wall = self.now.wall.after(to.since(self.now.mono));
        self.now.mono = to;
    }

    fn typed(&mut self, text: &str) {
        let entry = Entry::Typed(Typed::new(text).expect("text"));
        self.give(Input::Entry { terminal: lobby(), entry });
    }

    fn key(&mut self, key: Key) {
        self.give(Input::Entry { terminal: lobby(), entry: Entry::Key(key) });
    }

    fn order(&mut self, id: &str, command: Command) -> Option<Outcome> {
        self.order_of(id, id, command)
    }

    /// A command whose payload's digest is that of some text.
    fn order_of(&mut self, text: &str, id: &str, command: Command) -> Option<Outcome> {
        let request = self.request(Channel::Console, id, command);
        self.ask(CommandRequest { digest: Digest(Sha256::digest(text).into()), ..request })
    }

    /// A command from afar.
    fn order_over_bus(&mut self, id: &str, nonce: Option<Nonce>, command: Command) -> Option<Outcome> {
        let request = self.request(Channel::Bus, id, command);
        self.ask(CommandRequest { nonce, ..request })
    }

    fn request(&self, channel: Channel, id: &str, command: Command) -> CommandRequest {
        let id = CommandId::new(id).expect("id");
        CommandRequest {
            digest: Digest(Sha256::digest(id.as_str()).into()),
            key: CommandKey { channel, actor: Actor::Staff("os:ann".into()), id },
            retention: Retention::Live,
            not_after: Some(self.now.wall.after(Millis::seconds(60))),
            nonce: None,
            reason: Some("as a test".into()),
            command,
        }
    }

    fn ask(&mut self, request: CommandRequest) -> Option<Outcome> {
        let key = request.key.clone();
        self.give(Input::Command(Box::new(request)));
        self.reply(&key)
    }

    fn reply(&self, key: &CommandKey) -> Option<Outcome> {
        self.replies.iter().rev().find(|(of, _)| of == key).map(|(_, outcome)| outcome.clone())
    }

    /// A courier's keys until a door is asked for.
    fn asks_for_a_door(&mut self, unit: &str) {
        self.typed(CARRIER_CODE);
        self.typed(unit);
        self.key(Key::Confirm);
        self.typed("1");
    }

    /// A whole deposit; the parcel's code.
    fn deposit(&mut self, unit: &str) -> String {
        self.asks_for_a_door(unit);
        let door = self.unlocks.last().expect("a door opened").compartment.clone();
        self.swing(&door, Level::Shut);
        self.pass(Millis::seconds(20));
        self.key(Key::Cancel);
        self.newest_code()
    }

    /// The code of the newest waiting notice.
    fn newest_code(&mut self) -> String {
        self.codes().pop().expect("a notice waits")
    }

    /// The codes of all waiting notices, oldest first, read as only the notifier can.
    fn codes(&mut self) -> Vec<String> {
        let sealed = self.engine.sealed_notices(None, usize::MAX);
        let code = |sealed: &SealedNotice| {
            let notice = notifier().0.open(&sealed.bytes).expect("sealed to the notifier");
            notice.code.as_deref().expect("a code").replace('-', "")
        };
        sealed.iter().map(code).collect()
    }

    fn names(&self) -> Vec<&str> {
        self.rows.iter().map(|row| row.event_type.as_ref()).collect()
    }

    fn witnessed(&self) -> Vec<&'static str> {
        self.witnesses.iter().map(|witness| witness.event_type).collect()
    }

    /// The cloud has the journal up to here.
    fn acknowledge(&mut self, sequence: u64) {
        self.give(Input::JournalAcknowledged { sequence, hash: Digest([7; 32]) });
    }

    /// Up to where the disk says that the cloud has it.
    fn acknowledged(&self) -> Option<u64> {
        self.engine.reader().acknowledged().expect("a disk that reads").map(|head| head.sequence)
    }

    fn break_disk(&self) {
        self.disk.break_disk(Trouble { after: 0, scope: Scope::All, errno: 5 });
    }
}
