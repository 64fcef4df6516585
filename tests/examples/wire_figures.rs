//! Prints what the wire carries and how long an unlock takes on it, on virtual time, beside what the wire allows:
//! `cargo run --release -p vestibule-tests --example wire_figures`.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::time::Duration;

use vestibule_tests::wire::figures::{LONE, SOON, Unlock, quantile, slowest_beside_dead, unlocks, wire_use};
use vestibule_tests::wire::lines::{BAUDS, FULL};

const UNLOCKS: u64 = 2_000;
const SPAN: Duration = Duration::from_secs(300);

fn main() {
    for baud in BAUDS {
        let name = format!("line use at {} baud, 32 devices", baud.get());
        println!("{name:<52} {:>8.1} %   of what the wire can carry", wire_use(baud, SPAN) * 100.0);
    }
    for baud in BAUDS {
        for dead in [0, FULL / 2] {
            let unlocks = unlocks(baud, dead, LONE, UNLOCKS);
            for (name, permille) in [("p50", 500), ("p99", 990)] {
                latency(
                    &format!("unlock {name} at {} baud, {dead} of 32 dead", baud.get()),
                    &unlocks,
                    permille,
                );
            }
        }
    }
    for baud in BAUDS {
        let name = format!("unlock p99 at {} baud, soon after another", baud.get());
        latency(&name, &unlocks(baud, 0, SOON, UNLOCKS), 990);
    }
    for baud in BAUDS {
        for dead in [1, 8, 16] {
            let (ratio, beside, alone) = slowest_beside_dead(baud, dead, SPAN);
            let name = format!("poll period at {} baud, {dead} of 32 dead", baud.get());
            println!("{name:<52} {ratio:>8.3} x   {} ms, alone {} ms", ms(beside), ms(alone));
        }
    }
}

fn latency(name: &str, unlocks: &[Unlock], permille: usize) {
    let took = quantile(unlocks.iter().map(|unlock| unlock.took).collect(), permille);
    let limit = quantile(unlocks.iter().map(|unlock| unlock.limit).collect(), permille);
    println!("{name:<52} {:>8} ms  limit of the wire {} ms", ms(took), ms(limit));
}

fn ms(span: Duration) -> String {
    format!("{:.2}", span.as_secs_f64() * 1_000.0)
}
