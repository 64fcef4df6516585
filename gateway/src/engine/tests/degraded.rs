//! A disk that goes away and comes back: what is still done, what is taken back, and what is written afterwards.

use vestibule_core::command::Status;
use vestibule_core::refusal::Refusal;
use vestibule_store::DATABASE;

use super::*;
use crate::engine::riders::LINGER_MAX;

/// A building with one parcel stored, whose disk then fails.
fn stored_then_broken() -> (Bench, String) {
    let mut bench = Bench::new();
    let code = bench.deposit("4a");
    bench.break_disk();
    (bench, code)
}

#[test]
fn pickup_works_and_is_witnessed_when_the_disk_is_away() {
    let (mut bench, code) = stored_then_broken();
    let (unlocks, rows) = (bench.unlocks.len(), bench.rows.len());
    bench.typed(&code);
    assert_eq!(bench.unlocks.len(), unlocks + 1, "the door opens");
    assert_eq!(bench.rows.len(), rows, "nothing is called durable");
    let witnessed = bench.witnessed();
    assert!(
        witnessed.contains(&"unlock.intended") && witnessed.contains(&"storage.degraded"),
        "{witnessed:?}"
    );
    let published = bench.engine.published();
    assert!(published.waiting_rows > 0);
    assert!(published.counters.storage_failures >= 1, "the commit, and each attempt to open the file again");
}

#[test]
fn deposit_is_withheld_and_taken_back_when_its_intent_cannot_be_written() {
    let mut bench = Bench::new();
    bench.deposit("4a");
    let unlocks = bench.unlocks.len();
    bench.typed(CARRIER_CODE);
    bench.typed("4b");
    bench.key(Key::Confirm);
    // The last key decides on a door, and the commit of that very decision fails.
    bench.break_disk();
    bench.typed("1");
    assert_eq!(bench.unlocks.len(), unlocks, "no door opens for a deposit");
    assert_eq!(bench.engine.published().counters.unlocks_withheld, 1);
    assert!(bench.witnessed().contains(&"unlock.failed"), "{:?}", bench.witnessed());
    assert!(
        matches!(bench.screens.last(), Some(Screen::Refused { .. } | Screen::DoorFailed { .. })),
        "{:?}",
        bench.screens.last()
    );
}

#[test]
fn deposit_is_refused_at_once_when_the_disk_is_known_to_be_away() {
    let (mut bench, code) = stored_then_broken();
    bench.typed(&code);
    let door = bench.unlocks.last().expect("opened").compartment.clone();
    bench.swing(&door, Level::Shut);
    bench.pass(Millis::seconds(40));
    let unlocks = bench.unlocks.len();
    bench.asks_for_a_door("4b");
    assert_eq!(bench.unlocks.len(), unlocks);
    assert_eq!(bench.engine.published().counters.unlocks_withheld, 0, "the core refuses by itself");
    let refused =
        |screen: &Screen| matches!(screen, Screen::Refused { refusal: Refusal::StorageDegraded, .. });
    assert!(bench.screens.iter().any(refused), "{:?}", bench.screens);
}

#[test]
fn waiting_rows_are_journalled_in_order_when_the_disk_is_back() {
    let (mut bench, code) = stored_then_broken();
    let before = bench.rows.len();
    bench.typed(&code);
    let door = bench.unlocks.last().expect("opened").compartment.clone();
    bench.swing(&door, Level::Shut);
    bench.pass(Millis::seconds(5));
    assert_eq!(bench.rows.len(), before);
    let witnessed: Vec<String> = bench.witnessed().iter().map(ToString::to_string).collect();
    bench.disk.heal();
    bench.pass(Millis::seconds(60));
    assert_eq!(bench.engine.published().waiting_rows, 0);
    let journalled: Vec<String> = bench.rows[before..].iter().map(|row| row.event_type.to_string()).collect();
    assert_eq!(journalled[..witnessed.len()], witnessed[..], "what was witnessed is written, in order");
    assert!(journalled.contains(&"parcel.collected".into()));
    assert!(journalled.contains(&"storage.recovered".into()), "{journalled:?}");
    let sequences: Vec<u64> = bench.rows.iter().map(|row| row.sequence).collect();
    assert_eq!(sequences, (1..).take(sequences.len()).collect::<Vec<u64>>());
    assert_eq!(bench.restart, None);
}

