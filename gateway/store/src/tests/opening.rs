//! No state of the disk stops a start, except those that a person must decide.

use vestibule_core::id::BuildingId;
use vestibule_core::time::Mono;

use super::sample::{self, at, changed, open, opening, records, try_open};
use crate::memory::{Memory, Scope, Trouble};
use crate::open::{OpenError, Opening, Origin};
use crate::place::{DATABASE, Place as _, SET_ASIDE, UNFINISHED};
use crate::{Batch, Reader, Refused, ReopenError, Resumption, Store};

const EIO: i32 = 5;
const EROFS: i32 = 30;

fn filled() -> Memory {
    let disk = Memory::default();
    let (mut store, _) = open(&disk);
    store.commit(Batch { rows: changed(sample::rows()), ..records(1..=3) }, Mono(0)).unwrap();
    disk
}

#[test]
fn damaged_file_is_set_aside_and_a_new_epoch_begins_when_pages_are_overwritten() {
    let disk = filled().copy();
    let before = open(&disk).1.epoch;
    let mut bytes = disk.content(DATABASE).unwrap();
    bytes[..64].fill(0xa5);
    disk.put(DATABASE, bytes.clone());
    let again = Opening { entropy: vestibule_core::input::Entropy([8; 32]), ..opening() };
    let (store, loaded) = Store::open(Box::new(disk.clone()), again).unwrap();
    let name = format!("{SET_ASIDE}20260301T120000Z");
    let Origin::Renewed { set_aside, why } = loaded.origin else { panic!("{:?}", loaded.origin) };
    assert_eq!(set_aside, format!("memory:{name}"));
    assert!(!why.is_empty());
    assert_eq!(disk.content(&name).unwrap(), bytes, "the evidence is kept as it was");
    assert_ne!(loaded.epoch, before);
    assert_eq!((loaded.rows.len(), store.next_sequence()), (0, Some(1)));
}

#[test]
fn loss_is_told_again_when_the_start_that_found_it_recorded_nothing() {
    let disk = Memory::default();
    disk.put(DATABASE, Vec::new());
    drop(open(&disk));
    let (mut store, loaded) = open(&disk);
    assert!(matches!(loaded.origin, Origin::Renewed { .. }), "{:?}", loaded.origin);
    store.commit(records(1..=1), Mono(0)).unwrap();
    drop(store);
    assert_eq!(open(&disk).1.origin, Origin::Existing);
}

#[test]
fn every_start_goes_on_when_any_byte_of_the_file_is_another() {
    let whole = filled().copy().content(DATABASE).unwrap();
    let used = whole.iter().rposition(|byte| *byte != 0).unwrap();
    for number in 0..400_usize {
        let disk = Memory::default();
        let mut bytes = whole.clone();
        let place = number.wrapping_mul(2_654_435_761) % used;
        bytes[place] ^= 1 << (number % 8);
        disk.put(DATABASE, bytes);
        match try_open(&disk) {
            Ok((mut store, _)) => {
                store.commit(records(9..=9), Mono(0)).ok();
            }
            // A flipped bit in the building's name or the format is indistinguishable from another one.
            Err(OpenError::Refused { .. }) => {}
            Err(error) => panic!("byte {place}: {error}"),
        }
    }
}

#[test]
fn set_aside_files_are_bounded_when_the_file_is_damaged_again_and_again() {
    let disk = Memory::default();
    for _ in 0..crate::limits::SET_ASIDE_MAX + 3 {
        disk.put(DATABASE, b"rubbish".to_vec());
        drop(open(&disk));
    }
    let aside = disk.names().unwrap().iter().filter(|name| name.starts_with(SET_ASIDE)).count();
    assert_eq!(aside, crate::limits::SET_ASIDE_MAX);
}

