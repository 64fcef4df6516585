//! Keeps the store on a recording disk and remembers what must be true after each commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use vestibule_contract::identity::BootId;
use vestibule_core::event::Fact;
use vestibule_core::id::{BuildingId, UnlockId};
use vestibule_core::input::Entropy;
use vestibule_core::row::{Row, RowKey};
use vestibule_core::time::{Mono, Now, Timestamp};
use vestibule_store::{Batch, Head, Loaded, Opening, Outlet, Retention, Store};

use super::disk::{Disk, Note, Op};

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
    /// The sequence of each unlock's intent.
    pub intents: BTreeMap<UnlockId, u64>,
}

/// Runs commits and writes down what they promise.
pub struct Clerk {
    disk: Disk,
    store: Option<Store>,
    story: Story,
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

impl Clerk {
    /// Begins on a disk, with the creation of the file among the recorded writes.
    pub fn begin(disk: Disk) -> Self {
        disk.record();
        let (store, loaded) = open(&disk, 1);
        let moment = Moment { head: loaded.head, rows: BTreeMap::new() };
        let story =
            Story { log: Vec::new(), moments: vec![moment], journal: Vec::new(), intents: BTreeMap::new() };
        Self { disk, store: Some(store), story }
    }

    /// Commits, and tells the world.
    pub fn commit(&mut self, batch: Batch) {
        let mut moment = self.story.moments.last().unwrap().clone();
        for (key, row) in &batch.rows {
            match row {
                Some(row) => drop(moment.rows.insert(key.clone(), row.clone())),
                None => drop(moment.rows.remove(key)),
            }
        }
        let number = self.story.moments.len();
        let facts: Vec<Fact> = batch.events.iter().map(|event| event.fact.clone()).collect();
        self.disk.note(Note::Attempted(number));
        let rows = self.store.as_mut().unwrap().commit(batch, Mono(0)).unwrap().rows;
        self.disk.note(Note::Committed(number));

        for (row, fact) in rows.iter().zip(facts) {
            moment.head = Head { sequence: row.sequence, hash: row.hash };
            self.story.journal.push(Arc::clone(&row.bytes));
            if let Fact::UnlockIntended { unlock, .. } = fact {
                self.story.intents.insert(unlock, row.sequence);
            }
        }
        self.story.moments.push(moment);
    }

    /// The pulse of a recorded intent goes out.
    pub fn pulse(&self, unlock: UnlockId) {
        assert!(self.story.intents.contains_key(&unlock), "nothing acts before it is recorded");
        self.disk.note(Note::Pulsed(unlock));
    }

    /// The daemon stops in order and starts again.
    pub fn restart(&mut self, boot: u32) -> Loaded {
        self.store = None;
        let (store, loaded) = open(&self.disk, boot);
        self.store = Some(store);
        loaded
    }

    /// Removes the rows that the cloud has; says how many.
    pub fn prune(&mut self, now: Now) -> u64 {
        let retention = Retention { horizon: Some(now.wall), rows_max: 1_000_000, outlet: Outlet::Cloud };
        let pruned = self.store.as_mut().unwrap().prune(&retention, now).unwrap();
        assert_eq!(pruned.lost, 0);
        pruned.rows
    }

    pub fn head(&self) -> Head {
        self.story.moments.last().unwrap().head
    }

    /// Stops in order, still recorded.
    pub fn end(mut self) -> Story {
        self.store = None;
        self.story.log = self.disk.take_log();
        self.story
    }
}
