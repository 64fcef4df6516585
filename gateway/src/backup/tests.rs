//! A record that is kept, brought back, and doubted where it must be.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vestibule_contract::identity::BootId;
use vestibule_core::command::Actor;
use vestibule_core::compartment::Use;
use vestibule_core::event::{Event, Fact};
use vestibule_core::id::{BuildingId, CompartmentId};
use vestibule_core::input::{Changed, Entropy, RewindCause, Rewound};
use vestibule_core::row::{CompartmentRow, GatewayRow, Row, RowKey};
use vestibule_core::time::{ClockTrust, Mono, Timestamp};
use vestibule_store::{Batch, DATABASE, Folder, Loaded, Opening, Origin, Reader, Store};

use super::*;
use crate::run::Mark;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn building() -> BuildingId {
    BuildingId::new("maple-court").unwrap()
}

fn door(number: u32) -> CompartmentId {
    CompartmentId::new(&format!("a-{number}")).unwrap()
}

fn event(fact: Fact) -> Event {
    let actor = Actor::Gateway;
    Event { at: NOW, trust: ClockTrust::Synchronised, actor, cause: None, reason: None, fact }
}

fn opened(state: &Path, seed: u8) -> (Store, Loaded) {
    let opening = Opening { building: building(), entropy: Entropy([seed; 32]), now: NOW };
    let (mut store, loaded) = Store::open(Box::new(Folder::new(state)), opening).unwrap();
    store.begin_boot(5, BootId([1; 16]));
    (store, loaded)
}

fn usage(number: u32, usage: Use) -> (RowKey, Option<Row>) {
    (RowKey::Compartment(door(number)), Some(Row::Compartment(CompartmentRow { usage, since: NOW, wear: 0 })))
}

fn gateway(boot: u32) -> (RowKey, Option<Row>) {
    (RowKey::Gateway, Some(Row::Gateway(GatewayRow { boot, ..GatewayRow::default() })))
}

struct Scene {
    root: TempDir,
}

impl Scene {
    /// A building with four free doors and three rows in its journal.
    fn new() -> Self {
        let scene = Self { root: TempDir::new().unwrap() };
        fs::create_dir(scene.state()).unwrap();
        let (mut store, _) = opened(&scene.state(), 1);
        let rows = (1..=4).map(|number| usage(number, Use::Free)).chain([gateway(5)]).collect();
        let events = (1..=3).map(|version| event(Fact::DirectorySynced { version, units: 1 })).collect();
        store.commit(Batch { rows, events }, Mono(0)).unwrap();
        drop(store);
        fs::write(scene.state().join("code.key"), [7; 32]).unwrap();
        fs::write(scene.state().join("learned.toml"), "learned = 1\n").unwrap();
        scene
    }

    fn state(&self) -> PathBuf {
        self.root.path().join("state")
    }

    fn key(&self) -> PathBuf {
        self.root.path().join("gateway.key")
    }

    fn file(&self) -> PathBuf {
        self.root.path().join("maple-court.vestibule")
    }

    fn save(&self) -> Result<Saved, BackupError> {
        let reader = Reader::open(&Folder::new(self.state()), &building()).unwrap();
        let snapshot = reader.snapshot().unwrap();
        let order = Save {
            to: &self.file(),
            snapshot: &snapshot,
            state_dir: &self.state(),
            identity: vec![self.key()],
            made: jiff::Timestamp::UNIX_EPOCH,
        };
        save(&order, &mut |take| {
            let rows = reader.rows_after(0, usize::MAX, usize::MAX).unwrap();
            rows.iter().try_for_each(|row| take(row.sequence, core::str::from_utf8(&row.bytes).unwrap()))
        })
    }

    fn restore_at(&self, state: &Path, building: &BuildingId, doubt: Doubt) -> Result<Outcome, BackupError> {
        check(&self.file())?.restore(&Restore {
            state_dir: state,
            building,
            identity: &[self.key()],
            doubt,
            entropy: &Entropy([9; 32]),
            now: NOW,
        })
    }

