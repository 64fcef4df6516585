//! Another version of the program on the same file: up by a step in one commit, down without touching anything.

use std::io;

use redb::{ReadableTable as _, StorageBackend, WriteTransaction};
use vestibule_core::row::Row;
use vestibule_core::time::Mono;

use super::sample::{self, changed, open, opening, records};
use crate::codec::{decode, encode};
use crate::fault::Fault;
use crate::memory::{Memory, Scope, Trouble};
use crate::migration::{Formats, Step};
use crate::open::{Loaded, OpenError, Origin};
use crate::place::{DATABASE, Place, SET_ASIDE};
use crate::tables::Kind;
use crate::{Batch, Reader, Store};

const EIO: i32 = 5;

/// The next version: its compartments count wear from one.
static NEXT: Formats = Formats { newest: 2, steps: &[Step { from: 1, run: count_from_one }] };

fn count_from_one(write: &WriteTransaction) -> Result<(), Fault> {
    let mut table = write.open_table(Kind::Compartment.table()).map_err(Fault::at("open a state table"))?;
    let mut rows = Vec::new();
    for entry in table.iter()? {
        let (key, value) = entry?;
        rows.push((key.value().to_vec(), decode(Kind::Compartment, key.value(), value.value())));
    }
    for (key, row) in rows {
        let Ok(Row::Compartment(mut row)) = row else { return Err(Fault::Damaged("a row".into())) };
        row.wear += 1;
        let value = encode(Kind::Compartment, &key, &Row::Compartment(row)).unwrap();
        table.insert(key.as_slice(), value.as_slice())?;
    }
    Ok(())
}

/// A disk as the next version of the program sees it.
#[derive(Clone, Debug)]
struct Next(Memory);

impl Place for Next {
    fn names(&self) -> io::Result<Vec<String>> {
        self.0.names()
    }
    fn open(&self, name: &str) -> io::Result<Box<dyn StorageBackend>> {
        self.0.open(name)
    }
    fn open_for_reading(&self, name: &str) -> io::Result<Box<dyn StorageBackend>> {
        self.0.open_for_reading(name)
    }
    fn create(&self, name: &str) -> io::Result<Box<dyn StorageBackend>> {
        self.0.create(name)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }
    fn link(&self, name: &str, second: &str) -> io::Result<()> {
        self.0.link(name, second)
    }
    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
    fn describe(&self, name: &str) -> String {
        self.0.describe(name)
    }
    fn formats(&self) -> &'static Formats {
        &NEXT
    }
}

fn filled() -> Memory {
    let disk = Memory::default();
    let (mut store, _) = open(&disk);
    store.commit(Batch { rows: changed(sample::rows()), ..records(1..=3) }, Mono(0)).unwrap();
    drop(store);
    disk
}

fn next(disk: &Memory) -> Result<(Store, Loaded), OpenError> {
    Store::open(Box::new(Next(disk.clone())), opening())
}

fn wear(loaded: &Loaded) -> Vec<u32> {
    let wear = loaded.rows.iter().filter_map(|(_, row)| match row {
        Row::Compartment(row) => Some(row.wear),
        _ => None,
    });
    wear.collect()
}

#[test]
fn older_file_is_migrated_once_and_its_journal_goes_on() {
    let disk = filled();
    let (store, before) = open(&disk);
    drop(store);
    let expected: Vec<u32> = wear(&before).into_iter().map(|wear| wear + 1).collect();
    assert!(!expected.is_empty());
    for _ in 0..2 {
        let (store, after) = next(&disk).unwrap();
        assert_eq!(
            (after.origin.clone(), after.epoch, after.head),
            (Origin::Existing, before.epoch, before.head)
        );
        assert_eq!(wear(&after), expected, "once, however often it is opened");
        assert_eq!(after.rows.len(), before.rows.len());
        assert_eq!(store.next_sequence(), Some(4));
    }
}

#[test]
fn newer_file_is_left_as_it_is_and_doors_are_served_without_it_when_the_program_is_older() {
    let disk = filled();
    let (store, before) = next(&disk).unwrap();
    drop(store);
    let (mut store, loaded) = open(&disk);
    let Origin::Unreadable { why } = loaded.origin else { panic!("{:?}", loaded.origin) };
    for word in ["format 2", "newer version", "restore", "/var/backups/vestibule"] {
        assert!(why.contains(word), "{word}: {why}");
    }
    store.commit(records(9..=9), Mono(0)).unwrap_err();
    store.reopen(sample::at(60_000_000), &sample::rows).unwrap_err();
    drop(store);
    assert!(disk.names().unwrap().iter().all(|name| !name.starts_with(SET_ASIDE)));
    let (_, after) = next(&disk).unwrap();
    assert_eq!((after.origin, after.epoch, after.head), (Origin::Existing, before.epoch, before.head));
    assert_eq!(after.rows, before.rows, "not a row of it is changed");
}

#[test]
fn file_is_old_or_new_and_never_between_when_the_disk_fails_during_the_migration() {
    let whole = filled();
    let (store, before) = open(&whole);
    drop(store);
    let expected: Vec<u32> = wear(&before).into_iter().map(|wear| wear + 1).collect();
    for after in 0..200 {
        let disk = whole.copy();
        disk.break_disk(Trouble { after, scope: Scope::Writing, errno: EIO });
        drop(next(&disk));
        // What another machine finds after a power cut at that moment.
        let cut = disk.copy();
        let (store, loaded) = next(&cut).unwrap();
        assert_eq!(wear(&loaded), expected, "cut at write {after}");
        assert_eq!((loaded.origin, loaded.head), (Origin::Existing, before.head), "cut at write {after}");
        drop(store);
    }
}

#[test]
fn looking_at_an_older_file_shows_it_migrated_and_changes_nothing() {
    let disk = filled();
    let bytes = disk.content(DATABASE).unwrap();
    let reader = Reader::open(&Next(disk.clone()), &sample::building()).unwrap();
    assert_eq!(reader.meta().unwrap().format, 2);
    assert_eq!(reader.head().sequence, 3);
    drop(reader);
    assert!(disk.content(DATABASE).unwrap() == bytes);
}
