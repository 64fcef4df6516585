//! Record, then act: what is on the disk when an effect is out, and what a second run of the same day writes.

use vestibule_core::command::Status;
use vestibule_core::input::Health;

use super::*;

#[test]
fn intent_is_on_the_disk_when_a_lock_is_ordered() {
    let mut bench = Bench::new();
    bench.asks_for_a_door("4a");
    assert_eq!(bench.unlocks.len(), 1);
    // The power is cut at the moment the order leaves; another machine starts on the disk as it was then.
    let disk = bench.disk_at_unlock.clone().expect("a lock was ordered");
    let elsewhere = Bench::start(disk, 2, bench.now);
    assert!(elsewhere.names().contains(&"unlock.unknown"), "{:?}", elsewhere.names());
    assert!(elsewhere.unlocks.is_empty(), "a start never opens a door");
}

#[test]
fn deposit_and_pickup_leave_their_rows_in_order() {
    let mut bench = Bench::new();
    let code = bench.deposit("4a");
    bench.typed(&code);
    assert_eq!(bench.unlocks.len(), 2);
    let door = bench.unlocks[1].compartment.clone();
    assert_eq!(door, bench.unlocks[0].compartment, "a code opens its own door");
    bench.swing(&door, Level::Shut);
    bench.pass(Millis::seconds(5));
    let names = bench.names();
    let order =
        ["compartment.reserved", "unlock.intended", "unlock.confirmed", "parcel.deposited", "parcel.stored"];
    let mut rest = names.iter();
    for name in order.iter().chain(&["unlock.intended", "unlock.confirmed", "parcel.collected"]) {
        assert!(rest.any(|found| found == name), "{name} is missing in order in {names:?}");
    }
    let sequences: Vec<u64> = bench.rows.iter().map(|row| row.sequence).collect();
    let expected: Vec<u64> = (1..).take(sequences.len()).collect();
    assert_eq!(sequences, expected, "sequences are without a gap");
}

#[test]
fn answer_names_its_rows_when_a_command_is_done() {
    let mut bench = Bench::new();
    let (_, outcome) = bench.replies.first().expect("the directory was answered").clone();
    let row = |sequence: &u64| bench.rows.iter().find(|row| row.sequence == *sequence);
    let named: Vec<&str> = outcome.events.iter().filter_map(row).map(|row| row.event_type.as_ref()).collect();
    assert_eq!(named, ["directory.synced"]);
    // Asked again after a power cut, the answer is the same to the letter.
    bench.power_cut(2);
    let again = bench.order("directory", Command::DirectorySync(Directory { version: 1, units: Vec::new() }));
    assert_eq!(again, Some(outcome));
}

#[test]
fn outcome_stays_as_it_was_when_its_id_meets_conflicts() {
    let mut bench = Bench::new();
    let (_, outcome) = bench.replies.first().expect("the directory was answered").clone();
    let other = || Command::DirectorySync(Directory { version: 2, units: Vec::new() });
    for text in ["one other payload", "and one more"] {
        let conflict = bench.order_of(text, "directory", other()).expect("an answer");
        assert_eq!((conflict.status, conflict.events.len()), (Status::Conflict, 1), "it names its row");
    }
    assert_eq!(bench.order("directory", other()), Some(outcome.clone()));
    bench.power_cut(2);
    assert_eq!(bench.order("directory", other()), Some(outcome));
}

#[test]
fn outcome_without_a_row_is_durable_when_its_answer_leaves() {
    let mut bench = Bench::new();
    bench.pass(Millis::seconds(6));
    let before = bench.engine.published().counters;
    let old = Command::DirectorySync(Directory { version: 0, units: Vec::new() });
    assert_eq!(bench.order("old", old).map(|outcome| outcome.status), Some(Status::Refused));
    let after = bench.engine.published().counters;
    assert_eq!(
        (after.rows, after.commits),
        (before.rows, before.commits + 1),
        "a commit, and no journal row"
    );
}

#[test]
fn observation_rides_and_is_durable_after_five_seconds() {
    let mut bench = Bench::new();
    bench.pass(Millis::seconds(6));
    let before = bench.engine.published().counters.commits;
    let device = site().devices.keys().next().expect("a board").clone();
    bench.give(Input::Device { device: device.clone(), health: Health::Online });
    bench.give(Input::Device { device, health: Health::Offline });
    bench.pass(Millis::seconds(4));
    assert_eq!(bench.engine.published().counters.commits, before, "no commit of its own yet");
    bench.pass(Millis::seconds(2));
    assert!(bench.names().contains(&"device.offline"), "{:?}", bench.names());
    assert_eq!(bench.engine.published().counters.commits, before + 1, "one for all that rode");
}

#[test]
fn observation_is_durable_with_the_next_decision_when_one_comes_earlier() {
    let mut bench = Bench::new();
    bench.pass(Millis::seconds(6));
    let device = site().devices.keys().next().expect("a board").clone();
    bench.give(Input::Device { device: device.clone(), health: Health::Online });
    bench.give(Input::Device { device: device.clone(), health: Health::Offline });
    bench.give(Input::Device { device, health: Health::Online });
    bench.asks_for_a_door("4a");
    let names = bench.names();
    let at = |wanted: &str| names.iter().position(|name| *name == wanted);
    assert!(at("device.offline").is_some() && at("device.offline") < at("unlock.intended"), "{names:?}");
}

/// A day as bytes.
fn day(seed: u8) -> Vec<Vec<u8>> {
    let mut bench = Bench::start(Memory::default(), seed, first_moment());
    bench.introduce();
    let code = bench.deposit("4a");
    bench.typed(&code);
    bench.pass(Millis::seconds(400));
    bench.rows.iter().map(|row| row.bytes.to_vec()).collect()
}

#[test]
fn journal_is_the_same_to_the_byte_when_seed_and_inputs_are() {
    assert_eq!(day(7), day(7));
    assert_ne!(day(7), day(8), "the seed is in the epoch");
}
