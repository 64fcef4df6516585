//! `verify` finds every kind of tampering and names the row; pruning keeps an anchor.

use redb::ReadableTable as _;
use vestibule_contract::event::{Envelope, hash, seal};
use vestibule_core::time::Mono;

use super::sample::{self, open, record, records};
use crate::audit::{Anchored, Finding, verify};
use crate::journal::{StoredRow, after};
use crate::memory::Memory;
use crate::tables::JOURNAL;
use crate::{file, write};

/// Ten rows, changed by somebody who can write the file; then verified against the head as it was.
fn tampered(change: impl FnOnce(&mut Vec<StoredRow>, &Envelope)) -> (Vec<Finding>, Vec<Finding>) {
    let disk = Memory::default();
    let (mut store, _) = open(&disk);
    store.commit(records(1..=10), Mono(0)).unwrap();
    let (anchor, envelope) = (store.reader().head(), store.envelope().clone());
    drop(store);
    let opened = file::open(&disk, &sample::building()).unwrap();
    let mut rows = {
        let read = redb::ReadableDatabase::begin_read(&opened.database).unwrap();
        after(&read, 0, usize::MAX, usize::MAX).unwrap()
    };
    change(&mut rows, &envelope);
    let write = write::transaction(&opened.database).unwrap();
    {
        let mut table = write.open_table(JOURNAL).unwrap();
        table.retain(|_, _| false).unwrap();
        for row in rows {
            table.insert(row.sequence, [row.hash.0.as_slice(), &row.bytes].concat().as_slice()).unwrap();
        }
        assert!(table.last().unwrap().is_some());
    }
    write.commit().unwrap();
    drop(opened);
    let (store, _) = open(&disk);
    let with = verify(&store.reader(), Some(anchor)).unwrap();
    let without = verify(&store.reader(), None).unwrap();
    assert!(!with.is_proven() && !without.is_proven());
    assert_eq!(without.anchored, Anchored::UnanchoredSince(1));
    (with.findings, without.findings)
}

fn replace(row: &mut StoredRow, from: &str, to: &str) {
    let text = String::from_utf8(row.bytes.clone()).unwrap();
    assert!(text.contains(from));
    row.bytes = text.replace(from, to).into_bytes();
}

#[test]
fn journal_is_proven_when_nothing_was_changed() {
    let disk = Memory::default();
    let (mut store, _) = open(&disk);
    store.commit(records(1..=10), Mono(0)).unwrap();
    let report = verify(&store.reader(), Some(store.reader().head())).unwrap();
    assert!(report.is_proven());
    assert_eq!((report.rows, report.first, report.last), (10, 1, 10));
    assert_eq!(report.anchored.to_string(), "anchored up to 10");
    let report = verify(&store.reader(), None).unwrap();
    assert!(!report.is_proven() && report.findings.is_empty());
    assert_eq!(report.anchored.to_string(), "unanchored since 1");
}

#[test]
fn edited_row_is_named_when_its_hash_was_left() {
    let (with, without) = tampered(|rows, _| replace(&mut rows[4], r#""version":5"#, r#""version":6"#));
    assert_eq!(with, [Finding::Edited { sequence: 5 }]);
    assert_eq!(without, with);
}

#[test]
fn edited_row_is_named_when_its_hash_was_made_anew() {
    let (with, _) = tampered(|rows, _| {
        replace(&mut rows[4], r#""version":5"#, r#""version":6"#);
        rows[4].hash = hash(&rows[4].bytes);
    });
    assert_eq!(with, [Finding::Edited { sequence: 5 }]);
}

#[test]
fn edited_row_is_named_when_its_link_was_edited() {
    let (with, _) = tampered(|rows, _| {
        let link = rows[3].hash.to_string();
        replace(&mut rows[4], &link, &"0".repeat(64));
        rows[4].hash = hash(&rows[4].bytes);
    });
    assert_eq!(with, [Finding::Edited { sequence: 5 }]);
}

#[test]
fn dropped_rows_are_named() {
    let (with, without) = tampered(|rows, _| drop(rows.drain(3..6)));
    assert_eq!(with, [Finding::Missing { from: 4, to: 6 }]);
    assert_eq!(without, with);
    let (with, _) = tampered(|rows, _| drop(rows.remove(0)));
    assert_eq!(with, [Finding::Missing { from: 1, to: 1 }]);
}

#[test]
fn moved_rows_are_named_when_two_change_places() {
    let (with, _) = tampered(|rows, _| {
        let (third, seventh) = (rows[2].clone(), rows[6].clone());
        rows[2] = StoredRow { sequence: 3, ..seventh };
        rows[6] = StoredRow { sequence: 7, ..third };
    });
    let moved = |sequence, belongs| Finding::Moved { sequence, belongs };
    assert_eq!(with, [moved(3, 7), moved(7, 3)]);
}

#[test]
fn cut_tail_is_found_against_an_anchor_only() {
    let (with, without) = tampered(|rows, _| rows.truncate(7));
    assert_eq!(with, [Finding::Cut { after: 7, anchor: 10 }]);
    assert_eq!(without, []);
}

#[test]
fn new_chain_is_found_against_an_anchor_only() {
    let (with, without) = tampered(|rows, envelope| {
        let mut previous = rows[3].hash;
        for (number, row) in rows.iter_mut().enumerate().skip(4) {
            let version = if number == 4 { 99 } else { row.sequence };
            let sealed = seal(envelope, row.sequence, &previous, &record(version));
            previous = sealed.hash;
            *row = StoredRow { sequence: row.sequence, hash: sealed.hash, bytes: sealed.bytes };
        }
    });
    assert_eq!(with, [Finding::Rechained { sequence: 10 }]);
    assert_eq!(without, []);
}

#[test]
fn journal_of_another_epoch_is_found_at_its_beginning() {
    let (with, _) = tampered(|rows, envelope| {
        let mut previous = vestibule_core::unit::Digest([9; 32]);
        for row in rows.iter_mut() {
            let sealed = seal(envelope, row.sequence, &previous, &record(row.sequence));
            previous = sealed.hash;
            *row = StoredRow { sequence: row.sequence, hash: sealed.hash, bytes: sealed.bytes };
        }
    });
    assert_eq!(with, [Finding::Edited { sequence: 0 }, Finding::Rechained { sequence: 10 }]);
}
