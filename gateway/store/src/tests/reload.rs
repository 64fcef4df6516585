//! What was committed comes back; the bytes of each row version stay what they are.

use std::fmt::Write as _;

use vestibule_core::time::Mono;

use super::sample::{self, changed, open, records};
use crate::codec::{RowDamage, decode, encode};
use crate::memory::Memory;
use crate::open::Origin;
use crate::place::DATABASE;
use crate::tables::{Kind, key_bytes, key_from};
use crate::{Batch, file, write};

#[test]
fn every_row_comes_back_when_the_store_is_opened_again() {
    let disk = Memory::default();
    let (mut store, loaded) = open(&disk);
    assert_eq!((loaded.origin, loaded.rows), (Origin::Created, Vec::new()));
    store.commit(Batch { rows: changed(sample::rows()), events: vec![sample::record(1)] }, Mono(0)).unwrap();
    drop(store);
    let (_, loaded) = open(&disk);
    assert_eq!(loaded.origin, Origin::Existing);
    assert_eq!(loaded.rows, sample::rows());
    assert_eq!(loaded.head.sequence, 1);
}

#[test]
fn erased_row_stays_away_when_the_store_is_opened_again() {
    let disk = Memory::default();
    let (mut store, _) = open(&disk);
    store.commit(Batch { rows: changed(sample::rows()), events: Vec::new() }, Mono(0)).unwrap();
    let (last, _) = sample::rows().pop().unwrap();
    // The erasure comes later in the same batch as another change of the row: the last one counts.
    let rows = vec![(last.clone(), sample::rows().pop().map(|(_, row)| row)), (last.clone(), None)];
    store.commit(Batch { rows, events: Vec::new() }, Mono(0)).unwrap();
    drop(store);
    let (_, loaded) = open(&disk);
    assert_eq!(loaded.rows.len(), sample::rows().len() - 1);
    assert!(loaded.rows.iter().all(|(key, _)| *key != last));
}

#[test]
fn chain_goes_on_when_the_store_is_opened_again() {
    let disk = Memory::default();
    let (mut store, loaded) = open(&disk);
    let first = store.commit(records(1..=2), Mono(0)).unwrap().rows;
    assert_eq!(first.iter().map(|row| row.sequence).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(store.next_sequence(), Some(3));
    drop(store);
    let (mut store, again) = open(&disk);
    assert_eq!((again.epoch, again.head.hash), (loaded.epoch, first[1].hash));
    let third = store.commit(records(3..=3), Mono(0)).unwrap().rows.remove(0);
    let header = vestibule_contract::event::read_header(&third.bytes).unwrap();
    assert_eq!((header.sequence, header.previous), (3, first[1].hash));
    let read = store.reader().rows_after(0, 10, usize::MAX).unwrap();
    assert_eq!(read, [first, vec![third]].concat());
}

#[test]
fn reading_stops_at_its_limits_and_returns_one_row_when_that_is_too_large() {
    let disk = Memory::default();
    let (mut store, _) = open(&disk);
    store.commit(records(1..=5), Mono(0)).unwrap();
    let reader = store.reader();
    let sequences = |after, rows, bytes| -> Vec<u64> {
        reader.rows_after(after, rows, bytes).unwrap().iter().map(|row| row.sequence).collect()
    };
    assert_eq!(sequences(0, 2, usize::MAX), [1, 2]);
    assert_eq!(sequences(3, 10, 1), [4]);
    assert_eq!(sequences(5, 10, usize::MAX), [0; 0]);
    assert_eq!(sequences(u64::MAX, 10, usize::MAX), [0; 0]);
}

#[test]
fn damaged_row_is_named_and_the_others_load_when_bits_flip() {
    let disk = Memory::default();
    let (mut store, _) = open(&disk);
    store.commit(Batch { rows: changed(sample::rows()), events: Vec::new() }, Mono(0)).unwrap();
    drop(store);
    let file = file::open(&disk, &sample::building()).unwrap();
    let write = write::transaction(&file.database).unwrap();
    {
        let mut table = write.open_table(Kind::Parcel.table()).unwrap();
        let (key, mut value) = {
            let (key, value) = redb::ReadableTable::first(&table).unwrap().unwrap();
            (key.value().to_vec(), value.value().to_vec())
        };
        value[5] ^= 0x10;
        table.insert(key.as_slice(), value.as_slice()).unwrap();
    }
    write.commit().unwrap();
    drop(file);
    let (_, loaded) = open(&disk);
    assert_eq!(loaded.rows.len(), sample::rows().len() - 1);
    assert_eq!(loaded.damaged.len(), 1);
    assert_eq!((loaded.damaged[0].kind, loaded.damaged[0].damage), (Kind::Parcel, RowDamage::Check));
    assert_eq!(loaded.damaged[0].key, Some(sample::rows()[5].0.clone()));
}

#[test]
fn row_is_refused_under_another_key_or_version() {
    let (key, row) = sample::rows().remove(4);
    let bytes = encode(Kind::Compartment, &key_bytes(&key).unwrap(), &row).unwrap();
    assert_eq!(decode(Kind::Compartment, b"a-8", &bytes), Err(RowDamage::Check));
    assert_eq!(decode(Kind::Parcel, b"a-7", &bytes), Err(RowDamage::Check));
    assert_eq!(decode(Kind::Compartment, b"a-7", &bytes[..3]), Err(RowDamage::Short));
    assert_eq!(decode(Kind::Compartment, b"a-7", &bytes), Ok(row));
}

/// If this test fails, do not change the golden file: give the row a new version and keep reading the old one.
#[test]
fn bytes_are_those_of_the_golden_file_when_rows_are_encoded() {
    let mut text = String::new();
    for (key, row) in sample::rows() {
        let kind = Kind::of(&key);
        let key = key_bytes(&key).unwrap();
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let value = encode(kind, &key, &row).unwrap();
        writeln!(text, "{} {} {}", kind.name(), hex(&key), hex(&value)).unwrap();
        assert_eq!(key_from(kind, &key).as_ref().map(Kind::of), Some(kind));
        assert_eq!(decode(kind, &key, &value), Ok(row));
    }
    assert_eq!(text, include_str!("golden-rows-1.txt"));
}

#[test]
fn file_is_private_and_opens_again_when_it_lies_in_a_folder() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let place = || Box::new(crate::Folder::new(folder.path()));
    let (mut store, _) = crate::Store::open(place(), sample::opening()).unwrap();
    store.commit(records(1..=3), Mono(0)).unwrap();
    let mode = std::fs::metadata(folder.path().join(DATABASE)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let second = crate::Store::open(place(), sample::opening()).err().unwrap();
    assert!(matches!(second, crate::OpenError::Locked { .. }), "{second}");
    let reader = crate::Reader::open(&crate::Folder::new(folder.path()), &sample::building());
    assert!(reader.is_err(), "the running daemon's file is not read behind its back");
    drop(store);
    let (store, loaded) = crate::Store::open(place(), sample::opening()).unwrap();
    assert_eq!((loaded.origin, store.reader().head().sequence), (Origin::Existing, 3));
    drop(store);
    let reader = crate::Reader::open(&crate::Folder::new(folder.path()), &sample::building()).unwrap();
    assert_eq!(reader.rows_after(0, 9, usize::MAX).unwrap().len(), 3);
}
