//! Prints what the wire carries and how long an unlock takes on it, on virtual time, beside what the wire allows:
//! `cargo run --release -p vestibule-tests --example wire_figures`.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::time::Duration;

use vestibule_tests::figure::line;
use vestibule_tests::wire::figures::{LONE, SOON, Unlock, quantile, slowest_beside_dead, unlocks, wire_use};
use vestibule_tests::wire::lines::{BAUDS, FULL};

const UNLOCKS: u64 = 2_000;
const SPAN: Duration = Duration::from_secs(300);
/// What an unlock may take under full polling with half of the boards dead.
const UNLOCK_LIMIT: Duration = Duration::from_millis(150);

fn main() {
    for baud in BAUDS {
        let name = format!("line use at {} baud, 32 devices", baud.get());
        let used = wire_use(baud, SPAN);
        println!("{name:<52} {:>8.1} %   of what the wire can carry", used * 100.0);
        println!(
            "{}",
            line(
                &name,
                &format!("{:.1} %", used * 100.0),
                "goal 95 % of what the wire can carry",
                0.95 / used
            )
        );
    }
    for baud in BAUDS {
        for dead in [0, FULL / 2] {
            let unlocks = unlocks(baud, dead, LONE, UNLOCKS);
            for (name, permille) in [("p50", 500), ("p99", 990)] {
                let name = format!("unlock {name} at {} baud, {dead} of 32 dead", baud.get());
                let took = latency(&name, &unlocks, permille);
                if permille == 990 {
                    let ratio = took.as_secs_f64() / UNLOCK_LIMIT.as_secs_f64();
                    println!(
                        "{}",
                        line(&name, &format!("{} ms", ms(took)), "limit 150 ms, on virtual time", ratio)
                    );
                }
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
            let beside = format!("limit 1.10 x the same alone ({} ms)", ms(alone));
            println!("{}", line(&name, &format!("{ratio:.3} x"), &beside, ratio / 1.1));
        }
    }
}

fn latency(name: &str, unlocks: &[Unlock], permille: usize) -> Duration {
    let took = quantile(unlocks.iter().map(|unlock| unlock.took).collect(), permille);
    let limit = quantile(unlocks.iter().map(|unlock| unlock.limit).collect(), permille);
    println!("{name:<52} {:>8} ms  limit of the wire {} ms", ms(took), ms(limit));
    took
}

fn ms(span: Duration) -> String {
    format!("{:.2}", span.as_secs_f64() * 1_000.0)
}
