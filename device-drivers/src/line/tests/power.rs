//! What locks and their supplies bear: no lock is held longer than its duty, no supply drives more than it can.

use std::time::Duration;

use proptest::prelude::*;

use super::bench::{Bench, Fault, at_ms, ms};
use crate::duty::Duty;
use crate::id::OrderId;
use crate::signal::{NotSent, Outcome};
use crate::spec::LineSpec;
use crate::supply::LocksAtOnce;
use crate::time::Monotonic;

const LOCKS: &str = "waveshare-relay-8";
/// How long the bench's pulses hold a lock.
const HELD: Duration = Duration::from_millis(700);

/// Locks that bear two pulses in a row, and a tenth of the time.
fn delicate(spec: &mut LineSpec) {
    spec.devices[0].duty = Duty::new(HELD * 2, 10).unwrap();
}

fn bank(change: impl FnOnce(&mut LineSpec)) -> Bench {
    let mut bench = Bench::of(&[LOCKS, LOCKS], change);
    bench.run_until(at_ms(1_000));
    bench
}

/// Pulses a lock and lets its echo come.
fn pulsed(bench: &mut Bench, output: u8) -> Outcome {
    let order = bench.pulse(0, output, ms(2_000));
    bench.run_for(ms(2_500));
    bench.outcomes(order)[0]
}

fn is_echoed(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Acknowledged { .. })
}

#[test]
fn lock_that_was_held_too_often_is_refused_at_once_until_the_time_that_is_told() {
    let mut bench = bank(delicate);
    assert!(is_echoed(pulsed(&mut bench, 1)) && is_echoed(pulsed(&mut bench, 1)));
    let from = bench.now;
    let order = bench.pulse(0, 1, ms(2_000));
    bench.drain();
    let [Outcome::NotSent(NotSent::CoolingDown { again })] = bench.outcomes(order)[..] else {
        panic!("{:?}", bench.outcomes(order));
    };
    // Half a pulse or so has run out meanwhile; the rest takes ten times its length.
    assert!((ms(1_500)..ms(7_000)).contains(&again), "{again:?}");
    assert!(is_echoed(pulsed(&mut bench, 2)), "the lock beside it is cool");
    bench.run_until(from + again);
    assert!(is_echoed(pulsed(&mut bench, 1)), "what was told holds");
    assert_eq!(bench.boards[0].pulses.len(), 4);
}

#[test]
fn lock_that_cools_before_the_deadline_is_waited_for() {
    let mut bench = bank(delicate);
    assert!(is_echoed(pulsed(&mut bench, 1)) && is_echoed(pulsed(&mut bench, 1)));
    let order = bench.pulse(0, 1, ms(20_000));
    bench.run_for(ms(20_000));
    assert!(is_echoed(bench.outcomes(order)[0]));
}

#[test]
fn pulse_that_waits_behind_one_of_its_own_lock_ends_with_the_reason_that_kept_it() {
    let mut bench = bank(|spec| spec.devices[0].duty = Duty::new(HELD, 1).unwrap());
    let first = bench.pulse(0, 1, ms(3_000));
    let second = bench.pulse(0, 1, ms(3_000));
    bench.run_for(ms(4_000));
    assert!(is_echoed(bench.outcomes(first)[0]));
    let second = bench.outcomes(second);
    assert!(matches!(second[..], [Outcome::NotSent(NotSent::CoolingDown { .. })]), "{second:?}");
}

#[test]
fn usual_lock_opens_as_often_as_a_person_tries() {
    let mut bench = bank(|_| {});
    let echoed = (0..13).filter(|_| is_echoed(pulsed(&mut bench, 1))).count();
    assert_eq!(echoed, 13);
}

#[test]
fn doors_ordered_at_once_are_opened_one_after_the_other_in_their_order() {
    let mut bench = bank(|_| {});
    let orders: Vec<OrderId> = (1..=6).map(|output| bench.pulse(0, output, ms(5_000))).collect();
    bench.run_for(ms(6_000));
    assert!(orders.iter().all(|order| is_echoed(bench.outcomes(*order)[0])));
    let coils: Vec<u8> = bench.boards[0].pulses.iter().map(|(coil, _)| *coil).collect();
    assert_eq!(coils, [0, 1, 2, 3, 4, 5]);
    assert_eq!(most_at_once(&bench), 2);
    let (first, last) = (bench.boards[0].pulses[0].1, bench.boards[0].pulses[5].1);
    // Three rounds of two, each a pulse, its margin and a transaction or two.
    assert!(last.since(first) < ms(2_000), "{:?}", last.since(first));
}

