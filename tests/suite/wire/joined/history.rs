//! One seed: commands to the core, its orders on a faulty wire, what the line tells back to the core, and the doors.

use std::time::Duration;

use device_drivers::order::Order;
use device_drivers::time::Monotonic;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use sha2::{Digest as _, Sha256};
use sim_devices::{Act, DoorNumber, Jam, Person};
use vestibule::field::line_spec;
use vestibule::wiring::{Ear, Hands, Taken, withdrawal};
use vestibule_core::Building;
use vestibule_core::building::{Change, CodeKey};
use vestibule_core::command::{Actor, Channel, Command, CommandKey, CommandRequest, Retention};
use vestibule_core::effect::{Effect, Unlock};
use vestibule_core::id::{CommandId, CompartmentId};
use vestibule_core::input::{Entropy, Input, KeyState, Started};
use vestibule_core::time::{ClockTrust, Millis, Mono, Now, Timestamp};
use vestibule_core::unit::Digest;
use vestibule_tests::wire::bench::{Bench, Seen, monotonic};
use vestibule_tests::wire::case::Case;
use vestibule_tests::wire::judge::Judge;
use vestibule_tests::wire::run::ROUNDING;

use super::ledger::{Ends, Ledger};
use super::site::{LINE, Site};

/// The wall clock at the start.
const WALL: Timestamp = Timestamp(1_790_000_000_000);
/// Boards come online, doors are heard for the first time.
const FIRST: Duration = Duration::from_secs(1);
/// Longest that an intent may be open after the last command: a round's deadline, and the doors it ordered last.
const PATIENCE: Duration = Duration::from_secs(130);
/// The last pulse may be on its way to its board.
const LOOK: Duration = Duration::from_secs(1);
/// Most doors of a round.
const ROUND: usize = 6;

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// How intents ended.
    pub ends: Ends,
    /// Transactions begun.
    pub exchanges: u64,
}

struct History {
    bench: Bench,
    building: Building,
    ear: Ear,
    hands: Hands,
    compartments: Vec<CompartmentId>,
    /// Judges the line by its orders.
    judge: Box<dyn Judge>,
    /// Judges the core by the doors.
    ledger: Ledger,
    chance: Xoshiro256PlusPlus,
    commands: Vec<CommandRequest>,
    last: usize,
    due: Monotonic,
    exchanges: u64,
}

/// Plays `case` with commands for `span` of virtual time, and on until every intent has ended.
///
/// # Errors
/// The first sentence that is broken.
pub fn play(case: &Case, span: Duration) -> Result<Report, String> {
    let mut history = History::new(case);
    history.start()?;
    let end = Monotonic::ZERO + span;
    while history.bench.now() < end {
        let due = history.due;
        history.run_until(due.min(end))?;
        if history.bench.now() >= due {
            history.something_is_asked()?;
        }
    }
    let end = history.bench.now() + PATIENCE;
    while history.ledger.intents().1 > 0 && history.bench.now() < end {
        history.run_until(history.bench.now() + LOOK)?;
    }
    history.bench.stop();
    history.bench.run_for(LOOK);
    history.look()?;
    let misled = history.judge.verdict()?.total().misled;
    Ok(Report { ends: history.ledger.verdict(misled)?, exchanges: history.exchanges })
}

impl History {
    fn new(case: &Case) -> Self {
        let Site { configuration, compartments } = Site::of(case);
        let (line, described) = configuration.lines.iter().next().unwrap();
        let spec = line_spec(described, &configuration.models).unwrap();
        let mut bench = Bench::of(case.line(), &spec, case.seed());
        let mut chance = Xoshiro256PlusPlus::seed_from_u64(case.seed());
        stand_at_doors(&mut bench, compartments.len(), &mut chance);
        assert_eq!(line.as_str(), LINE);
        Self {
            bench,
            ear: Ear::new(line, &configuration),
            hands: Hands::new(&configuration),
            building: Building::load(configuration.site, CodeKey([0x5A; 32]), []),
            judge: case.judge(ROUNDING),
            ledger: Ledger::new(&compartments, &case.line().doors),
            compartments,
            chance,
            commands: Vec::new(),
            last: 0,
            due: Monotonic::ZERO + FIRST,
            exchanges: 0,
        }
    }