#[test]
fn pickup_is_known_after_a_power_cut_when_the_disk_was_back_before() {
    let (mut bench, code) = stored_then_broken();
    bench.typed(&code);
    let door = bench.unlocks.last().expect("opened").compartment.clone();
    bench.swing(&door, Level::Shut);
    bench.pass(Millis::seconds(5));
    bench.disk.heal();
    bench.pass(Millis::seconds(60));
    bench.power_cut(2);
    bench.pass(Millis::seconds(200));
    bench.typed(&code);
    assert!(bench.unlocks.is_empty(), "the parcel is gone and its code opens nothing");
}

#[test]
fn answer_waits_for_the_disk_when_it_says_that_something_is_recorded() {
    let mut bench = Bench::new();
    bench.break_disk();
    let units = vec![Unit { id: "9z".parse().expect("id"), reach: Reach::Any }];
    let sync = Command::DirectorySync(Directory { version: 2, units });
    for delivery in 1..=3 {
        let answer = bench.order("again", sync.clone());
        assert_eq!(answer, None, "nobody is told that it is done, at delivery {delivery}");
    }
    bench.disk.heal();
    bench.pass(Millis::seconds(60));
    let told: Vec<_> = bench.replies.iter().filter(|(key, _)| key.id.as_str() == "again").collect();
    assert_eq!(told.len(), 1);
    bench.replies.clear();
    assert_eq!(bench.order("again", sync).map(|outcome| outcome.status), Some(Status::Done));
}

#[test]
fn nothing_is_lost_when_a_sync_fails_after_all_was_written() {
    let mut bench = Bench::new();
    let code = bench.deposit("4a");
    let before = bench.rows.len();
    bench.disk.break_disk(Trouble { after: 0, scope: Scope::Syncing, errno: 5 });
    bench.typed(&code);
    bench.disk.heal();
    bench.pass(Millis::seconds(60));
    let journalled: Vec<&str> = bench.rows[before..].iter().map(|row| row.event_type.as_ref()).collect();
    let intents = journalled.iter().filter(|name| **name == "unlock.intended").count();
    assert_eq!(intents, 1, "written once, whatever the disk did: {journalled:?}");
}

/// A journal of which the cloud has most rows, whose file is replaced by rubbish while the disk is away.
fn renewed_under_a_running_daemon() -> Bench {
    let mut bench = Bench::new();
    let code = bench.deposit("4a");
    bench.acknowledge(12);
    bench.pass(LINGER_MAX);
    assert_eq!(bench.acknowledged(), Some(12));
    bench.break_disk();
    bench.typed(&code);
    // Still in flight when the disk went: the row that waits names the old journal.
    bench.acknowledge(13);
    bench.disk.put(DATABASE, vec![0xA5; 40_000]);
    bench
}

#[test]
fn new_epoch_is_owed_from_its_first_row_when_the_file_was_replaced_under_the_running_daemon() {
    let mut bench = renewed_under_a_running_daemon();
    let before = bench.rows.len();
    bench.disk.heal();
    bench.pass(Millis::seconds(60));
    assert_eq!(bench.rows[before].sequence, 1, "a new epoch began");
    assert!(bench.restart.is_some(), "and the daemon is to start anew");
    assert_eq!(bench.acknowledged(), None);
    // The uplink still counts in the old epoch until the daemon ends.
    bench.acknowledge(14);
    bench.engine.flush(bench.now);
    assert_eq!(bench.acknowledged(), None);
    bench.power_cut(2);
    assert_eq!(bench.acknowledged(), None);
    bench.acknowledge(1);
    bench.pass(LINGER_MAX);
    assert_eq!(bench.acknowledged(), Some(1), "the next start counts in the new one");
}