#[test]
fn door_whose_turn_does_not_come_in_time_is_not_opened() {
    let mut bench = bank(|_| {});
    let orders: Vec<OrderId> = (1..=8).map(|output| bench.pulse(0, output, ms(1_000))).collect();
    bench.run_for(ms(5_000));
    let ended: Vec<Outcome> = orders.iter().map(|order| bench.outcomes(*order)[0]).collect();
    assert!(ended[..4].iter().all(|outcome| is_echoed(*outcome)), "{ended:?}");
    assert!(ended[4..].iter().all(|outcome| *outcome == Outcome::NotSent(NotSent::Expired)), "{ended:?}");
}

#[test]
fn what_is_taken_back_is_never_pulsed_and_what_has_left_is_not_taken_back() {
    let mut bench = bank(|_| {});
    let orders: Vec<OrderId> = (1..=4).map(|output| bench.pulse(0, output, ms(9_000))).collect();
    bench.run_for(ms(200));
    for order in [orders[0], orders[2], orders[2]] {
        bench.withdraw(0, order);
    }
    bench.run_for(ms(5_000));
    let ended: Vec<Vec<Outcome>> = orders.iter().map(|order| bench.outcomes(*order)).collect();
    assert!(matches!(ended[0][..], [Outcome::Acknowledged { .. }]), "{ended:?}");
    assert_eq!(ended[2], [Outcome::NotSent(NotSent::Cancelled)]);
    let coils: Vec<u8> = bench.boards[0].pulses.iter().map(|(coil, _)| *coil).collect();
    assert_eq!(coils, [0, 1, 3]);
}

/// Most locks that were on at the same moment.
fn most_at_once(bench: &Bench) -> usize {
    let on = |at: &Monotonic| {
        let pulses = bench.boards.iter().flat_map(|board| &board.pulses);
        pulses.filter(|(_, from)| from <= at && *at < *from + HELD).count()
    };
    let starts = bench.boards.iter().flat_map(|board| &board.pulses).map(|(_, from)| from);
    starts.map(on).max().unwrap_or(0)
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        8 => Just(Fault::None),
        1 => Just(Fault::Deaf),
        1 => Just(Fault::Mute),
        1 => (0_u64..2_950).prop_map(Fault::Late),
        1 => (0_usize..9).prop_map(Fault::Cut),
        1 => (1_u8..7).prop_map(Fault::Refuse),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_burst_draws_more_than_the_supply_drives_or_holds_a_lock_beyond_its_duty(
        most in 1_u8..4,
        faults in proptest::collection::vec(fault(), 1..40),
        orders in proptest::collection::vec((0_u64..900, 0_usize..2, 1_u8..9, 1_u64..6_000, 0_usize..9), 1..40),
    ) {
        let duty = Duty::new(HELD * 3, 20).unwrap();
        let mut bench = bank(|spec| {
            spec.supplies = vec![LocksAtOnce::new(most).unwrap()];
            spec.devices.iter_mut().for_each(|device| (device.supply, device.duty) = (Some(0), duty));
        });
        let mut faults = faults.into_iter().cycle();
        bench.faults = Box::new(move |_| faults.next().unwrap_or(Fault::None));
        let mut given: Vec<OrderId> = Vec::new();
        for (pause, place, output, patience, taken_back) in orders {
            // Several at once, often.
            bench.run_for(ms(if pause < 600 { 0 } else { pause }));
            given.push(bench.pulse(place, output, ms(patience)));
            if let Some(order) = given.len().checked_sub(taken_back + 1).and_then(|at| given.get(at)) {
                bench.withdraw(place, *order);
            }
        }
        bench.run_for(ms(15_000));
        let mut sent = 0;
        for order in given {
            let [outcome] = bench.outcomes(order)[..] else { panic!("{order:?}: {:?}", bench.outcomes(order)) };
            sent += usize::from(!matches!(outcome, Outcome::NotSent(_)));
        }
        let on_wire = bench.sent.iter().filter(|(_, frame)| frame[1] == 5 && frame[2] == 2).count();
        prop_assert_eq!(on_wire, sent, "what was not sent, or taken back, is on no wire");
        prop_assert!(most_at_once(&bench) <= usize::from(most), "{} at once", most_at_once(&bench));
        for board in &bench.boards {
            for (coil, from) in &board.pulses {
                let span = ms(20_000);
                let own = board.pulses.iter().filter(|(other, at)| other == coil && at >= from && at.since(*from) < span);
                // From cold, and a fifth of the span.
                prop_assert!(HELD * u32::try_from(own.count()).unwrap() <= HELD * 3 + span / 5);
            }
        }
    }
}