    fn restore(&self) -> Result<Outcome, BackupError> {
        self.restore_at(&self.state(), &building(), Doubt::AsFound)
    }
}

fn picture(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<_> = files.map(|path| (path.clone(), fs::read(&path).unwrap())).collect();
    all.sort();
    all
}

#[test]
fn record_comes_back_in_a_new_epoch_and_doubts_the_doors_that_changed_since() {
    let scene = Scene::new();
    fs::write(scene.key(), "the gateway's key").unwrap();
    let saved = scene.save().unwrap();
    assert_eq!((saved.rows, saved.manifest.sequence), (3, 3));
    assert_eq!(fs::metadata(scene.file()).unwrap().permissions().mode() & 0o777, 0o600);
    let (mut store, before) = opened(&scene.state(), 1);
    let rows = vec![
        usage(2, Use::NeedsInspection(vestibule_core::compartment::InspectionCause::Forced)),
        gateway(8),
    ];
    let events = vec![event(Fact::CompartmentClosed { compartment: door(4) })];
    store.commit(Batch { rows, events }, Mono(0)).unwrap();
    drop(store);
    fs::remove_file(scene.key()).unwrap();

    let outcome = scene.restore().unwrap();
    let changed = Changed::These([door(2), door(4)].into());
    let expected = Rewound {
        cause: RewindCause::Restored,
        epoch: before.epoch.to_string(),
        restored: 3,
        known: Some(4),
        changed,
    };
    assert_eq!(outcome.rewound, expected);
    assert!(Path::new(&outcome.set_aside.unwrap()).exists(), "the record that was here is kept");
    assert!(!scene.state().join("code.key").exists(), "every code told before is void");
    assert_eq!(fs::read(scene.key()).unwrap(), b"the gateway's key");
    assert_eq!(fs::metadata(scene.key()).unwrap().permissions().mode() & 0o777, 0o600);
    let journal = fs::read_to_string(scene.state().join(format!("journal-{}.ndjson", before.epoch))).unwrap();
    assert_eq!(journal.lines().count(), 3);

    for _ in 0..2 {
        let (store, loaded) = opened(&scene.state(), 3);
        assert_eq!(loaded.origin, Origin::Rewound(expected.clone()), "until a first row has told of it");
        assert_ne!(loaded.epoch, before.epoch);
        assert_eq!(store.next_sequence(), Some(1));
        let boots = loaded.rows.iter().find_map(|(_, row)| match row {
            Row::Gateway(row) => Some(row.boot),
            _ => None,
        });
        assert_eq!(boots, Some(8), "numbers of parcels that came since are not given again");
        assert!(
            loaded
                .rows
                .iter()
                .any(|row| *row == (RowKey::Compartment(door(2)), usage(2, Use::Free).1.unwrap()))
        );
    }
    let (mut store, _) = opened(&scene.state(), 3);
    let told = Fact::DirectorySynced { version: 1, units: 1 };
    store.commit(Batch { rows: Vec::new(), events: vec![event(told)] }, Mono(0)).unwrap();
    drop(store);
    assert_eq!(opened(&scene.state(), 3).1.origin, Origin::Existing);
}

#[test]
fn every_door_is_doubted_elsewhere_unless_a_person_says_that_nobody_came() {
    let scene = Scene::new();
    scene.save().unwrap();
    for (name, doubt, changed) in
        [("new", Doubt::AsFound, Changed::All), ("moved", Doubt::None, Changed::These([].into()))]
    {
        let state = scene.root.path().join(name);
        fs::create_dir(&state).unwrap();
        let outcome = scene.restore_at(&state, &building(), doubt).unwrap();
        assert_eq!((outcome.rewound.changed, outcome.rewound.known), (changed, None));
        assert_eq!(outcome.set_aside, None);
        assert_eq!(fs::read_to_string(state.join("learned.toml")).unwrap(), "learned = 1\n");
        let boots = opened(&state, 3).1.rows.into_iter().find_map(|(_, row)| match row {
            Row::Gateway(row) => Some(row.boot),
            _ => None,
        });
        assert!(boots.unwrap() > 1_000, "nobody knows how often it started since");
    }
}

