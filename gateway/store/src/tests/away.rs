//! The disk goes away in the middle of commits and comes back: rows in order, none lost, none twice.

use vestibule_core::row::{Row, RowKey};
use vestibule_core::time::Mono;

use super::sample::{self, at, changed, observation, open, record, records};
use crate::audit::verify;
use crate::limits::WAITING_EVENTS_MAX;
use crate::memory::{Memory, Scope, Trouble};
use crate::place::DATABASE;
use crate::{Batch, CommitError, JournalRow, ReadError, Resumption, Store};

const EIO: i32 = 5;
const ENOSPC: i32 = 28;

fn versions(rows: &[JournalRow]) -> Vec<u64> {
    let read = |row: &JournalRow| -> u64 {
        let text = std::str::from_utf8(&row.bytes).unwrap();
        let (_, rest) = text.split_once(r#""version":"#).unwrap();
        rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
    };
    rows.iter().map(read).collect()
}

fn all_versions(store: &Store) -> Vec<u64> {
    versions(&store.reader().rows_after(0, usize::MAX, usize::MAX).unwrap())
}

/// Ends a scenario: the journal is whole, and holds these records once and in order, also after another start.
fn expect(disk: &Memory, store: Store, last: u64) {
    let numbers: Vec<u64> = (1..=last).collect();
    assert_eq!(all_versions(&store), numbers);
    drop(store);
    let (store, _) = open(disk);
    assert_eq!(all_versions(&store), numbers);
    assert_eq!(verify(&store.reader(), Some(store.reader().head())).unwrap().findings, []);
}

#[test]
fn rows_are_journalled_in_order_when_any_write_of_a_commit_fails() {
    for (scope, errno) in [(Scope::Writing, ENOSPC), (Scope::All, EIO), (Scope::Syncing, EIO)] {
        for after in 0..40 {
            let disk = Memory::default();
            let (mut store, _) = open(&disk);
            store.commit(records(1..=2), Mono(0)).unwrap();
            disk.break_disk(Trouble { after, scope, errno });
            let mut told: Vec<JournalRow> = Vec::new();
            for number in 3..=6 {
                if let Ok(committed) = store.commit(records(number..=number), Mono(0)) {
                    told.extend(committed.rows);
                }
            }
            disk.heal();
            told.extend(store.reopen(at(1), &Vec::new).unwrap().rows);
            assert_eq!(versions(&told), [3, 4, 5, 6], "{scope:?} after {after}: each is told of once");
            expect(&disk, store, 6);
        }
    }
}

#[test]
fn rows_are_journalled_once_when_reopening_fails_too() {
    for after in 0..60 {
        let disk = Memory::default();
        let (mut store, _) = open(&disk);
        store.commit(records(1..=1), Mono(0)).unwrap();
        disk.break_disk(Trouble { after: 3, scope: Scope::All, errno: EIO });
        store.commit(records(2..=3), Mono(0)).unwrap_err();
        disk.break_disk(Trouble { after, scope: Scope::All, errno: EIO });
        let mut told = store.reopen(at(1), &Vec::new).map(|back| back.rows).unwrap_or_default();
        disk.heal();
        store.commit(records(4..=4), Mono(0)).map(|rows| told.extend(rows.rows)).ok();
        told.extend(store.reopen(at(2), &Vec::new).unwrap().rows);
        assert_eq!(versions(&told), [2, 3, 4], "after {after}");
        expect(&disk, store, 4);
    }
}

#[test]
fn commit_says_what_is_held_and_when_to_try_again_when_the_disk_is_full() {
    let disk = Memory::default();
    let (mut store, _) = open(&disk);
    let reader = store.reader();
    disk.break_disk(Trouble { after: 0, scope: Scope::Writing, errno: ENOSPC });
    let first = store.commit(records(1..=2), Mono(5_000_000)).unwrap_err();
    assert!(first.to_string().starts_with("commit 2 events and 0 state rows: "), "{first}");
    assert_eq!(store.next_attempt(), Some(Mono(5_100_000)));
    let second = store.commit(records(3..=3), Mono(5_000_001)).unwrap_err();
    assert_eq!(second, CommitError::Away { events: 1, rows: 0 });
    assert_eq!(reader.rows_after(0, 1, 1), Err(ReadError::Away));
    store.reopen(at(5_100_000), &Vec::new).unwrap_err();
    assert_eq!(store.next_attempt(), Some(Mono(5_300_000)));
    assert_eq!(store.waiting(), 3);
    disk.heal();
    store.reopen(at(5_300_000), &Vec::new).unwrap();
    assert_eq!((store.waiting(), store.next_attempt()), (0, None));
    assert_eq!(reader.rows_after(0, 9, usize::MAX).unwrap().len(), 3, "a reader goes on after a reopening");
    assert_eq!(reader.head().sequence, 3);
}

#[test]
fn newest_state_is_durable_when_a_row_changed_more_than_once_meanwhile() {
    let disk = Memory::default();
    let (mut store, _) = open(&disk);
    store.commit(Batch { rows: changed(sample::rows()), events: Vec::new() }, Mono(0)).unwrap();
    disk.break_disk(Trouble { after: 0, scope: Scope::Writing, errno: EIO });
    let key = RowKey::Codes(sample::unit());
    for next in 14..=16 {
        let row = Row::Codes(vestibule_core::row::CodesRow { next });
        store
            .commit(Batch { rows: vec![(key.clone(), Some(row))], events: Vec::new() }, Mono(0))
            .unwrap_err();
    }
    let gone = sample::rows()[7].0.clone();
    store.commit(Batch { rows: vec![(gone.clone(), None)], events: Vec::new() }, Mono(0)).unwrap_err();
    disk.heal();
    store.reopen(at(1), &Vec::new).unwrap();
    drop(store);
    let rows = open(&disk).1.rows;
    assert!(rows.contains(&(key, Row::Codes(vestibule_core::row::CodesRow { next: 16 }))));
    assert!(rows.iter().all(|(key, _)| *key != gone));
}

#[test]
fn telemetry_goes_first_and_a_gap_says_how_much_when_the_waiting_room_is_full() {
    let disk = Memory::default();
    let (mut store, _) = open(&disk);
    disk.break_disk(Trouble { after: 0, scope: Scope::Writing, errno: EIO });
    let outcome = Row::Command(sample::outcome(vec![1]));
    let rows = vec![(RowKey::Command(sample::command_key()), Some(outcome))];
    store.commit(Batch { rows, events: Vec::new() }, Mono(0)).unwrap_err();
    for number in 0..10_u64 {
        store
            .commit(Batch { rows: Vec::new(), events: vec![observation(), record(number)] }, Mono(0))
            .unwrap_err();
    }
    let more = u64::try_from(WAITING_EVENTS_MAX).unwrap();
    store.commit(records(10..=more + 1), Mono(0)).unwrap_err();
    assert_eq!((store.dropped().telemetry, store.dropped().records), (10, 2));
    disk.heal();
    let back = store.reopen(at(1), &Vec::new).unwrap();
    assert_eq!(&*back.rows[0].event_type, "gateway.gap");
    let gap = String::from_utf8(back.rows[0].bytes.to_vec()).unwrap();
    assert!(gap.contains(r#""dropped":12"#) && gap.contains("10 observations, 2 records"), "{gap}");
    assert_eq!(versions(&back.rows[1..]), (2..=more + 1).collect::<Vec<_>>());
    drop(store);
    let rows = open(&disk).1.rows;
    assert_eq!(rows, [(RowKey::Command(sample::command_key()), Row::Command(sample::outcome(Vec::new())))]);
}

#[test]
fn doubtful_rows_are_not_dropped_when_the_waiting_room_is_full() {
    let disk = Memory::default();
    let (mut store, _) = open(&disk);
    // All is written and the last sync fails: the rows are on the disk, and the store cannot know.
    disk.break_disk(Trouble { after: 1, scope: Scope::Syncing, errno: EIO });
    store
        .commit(Batch { rows: Vec::new(), events: vec![observation(), observation()] }, Mono(0))
        .unwrap_err();
    let more = u64::try_from(WAITING_EVENTS_MAX).unwrap();
    store.commit(records(1..=more), Mono(0)).unwrap_err();
    disk.heal();
    let back = store.reopen(at(1), &Vec::new).unwrap();
    let types: Vec<&str> = back.rows.iter().take(4).map(|row| &*row.event_type).collect();
    assert_eq!(types, ["access.denied", "access.denied", "gateway.gap", "directory.synced"]);
    assert_eq!(store.dropped().records, 2);
    assert_eq!(verify(&store.reader(), Some(store.reader().head())).unwrap().findings, []);
}

#[test]
fn whole_state_begins_a_new_epoch_when_the_file_is_damaged_under_the_running_store() {
    let disk = Memory::default();
    let (mut store, loaded) = open(&disk);
    store.commit(Batch { rows: changed(sample::rows()), ..records(1..=3) }, Mono(0)).unwrap();
    disk.break_disk(Trouble { after: 0, scope: Scope::Writing, errno: EIO });
    store.commit(records(4..=4), Mono(0)).unwrap_err();
    disk.heal();
    disk.put(DATABASE, b"rubbish".to_vec());
    let back = store.reopen(at(1), &sample::rows).unwrap();
    assert!(
        matches!(&back.resumption, Resumption::Renewed { set_aside: Some(_), .. }),
        "{:?}",
        back.resumption
    );
    assert_eq!((back.rows.len(), back.rows[0].sequence), (1, 1));
    assert_ne!(store.epoch(), loaded.epoch);
    drop(store);
    let rows = open(&disk).1.rows;
    assert_eq!(rows.len(), sample::rows().len());
    for (key, row) in rows {
        match row {
            Row::Gateway(row) => assert_eq!((row.boot, row.acknowledged), (3, None)),
            Row::Command(outcome) => assert_eq!(outcome.events, [0_u64; 0]),
            row => assert!(sample::rows().contains(&(key, row))),
        }
    }
}

#[test]
fn new_epoch_is_told_and_keeps_nothing_of_the_old_when_the_disk_fails_anywhere_in_its_making() {
    let told = |after: u64| {
        let disk = Memory::default();
        let (mut store, _) = open(&disk);
        store.commit(Batch { rows: changed(sample::rows()), ..records(1..=3) }, Mono(0)).unwrap();
        disk.break_disk(Trouble { after: 0, scope: Scope::Writing, errno: EIO });
        store.commit(Batch { rows: changed(sample::rows()), ..records(4..=4) }, Mono(0)).unwrap_err();
        disk.put(DATABASE, b"rubbish".to_vec());
        disk.break_disk(Trouble { after, scope: Scope::All, errno: EIO });
        let first = store.reopen(at(1), &sample::rows);
        disk.heal();
        let failed = first.is_err();
        let back = first.or_else(|_| store.reopen(at(2), &sample::rows)).unwrap();
        assert!(
            matches!(back.resumption, Resumption::Renewed { .. }),
            "after {after}: {:?}",
            back.resumption
        );
        assert_eq!((back.rows.len(), back.rows[0].sequence), (1, 1), "after {after}");
        assert_eq!(store.reader().acknowledged().unwrap(), None, "after {after}");
        failed
    };
    let failures = (0..).take_while(|after| told(*after)).count();
    assert!(failures > 20, "{failures} ways to fail");
}

#[test]
fn new_epoch_begins_when_the_disk_lost_what_it_had_promised() {
    let disk = Memory::default();
    let (mut store, _) = open(&disk);
    store.commit(records(1..=3), Mono(0)).unwrap();
    let old = disk.copy().content(DATABASE).unwrap();
    store.commit(records(4..=5), Mono(0)).unwrap();
    disk.break_disk(Trouble { after: 0, scope: Scope::Writing, errno: EIO });
    store.commit(records(6..=6), Mono(0)).unwrap_err();
    disk.heal();
    disk.put(DATABASE, old);
    let back = store.reopen(at(1), &Vec::new).unwrap();
    let Resumption::Renewed { why, .. } = back.resumption else { panic!("rewound") };
    assert_eq!(why, "it ends at row 3, and row 5 was durable");
    assert_eq!(versions(&back.rows), [6]);
}

#[test]
fn who_was_let_in_and_how_an_unlock_ended_are_records_although_they_may_follow() {
    use vestibule_core::event::{Durability, Fact, Worth};
    let granted = Fact::AccessGranted { terminal: "lobby".parse().unwrap() };
    assert_eq!((granted.durability(), granted.worth()), (Durability::Follows, Worth::Record));
    assert_eq!(observation().fact.worth(), Worth::Observation);
    assert_eq!(record(1).fact.worth(), Worth::Record);
}
