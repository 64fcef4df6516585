//! Which rows are pruned, what says so afterwards, and what stays of a pruning that the disk did not take.

use vestibule_core::event::Event;
use vestibule_core::row::{GatewayRow, Row, RowKey};
use vestibule_core::time::{ClockTrust, Millis, Mono, Timestamp};

use super::sample::{NOON, at, open, record, records};
use crate::audit::{Anchored, Finding, verify};
use crate::limits::PRUNE_ROWS_MAX;
use crate::memory::{Memory, Scope, Trouble};
use crate::{Batch, Head, Outlet, PruneError, Pruned, Retention, Store};

/// Every row of the samples is older than this.
const LATER: Timestamp = Timestamp(NOON.0 + 1);

fn aged(outlet: Outlet) -> Retention {
    Retention { horizon: Some(LATER), rows_max: 1_000_000, outlet }
}

fn prune(store: &mut Store, retention: &Retention) -> Pruned {
    store.prune(retention, at(0)).unwrap()
}

fn acknowledge(store: &mut Store, head: Head) {
    let row = GatewayRow { acknowledged: Some((head.sequence, head.hash)), ..Default::default() };
    let rows = vec![(RowKey::Gateway, Some(Row::Gateway(row)))];
    store.commit(Batch { rows, events: Vec::new() }, Mono(0)).unwrap();
}

fn commit_at(store: &mut Store, ms: i64, trust: ClockTrust) {
    let event = Event { at: Timestamp(ms), trust, ..record(1) };
    store.commit(Batch { rows: Vec::new(), events: vec![event] }, Mono(0)).unwrap();
}

#[test]
fn rows_are_kept_until_the_cloud_acknowledged_them_whatever_their_age() {
    let disk = Memory::default();
    let (mut store, _) = open(&disk);
    let rows = store.commit(records(1..=10), Mono(0)).unwrap().rows;
    assert_eq!(prune(&mut store, &aged(Outlet::Cloud)), Pruned::default());
    acknowledge(&mut store, Head { sequence: 6, hash: rows[5].hash });
    let pruned = prune(&mut store, &aged(Outlet::Cloud));
    assert_eq!((pruned.rows, pruned.lost, pruned.more), (5, 0, false), "the anchor stays");
    let anchor = store.reader().acknowledged().unwrap();
    let report = verify(&store.reader(), anchor).unwrap();
    assert!(report.is_proven(), "{report:?}");
    assert_eq!((report.first, report.last, report.anchored), (6, 10, Anchored::UpTo(6)));
    assert_eq!(verify(&store.reader(), None).unwrap().anchored, Anchored::UnanchoredSince(6));
    assert_eq!(prune(&mut store, &aged(Outlet::Cloud)), Pruned::default());
}

#[test]
fn chain_goes_on_when_every_row_was_pruned() {
    let disk = Memory::default();
    let (mut store, _) = open(&disk);
    let rows = store.commit(records(1..=4), Mono(0)).unwrap().rows;
    assert_eq!(prune(&mut store, &aged(Outlet::None)).rows, 4);
    drop(store);
    let (mut store, loaded) = open(&disk);
    assert_eq!(loaded.head, Head { sequence: 4, hash: rows[3].hash });
    assert_eq!(store.commit(records(5..=5), Mono(0)).unwrap().rows[0].sequence, 5);
    let pruned = Head { sequence: 4, hash: rows[3].hash };
    assert!(verify(&store.reader(), Some(pruned)).unwrap().is_proven());
    let foreign = Head { sequence: 4, hash: rows[2].hash };
    let findings = verify(&store.reader(), Some(foreign)).unwrap().findings;
    assert_eq!(findings, [Finding::Rechained { sequence: 4 }]);
}

#[test]
fn only_what_is_older_goes_and_nothing_by_a_clock_that_is_not_trusted() {
    let disk = Memory::default();
    let (mut store, _) = open(&disk);
    for hour in 0..20 {
        commit_at(&mut store, NOON.0 + hour * 3_600_000, ClockTrust::Synchronised);
    }
    let untrusted = Retention { horizon: None, ..aged(Outlet::None) };
    assert_eq!(prune(&mut store, &untrusted), Pruned::default());
    let seventh = NOON.after(Millis::hours(7));
    let pruned = prune(&mut store, &Retention { horizon: Some(seventh), ..aged(Outlet::None) });
    assert_eq!((pruned.rows, pruned.lost), (7, 0), "hours 0 to 6");
}