    fn start(&mut self) -> Result<(), String> {
        let (configuration, version) = (Digest([1; 32]), "0.1.0".into());
        let started = Started { boot: 1, configuration, version, key: KeyState::Kept, rewound: None };
        self.give(Input::Started(started))?;
        match self.ledger.intents() {
            (0, _) => self.look(),
            _ => Err("a start opened a door".into()),
        }
    }

    fn now(&self) -> Now {
        let mono = self.bench.now().as_micros();
        Now { wall: WALL.after(Millis(mono / 1_000)), trust: ClockTrust::Synchronised, mono: Mono(mono) }
    }

    /// Lets everything happen until `end`: the line, the doors, and the core's timers.
    fn run_until(&mut self, end: Monotonic) -> Result<(), String> {
        while self.bench.now() < end {
            let tick = self.building.next_deadline();
            let tick = tick.map_or(Monotonic::NEVER, |(at, _)| Monotonic::from_micros(at.0));
            let soonest = self.bench.now() + Duration::from_micros(1);
            self.bench.run_to_signal(tick.min(end).max(soonest));
            self.look()?;
            if self.bench.now() >= tick {
                self.give(Input::Tick)?;
            }
        }
        Ok(())
    }

    /// Takes what was seen; what the line told is told to the core.
    fn look(&mut self) -> Result<(), String> {
        loop {
            let seen = self.bench.take_seen();
            if seen.is_empty() {
                return Ok(());
            }
            for seen in seen {
                self.saw(seen)?;
            }
        }
    }

    fn saw(&mut self, seen: Seen) -> Result<(), String> {
        match seen {
            Seen::Sent { at, frame } => {
                self.exchanges += 1;
                self.judge.sent(at, &frame)?;
            }
            Seen::Told(signal) => {
                self.judge.told(&signal)?;
                let mut inputs = Vec::new();
                self.ear.hear(&signal, |input| {
                    inputs.push(input);
                    Taken::Yes
                });
                for input in inputs {
                    self.give(input)?;
                }
            }
            Seen::Happened(event) => {
                self.judge.happened(&event.what, monotonic(event.at));
                self.ledger.happened(&event.what, monotonic(event.at));
            }
            Seen::Heard { .. } => {}
        }
        Ok(())
    }