#[test]
fn file_of_another_building_is_refused_and_kept() {
    let disk = filled().copy();
    let other = Opening { building: BuildingId::new("elm-house").unwrap(), ..opening() };
    let error = Store::open(Box::new(disk.clone()), other).err().unwrap();
    let why =
        Refused::OtherBuilding { found: sample::building(), expected: BuildingId::new("elm-house").unwrap() };
    assert_eq!(error, OpenError::Refused { file: "memory:vestibule.redb".into(), why });
    assert_eq!(open(&disk).1.rows, sample::rows());
}

#[test]
fn second_opener_is_refused_while_the_first_holds_the_file() {
    let disk = filled().copy();
    let (store, _) = open(&disk);
    assert!(matches!(try_open(&disk).err().unwrap(), OpenError::Locked { .. }));
    drop(store);
    open(&disk);
}

#[test]
fn state_is_there_and_rows_wait_when_the_disk_is_read_only() {
    let disk = filled().copy();
    let bytes = disk.content(DATABASE).unwrap();
    disk.break_disk(Trouble { after: 0, scope: Scope::Writing, errno: EROFS });
    let (mut store, loaded) = open(&disk);
    assert!(matches!(loaded.origin, Origin::ReadOnly { .. }), "{:?}", loaded.origin);
    assert_eq!(loaded.rows, sample::rows());
    store.commit(records(4..=5), Mono(0)).unwrap_err();
    assert_eq!(store.next_sequence(), None);
    assert_eq!(disk.content(DATABASE).unwrap(), bytes);
    disk.heal();
    let back = store.reopen(at(1), &Vec::new).unwrap();
    assert_eq!(back.resumption, Resumption::Same);
    assert_eq!(back.rows.iter().map(|row| row.sequence).collect::<Vec<_>>(), [4, 5]);
}

#[test]
fn start_begins_empty_and_asks_for_another_when_the_disk_cannot_be_read() {
    let disk = filled().copy();
    disk.break_disk(Trouble { after: 0, scope: Scope::All, errno: EIO });
    let (mut store, loaded) = open(&disk);
    assert!(matches!(loaded.origin, Origin::Unreadable { .. }), "{:?}", loaded.origin);
    store.commit(records(4..=4), Mono(0)).unwrap_err();
    assert!(matches!(store.reopen(at(1), &Vec::new).unwrap_err(), ReopenError::StillAway { .. }));
    disk.heal();
    assert_eq!(store.reopen(at(2), &Vec::new).unwrap_err(), ReopenError::NotLoaded);
    drop(store);
    assert_eq!(open(&disk).1.rows, sample::rows(), "the state the disk holds is not overwritten");
}

#[test]
fn file_is_made_later_when_the_disk_refused_at_the_first_start() {
    let disk = Memory::default();
    disk.break_disk(Trouble { after: 2, scope: Scope::Writing, errno: EIO });
    let (mut store, loaded) = open(&disk);
    assert!(matches!(loaded.origin, Origin::Unreadable { .. }));
    store.commit(Batch { rows: changed(sample::rows()), ..records(1..=2) }, Mono(0)).unwrap_err();
    disk.heal();
    let back = store.reopen(at(1), &sample::rows).unwrap();
    assert_eq!((back.rows.len(), store.next_sequence()), (2, Some(3)));
    drop(store);
    assert_eq!(open(&disk).1.epoch, loaded.epoch);
}

#[test]
fn unfinished_file_is_removed_when_a_creation_was_cut() {
    let disk = filled().copy();
    disk.put(UNFINISHED, b"half".to_vec());
    open(&disk);
    assert_eq!(disk.content(UNFINISHED), None);
}

#[test]
fn looking_at_a_file_changes_no_byte_of_it() {
    let disk = Memory::default();
    let (mut store, _) = open(&disk);
    store.commit(records(1..=3), Mono(0)).unwrap();
    // The copy is what a power cut leaves: redb has to recover it, and does so in memory.
    let cut = disk.copy();
    let bytes = cut.content(DATABASE).unwrap();
    let reader = Reader::open(&cut, &sample::building()).unwrap();
    assert_eq!(reader.rows_after(0, 10, usize::MAX).unwrap().len(), 3);
    drop(reader);
    assert_eq!(cut.content(DATABASE).unwrap(), bytes);
}