#[test]
fn answer_names_no_row_of_the_old_epoch_when_a_new_one_began() {
    let mut bench = Bench::new();
    bench.pass(Millis::seconds(6));
    // The answer is made with its row's sequence, and the commit of that very step fails.
    bench.break_disk();
    let units = vec![Unit { id: "9z".parse().expect("id"), reach: Reach::Any }];
    assert_eq!(bench.order("late", Command::DirectorySync(Directory { version: 2, units })), None);
    bench.disk.put(DATABASE, vec![0xA5; 40_000]);
    bench.disk.heal();
    bench.pass(Millis::seconds(60));
    let (_, told) =
        bench.replies.iter().find(|(key, _)| key.id.as_str() == "late").expect("answered").clone();
    assert_eq!(told.events, [0_u64; 0]);
    bench.power_cut(2);
    let again = bench.order("late", Command::DirectorySync(Directory { version: 2, units: Vec::new() }));
    assert_eq!(again, Some(told));
}

/// A nonce for an unlock over the bus.
fn challenged(bench: &mut Bench, id: &str) -> Option<Nonce> {
    match bench.order_over_bus(id, None, Command::Challenge).expect("answered at once").answer {
        Answer::Nonce(nonce) => Some(nonce),
        other => panic!("{other:?} instead of a nonce"),
    }
}

fn unlock(number: u16) -> Command {
    Command::Unlock { compartment: compartment(number) }
}

#[test]
fn staff_on_site_open_and_remote_staff_do_not_when_the_disk_is_away() {
    let (mut bench, code) = stored_then_broken();
    bench.typed(&code);
    let unlocks = bench.unlocks.len();
    bench.order("site", unlock(3));
    assert_eq!(bench.unlocks.len(), unlocks + 1, "who stands there is served");
    assert_eq!(bench.unlocks[unlocks].compartment, compartment(3));
    let nonce = challenged(&mut bench, "ask");
    let answer = bench.order_over_bus("far", nonce, unlock(4)).expect("answered");
    assert_eq!((answer.status, answer.detail.as_str()), (Status::Refused, "storage_degraded"));
    assert_eq!(bench.unlocks.len(), unlocks + 1);
}

#[test]
fn remote_unlock_is_withheld_and_ends_without_a_pulse_when_its_intent_cannot_be_written() {
    let mut bench = Bench::new();
    let nonce = challenged(&mut bench, "ask");
    // The command is accepted, and the commit of that very decision fails.
    bench.break_disk();
    bench.order_over_bus("far", nonce, unlock(4));
    assert!(bench.unlocks.is_empty(), "no pulse without a record");
    assert_eq!(bench.engine.published().counters.unlocks_withheld, 1);
    assert!(bench.witnessed().contains(&"unlock.failed"), "{:?}", bench.witnessed());
    bench.disk.heal();
    bench.pass(Millis::seconds(60));
    let last = bench.replies.iter().rfind(|(key, _)| key.id.as_str() == "far").expect("answered");
    assert_eq!(last.1.status, Status::Failed);
    let journalled = bench.names();
    let intent = journalled.iter().position(|name| *name == "unlock.intended").expect("written late");
    assert!(journalled[intent..].contains(&"unlock.failed"), "{journalled:?}");
    // Asked again with the same id, it is the same answer and still no pulse.
    bench.power_cut(2);
    let again = bench.order_over_bus("far", None, unlock(4)).expect("answered");
    assert_eq!(again.status, Status::Failed);
    assert!(bench.unlocks.is_empty());
}

#[test]
fn deposits_are_taken_again_when_the_disk_is_back() {
    let (mut bench, code) = stored_then_broken();
    bench.typed(&code);
    let door = bench.unlocks.last().expect("opened").compartment.clone();
    bench.swing(&door, Level::Shut);
    bench.pass(Millis::seconds(40));
    bench.asks_for_a_door("4b");
    bench.disk.heal();
    bench.pass(Millis::seconds(60));
    let unlocks = bench.unlocks.len();
    let code = bench.deposit("4b");
    assert_eq!(bench.unlocks.len(), unlocks + 1);
    bench.typed(&code);
    assert_eq!(bench.unlocks.len(), unlocks + 2);
}