#[test]
fn row_of_1970_stays_until_a_row_of_a_trusted_clock_is_old_enough() {
    let disk = Memory::default();
    let (mut store, _) = open(&disk);
    for ms in 0..3 {
        commit_at(&mut store, ms, ClockTrust::Untrusted);
    }
    commit_at(&mut store, NOON.0, ClockTrust::Synchronised);
    commit_at(&mut store, NOON.0 + 2, ClockTrust::Synchronised);
    let early = Retention { horizon: Some(NOON), ..aged(Outlet::None) };
    assert_eq!(prune(&mut store, &early), Pruned::default());
    assert_eq!(prune(&mut store, &aged(Outlet::None)).rows, 4);
}

#[test]
fn full_journal_loses_its_oldest_rows_and_says_how_many() {
    let disk = Memory::default();
    let (mut store, _) = open(&disk);
    let rows = store.commit(records(1..=600), Mono(0)).unwrap().rows;
    acknowledge(&mut store, Head { sequence: 100, hash: rows[99].hash });
    let full = Retention { horizon: None, rows_max: 599, outlet: Outlet::Cloud };
    let pruned = prune(&mut store, &full);
    assert_eq!((pruned.rows, pruned.lost), (PRUNE_ROWS_MAX, PRUNE_ROWS_MAX - 100));
    let gap = pruned.gap.unwrap();
    assert_eq!((gap.sequence, gap.event_type.as_ref()), (601, "gateway.gap"));
    let told = std::str::from_utf8(&gap.bytes).unwrap();
    assert!(told.contains("\"dropped\":156"), "{told}");
    assert_eq!(prune(&mut store, &full), Pruned::default(), "one gap for a whole step, and no more");
    drop(store);
    let (store, loaded) = open(&disk);
    assert_eq!(loaded.head, Head { sequence: 601, hash: gap.hash });
    let report = verify(&store.reader(), Some(loaded.head)).unwrap();
    assert!(report.is_proven(), "{report:?}");
    let anchor = store.reader().acknowledged().unwrap();
    assert_eq!(
        verify(&store.reader(), anchor).unwrap().anchored,
        Anchored::Pruned { anchor: 100, since: 257 }
    );
}

#[test]
fn pruning_goes_on_in_steps() {
    let disk = Memory::default();
    let (mut store, _) = open(&disk);
    store.commit(records(1..=600), Mono(0)).unwrap();
    let steps: Vec<(u64, bool)> = (0..3)
        .map(|_| prune(&mut store, &aged(Outlet::None)))
        .map(|pruned| (pruned.rows, pruned.more))
        .collect();
    assert_eq!(steps, [(256, true), (256, true), (88, false)]);
}

#[test]
fn journal_is_whole_when_the_disk_fails_at_any_write_of_a_pruning() {
    for scope in [Scope::Writing, Scope::Syncing] {
        let failed = (0..200).take_while(|after| cut_short(scope, *after)).count();
        assert!((2..200).contains(&failed), "{scope:?}: {failed} points of failure");
    }
}

/// Whether the disk refused at this point of a pruning. Then all of it is on the disk or nothing.
fn cut_short(scope: Scope, after: u64) -> bool {
    let disk = Memory::default();
    let (mut store, _) = open(&disk);
    store.commit(records(1..=300), Mono(0)).unwrap();
    disk.break_disk(Trouble { after, scope, errno: 5 });
    let full = Retention { horizon: None, rows_max: 299, outlet: Outlet::Cloud };
    let refused = match store.prune(&full, at(0)) {
        Ok(_) => return false,
        Err(refused) => refused,
    };
    assert!(matches!(refused, PruneError::Failed { .. }), "{refused}");
    assert_eq!(store.prune(&full, at(0)), Err(PruneError::Away));
    disk.heal();
    let reopened = store.reopen(at(10_000_000), &Vec::new).unwrap();
    let head = store.reader().head();
    assert!(
        matches!((head.sequence, reopened.rows.len()), (300, 0) | (301, 1)),
        "{scope:?} {after}: {head:?}"
    );
    let report = verify(&store.reader(), Some(head)).unwrap();
    assert!(report.is_proven(), "{scope:?} {after}: {report:?}");
    assert_eq!(report.first == 257, head.sequence == 301, "{scope:?} {after}: both or none");
    assert_eq!(store.commit(records(1..=1), Mono(0)).unwrap().rows[0].sequence, head.sequence + 1);
    true
}
