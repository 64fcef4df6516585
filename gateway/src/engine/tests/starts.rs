//! Starts on disks in every state.

use vestibule_core::compartment::{InspectionCause, Use};
use vestibule_core::view::StorageView;
use vestibule_store::DATABASE;

use super::*;

fn uses(bench: &Bench) -> Vec<Use> {
    bench.engine.published().view.compartments.into_values().map(|compartment| compartment.usage).collect()
}

#[test]
fn start_is_counted_and_opens_nothing() {
    let mut bench = Bench::new();
    bench.deposit("4a");
    let before = uses(&bench);
    bench.power_cut(2);
    assert_eq!(bench.engine.published().view.gateway.boot, 2);
    assert!(bench.unlocks.is_empty());
    assert_eq!(uses(&bench), before);
}

#[test]
fn every_compartment_is_to_be_looked_into_when_the_database_was_damaged() {
    let mut bench = Bench::new();
    bench.deposit("4a");
    bench.disk.put(DATABASE, vec![0xA5; 40_000]);
    bench.power_cut(2);
    let lost = Use::NeedsInspection(InspectionCause::RecordLost);
    assert_eq!(uses(&bench), vec![lost.clone(); 4]);
    // It is known for good, not only until the next power cut.
    bench.power_cut(3);
    assert_eq!(uses(&bench), vec![lost; 4]);
}

#[test]
fn start_serves_degraded_when_the_disk_refuses_everything() {
    let disk = Memory::default();
    disk.break_disk(Trouble { after: 0, scope: Scope::All, errno: 5 });
    let mut bench = Bench::start(disk, 1, first_moment());
    assert_eq!(bench.engine.published().view.gateway.storage, StorageView::Degraded);
    bench.asks_for_a_door("4a");
    assert!(bench.unlocks.is_empty());
}

#[test]
fn stored_parcel_is_handed_out_when_the_disk_can_only_be_read() {
    let mut bench = Bench::new();
    let code = bench.deposit("4a");
    let disk = bench.disk.copy();
    disk.break_disk(Trouble { after: 0, scope: Scope::Writing, errno: 30 });
    let mut bench = Bench::start(disk, 2, bench.now);
    bench.typed(&code);
    assert_eq!(bench.unlocks.len(), 1);
    bench.disk.heal();
    bench.pass(Millis::seconds(60));
    assert!(bench.names().contains(&"unlock.intended"), "{:?}", bench.names());
    assert_eq!(bench.restart, None);
}

#[test]
fn recipients_are_told_new_codes_when_the_key_is_a_new_one() {
    let mut bench = Bench::new();
    let told = bench.deposit("4a");
    let notice = bench.engine.sealed_notices(None, usize::MAX).pop().expect("a notice waits").id;
    bench.give(Input::NoticeAcknowledged(notice));
    let waiting = bench.deposit("4b");
    bench.pass(Millis::seconds(6));
    let disk = bench.disk.copy();
    let mut bench = Bench::start_with(CodeKey([8; 32]), KeyState::Renewed, disk, 2, bench.now);
    let started = bench.rows.iter().find(|row| row.event_type.as_ref() == "gateway.started").expect("a row");
    let started = String::from_utf8_lossy(&started.bytes).into_owned();
    assert!(started.contains("the codes of 2 parcels are void"), "{started}");
    for void in [told, waiting] {
        bench.typed(&void);
        assert!(bench.unlocks.is_empty(), "a code of the old key opens nothing");
    }
    bench.pass(Millis::seconds(200));
    let codes = bench.codes();
    assert_eq!(codes.len(), 2, "one notice a parcel: one of them was waiting already");
    for (opened, code) in codes.iter().enumerate() {
        bench.typed(code);
        assert_eq!(bench.unlocks.len(), opened + 1);
        let door = bench.unlocks[opened].compartment.clone();
        bench.swing(&door, Level::Shut);
        bench.pass(Millis::seconds(200));
    }
}

#[test]
fn nothing_is_said_of_codes_when_a_new_key_has_none_to_replace() {
    let bench = Bench::start_with(CodeKey([8; 32]), KeyState::Renewed, Memory::default(), 1, first_moment());
    let started = String::from_utf8_lossy(&bench.rows[0].bytes).into_owned();
    assert!(started.contains("gateway.started") && !started.contains("reason"), "{started}");
}