#[test]
fn nothing_is_touched_when_the_backup_is_not_whole_or_of_another_building() {
    let scene = Scene::new();
    scene.save().unwrap();
    let whole = fs::read(scene.file()).unwrap();
    let before = picture(&scene.state());
    let other = scene.restore_at(&scene.state(), &BuildingId::new("elm-street").unwrap(), Doubt::AsFound);
    assert!(matches!(other, Err(BackupError::OtherBuilding { .. })));
    let cut = |length: usize| whole[..length].to_vec();
    let mut broken = vec![Vec::new(), b"hello".to_vec(), cut(whole.len() / 2), cut(whole.len() - 12)];
    // The first ten bytes are gzip's own header, of which half says nothing.
    for place in (10..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x10;
        broken.push(bytes);
    }
    for (number, bytes) in broken.into_iter().enumerate() {
        fs::write(scene.file(), bytes).unwrap();
        // The checksum behind the manifest is all that may be wrong without a word: everything is held against the manifest.
        if let Ok(checked) = check(&scene.file()) {
            assert_eq!((checked.manifest.sequence, checked.broken_at), (3, None), "case {number}");
        } else {
            assert!(scene.restore().is_err());
            assert!(before == picture(&scene.state()), "case {number}");
        }
    }
}

#[test]
fn backup_is_refused_where_it_exists_or_others_could_take_it() {
    let scene = Scene::new();
    fs::write(scene.file(), "mine").unwrap();
    assert!(matches!(scene.save(), Err(BackupError::Exists(_))));
    assert_eq!(fs::read(scene.file()).unwrap(), b"mine");
    fs::remove_file(scene.file()).unwrap();
    fs::set_permissions(scene.root.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(scene.save(), Err(BackupError::OpenPlace { .. })));
    assert!(!scene.file().exists());
}

#[test]
fn older_record_is_noticed_when_it_is_copied_back() {
    let scene = Scene::new();
    let database = scene.state().join(DATABASE);
    let older = fs::read(&database).unwrap();
    let judge = |mark: &Mark| {
        let (store, loaded) = opened(&scene.state(), 3);
        let reader = store.reader();
        assert_eq!(loaded.origin, Origin::Existing);
        mark.rewound(&loaded.epoch.to_string(), 5, &reader)
    };
    let write = |store: &Store| {
        let reader = store.reader();
        Mark::write(&scene.state(), &reader.meta().unwrap().epoch.to_string(), 5, reader.head()).unwrap();
        Mark::read(&scene.state()).unwrap()
    };
    let (mut store, _) = opened(&scene.state(), 1);
    let fact = |version| Batch {
        rows: Vec::new(),
        events: vec![event(Fact::DirectorySynced { version, units: 1 })],
    };
    store.commit(fact(4), Mono(0)).unwrap();
    let mark = write(&store);
    store.commit(fact(5), Mono(0)).unwrap();
    drop(store);
    assert_eq!(judge(&mark), None, "a record goes on beyond its mark");
    fs::write(&database, &older).unwrap();
    let rewound = judge(&mark).unwrap();
    assert_eq!((rewound.cause, rewound.restored, rewound.known), (RewindCause::CopiedBack, 3, Some(4)));
    let (mut store, _) = opened(&scene.state(), 1);
    store.commit(fact(40), Mono(0)).unwrap();
    drop(store);
    assert!(judge(&mark).is_some(), "another row stands where the mark was set");
    // An epoch that ended is older, too.
    let later = Mark { epoch: "0".repeat(16), former: vec![mark.epoch.clone()], ..mark };
    assert_eq!(judge(&later).unwrap().known, None);
}
