//! Dead devices: the healthy ones are read at nearly the pace they have without them.

use std::time::Duration;

use sim_devices::Baud;
use vestibule_tests::wire::figures::slowest_beside_dead;

/// Long enough for a dozen probes of the dead.
const SPAN: Duration = Duration::from_secs(120);
/// The target (reliability.md, "Numbers that are ours to beat").
const MOST: f64 = 1.10;

#[test]
fn healthy_devices_keep_their_poll_period_when_others_are_dead() {
    for dead in [1, 8, 16, 28] {
        let (ratio, beside, alone) = slowest_beside_dead(Baud::B9600, dead, SPAN);
        assert!(ratio <= MOST, "{dead} of 32 dead: {beside:?} beside them, {alone:?} alone");
        assert!(ratio > 0.95, "{dead} of 32 dead: faster with them than without: {beside:?}, {alone:?}");
    }
}
