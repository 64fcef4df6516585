//! Retention: what is old goes between decisions, once the cloud has it.

use super::*;

/// Days pass in a moment: the wall clock says so, and the monotonic clock a little.
fn age(bench: &mut Bench, days: u64) {
    bench.now.wall = bench.now.wall.after(Millis::hours(24 * days));
    bench.now.mono = bench.now.mono.after(Millis::seconds(3_600));
    bench.pass(Millis::seconds(10));
}

fn acknowledge_all(bench: &mut Bench) -> u64 {
    let newest = bench.rows.last().expect("rows").clone();
    bench.give(Input::JournalAcknowledged { sequence: newest.sequence, hash: newest.hash });
    newest.sequence
}

fn oldest(bench: &Bench) -> u64 {
    bench.engine.reader().rows_after(0, 1, usize::MAX).expect("a journal")[0].sequence
}

fn pruned(bench: &Bench) -> u64 {
    bench.engine.published().counters.rows_pruned
}

#[test]
fn rows_go_when_they_are_old_and_acknowledged() {
    let mut bench = Bench::new();
    bench.deposit("4a");
    age(&mut bench, 40);
    assert_eq!((oldest(&bench), pruned(&bench)), (1, 0), "the cloud does not have them");
    let acknowledged = acknowledge_all(&mut bench);
    age(&mut bench, 1);
    // What was recorded when the days had passed is young.
    let first = oldest(&bench);
    assert!((2..=acknowledged).contains(&first), "{first} of {acknowledged}");
    assert_eq!(pruned(&bench), first - 1);
    let reader = bench.engine.reader();
    let anchor = reader.acknowledged().expect("a journal");
    let report = vestibule_store::audit::verify(&reader, anchor).expect("a journal");
    assert!(report.is_proven(), "{report:?}");
    bench.power_cut(2);
    assert_eq!(oldest(&bench), first);
}

#[test]
fn nothing_goes_by_a_clock_that_is_not_trusted() {
    let mut bench = Bench::new();
    bench.deposit("4a");
    acknowledge_all(&mut bench);
    bench.now.trust = ClockTrust::Untrusted;
    age(&mut bench, 40);
    assert_eq!((oldest(&bench), pruned(&bench)), (1, 0));
}

#[test]
fn step_with_an_input_leaves_upkeep_for_later() {
    let mut bench = Bench::new();
    bench.deposit("4a");
    let door = bench.unlocks[0].compartment.clone();
    acknowledge_all(&mut bench);
    bench.pass(Millis::seconds(10));
    bench.now.wall = bench.now.wall.after(Millis::hours(24 * 40));
    bench.now.mono = bench.now.mono.after(Millis::seconds(3_600));
    bench.hear(&door, Level::Shut);
    assert_eq!(pruned(&bench), 0, "a decision never waits for rows to be removed in its own step");
    bench.pass(Millis::seconds(10));
    assert!(pruned(&bench) > 0);
}