    /// Lets the core decide, and does what it says once it is on record.
    fn give(&mut self, input: Input) -> Result<(), String> {
        let entropy = Entropy(self.chance.random());
        let decision = self.building.decide(input, self.now(), entropy);
        for change in &decision.changes {
            self.building.apply(change);
            if let Change::Event(event) = change {
                self.ledger.recorded(event, self.bench.now())?;
            }
        }
        drop(self.building.take_changed_rows());
        for effect in decision.effects {
            match effect {
                Effect::Unlock(unlock) => self.unlock(&unlock)?,
                Effect::Withdraw(of) => {
                    let order = withdrawal(&of).ok_or(format!("{of:?} is of no board"))?;
                    self.bench.submit(order);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Orders a pulse and its watch, in the daemon's order.
    fn unlock(&mut self, unlock: &Unlock) -> Result<(), String> {
        self.ledger.ordered(unlock)?;
        let orders = self.hands.orders(unlock).map_err(|why| format!("{unlock:?}: {why:?}"))?;
        let watch = orders.watch.map(|(_, order)| order);
        for order in [Some(orders.pulse), watch].into_iter().flatten() {
            self.submit(order);
        }
        Ok(())
    }

    fn submit(&mut self, order: Order) {
        self.judge.submitted(&order, self.bench.now());
        self.bench.submit(order);
    }

    /// The next thing that somebody wants, and when the one after it comes.
    fn something_is_asked(&mut self) -> Result<(), String> {
        let pause = if self.chance.random_bool(0.25) {
            self.chance.random_range(0..200)
        } else {
            self.chance.random_range(300..6_000)
        };
        self.due = self.bench.now() + Duration::from_millis(pause);
        match self.chance.random_range(0..20) {
            0 | 1 => self.order(|history| {
                let doors = history.chance.random_range(2..=ROUND);
                let first = history.chance.random_range(0..history.compartments.len());
                let mut round = history.compartments.clone();
                round.rotate_left(first);
                round.truncate(doors);
                Command::UnlockMany { compartments: round }
            }),
            2 => self.somebody_cancels(),
            3 => self.a_command_comes_again(),
            4 => self.a_door_is_forced(),
            _ => self.order(|history| {
                if history.chance.random_bool(0.6) {
                    history.last = history.chance.random_range(0..history.compartments.len());
                }
                Command::Unlock { compartment: history.compartments[history.last].clone() }
            }),
        }
    }

    fn order(&mut self, command: impl FnOnce(&mut Self) -> Command) -> Result<(), String> {
        let command = command(self);
        let number = self.commands.len();
        let id = CommandId::new(&format!("c-{number}")).unwrap();
        // A few come late, or are wanted for less time than the pulse takes to leave.
        let wanted = match self.chance.random_range(0..10) {
            0 => Millis(self.chance.random_range(0..200)),
            _ => Millis(self.chance.random_range(1_000..100_000)),
        };
        let request = CommandRequest {
            key: CommandKey { channel: Channel::Console, actor: Actor::Staff("os:ann".into()), id },
            digest: Digest(Sha256::digest(number.to_be_bytes()).into()),
            retention: Retention::Live,
            not_after: Some(self.now().wall.after(wanted)),
            nonce: None,
            reason: None,
            command,
        };
        self.ledger.asked(&request);
        self.commands.push(request.clone());
        self.give(Input::Command(Box::new(request)))
    }

    fn somebody_cancels(&mut self) -> Result<(), String> {
        let Some(last) = self.commands.last() else { return Ok(()) };
        let id = last.key.id.clone();
        self.order(|_| Command::UnlockCancel { id })
    }

    /// The same command once more opens nothing.
    fn a_command_comes_again(&mut self) -> Result<(), String> {
        if self.commands.is_empty() {
            return Ok(());
        }
        let again = self.commands[self.chance.random_range(0..self.commands.len())].clone();
        let before = self.ledger.intents().0;
        self.give(Input::Command(Box::new(again.clone())))?;
        if self.ledger.intents().0 > before {
            return Err(format!("a repetition opened a door: {again:?}", again = again.command));
        }
        Ok(())
    }

    /// Somebody breaks a door open, and another one shuts it.
    fn a_door_is_forced(&mut self) -> Result<(), String> {
        let door = DoorNumber::from_index(self.chance.random_range(0..self.compartments.len()));
        let person = Person::new()
            .then(Duration::from_millis(self.chance.random_range(0..500)), Act::Force)
            .then(Duration::from_millis(self.chance.random_range(50..4_000)), Act::Shut);
        let at = self.bench.sim.now();
        let door = door.ok_or("too many doors")?;
        self.bench.sim.plant_mut().play(at, door, &person).map_err(|why| why.to_string())
    }
}

/// Most doors are shut soon after they sprang open, some much later; and one sticks.
fn stand_at_doors(bench: &mut Bench, doors: usize, chance: &mut Xoshiro256PlusPlus) {
    let plant = bench.sim.plant_mut();
    for door in (0..doors).filter_map(DoorNumber::from_index) {
        let after = match chance.random_range(0..8) {
            0 => chance.random_range(50..200),
            1 => chance.random_range(4_000..20_000),
            _ => chance.random_range(300..2_500),
        };
        let person = Person::new().then(Duration::from_millis(after), Act::Shut);
        plant.stand_at(door, Some(person)).unwrap();
    }
    let sticks = DoorNumber::from_index(chance.random_range(0..doors)).unwrap();
    let how = if chance.random_bool(0.5) { Jam::Latch } else { Jam::Leaf };
    plant.jam(sticks, how).unwrap();
}
