//! Whether the wall clock is believed: codes expire and certificates are judged by it.

use vestibule_contract::words::ClockWord;

use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "clock.synchronised", title: "the clock is synchronised", run };

const NEXT: &str = "check the network's time source: timedatectl timesync-status";

fn run(facts: &Facts) -> Findings {
    let Ok(snapshot) = facts.snapshot() else { return marked(facts) };
    one(match snapshot.gateway.clock {
        ClockWord::Synchronised => Finding::fine("the daemon believes the clock; it is synchronised"),
        ClockWord::Holdover => {
            Finding::note("the time source is away; the clock goes on from its last synchronisation", NEXT)
        }
        ClockWord::Untrusted => Finding::warning(
            "the daemon does not believe the clock: never synchronised, or stepped since",
            NEXT,
        ),
    })
}

fn marked(facts: &Facts) -> Findings {
    let marker = &facts.configuration()?.local.clock_marker;
    one(match facts.metadata(marker)? {
        Some(_) => Finding::fine("a time source has synchronised the clock"),
        None => Finding::warning(
            format!("the clock was not synchronised since boot: no {}", marker.display()),
            NEXT,
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn clock_is_judged_by_the_daemons_word_else_by_the_marker() {
        let mut bench = Bench::served("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.daemon().gateway.clock = ClockWord::Holdover;
        assert_eq!(bench.standing(CHECK), Standing::Note);
        bench.daemon().gateway.clock = ClockWord::Untrusted;
        assert_eq!(bench.standing(CHECK), Standing::Warning);
        let mut stopped = Bench::configured("");
        assert_eq!(stopped.standing(CHECK), Standing::Warning);
        stopped.file("/run/systemd/timesync/synchronized", "");
        assert_eq!(stopped.standing(CHECK), Standing::Fine);
        assert_eq!(Bench::new().standing(CHECK), Standing::Skipped);
    }
}
