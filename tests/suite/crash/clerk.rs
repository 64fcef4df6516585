//! Runs the product's engine on a recording disk, and remembers what must be true after each of its steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use vestibule::engine::{Boot, Engine, EntropySource, Keep, boot};
use vestibule_contract::identity::BootId;
use vestibule_contract::notice::NotifierSecret;
use vestibule_core::effect::Effect;
use vestibule_core::id::{BuildingId, UnlockId};
use vestibule_core::input::{Entropy, Input, KeyState};
use vestibule_core::row::{Row, RowKey};
use vestibule_core::time::{Millis, Now, Timestamp};
use vestibule_core::unit::Digest;
use vestibule_store::{Head, JournalRow, Loaded, Opening, Outlet, Store};

use super::disk::{Disk, Note, Op};
use super::house::{code_key, site};

/// What the disk holds when a commit has returned, all of it or nothing.
#[derive(Clone, Debug)]
pub struct Moment {
    pub head: Head,
    pub rows: BTreeMap<RowKey, Row>,
}

/// A scenario as it went, with every write.
pub struct Story {
    pub log: Vec<Op>,
    /// Moment `n` is the truth after commit number `n`; moment 0 is a new file.
    pub moments: Vec<Moment>,
    /// The row with sequence `n` is at `n - 1`.
    pub journal: Vec<Arc<[u8]>>,
    /// The sequence of each unlock's intent, by the unlock's id.
    pub intents: BTreeMap<String, u64>,
    /// The staff member's unlock, once its pulse is out.
    pub staff: Option<UnlockId>,
}

/// Gives the engine its inputs and writes down what its steps promise.
pub struct Clerk {
    disk: Disk,
    /// None only while one start follows another.
    engine: Option<Engine>,
    /// Commits of this start that are among the moments.
    commits: u64,
    pub story: Story,
}

pub fn building() -> BuildingId {
    BuildingId::new("maple-court").unwrap()
}

pub fn opening(entropy: u8) -> Opening {
    Opening { building: building(), entropy: Entropy([entropy; 32]), now: Timestamp(1_772_366_400_000) }
}

pub fn open(disk: &Disk, boot: u32) -> (Store, Loaded) {
    let (mut store, loaded) =
        Store::open(Box::new(disk.clone()), opening(1)).expect("no state of the disk stops a start");
    store.begin_boot(boot, BootId([0xb0; 16]));
    (store, loaded)
}

/// The notifier, who alone reads codes.
pub fn notifier() -> NotifierSecret {
    NotifierSecret::generate(&[3; 32]).0
}

/// An engine as the daemon starts it. What the cloud has is old enough to go at once.
fn start(disk: &Disk, seed: u8, now: Now) -> (Engine, Input) {
    boot(
        Box::new(disk.clone()),
        Boot {
            site: site(),
            key: code_key(),
            key_state: KeyState::Kept,
            entropy: EntropySource::new([seed; 32]),
            notifier: Some(NotifierSecret::generate(&[3; 32]).1),
            keep: Keep { age: Millis(0), outlet: Outlet::Cloud },
            configuration: Digest([1; 32]),
            version: "0.1.0".into(),
            now,
        },
    )
    .expect("no state of the disk stops a start")
}

/// What a disk holds, as a start elsewhere would find it.
fn moment(disk: &Disk) -> Moment {
    let (names, files) = disk.state();
    let (_, loaded) = open(&Disk::holding(names, files), 1);
    assert_eq!(loaded.damaged, []);
    Moment { head: loaded.head, rows: loaded.rows.into_iter().collect() }
}

impl Clerk {
    /// Begins on a disk, with the creation of the file among the recorded writes.
    pub fn begin(disk: Disk, now: Now) -> Self {
        disk.record();
        let (engine, first) = start(&disk, 1, now);
        let story = Story {
            log: Vec::new(),
            moments: vec![moment(&disk)],
            journal: Vec::new(),
            intents: BTreeMap::new(),
            staff: None,
        };
        let mut clerk = Self { disk, engine: Some(engine), commits: 0, story };
        clerk.step(vec![first], now);
        clerk
    }

    /// The process ends at once, whatever rode; another one starts on the disk.
    pub fn restart(&mut self, seed: u8, now: Now) {
        self.engine = None;
        let (engine, first) = start(&self.disk, seed, now);
        (self.engine, self.commits) = (Some(engine), 0);
        self.step(vec![first], now);
    }

    /// One step of the engine. What it lets out is told to the world, and its commit must have returned by then.
    pub fn step(&mut self, mut inputs: Vec<Input>, now: Now) -> Vec<Effect> {
        let number = self.story.moments.len();
        self.disk.note(Note::Attempted(number));
        let released = self.engine().step(&mut inputs, now);
        assert_eq!((released.witnesses.len(), released.restart), (0, None), "this disk never fails");
        released.rows.iter().for_each(|row| self.remember(row));
        let commits = self.engine().published().counters.commits;
        if commits > self.commits {
            assert_eq!(commits, self.commits + 1, "one commit a step");
            self.commits = commits;
            self.disk.note(Note::Committed(number));
            self.story.moments.push(moment(&self.disk));
        }
        for effect in &released.effects {
            if let Effect::Unlock(unlock) = effect {
                self.disk.note(Note::Pulsed(unlock.id));
            }
        }
        released.effects
    }

    fn remember(&mut self, row: &JournalRow) {
        self.story.journal.push(Arc::clone(&row.bytes));
        assert_eq!(u64::try_from(self.story.journal.len()), Ok(row.sequence));
        if row.event_type.as_ref() == "unlock.intended" {
            let event: serde_json::Value = serde_json::from_slice(&row.bytes).unwrap();
            let unlock = event["data"]["unlock"].as_str().expect("an intent names its unlock");
            self.story.intents.insert(unlock.to_owned(), row.sequence);
        }
    }

    pub fn engine(&mut self) -> &mut Engine {
        self.engine.as_mut().expect("the daemon runs")
    }

    /// Stops in order, still recorded.
    pub fn end(mut self) -> Story {
        self.engine = None;
        self.story.log = self.disk.take_log();
        self.story
    }
}
