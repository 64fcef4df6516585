//! Unlock latency on virtual time under full polling: what the wire allows, and nothing on top.

use std::time::Duration;

use sim_devices::Baud;
use vestibule_tests::wire::figures::{LONE, SOON, Unlock, quantile, unlocks};
use vestibule_tests::wire::lines::{BAUDS, FULL};

/// Unlocks of one measurement: enough that ten lie above the 99th percentile.
const UNLOCKS: u64 = 1_000;
/// Both sides round characters up to the microsecond.
const ROUNDING: Duration = Duration::from_micros(10);
/// What may come on top of the wire's limit.
const ON_TOP: Duration = Duration::from_millis(2);
/// The target with half of the devices dead (reliability.md, "Numbers that are ours to beat").
const HALF_DEAD: Duration = Duration::from_millis(150);

#[test]
fn pulse_goes_next_after_the_transaction_in_flight_when_the_line_is_fully_polled() {
    for baud in BAUDS {
        let unlocks = unlocks(baud, 0, LONE, UNLOCKS);
        for (turn, Unlock { took, limit }) in unlocks.iter().enumerate() {
            assert!(
                *took <= *limit + ROUNDING,
                "{} baud, unlock {turn}: {took:?} over {limit:?}",
                baud.get()
            );
        }
        let shortest = unlocks.iter().map(|unlock| unlock.took).min().unwrap();
        assert!(shortest >= baud.characters(8), "nothing is faster than its own frame: {shortest:?}");
        let waited =
            unlocks.iter().filter(|unlock| unlock.took > baud.characters(8) + baud.silence()).count();
        assert!(waited > 100, "{waited} orders met a transaction in flight");
    }
}

#[test]
fn pulse_is_at_most_2_ms_later_when_another_went_out_shortly_before() {
    for baud in BAUDS {
        let unlocks = unlocks(baud, 0, SOON, UNLOCKS);
        for (turn, Unlock { took, limit }) in unlocks.iter().enumerate() {
            assert!(*took <= *limit + ON_TOP, "{} baud, unlock {turn}: {took:?} over {limit:?}", baud.get());
        }
        let listened = unlocks.iter().filter(|unlock| unlock.took > unlock.limit + ROUNDING).count();
        assert!(listened > 100, "{listened} pulses listened beyond the gap");
    }
}

#[test]
fn pulse_is_out_within_150_ms_when_half_of_the_devices_are_dead() {
    let unlocks = unlocks(Baud::B9600, FULL / 2, LONE, UNLOCKS);
    for (turn, Unlock { took, limit }) in unlocks.iter().enumerate() {
        assert!(*took <= HALF_DEAD && *took <= *limit + ROUNDING, "unlock {turn}: {took:?} over {limit:?}");
    }
    let longest = quantile(unlocks.iter().map(|unlock| unlock.took).collect(), 1_000);
    assert!(longest > Duration::from_millis(60), "no order met a probe of the dead: {longest:?}");
}
