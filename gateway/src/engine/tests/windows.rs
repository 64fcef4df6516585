//! Power cuts while something waits for the next commit: what each may take, and what it may not.

use vestibule_core::compartment::Use;

use super::*;
use crate::engine::riders::{FOLLOW_MAX, LINGER_MAX, REPEATED_ROWS_MAX};

fn usage(bench: &Bench, door: &CompartmentId) -> Use {
    bench.engine.published().view.compartments.get(door).expect("a door").usage.clone()
}

#[test]
fn pickup_is_repeated_with_its_code_when_the_power_went_while_the_door_stood_open() {
    let mut bench = Bench::new();
    let code = bench.deposit("4a");
    bench.typed(&code);
    let door = bench.unlocks[1].compartment.clone();
    bench.pass(Millis::seconds(20));
    assert_eq!(bench.names().iter().filter(|name| **name == "unlock.confirmed").count(), 1, "the courier's");
    let held = usage(&bench, &door);
    bench.power_cut(2);
    let ended = bench.names().iter().filter(|name| **name == "unlock.unknown").count();
    assert_eq!(ended, 1, "{:?}", bench.names());
    assert!(bench.unlocks.is_empty(), "a start never opens a door");
    assert_eq!(usage(&bench, &door), held, "the parcel is where it was");
    assert!(!bench.names().contains(&"compartment.forced"), "{:?}", bench.names());
    bench.typed(&code);
    assert_eq!(bench.unlocks.len(), 1, "the same code, once more");
    assert_eq!(bench.unlocks[0].compartment, door);
}

#[test]
fn deposit_is_looked_into_when_the_power_went_while_the_door_stood_open() {
    let mut bench = Bench::new();
    bench.asks_for_a_door("4a");
    let door = bench.unlocks[0].compartment.clone();
    bench.pass(Millis::seconds(20));
    bench.power_cut(2);
    assert!(matches!(usage(&bench, &door), Use::NeedsInspection(_)), "{:?}", usage(&bench, &door));
    for name in ["unlock.unknown", "parcel.exception"] {
        assert!(bench.names().contains(&name), "{name}: {:?}", bench.names());
    }
}

#[test]
fn delivered_is_on_the_disk_when_the_courier_reads_it() {
    let mut bench = Bench::new();
    bench.asks_for_a_door("4a");
    let door = bench.unlocks[0].compartment.clone();
    bench.swing(&door, Level::Shut);
    assert!(matches!(bench.screens.last(), Some(Screen::Delivered { .. })), "{:?}", bench.screens.last());
    for name in ["access.granted", "unlock.confirmed", "parcel.deposited"] {
        assert!(bench.names().contains(&name), "{name} is durable: {:?}", bench.names());
    }
}

#[test]
fn opening_is_in_the_journal_after_its_bound_when_nothing_else_comes() {
    let mut bench = Bench::new();
    bench.asks_for_a_door("4a");
    bench.pass(Millis(FOLLOW_MAX.0 - 1_000));
    assert!(!bench.names().contains(&"unlock.confirmed"));
    bench.pass(Millis::seconds(2));
    assert!(bench.names().contains(&"unlock.confirmed"), "{:?}", bench.names());
}

#[test]
fn door_left_open_is_in_the_journal_at_once() {
    let mut bench = Bench::new();
    bench.asks_for_a_door("4a");
    let alert = site().policy.left_open_alert;
    bench.pass(alert);
    assert!(bench.names().contains(&"compartment.left_open"), "{:?}", bench.names());
}

#[test]
fn notice_comes_again_under_its_id_when_the_power_went_before_its_acknowledgement_was_written() {
    let mut bench = Bench::new();
    bench.deposit("4a");
    let before = bench.engine.sealed_notices(None, usize::MAX).pop().expect("a notice").id;
    bench.give(Input::NoticeAcknowledged(before));
    assert!(bench.engine.sealed_notices(None, usize::MAX).is_empty());
    bench.pass(Millis::seconds(60));
    let disk = bench.disk.copy();
    let mut cut = Bench::start(disk, 2, bench.now);
    let again: Vec<_> = cut.engine.sealed_notices(None, usize::MAX).into_iter().map(|one| one.id).collect();
    assert_eq!(again, [before]);
    bench.pass(LINGER_MAX);
    bench.power_cut(3);
    assert!(bench.engine.sealed_notices(None, usize::MAX).is_empty(), "an hour later it is on the disk");
}

#[test]
fn acknowledgement_is_written_soon_when_many_rows_would_be_sent_again() {
    let mut bench = Bench::new();
    bench.pass(Millis::seconds(10));
    bench.acknowledge(1);
    bench.pass(Millis::seconds(10));
    assert_eq!(bench.acknowledged(), None, "one row may be sent again");
    bench.acknowledge(REPEATED_ROWS_MAX + 1);
    bench.pass(Millis::seconds(10));
    assert_eq!(bench.acknowledged(), Some(REPEATED_ROWS_MAX + 1));
}

#[test]
fn acknowledgement_is_on_the_disk_after_an_orderly_stop() {
    let mut bench = Bench::new();
    bench.acknowledge(1);
    bench.engine.flush(bench.now);
    assert_eq!(bench.acknowledged(), Some(1));
}
